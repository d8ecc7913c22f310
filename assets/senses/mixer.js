// The mixer: which edits there are, and what the next token makes of them while they change. `element`, `props`, `trigger`
// and `watch` come from Gradio, the rest from tokens.js, edits.js, bars.js, mixer_rows.js and mixer_share.js.
const mix = find(".mix");
let edits = []; // [{ on, edit }]
let facts = { model: null, senses: null, presets: [] };
let touched = false; // whether anybody has changed the edits: if not, the ready example may come in
let held = false; // a link was opened: nothing runs before somebody asks
const say = (words) => {
  find(".mix-said").textContent = words;
};
const documents = () => edits.filter(({ on }) => on).map(({ edit }) => edit);

// Asking: one question at a time, and of those that come up meanwhile only the newest. A question is left unanswered if the
// prompt or the model is another one now, or if it makes a topic ready, which takes long, that is not wanted any more.
const PAGE = Math.random().toString(36).slice(2);
const LOST = 20_000; // milliseconds after which a quick answer is not waited for any more
let count = 0;
let wanted = null; // { name, kind, fresh } that waits
let asked = null; // { name, kind, topics, at } under way
let topicsReady = null; // the model that has compared its senses with every word, which its first topic takes
const topics = () => documents().filter(({ kind }) => kind === "topic_boost").map(({ words }) => JSON.stringify(words));
// `fresh`: the prompt or the model is another one.
const ask = (fresh = false) => {
  if (held) return;
  fresh ||= Boolean(wanted?.fresh) || facts.model === null;
  const quick = !fresh && (topicsReady === facts.model || topics().length === 0);
  wanted = { kind: quick ? "redraw" : "look", fresh, name: `${PAGE}-${++count}` };
  pump();
};
const pump = () => {
  if (!wanted) return;
  if (asked) {
    const late = asked.kind === "redraw" && performance.now() - asked.at > LOST;
    const dropped = asked.topics.some((topic) => !topics().includes(topic));
    if (!late && !wanted.fresh && !dropped) return;
    if (asked.fresh) Object.assign(wanted, { kind: "look", fresh: true });
    trigger("stop", { name: asked.name });
  }
  asked = { ...wanted, topics: topics(), at: performance.now() };
  wanted = null;
  if (asked.kind === "look") find(".mix-words").textContent = "Looking …";
  mix.setAttribute("aria-busy", "true");
  // A look may load the model, and waits in the queue; a redraw is answered at once.
  const { name, fresh } = asked;
  trigger(asked.kind === "look" ? "select" : "input", { name, fresh, edits: documents(), known: facts.model });
};
let soon = 0;
const look = () => {
  clearTimeout(soon);
  soon = setTimeout(() => ask(true), 150); // the prompt and the model may change in one go
};

const changed = (list = false) => {
  touched = true;
  if (list) drawRows();
  else refreshRows();
  drawDocument();
  ask();
};

// What the list was before edits came, went or were replaced, for undo.
const earlier = [];
const MOST_EARLIER = 50;
const keep = () => {
  earlier.push(JSON.stringify(edits));
  if (earlier.length > MOST_EARLIER) earlier.shift();
};
const pressPreset = (pressed) => {
  for (const other of find(".mix-presets").children) other.setAttribute("aria-pressed", String(other === pressed));
  find(".mix-watch").textContent = "";
};

// An edit from anywhere joins the list, or takes the place of the one about the same thing.
const add = (given, said = "Added") => {
  const edit = readEdit(given);
  if (!edit) return say("That was no edit that the mixer knows, so nothing was added.");
  const at = edits.findIndex((one) => samePlace(one.edit, edit));
  if (at < 0 && edits.length >= MOST_EDITS) return say(`There are ${edits.length} edits; more than ${MOST_EDITS} cannot be mixed. Remove some.`);
  keep();
  if (at < 0) edits.push({ on: true, edit });
  else edits[at] = { on: true, edit };
  held = false;
  say(`${at < 0 ? said : "Changed"}: ${editTitle(edit)}.`);
  changed(true);
};

const setEdits = (given) => {
  edits = given.map(readEdit).filter(Boolean).slice(0, MOST_EDITS).map((edit) => ({ on: true, edit }));
  drawRows();
  drawDocument();
};

const drawPresets = () => {
  const box = find(".mix-presets");
  box.replaceChildren(
    ...facts.presets.map((preset) => {
      const button = make("button", "mix-preset", preset.title);
      button.type = "button";
      button.setAttribute("aria-pressed", "false");
      button.addEventListener("click", () => usePreset(preset, button));
      return button;
    }),
  );
  find(".mix-ready").hidden = !facts.presets.length;
  find(".mix-unready").hidden = facts.model === null || facts.presets.length > 0;
  find(".mix-watch").textContent = "";
};
const usePreset = (preset, button) => {
  keep();
  pressPreset(button);
  find(".mix-watch").textContent = preset.watch;
  held = false;
  touched = true;
  setEdits(preset.edits);
  say("Now press Generate both: the next word alone shows little of it. Not every text shows it: New seed draws another.");
  trigger("apply", { prompt: preset.prompt, options: preset.options }); // fills the widgets around
  look();
};

const take = (value) => {
  if (value.take) {
    touched = true;
    keep();
    pressPreset(null);
    setEdits(value.take.edits);
    say(value.take.said);
    if (!value.take.held) {
      held = false;
      look();
    } else find(".mix-words").textContent = "A link filled this in. Nothing has run yet.";
    find(".mix-held").hidden = !value.take.held;
    return;
  }
  if (value.refused) {
    held = false; // the link brought nothing: all is as it was
    say(value.refused);
    return look();
  }
  if (value.said) return say(value.said);
  if (!asked || value.name !== asked.name) return; // an answer that was overtaken
  if (value.facts) {
    facts = value.facts;
    drawPresets();
    if (!touched && facts.ready.length) {
      setEdits(facts.ready);
      drawForm();
      asked = null;
      return look();
    }
    drawRows();
    drawForm();
  }
  if (value.status) {
    find(".mix-words").textContent = value.status;
    return; // it goes on
  }
  if (asked.topics.length && !value.error) topicsReady = facts.model;
  asked = null;
  mix.removeAttribute("aria-busy");
  if (value.tokens) setTokens(value.tokens);
  if (value.error) {
    find(".mix-words").textContent = value.error;
    mix.classList.add("mix-failed");
  } else if (value.rows) {
    mix.classList.remove("mix-failed");
    find(".mix-words").textContent = value.words;
    find(".mix-legend").hidden = false;
    drawBars(find(".mix-list"), value.rows, value.shown);
  }
  pump();
};

// What the page around calls (playground/ui/senses_mixer.py).
mix.mixer = {
  look,
  documents,
  link: shareLink,
  begin: () => {
    held = false;
    find(".mix-held").hidden = true;
    return JSON.stringify(documents());
  },
  failed: () => {
    if (asked?.kind !== "look") return;
    asked = null;
    mix.removeAttribute("aria-busy");
    find(".mix-words").textContent = "Nothing came back; the message says why.";
    pump();
  },
};
window.senseMixer = mix.mixer; // the probe asks for the edits

find(".mix-held").addEventListener("click", () => {
  held = false;
  find(".mix-held").hidden = true;
  look();
});
find("[data-do=reset]").addEventListener("click", () => {
  keep();
  edits = [];
  pressPreset(null);
  say("All edits are gone.");
  changed(true);
});
find("[data-do=undo]").addEventListener("click", () => {
  const last = earlier.pop();
  if (last === undefined) return;
  edits = JSON.parse(last);
  pressPreset(null);
  say("");
  changed(true);
});
const takeWaiting = () => {
  for (const given of (window.waitingSenseEdits || []).splice(0)) add(given);
};
window.addEventListener("sense-edit", takeWaiting);
window.addEventListener("hashchange", () => takeLink());
watch("value", () => take(props.value || {}));
drawRows();
drawForm();
drawDocument();
setTimeout(() => {
  // once the page listens
  if (!takeLink()) look();
  takeWaiting();
}, 0);
