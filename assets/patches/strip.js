// Strips of patches: pictures decoded, wrapped into lines of whole patches, drawn in crisp pixels. `make` is of tokens.js.
const SIDE = 32; // page pixels that a patch is about high: a finger finds it, and a pixel is a whole number of pixels
const GREY = "rgb(176, 176, 176)"; // of a hidden patch, as published; playground/pixels/pictures.py
const HATCH = "rgb(120, 120, 120)"; // its pattern, so that grey is not all that tells it
const LABELS = 92; // page pixels beside the lines for what they are, where there is room

const decode = async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
};
const cellOf = (patch) => patch * Math.max(1, Math.round(SIDE / patch));
const inWords = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : noun.endsWith("ch") ? "es" : "s"}`;

// How `count` patches of `cell` pixels wrap in `width` pixels: {columns, narrow}; narrow lines have no room for labels.
const wrapping = (width, cell, count) => {
  const narrow = width < LABELS + 12 * cell;
  const room = Math.floor((width - (narrow ? 0 : LABELS) - 2) / cell);
  return { columns: Math.max(1, Math.min(count, room)), narrow };
};

const hatch = (context, x, cell) => {
  context.fillStyle = GREY;
  context.fillRect(x, 0, cell, cell);
  context.save();
  context.beginPath();
  context.rect(x, 0, cell, cell);
  context.clip();
  context.strokeStyle = HATCH;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let at = -cell; at < cell; at += 8) {
    context.moveTo(x + at, cell);
    context.lineTo(x + at + cell, 0);
  }
  context.stroke();
  context.restore();
};

// The patches `from` to before `to` of a picture; those that `isHidden` names are covered.
const paintLine = (canvas, image, patch, cell, from, to, isHidden) => {
  const width = (to - from) * cell;
  if (canvas.width !== width || canvas.height !== cell) Object.assign(canvas, { width, height: cell });
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(image, from * patch, 0, (to - from) * patch, patch, 0, 0, width, cell);
  if (isHidden) for (let i = from; i < to; i++) if (isHidden(i)) hatch(context, (i - from) * cell, cell);
};

// A line of a picture with a grid over it that the page may show.
const makeLine = (cell, from, to) => {
  const line = make("div", "patch-line");
  line.style.width = `${(to - from) * cell}px`;
  line.style.setProperty("--cell", `${cell}px`);
  line.style.height = `${cell}px`;
  Object.assign(line.dataset, { from, to });
  const canvas = make("canvas");
  line.append(canvas, make("i", "patch-grid"));
  return [line, canvas];
};
const makeRow = (label, line, name) => {
  const row = make("div", `patch-row patch-${name}`);
  row.append(make("span", "patch-label", label), line);
  return row;
};

// A map of numbers, one for each patch: eight tones, and the number itself where it has room. `scale` is what the
// darkest tone begins at.
const toneOf = (value, scale) => Math.min(7, Math.max(0, Math.floor((8 * value) / scale)));
const brief = (value) => (value >= 9.95 ? value.toFixed(0) : value >= 0.995 ? value.toFixed(1) : value.toFixed(2).slice(1));
const makeHeat = (cell, from, to, values, scale) => {
  const line = make("div", "patch-line patch-heat");
  line.style.width = `${(to - from) * cell}px`;
  Object.assign(line.dataset, { from, to });
  for (let i = from; i < to; i++) {
    if (typeof values[i] !== "number") continue;
    const one = make("i", `s${toneOf(values[i], scale)}`, cell >= 24 ? brief(values[i]) : "");
    one.style.left = `${(i - from) * cell}px`;
    one.style.width = `${cell}px`;
    one.title = `patch ${i + 1}: ${values[i].toFixed(4)}`;
    line.append(one);
  }
  return line;
};

// Which patch of a strip lies under a point of the page; null beside all lines.
const patchAt = (x, y, within) => {
  const line = document.elementFromPoint(x, y)?.closest(".patch-line");
  if (!line || !within.contains(line)) return null;
  const box = line.getBoundingClientRect();
  const [from, to] = [Number(line.dataset.from), Number(line.dataset.to)];
  const patch = from + Math.floor(((x - box.left) / box.width) * (to - from));
  return { line, patch: Math.max(from, Math.min(to - 1, patch)), share: (x - box.left) / box.width };
};
