// The story component: prompt, coloured tokens, what else could have come, and a status. `element`, `props` and
// `watch` come from Gradio, the rest from tokens.js.
let current; // the run that is being shown
let tokens = []; // [text, logprob, probability, [[id, text, logprob, probability], …]] of that run
let active = -1; // the token whose alternatives are on show
const spans = () => find(".story-text .story-new").children;

const drawTokens = (text, news) => {
  const place = find(".story-text .story-new");
  if (news.length === 0) {
    // Without tokens the words stay as they are drawn, unless they are others: a stopped run keeps its colours.
    if (place.textContent !== text) {
      place.textContent = text;
      tokens = [];
    }
    return;
  }
  if (place.childElementCount === 0 || news.length < tokens.length) {
    place.replaceChildren();
    tokens = [];
  }
  for (let i = place.childElementCount; i < news.length; i++) {
    const token = JSON.parse(news[i]);
    const [piece, logprob] = token;
    tokens[i] = token;
    place.append(makeToken(piece, logprob, i === 0));
  }
};

const close = () => {
  active = -1;
  find(".tok-card").hidden = true;
};

const open = (span) => {
  const index = [...spans()].indexOf(span);
  if (index < 0 || index >= tokens.length) return;
  active = index;
  const card = find(".tok-card");
  fillCard(card, tokens[index]);
  placeCard(card, span, find(".story"));
};

const draw = () => {
  const value = props.value || {};
  if (value.begins || value.stopped || !value.run || current === undefined) current = value.run || null;
  else if (value.run !== current) return;
  if (value.stopped) current = null;
  const story = find(".story");
  const begins = value.running && !story.dataset.run;
  if (value.running) story.dataset.run = value.run || "unnamed";
  else delete story.dataset.run;
  if (value.begins || !value.text) close();
  find(".story-text .story-prompt").textContent = value.prompt || "";
  drawTokens(value.text || "", value.tokens || []);
  find(".story-status").textContent = value.status || "";
  find(".story-caret").hidden = !value.running;
  find(".story-copy").hidden = !value.text;
  find(".story-legend").hidden = !value.text;
  // On a narrow screen the text lies below the prompt: bring it into view once, when it begins.
  if (begins && element.getBoundingClientRect().top > window.innerHeight - 160)
    element.scrollIntoView({ behavior: "smooth", block: "center" });
};
watch("value", draw);
draw();

const strip = find(".story-text .story-new");
strip.addEventListener("mouseover", (event) => event.target.matches(".tok") && open(event.target));
strip.addEventListener("focusin", (event) => event.target.matches(".tok") && open(event.target));
element.addEventListener("mouseleave", close);
element.addEventListener("focusout", (event) => element.contains(event.relatedTarget) || close());
strip.addEventListener("keydown", (event) => event.key === "Escape" && close());
walkWithKeys(strip);
element.addEventListener("click", async (event) => {
  if (!event.target.matches(".story-copy")) return;
  try {
    await navigator.clipboard.writeText(find(".story-text").textContent);
    event.target.textContent = "Copied";
  } catch {
    event.target.textContent = "Select the text and copy it";
  }
  setTimeout(() => { event.target.textContent = "Copy"; }, 1500);
});
