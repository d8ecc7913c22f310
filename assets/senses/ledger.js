// The ledger: a text as tokens, the place in it and the next tokens to explain, and the sentence that sums up. The map of
// shares is drawn by ledger_heat.js. `element`, `props`, `trigger` and `watch` come from Gradio, nodes from tokens.js,
// the rest from explorer_sending.js.
const root = find(".led");
const box = makeBox(find(".sx-box"), root);
const ledgers = questions("submit");
const words = questions("expand"); // what a sense of a word promotes
const CHIPS = 8;
const state = { asked: null, answer: null, known: null };

const say = (text) => { find(".led-status").textContent = text; };

// Ask about `asked`: a text, the token after which is predicted (-1: the last), the token explained (null: the likeliest)
// and the one that it is compared with (null: none). Tokens are ids, or words as they were typed.
const read = (asked, news = "Reading …") => {
  box.close(false);
  state.asked = asked;
  say(news);
  ledgers.ask(asked);
};
const again = (change) => read({ ...state.asked, ...change, first: false });

const listened = {
  ledger(value) {
    if (!ledgers.hears(value)) return;
    if (value.running) return say(value.status);
    ledgers.over();
    find(".led-read").classList.toggle("sx-old", value.answer === undefined);
    if (value.answer === undefined) return say(value.status);
    say("Click a token, or go there with the arrow keys and press Enter: what the model expects after it is taken apart.");
    const answer = JSON.parse(value.answer);
    state.asked = { ...state.asked, position: answer.position };
    state.answer = answer;
    drawAll();
    const tokens = JSON.stringify(answer.tokens) + answer.identity;
    if (tokens !== state.known) {
      state.known = tokens;
      window.dispatchEvent(new CustomEvent("ledger-read", { detail: { text: state.asked.text, count: answer.tokens.length, senses: answer.senses } }));
    }
  },
  words(value) {
    if (!words.hears(value)) return;
    if (!value.running) words.over();
    const place = find(".led-promotes");
    if (!place || value.running) return;
    if (value.answer === undefined) place.replaceChildren(make("p", "sx-told", value.status));
    else {
      const list = make("div", "sx-promotes");
      for (const [text, score, id] of JSON.parse(value.answer)) list.append(wordButton(text, `${signed(score)} on its logit, times the weight of the sense`, id));
      place.replaceChildren(list);
    }
    box.again();
  },
};

const tokenText = (number) => visible(state.answer.tokens[number]);

const drawStrip = () => {
  const { tokens, position } = state.answer;
  const strip = find(".led-strip");
  const focused = strip.contains(document.activeElement);
  strip.replaceChildren(...tokens.map((text, number) => {
    const span = makeToken(text, 0, number === position, text || "(part of a character)");
    span.className = `tok led-tok${number > position ? " led-after" : ""}${number === position ? " tok-chosen" : ""}`;
    span.setAttribute("aria-label", `${visible(text)}, token ${number}`);
    span.setAttribute("aria-pressed", String(number === position));
    span.addEventListener("click", () => number !== state.answer.position && again({ position: number, a: null, b: null }));
    return span;
  }));
  const chosen = strip.querySelector(".tok-chosen");
  if (focused) chosen.focus({ preventScroll: true });
  strip.scrollTop = chosen.offsetTop - strip.offsetTop - strip.clientHeight / 2;
};

const chip = (text, note, pressed, choose) => {
  const button = plainButton("sx-chip", "", choose);
  button.append(make("bdi", "", text));
  if (note) button.append(make("span", "sx-figure", note));
  button.setAttribute("aria-pressed", String(pressed));
  return button;
};

// One row of choices: the token that the text has, the likeliest ones, and a field for any other.
const drawChoices = (place, label, chosen, other, choose, none) => {
  const { choices, written } = state.answer;
  const row = find(place);
  const typed = row.querySelector("input")?.value || "";
  const focused = row.contains(document.activeElement) && document.activeElement.matches("input");
  const chips = make("span", "led-chips");
  if (none) chips.append(chip("nothing", "", chosen === null, () => choose(null)));
  const offered = choices.slice(0, CHIPS);
  if (written && !offered.some(([id]) => id === written[0])) offered.push(written);
  if (chosen && !offered.some(([id]) => id === chosen.id)) offered.unshift([chosen.id, chosen.text, chosen.share]);
  for (const [id, text, share] of offered) {
    if (id === other?.id) continue;
    const inText = written && id === written[0];
    chips.append(chip(bare(text), percent(share) + (inText ? " · in the text" : ""), id === chosen?.id, () => choose(id)));
  }
  const field = make("input", "led-field");
  field.placeholder = "any word, then Enter";
  field.setAttribute("aria-label", `${label} any word`);
  field.maxLength = 64;
  field.value = chosen && chosen.text.trim() === typed.trim() ? "" : typed;
  field.addEventListener("keydown", (event) => event.key === "Enter" && !event.ctrlKey && field.value.trim() && choose(field.value));
  chips.append(field);
  row.replaceChildren(make("span", "sx-label", label), chips);
  if (focused) field.focus();
};

const drawAll = () => {
  const { answer } = state;
  const [a, b] = answer.candidates;
  find(".led-read").hidden = false;
  drawStrip();
  const before = answer.tokens.slice(0, answer.position + 1).join("");
  const lead = before.length > 60 ? `…${before.slice(-60).replace(/^\S+(?= )/, "")}` : before;
  find(".led-place").replaceChildren("What comes after ", make("bdi", "", quoted(lead)), "?");
  drawChoices(".led-a", "Why", a, b, (id) => again({ a: id, b: b ? b.id : null }), false);
  drawChoices(".led-b", "rather than", b || null, a, (id) => again({ a: a.id, b: id }), true);
  const sums = find(".led-sums");
  const exact = answer.difference;
  const off = Math.abs(exact) < 0.000005 ? "0.00000" : Math.abs(exact) < 1 ? exact.toFixed(5).replace("-", "−") : exact.toFixed(2);
  if (b) {
    const odds = Math.exp(Math.abs(answer.model));
    const times = odds < 1000 ? odds.toPrecision(odds < 100 ? 2 : 3) : odds.toExponential(1);
    const [more, less] = answer.model >= 0 ? [a, b] : [b, a];
    const ratio = Math.abs(answer.model) < 0.005 ? `${quoted(a.text)} and ${quoted(b.text)} are equally likely` : `${quoted(more.text)} is ${times} times as likely as ${quoted(less.text)}`;
    sums.textContent = `Every square is an exact share of the log odds of ${quoted(a.text)} against ${quoted(b.text)}: total ${signed(answer.total)}, model ${signed(answer.model)}, difference ${off}. So ${ratio}.`;
  } else {
    sums.textContent = `Every square is an exact share of the logit of ${quoted(a.text)}: total ${signed(answer.total)}, model ${signed(answer.model)}, difference ${off}. Its probability here is ${percent(a.share)}.`;
  }
  drawHeat(answer);
};

walkWithKeys(find(".led-strip"));
find(".led-strip").addEventListener("keydown", (event) => {
  if (!event.target.matches(".tok") || !["Enter", " "].includes(event.key) || event.ctrlKey) return;
  event.preventDefault();
  event.target.click();
});

// What is filled in is read when the view is in sight, and read again with another model.
let stale = true;
const seeing = () => {
  if (!stale || !root.offsetParent) return;
  stale = false;
  trigger("load", {});
};
new IntersectionObserver(seeing).observe(root);
root.view = {
  read: (text, first) => read({ text, position: -1, a: null, b: null, first: Boolean(first) }),
  hear: (kind, value) => listened[kind](value),
  changed() {
    stale = true;
    state.known = state.answer = null; // another model's
    box.close(false);
    find(".led-read").hidden = true;
    say("");
    window.dispatchEvent(new CustomEvent("ledger-read", { detail: { count: 0 } }));
    seeing();
  },
  stop: () => ledgers.stop() && say("stopped by you"),
  failed() {
    if (ledgers.waiting()) say("Nothing came back; the message says why.");
    ledgers.over();
    words.over();
  },
};
watch("value", () => listened.ledger(props.value || {}));
