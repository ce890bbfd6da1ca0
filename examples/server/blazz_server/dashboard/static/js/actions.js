// Buttons and forms that call the API, as their attributes say; dialogs that ask first.
//
// data-api="POST /v1/…"   the call; a form sends its fields as JSON, a button data-body
// data-confirm, data-sure a question before it, and the button that says yes
// data-then               where to go after it; {name} is a field of the answer, "#" stays here
// data-said               what to tell when it is done
// data-secret             the field of the answer that is shown once

import { call } from "./api.js";
import { notify } from "./notices.js";

/** Listen for all of them, also those that come later. */
export function listen() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { open, copy, api } = button.dataset;
    if (open) openDialog(open);
    else if ("close" in button.dataset) button.closest("dialog").close();
    else if (copy) copyText(button, copy);
    else if (api) act(button, button, () => read(button.dataset.body));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-api]");
    if (!form) return;
    event.preventDefault();
    act(form, form.querySelector("button:not([type])"), () => fieldsOf(form));
  });
  document.addEventListener("change", ({ target }) => {
    if (target.matches("select[data-go]")) location.assign(target.value);
    if (target.matches("[type=radio]")) showWhen(target.form);
  });
  document.querySelectorAll("form").forEach(showWhen);
}

/** Open a dialog; the browser keeps the focus in it, and gives it back afterwards. */
export function openDialog(id) {
  const dialog = document.getElementById(id);
  dialog.showModal();
  dialog.querySelector("input:not([type=hidden]), select, textarea")?.focus();
}

/** Ask before something that cannot be taken back. */
export function sure(text, yes = "Yes", { grave = false } = {}) {
  const dialog = document.getElementById("confirm");
  document.getElementById("confirm-text").textContent = text;
  document.getElementById("confirm-title").textContent = `${yes}?`;
  const button = document.getElementById("confirm-yes");
  button.textContent = yes;
  button.classList.toggle("grave", grave);
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** The fields of a form as JSON: `a.b` is a field within a field, `a[]` a list, nothing is left out. */
export function fieldsOf(form) {
  const body = {};
  for (const element of form.elements) {
    const { name, type } = element;
    if (!name || element.closest("[hidden]") || (/radio|checkbox/.test(type) && !element.checked)) continue;
    let value = element.value.trim();
    if (value === "" || type === "file") continue;
    if (type === "number") value = Number(value);
    if (type === "datetime-local") value = new Date(value).toISOString();
    put(body, name, value);
  }
  return body;
}

/** Say at each field what is wrong with it, and the rest as a notice. */
export function showProblem(form, problem) {
  const told = new Set();
  for (const wrong of form.querySelectorAll("[data-wrong]")) {
    const found = problem.errors.find(({ field }) => field.split(".").slice(1).join(".") === wrong.dataset.wrong
      || field.endsWith(`.${wrong.dataset.wrong}`));
    const input = form.elements[wrong.dataset.wrong];
    wrong.textContent = found?.message ?? "";
    if (input instanceof Element) input.toggleAttribute("aria-invalid", Boolean(found));
    if (found) {
      if (input instanceof Element) input.setAttribute("aria-invalid", "true");
      told.add(found);
    }
  }
  if (!told.size) notify(problem.message, { bad: true });
  else form.querySelector("[aria-invalid=true]")?.focus();
}

async function act(element, button, bodyOf) {
  const { api, confirm, sure: yes, then, said, secret } = element.dataset;
  if (button?.getAttribute("aria-busy") || (confirm && !(await sure(confirm, yes, { grave: element.matches(".danger") })))) return;
  const [method, path] = api.split(" ");
  button?.setAttribute("aria-busy", "true");
  try {
    const answer = await call(method, path, bodyOf());
    element.closest("dialog")?.close();
    if (element.matches("form")) element.reset();
    if (said) notify(said);
    element.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: answer }));
    if (secret) showSecret(element, answer[secret]);
    else if (then !== undefined && then !== "#") location.assign(fill(then, answer) || location.href);
    else if (document.querySelector("[data-part]")) document.dispatchEvent(new Event("changed"));
    else location.reload();
  } catch (problem) {
    if (element.matches("form") && problem.errors) showProblem(element, problem);
    else notify(problem.message, { bad: true });
  } finally {
    button?.removeAttribute("aria-busy");
  }
}

function showSecret(element, value) {
  document.getElementById("secret-text").textContent = element.dataset.secretText ?? "";
  document.getElementById("secret-value").textContent = value;
  const dialog = document.getElementById("secret");
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.getElementById("secret-done").onclick = () => location.reload();
  dialog.showModal();
}

async function copyText(button, id) {
  const source = document.getElementById(id);
  try {
    await navigator.clipboard.writeText(source.textContent);
    notify("Copied.");
  } catch {
    getSelection().selectAllChildren(source);
    notify("It is selected; copy it with the keyboard.");
  }
}

/** Show what belongs to the choice that is made: data-when names its value. */
function showWhen(form) {
  for (const box of form?.querySelectorAll("[data-when]") ?? []) {
    const wanted = box.dataset.when.split(" ");
    const chosen = [...form.querySelectorAll("[type=radio]:checked")].some(({ value }) => wanted.includes(value));
    box.hidden = !chosen;
  }
}

function put(body, name, value) {
  const parts = name.split(".");
  const last = parts.pop();
  const place = parts.reduce((within, part) => (within[part] ??= {}), body);
  if (last.endsWith("[]")) (place[last.slice(0, -2)] ??= []).push(value);
  else place[last] = value;
}

function fill(pattern, answer) {
  return pattern.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer[name] ?? ""));
}

function read(text) {
  return text ? JSON.parse(text) : undefined;
}
