// The totals of the Score tab: how far it is, and a row for each model. `element`, `props` and `watch` come from
// Gradio, the rest from tokens.js.
const SVG = "http://www.w3.org/2000/svg";
let current = null; // the run that is on show
let stopped = false; // whether somebody stopped it

// The sign of a model's curve: its colour and its dashes.
const sign = ({ colour, dash }) => {
  const picture = document.createElementNS(SVG, "svg");
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({ width: 26, height: 10, "aria-hidden": "true", class: "score-sign" }))
    picture.setAttribute(name, value);
  const dashes = { solid: "none", dash: "7 4", dot: "2 3", dashdot: "7 3 2 3" }[dash];
  for (const [name, value] of Object.entries({ x1: 0, x2: 26, y1: 5, y2: 5, stroke: colour, "stroke-width": 3, "stroke-dasharray": dashes }))
    line.setAttribute(name, value);
  picture.append(line);
  return picture;
};

const drawRow = (row, most) => {
  const line = make("tr", row.best ? "score-best" : "");
  const name = make("th", "score-name");
  name.scope = "row";
  const label = make("span", "");
  label.append(sign(row), make("bdi", "", row.name));
  name.append(label);
  line.append(name);
  if (row.words !== undefined) {
    const words = make("td", "score-words", row.pending && stopped ? "stopped" : row.words);
    words.colSpan = 3;
    line.append(words);
    return line;
  }
  const ratio = make("td", "score-ratio", row.per_byte);
  if (row.best) ratio.append(make("span", "score-badge", "best"));
  if (most > 0 && row.ratio !== null) {
    const bar = make("i", "score-bar");
    bar.style.width = `${(100 * row.ratio) / most}%`;
    bar.style.background = row.colour;
    ratio.append(bar);
  }
  line.append(make("td", "", row.tokens), make("td", "", row.bits), ratio);
  return line;
};

const draw = () => {
  const value = props.value || {};
  if (value.begins) {
    current = value.run;
    stopped = false;
  } else if (current !== null && value.run !== current) return;
  if (value.stopped) stopped = true;
  const place = find(".score-totals");
  if (value.running && !stopped) place.dataset.run = value.run;
  else delete place.dataset.run;
  const status = find(".score-status");
  // The last words of a run that was stopped come late, and say less than those that are there.
  if (!stopped || value.stopped) status.textContent = value.status || "";
  const rows = value.rows || [];
  const ratios = rows.map((row) => row.ratio).filter((ratio) => typeof ratio === "number");
  const most = ratios.length > 1 ? Math.max(...ratios) : 0; // bars compare, so one alone has none
  find("tbody").replaceChildren(...rows.map((row) => drawRow(row, most)));
  find("table").hidden = rows.length === 0;
};
watch("value", draw);
draw();
