() => {
  // What reaches the mixer before its tab was ever open: edits from other views, and links with edits.
  if (window.waitingSenseEdits) return;
  window.waitingSenseEdits = [];
  window.addEventListener("sense-edit", (event) => window.waitingSenseEdits.push(event.detail));
  const open = (name, within) => {
    // On a narrow screen a tab may be in the menu of those that have no room.
    const tabs = document.querySelectorAll(`${within} :is(button[role="tab"], .overflow-dropdown button)`);
    const tab = [...tabs].find((one) => one.textContent.trim() === name);
    tab?.click();
    return Boolean(tab);
  };
  const openMixer = () => {
    if (!location.hash.startsWith("#mix=")) return;
    open("Backpack", "body");
    let tries = 100; // the tab's own tabs come a moment later
    const again = setInterval(() => (open("Mixer", "#senses-views") || --tries < 0) && clearInterval(again), 100);
  };
  window.addEventListener("hashchange", openMixer);
  openMixer();
}
