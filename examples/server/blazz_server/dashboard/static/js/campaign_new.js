// Making a campaign: the file is looked at when it is chosen, and everything is tried out before
// anything is sent: each row, the first message, how long it takes.

import { fieldsOf, showProblem } from "./actions.js";
import { call } from "./api.js";
import { showFile, showTrial } from "./previews.js";

const PAUSE = 400;

const form = document.getElementById("campaign-form");
const { workspaceCall: base, then } = form?.dataset ?? {};
const file = document.getElementById("csv");
const drop = document.getElementById("drop");
const wrong = document.getElementById("csv-wrong");
let audience = null;
let waiting = 0;
let trying = false;
let again = false;

if (form) begin();

function begin() {
  file.addEventListener("change", upload);
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, () => drop.classList.add("over"));
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  form.addEventListener("input", ({ target }) => target !== file && trySoon());
  form.addEventListener("change", showKind);
  form.addEventListener("click", ({ target }) => {
    const column = target.closest("button[data-column]");
    if (column) putIn(column.dataset.column);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    create(event.submitter);
  });
  showKind();
}

async function upload() {
  const [chosen] = file.files;
  if (!chosen) return drop.removeAttribute("aria-busy");
  audience = null;
  wrong.textContent = "";
  drop.setAttribute("aria-busy", "true");
  document.getElementById("drop-text").textContent = `Reading ${chosen.name} …`;
  try {
    const uploaded = await call("POST", `${base}/audiences?filename=${encodeURIComponent(chosen.name)}`, chosen);
    if (chosen !== file.files[0]) return; // another one was chosen meanwhile
    audience = uploaded;
    document.getElementById("drop-text").textContent = chosen.name;
    showFile(audience);
    trySoon();
  } catch (problem) {
    if (chosen !== file.files[0]) return;
    document.getElementById("drop-text").textContent = "Choose another CSV file";
    wrong.textContent = problem.message;
  }
  drop.removeAttribute("aria-busy");
}

/** Put a column's placeholder where the cursor is. */
function putIn(column) {
  const text = document.getElementById("campaign-text");
  text.setRangeText(`{${column}}`, text.selectionStart, text.selectionEnd, "end");
  text.focus();
  trySoon();
}

function showKind() {
  const kind = form.elements.kind.value;
  for (const box of form.querySelectorAll("[data-kind]")) box.hidden = box.dataset.kind !== kind;
  trySoon();
}

/** What the form says, as the API takes it. */
function plan() {
  const { id, session, text, template, language, body, rate, start_at: startAt, phone, region } = fieldsOf(form);
  const filled = body ? body.split(",").map((value) => value.trim()) : [];
  const message = form.elements.kind.value === "text"
    ? { type: "text", body: text ?? "" }
    : { type: "template", name: template ?? "", language: language ?? "", body: filled };
  return {
    ...(id ? { id } : {}),
    sessions: [session],
    message,
    audience: { id: audience.id, ...(phone ? { phone } : {}), ...(region ? { region: region.toUpperCase() } : {}) },
    ...(rate ? { rate } : {}),
    ...(startAt ? { start_at: startAt } : {}),
  };
}

function trySoon() {
  clearTimeout(waiting);
  waiting = setTimeout(tryOut, PAUSE);
}

/** Try everything out. The whole file is read for it, so it is done once at a time. */
async function tryOut() {
  if (!audience) return;
  if (trying) { again = true; return; }
  const wanted = plan();
  const said = wanted.message.body.length || wanted.message.name;
  if (!said) return;
  trying = true;
  try {
    showTrial(await call("POST", `${base}/campaigns/preview`, { ...wanted, id: wanted.id ?? "preview" }));
  } catch (problem) {
    showTrial(null, problem.message);
  }
  trying = false;
  if (again) { again = false; tryOut(); }
}

async function create(button) {
  const asked = document.getElementById("campaign-consent-wrong");
  wrong.textContent = audience ? "" : "Choose a file first.";
  asked.textContent = form.elements.consent.checked ? "" : "Please confirm; people who did not ask for it block numbers.";
  if (!audience) return file.focus();
  if (!form.checkValidity()) return form.reportValidity();
  if (!form.elements.consent.checked) return form.elements.consent.focus();
  button.setAttribute("aria-busy", "true");
  try {
    const made = await call("POST", `${base}/campaigns`, { ...plan(), start: button.value !== "later" });
    location.assign(`${then}/${encodeURIComponent(made.id)}`);
  } catch (problem) {
    showProblem(form, problem);
    button.removeAttribute("aria-busy");
  }
}
