// The search the other way: which senses of all words promote a word most. `element`, `props`, `trigger` and `watch`
// come from Gradio, nodes from tokens.js, the rest from explorer_sending.js.
const root = find(".sx-search");
const box = makeBox(find(".sx-box"), root);
const searches = questions("submit");

const say = (words) => { find(".sx-status").textContent = words; };
const measure = (value) => {
  const line = find("progress");
  line.hidden = value === undefined;
  if (value !== undefined) line.value = value;
};

const drawFound = ({ word, pieces, pairs }) => {
  const part = pieces > 1 ? `, the first of ${pieces} pieces,` : "";
  say(pairs.length ? `What promotes ${quoted(word)}${part} most` : "Nothing was found.");
  const most = Math.max(...pairs.map(([, , score]) => score), 1e-9);
  const list = find(".sx-found");
  list.replaceChildren(...pairs.map(([text, sense, score, id]) => {
    const item = make("li");
    const line = make("span", "sx-bar sx-norm");
    const fill = make("i");
    fill.style.width = `${(100 * Math.max(0, score)) / most}%`;
    line.append(fill);
    line.setAttribute("aria-hidden", "true");
    const where = make("span", "sx-where");
    where.append(wordButton(text, `open in the explorer`, id), make("span", "sx-sense", `sense ${sense}`));
    item.append(where, line, make("span", "sx-figure", signed(score, 1)));
    if (text) {
      const mix = plainButton("sx-mix", "mix", (event) =>
        box.open(event.currentTarget, mixerChoices(`${quoted(text)}, sense ${sense}`, editsOf(text, sense))));
      mix.setAttribute("aria-label", `${quoted(text)}, sense ${sense}, to mixer`);
      item.append(mix);
    }
    return item;
  }));
};

const hear = (value) => {
  if (!searches.hears(value)) return;
  measure(value.running ? value.fraction ?? 0 : undefined);
  if (value.answer === undefined) say(value.status);
  else drawFound(JSON.parse(value.answer));
  if (!value.running) searches.over();
};

root.view = {
  search(word) {
    if (!word?.trim()) return say("Type a word, then search.");
    find(".sx-found").replaceChildren();
    say("Searching …");
    measure(0);
    searches.ask({ word });
  },
  stop() {
    if (!searches.stop()) return;
    measure();
    say("stopped by you");
  },
  failed() {
    if (searches.waiting()) say("Nothing came back; the message says why.");
    searches.over();
    measure();
  },
};
watch("value", () => hear(props.value || {}));
