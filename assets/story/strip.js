// The strip: tokens as nodes that are built once, the card of the token pointed at, and the place that was chosen.
const story = find(".story");
const strip = find(".story-text .story-new");
const promptStrip = find(".story-text .story-prompt");
const card = find(".tok-card");
const owners = new WeakMap(); // a token's node → { token, index, ofPrompt }
let pinned = null; // the node whose card stays until it is closed
let closing = 0;

const drawTokens = (place, tokens, ofPrompt) => {
  const nodes = place.childNodes;
  let same = 0;
  while (same < nodes.length && same < tokens.length && owners.get(nodes[same])?.token === tokens[same]) same++;
  if (same < nodes.length) {
    while (nodes.length > same) place.lastChild.remove();
    closeCard();
  }
  for (let i = same; i < tokens.length; i++) {
    const [text, logprob] = tokens[i];
    const node = logprob === null ? make("span", "tok tok-first", text) : makeToken(text, logprob, i === 0, nameOf(tokens[i]));
    owners.set(node, { token: tokens[i], index: i, ofPrompt });
    place.append(node);
  }
};

const openCard = (node) => {
  clearTimeout(closing);
  const owner = owners.get(node);
  if (!owner || (pinned && pinned !== node)) return;
  if (owner.token[1] === null) {
    card.replaceChildren(make("p", "tok-legend", "The first token has nothing before it, so the model gives it no probability."));
  } else if (owner.token[3].length === 0) {
    card.replaceChildren(make("p", "tok-legend", "Reading what else could have come …"));
    readAgain();
  } else {
    fillCard(card, owner.token, (choice) => takeAnother(owner, choice));
    card.append(make("p", "tok-hint", "Click one to go on from there with it. The way taken so far is kept."));
  }
  placeCard(card, node, story);
};

const closeCard = () => {
  pinned = null;
  card.hidden = true;
};
const closeSoon = () => {
  clearTimeout(closing);
  closing = setTimeout(() => pinned || closeCard(), 220); // time to move onto the card
};

const pin = (node) => {
  pinned = null;
  openCard(node);
  pinned = node;
  const { index, ofPrompt } = owners.get(node);
  choosePlace(index, ofPrompt);
};

const markChosen = (node) => {
  for (const old of story.querySelectorAll(".tok-chosen")) old.classList.remove("tok-chosen");
  if (node) node.classList.add("tok-chosen");
};

const text = find(".story-text");
// New tokens may come to lie under a mouse that rests where a card was clicked: nobody pointed at them.
let restsAt = "";
const placeOf = (event) => `${event.clientX},${event.clientY}`;
card.addEventListener("click", (event) => { restsAt = placeOf(event); });
text.addEventListener("mouseover", (event) => {
  if (placeOf(event) === restsAt) return;
  restsAt = "";
  if (event.target.matches(".tok")) openCard(event.target);
});
text.addEventListener("mouseleave", closeSoon);
card.addEventListener("mouseenter", () => clearTimeout(closing));
card.addEventListener("mouseleave", closeSoon);
text.addEventListener("focusin", (event) => {
  if (!event.target.matches(".tok")) return;
  if (pinned !== event.target) pinned = null;
  openCard(event.target);
});
story.addEventListener("focusout", (event) => story.contains(event.relatedTarget) || closeSoon());
text.addEventListener("click", (event) => event.target.matches(".tok") && pin(event.target));
document.addEventListener("pointerdown", (event) => {
  if (pinned && !card.contains(event.target) && !text.contains(event.target)) closeCard();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeCard();
  if (!event.target.matches(".tok") || !["Enter", " ", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  pin(event.target);
  card.querySelector("button")?.focus();
});
card.addEventListener("keydown", (event) => {
  const buttons = [...card.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    buttons[to]?.focus();
  } else if (event.key === "Escape") {
    event.stopPropagation(); // closes the card, stops no run
    const node = pinned;
    closeCard();
    node?.focus();
    closeCard();
  }
});
walkWithKeys(strip);
walkWithKeys(promptStrip);
