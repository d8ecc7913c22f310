// What views of senses have in common: questions to the server, edits for the mixer, and a box that opens at a button.
// Nodes come from tokens.js.
const signed = (number, digits = 2) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(digits)}`;
// A token in a sentence; the blank that words inside a text begin with goes without saying.
const bare = (text) => visible(text).replace(/^ (?=\S)/, "");
const quoted = (text) => `“${bare(text)}”`;

// A button whose words are a token, which opens in the explorer. One without a blank in front, as within a word, is told by a hyphen.
const wordButton = (text, about, id) => {
  const button = make("button", "sx-word");
  button.type = "button";
  const joined = /^[\p{L}\p{M}]/u.test(text);
  if (joined) button.classList.add("sx-joined");
  const tip = joined ? `no blank in front; ${about}` : about;
  button.append(make("bdi", "", bare(text)));
  button.dataset.tip = tip;
  button.setAttribute("aria-label", `${quoted(text)}, ${tip}`);
  button.addEventListener("click", () => lookAt(text, id));
  return button;
};
const plainButton = (name, text, act) => {
  const button = make("button", name, text);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
};

// Questions of one kind: only news of the last one asked are listened to, until they are over or it is stopped.
const questions = (event) => {
  let last = null;
  return {
    ask(detail) {
      if (last) trigger("stop", { run: last });
      last = Math.random().toString(36).slice(2);
      trigger(event, { ...detail, run: last });
    },
    hears: (value) => last !== null && value.run === last,
    over: () => { last = null; },
    waiting: () => last !== null,
    stop() {
      if (!last) return false;
      trigger("stop", { run: last });
      last = null;
      return true;
    },
  };
};

const lookAt = (word, id) => window.dispatchEvent(new CustomEvent("sense-look", { detail: { word, id } }));
const openView = (name) => document.getElementById(`${name}-button`)?.click();
// The mixer's tab; with a `text` that is what it predicts after, so that an edit of one occurrence finds its place.
const openMixer = (text) => {
  openView("senses-mixer-tab");
  let tries = 50; // the tab is built when it is opened first
  const fill = setInterval(() => {
    const field = document.querySelector("#mixer-prompt textarea");
    if (!field && --tries > 0) return;
    clearInterval(fill);
    if (!field || text === undefined || field.value === text) return;
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, 100);
};

// `box` fills with `nodes` and opens at `anchor`, inside `frame`; Escape or a click elsewhere closes it.
const makeBox = (box, frame) => {
  let anchor = null;
  const close = (back) => {
    box.hidden = true;
    if (back) anchor?.focus();
    anchor = null;
  };
  document.addEventListener("pointerdown", (event) => {
    if (anchor && !box.contains(event.target) && !anchor.contains(event.target)) close(false);
  });
  for (const part of [box, frame])
    part.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !anchor) return;
      event.stopPropagation();
      close(true);
    });
  return {
    close,
    at: () => anchor,
    open(where, ...nodes) {
      anchor = where;
      box.replaceChildren(...nodes);
      placeCard(box, where, frame);
    },
    again: () => anchor && placeCard(box, anchor, frame),
    focus: () => box.querySelector("button")?.focus({ preventScroll: true }),
  };
};

// Buttons that hand `edits`, pairs of words and a document, to the mixer, and say so; `text` is where they were found.
const mixerChoices = (title, edits, text) => {
  const part = make("div", "sx-mixing");
  const told = make("p", "sx-told");
  told.setAttribute("role", "status");
  part.append(make("p", "sx-box-title", title));
  for (const [words, edit] of edits)
    part.append(plainButton("sx-choice", words, () => {
      window.dispatchEvent(new CustomEvent("sense-edit", { detail: edit }));
      told.replaceChildren("It is in the mixer now. ", plainButton("sx-link", text === undefined ? "Open the mixer" : "Open it with this text", () => openMixer(text)));
    }));
  part.append(told);
  return part;
};
const editsOf = (word, sense) => [
  ["× 2 wherever the word stands", { kind: "scale_sense", word, sense, factor: 2 }],
  ["× 0 wherever the word stands", { kind: "scale_sense", word, sense, factor: 0 }],
  ["+ 0.4 at every place", { kind: "add_sense", word, sense, weight: 0.4 }],
];

// Nodes with a data-tip show it while they are pointed at or have the focus.
const showTips = (place, tip, frame) => {
  const hide = () => { tip.hidden = true; };
  const show = (event) => {
    const node = event.target.closest?.("[data-tip]");
    if (!node) return hide();
    tip.textContent = node.dataset.tip;
    placeCard(tip, node, frame);
  };
  place.addEventListener("mouseover", show);
  place.addEventListener("focusin", show);
  place.addEventListener("mouseleave", hide);
  place.addEventListener("focusout", hide);
};
