// Runs before anything is drawn: the colours that somebody chose, and what is clicked before the
// other scripts are there.

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

  // Modules have run when the page is parsed. Until then nobody would answer a click, and the
  // browser itself would send a form, with a key in the address.
  const kept = [];
  const keep = (event) => {
    const button = event.target.closest("button");
    if (event.type === "click" && !button) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { target, submitter } = event;
    kept.push(() => (event.type === "submit" ? target.requestSubmit(submitter) : button.click()));
  };
  document.addEventListener("click", keep, true);
  document.addEventListener("submit", keep, true);

  document.addEventListener("DOMContentLoaded", () => {
    document.removeEventListener("click", keep, true);
    document.removeEventListener("submit", keep, true);
    apply(read());
    document.getElementById("theme")?.addEventListener("click", () => {
      const theme = order[(order.indexOf(read()) + 1) % order.length];
      try { localStorage.setItem("theme", theme); } catch { /* it holds for this page */ }
      apply(theme);
    });
    for (const again of kept) again();
  });
})();
