// The page of one campaign: its chart grows with every sample that the server draws.

import { drawLines } from "./charts.js";

const KINDS = [
  { key: "sent", label: "Sent" },
  { key: "delivered", label: "Delivered" },
  { key: "read", label: "Read" },
  { key: "failed", label: "Failed" },
];

const box = document.getElementById("chart");
const samples = read("samples");

/** Take the newest counts in, if they have changed; the first are where the lines begin. */
function take() {
  const now = read("now");
  const last = samples.at(-1);
  if (!last || KINDS.some(({ key }) => now[key] !== last[key])) samples.push(now);
  draw();
}

function draw() {
  if (samples.length > 1) drawLines(box, samples, KINDS);
  else box.textContent = "Nothing has left yet.";
}

function read(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

take();
document.addEventListener("redrawn", take);
new ResizeObserver(draw).observe(box);
