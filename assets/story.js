// The story component: prompt, tokens coloured by the model's probability, what else could have come, and a status.
// Text is set as text nodes, never as markup. `element`, `props` and `watch` come from Gradio.
const find = (name) => element.querySelector(name);
const make = (tag, name, text) => {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
};
const percent = (share) => (share >= 0.0995 ? (100 * share).toFixed(0) : share >= 0.001 ? (100 * share).toFixed(1) : share > 0 ? "<0.1" : "0") + " %";
const visible = (text) => (text === "" ? "(part of a character)" : text.replaceAll("\n", "⏎").replaceAll("\t", "⇥"));
// Eight steps of surprise in bits; each has a colour in style.css.
const step = (logprob) => Math.min(7, Math.floor(-logprob / Math.LN2));

let current; // the run that is being shown
let tokens = []; // [text, logprob, probability, [[id, text, logprob, probability], …]] of that run
let active = -1; // the token whose alternatives are on show
const spans = () => find(".story-text .story-new").children;

const drawTokens = (text, news) => {
  const place = find(".story-text .story-new");
  if (news.length === 0) {
    // Without tokens the words stay as they are drawn, unless they are others: a stopped run keeps its colours.
    if (place.textContent !== text) {
      place.textContent = text;
      tokens = [];
    }
    return;
  }
  if (place.childElementCount === 0 || news.length < tokens.length) {
    place.replaceChildren();
    tokens = [];
  }
  for (let i = place.childElementCount; i < news.length; i++) {
    const token = JSON.parse(news[i]);
    const [piece, logprob] = token;
    tokens[i] = token;
    const span = make("span", `tok s${step(logprob)}`, piece);
    span.tabIndex = i === 0 ? 0 : -1;
    span.setAttribute("role", "button");
    span.setAttribute("aria-label", `${visible(piece)}, ${percent(Math.exp(logprob))}`);
    place.append(span);
  }
};

const close = () => {
  active = -1;
  find(".tok-card").hidden = true;
};

const open = (span) => {
  const index = [...spans()].indexOf(span);
  if (index < 0 || index >= tokens.length) return;
  active = index;
  const [piece, logprob, probability, others] = tokens[index];
  const card = find(".tok-card");
  card.replaceChildren();
  const head = make("div", "tok-head");
  head.append(make("b", "", `“${visible(piece)}”`));
  const rank = others.findIndex((one) => Math.abs(one[2] - logprob) < 1e-9);
  const place = rank < 0 ? "beyond the ten likeliest" : rank === 0 ? "the likeliest" : `choice ${rank + 1}`;
  head.append(make("span", "", `${place} · model ${percent(Math.exp(logprob))} · drawn from ${percent(probability)}`));
  card.append(head);
  const most = Math.max(...others.map((one) => Math.max(Math.exp(one[2]), one[3])), 1e-9);
  const list = make("ol", "tok-list");
  for (const [id, text, other, after] of others) {
    const row = make("li", Math.abs(other - logprob) < 1e-9 ? "tok-row tok-taken" : "tok-row");
    row.append(make("span", "tok-text", visible(text)));
    const bars = make("span", "tok-bars");
    const before = make("i", "tok-before");
    const later = make("i", "tok-after");
    before.style.width = `${(100 * Math.exp(other)) / most}%`;
    later.style.width = `${(100 * after) / most}%`;
    bars.append(before, later);
    row.append(bars, make("span", "tok-share", percent(Math.exp(other))), make("span", "tok-share", after > 0 ? percent(after) : "–"));
    list.append(row);
  }
  const legend = make("div", "tok-legend");
  legend.append(make("span", "tok-before", "the model"), make("span", "tok-after", "after the sampling settings"));
  card.append(list, legend);
  card.hidden = false;
  const frame = find(".story").getBoundingClientRect();
  const at = span.getClientRects()[0] || span.getBoundingClientRect();
  const width = card.offsetWidth;
  card.style.left = `${Math.max(8, Math.min(at.left - frame.left, frame.width - width - 8))}px`;
  const below = at.bottom - frame.top + 6;
  const above = at.top - frame.top - card.offsetHeight - 6;
  card.style.top = `${at.bottom + card.offsetHeight + 12 > window.innerHeight && above > 0 ? above : below}px`;
};

const draw = () => {
  const value = props.value || {};
  if (value.begins || value.stopped || !value.run || current === undefined) current = value.run || null;
  else if (value.run !== current) return;
  if (value.stopped) current = null;
  const story = find(".story");
  const begins = value.running && !story.dataset.run;
  if (value.running) story.dataset.run = value.run || "unnamed";
  else delete story.dataset.run;
  if (value.begins || !value.text) close();
  find(".story-text .story-prompt").textContent = value.prompt || "";
  drawTokens(value.text || "", value.tokens || []);
  find(".story-status").textContent = value.status || "";
  find(".story-caret").hidden = !value.running;
  find(".story-copy").hidden = !value.text;
  find(".story-legend").hidden = !value.text;
  // On a narrow screen the text lies below the prompt: bring it into view once, when it begins.
  if (begins && element.getBoundingClientRect().top > window.innerHeight - 160)
    element.scrollIntoView({ behavior: "smooth", block: "center" });
};
watch("value", draw);
draw();

const strip = find(".story-text .story-new");
strip.addEventListener("mouseover", (event) => event.target.matches(".tok") && open(event.target));
strip.addEventListener("focusin", (event) => event.target.matches(".tok") && open(event.target));
element.addEventListener("mouseleave", close);
element.addEventListener("focusout", (event) => element.contains(event.relatedTarget) || close());
strip.addEventListener("keydown", (event) => {
  const all = spans();
  const from = [...all].indexOf(event.target);
  const to = { ArrowRight: from + 1, ArrowLeft: from - 1, Home: 0, End: all.length - 1 }[event.key];
  if (event.key === "Escape") close();
  if (from < 0 || to === undefined || !all[to]) return;
  event.preventDefault();
  all[from].tabIndex = -1;
  all[to].tabIndex = 0;
  all[to].focus();
});
element.addEventListener("click", async (event) => {
  if (!event.target.matches(".story-copy")) return;
  try {
    await navigator.clipboard.writeText(find(".story-text").textContent);
    event.target.textContent = "Copied";
  } catch {
    event.target.textContent = "Select the text and copy it";
  }
  setTimeout(() => { event.target.textContent = "Copy"; }, 1500);
});
