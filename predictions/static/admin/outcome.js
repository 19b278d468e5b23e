// Keys for deciding questions. The page works without this file; a person may switch single keys off.

const form = document.getElementById("decide");
const keys = document.getElementById("keys");
const single = document.getElementById("single-keys");
const event = document.getElementById("new-event");
const confirm = document.querySelector("[data-confirm]");
const SWITCH = "prediction-ledger.single-keys";

const TYPED = "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])";

function choose(field) {
  if (!field) return;
  if (field.tagName === "OPTION") {
    field.selected = true;
    field = field.closest("select");
  } else {
    field.checked = true;
  }
  field.focus();
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

// The row that somebody is in; else the first that is not answered yet.
function row() {
  const rows = [...form.querySelectorAll("[data-row]")];
  const within = document.activeElement?.closest("[data-row]");
  const isOpen = (one) => !one.querySelector("input[type=radio]:checked:not([value=''])");
  return within ?? rows.find(isOpen) ?? rows.at(-1) ?? form;
}

function answer(value) {
  const wanted = `[name$=answer][value${value}], [name$=answer] > option[value${value}]`;
  choose(row().querySelector(wanted));
}

function show(details) {
  details.open = true;
  (details.querySelector("input, textarea") ?? details).focus();
}

const ACTS = {
  y: () => answer("='yes'"),
  n: () => answer("='no'"),
  v: () => answer("^='void:'"),
  e: () => event && show(event),
  "?": () => {
    keys.open = !keys.open;
    keys.querySelector("summary").focus();
  },
};

function send() {
  const adding = event?.open && event.contains(document.activeElement);
  const button = adding ? event.querySelector("[data-add]") : confirm && !confirm.disabled ? confirm : null;
  form.requestSubmit(button ?? form.querySelector("[data-see]"));
}

document.addEventListener("keydown", (pressed) => {
  if ((pressed.ctrlKey || pressed.metaKey) && pressed.key === "Enter") {
    pressed.preventDefault();
    send();
    return;
  }
  const held = pressed.ctrlKey || pressed.metaKey || pressed.altKey;
  if (held || !single.checked || pressed.target.matches(TYPED)) return;
  const act = ACTS[pressed.key];
  if (!act) return;
  pressed.preventDefault();
  act();
});

// Enter in a field of the new event adds it, as in a form of its own.
event?.addEventListener("keydown", (pressed) => {
  if (pressed.key !== "Enter" || pressed.ctrlKey || !pressed.target.matches("input")) return;
  pressed.preventDefault();
  form.requestSubmit(event.querySelector("[data-add]"));
});

form.addEventListener("click", (clicked) => {
  const day = clicked.target.closest("[data-day]")?.dataset.day;
  if (!day) return;
  clicked.preventDefault();
  const field = form.elements.settled_on;
  field.value = day;
  field.focus();
  field.dispatchEvent(new Event("change", { bubbles: true }));
});

// What was seen is no longer what would be sent.
for (const kind of ["input", "change"]) {
  form.addEventListener(kind, ({ target }) => {
    if (!confirm || target === single || event?.contains(target)) return;
    confirm.disabled = true;
    document.getElementById("stale").hidden = false;
  });
}

// Where the reading goes on: what it would do, or what is wrong.
(document.getElementById("preview") ?? document.querySelector(".pl-wrong :is(input, select, textarea)"))?.focus();
keys.hidden = false;
single.checked = localStorage.getItem(SWITCH) !== "off";
single.addEventListener("change", () => localStorage.setItem(SWITCH, single.checked ? "on" : "off"));
