// The lab: which run is on show, what the buttons do, and what the server tells. `element`, `props`, `trigger` and
// `watch` come from Gradio, the rest from tokens.js and the other files of this folder.
let current = null; // the name of the run on show
let notice = "";
let focusAt = null; // the number of a token that gets the focus once it is there: it was chosen by key
let placeValue = ""; // the place whose next token is looked at, as JSON for the server
const before = []; // names that undo leads back to
const after = []; // and redo
const currentRun = () => runs.get(current);
const underWay = () => [...runs.values()].find((run) => run.running);
const AGAIN = "again:"; // playground/ui/story.py

const show = () => {
  const run = currentRun();
  const root = run && rootOf(run);
  const tokens = run ? pathOf(run) : [];
  if (find(".show-prompt").checked) readPrompt();
  const withPrompt = root?.promptTokens && find(".show-prompt").checked;
  if (withPrompt) {
    drawTokens(promptStrip, root.promptTokens, true);
  } else if (promptStrip.textContent !== (root?.prompt ?? "") || promptStrip.querySelector(".tok")) {
    promptStrip.textContent = root?.prompt ?? "";
  }
  drawTokens(strip, tokens, false);
  markForks(run);
  find(".story-status").textContent = run ? run.status : notice || (props.value || {}).invitation || lab.invitation;
  const rate = run && !run.running ? rateOf(run) : null;
  const facts = [];
  if (run?.parent && run.tokens.length) facts.push(`${tokens.length} tokens in all`);
  if (rate !== null) facts.push(`${rate.toFixed(2)} bits/byte`);
  if (run?.parts.length) facts.push(root.model, `seed ${run.parts[0].options.seed}`);
  find(".story-rate").textContent = facts.map((fact) => ` · ${fact}`).join("");
  find(".story-caret").hidden = !run?.running;
  find(".story-legend").hidden = !tokens.length;
  const ready = run && tokens.length > 0 && !run.running && root.ids;
  enable("undo", before.length);
  enable("redo", after.length);
  enable("carryOn", ready && run.end !== "end token" && run.end !== "context full");
  enable("again", run && !run.running && root.ids && run.parts.length);
  for (const name of ["save", "share", "copy"]) enable(name, ready);
  drawBranches(root);
  if (focusAt !== null && strip.childNodes[focusAt]) {
    const node = strip.childNodes[focusAt];
    focusAt = null;
    node.focus({ preventScroll: true });
  }
};

const enable = (name, yes) => {
  find(`[data-do="${name}"]`).disabled = !yes;
};

// Tokens where other branches part are underlined.
const markForks = (run) => {
  for (const node of strip.querySelectorAll(".tok-fork")) node.classList.remove("tok-fork");
  for (let at = run; at; at = runs.get(at.parent))
    for (const other of runs.values())
      if (other.parent === at.name && other.given) strip.childNodes[other.keep]?.classList.add("tok-fork");
};

const drawBranches = (root) => {
  const box = find(".branches");
  const branches = root ? branchesOf(root) : [];
  box.hidden = branches.length < 2;
  const list = box.querySelector("ul");
  list.replaceChildren();
  if (box.hidden) return;
  for (const [run, depth] of branches) {
    const item = make("li");
    const button = make("button", "branch");
    button.type = "button";
    button.style.paddingLeft = `${8 + Math.min(depth, 6) * 14}px`;
    button.setAttribute("aria-current", String(run.name === current));
    const tokens = pathOf(run);
    const kept = textOf(tokens.slice(0, run.keep));
    const lead = run.parent ? kept || root.prompt : root.prompt;
    button.append(
      make("span", "branch-lead", `…${visible(lead.slice(-24))}`),
      make("b", "", visible(textOf(tokens.slice(run.keep)).slice(0, 40) || "…")),
      make("span", "branch-size", `${tokens.length} tokens`),
    );
    button.addEventListener("click", () => go(run.name));
    item.append(button);
    list.append(item);
  }
};

const drawEarlier = () => {
  const list = find(".runs ul");
  list.replaceChildren();
  const kept = earlierRuns();
  find(".runs summary").textContent = `Earlier runs in this browser (${kept.length})`;
  for (const { when, document: record } of kept) {
    const item = make("li");
    const button = make("button", "branch");
    button.type = "button";
    let run;
    try {
      run = runOf(record);
    } catch {
      continue; // not written by this page
    }
    button.append(
      make("span", "branch-lead", visible(run.prompt.slice(-40) || "…")),
      make("b", "", visible(textOf(run.tokens).slice(0, 60) || "…")),
      make("span", "branch-size", `${run.model} · ${run.tokens.length} tokens · ${new Date(when).toLocaleString()}`),
    );
    button.addEventListener("click", () => openRecord(record, `Kept from ${new Date(when).toLocaleString()}`));
    item.append(button);
    list.append(item);
  }
};

const go = (name, remembered = true) => {
  if (remembered && name !== current) {
    before.push(current);
    after.length = 0;
  }
  current = name;
  notice = "";
  closeCard();
  markChosen(null);
  show();
};

// Step through what was on show; runs that were dropped meanwhile are passed over.
const stepTo = (from, to) => {
  let name;
  do name = from.pop();
  while (name && !runs.has(name));
  if (name === undefined) return;
  to.push(current);
  go(name, false);
};

const stopRunning = () => {
  const run = underWay();
  if (!run) return "";
  run.stopped = true;
  run.running = false;
  run.status += " · stopped by you";
  finish(run);
  show();
  return run.name;
};

const finish = (run) => {
  if (run.tokens.length && (run.head || rootOf(run).head)) {
    remember(run.name, recordOf(run));
    drawEarlier();
  }
  if (run.name !== current) return;
  const tokens = pathOf(run);
  if (tokens.length && rootOf(run).ids) choosePlace(tokens.length - (run.end === "end token" ? 1 : 0), false);
};

// Ask for a run that goes on after the first `keep` tokens of `from` with the tokens `given`.
const branch = (from, keep, given, seed) => {
  const stopped = stopRunning();
  if (stopped) trigger("stop", { run: stopped });
  const root = rootOf(from);
  const run = addRun({ name: newName(), parent: from.name, keep, model: root.model, given: given.length });
  go(run.name);
  const ids = [...root.ids, ...idsOf(pathOf(from).slice(0, keep))];
  trigger("submit", { run: run.name, model: root.model, ids, given, ...(seed === undefined ? {} : { seed }) });
};

// Another token in place of one on show: a way that exists already is shown, a new one is drawn.
const takeAnother = ({ token, index, ofPrompt }, [id]) => {
  if (id === token[4]) return;
  const byKey = document.activeElement?.matches(".tok-card button:focus-visible");
  focusAt = byKey && !ofPrompt ? index : null;
  const run = currentRun();
  const root = rootOf(run);
  if (ofPrompt) {
    const stopped = stopRunning();
    if (stopped) trigger("stop", { run: stopped });
    const prompt = textOf(root.promptTokens.slice(0, index));
    const ids = root.ids.slice(0, index);
    const made = addRun({ name: newName(), family: root.family, prompt, model: root.model, ids });
    go(made.name);
    trigger("submit", { run: made.name, model: root.model, ids: made.ids, given: [id] });
    return;
  }
  const known = [...runs.values()].find(
    (other) => rootOf(other) === root && other.given && other.keep === index && other.tokens[0]?.[4] === id &&
      textOf(pathOf(other).slice(0, index)) === textOf(pathOf(run).slice(0, index)),
  );
  if (known) go(known.name);
  else branch(ownerOf(run, index), index, [id]);
};
// The run of the path that drew the token at `index`: its parents hold what was kept before.
const ownerOf = (run, index) => (run.parent && index < run.keep ? ownerOf(runs.get(run.parent), index) : run);

const choosePlace = (index, ofPrompt) => {
  const run = currentRun();
  const root = rootOf(run);
  if (!root.ids) return;
  const tokens = pathOf(run).slice(0, index);
  const ids = ofPrompt ? root.ids.slice(0, index) : [...root.ids, ...idsOf(tokens)];
  if (!ids.length) return;
  const lead = ofPrompt ? textOf(root.promptTokens.slice(0, index)) : root.prompt + textOf(tokens);
  markChosen((ofPrompt ? promptStrip : strip).childNodes[index]);
  placeValue = JSON.stringify({ model: root.model, ids, title: `“…${lead.slice(-40)}”` });
  trigger("select", {});
};

// Alternatives of texts that came without: from this browser's memory, or from samples.
const readAgain = () => {
  const run = currentRun();
  const root = rootOf(run);
  if (run.asked) return;
  run.asked = true;
  const ids = [...root.ids, ...idsOf(pathOf(run))];
  trigger("expand", { run: `text:${run.name}`, model: root.model, ids, start: root.ids.length, options: run.parts[0]?.options });
};
const readPrompt = () => {
  const root = currentRun() && rootOf(currentRun());
  if (!root?.ids || root.running || root.promptTokens || root.ids.length < 2 || root.askedPrompt) return;
  root.askedPrompt = true;
  trigger("expand", { run: `prompt:${root.name}`, model: root.model, ids: root.ids, start: 1 });
};

const openRecord = (record, status) => {
  const run = addRun({ ...runOf(record), status });
  go(run.name);
  choosePlace(run.tokens.length - (run.end === "end token" ? 1 : 0), false);
};

const setSeed = (seed) => {
  const field = document.querySelector("#seed input");
  field.value = seed;
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

const link = (run) => {
  const { options } = partsOf(run).slice(-1)[0];
  const { stop_ids, dice, ...plain } = options;
  const content = { model: rootOf(run).model, prompt: rootOf(run).prompt, options: plain };
  return `${location.origin}${location.pathname}#try=${encodeURIComponent(JSON.stringify(content))}`;
};

const copy = async (button, text, done) => {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = done;
  } catch {
    notice = text; // no clipboard here: show it, to be copied by hand
    find(".story-status").textContent = text;
  }
  setTimeout(() => { button.textContent = label; }, 1500);
};

const actions = {
  undo: () => stepTo(before, after),
  redo: () => stepTo(after, before),
  carryOn: () => branch(currentRun(), pathOf(currentRun()).length, []),
  again: () => {
    const run = currentRun();
    const used = [...runs.values()].filter((other) => other === run || (other.again && other.again === (run.again || run.name)));
    const seed = (Math.max(...used.map((other) => other.parts[0]?.options.seed ?? 0)) + 1) % 2 ** 32;
    const root = rootOf(run);
    const given = idsOf(run.tokens.slice(0, run.given || 0));
    setSeed(seed);
    if (run.parent) branch(runs.get(run.parent), run.keep, given, seed);
    else {
      const { family, prompt, model, ids } = root;
      const made = addRun({ name: newName(), family, prompt, model, ids, given: run.given });
      go(made.name);
      trigger("submit", { run: made.name, model: root.model, ids: root.ids, given, seed });
    }
    currentRun().again = run.again || run.name;
    currentRun().given = run.given;
  },
  save: () => {
    const at = make("a");
    at.href = URL.createObjectURL(new Blob([JSON.stringify(recordOf(currentRun()), null, 1)], { type: "application/json" }));
    at.download = "run.json";
    at.click();
    setTimeout(() => URL.revokeObjectURL(at.href), 1000);
  },
  share: (button) => copy(button, link(currentRun()), "Link copied"),
  copy: (button) => copy(button, rootOf(currentRun()).prompt + textOf(pathOf(currentRun())), "Copied"),
  forget: () => {
    forgetAll();
    drawEarlier();
  },
};

const take = (value) => {
  if (value.invitation) lab.invitation = value.invitation;
  if (value.notice) {
    notice = value.notice;
    if (current) go(null);
    find(".story-status").textContent = notice;
    return;
  }
  const run = runs.get(value.run);
  if (!run || run.stopped) return;
  const begins = run.running && !run.seen && value.running;
  run.seen = true;
  for (let i = run.tokens.length; i < value.tokens.length; i++) run.tokens.push(JSON.parse(value.tokens[i]));
  Object.assign(run, { status: value.status, parts: value.parts, end: value.end });
  if (value.head && !run.head) {
    run.head = JSON.parse(value.head);
    if (!run.parent && !run.ids) run.ids = run.head.prompt_ids;
  }
  const ended = run.running && !value.running;
  run.running = value.running;
  if (run.name === current) show();
  if (ended) finish(run);
  // On a narrow screen the text lies below the prompt: bring it into view once, when it begins.
  if (begins && run.name === current && element.getBoundingClientRect().top > window.innerHeight - 160)
    element.scrollIntoView({ behavior: "smooth", block: "center" });
};

// What the page's own buttons and the reader call (playground/ui/story.py).
const lab = {
  invitation: "",
  begin: (prompt, model) => {
    const running = underWay();
    if (running && running.name === current && !running.parent && running.prompt === prompt && running.model === model)
      return AGAIN + running.name; // pressed twice
    if (running) trigger("stop", { run: stopRunning() });
    const run = addRun({ name: newName(), prompt, model });
    go(run.name);
    return run.name;
  },
  stop: stopRunning,
  clear: () => {
    if (current) go(null);
    else show();
  },
  failed: () => {
    const run = underWay();
    if (!run || run.seen) return;
    Object.assign(run, { running: false, stopped: true, status: "Nothing came back; the message says why." });
    show();
  },
  place: () => placeValue,
  read: ({ run: name, tokens }) => {
    const [, what, owner] = /^(prompt|text):(.*)$/.exec(name || "") || [];
    const run = runs.get(owner);
    if (!run || !tokens?.length) return;
    const news = tokens.map((token) => JSON.parse(token));
    if (what === "prompt") {
      const rest = textOf(news);
      const first = run.prompt.endsWith(rest) ? run.prompt.slice(0, run.prompt.length - rest.length) : "";
      run.promptTokens = [[first, null, null, [], run.ids[0]], ...news];
    } else {
      run.tokens = run.tokens.map((token, i) => (news[i]?.[4] === token[4] ? news[i] : token));
    }
    const index = pinned && owners.get(pinned)?.index;
    show();
    if (typeof index === "number" && what === "text" && strip.childNodes[index]) pin(strip.childNodes[index]);
  },
  open: openRecord,
};
story.lab = lab;

story.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && !button.disabled) actions[button.dataset.do](button);
});
find(".show-prompt").addEventListener("change", () => {
  readPrompt();
  show();
});
find(".replay input").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const content = await file.text();
  event.target.value = "";
  let record = {};
  try {
    record = JSON.parse(content);
  } catch {
    // the server says what is wrong
  }
  const stopped = stopRunning();
  if (stopped) trigger("stop", { run: stopped });
  const prompt = typeof record?.prompt === "string" ? record.prompt : "";
  const run = addRun({ name: newName(), prompt, model: String(record?.model?.name ?? ""), status: "Waiting …" });
  go(run.name);
  trigger("upload", { run: run.name, text: content });
});
document.addEventListener("keydown", (event) => {
  if (!event.altKey || event.code !== "KeyZ" || story.offsetParent === null) return;
  event.preventDefault();
  actions[event.shiftKey ? "redo" : "undo"]();
});
document.addEventListener("open-sample", (event) => {
  openRecord(event.detail.record, event.detail.status || "One of the samples");
  const { top, bottom } = strip.getBoundingClientRect();
  if (bottom < 0 || top > window.innerHeight - 80) story.scrollIntoView({ behavior: "smooth", block: "start" });
});
const takeLink = () => {
  if (!location.hash.startsWith("#try=")) return;
  let content = "";
  try {
    content = decodeURIComponent(location.hash.slice(5));
  } catch {
    // not percent-encoded: the server says that it is damaged
  }
  history.replaceState(null, "", location.pathname + location.search);
  trigger("input", { link: content });
};
window.addEventListener("hashchange", takeLink);
watch("value", () => take(props.value || {}));
take(props.value || {});
drawEarlier();
show();
setTimeout(takeLink, 0); // once the page listens
