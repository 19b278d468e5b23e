// The desk without a pointer: walk the rows that are due, choose some, say that they are still open, or snooze.

const form = document.querySelector("form[data-rows]");
const rows = form ? [...form.querySelectorAll("tbody tr")] : [];
let current = -1;

function go(to) {
  if (!rows.length) return;
  current = Math.min(Math.max(to, 0), rows.length - 1);
  rows[current].querySelector("a").focus();
  rows[current].scrollIntoView({ block: "nearest" });
}

function tick(row, on) {
  const box = row.querySelector("input[type=checkbox]");
  box.checked = on ?? !box.checked;
}

// What is acted on: the chosen, or else the row somebody is at.
function choose() {
  if (!rows.some((row) => row.querySelector("input[type=checkbox]").checked)) tick(rows[Math.max(current, 0)], true);
}

function stillOpen() {
  if (!rows.length) return;
  choose();
  const note = form.querySelector("[name=note]");
  note.focus();
  note.select();
}

function snooze() {
  const button = form?.querySelector("[data-snooze]");
  if (!rows.length || !button) return;
  choose();
  button.click();
}

const keys = {
  j: () => go(current + 1),
  k: () => go(current - 1),
  x: () => current >= 0 && tick(rows[current]),
  s: stillOpen,
  z: snooze,
  o: () => rows[Math.max(current, 0)]?.querySelector("[data-decide]")?.click(),
};

for (const [number, row] of rows.entries()) row.addEventListener("focusin", () => { current = number; });

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
