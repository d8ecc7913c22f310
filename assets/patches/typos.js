// The typo bench: a slider chooses one of the shares that were computed. `element`, `props`, `trigger` and `watch` come
// from Gradio, the rest from tokens.js, strip.js and saving.js.
const lab = document.querySelector("#patch-board .patch-lab").lab;
const lines = find(".typos-lines");
const range = find(".typos-share input");
let points = []; // of each share what the server tells, and its decoded picture as `image`
let about = null; // what was asked for
let at = 0;

const shareWords = (share) => `${Math.round(100 * share)} %`;
const bitsWords = (bits) => (bits === null ? "–" : bits.toFixed(3));
// The text with its changes marked; offsets count characters as Python does, not UTF-16 units.
const marked = ({ text, changed }) => {
  const letters = [...text];
  const parts = [];
  let done = 0;
  for (const [start, end] of changed) {
    if (start < done) continue;
    parts.push(letters.slice(done, start).join(""));
    parts.push(end > start ? make("mark", "", letters.slice(start, end).join("")) : make("mark", "typos-gone", "‸"));
    done = end;
  }
  return [...parts, letters.slice(done).join("")];
};
const groupsOf = (point, width) => {
  const cell = cellOf(point.patch);
  const { columns, narrow } = wrapping(width, cell, point.shown);
  lines.classList.toggle("patch-narrow", narrow);
  const groups = [];
  for (let from = 0; from < point.shown; from += columns) {
    const to = Math.min(point.shown, from + columns);
    const group = make("div", "patch-group");
    const [line, canvas] = makeLine(cell, from, to);
    paintLine(canvas, point.image, point.patch, cell, from, to);
    group.append(makeRow("model reads", line, "typo"));
    groups.push(group);
  }
  return groups;
};
const show = () => {
  const point = points[at];
  find(".typos-body").hidden = !point;
  if (!point) return;
  range.max = points.length - 1;
  range.value = at;
  const count = inWords(point.changed.length, "change");
  range.setAttribute("aria-valuetext", `${shareWords(point.share)} of the letters, ${count}`);
  find(".typos-share output").textContent = `${shareWords(point.share)}: ${count}`;
  lines.replaceChildren(...groupsOf(point, lines.clientWidth));
  find(".typos-text").replaceChildren(...marked(point));
  const clean = points[0];
  const times = (one, other) => (at === 0 || !other ? "" : ` (${(one / other).toFixed(2)} times the clean text's)`);
  const bits = point.bits_per_byte === null ? "" : ` ${point.bits_per_byte.toFixed(3)} bits per byte${times(point.bits_per_byte, clean.bits_per_byte)},`;
  const none = point.possible === 0 ? ["None of the letters can be changed in this way."] : [];
  find(".typos-notes").replaceChildren(...[...none, ...point.notes].map((note) => make("li", "", note)));
  find(".typos-facts").textContent = `${about.model}: error ${point.error.toFixed(4)}${times(point.error, clean.error)}. ${about.peer}:${bits} ${inWords(point.tokens, "token")}${times(point.tokens, clean.tokens)}.`;
  const rows = points.map((one) => {
    const row = make("tr");
    for (const words of [shareWords(one.share), one.error.toFixed(4), bitsWords(one.bits_per_byte), String(one.tokens)]) row.append(make("td", "", words));
    return row;
  });
  find(".patch-numbers tbody").replaceChildren(...rows);
};
const words = () => {
  const run = lab.runOf("typos");
  const board = lab.strip();
  const old = points.length && board && about.page !== board.page ? "This is of an earlier text." : "";
  find(".typos-status").textContent = [run?.status, old].filter(Boolean).join(" ");
};
let coming = Promise.resolve();
const read = async (value) => {
  const late = () => lab.runOf("typos")?.name !== value.run; // another run has begun while pictures were decoded
  if (late()) return;
  about = JSON.parse(value.about);
  for (const json of value.points.slice(points.length)) {
    const point = JSON.parse(json);
    const image = await decode(point.picture);
    if (late()) return;
    points.push({ ...point, image });
    if (at === points.length - 2) at += 1; // who looks at the newest goes along
  }
  show();
};
const draw = () => {
  const value = props.value || {};
  if (!lab.accepts("typos", value)) return;
  if (value.points?.length) coming = coming.then(() => read(value));
  words();
};
watch("value", draw);
lab.listen("typos", (run) => {
  if (run.fresh) {
    [points, at] = [[], 0];
    show();
  }
  words();
});
lab.hear(words);
words();
range.addEventListener("input", () => {
  at = Number(range.value);
  show();
  trigger("select", {});
});
find(".typos").at = () => String(at);
find(".typos-picture").addEventListener("click", () => savePicture(sheetOf([...lines.children], [find(".typos-facts").textContent]), "pixel-typos.png"));
find(".typos-chart").addEventListener("click", async () => savePicture(await chartPicture(document.querySelector("#typos-chart")), "pixel-typos-chart.png"));
find(".typos-record").addEventListener("click", () => {
  const { page, ...asked } = about;
  const numbers = points.map(({ picture, image, patch, shown, ...rest }) => rest);
  saveText(JSON.stringify({ view: "typo bench", ...asked, points: numbers }, null, 1), "pixel-typos.json");
});
let width = 0;
new ResizeObserver(() => {
  if (lines.clientWidth === width) return;
  width = lines.clientWidth;
  show();
}).observe(find(".typos"));
