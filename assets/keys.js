() => {
  // Ctrl-Enter (or Cmd-Enter) presses the visible tab's main button, Escape its stop button.
  const press = (name) => {
    const button = [...document.querySelectorAll(`.${name}`)].find((node) => node.offsetParent !== null);
    const target = button && (button.matches("button") ? button : button.querySelector("button"));
    if (target && !target.disabled) target.click();
    return Boolean(target);
  };
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.isComposing) return;
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        // A text box reports its value when it loses focus or on input; let the last input arrive first.
        if (press("key-run")) event.preventDefault();
      } else if (event.key === "Escape" && !event.target.closest?.(".tok-card")) {
        press("key-stop"); // in a token's card, Escape closes the card
      }
    },
    true,
  );
}
