// Shows the code to link an account with, always the newest: scanned or typed in.

import { call } from "./api.js";
import { live } from "./app.js";

const AGAIN = 2_000;
const EVERY = 15_000;

const state = document.querySelector("[data-part=state][data-session]");
const session = state.dataset.session;
const image = () => document.getElementById("qr-image");
let shown = null;

const show = ({ svg, code }) => {
  shown = { svg, code };
  draw();
};
const draw = () => {
  if (!shown) return;
  const typed = document.getElementById("pairing-code-box");
  if (typed) {
    typed.hidden = !shown.code;
    document.getElementById("pairing-code").textContent = shown.code ? hyphened(shown.code) : "";
  }
  // A code to type in takes the place of the one to scan.
  const scanned = document.getElementById("qr");
  if (scanned) scanned.hidden = Boolean(shown.code);
  offer(Boolean(shown.code));
  if (image() && shown.svg) image().src = `data:image/svg+xml,${encodeURIComponent(shown.svg)}`;
};
// Where a code is shown, there is no need to ask for it.
const offer = (needed) => {
  const button = document.getElementById("qr-again");
  if (button) button.hidden = !needed;
};
const fetchAgain = () => {
  if (image()) image().src = `${image().dataset.from}?at=${Date.now()}`;
};

live?.addEventListener("told", ({ detail: { event, data } }) => {
  if (event === "session.qr" && data.session === session) show(data);
});
document.addEventListener("redrawn", draw);
document.addEventListener("answered", ({ detail }) => (detail.code || detail.svg) && show(detail));
// No code: the session is starting, a code is to be typed in, or nobody scanned one in time. Looking
// at it changes nothing there, so that whoever looks at this page asks for one in the last case.
document.addEventListener("error", ({ target }) => {
  if (target !== image()) return;
  offer(true);
  setTimeout(askAgain, AGAIN);
}, true);
document.addEventListener("load", ({ target }) => target === image() && offer(Boolean(shown?.code)), true);
if (image()?.naturalWidth) offer(false); // it came before this script
async function askAgain() {
  if (!image()) return;
  const path = image().dataset.from.replace(/\.svg$/, "");
  try {
    await call("GET", path);
    fetchAgain();
  } catch (problem) {
    if (problem.code === "pairing_ended") await call("POST", path).catch(() => {});
    setTimeout(askAgain, problem.code === "pairing_code_pending" ? EVERY : AGAIN);
  }
}
setInterval(() => {
  if (live?.state !== "connected" && !document.hidden) fetchAgain();
}, EVERY);

function hyphened(code) {
  return code.length === 8 ? `${code.slice(0, 4)}-${code.slice(4)}` : code;
}
