// Names and pins that a person gave to senses: a list of entries, newest first, kept in this browser alone. What is
// stored may have been written by anything, and is taken only where it is what this file writes.
const KEPT_SENSES = "playground.senses";
const MOST_SENSES = 500;
const NAME_CHARACTERS = 40;
let keptHere = null; // where the browser stores nothing

const isShort = (value, most) => typeof value === "string" && value.length <= most;
const isEntry = (one) =>
  one !== null && typeof one === "object" && isShort(one.model, 500) && isShort(one.word, 500) &&
  Number.isInteger(one.sense) && one.sense >= 0 && isShort(one.name, NAME_CHARACTERS) && typeof one.pinned === "boolean";

const keptSenses = () => {
  if (keptHere) return keptHere;
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT_SENSES) || "[]");
    return Array.isArray(kept) ? kept.filter(isEntry).slice(0, MOST_SENSES) : [];
  } catch {
    return []; // another page's data, or a browser that keeps nothing
  }
};

const keepSense = (entry) => {
  const { model, word, sense, name, pinned } = entry;
  const others = keptSenses().filter((one) => one.model !== model || one.word !== word || one.sense !== sense);
  if (name || pinned) others.unshift({ model, word, sense, name, pinned });
  const kept = others.slice(0, MOST_SENSES);
  try {
    localStorage.setItem(KEPT_SENSES, JSON.stringify(kept));
  } catch {
    keptHere = kept; // full, or switched off: as long as the page is open
  }
};

const keptOf = (model, word) =>
  new Map(keptSenses().filter((one) => one.model === model && one.word === word).map((one) => [one.sense, one]));
