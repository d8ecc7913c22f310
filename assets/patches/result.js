// What the model painted: lines below those of the board, how wrong each patch is, and what can be done with it all.
const PLAIN_SCALE = 0.24; // error at which the darkest tone begins, of pixels from 0 to 1
const STANDARDISED_SCALE = 2; // and of standardised ones, where 1 is what guessing the mean costs
const MOST_BYTES = 32 * 2 ** 20; // of a file that is read at all; playground/limits.py allows less
let result = null; // the last reconstruction, its decoded pictures as `images`
let shownAs = "on_the_page"; // or as_published
let wiped = 1; // the share of each line that shows the reconstruction

const fits = () => result !== null && drawn !== null && result.page === drawn.page;
const stale = () => fits() && JSON.stringify(result.hidden) !== JSON.stringify(hiddenList());
const errorScale = (value) => (value.standardised ? STANDARDISED_SCALE : PLAIN_SCALE);
const readOf = (patch) => result.reading.find(([place]) => place === patch);

const factsOf = (patch) => {
  if (!fits() || typeof result.errors[patch] !== "number") return [];
  const read = readOf(patch);
  const facts = [`error ${result.errors[patch].toFixed(3)}`];
  if (read) facts.push(read[3] ? `read back as “${visible(read[2])}”, which is right` : `read back as “${visible(read[2])}”, but it is “${visible(read[1])}”`);
  return stale() ? ["of an earlier mask:", ...facts] : facts;
};

const resultRows = (cell, from, to) => {
  if (!fits()) return [];
  const [line, below] = makeLine(cell, from, to);
  paintLine(below, result.images.original, drawn.patch, cell, from, to);
  const above = make("canvas", "patch-above");
  paintLine(above, result.images[shownAs], drawn.patch, cell, from, to);
  line.append(above, make("b", "patch-wiper"));
  const heat = makeHeat(cell, from, to, result.errors, errorScale(result));
  return [makeRow("model paints", line, "paints"), ...(heat.children.length ? [makeRow("error", heat, "error")] : [])];
};
const showWipe = () => {
  for (const above of lines.querySelectorAll(".patch-above")) {
    above.style.clipPath = `inset(0 ${100 * (1 - wiped)}% 0 0)`;
    above.dataset.share = wiped;
    const wiper = above.nextElementSibling;
    wiper.style.left = `${100 * wiped}%`;
    wiper.hidden = wiped >= 1;
  }
  const range = find(".patch-wipe input");
  range.value = Math.round(100 * wiped);
  range.setAttribute("aria-valuetext", wiped >= 1 ? "all reconstruction" : wiped <= 0 ? "all original" : `${Math.round(100 * wiped)} % reconstruction`);
};

const readBack = () => {
  // What each hidden patch looks most like, among the patches that were seen.
  const box = find(".patch-read");
  const known = fits() && result.reading.length > 0 && drawn.characters.length > 0;
  box.hidden = !known;
  if (!known) return;
  const text = make("p", "patch-read-text");
  drawn.characters.forEach((characters, patch) => {
    const read = readOf(patch);
    if (!read) return text.append(characters);
    const [, truth, said, right] = read;
    const one = make("span", right ? "patch-right" : "patch-wrong", said);
    one.title = right ? "right" : `was “${truth}”`;
    text.append(one);
  });
  const right = result.reading.filter((one) => one[3]).length;
  box.replaceChildren(
    make("div", "section", "Read back"), text,
    make("p", "hint", `${right} of ${inWords(result.reading.length, "patch")} read back exactly. Underlined is right, boxed is wrong.`),
  );
};
const fillTable = () => {
  const body = find(".patch-numbers tbody");
  const rows = result.hidden.map((patch) => {
    const row = make("tr");
    const read = readOf(patch);
    const place = drawn.separators.includes(patch) ? "the black mark" : String(patch + 1);
    row.append(make("td", "", place), make("td", "", result.errors[patch]?.toFixed(4) ?? "–"));
    row.append(make("td", "", read ? `“${visible(read[1])}”` : "–"), make("td", "", read ? `“${visible(read[2])}” ${read[3] ? "right" : "wrong"}` : "–"));
    return row;
  });
  body.replaceChildren(...rows);
};

const timeWords = (seconds) => (seconds < 0.9995 ? `${Math.max(1, Math.round(1000 * seconds))} ms` : `${seconds.toFixed(1)} s`);
// All words about the result, whatever changed.
const showResult = () => {
  const there = fits();
  lines.classList.toggle("patch-stale", stale());
  const title = find(".patch-read .section");
  if (title) title.textContent = stale() ? "Read back, of the earlier mask" : "Read back";
  find(".patch-result").hidden = !there;
  for (const name of ["picture", "record"]) find(`[data-do="${name}"]`).disabled = name === "picture" ? !drawn : !there;
  for (const label of lines.querySelectorAll(".patch-paints .patch-label")) label.textContent = stale() ? "earlier mask" : "model paints";
  if (!drawn) return;
  const words = [countWords()];
  const run = runs.reconstruct;
  if (run?.running) words.push(run.status);
  else if (stale()) words.push("The mask has changed since: press Reconstruct to see what the model paints now.");
  else if (there) words.push(`${result.loss === null ? "" : `Loss ${result.loss.toFixed(3)} · `}${timeWords(result.seconds)}${result.remembered ? " (from before)" : ""}.`, result.said ?? "");
  else if (run?.status) words.push(run.status);
  else if (result) words.push("The text has changed: press Reconstruct.");
  else words.push("Press Reconstruct.");
  find(".patch-status").textContent = words.filter(Boolean).join(" ");
  if (!there) return;
  find(".patch-rule").textContent = result.rules[shownAs];
  for (const choice of element.querySelectorAll(".patch-shown input")) choice.checked = choice.value === shownAs;
  const unit = result.standardised ? "of standardised pixels; 1 is what plain grey would cost" : "of pixels from 0, black, to 1, white";
  find(".patch-about").textContent = `Error: mean squared difference ${unit}.`;
  fillTable();
  showWipe();
};
const readResult = async (value) => {
  const names = Object.keys(value.pictures);
  const images = await Promise.all(names.map((name) => decode(value.pictures[name])));
  if (runs.reconstruct?.name !== value.run) return;
  result = { ...value, images: Object.fromEntries(names.map((name, i) => [name, images[i]])) };
  build();
};

// Wiping: with the slider, or by dragging over what the model painted.
find(".patch-wipe input").addEventListener("input", (event) => {
  wiped = Number(event.target.value) / 100;
  showWipe();
});
let wiping = null;
const wipeTo = (event) => {
  const box = wiping.getBoundingClientRect();
  wiped = Math.max(0, Math.min(1, (event.clientX - box.left) / box.width));
  showWipe();
};
lines.addEventListener("pointerdown", (event) => {
  wiping = event.button === 0 && event.isPrimary ? event.target.closest(".patch-paints .patch-line") : null;
  if (wiping && event.pointerType !== "touch") wipeTo(event);
});
window.addEventListener("pointermove", (event) => wiping && wipeTo(event));
for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, () => (wiping = null));
find(".patch-shown").addEventListener("change", (event) => {
  shownAs = event.target.value;
  build();
});

const fileName = (end) => `pixel-${(result?.identity?.model ?? drawn.model).replace(/[^\w.-]+/g, "-").slice(0, 60)}${end}`;
find('[data-do="picture"]').addEventListener("click", () => {
  const words = [find(".patch-status").textContent, fits() ? find(".patch-rule").textContent : ""];
  savePicture(sheetOf(groups.map(({ node }) => node), [`${drawn.model}`, ...words.filter(Boolean)]), fileName(".png"));
});
find('[data-do="record"]').addEventListener("click", () => saveText(result.record, fileName(".json")));
find(".patch-open input").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  event.target.value = "";
  const text = file && file.size <= MOST_BYTES ? await file.text() : null; // without a text the server says why
  if (file) trigger("upload", { text, run: begin("reconstruct") });
});
