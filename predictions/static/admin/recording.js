// Comfort on the recording pages: rows are added in place, hedge words are read as they are
// written, and near-duplicates of a new question are shown before it is sent.

import { comboboxes, find } from "./combobox.js";

const form = document.querySelector(".pl-recording");

function addRow(section) {
  const total = section.querySelector("input[name$='-TOTAL_FORMS']");
  const most = Number(section.querySelector("input[name$='-MAX_NUM_FORMS']").value);
  const number = Number(total.value);
  if (number >= most) return;
  const empty = section.querySelector("template[data-empty]");
  const around = document.createElement("div");
  around.innerHTML = empty.innerHTML.replaceAll("__prefix__", String(number));
  const row = around.firstElementChild;
  row.querySelector("[data-number]").textContent = String(number + 1);
  empty.before(row);
  total.value = String(number + 1);
  comboboxes(row);
  row.querySelector("input:not([type=hidden]), textarea").focus();
}

// The field of a name in the row of another field: `predictions-0-hedge` → `predictions-0-phrase`.
const beside = (field, name) => form.elements[field.name.replace(/[a-z_]+$/, name)];

async function readHedge(hedge) {
  const phrase = beside(hedge, "phrase");
  if (!phrase || !hedge.value.trim() || (phrase.value && !phrase.dataset.read)) return;
  const rows = await find(form.dataset.findHedge, hedge.value);
  if (!rows) return;
  const told = phrase.closest(".pl-field").querySelector(".pl-found");
  told.textContent = rows.map((row) => row.text).join("; ") || "Not in the lexicon";
  phrase.value = rows.length === 1 ? rows[0].value : "";
  phrase.dataset.read = "by itself";
  if (rows.length && !beside(hedge, "basis").value) beside(hedge, "basis").value = "verbal";
}

function answer(name, value, words) {
  const label = document.createElement("label");
  const radio = document.createElement("input");
  Object.assign(radio, { type: "radio", name, value });
  label.append(radio, ` ${words}`);
  return label;
}

async function showAlike(text) {
  const place = text.closest("[data-row]").querySelector("[data-alike]");
  const rows = await find(form.dataset.findAlike, text.value);
  if (!rows) return;
  const name = text.name.replace(/text$/, "alike");
  if (!rows.length) {
    place.replaceChildren(Object.assign(document.createElement("input"), { type: "hidden", name }));
    return;
  }
  const group = document.createElement("fieldset");
  group.className = "pl-field pl-alike";
  const legend = document.createElement("legend");
  legend.textContent = "Did you mean a recorded question?";
  const keys = rows.map((row) => row.value).join(",");
  const uses = rows.map((row) => answer(name, `use:${row.value}`, `Use ${row.value}: ${row.text}`));
  group.append(legend, ...uses, answer(name, `new:${keys}`, "No, it is new"));
  place.replaceChildren(group);
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  if (!button) return;
  event.preventDefault();
  addRow(button.closest("section"));
});
form.addEventListener("change", ({ target }) => {
  if (/^predictions-\d+-hedge$/.test(target.name)) readHedge(target);
  if (/^predictions-\d+-phrase$/.test(target.name)) delete target.dataset.read;
  if (/^questions-\d+-text$/.test(target.name)) showAlike(target);
});

document.getElementById("preview")?.focus();
