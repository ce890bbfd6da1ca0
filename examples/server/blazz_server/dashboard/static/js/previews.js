// Shows a file that was uploaded, and what a campaign would do with it.

const ROWS = 5;
const REJECTS = 8;

/** Show the first rows of a file, and its columns as buttons. */
export function showFile({ columns, rows, phone }) {
  const head = element("thead", element("tr", ...columns.map((name) => cell("th", name, { scope: "col" }))));
  const body = element("tbody", ...rows.slice(0, ROWS).map((row) => element("tr", ...row.map((value) => cell("td", value)))));
  document.getElementById("preview-rows").replaceChildren(head, body);
  const choice = document.getElementById("campaign-phone");
  choice.replaceChildren(...columns.map((name) => {
    const option = cell("option", name);
    option.selected = name === phone;
    return option;
  }));
  document.getElementById("placeholders").replaceChildren(...columns.map((name) => {
    const button = cell("button", `{${name}}`, { type: "button", class: "button small", "data-column": name });
    button.setAttribute("aria-label", `Put in ${name}`);
    return button;
  }));
  document.getElementById("preview").hidden = false;
}

/** Show what a campaign would do; null: it cannot be told, and why. */
export function showTrial(told, problem = "") {
  const numbers = document.getElementById("preview-numbers");
  const problems = document.getElementById("preview-problems");
  const box = document.getElementById("sample-box");
  if (!told) {
    numbers.replaceChildren();
    problems.replaceChildren(note("bad", problem));
    box.hidden = true;
    return;
  }
  numbers.replaceChildren(
    number(told.rows_read, "Rows"),
    number(told.recipients, "Recipients"),
    number(told.rejected, "Cannot be sent to"),
    number(told.duplicates, "Twice in the file"),
    ...(told.duration_seconds === null ? [] : [figure(length(told.duration_seconds), "It takes about")]),
  );
  problems.replaceChildren(
    ...told.problems.map((text) => note("bad", text)),
    ...told.warnings.map((text) => note("doubt", text)),
    ...(told.rejects.length ? [rejects(told.rejects)] : []),
  );
  const [first] = told.samples;
  box.hidden = !first;
  if (first) document.getElementById("sample").textContent = sampleText(first.message);
}

function rejects(rows) {
  const head = element("thead", element("tr", ...["Line", "Why it is left out"].map((name) => cell("th", name, { scope: "col" }))));
  const body = element("tbody", ...rows.slice(0, REJECTS).map(({ line, reason }) => element("tr", cell("td", line), cell("td", reason))));
  const table = element("table", cell("caption", "Rows that are left out", { class: "unseen" }), head, body);
  table.className = "table";
  return table;
}

function sampleText({ type, body, name }) {
  if (type !== "template") return body;
  const values = Array.isArray(body) ? body : Object.values(body ?? {});
  return values.length ? `${name}: ${values.join(", ")}` : name;
}

function number(value, label) {
  return figure(value.toLocaleString(), label);
}

function figure(value, label) {
  const box = element("div", cell("b", value), cell("span", label));
  box.className = "number";
  return box;
}

function note(kind, text) {
  const box = element("div", cell("div", text));
  box.className = `note ${kind}`;
  return box;
}

function length(seconds) {
  if (seconds < 100) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

function cell(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function element(name, ...children) {
  const made = document.createElement(name);
  made.append(...children);
  return made;
}
