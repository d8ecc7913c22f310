// A filmstrip: hidden patches are filled a few at a time, and each step can be looked at again. `element`, `props` and
// `watch` come from Gradio, the rest from tokens.js, strip.js and saving.js; the board's lab says which news count.
const view = find(".film").dataset.view; // fill or write
const lab = document.querySelector("#patch-board .patch-lab").lab;
const lines = find(".film-lines");
const scrubber = find(".film-scrub input");
const PLAY_MS = 600; // that a step stays while they play
let strip = null; // what is filled: {picture, patch, shown, hidden, separators, text_patches} and its `image`
let frames = []; // of each step what the server tells, and its decoded picture as `image`
let drawnFrom = []; // the JSON of each
let at = 0; // the step on show, 0 for the beginning
let playing = null;
let record = ""; // the run as JSON, once it is complete
let start = null; // where writing on begins, from 1

const preview = () => {
  const board = lab.strip();
  if (view !== "write" || frames.length || !board) return null;
  const hidden = board.hideable.filter((patch) => patch >= start - 1);
  return { ...board, hidden };
};
const leftAt = (number) => new Set(number === 0 ? strip.hidden : frames[number - 1].left);
const caption = (number) => {
  if (number === 0) return `beginning: ${inWords(strip.hidden.length, "patch")} hidden`;
  const { filled, loss, of, left, reading } = frames[number - 1];
  const named = filled.map((patch) => patch + 1).join(", ");
  const right = reading.filter((one) => one[3]).length;
  const read = reading.length ? ` · ${right} of ${inWords(reading.length, "patch")} read back exactly` : "";
  const end = left.length ? "" : " Everything is filled.";
  return `Step ${number} of ${of}: ${filled.length === 1 ? "patch" : "patches"} ${named} · loss ${loss.toFixed(3)}${read}.${end}`;
};
const groupsOf = (number, width, label) => {
  const cell = cellOf(strip.patch);
  const { columns, narrow } = wrapping(width, cell, strip.shown);
  const image = number === 0 ? strip.image : frames[number - 1].image;
  const left = leftAt(number);
  const filled = number === 0 ? [] : frames[number - 1].filled;
  const groups = [];
  for (let from = 0; from < strip.shown; from += columns) {
    const to = Math.min(strip.shown, from + columns);
    const group = make("div", "patch-group");
    const [line, canvas] = makeLine(cell, from, to);
    paintLine(canvas, image, strip.patch, cell, from, to, (patch) => left.has(patch));
    for (const patch of filled.filter((one) => from <= one && one < to)) {
      const mark = make("i", "patch-new");
      mark.style.left = `${(patch - from) * cell}px`;
      mark.style.width = `${cell}px`;
      line.append(mark);
    }
    group.append(makeRow(label, line, "film"));
    groups.push(group);
  }
  return { groups, narrow };
};

const show = () => {
  const there = strip !== null && strip.image !== undefined;
  find(".film-body").hidden = !there;
  if (!there) return;
  const { groups, narrow } = groupsOf(at, lines.clientWidth, at === 0 ? "model sees" : `step ${at}`);
  lines.classList.toggle("patch-narrow", narrow);
  lines.replaceChildren(...groups);
  find(".film-caption").textContent = frames.length ? caption(at) : "";
  scrubber.max = frames.length;
  scrubber.value = at;
  scrubber.setAttribute("aria-valuetext", frames.length ? caption(at) : "");
  find(".film-scrub").hidden = !frames.length;
  for (const thumb of element.querySelectorAll(".film-thumb")) thumb.setAttribute("aria-current", String(Number(thumb.dataset.step) === at));
};
const go = (number, byItself = false) => {
  if (!byItself) rest();
  at = Math.max(0, Math.min(frames.length, number));
  show();
  const thumb = find(`.film-thumb[data-step="${at}"]`);
  const reel = find(".film-reel");
  if (thumb) reel.scrollLeft = thumb.offsetLeft - (reel.clientWidth - thumb.offsetWidth) / 2; // not the page
};
const rest = () => {
  clearInterval(playing);
  playing = null;
  find(".film-play").textContent = "▶ Play";
};
const play = () => {
  if (playing !== null) return rest();
  if (at >= frames.length) go(0);
  find(".film-play").textContent = "❚❚ Pause";
  playing = setInterval(() => (at < frames.length ? go(at + 1, true) : rest()), PLAY_MS);
};

// A small picture of a step, in as many lines as make it about twice as wide as high.
const makeThumb = (number) => {
  const button = make("button", "film-thumb");
  button.type = "button";
  button.dataset.step = number;
  const columns = Math.min(strip.shown, Math.max(12, Math.ceil(Math.sqrt(strip.shown * 4))));
  const rows = Math.ceil(strip.shown / columns);
  const canvas = make("canvas");
  canvas.width = columns * strip.patch;
  canvas.height = rows * strip.patch;
  const context = canvas.getContext("2d");
  const image = number === 0 ? strip.image : frames[number - 1].image;
  const left = leftAt(number);
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  for (let i = 0; i < strip.shown; i++) {
    const place = [(i % columns) * strip.patch, Math.floor(i / columns) * strip.patch, strip.patch, strip.patch];
    if (left.has(i)) {
      context.fillStyle = GREY;
      context.fillRect(...place);
    } else context.drawImage(image, i * strip.patch, 0, strip.patch, strip.patch, ...place);
  }
  button.append(canvas, make("span", "", number === 0 ? "start" : `step ${number}`));
  button.addEventListener("click", () => go(number));
  return button;
};

let coming = Promise.resolve(); // pictures are decoded one news after the other
const read = async (value) => {
  const late = () => lab.runOf(view)?.name !== value.run; // another run has begun while pictures were decoded
  if (late()) return;
  if (value.begin && value.begin !== strip?.json) {
    rest();
    const begun = JSON.parse(value.begin);
    const image = await decode(begun.picture);
    if (late()) return;
    strip = { ...begun, json: value.begin, image };
    [frames, drawnFrom, at] = [[], [], 0];
    find(".film-reel").replaceChildren(makeThumb(0));
    show();
  }
  record = value.record || "";
  words();
  for (const json of (value.frames || []).slice(drawnFrom.length)) {
    const frame = JSON.parse(json);
    const image = await decode(frame.picture);
    if (late()) return;
    drawnFrom.push(json);
    frames.push({ ...frame, image });
    find(".film-reel").append(makeThumb(frames.length));
    if (playing === null && at === frames.length - 1) go(frames.length, true); // who looks at the newest goes along
    else show();
  }
};
const words = () => {
  find(".film-record").disabled = !record;
  const run = lab.runOf(view);
  const board = frames.length && strip ? lab.strip() : null;
  const other = board && (strip.page !== board.page ? "text" : view === "fill" && String(strip.hidden) !== String(board.hidden) ? "mask" : "");
  const old = other ? ` The ${other} has changed since.` : "";
  find(".film-status").textContent = (run?.status || "") + old;
};
const draw = () => {
  const value = props.value || {};
  if (!lab.accepts(view, value)) return;
  coming = coming.then(() => read(value));
  words();
};
watch("value", draw);
lab.listen(view, (run) => {
  if (run.running && run.fresh) {
    rest();
    [frames, drawnFrom, at, record] = [[], [], 0, ""];
    if (view === "fill") strip = null;
    find(".film-reel").replaceChildren();
    show();
  }
  words();
});

// Where writing on begins: a slider whose hidden tail is seen at once.
const ahead = () => {
  const board = lab.strip();
  words();
  if (view !== "write" || !board) return;
  const range = find(".film-start input");
  start = Math.max(1, Math.min(start ?? Math.ceil(board.text_patches * 0.6) + 1, board.text_patches));
  Object.assign(range, { max: board.text_patches, value: start });
  range.setAttribute("aria-valuetext", `patch ${start} of ${board.text_patches}`);
  find(".film-start output").textContent = `patch ${start} of ${board.text_patches}`;
  if (!frames.length && !lab.runOf(view)?.running) {
    strip = preview();
    show();
  }
};
if (view === "write") {
  const from = (patch) => {
    start = patch;
    if (lab.runOf(view)?.running) return ahead(); // the film that is being made is another's
    rest();
    [frames, drawnFrom, at] = [[], [], 0];
    find(".film-reel").replaceChildren();
    ahead();
  };
  find(".film-start input").addEventListener("input", (event) => from(Number(event.target.value)));
  find(".film-start button").addEventListener("click", () => from(lab.cursor()));
  find(".film").start = () => String(start ?? 1);
}
lab.hear(ahead);
ahead();
scrubber.addEventListener("input", () => go(Number(scrubber.value)));
find(".film-play").addEventListener("click", play);
find(".film-picture").addEventListener("click", () => {
  const box = make("div", "film-lines film-away");
  element.append(box);
  const groups = [...frames.keys(), frames.length].flatMap((number) => groupsOf(number, lines.clientWidth, number === 0 ? "model sees" : `step ${number}`).groups);
  box.append(...groups);
  savePicture(sheetOf(groups, [`${strip.model}: ${view === "fill" ? "the surest first" : "written on from left to right"}`]), `pixel-${view}.png`);
  box.remove();
});
find(".film-record").addEventListener("click", () => {
  if (record) saveText(record, `pixel-${view}.json`);
});
let width = 0;
new ResizeObserver(() => {
  if (lines.clientWidth === width) return;
  width = lines.clientWidth;
  show();
}).observe(find(".film"));
