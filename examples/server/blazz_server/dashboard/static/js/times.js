// Times in the reader's own zone and words; the server wrote them in UTC.

const FORMS = {
  clock: { hour: "2-digit", minute: "2-digit" },
  date: { year: "numeric", month: "short", day: "numeric" },
  short: { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  long: { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** Write all times of the page. */
export function showTimes() {
  for (const element of document.querySelectorAll("time[data-shape]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const text = shown(at, element.dataset.shape);
    if (element.textContent !== text) element.textContent = text;
    if (!element.title) element.title = at.toLocaleString();
  }
}

function shown(at, shape) {
  if (shape === "ago") return ago((Date.now() - at) / 1000);
  if (shape === "list") {
    const today = at.toDateString() === new Date().toDateString();
    return at.toLocaleString([], today ? FORMS.clock : { month: "short", day: "numeric" });
  }
  return at.toLocaleString([], FORMS[shape]);
}

function ago(seconds) {
  if (seconds < 5) return "now";
  if (seconds < 90) return `${Math.round(seconds)} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3600)} h ago`;
}
