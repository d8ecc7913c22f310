// The mixer's edits as a document: shown, copied, downloaded, taken in again, and shared by a link.
const drawDocument = () => {
  find(".mix-document pre").textContent = documents().length ? JSON.stringify(documents(), null, 2) : "[]";
  find(".mix-document summary").textContent = `As a document (${documents().length})`;
};
const copyText = async (button, text) => {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = label; }, 1500);
  } catch {
    say(text); // no clipboard here: to be copied by hand
  }
};
const optionValues = () => {
  const options = {};
  for (const name of ["temperature", "top_p", "min_p", "max_new_tokens", "seed"]) {
    const value = document.querySelector(`#mixer-${name.replaceAll("_", "-")} input[type=number]`)?.valueAsNumber;
    if (Number.isFinite(value)) options[name] = value;
  }
  return options;
};
const shareLink = () => {
  const prompt = document.querySelector("#mixer-prompt textarea").value;
  const content = { model: facts.model || "", prompt, edits: documents(), options: optionValues() };
  return `${location.origin}${location.pathname}#mix=${encodeURIComponent(JSON.stringify(content))}`;
};
const shares = {
  copy: (button) => copyText(button, find(".mix-document pre").textContent),
  link: (button) => copyText(button, shareLink()),
  save: () => {
    const at = make("a");
    at.href = URL.createObjectURL(new Blob([find(".mix-document pre").textContent], { type: "application/json" }));
    at.download = "edits.json";
    at.click();
    setTimeout(() => URL.revokeObjectURL(at.href), 1000);
  },
  load: () => {
    trigger("upload", { text: find(".mix-paste").value });
  },
};
find(".mix-document").addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button) shares[button.dataset.do](button);
});
find(".mix-document input[type=file]").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const text = file.size > 1e6 ? null : await file.text(); // the server says that it is too long
  event.target.value = "";
  trigger("upload", { text });
});
const takeLink = () => {
  if (!location.hash.startsWith("#mix=")) return false;
  let content = "";
  try {
    content = decodeURIComponent(location.hash.slice(5));
  } catch {
    // not percent-encoded: the server says that it is damaged
  }
  history.replaceState(null, "", location.pathname + location.search);
  held = true; // nothing runs before somebody has seen it
  trigger("expand", { link: content });
  return true;
};
