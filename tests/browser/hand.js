// What hand.py asks of a panel in the page: its controls, and whether its picture has answered.
({
  // The stops of the Tab key in sight, with what a screen reader would call them.
  controls(panel) {
    const usable = (each) => each.checkVisibility({ visibilityProperty: true }) && !each.disabled && each.getAttribute("aria-disabled") !== "true";
    const all = [...panel.querySelectorAll("input, select, textarea, button, summary, a[href], [role=slider], [tabindex]")].filter(
      (each) => usable(each) && each.tabIndex >= 0,
    );
    // Tab stops once in a group of radio buttons: at the checked one, else at the first.
    const stop = (each) => {
      if (each.type !== "radio") return true;
      const group = all.filter((other) => other.type === "radio" && other.name === each.name);
      return each === (group.find((other) => other.checked) || group[0]);
    };
    const text = (node) => (node?.textContent || "").trim();
    const label = (each) => [...(each.labels || [])].map((label) => text(label.querySelector("span")) || text(label)).join(" ");
    const named = (each) => {
      const by = (each.getAttribute("aria-labelledby") || "").split(/\s+/).map((id) => text(document.getElementById(id))).join(" ").trim();
      if (each.type === "radio") return text(each.closest("fieldset")?.querySelector("legend")) || label(each);
      return each.getAttribute("aria-label") || by || label(each) || text(each) || each.getAttribute("title") || "";
    };
    const kind = (each) => {
      if (each.getAttribute("role") === "slider") return "range";
      if (each instanceof HTMLInputElement) return each.type;
      if (["A", "BUTTON", "SELECT", "SUMMARY", "TEXTAREA"].includes(each.tagName)) return each.tagName.toLowerCase();
      return "place";
    };
    const height = (each) => Math.max(...[each, ...(each.labels || [])].map((node) => node.getBoundingClientRect().height));
    return all.filter(stop).map((each) => ({ element: each, name: named(each), kind: kind(each), height: height(each) }));
  },

  // Everything in the panel that can answer: picture, live sentence, outcome of a prediction, band of the tape, what can be folded open.
  shown(panel) {
    return [...panel.querySelectorAll(".cdnlab-picture, [role=status], .cdnlab-said, .cdnlab-band, details")].map((each) => each.outerHTML).join();
  },

  // From now on, remember whether any of it was ever different.
  watch(panel) {
    const before = this.shown(panel);
    panel.cdnlabWatch?.disconnect();
    panel.cdnlabChanged = false;
    panel.cdnlabWatch = new MutationObserver(() => {
      if (this.shown(panel) !== before) panel.cdnlabChanged = true;
    });
    panel.cdnlabWatch.observe(panel, { subtree: true, childList: true, attributes: true, characterData: true });
  },

  // Milliseconds from each key press to the painting of the picture that answers it.
  stopwatch(panel) {
    panel.cdnlabStop?.();
    panel.cdnlabTimes = [];
    let pressed = 0;
    const press = () => (pressed = performance.now());
    panel.addEventListener("keydown", press, true);
    // A new picture replaces elements of the page; what merely moves inside the old one is animation, and no answer.
    const fresh = (record) => record.type === "childList" && !(record.target instanceof SVGElement);
    const observer = new MutationObserver((records) => {
      if (!pressed || !records.some(fresh)) return;
      const began = pressed;
      pressed = 0;
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel(); // its message comes after the frame is painted
        port1.onmessage = () => panel.cdnlabTimes.push(performance.now() - began);
        port2.postMessage(0);
      });
    });
    for (const each of panel.querySelectorAll(".cdnlab-picture")) observer.observe(each, { subtree: true, childList: true });
    panel.cdnlabStop = () => {
      panel.removeEventListener("keydown", press, true);
      observer.disconnect();
    };
  },
})
