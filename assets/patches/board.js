// The patch board: the strip in lines, which patches are hidden, and how they are hidden and shown by hand. `element`,
// `trigger` and `watch` come from Gradio, the rest from tokens.js and the other files of this folder; result.js follows.
const lines = find(".patch-lines");
let drawn = null; // the strip on show: what the server tells of it, and its decoded picture as `image`
let hidden = new Set(); // patches of it
let kind = "span"; // of the mask
let byHand = ""; // the patches hidden by hand, as JSON; "" while the sliders choose
let groups = []; // {from, to, node, seen} of each line
let columns = 0;
let cursor = 0; // the patch that the keys are at
let news = 0; // pictures decode later than they come; the last that came is drawn
let grid = false;
let played = null; // the model that was last shown at work by itself
let byKey = false; // whether the keys are in use, which shows the cursor

const hiddenList = () => [...hidden].sort((a, b) => a - b);
const isHidden = (patch) => hidden.has(patch);

// Words.
const describe = (patch) => {
  const place = drawn.separators.includes(patch) ? "the black mark after the text" : `patch ${patch + 1} of ${drawn.text_patches}`;
  const facts = [place, isHidden(patch) ? "hidden" : "shown", ...factsOf(patch)];
  return facts.join(", ");
};
const countWords = () => {
  if (byHand === "") return drawn.summary;
  const shown = hiddenList().filter((patch) => drawn.hideable.includes(patch)).length;
  const all = drawn.hideable.length;
  const share = all ? ` (${Math.round((100 * shown) / all)}% of the text)` : "";
  return `${shown.toLocaleString("en")} of the text's ${inWords(all, "patch")} ${shown === 1 ? "is" : "are"} hidden${share}, by hand.`;
};
const readout = (patch) => {
  const words = patch === null || !drawn ? "" : describe(patch);
  find(".patch-readout").textContent = words ? words[0].toUpperCase() + words.slice(1) : HINT;
};
const HINT = "Click or drag over patches to hide or show them. With keys: arrows move, space hides or shows, Shift and arrows paint.";

// Drawing. Everything anew for another strip, width or result; only what the model sees for another mask.
const build = () => {
  const height = lines.offsetHeight;
  if (groups.length) lines.style.minHeight = `${height}px`; // while it is empty the page below stays where it is
  lines.replaceChildren();
  groups = [];
  if (drawn) {
    const cell = cellOf(drawn.patch);
    const wrapped = wrapping(lines.clientWidth, cell, drawn.shown);
    columns = wrapped.columns;
    lines.classList.toggle("patch-narrow", wrapped.narrow);
    for (let from = 0; from < drawn.shown; from += columns) {
      const to = Math.min(drawn.shown, from + columns);
      const node = make("div", "patch-group");
      const [text, original] = makeLine(cell, from, to);
      const [sees, seen] = makeLine(cell, from, to);
      paintLine(original, drawn.image, drawn.patch, cell, from, to);
      node.append(makeRow("the text", text, "text"), makeRow("model sees", sees, "sees"), ...resultRows(cell, from, to));
      lines.append(node);
      groups.push({ from, to, node, sees, seen });
    }
  }
  lines.style.minHeight = "";
  maskLines();
  readBack();
};
const maskLines = () => {
  for (const { from, to, seen } of groups) paintLine(seen, drawn.image, drawn.patch, cellOf(drawn.patch), from, to, isHidden);
  placeCursor();
  showResult();
  for (const call of heard) call();
};
const placeCursor = () => {
  lines.querySelector(".patch-cursor")?.remove();
  const group = groups.find(({ from, to }) => from <= cursor && cursor < to);
  if (!group || !byKey || document.activeElement !== lines) return;
  const mark = make("i", "patch-cursor");
  mark.style.left = `${(cursor - group.from) * cellOf(drawn.patch)}px`;
  group.sees.append(mark);
  mark.scrollIntoView({ block: "nearest" });
};

// Hiding and showing by hand: the mask on show becomes the beginning of one's own.
const hide = (patches, yes) => {
  for (const patch of patches) yes ? hidden.add(patch) : hidden.delete(patch);
  byHand = JSON.stringify(hiddenList());
  kind = "manual";
  maskLines();
};
const tell = () => trigger("select", {});
const between = (a, b) => Array.from({ length: Math.abs(a - b) + 1 }, (_, i) => Math.min(a, b) + i);

let stroke = null; // {hides, last, moved, touch, begun} while a button or finger is down
const toPaint = (event) => {
  const at = drawn && patchAt(event.clientX, event.clientY, lines);
  return at && at.line.closest(".patch-text, .patch-sees") ? at.patch : null;
};
const strokeTo = (patch) => {
  const group = groups.find(({ from, to }) => from <= stroke.last && stroke.last < to);
  const near = group && patch >= group.from && patch < group.to; // a quick hand leaves no gaps in a line
  hide(near ? between(stroke.last, patch) : [patch], stroke.hides);
  Object.assign(stroke, { last: patch, begun: true });
};
lines.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || !event.isPrimary) return;
  const patch = toPaint(event);
  if (patch === null) return;
  byKey = false;
  if (event.target.hasPointerCapture?.(event.pointerId)) event.target.releasePointerCapture(event.pointerId);
  stroke = { id: event.pointerId, hides: !isHidden(patch), last: patch, begun: false };
  cursor = patch;
  // A finger may be about to scroll: it hides nothing before it lifts or moves sideways.
  if (event.pointerType !== "touch") strokeTo(patch);
});
window.addEventListener("pointermove", (event) => {
  if (!stroke || event.pointerId !== stroke.id) return;
  const patch = toPaint(event);
  if (patch === null || patch === stroke.last) return;
  if (!stroke.begun) strokeTo(stroke.last);
  strokeTo(patch);
  cursor = patch;
  readout(patch);
});
window.addEventListener("pointerup", (event) => {
  if (!stroke || event.pointerId !== stroke.id) return;
  if (!stroke.begun) strokeTo(stroke.last);
  readout(stroke.last);
  stroke = null;
  tell();
});
window.addEventListener("pointercancel", (event) => {
  if (!stroke || event.pointerId !== stroke.id) return;
  const { begun } = stroke;
  stroke = null;
  if (begun) tell();
});
lines.addEventListener("pointermove", (event) => {
  const at = drawn && patchAt(event.clientX, event.clientY, lines);
  readout(at ? at.patch : null);
});
lines.addEventListener("pointerleave", () => readout(document.activeElement === lines && lines.matches(":focus-visible") ? cursor : null));

const say = () => {
  byKey = true;
  readout(cursor);
  find(".patch-said").textContent = describe(cursor);
  placeCursor();
};
let keyHides = null; // what Shift and an arrow does, decided by the first patch
lines.addEventListener("keydown", (event) => {
  if (!drawn || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    hide([cursor], !isHidden(cursor));
    tell();
    return say();
  }
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -cursor, End: drawn.shown - 1 - cursor };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const to = cursor + steps[event.key];
  if (to < 0 || to >= drawn.shown) return;
  if (event.shiftKey) {
    keyHides ??= !isHidden(cursor);
    hide(between(cursor, to), keyHides);
    tell();
  }
  cursor = to;
  say();
});
lines.addEventListener("keyup", (event) => {
  if (event.key === "Shift") keyHides = null;
});
lines.addEventListener("focus", () => {
  keyHides = null;
  if (drawn && lines.matches(":focus-visible")) say();
});
lines.addEventListener("blur", () => {
  placeCursor();
  readout(null);
});

// News of the server: a strip, and the patches that are hidden. A mask that somebody has painted over meanwhile is late.
const readDrawn = async (value) => {
  if (value.refused) {
    find(".patch-status").textContent = `${value.refused} The picture is as it was.`;
    return;
  }
  const number = ++news;
  if (value.error || !value.picture) {
    drawn = null;
    hidden = new Set();
    find(".patch-notes").replaceChildren();
    find(".patch-status").textContent = value.error || value.status || "";
    lines.hidden = true;
    return build();
  }
  const late = !value.opens && byHand !== "" && value.by_hand !== byHand;
  const same = drawn?.page === value.page;
  const image = same ? drawn.image : await decode(value.picture);
  if (number !== news) return;
  drawn = { ...value, image };
  if (!late || !same) {
    hidden = new Set(value.hidden);
    ({ kind } = value);
    byHand = kind === "manual" ? JSON.stringify(hiddenList()) : "";
  }
  cursor = Math.min(cursor, drawn.shown - 1);
  lines.hidden = false;
  find(".patch-notes").replaceChildren(...value.notes.map((note) => make("li", "", note)));
  if (same && groups.length) maskLines();
  else build();
  if (value.plays && played !== value.model) {
    played = value.model;
    if (!fits() || stale()) trigger("play", {});
  }
};
let width = 0;
new ResizeObserver(() => {
  if (lines.clientWidth === width) return;
  width = lines.clientWidth;
  build();
}).observe(lines);
find('[data-do="grid"]').addEventListener("click", (event) => {
  grid = !grid;
  event.currentTarget.setAttribute("aria-pressed", String(grid));
  lines.classList.toggle("patch-gridded", grid);
});
