// The mixer's list: a row with a slider for each edit, and the form that adds one by hand. `edits`, `facts`, `changed` and
// `add` belong to mixer.js.
let promptTokens = []; // texts of the prompt's tokens, for "only here"
const setTokens = (tokens) => {
  promptTokens = tokens;
  drawRows();
};

const field = (label, input) => {
  const box = make("label", "mix-field");
  box.append(make("span", "", label), input);
  return box;
};
const numberField = (value, low, high, step) => {
  const input = make("input", "mix-number");
  Object.assign(input, { type: "number", min: low, max: high, step, value });
  return input;
};

const drawRows = () => {
  const list = find(".mix-edits");
  const focused = [...list.querySelectorAll("input, button, select")].indexOf(document.activeElement);
  list.replaceChildren(...edits.map(makeRow));
  if (focused >= 0) list.querySelectorAll("input, button, select")[focused]?.focus();
  find(".mix-none").hidden = edits.length > 0;
  find("[data-do=reset]").disabled = edits.length === 0;
  find("[data-do=undo]").disabled = earlier.length === 0;
};
const refreshRows = () => {
  for (const row of find(".mix-edits").children) row.refresh();
};

const makeRow = (one) => {
  const { edit } = one;
  const row = make("li", "mix-edit");
  const head = make("div", "mix-edit-head");
  const on = make("input");
  on.type = "checkbox";
  on.checked = one.on;
  on.setAttribute("aria-label", `Use the edit: ${editTitle(edit)}`);
  on.addEventListener("change", () => {
    one.on = on.checked;
    changed();
  });
  const title = make("b", "", editTitle(edit));
  const remove = make("button", "mix-remove", "×");
  remove.type = "button";
  remove.setAttribute("aria-label", `Remove the edit: ${editTitle(edit)}`);
  remove.addEventListener("click", () => {
    keep();
    edits.splice(edits.indexOf(one), 1);
    changed(true);
  });
  head.append(on, title);
  if (edit.kind === "scale_sense") head.append(makeScope(edit));
  else head.append(make("span", "mix-scope", edit.kind === "swap_direction" ? "swapped" : "everywhere"));
  head.append(remove);
  row.append(head);
  const words = make("div", "mix-does");
  const slider = SLIDER[edit.kind] && makeSlider(edit, SLIDER[edit.kind]);
  if (slider) row.append(slider);
  if (edit.kind === "topic_boost") row.append(makeTopic(edit));
  row.append(words);
  row.refresh = () => {
    row.classList.toggle("mix-off", !one.on);
    words.textContent = one.on ? editWords(edit) : "switched off";
    row.classList.toggle("mix-reversed", one.on && (edit.factor ?? edit.weight ?? 0) < 0);
    slider?.refresh();
  };
  row.refresh();
  return row;
};

// Everywhere, or at one of the places where the prompt has the word.
const makeScope = (edit) => {
  const scope = make("select", "mix-scope");
  scope.setAttribute("aria-label", `Where: ${editTitle(edit)}`);
  const places = promptTokens.flatMap((text, place) => (text === edit.word ? [place] : []));
  if (edit.position !== undefined && !places.includes(edit.position)) places.push(edit.position);
  for (const place of ["everywhere", ...places]) {
    const option = make("option", "", place === "everywhere" ? place : `only at token ${place}${promptTokens[place] === edit.word ? "" : " (not this word here)"}`);
    option.value = String(place);
    scope.append(option);
  }
  scope.value = String(edit.position ?? "everywhere");
  scope.addEventListener("change", () => {
    if (scope.value === "everywhere") delete edit.position;
    else edit.position = Number(scope.value);
    changed();
  });
  return scope;
};

const makeSlider = (edit, { name, label, most, step, sign }) => {
  const box = make("div", "mix-slide");
  const slider = make("input", "mix-slider");
  Object.assign(slider, { type: "range", min: 0, max: most, step });
  const whole = name === "strength";
  const number = numberField(0, whole ? 0 : -MOST_FACTOR, whole ? most : MOST_FACTOR, step);
  slider.setAttribute("aria-label", `${label} of ${editTitle(edit)}`);
  number.setAttribute("aria-label", `${label} of ${editTitle(edit)}, as a number${whole ? "" : "; it may be negative"}`);
  const set = (value) => {
    if (!Number.isFinite(value)) return;
    edit[name] = whole ? Math.min(most, Math.max(0, Math.round(value))) : Math.min(MOST_FACTOR, Math.max(-MOST_FACTOR, value));
    delete edit.multipliers;
    changed();
  };
  slider.addEventListener("input", () => set(slider.valueAsNumber));
  number.addEventListener("input", () => set(number.valueAsNumber));
  number.addEventListener("change", () => box.refresh(true));
  box.append(slider, make("span", "mix-sign", sign), number);
  box.refresh = (tidy) => {
    const value = edit[name] ?? 0;
    slider.value = String(value);
    slider.setAttribute("aria-valuetext", `${value}, ${editWords(edit)}`);
    if (tidy || document.activeElement !== number) number.value = edit[name] === undefined ? "" : String(Math.round(value * 1000) / 1000);
  };
  return box;
};

const makeTopic = (edit) => {
  const box = make("div", "mix-topic");
  const four = make("div", "mix-four");
  const start = edit.multipliers || STRENGTHS[edit.strength];
  const inputs = ["top 5 %", "next 15 %", "next 20 %", "the rest"].map((label, i) => {
    const input = numberField(start[i], -MOST_FACTOR, MOST_FACTOR, 0.1);
    input.addEventListener("input", () => {
      const values = inputs.map((each) => each.valueAsNumber);
      if (!values.every(FITS.number)) return;
      edit.multipliers = values;
      delete edit.strength;
      changed();
    });
    four.append(field(label, input));
    return input;
  });
  const more = make("details");
  more.open = Boolean(edit.multipliers);
  more.append(make("summary", "", "Own multipliers"), make("p", "hint", "What the weights of the senses are multiplied by, by how strongly they promote the words."), four);
  for (const [name, label] of [["anneal", "fade once its words have been said"], ["recency", "more for later words"]]) {
    const input = make("input");
    input.type = "checkbox";
    input.checked = edit[name] ?? true;
    input.addEventListener("change", () => {
      edit[name] = input.checked;
      changed();
    });
    const label_ = make("label", "mix-check");
    label_.append(input, label);
    box.append(label_);
  }
  box.append(more);
  return box;
};

// The form. Each kind shows its own fields.
const FORM = {
  scale_sense: ["word", "sense"], add_sense: ["word", "sense"], swap_direction: ["word", "out", "in"], topic_boost: ["words"],
};
const START = { scale_sense: { factor: 0 }, add_sense: { weight: 0.5 }, swap_direction: {}, topic_boost: { strength: 2 } };
const drawForm = () => {
  const form = find(".mix-form");
  const kind = form.elements.kind.value;
  for (const box of form.querySelectorAll("[data-for]")) box.hidden = !FORM[kind].includes(box.dataset.for);
  form.elements.sense.max = facts.senses === null ? "" : String(facts.senses - 1);
};
find(".mix-form").elements.kind.addEventListener("change", drawForm);
find(".mix-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const { elements } = event.target;
  const kind = elements.kind.value;
  // Words inside a text are tokens that begin with a blank.
  const blank = (word) => (elements.bare.checked || /^\s/.test(word) ? word : ` ${word}`);
  const values = {
    word: blank(elements.word.value.trim()), out: blank(elements.out.value.trim()), in: blank(elements.in.value.trim()),
    sense: elements.sense.valueAsNumber,
    words: elements.words.value.split(/[,\n]/).map((word) => word.trim()).filter(Boolean).map(blank),
  };
  const lacking = FORM[kind].find((name) => (name === "sense" ? !FITS.whole(values.sense) : !values[name].length || values[name] === " "));
  if (lacking) {
    elements[lacking].focus();
    return say({ sense: "A sense is a whole number from 0." }[lacking] || "A word is missing.");
  }
  const edit = { kind, ...START[kind] };
  for (const name of FORM[kind]) edit[name] = values[name];
  add(edit);
});
