// Light or dark: as the system has it, or as somebody chose. It runs before anything is drawn.
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
  document.addEventListener("DOMContentLoaded", () => {
    apply(read());
    document.getElementById("theme")?.addEventListener("click", () => {
      const theme = order[(order.indexOf(read()) + 1) % order.length];
      try { localStorage.setItem("theme", theme); } catch { /* it holds for this page */ }
      apply(theme);
    });
  });
})();
