// Columns of coloured tokens side by side, what each cost, and where it parts from the first. `element`, `props` and
// `watch` come from Gradio, the rest from tokens.js.
let current; // the run that is being shown
let drawn = []; // of each column: its nodes, the tokens on show, and where its mark is
let whose; // the run that the drawn columns belong to
let unseen = false; // whether a run has begun whose columns were not drawn yet
const board = find(".cmp");
const grid = find(".cmp-grid");
const card = find(".tok-card");

const makeColumn = (number) => {
  const column = { tokens: [], mark: null, node: make("section", "cmp-column") };
  column.node.setAttribute("aria-label", `Column ${number}`);
  const part = (parent, tag, name, text) => {
    const node = make(tag, name, text);
    parent.append(node);
    return node;
  };
  const head = part(column.node, "div", "cmp-head");
  part(head, "b", "cmp-number", String(number));
  column.title = part(head, "span", "cmp-title");
  column.settings = part(head, "span", "cmp-settings");
  const text = part(column.node, "div", "cmp-text");
  column.prompt = part(text, "span", "cmp-prompt");
  column.strip = part(text, "span", "cmp-new");
  column.caret = part(text, "span", "story-caret");
  const foot = part(column.node, "div", "cmp-foot");
  column.parting = part(foot, "div", "cmp-parting");
  column.state = part(foot, "div", "cmp-state");
  const facts = part(foot, "dl", "cmp-facts");
  for (const [name, label] of [["speed", "Speed"], ["mean", "Mean surprisal"], ["bits", "Bits per byte"]]) {
    part(facts, "dt", "", label);
    column[name] = part(facts, "dd", `cmp-${name}`);
  }
  column.figure = part(column.bits, "span", "");
  column.bar = part(part(column.bits, "span", "cmp-axis"), "i", "");
  walkWithKeys(column.strip);
  return column;
};

// A mark inside a token, before its character number `after`; beyond the last token, at the end.
const markToken = (column, [index, after]) => {
  const mark = make("i", "cmp-mark");
  const token = column.strip.querySelectorAll(".tok")[index];
  column.mark = mark;
  if (!token) return column.strip.append(mark);
  let left = [...token.textContent].slice(0, after).join("").length; // from characters to UTF-16 units
  const texts = document.createTreeWalker(token, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (left < text.length) return text.splitText(left).before(mark);
    left -= text.length;
  }
  token.append(mark);
};

const drawMark = (column, place) => {
  const key = JSON.stringify(place ?? null);
  if (key === column.place) return;
  column.place = key;
  const token = column.mark?.closest(".tok");
  column.mark?.remove();
  token?.normalize();
  column.mark = null;
  if (place) markToken(column, place);
};

const drawTokens = (column, news) => {
  if (news.length < column.tokens.length) {
    column.strip.replaceChildren();
    Object.assign(column, { tokens: [], mark: null, place: undefined });
  }
  for (let i = column.tokens.length; i < news.length; i++) {
    const token = JSON.parse(news[i]);
    column.tokens[i] = token;
    column.strip.append(makeToken(token[0], token[1], i === 0));
  }
};

const drawColumn = (column, value, whole, most) => {
  const say = (node, text) => node.textContent === text || (node.textContent = text);
  const going = value.going && Boolean(whole.running);
  say(column.title, value.title);
  say(column.settings, value.settings);
  say(column.prompt, value.failed && !value.tokens.length ? "" : whole.prompt || "");
  drawTokens(column, value.tokens);
  drawMark(column, value.mark);
  column.caret.hidden = !going;
  column.node.classList.toggle("cmp-failed", value.failed);
  say(column.parting, value.parting);
  column.parting.classList.toggle("cmp-parted", value.byte !== null);
  say(column.state, value.going && !going && whole.note ? whole.note : value.state);
  say(column.speed, value.speed || "–");
  say(column.mean, value.mean === null ? "–" : `${value.mean.toFixed(2)} bits per token`);
  say(column.figure, value.bits === null ? "–" : value.bits.toFixed(2));
  column.bar.style.width = value.bits === null || !most ? "0" : `${(100 * value.bits) / most}%`;
};

let active = null;
const close = () => {
  active = null;
  card.hidden = true;
};

const draw = () => {
  const value = props.value || {};
  if (value.begins || value.stopped || !value.run || current === undefined) current = value.run || null;
  else if (value.run !== current) return;
  if (value.stopped) current = null;
  if (value.running) board.dataset.run = value.run || "unnamed";
  else delete board.dataset.run;
  find(".cmp-status").textContent = value.status || "";
  if (value.begins) {
    close();
    unseen = true;
    grid.style.minHeight = `${grid.offsetHeight}px`; // what comes takes the place of what was: nothing jumps
  } else if (!value.running) grid.style.minHeight = "";
  // Without columns what is drawn stays, but for a run that begins.
  const columns = value.columns || (value.begins ? [] : null);
  if (columns) {
    find(".cmp-dice").textContent = value.dice || "";
    if (columns.length !== drawn.length || (value.run && value.run !== whose)) {
      whose = value.run;
      drawn = columns.map((_, i) => makeColumn(i + 1));
      grid.replaceChildren(...drawn.map((column) => column.node));
      grid.dataset.columns = String(columns.length);
    }
    const most = Math.max(...columns.map((column) => column.bits || 0), 0);
    columns.forEach((column, i) => drawColumn(drawn[i], column, value, most));
  } else for (const column of drawn) column.caret.hidden = true;
  find(".cmp-legend").hidden = drawn.length === 0;
  // What begins below the middle of the screen is brought into view once.
  if (unseen && columns?.length) {
    unseen = false;
    if (element.getBoundingClientRect().top > window.innerHeight / 2)
      (element.closest(".columns") || element).scrollIntoView({ behavior: "smooth", block: "start" });
  }
};
watch("value", draw);
draw();

const open = (span) => {
  const column = drawn.find((one) => one.strip.contains(span));
  const token = column?.tokens[[...column.strip.querySelectorAll(".tok")].indexOf(span)];
  if (!token || span === active) return;
  active = span;
  fillCard(card, token);
  placeCard(card, span, board);
};
grid.addEventListener("mouseover", (event) => {
  const span = event.target.closest(".tok");
  if (span) open(span);
});
grid.addEventListener("focusin", (event) => event.target.matches(".tok") && open(event.target));
element.addEventListener("mouseleave", close);
element.addEventListener("focusout", (event) => element.contains(event.relatedTarget) || close());
grid.addEventListener("keydown", (event) => event.key === "Escape" && close());
