// Runs before anything is drawn: the colours that somebody chose, the zone that days begin in, and
// what is clicked, typed and sent before the other scripts are there.

(() => {
  const order = ["", "light", "dark"];
  const names = { "": "as the system has them", light: "light", dark: "dark" };
  const read = () => {
    try { return localStorage.getItem("theme") ?? ""; } catch { return ""; }
  };
  const apply = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    document.getElementById("theme")?.setAttribute("aria-label", `Colours: ${names[theme] ?? ""}`);
  };
  apply(read());
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  document.cookie = `zone=${encodeURIComponent(timeZone ?? "")}; path=/; max-age=31536000; samesite=lax`;

  // Modules have run when the page is parsed. Until then nobody would answer a click, Enter would
  // be a new line, and the browser itself would send a form, with a key in the address.
  const kept = [];
  const changed = { input: new Set(), change: new Set() };
  const stop = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const keep = {
    click(event) {
      const button = event.target.closest("button");
      if (!button) return;
      stop(event);
      kept.push(() => button.click());
    },
    submit(event) {
      stop(event);
      const { target, submitter } = event;
      kept.push(() => target.requestSubmit(submitter));
    },
    keydown(event) {
      const { target, key, shiftKey, isComposing } = event;
      if (key !== "Enter" || shiftKey || isComposing || !target.matches("textarea[enterkeyhint=send]")) return;
      stop(event);
      const said = target.value;
      if (!said.trim()) return;
      target.value = "";
      kept.push(() => {
        // What was typed after it is the beginning of another message.
        const later = target.value;
        target.value = said;
        target.form.requestSubmit();
        target.value += later;
      });
    },
    // What is typed and chosen stays in its field; that it has changed is told again.
    input: ({ target }) => changed.input.add(target),
    change: ({ target }) => changed.change.add(target),
  };
  for (const [type, keeper] of Object.entries(keep)) document.addEventListener(type, keeper, true);

  document.addEventListener("DOMContentLoaded", () => {
    for (const [type, keeper] of Object.entries(keep)) document.removeEventListener(type, keeper, true);
    apply(read());
    document.getElementById("theme")?.addEventListener("click", () => {
      const theme = order[(order.indexOf(read()) + 1) % order.length];
      try { localStorage.setItem("theme", theme); } catch { /* it holds for this page */ }
      apply(theme);
    });
    for (const [type, fields] of Object.entries(changed)) {
      for (const field of fields) field.dispatchEvent(new Event(type, { bubbles: true }));
    }
    for (const again of kept) again();
  });
})();
