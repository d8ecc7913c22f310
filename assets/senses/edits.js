// Edits as the mixer keeps them: documents of playground/senses/edit_documents.py, each with a switch. `make` and
// `visible` come from tokens.js. What the server refuses is refused there; here it is only kept from breaking the page.
const MOST_EDITS = 64;
const MOST_FACTOR = 100;
const KINDS = {
  scale_sense: { word: "text", sense: "whole", factor: "number" },
  add_sense: { word: "text", sense: "whole", weight: "number" },
  swap_direction: { word: "text", out: "text", in: "text" },
  topic_boost: { words: "words" },
};
const FITS = {
  text: (value) => typeof value === "string" && value.length > 0 && value.length <= 64,
  whole: (value) => Number.isInteger(value) && value >= 0,
  number: (value) => typeof value === "number" && Math.abs(value) <= MOST_FACTOR,
  words: (value) => Array.isArray(value) && value.length > 0 && value.length <= 64 && value.every(FITS.text),
};
const STRENGTHS = [[1, 1, 1, 1], [1.5, 1.5, 1.3, 1], [2.2, 2.2, 1.5, 1], [3.3, 3.3, 3, 1]];

// A copy of `given` with what its kind has and nothing else; null where it is no edit.
const readEdit = (given) => {
  const wanted = Object.hasOwn(KINDS, given?.kind) && KINDS[given.kind];
  if (!wanted || !Object.entries(wanted).every(([name, type]) => FITS[type](given[name]))) return null;
  const edit = { kind: given.kind };
  for (const name of Object.keys(wanted)) edit[name] = wanted[name] === "words" ? [...given[name]] : given[name];
  if (edit.kind === "scale_sense" && given.position !== undefined && given.position !== null) {
    if (!FITS.whole(given.position)) return null;
    edit.position = given.position;
  }
  if (edit.kind === "topic_boost") {
    const four = given.multipliers;
    if (Array.isArray(four) && four.length === 4 && four.every(FITS.number)) edit.multipliers = [...four];
    else if (Number.isInteger(given.strength) && STRENGTHS[given.strength]) edit.strength = given.strength;
    else return null;
    for (const name of ["anneal", "recency"]) if (typeof given[name] === "boolean") edit[name] = given[name];
  }
  return edit;
};

// Two edits about the same thing: the later one takes the place of the earlier.
const samePlace = (a, b) => {
  if (a.kind !== b.kind) return false;
  if (a.kind === "topic_boost") return JSON.stringify(a.words) === JSON.stringify(b.words);
  return a.word === b.word && a.sense === b.sense && a.position === b.position && a.out === b.out;
};

// A word as it is read: one that follows a blank is the usual case; only the others are told apart.
const shownWord = (word) => (/^ \S/.test(word) ? visible(word.slice(1)) : /^[\p{L}\p{N}]/u.test(word) ? `${visible(word)} (no blank before it)` : visible(word));
const editTitle = (edit) => {
  if (edit.kind === "swap_direction") return `${shownWord(edit.word)} · ${shownWord(edit.out)} → ${shownWord(edit.in)}`;
  if (edit.kind === "topic_boost") {
    const words = edit.words.slice(0, 6).map(shownWord).join(", ");
    return `topic · ${words}${edit.words.length > 6 ? ` and ${edit.words.length - 6} more` : ""}`;
  }
  return `${shownWord(edit.word)} · sense ${edit.sense}`;
};
// What an edit does, in words.
const editWords = (edit) => {
  if (edit.kind === "swap_direction") return `what ${shownWord(edit.word)} says of ${shownWord(edit.out)}, it says of ${shownWord(edit.in)}`;
  if (edit.kind === "topic_boost") return "stronger: the senses that promote these words";
  const value = edit.kind === "scale_sense" ? edit.factor : edit.weight;
  if (edit.kind === "add_sense") return value < 0 ? "reversed: everywhere it pushes away what it promotes" : value === 0 ? "silent" : "speaks at every place, as if the word were always there";
  if (value < 0) return "reversed: it pushes away what it promoted";
  return value === 0 ? "removed" : value === 1 ? "as it is" : value < 1 ? "weaker" : "stronger";
};
// Sliders: which entry of the document moves, and between what; the number field goes further.
const SLIDER = {
  scale_sense: { name: "factor", label: "Factor", most: 4, step: 0.05, sign: "×" },
  add_sense: { name: "weight", label: "Weight", most: 2, step: 0.05, sign: "+" },
  topic_boost: { name: "strength", label: "Strength", most: 3, step: 1, sign: "" },
};
