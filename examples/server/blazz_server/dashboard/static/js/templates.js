// Sends a template in the open chat: chosen from what Meta approved, its blanks filled in.

import { fieldsOf, showProblem } from "./actions.js";
import { call } from "./api.js";
import { newKey } from "./sending.js";

const talk = document.getElementById("talk");
const form = document.getElementById("template-form");
const choice = document.getElementById("template-choice");
const { call: base, chat } = talk?.dataset ?? {};
let templates = [];
let key = newKey();

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-open=template]")) load();
});
choice?.addEventListener("change", show);
form?.addEventListener("input", () => { key = newKey(); });
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button.primary");
  if (button.getAttribute("aria-busy")) return;
  const { name, language } = chosen();
  const filled = fieldsOf(form).blank ?? {};
  const named = Object.keys(filled).some((key) => !/^\d+$/.test(key));
  const body = named ? filled : blanks().map((key) => filled[key] ?? "");
  button.setAttribute("aria-busy", "true");
  try {
    const message = { type: "template", name, language, body };
    await call("POST", `${base}/messages`, { to: chat, message }, { "Idempotency-Key": key });
    key = newKey();
    form.closest("dialog").close();
    document.dispatchEvent(new Event("said"));
  } catch (problem) {
    showProblem(form, problem);
  }
  button.removeAttribute("aria-busy");
});

/** Ask for the approved templates, until there are any. */
async function load() {
  if (templates.length) return;
  const none = document.getElementById("template-none");
  try {
    templates = (await call("GET", `${base}/templates?status=APPROVED`)).items;
    none.textContent = templates.length ? "" : "No template of this account is approved yet.";
  } catch (problem) {
    none.textContent = problem.message;
  }
  choice.replaceChildren(...templates.map(({ name, language }, place) => new Option(`${name} (${language})`, place)));
  show();
}

function chosen() {
  return templates[Number(choice.value)];
}

/** The blanks of the chosen template, each once, in their order. */
function blanks() {
  const found = [...text().matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, key]) => key);
  return [...new Set(found)];
}

function text() {
  return chosen()?.components.find(({ type }) => type === "BODY")?.text ?? "";
}

function show() {
  key = newKey();
  form.querySelector("button.primary").disabled = !templates.length;
  document.getElementById("template-text").textContent = text();
  document.getElementById("template-blanks").replaceChildren(...blanks().map((key) => {
    const box = document.createElement("div");
    box.className = "field";
    const label = document.createElement("label");
    label.htmlFor = `blank-${key}`;
    label.textContent = `{{${key}}}`;
    const input = document.createElement("input");
    Object.assign(input, { className: "input", id: label.htmlFor, name: `blank.${key}`, required: true, maxLength: 1024 });
    box.append(label, input);
    return box;
  }));
}
