// The page of one campaign: its chart grows with every sample that the server draws.

import { drawLines } from "./charts.js";

const KINDS = [
  { key: "sent", label: "Sent" },
  { key: "delivered", label: "Delivered" },
  { key: "read", label: "Read" },
  { key: "failed", label: "Failed" },
];

const box = document.getElementById("chart");
let drawn = "";

function draw() {
  const text = `${box.clientWidth} ${document.getElementById("samples").textContent}`;
  if (text === drawn) return;
  drawn = text;
  const samples = JSON.parse(document.getElementById("samples").textContent);
  if (samples.length) drawLines(box, samples, KINDS);
  else box.textContent = "Nothing has left yet.";
}

draw();
document.addEventListener("redrawn", draw);
new ResizeObserver(draw).observe(box);
