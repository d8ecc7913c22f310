// The runs of the tab: what is under way, what was stopped, and where the server's news go. The last file of the board.
const AGAIN = "again:"; // playground/ui/story.py
const runs = {}; // of each view its last run: {name, running, stopped, status}

// A name for a new run of a view, for the server; of one that is under way, that one's with a mark.
const begin = (view) => {
  if (runs[view]?.running) return AGAIN + runs[view].name;
  runs[view] = { name: Math.random().toString(36).slice(2), running: true, stopped: false, status: "Waiting …", fresh: true };
  announce(view);
  runs[view].fresh = false;
  return runs[view].name;
};
// The names of all that is under way, which ends now.
const stop = () => {
  const names = [];
  for (const [view, run] of Object.entries(runs)) {
    if (!run.running) continue;
    names.push(run.name);
    Object.assign(run, { running: false, stopped: true, status: "Stopped by you." });
    announce(view);
  }
  return JSON.stringify(names);
};
// Nothing more comes of a run: the message that is shown says why.
const failed = (view) => {
  const run = runs[view];
  if (!run?.running) return;
  Object.assign(run, { running: false, status: "Nothing came back; the message says why." });
  announce(view);
};
// Whether news still count: late ones of a run that was stopped or followed by another do not.
const accepts = (view, value) => {
  const run = runs[view];
  if (!value || !run || run.name !== value.run || run.stopped) return false;
  Object.assign(run, { running: Boolean(value.running), status: value.status || "" });
  return true;
};
const listeners = {}; // of each view, who hears of its runs
const heard = []; // who hears of every other strip or mask
const announce = (view) => {
  if (view === "reconstruct") showResult();
  listeners[view]?.(runs[view]);
};
const read = (view, value) => {
  if (view === "draw") return readDrawn(value);
  if (!accepts(view, value)) return;
  if (view === "reconstruct" && value.pictures) readResult(value);
  announce(view);
};

find(".patch-lab").lab = {
  begin, stop, failed, accepts, read,
  listen: (view, call) => (listeners[view] = call),
  hear: (call) => heard.push(call),
  runOf: (view) => runs[view],
  strip: () => drawn && { ...drawn, hidden: hiddenList() },
  hand: () => (kind === "manual" ? byHand : ""),
  // The sliders choose again, or the mask on show is kept to go on by hand.
  choose: (other) => {
    kind = other;
    byHand = other === "manual" ? JSON.stringify(hiddenList()) : "";
    if (drawn) showResult();
    return byHand;
  },
  clear: () => {
    if (drawn) hide(hiddenList(), false);
    return byHand;
  },
  cursor: () => cursor + 1,
};
readout(null);
showResult();
trigger("load", {});
