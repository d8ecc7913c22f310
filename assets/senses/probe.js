// The bias probe: how a run stands, what it found, and the factors on their way to the mixer. `element`, `props`,
// `trigger` and `watch` come from Gradio, `find` and `make` from tokens.js.
const probe = find(".prb");
let current = null; // the name of the run on show
let running = false;
let found = []; // edit documents
const AGAIN = "again:"; // playground/ui/story.py
const status = (words) => {
  find(".prb-status").textContent = words;
};

const drawFactors = (factors) => {
  find(".prb-found").hidden = !factors.length;
  find(".prb-factors").replaceChildren(
    ...factors.map(([word, factor]) => {
      const item = make("li");
      item.append(make("span", "prb-word", word), make("b", "", `× ${factor.toFixed(2)}`));
      return item;
    }),
  );
};
const drawTable = (rows) => {
  find(".prb-table").hidden = !rows.length;
  find(".prb-table tbody").replaceChildren(
    ...rows.map((cells) => {
      const row = make("tr");
      row.append(...cells.map((cell, i) => make(i ? "td" : "th", "", cell)));
      return row;
    }),
  );
};

const take = (value) => {
  if (value.invitation && !current) return status(value.invitation);
  if (!value.run || value.run !== current) return;
  running = Boolean(value.running);
  status(value.status);
  probe.setAttribute("aria-busy", String(running));
  if (!value.result) return;
  find(".prb-sentences").replaceChildren(...value.result.sentences.map((words) => make("p", "", words)));
  found = value.result.edits;
  drawFactors(value.result.factors);
  drawTable(value.result.rows);
  find(".prb-legend").hidden = false;
  // What comes below the screen is brought into view once.
  if (probe.getBoundingClientRect().top > window.innerHeight - 160) probe.scrollIntoView({ behavior: "smooth", block: "start" });
  find("[data-do=mix]").hidden = !found.length;
  find(".prb-sent").textContent = "";
};

probe.probe = {
  begin: () => {
    if (running) return AGAIN + current;
    current = Math.random().toString(36).slice(2);
    running = true;
    status("Waiting …");
    return current;
  },
  stop: () => {
    if (!running) return "";
    const stopped = current;
    current = `${current} stopped`; // what it still sends is not drawn
    running = false;
    status("Stopped by you");
    return stopped;
  },
  failed: () => {
    if (!running) return;
    running = false;
    status("Nothing came back; the message says why.");
  },
};
find("[data-do=mix]").addEventListener("click", () => {
  for (const edit of found) window.dispatchEvent(new CustomEvent("sense-edit", { detail: edit }));
  find(".prb-sent").textContent = `${found.length} edit${found.length === 1 ? " is" : "s are"} in the mixer now.`;
});
watch("value", () => take(props.value || {}));
take(props.value || {});
// Measured at once when somebody first sees it.
const first = new IntersectionObserver((entries) => {
  if (!entries.some((entry) => entry.isIntersecting)) return;
  first.disconnect();
  if (!current) document.querySelector("#probe-run")?.click();
});
first.observe(probe);
