// The cards of a word's senses, and two words side by side. `state` and `ask…` are those of explorer.js.
const PROMOTED = 8, DEMOTED = 4;

const wordList = (name, words, most) => {
  const list = make("div", name);
  for (const [text, score, id] of words.slice(0, most))
    list.append(wordButton(text, `${signed(score)} on its logit, times the weight of the sense`, id));
  return list;
};

const bar = (name, share, label) => {
  const line = make("span", `sx-bar ${name}`);
  const fill = make("i");
  fill.style.width = `${100 * Math.max(0, Math.min(1, share))}%`;
  line.append(fill);
  line.dataset.tip = label;
  return line;
};

// The name of a sense, or, while it is edited, the field for it.
const drawName = (place, entry, editing, done) => {
  if (!editing) {
    place.replaceChildren(make("bdi", "sx-name", entry.name));
    return;
  }
  const field = make("input", "sx-naming");
  field.value = entry.name;
  field.maxLength = NAME_CHARACTERS;
  field.placeholder = "a name of your own";
  field.setAttribute("aria-label", `A name for sense ${entry.sense}`);
  let left = false;
  const leave = (keep) => {
    if (left) return;
    left = true;
    done(keep ? field.value.trim().slice(0, NAME_CHARACTERS) : entry.name);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") leave(true);
    if (event.key === "Escape") {
      event.stopPropagation();
      leave(false);
    }
  });
  field.addEventListener("blur", () => leave(true));
  place.replaceChildren(field);
  field.focus();
};

const useWords = ([weight, share]) =>
  `in your text: mean weight ${weight.toFixed(3)}${share === null ? "" : `; among the three largest shares of ${percent(share)} of the tokens that follow`}`;

const drawCard = (one, answer, kept, most) => {
  const { text } = answer.word;
  const entry = kept.get(one.sense) || { model: answer.identity, word: text, sense: one.sense, name: "", pinned: false };
  const card = make("article", entry.pinned ? "sx-card sx-pinned" : "sx-card");
  card.dataset.sense = one.sense;
  card.setAttribute("aria-label", `Sense ${one.sense}${entry.name ? `, ${entry.name}` : ""}`);
  const head = make("div", "sx-head");
  const name = make("span", "sx-named");
  drawName(name, entry, false);
  head.append(make("b", "", `sense ${one.sense}`), name);
  const facts = make("div", "sx-facts");
  const norm = `length of its vector ${one.norm.toFixed(2)}`;
  facts.append(make("span", "", "norm"), bar("sx-norm", one.norm / most.norm, norm), make("span", "sx-figure", one.norm.toFixed(1)));
  if (one.use) {
    const words = useWords(one.use);
    facts.append(make("span", "", "used"), bar("sx-use", one.use[0] / most.use, words), make("span", "sx-figure", percent(one.use[0])));
  }
  const tools = make("div", "sx-tools");
  const pin = plainButton("", entry.pinned ? "★ pin" : "pin", () => {
    keepSense({ ...entry, pinned: !entry.pinned });
    drawSenses();
    find(`.sx-card[data-sense="${one.sense}"] .sx-tools button`)?.focus();
  });
  pin.setAttribute("aria-pressed", String(entry.pinned));
  const rename = plainButton("", "name", () =>
    drawName(name, entry, true, (given) => {
      if (given !== entry.name) keepSense({ ...entry, name: given });
      drawSenses();
    }));
  rename.addEventListener("pointerdown", (event) => event.preventDefault()); // a field being left first would redraw
  tools.append(pin, rename, plainButton("", "nearest", (event) => askNearest(event.currentTarget, one.sense)));
  if (text) tools.append(plainButton("", "to mixer", (event) =>
    box.open(event.currentTarget, mixerChoices(`${quoted(text)}, sense ${one.sense}`, editsOf(text, one.sense)))));
  const not = wordList("sx-demotes", one.demotes, DEMOTED);
  not.prepend(make("span", "", "not "));
  card.append(head, wordList("sx-promotes", one.promotes, PROMOTED), not, facts, tools);
  return card;
};

// Two words side by side: a row for each sense, with the cosine of its two vectors.
const drawPair = (answer, order, kept) => {
  const table = make("div", "sx-pair");
  const title = make("div", "sx-pair-row sx-pair-head");
  title.append(make("span", "", "sense"), make("span", "", "cosine"), make("bdi", "", quoted(answer.word.text)), make("bdi", "", quoted(answer.other.word.text)));
  table.append(title);
  for (const one of order) {
    const row = make("div", "sx-pair-row");
    row.dataset.sense = one.sense;
    const cosine = answer.cosines[one.sense];
    const measure = make("span", "sx-cosine");
    const line = make("span", `sx-bar ${cosine < 0 ? "sx-against" : "sx-norm"}`);
    const fill = make("i");
    fill.style.width = `${100 * Math.abs(cosine)}%`;
    line.append(fill);
    measure.append(line, make("span", "sx-figure", signed(cosine)));
    const number = make("span", "sx-number");
    number.append(make("b", "", `${one.sense}`), make("bdi", "sx-name", kept.get(one.sense)?.name || ""));
    row.append(number, measure, wordList("sx-promotes", one.promotes, 6),
      wordList("sx-promotes", answer.other.senses[one.sense].promotes, 6));
    table.append(row);
  }
  return table;
};
