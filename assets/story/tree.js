// The tree of runs. A run continues a prompt (a root) or the first `keep` tokens of its parent's text.
// run: { name, parent, keep, prompt, model, ids, head, parts, tokens, status, running, stopped, end, promptTokens }
// A token is [text, logprob, probability, [[id, text, logprob, probability], …], id, unfinished, cut]; `ids` are a root's
// prompt ids. A run's last text may end in a sign for an unfinished character, or lack what a stop string cut off: a run
// that goes on begins with the character, and after what was cut off. Roots of one `family` began as the same prompt.
const MOST_RUNS = 60;
const runs = new Map();

const rootOf = (run) => (run.parent ? rootOf(runs.get(run.parent)) : run);
// All new tokens up to the end of `run`.
const pathOf = (run) => (run.parent ? keptOf(run).concat(run.tokens) : run.tokens);
const keptOf = (run) => {
  const kept = pathOf(runs.get(run.parent)).slice(0, run.keep);
  const last = kept.at(-1);
  if (last?.[5] || last?.[6]) {
    last.settled ||= [last[0].slice(0, last[0].length - last[5].length) + last[6], ...last.slice(1, 5)];
    kept[kept.length - 1] = last.settled;
  }
  return kept;
};
const idsOf = (tokens) => tokens.map((token) => token[4]);
const textOf = (tokens) => tokens.map((token) => token[0]).join("");

const addRun = (run) => {
  const whole = { parent: null, family: run.name, keep: 0, prompt: "", model: "", ids: null, head: null, parts: [], tokens: [], end: null };
  runs.set(run.name, Object.assign(whole, { status: "Waiting …", running: true, stopped: false, promptTokens: null }, run));
  for (const [name, old] of runs) {
    if (runs.size <= MOST_RUNS) break;
    const parents = new Set([...runs.values()].map((other) => other.parent));
    if (!old.running && !parents.has(name) && name !== run.name) runs.delete(name);
  }
  return runs.get(run.name);
};
const newName = () => Math.random().toString(36).slice(2);

// Parts say how tokens were asked for: { options, given, count, end }. `cut` keeps those of the first `length` tokens.
const cut = (parts, length) => {
  const kept = [];
  for (const part of parts) {
    if (length <= 0) break;
    const count = Math.min(part.count ?? length, length);
    const whole = part.count === null || part.count === undefined || count === part.count;
    kept.push({ options: part.options, given: Math.min(part.given, count), count, end: whole ? part.end ?? null : null });
    length -= count;
  }
  return kept;
};
const partsOf = (run) => {
  const own = cut(run.parts, run.tokens.length);
  if (own.length) own[own.length - 1].end = run.end;
  return run.parent ? [...cut(partsOf(runs.get(run.parent)), run.keep), ...own] : own;
};

// The run and all that led to it as a document that the replay reads (playground/engine/records.py).
const recordOf = (run) => {
  const root = rootOf(run);
  const tokens = pathOf(run).map(([text, logprob, probability, , id]) => ({ id, text, logprob, probability }));
  let at = 0;
  const parts = partsOf(run).map(({ options, given, count, end }) => ({
    options, given, tokens: tokens.slice(at, (at += count)), end,
  }));
  return { ...(run.head || root.head), prompt: root.prompt, prompt_ids: root.ids, edits: [], parts };
};

// The other way round, for documents of this browser: a root, with the alternatives still to be read.
const runOf = (record) => {
  const parts = record.parts.map(({ options, given, tokens, end }) => ({ options, given, count: tokens.length, end }));
  const tokens = record.parts.flatMap((part) => part.tokens).map(({ id, text, logprob, probability }) => {
    if (!Number.isInteger(id) || typeof text !== "string" || !(logprob <= 0)) throw new Error("no token");
    return [text, logprob, Number(probability), [], id];
  });
  const { prompt_ids: ids, model } = record;
  if (!ids.every(Number.isInteger) || typeof model.name !== "string") throw new Error("no run");
  return {
    name: newName(), prompt: String(record.prompt ?? ""), model: model.name, ids, head: record, parts, tokens,
    end: parts.length ? parts[parts.length - 1].end : null, running: false,
  };
};

// In bits per UTF-8 byte of the text, the end token not counted.
const rateOf = (run) => {
  const tokens = pathOf(run);
  const counted = run.end === "end token" ? tokens.slice(0, -1) : tokens;
  const bytes = new TextEncoder().encode(textOf(counted)).length;
  return bytes ? counted.reduce((sum, token) => sum - token[1], 0) / Math.LN2 / bytes : null;
};

// The runs of a family to choose from, as [run, depth]: one that another continues from its very end is left out.
const branchesOf = (one) => {
  const children = (run) => [...runs.values()].filter((other) => other.parent === run.name);
  const walk = (run, depth) => {
    const length = pathOf(run).length;
    const below = children(run);
    const goesOn = below.find((other) => other.keep === length && length > 0);
    const own = goesOn ? walk(goesOn, depth) : [[run, depth]];
    return [...own, ...below.filter((other) => other !== goesOn).flatMap((other) => walk(other, depth + 1))];
  };
  return [...runs.values()].filter((run) => !run.parent && run.family === one.family).flatMap((run) => walk(run, 0));
};
