// The strips of the Score tab: for each model its tokens coloured by surprise, a card that tells about one of them, and
// the most surprising and the most expected. `element`, `props` and `watch` come from Gradio, the rest from tokens.js.
const drawn = []; // of each block, the JSON that it was drawn from: what has not changed is not drawn again
const places = new WeakMap(); // a token's node -> [its block's data, its number there]

const bitsOf = (logprob) => Math.abs(logprob) / Math.LN2;
const bitWords = (logprob) => `${bitsOf(logprob).toFixed(2)} bits`;
const chance = (logprob) => {
  const share = Math.exp(logprob);
  return share >= 0.001 ? percent(share) : `1 in ${Math.round(1 / share).toLocaleString("en")}`;
};
const ordinal = (number) => {
  const teens = number % 100 > 10 && number % 100 < 14;
  return `${number.toLocaleString("en")}${(!teens && { 1: "st", 2: "nd", 3: "rd" }[number % 10]) || "th"}`;
};
const rankWords = (rank) => (rank === 0 ? "the likeliest" : `the ${ordinal(rank + 1)} likeliest`);
const byteWords = (from, to) => {
  if (to === null) return "unknown: there is no tokenizer";
  if (to === from) return "none that is complete with it";
  return to === from + 1 ? `1: byte ${to.toLocaleString("en")}` : `${to - from}: ${(from + 1).toLocaleString("en")} to ${to.toLocaleString("en")}`;
};

const fillScoreCard = (card, [piece, logprob, rank, id, from, to]) => {
  const head = make("div", "tok-head");
  head.append(make("bdi", "score-token", `“${visible(piece)}”`));
  const list = make("dl", "score-facts");
  const add = (label, text) => list.append(make("dt", "", label), make("dd", "", text));
  if (logprob === null) head.append(make("span", "", "no score: nothing stands before it"));
  else {
    head.append(make("span", "", rankWords(rank)));
    add("surprise", bitWords(logprob));
    add("probability", chance(logprob));
  }
  add("token id", String(id));
  add("bytes", byteWords(from, to));
  card.replaceChildren(head, list);
};

const drawStrip = (data) => {
  const strip = make("div", data.numbers ? "score-strip score-numbers" : "score-strip");
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", `The text as ${data.name} reads it`);
  data.tokens.forEach(([piece, logprob], number) => {
    const span = makeToken(piece, logprob ?? 0, number === 0);
    if (logprob === null) span.className = "tok score-neutral";
    span.setAttribute("aria-label", `${visible(piece)}, ${logprob === null ? "no score" : bitWords(logprob)}`);
    places.set(span, [data, number]);
    strip.append(span);
  });
  walkWithKeys(strip);
  return strip;
};

// A few words before a token, which say which one is meant.
const wordsBefore = (tokens, number) => {
  const whole = tokens.slice(Math.max(0, number - 12), number).map((token) => token[0]).join("");
  const text = whole && visible(whole);
  const start = Math.max(0, text.length - 22);
  return start === 0 ? text : `…${text.slice(start).replace(/^\S+(?= )/, "")}`;
};

// A list whose items lead to their tokens.
const drawList = (title, numbers, data, strip) => {
  const part = make("div", "score-extremes");
  const list = make("ol", "");
  for (const number of numbers) {
    const [piece, logprob] = data.tokens[number];
    const item = make("li", "");
    const button = make("button", "score-jump");
    button.type = "button";
    const words = make("bdi", "score-jump-text");
    words.append(make("span", "score-before", wordsBefore(data.tokens, number)), make("b", "", visible(piece)));
    button.append(words, make("span", "score-jump-bits", bitWords(logprob)));
    button.addEventListener("click", () => {
      const token = strip.children[number];
      strip.querySelector('.tok[tabindex="0"]').tabIndex = -1;
      token.tabIndex = 0;
      token.focus({ preventScroll: true });
      token.scrollIntoView({ block: "nearest" });
    });
    item.append(button);
    list.append(item);
  }
  part.append(make("h4", "", title), list);
  return part;
};

const drawBlock = (json) => {
  const data = JSON.parse(json);
  const block = make("section", "score-block");
  const head = make("h3", "");
  const colour = make("i", "score-dot");
  colour.style.background = data.colour;
  head.append(colour, make("bdi", "", data.name));
  block.append(head);
  if (data.error !== undefined) {
    block.append(make("p", "score-error", data.error));
    return block;
  }
  const strip = drawStrip(data);
  block.append(make("p", "score-about", data.facts), strip, ...data.notes.map((note) => make("p", "score-about", note)));
  if (data.worst.length) {
    const lists = make("div", "score-lists");
    lists.append(drawList("Most surprising", data.worst, data, strip));
    if (data.best.length) lists.append(drawList("Most expected", data.best, data, strip));
    block.append(lists);
  }
  return block;
};

const close = () => {
  find(".score-card").hidden = true;
};
const open = (span) => {
  const [data, number] = places.get(span);
  const card = find(".score-card");
  fillScoreCard(card, data.tokens[number]);
  placeCard(card, span, find(".score-strips"));
};

const draw = () => {
  const blocks = (props.value || {}).blocks || [];
  const parent = find(".score-blocks");
  blocks.forEach((json, number) => {
    if (drawn[number] === json) return;
    const block = drawBlock(json);
    if (parent.children[number]) parent.children[number].replaceWith(block);
    else parent.append(block);
    drawn[number] = json;
    close();
  });
  while (parent.children.length > blocks.length) {
    parent.lastElementChild.remove();
    drawn.pop();
    close();
  }
};
watch("value", draw);
draw();

const all = find(".score-blocks");
all.addEventListener("mouseover", (event) => event.target.matches(".tok") ? open(event.target) : close());
all.addEventListener("focusin", (event) => event.target.matches(".tok") && open(event.target));
all.addEventListener("keydown", (event) => event.key === "Escape" && close());
element.addEventListener("mouseleave", close);
element.addEventListener("focusout", (event) => element.contains(event.relatedTarget) || close());
