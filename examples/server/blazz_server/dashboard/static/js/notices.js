// Short notices at the edge of the page; readers hear them.

/** Show a notice for a while. */
export function notify(text, { bad = false } = {}) {
  const box = document.getElementById("toasts");
  const toast = document.createElement("div");
  toast.className = bad ? "toast bad" : "toast";
  toast.textContent = text;
  box.append(toast);
  setTimeout(() => toast.remove(), bad ? 9000 : 4500);
}
