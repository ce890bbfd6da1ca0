// Lines over time as SVG: drawn to the width that there is, read by keyboard and pointer.

const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 240;
const EDGE = { top: 12, right: 12, bottom: 28, left: 48 };

/**
 * Draw counts over time.
 *
 * @param box The element to draw into.
 * @param samples Rows of {at, <key>: count}, by time; `at` in seconds.
 * @param kinds Rows of {key, label}: a line each.
 */
export function drawLines(box, samples, kinds) {
  const width = Math.max(280, box.clientWidth);
  const first = samples[0].at;
  const span = Math.max(samples.at(-1).at - first, 0.001);
  const top = niceCeiling(Math.max(...samples.flatMap((row) => kinds.map(({ key }) => row[key] ?? 0))));
  const x = (at) => EDGE.left + ((width - EDGE.left - EDGE.right) * (at - first)) / span;
  const y = (value) => EDGE.top + (HEIGHT - EDGE.top - EDGE.bottom) * (1 - value / top);

  const title = kinds.map(({ key, label }) => `${label} ${(samples.at(-1)[key] ?? 0).toLocaleString()}`).join(", ");
  const svg = make("svg", { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": `Messages over time, now: ${title}` });
  for (let step = 0; step <= 4; step += 1) {
    const value = (top * step) / 4;
    svg.append(make("line", { class: "grid-line", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }));
    svg.append(make("text", { x: EDGE.left - 8, y: y(value) + 4, "text-anchor": "end" }, compact(value)));
  }
  const steps = width < 480 ? 2 : 4;
  for (let step = 0, shown = ""; step <= steps; step += 1) {
    const at = first + (span * step) / steps;
    if (clock(at, span) === shown) continue; // all in one second
    shown = clock(at, span);
    const anchor = step === 0 ? "start" : step === steps ? "end" : "middle";
    svg.append(make("text", { x: x(at), y: HEIGHT - 8, "text-anchor": anchor }, shown));
  }
  for (const { key } of kinds) {
    const line = samples.map((row) => `${x(row.at).toFixed(1)},${y(row[key] ?? 0).toFixed(1)}`).join(" L");
    svg.append(make("path", { class: `area k-${key}`, d: `M${x(first)},${y(0)} L${line} L${x(samples.at(-1).at)},${y(0)} Z` }));
    svg.append(make("path", { class: `line k-${key}`, d: `M${line}` }));
  }
  const cursor = make("line", { class: "cursor", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, visibility: "hidden" });
  svg.append(cursor);
  const legend = document.createElement("ul");
  legend.className = "legend";
  const show = (row) => {
    legend.replaceChildren(...kinds.map(({ key, label }) => entry(key, label, row[key] ?? 0)), when(row, span));
    cursor.setAttribute("visibility", row === samples.at(-1) ? "hidden" : "visible");
    cursor.setAttribute("x1", x(row.at));
    cursor.setAttribute("x2", x(row.at));
  };
  svg.addEventListener("pointermove", ({ offsetX }) => {
    const at = first + (span * (offsetX - EDGE.left)) / (width - EDGE.left - EDGE.right);
    show(samples.reduce((best, row) => (Math.abs(row.at - at) < Math.abs(best.at - at) ? row : best)));
  });
  svg.addEventListener("pointerleave", () => show(samples.at(-1)));
  show(samples.at(-1));
  box.replaceChildren(svg, legend);
}

/** The next round number: 1, 2, 4, 5 or 8 times a power of ten, and at least 4. */
export function niceCeiling(value) {
  if (value <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 8, 10].map((step) => step * power).find((step) => value <= step);
}

function entry(key, label, count) {
  const item = document.createElement("li");
  const swatch = document.createElement("i");
  swatch.className = `k-${key}`;
  const number = document.createElement("b");
  number.textContent = count.toLocaleString();
  item.append(swatch, label, number);
  return item;
}

function when(row, span) {
  const item = document.createElement("li");
  item.textContent = `at ${clock(row.at, span)}`;
  return item;
}

function make(name, attributes, text) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function compact(value) {
  return new Intl.NumberFormat([], { notation: "compact" }).format(value);
}

function clock(at, span) {
  const form = span < 3600 ? { hour: "2-digit", minute: "2-digit", second: "2-digit" }
    : span < 86_400 ? { hour: "2-digit", minute: "2-digit" } : { month: "short", day: "numeric", hour: "2-digit" };
  return new Date(at * 1000).toLocaleString([], form);
}
