// The simulated phones of the sandbox: one scans the code of a session, others write to it.

import { call } from "./api.js";
import { notify } from "./notices.js";

const box = document.getElementById("sandbox");
const base = box?.dataset.call;

box?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.setAttribute("aria-busy", "true");
  try {
    await (form.id === "sandbox-scan" ? scan(form) : write(form));
  } catch (problem) {
    notify(problem.message, { bad: true });
  }
  button.removeAttribute("aria-busy");
});

/** Take a phone, and point it at the code. */
async function scan(form) {
  const number = digits(form.elements.number.value);
  await call("PUT", `${base}/sandbox/phones/${number}`, { title: "The session's own phone" });
  const { data } = await call("POST", `${base}/sessions/${box.dataset.session}/qr`);
  await call("POST", `${base}/sandbox/phones/${number}/scan`, { qr: data });
  notify("The phone has scanned the code.");
  document.dispatchEvent(new Event("changed"));
}

/** Write to the session as somebody else. */
async function write(form) {
  const number = digits(form.elements.number.value);
  const text = form.elements.text.value;
  if (box.dataset.kind === "sandbox") {
    await call("POST", `${base}/sandbox/users/${number}/messages`, { session: box.dataset.session, text });
  } else {
    await call("PUT", `${base}/sandbox/phones/${number}`, { title: "" });
    await call("POST", `${base}/sandbox/phones/${number}/messages`, { to: form.elements.to.value, text });
  }
  form.elements.text.value = "";
  notify("It is written.");
}

function digits(text) {
  return encodeURIComponent(`+${text.replace(/\D/g, "")}`);
}
