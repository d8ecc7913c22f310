// Earlier runs, kept in this browser alone: newest first, as documents that the replay reads.
const KEPT = "playground.runs";
const MOST_KEPT = 30;
const MOST_KEPT_CHARACTERS = 2e6;

const earlierRuns = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) || "[]");
    return Array.isArray(kept) ? kept.filter((one) => one && typeof one.when === "number" && one.document) : [];
  } catch {
    return []; // another page's data, or a browser that keeps nothing
  }
};

const remember = (name, record) => {
  const others = earlierRuns().filter((one) => one.name !== name);
  const kept = [{ name, when: Date.now(), document: record }, ...others].slice(0, MOST_KEPT);
  while (kept.length > 1 && JSON.stringify(kept).length > MOST_KEPT_CHARACTERS) kept.pop();
  try {
    localStorage.setItem(KEPT, JSON.stringify(kept));
  } catch {
    // full, or switched off: the page works without
  }
};

const forgetAll = () => {
  try {
    localStorage.removeItem(KEPT);
  } catch {
    // as above
  }
};
