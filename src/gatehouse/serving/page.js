"use strict";
// What comes from a schema, a user or the server is only ever set as text: nothing here reads HTML.
const about = JSON.parse(document.getElementById("about").textContent);
const byId = (id) => document.getElementById(id);
const fields = new Map();

function made(kind, text = "", attributes = {}) {
  const element = document.createElement(kind);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function choices(column) {
  const select = made("select");
  const levels = column.required ? ["true", "false"] : ["", "true", "false"];
  for (const level of levels) select.append(made("option", level || "(missing)", { value: level }));
  return select;
}

// A text field with suggestions, not a list to choose from: a category that the schema does not know may be tried.
function typed(column, id) {
  const number = column.kind === "number" || column.kind === "integer";
  const input = made("input", "", { type: "text", autocomplete: "off", inputmode: number ? "decimal" : "text" });
  if (column.categories) {
    const list = made("datalist", "", { id: `${id}-levels` });
    for (const level of column.categories) list.append(made("option", "", { value: level }));
    input.setAttribute("list", list.id);
    return [input, list];
  }
  return [input];
}

function addField(column, number) {
  const id = `field-${number}`;
  const parts = column.kind === "boolean" ? [choices(column)] : typed(column, id);
  const input = parts[0];
  input.id = id;
  input.name = column.name;
  input.setAttribute("aria-describedby", `${id}-note`);
  const takes = `Takes ${column.takes}${column.required ? "" : ", or nothing"}.`;
  const note = column.description ? `${column.description.replace(/\.$/, "")}. ${takes}` : takes;
  const box = made("div");
  box.append(made("label", column.name, { for: id }), ...parts, made("small", note, { id: `${id}-note` }));
  byId("fields").append(box);
  fields.set(column.name, { column, input });
  input.addEventListener("input", showCurl);
}

// What was typed is sent as it is where it is no number, so that the server says what it expected.
function value(column, text) {
  if (column.kind === "boolean") return text === "true";
  if (column.kind !== "number" && column.kind !== "integer") return text;
  // JSON has no Infinity, and what is written for it would be a missing value.
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function row() {
  const found = {};
  for (const [name, { column, input }] of fields) {
    if (input.value !== "") found[name] = value(column, input.value);
  }
  return found;
}

function fill(example) {
  for (const [name, { input }] of fields) {
    const given = example[name];
    input.value = given === undefined || given === null ? "" : String(given);
  }
  showCurl();
}

function showCurl() {
  const body = JSON.stringify(row()).replaceAll("'", "'\\''");
  byId("curl").textContent =
    `curl -X POST ${location.origin}/predict \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`;
}

function scores(found) {
  const list = made("dl");
  for (const [label, score] of Object.entries(found).sort((one, other) => other[1] - one[1])) {
    const bar = made("progress", "", { max: "1", value: String(score), "aria-label": label });
    const cell = made("dd");
    cell.append(bar);
    list.append(made("dt", label), cell, made("dd", score.toFixed(4)));
  }
  return list;
}

function answered(answer) {
  const parts = [made("p", String(answer.predictions[0]), { class: "prediction", id: "prediction" })];
  if (answer.fallback) parts.push(made("p", "The model failed: this is its fallback's answer.", { class: "wrong" }));
  if (answer.scores[0]) parts.push(scores(answer.scores[0]));
  parts.push(made("p", `Model ${answer.model_version}, request ${answer.request_id}`, { class: "note" }));
  return parts;
}

function refused(status, answer) {
  const parts = [made("p", `${status}: ${answer.error}`, { class: "wrong", id: "error" })];
  const list = made("ul");
  for (const problem of answer.problems || []) {
    list.append(made("li", `${problem.path}: expected ${problem.expected}`));
    for (const [name, { input }] of fields) {
      if (problem.path === `$.${name}` || problem.path === `$[${JSON.stringify(name)}]`) {
        input.setAttribute("aria-invalid", "true");
      }
    }
  }
  return [...parts, list];
}

async function predict(event) {
  event.preventDefault();
  for (const { input } of fields.values()) input.removeAttribute("aria-invalid");
  const headers = { "Content-Type": "application/json" };
  try {
    const response = await fetch("/predict", { method: "POST", headers, body: JSON.stringify(row()) });
    const answer = await response.json();
    byId("answer").replaceChildren(...(response.ok ? answered(answer) : refused(response.status, answer)));
  } catch (error) {
    byId("answer").replaceChildren(made("p", `The server did not answer: ${error.message}`, { class: "wrong" }));
  }
}

byId("version").textContent = about.version;
about.columns.forEach(addField);
for (const { name, row: example } of about.examples) {
  const button = made("button", name, { type: "button" });
  button.addEventListener("click", () => fill(example));
  byId("examples").append(button);
}
byId("row").addEventListener("submit", predict);
fill(about.examples[0].row);
