// How sure the model is: below what it sees, the spread of every hidden patch and its error. `element`, `props` and
// `watch` come from Gradio, the rest from tokens.js, strip.js and saving.js.
const lab = document.querySelector("#patch-board .patch-lab").lab;
const lines = find(".sure-lines");
let known = null; // what the server tells, and the decoded picture as `image`

const groupsOf = (width) => {
  const cell = cellOf(known.patch);
  const { columns, narrow } = wrapping(width, cell, known.shown);
  lines.classList.toggle("patch-narrow", narrow);
  const hidden = new Set(known.hidden);
  const most = Math.max(1e-9, ...known.spread.filter((value) => typeof value === "number"));
  const worst = Math.max(1e-9, ...known.errors.filter((value) => typeof value === "number"));
  const groups = [];
  for (let from = 0; from < known.shown; from += columns) {
    const to = Math.min(known.shown, from + columns);
    const group = make("div", "patch-group");
    const [line, canvas] = makeLine(cell, from, to);
    paintLine(canvas, known.image, known.patch, cell, from, to, (patch) => hidden.has(patch));
    group.append(makeRow("model sees", line, "sure"));
    for (const [name, values, scale] of [["spread", known.spread, most], ["error", known.errors, worst]]) {
      const heat = makeHeat(cell, from, to, values, scale);
      if (heat.children.length) group.append(makeRow(name, heat, name));
    }
    groups.push(group);
  }
  return groups;
};
const show = () => {
  find(".sure-body").hidden = known === null;
  if (known === null) return;
  lines.replaceChildren(...groupsOf(lines.clientWidth));
  const rows = known.hidden.map((patch) => {
    const row = make("tr");
    row.append(make("td", "", String(patch + 1)));
    for (const value of [known.spread[patch], known.errors[patch]]) row.append(make("td", "", typeof value === "number" ? value.toFixed(4) : "–"));
    return row;
  });
  find(".patch-numbers tbody").replaceChildren(...rows);
};
const words = () => {
  const run = lab.runOf("sure");
  const board = lab.strip();
  const old = known !== null && board && (board.page !== known.page || JSON.stringify(known.hidden) !== JSON.stringify(board.hidden));
  find(".sure-status").textContent = [run?.status, known !== null && !run?.running ? known.words : "", old ? "This is of an earlier text or mask." : ""].filter(Boolean).join(" ");
};
const draw = async () => {
  const value = props.value || {};
  if (!lab.accepts("sure", value)) return;
  if (value.spread) {
    const image = await decode(value.picture);
    if (lab.runOf("sure")?.name !== value.run) return; // another run has begun meanwhile
    known = { ...value, image };
    show();
  }
  words();
};
watch("value", draw);
lab.listen("sure", words);
lab.hear(words);
words();
show();
find(".sure-picture").addEventListener("click", () => savePicture(sheetOf([...lines.children], [known.model, known.words]), "pixel-how-sure.png"));
find(".sure-record").addEventListener("click", () => saveText(known.record, "pixel-how-sure.json"));
find(".sure-chart").addEventListener("click", async () => savePicture(await chartPicture(document.querySelector("#sure-chart")), "pixel-how-sure-chart.png"));
let width = 0;
new ResizeObserver(() => {
  if (lines.clientWidth === width) return;
  width = lines.clientWidth;
  show();
}).observe(find(".sure"));
