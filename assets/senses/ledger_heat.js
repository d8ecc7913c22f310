// The map of shares: a row for each word, a column for each sense. Colour tells sign and size; a sign stands in every
// square that matters, and the line below says the number of the one pointed at. `state` and `box` are those of ledger.js.
const MARKED = 0.3; // of the largest, by root: smaller shares have no sign of their own
const told = () => find(".led-told");
const rowName = ({ places, rest }, row) => (places[row] === null ? `${rest} other words` : bare(state.answer.tokens[places[row]]));

const tellCell = (cell) => {
  const { answer } = state;
  const [row, sense] = [Number(cell.dataset.row), Number(cell.dataset.sense)];
  const share = answer.cells[row][sense];
  const [a, b] = answer.candidates;
  const where = answer.places[row] === null ? rowName(answer, row) : `${quoted(answer.tokens[answer.places[row]])} (token ${answer.places[row]})`;
  const what = b ? `${signed(share, 4)} to the log odds of ${quoted(a.text)} against ${quoted(b.text)}` : `${signed(share, 4)} to the logit of ${quoted(a.text)}`;
  told().textContent = `${where}, sense ${sense}: ${what} · weight ${answer.weights[row][sense].toFixed(4)}`;
};

const openCell = (cell) => {
  const { answer } = state;
  const [row, sense] = [Number(cell.dataset.row), Number(cell.dataset.sense)];
  const place = answer.places[row];
  if (place === null) return;
  const [word, id] = [answer.tokens[place], answer.ids[place]];
  const promotes = make("div", "led-promotes");
  promotes.append(make("p", "sx-told", "Looking what it promotes …"));
  const scaled = (factor, position) => ({ kind: "scale_sense", word, sense, factor, ...(position === undefined ? {} : { position }) });
  const choices = mixerChoices("To mixer", [
    ["this occurrence × 2", scaled(2, place)], ["this occurrence × 0", scaled(0, place)],
    ["this word everywhere × 2", scaled(2)], ["this word everywhere × 0", scaled(0)],
  ], state.asked.text);
  box.open(cell, make("p", "sx-box-title", `${quoted(word)}, sense ${sense}: ${signed(answer.cells[row][sense])}`), promotes, choices,
    plainButton("sx-choice", "open in explorer", () => lookAt(word, id)));
  words.ask({ word, id, sense });
  box.focus();
};

const makeCell = (row, sense, share, most, label) => {
  const size = most > 0 ? Math.sqrt(Math.abs(share) / most) : 0;
  const cell = make("td", `led-cell ${share < 0 ? "led-minus" : "led-plus"}`, size >= MARKED ? (share < 0 ? "−" : "+") : "");
  if (size > 0.6) cell.classList.add("led-strong");
  if (size > (share < 0 ? 0.66 : 0.78)) cell.classList.add("led-turned"); // where black on white and white on black meet
  cell.style.setProperty("--t", `${Math.round(100 * size)}%`);
  cell.dataset.row = row;
  cell.dataset.sense = sense;
  cell.tabIndex = row === 0 && sense === 0 ? 0 : -1;
  cell.setAttribute("role", "gridcell");
  cell.setAttribute("aria-label", `${label}, sense ${sense}: ${signed(share, 3)}`);
  return cell;
};

const drawHeat = (answer) => {
  const { cells, senses, candidates: [a, b] } = answer;
  find(".led-heat").classList.toggle("led-wide", senses > 24);
  const table = make("table", "led-map");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", `Shares of each word and sense in the ${b ? "log odds" : "logit"} of ${quoted(a.text)}${b ? ` against ${quoted(b.text)}` : ""}`);
  const head = make("tr", "led-head");
  head.append(make("th", "led-corner", "sense"));
  for (let sense = 0; sense < senses; sense++) head.append(make("th", "", `${sense}`));
  head.append(make("th", "led-sum", "sum"));
  const most = Math.max(...cells.map((row) => Math.max(...row.map(Math.abs))), 0);
  const body = cells.map((shares, row) => {
    const line = make("tr", answer.places[row] === null ? "led-others" : "");
    const name = make("th", "led-word");
    name.scope = "row";
    const place = answer.places[row];
    if (answer.rest && place !== null) name.append(make("span", "led-place-number", `${place} `)); // the words between are not there
    name.append(make("bdi", "", rowName(answer, row)));
    name.title = rowName(answer, row);
    line.append(name, ...shares.map((share, sense) => makeCell(row, sense, share, most, name.title)),
      make("td", "led-sum", signed(shares.reduce((sum, share) => sum + share, 0))));
    return line;
  });
  const sums = make("tr", "led-foot");
  sums.append(make("th", "led-corner", "sum"));
  for (let sense = 0; sense < senses; sense++) {
    const sum = cells.reduce((all, row) => all + row[sense], 0);
    const cell = make("td", "led-sense-sum", senses > 24 ? "" : signed(sum, 1));
    cell.title = `sense ${sense}: ${signed(sum, 3)}`;
    sums.append(cell);
  }
  sums.append(make("td", "led-sum", signed(answer.total)));
  table.append(head, ...body, sums);
  find(".led-scroll").replaceChildren(table);
  find(".led-bound").textContent = answer.rest
    ? `The ${answer.places.length - 1} words with the largest shares; the other ${answer.rest} stand together in one row, so that the sums stay exact.` : "";
  for (const [name, value] of [["low", -most], ["high", most]]) find(`.led-${name}`).textContent = signed(value);
  told().textContent = "Point at a square, or go there with the arrow keys; click it for more.";
};

const map = find(".led-scroll");
const cellOf = (event) => event.target.closest?.(".led-cell");
map.addEventListener("mouseover", (event) => cellOf(event) && tellCell(cellOf(event)));
map.addEventListener("focusin", (event) => cellOf(event) && tellCell(cellOf(event)));
map.addEventListener("click", (event) => {
  const cell = cellOf(event);
  if (!cell) return;
  goTo(cell);
  openCell(cell);
});
const goTo = (cell) => {
  for (const old of map.querySelectorAll('.led-cell[tabindex="0"]')) old.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
};
map.addEventListener("keydown", (event) => {
  const cell = cellOf(event);
  if (!cell) return;
  const { senses, places } = state.answer;
  const [row, sense] = [Number(cell.dataset.row), Number(cell.dataset.sense)];
  const to = {
    ArrowRight: [row, sense + 1], ArrowLeft: [row, sense - 1], ArrowDown: [row + 1, sense], ArrowUp: [row - 1, sense],
    Home: [row, 0], End: [row, senses - 1], PageUp: [0, sense], PageDown: [places.length - 1, sense],
  }[event.key];
  if (to) {
    event.preventDefault();
    const next = map.querySelector(`.led-cell[data-row="${to[0]}"][data-sense="${to[1]}"]`);
    if (next) goTo(next);
  } else if ((event.key === "Enter" && !event.ctrlKey) || event.key === " ") {
    event.preventDefault();
    openCell(cell);
  }
});
