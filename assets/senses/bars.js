// The next token before and after the edits: two bars for each word, drawn again without making nodes anew. `find`,
// `make`, `percent` and `visible` come from tokens.js.
const barRows = new Map(); // by token id: its nodes, kept while it is on show

const makeBar = () => {
  const node = make("li", "mix-bar");
  const row = { node, word: make("span", "mix-word"), mark: make("span", "mix-mark") };
  const bars = make("span", "mix-bars");
  row.before = make("i", "mix-before");
  row.after = make("i", "mix-after");
  bars.append(row.before, row.after);
  row.from = make("span", "mix-from");
  row.to = make("span", "mix-to");
  node.append(row.word, bars, row.from, make("span", "mix-arrow", "→"), row.to, row.mark);
  return row;
};

// `tokens`: [[id, text, before, after, place before, place after], …] in the order of before; `shown`: how many likeliest
// ones count as on the list.
const drawBars = (list, tokens, shown) => {
  const most = Math.max(...tokens.map(([, , before, after]) => Math.max(before, after)), 1e-9);
  const seen = new Set();
  const nodes = tokens.map(([id, text, before, after, was, is]) => {
    seen.add(id);
    if (!barRows.has(id)) barRows.set(id, makeBar());
    const row = barRows.get(id);
    const state = was >= shown ? "enters" : is >= shown ? "leaves" : "";
    row.word.textContent = visible(text);
    row.before.style.width = `${(100 * before) / most}%`;
    row.after.style.width = `${(100 * after) / most}%`;
    row.from.textContent = percent(before);
    row.to.textContent = percent(after);
    row.mark.textContent = { enters: "▲ enters", leaves: "▽ leaves", "": "" }[state];
    row.node.dataset.state = state;
    row.node.setAttribute("aria-label", `${visible(text)}: ${percent(before)} before, ${percent(after)} after${state && `, ${state} the list`}`);
    return row.node;
  });
  for (const id of barRows.keys()) if (!seen.has(id)) barRows.delete(id);
  if (nodes.length !== list.childNodes.length || nodes.some((node, i) => list.childNodes[i] !== node)) list.replaceChildren(...nodes);
};
