// The sense explorer: asks the server about words and draws what comes. `element`, `props`, `trigger` and `watch` come
// from Gradio, nodes from tokens.js, the rest from the other files of this folder.
const root = find(".sx");
const box = makeBox(find(".sx-box"), root);
const looks = questions("submit");
const nearests = questions("expand");
const state = { answer: null, order: "number", all: false, asked: null, ticked: false };
const FEW = 9, FEW_NARROW = 4;

const say = (words) => { find(".sx-status").textContent = words; };

// Look at `word`; `exact` takes its letters as they are, and `piece` is which of several pieces. `id` is a token that
// was clicked: its text alone may not be read as that token again.
const look = (asked) => {
  if (asked.id === undefined && !asked.word?.trim()) return say("Type a word, then look it up.");
  box.close(false);
  state.asked = { word: asked.word, other: asked.other || "", exact: Boolean(asked.exact), piece: asked.piece || 0, id: asked.id };
  say("Looking …");
  looks.ask({ ...state.asked, first: Boolean(asked.first) });
};

// A token that was clicked: the fields around are to say what is being looked at.
const lookToken = (text, id) => {
  const plain = /^ \S/.test(text);
  state.asked = { word: plain ? text.slice(1) : text, other: "", exact: !plain, id };
  state.ticked = !plain;
  trigger("select", {}); // explorer.py puts this into the fields
  look(state.asked);
};

const listened = {
  look(value) {
    if (!looks.hears(value)) return;
    if (value.running) return say(value.status);
    looks.over();
    find(".sx-cards").classList.toggle("sx-old", value.answer === undefined);
    if (value.answer === undefined) return say(value.status);
    state.answer = JSON.parse(value.answer);
    say(describe(state.answer));
    drawSenses();
  },
  nearest(value) {
    if (!nearests.hears(value)) return;
    const place = find(".sx-nearest");
    if (!value.running) nearests.over();
    if (!place) return;
    if (value.answer === undefined) place.replaceChildren(make("p", "sx-told", value.status));
    else {
      const list = make("div", "sx-promotes");
      for (const [text, cosine, id] of JSON.parse(value.answer)) list.append(wordButton(text, `cosine ${cosine.toFixed(3)}`, id));
      place.replaceChildren(list);
    }
    box.again();
  },
};

const askNearest = (button, sense) => {
  const { word } = state.answer;
  const place = make("div", "sx-nearest");
  place.append(make("p", "sx-told", "Looking …"));
  box.open(button, make("p", "sx-box-title", `Nearest to ${quoted(word.text)} by sense ${sense}`), place);
  nearests.ask({ word: word.text, id: word.id, sense });
};

const describe = ({ word, other, senses, occurrences, note }) => {
  if (other) return `${quoted(word.text)} and ${quoted(other.word.text)}, sense by sense`;
  const read = /^\s/.test(word.text) ? "" : ", without a blank in front";
  const pieces = word.pieces.length > 1 ? ` of ${word.pieces.length} pieces, of which one is shown` : "";
  const held = note ? ` · no use: ${note}` : occurrences === null ? "" : occurrences === 0 ? " · your text does not hold it" : ` · ${occurrences} time${occurrences === 1 ? "" : "s"} in your text`;
  return `${quoted(word.text)}${pieces}${read} · ${senses.length} senses${held}`;
};

const drawPieces = ({ word }) => {
  const place = find(".sx-pieces");
  place.replaceChildren();
  place.hidden = word.pieces.length < 2;
  if (place.hidden) return;
  place.append(make("span", "sx-label", "Pieces"));
  word.pieces.forEach((text, number) => {
    const button = plainButton("sx-chip", "", () => look({ ...state.asked, piece: number }));
    button.append(make("bdi", "", bare(text)));
    button.setAttribute("aria-pressed", String(number === word.piece));
    place.append(button);
  });
};

const ordered = ({ senses, cosines }, kept) => {
  const key = {
    number: (one) => one.sense, norm: (one) => -one.norm, use: (one) => -(one.use?.[0] ?? 0), cosine: (one) => -cosines[one.sense],
  }[state.order];
  const pinned = (one) => (kept.get(one.sense)?.pinned ? 0 : 1);
  return [...senses].sort((a, b) => pinned(a) - pinned(b) || key(a) - key(b) || a.sense - b.sense);
};

const drawSenses = () => {
  const { answer } = state;
  if (!answer) return;
  const kept = keptOf(answer.identity, answer.word.text);
  const choices = { number: true, norm: !answer.other, use: !answer.other && answer.senses.some((one) => one.use), cosine: Boolean(answer.other) };
  if (!choices[state.order]) state.order = "number";
  for (const button of root.querySelectorAll("[data-order]")) {
    button.hidden = !choices[button.dataset.order];
    button.setAttribute("aria-pressed", String(button.dataset.order === state.order));
  }
  drawPieces(answer);
  const order = ordered(answer, kept);
  const few = window.innerWidth <= 640 ? FEW_NARROW : FEW;
  const shown = state.all || answer.other ? order : order.slice(0, Math.max(few, order.filter((one) => kept.get(one.sense)?.pinned).length));
  const most = { norm: Math.max(...answer.senses.map((one) => one.norm), 1e-9), use: Math.max(...answer.senses.map((one) => one.use?.[0] ?? 0), 1e-9) };
  const cards = find(".sx-cards");
  cards.classList.toggle("sx-paired", Boolean(answer.other));
  cards.replaceChildren(...(answer.other ? [drawPair(answer, shown, kept)] : shown.map((one) => drawCard(one, answer, kept, most))));
  find(".sx-bar-row").hidden = false;
  const more = find(".sx-more");
  more.hidden = order.length <= few || Boolean(answer.other);
  more.textContent = state.all ? "Show fewer" : `Show all ${order.length}`;
  more.setAttribute("aria-expanded", String(state.all));
  find(".sx-count").textContent = answer.other ? "" : `${shown.length} of ${order.length} senses`;
};

for (const button of root.querySelectorAll("[data-order]"))
  button.addEventListener("click", () => {
    state.order = button.dataset.order;
    drawSenses();
  });
find(".sx-more").addEventListener("click", () => {
  state.all = !state.all;
  drawSenses();
});
showTips(root, find(".sx-tip"), root);
window.addEventListener("storage", (event) => event.key === KEPT_SENSES && drawSenses());
window.addEventListener("sense-look", (event) => {
  const { word, id } = event.detail || {};
  if (typeof word !== "string" || (!word && id === undefined)) return;
  stale = false;
  openView("senses-explorer-tab");
  lookToken(word, id);
});

root.view = {
  look,
  hear: (kind, value) => listened[kind](value),
  fields: () => [state.asked.word, state.asked.other, state.asked.exact],
  // What was ticked for a token that was clicked does not hold for the word that is typed next.
  typed(word) {
    if (!state.ticked || word === state.asked.word) return;
    state.ticked = false;
    trigger("apply", {}); // explorer.py takes the tick away
  },
  changed() {
    stale = true;
    state.answer = null; // another model's
    box.close(false);
    find(".sx-cards").replaceChildren();
    for (const place of [".sx-pieces", ".sx-bar-row", ".sx-more"]) find(place).hidden = true;
    say("");
    seeing();
  },
  stop: () => looks.stop() && say("stopped by you"),
  failed: () => {
    if (looks.waiting()) say("Nothing came back; the message says why.");
    looks.over();
    nearests.over();
  },
};
watch("value", () => listened.look(props.value || {}));

// What is filled in is looked at when the view is in sight, and again with another model.
let stale = true;
const seeing = () => {
  if (!stale || !root.offsetParent) return;
  stale = false;
  trigger("load", {});
};
new IntersectionObserver(seeing).observe(root);
