// Many samples at once: a card for each, and in the end a tree of what they begin with. `element`, `props` and `watch`
// come from Gradio, the rest from tokens.js. A sample's new tokens are appended; nothing is drawn twice.
const root = find(".draws");
const place = find(".draws-cards");
let run; // the run that is being shown
let running = false;
let value = {};
let samples = [];
const view = { order: "likely", group: true };

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const oneIn = (logprob) => {
  const power = -logprob / Math.LN10;
  if (power < 4) return `1 in ${whole.format(Math.round(10 ** power))}`;
  return `1 in 10${[...String(Math.round(power))].map((digit) => SUPERSCRIPTS[digit]).join("")}`;
};
const whole = new Intl.NumberFormat("en");
const utf8 = new TextEncoder();
const counted = (count, word) => `${whole.format(count)} ${word}${count === 1 ? "" : "s"}`;

const makeSample = (number) => {
  const card = make("article", "draw");
  card.dataset.row = number;
  const head = make("div", "draw-head");
  const open = make("button", "draw-open", "Open in the strip");
  open.type = "button";
  open.disabled = true;
  const seed = make("span", "draw-seed", `${number + 1}`);
  const times = make("b", "draw-times");
  head.append(seed, times, open);
  const text = make("div", "draw-text");
  const words = make("div", "draw-words");
  text.append(words);
  const facts = make("div", "draw-facts");
  const likely = make("div", "draw-likely");
  const per = make("div", "draw-per");
  const end = make("div", "draw-end");
  facts.append(likely, per, end);
  card.append(head, text, facts);
  return { number, card, open, seed, times, words, likely, per, end, tokens: [], text: "", bytes: 0,
    logprob: 0, taken: 0, gone: 0, from: 0 };
};

// The sample's new tokens, `lines` being all of them, a line of JSON each.
const take = (sample, lines) => {
  const news = document.createDocumentFragment();
  for (const line of lines.slice(sample.taken).split("\n")) {
    if (!line) continue;
    const token = JSON.parse(line);
    sample.tokens.push(token);
    sample.text += token[1];
    sample.bytes += utf8.encode(token[1]).length;
    sample.logprob += token[2];
    news.append(make("span", `tok s${step(token[2])}`, token[1]));
  }
  sample.taken = lines.length;
  sample.words.append(news);
  letGo(sample);
};

// While a long text grows, what has long scrolled away is not laid out again with each word. Cut at the end of a line
// where there is one, so that the lines in sight stay as they are.
const MOST_SHOWN = 240, KEPT = 120;
const letGo = (sample) => {
  const { tokens, gone } = sample;
  if (!running || tokens.length - gone < MOST_SHOWN) return;
  let to = tokens.length - KEPT;
  while (to > gone && !tokens[to - 1][1].endsWith("\n")) to -= 1;
  if (to === gone) to = tokens.length - KEPT;
  for (let i = gone; i < to; i++) sample.words.children[i].hidden = true;
  sample.gone = to;
};

// An end token stands for no text: it counts for the whole sample's probability, but not per token and per byte.
const fillFacts = (sample, row) => {
  const ended = row.end === "end token";
  const count = sample.tokens.length - (ended ? 1 : 0);
  const bits = -(sample.logprob - (ended ? sample.tokens.at(-1)[2] : 0)) / Math.LN2;
  sample.likely.textContent = `${oneIn(sample.logprob)} · ${counted(count, "token")}`;
  sample.likely.title = `natural log-probability ${sample.logprob.toFixed(4)}`;
  const per = count ? [`${percent(2 ** (-bits / count))} or ${(bits / count).toFixed(2)} bits per token`] : [];
  if (sample.bytes) per.push(`${(bits / sample.bytes).toFixed(2)} bits per byte`);
  sample.per.textContent = per.join(" · ");
};

// Show a sample's text from a character on: what stands before it is written in the opening above.
const showFrom = (sample, from) => {
  sample.words.classList.toggle("draw-rest", from > 0);
  if (from === sample.from && !sample.gone) return;
  sample.gone = 0;
  let at = 0;
  [...sample.words.children].forEach((span, i) => {
    const text = sample.tokens[i][1];
    span.hidden = from > 0 && at + text.length <= from;
    span.textContent = at < from ? text.slice(from - at) : text;
    at += text.length;
  });
  sample.from = from;
};

// The tokens of a sample between two characters, as they are coloured there.
const slice = (sample, from, to) => {
  const shown = [];
  let at = 0;
  for (const [, text, logprob] of sample.tokens) {
    const piece = text.slice(Math.max(0, from - at), Math.max(0, to - at));
    at += text.length;
    if (piece) shown.push(make("span", `tok s${step(logprob)}`, piece));
  }
  return shown;
};

// All that is known of a sample, also as a record that can be replayed (playground/engine/records.py).
const detailOf = ({ number, text, tokens }) => {
  const { seed, end, why } = value.rows[number];
  const { head, options } = JSON.parse(value.about);
  const settings = { ...options, seed };
  const objects = tokens.map(([id, piece, logprob, probability]) => ({ id, text: piece, logprob, probability }));
  const record = { ...head, parts: [{ options: settings, given: 0, tokens: objects, end }] };
  const status = `Seed ${seed}, one of ${samples.length} samples${why ? ` · ${why}` : ""}`;
  return { record, status, seed, settings, text, tokens, prompt_ids: head.prompt_ids };
};

const leaves = (parts) => parts.flatMap((part) => (part.parts ? leaves(part.parts) : [part]));
const likeliest = (part) => Math.max(...part.rows.map((row) => samples[row].logprob));
const sorted = (parts) =>
  [...parts].sort((a, b) => (view.order === "seed" ? a.rows[0] - b.rows[0] : likeliest(b) - likeliest(a)));

const grid = (parts, from) => {
  const cards = make("div", "draws-grid");
  for (const part of sorted(parts)) {
    const sample = samples[part.rows[0]];
    const seeds = part.rows.map((row) => value.rows[row].seed);
    sample.seed.textContent = seeds.length > 1 ? `seeds ${seeds.join(", ")}` : `seed ${seeds[0]}`;
    sample.times.textContent = seeds.length > 1 ? `drawn ${seeds.length} times` : "";
    sample.end.textContent = [...new Set(part.rows.map((row) => value.rows[row].why).filter(Boolean))].join(", or ");
    showFrom(sample, from);
    cards.append(sample.card);
  }
  return cards;
};

// `of` samples share the opening before, of `from` characters.
const tree = (parts, of, from) => {
  const nodes = sorted(parts.filter((part) => part.parts)).map((part) => {
    const group = make("section", "draw-group");
    const head = make("div", "draw-group-head");
    const opening = make("span", "draw-opening");
    const to = from + part.opening.length;
    opening.append("“", ...slice(samples[part.rows[0]], from, to), "”");
    head.append(make("b", "", `${part.rows.length} of ${of} ${from ? "go on" : "begin"}`), " ", opening);
    if (part.chance !== null) {
      const chance = make("span", "draw-chance", `${percent(part.chance)} likely`);
      chance.title = `How likely a sample ${from ? "goes on" : "begins"} so, under the sampling settings`;
      head.append(" ", chance);
    }
    group.append(head, ...tree(part.parts, part.rows.length, to));
    return group;
  });
  const single = parts.filter((part) => !part.parts);
  if (single.length) nodes.push(grid(single, from));
  return nodes;
};

const arrange = () => {
  if (!value.tree) return;
  const all = leaves(value.tree);
  const drawn = all.reduce((count, leaf) => count + leaf.rows.length, 0);
  place.replaceChildren(...(view.group ? tree(value.tree, drawn, 0) : [grid(all, 0)]));
};

const setRunning = (on) => {
  running = on;
  root.classList.toggle("draws-running", on);
  if (on) root.dataset.run = run;
  else delete root.dataset.run;
  for (const sample of samples) sample.open.disabled = on || !sample.tokens.length;
  find(".draws-views").hidden = on || samples.length === 0;
};

const begin = (count) => {
  samples = Array.from({ length: Math.min(64, Math.max(0, count)) }, (_, number) => makeSample(number));
  const cards = make("div", "draws-grid");
  cards.append(...samples.map((sample) => sample.card));
  place.replaceChildren(cards);
};

const draw = () => {
  const news = props.value || {};
  if (run === undefined) run = news.run; // the page may have been laid out anew
  if (!news.run || news.run !== run || (news.running && root.dataset.stopped === run)) return;
  value = news;
  if (samples.length !== value.rows.length) begin(value.rows.length);
  let any = false;
  value.rows.forEach((row, i) => {
    const sample = samples[i];
    if (!row.lines) return;
    any = true;
    if (sample.taken === row.lines.length) return;
    take(sample, row.lines);
    fillFacts(sample, row);
    sample.seed.textContent = `seed ${row.seed}`;
    sample.end.textContent = row.why || "";
  });
  find(".draws-status").textContent = value.status;
  find(".draws-legend").hidden = !any;
  if (running !== value.running) setRunning(value.running);
  if (!value.running) {
    if (!any) begin(0);
    arrange();
    setRunning(false);
  }
};
watch("value", draw);
draw();

root.addEventListener("begin", ({ detail }) => {
  run = detail.name;
  delete root.dataset.stopped;
  const lines = Math.ceil((4.5 * detail.most) / 42); // about as many as the texts will have, so that nothing moves
  root.style.setProperty("--draw-lines", Math.min(9, Math.max(2, lines || 9)));
  begin(Number(detail.count) || 0);
  find(".draws-status").textContent = "Waiting …";
  find(".draws-legend").hidden = true;
  setRunning(true);
  if (place.getBoundingClientRect().top > window.innerHeight - 300)
    document.querySelector("#draws-section").scrollIntoView({ behavior: "smooth" });
});
// Stopped at once for the eye; the server's last word on the run is still taken in, for it holds the openings.
root.addEventListener("stop", () => {
  if (!running) return;
  root.dataset.stopped = run;
  find(".draws-status").textContent += " · stopped by you";
  setRunning(false);
});
root.addEventListener("fail", ({ detail }) => {
  if (!running || detail !== run) return; // the server has said it itself
  find(".draws-status").textContent = "Nothing came back; the message says why.";
  if (!samples.some((sample) => sample.tokens.length)) begin(0);
  setRunning(false);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && running && element.isConnected)
    document.querySelector("#stop-draw").click();
});

root.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if (button.matches(".draw-open")) {
    const sample = samples[button.closest(".draw").dataset.row];
    button.dispatchEvent(new CustomEvent("open-sample", { bubbles: true, detail: detailOf(sample) }));
    document.querySelector("#story")?.scrollIntoView({ behavior: "smooth", block: "center" });
    return;
  }
  if (button.dataset.order) {
    view.order = button.dataset.order;
    for (const one of root.querySelectorAll("[data-order]")) one.setAttribute("aria-pressed", String(one === button));
  } else {
    view.group = !view.group;
    button.setAttribute("aria-pressed", String(view.group));
  }
  arrange();
});
// The number behind a colour, once it is asked for.
root.addEventListener("mouseover", ({ target }) => {
  const words = target.matches(".draw-words .tok") && target.closest(".draw-words");
  if (!words || target.title) return;
  const { number, tokens } = samples[target.closest(".draw").dataset.row];
  const index = [...words.children].indexOf(target);
  const ends = index === tokens.length - 1 && value.rows[number].end === "end token";
  const [, text, logprob] = tokens[index];
  target.title = `${ends ? "(end of the text)" : visible(text)}, ${percent(Math.exp(logprob))}`;
});
