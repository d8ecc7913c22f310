// What all views of tokens share: nodes, numbers in words, colours, and the card with the alternatives of a token.
// Text is set as text nodes, never as markup. Each component's own script follows in the same function.
const find = (name) => element.querySelector(name);
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};
const percent = (share) => (share >= 0.0995 ? (100 * share).toFixed(0) : share >= 0.001 ? (100 * share).toFixed(1) : share > 0 ? "<0.1" : "0") + " %";
const visible = (text) => {
  if (text === "") return "(part of a character)";
  const shown = text.replaceAll("\n", "⏎").replaceAll("\t", "⇥");
  return shown.trim() ? shown : shown.replaceAll(" ", "␣");
};
// Eight steps of surprise in bits; each has a colour in style.css.
const step = (logprob) => Math.min(7, Math.max(0, Math.floor(-logprob / Math.LN2)));

// What to call a token that was drawn: its text or, where it has none of its own, the tokenizer's name for it.
const nameOf = ([piece, , , others, drawn]) => piece || others.find(([id]) => id === drawn)?.[1] || "";

// A token of a strip. Only one of a strip's tokens takes part in the Tab order; arrow keys lead on from there.
const makeToken = (text, logprob, first, name = text) => {
  const span = make("span", `tok s${step(logprob)}`, text);
  if (/^\s*\n\s*$/.test(text)) span.classList.add("tok-newline"); // else it would have no width to point at
  const [lead] = /^\s+(?=\S)/.exec(text) || [""];
  if (lead) span.replaceChildren(lead, make("span", "word", text.slice(lead.length))); // no colour on the space before
  span.tabIndex = first ? 0 : -1;
  span.setAttribute("role", "button");
  span.setAttribute("aria-label", `${visible(name)}, ${percent(Math.exp(logprob))}`);
  return span;
};

// The arrow keys, Home and End lead from one token of `strip` to the next.
const walkWithKeys = (strip) =>
  strip.addEventListener("keydown", (event) => {
    const all = [...strip.querySelectorAll(".tok")];
    const from = all.indexOf(event.target);
    const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: all.length - 1 }[event.key];
    if (from < 0 || to === undefined || !all[to]) return;
    event.preventDefault();
    all[from].tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus();
  });

// `card` shows a token [text, logprob, probability, [[id, text, logprob, probability], …], id] and what else could have
// come; with `choose`, each of those is a button that calls it.
const fillCard = (card, [piece, logprob, probability, others, drawn], choose) => {
  const taken = ([id, , other]) => (drawn === undefined ? Math.abs(other - logprob) < 1e-9 : id === drawn);
  card.replaceChildren();
  const head = make("div", "tok-head");
  head.append(make("b", "", `“${visible(nameOf([piece, logprob, probability, others, drawn]))}”`));
  const rank = others.findIndex(taken);
  const place = rank < 0 ? "beyond the ten likeliest" : rank === 0 ? "the likeliest" : `choice ${rank + 1}`;
  head.append(make("span", "", `${place} · model ${percent(Math.exp(logprob))} · drawn from ${percent(probability)}`));
  card.append(head);
  const most = Math.max(...others.map((one) => Math.max(Math.exp(one[2]), one[3])), 1e-9);
  const list = make("ol", "tok-list");
  for (const one of others) {
    const [, text, other, after] = one;
    const row = make(choose ? "button" : "div", taken(one) ? "tok-row tok-taken" : "tok-row");
    if (choose) {
      row.type = "button";
      row.addEventListener("click", () => choose(one));
    }
    row.append(make("span", "tok-text", visible(text)));
    const bars = make("span", "tok-bars");
    const before = make("i", "tok-before");
    const later = make("i", "tok-after");
    before.style.width = `${(100 * Math.exp(other)) / most}%`;
    later.style.width = `${(100 * after) / most}%`;
    bars.append(before, later);
    row.append(bars, make("span", "tok-share", percent(Math.exp(other))), make("span", "tok-share", after > 0 ? percent(after) : "–"));
    const item = make("li");
    item.append(row);
    list.append(item);
  }
  const legend = make("div", "tok-legend");
  legend.append(make("span", "tok-before", "the model"), make("span", "tok-after", "after the sampling settings"));
  card.append(list, legend);
};

// Show `card` below `span`, or above where there is no room below, inside `frame`, its positioned ancestor.
const placeCard = (card, span, frame) => {
  card.hidden = false;
  const outer = frame.getBoundingClientRect();
  const at = span.getClientRects()[0] || span.getBoundingClientRect();
  const width = card.offsetWidth;
  card.style.left = `${Math.max(8, Math.min(at.left - outer.left, outer.width - width - 8))}px`;
  const below = at.bottom - outer.top + 6;
  const above = at.top - outer.top - card.offsetHeight - 6;
  card.style.top = `${at.bottom + card.offsetHeight + 12 > window.innerHeight && above > 0 ? above : below}px`;
};
