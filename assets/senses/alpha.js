// The sense weights alpha as maps, one for each sense: a row for each place that is predicted from, a column for each
// word that is looked at. `element`, `props`, `trigger` and `watch` come from Gradio, nodes from tokens.js, the rest from
// explorer_sending.js.
const root = find(".al");
const asks = questions("submit");
const CELLS = Number(root.dataset.cells); // numbers that come at once
const LABELLED = 40; // words that have room beside a map
const TINT = [47, 111, 223];
const state = { text: null, count: 0, senses: 0, from: 0, answer: null, chosen: 0, row: 0, column: 0 };

const say = (text) => { find(".al-status").textContent = text; };

// The lower triangle of each map, rows one after another, in 16 bits.
const unpack = (packed) => {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  return new Uint16Array(bytes.buffer);
};
const weight = (map, row, column) => {
  if (column > row) return 0;
  const { count, weights } = state.answer;
  return weights[(map * count * (count + 1)) / 2 + (row * (row + 1)) / 2 + column] / 65535;
};

const paint = (canvas, map) => {
  const { count } = state.answer;
  canvas.width = canvas.height = count;
  const pen = canvas.getContext("2d");
  const picture = pen.createImageData(count, count);
  for (let row = 0; row < count; row++)
    for (let column = 0; column <= row; column++) {
      const at = 4 * (row * count + column);
      picture.data.set(TINT, at);
      picture.data[at + 3] = Math.round(255 * Math.sqrt(weight(map, row, column)));
    }
  pen.putImageData(picture, 0, 0);
};

const perPage = () => Math.max(1, Math.min(state.senses, Math.floor(CELLS / Math.max(1, state.count ** 2))));
const ask = (from) => {
  state.from = from;
  const senses = Array.from({ length: Math.min(perPage(), state.senses - from) }, (_, i) => from + i);
  say("Reading …");
  asks.ask({ text: state.text, senses });
};

const tell = () => {
  const { tokens, senses } = state.answer;
  const { chosen, row, column } = state;
  const number = weight(chosen, row, column);
  const ahead = column > row ? "not yet read, 0" : number.toFixed(4);
  find(".al-told").textContent = `sense ${senses[chosen]}, predicting after ${quoted(tokens[row])} (token ${row}): weight of ${quoted(tokens[column])} (token ${column}) ${ahead}`;
  const mark = find(".al-mark");
  const share = 100 / state.answer.count;
  Object.assign(mark.style, { left: `${column * share}%`, top: `${row * share}%`, width: `${share}%`, height: `${share}%` });
};

const enlarge = (chosen) => {
  state.chosen = chosen;
  const { tokens, senses, count } = state.answer;
  for (const [i, button] of [...root.querySelectorAll(".al-small")].entries()) button.setAttribute("aria-pressed", String(i === chosen));
  find(".al-title").textContent = `Sense ${senses[chosen]}`;
  const canvas = find(".al-large canvas");
  paint(canvas, chosen);
  canvas.setAttribute("aria-label", `Weights of sense ${senses[chosen]}; the arrow keys lead from one to the next`);
  find(".al-rows").replaceChildren(...(count <= LABELLED ? tokens.map((text) => make("bdi", "", bare(text))) : []));
  tell();
};

const draw = () => {
  const { senses } = state.answer;
  find(".al-body").hidden = false;
  find(".al-smalls").replaceChildren(...senses.map((sense, i) => {
    const button = plainButton("al-small", "", () => enlarge(i));
    const canvas = make("canvas");
    paint(canvas, i);
    button.append(canvas, make("span", "", `sense ${sense}`));
    button.setAttribute("aria-label", `Enlarge the map of sense ${sense}`);
    return button;
  }));
  const pages = find(".al-pages");
  pages.replaceChildren();
  pages.hidden = senses.length === state.senses;
  if (!pages.hidden) {
    const last = senses.at(-1);
    pages.append(`A text of ${state.count} tokens leaves room for ${perPage()} of ${state.senses} maps at a time: senses ${senses[0]} to ${last}. `);
    if (senses[0] > 0) pages.append(plainButton("sx-link", "those before", () => ask(Math.max(0, senses[0] - perPage()))), " ");
    if (last < state.senses - 1) pages.append(plainButton("sx-link", "those after", () => ask(last + 1)));
  }
  state.row = Math.min(state.row, state.answer.count - 1);
  state.column = Math.min(state.column, state.answer.count - 1);
  enlarge(0);
};

const large = find(".al-large canvas");
large.addEventListener("pointermove", (event) => {
  const at = large.getBoundingClientRect();
  const place = (part, whole) => Math.max(0, Math.min(state.answer.count - 1, Math.floor((part / whole) * state.answer.count)));
  state.row = place(event.clientY - at.top, at.height);
  state.column = place(event.clientX - at.left, at.width);
  tell();
});
large.addEventListener("keydown", (event) => {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!step) return;
  event.preventDefault();
  const inside = (value) => Math.max(0, Math.min(state.answer.count - 1, value));
  state.row = inside(state.row + step[0]);
  state.column = inside(state.column + step[1]);
  tell();
});

window.addEventListener("ledger-read", (event) => {
  const { text, count, senses } = event.detail;
  if (!count) {
    asks.stop();
    find(".al-body").hidden = find(".al-pages").hidden = true;
    return say("");
  }
  Object.assign(state, { text, count, senses, row: count - 1, column: count - 1 });
  ask(0);
});
root.view = {
  stop: () => asks.stop() && say("stopped by you"),
  failed() {
    if (asks.waiting()) say("Nothing came back; the message says why.");
    asks.over();
  },
};
watch("value", () => {
  const value = props.value || {};
  if (!asks.hears(value)) return;
  say(value.status);
  if (value.running) return;
  asks.over();
  if (value.answer === undefined) return;
  const { tokens, senses, packed } = JSON.parse(value.answer);
  state.answer = { tokens, senses, count: tokens.length, weights: unpack(packed) };
  draw();
});
