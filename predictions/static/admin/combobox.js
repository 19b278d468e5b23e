// A text field that offers what it could mean while somebody types: the combobox of ARIA 1.2 with
// a list. What is written in the field is all that is sent, so it works as well without this file.

const PAUSE = 200;
let made = 0;

export function combobox(input) {
  if (input.dataset.combobox) return;
  input.dataset.combobox = "on";
  const list = document.createElement("ul");
  list.id = `options-${(made += 1)}`;
  list.className = "pl-options";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  const told = document.createElement("div");
  told.className = "pl-found";
  told.setAttribute("role", "status");
  const around = document.createElement("div");
  around.className = "pl-combobox";
  input.replaceWith(around);
  around.append(input, list);
  around.after(told);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);

  let active = -1;
  let waiting = 0;
  let asked = 0;

  const options = () => [...list.children];

  function mark(index) {
    active = index;
    options().forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", options()[index].id);
      options()[index].scrollIntoView({ block: "nearest" });
    }
  }

  function close() {
    clearTimeout(waiting);
    asked += 1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  function choose(option) {
    input.value = option.dataset.value;
    told.textContent = option.dataset.text;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function show(rows) {
    list.replaceChildren(
      ...rows.map((row, at) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${at}`;
        option.setAttribute("role", "option");
        option.dataset.value = row.value;
        option.dataset.text = row.text;
        const key = document.createElement("b");
        key.textContent = row.value;
        option.append(key, ` ${row.text}`);
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault();
          choose(option);
        });
        return option;
      }),
    );
    mark(-1);
    list.hidden = rows.length === 0;
    input.setAttribute("aria-expanded", String(rows.length > 0));
    told.textContent = rows.length ? `${rows.length} found` : "Nothing found by this";
  }

  async function look() {
    const turn = (asked += 1);
    const rows = await find(input.dataset.find, input.value);
    if (turn === asked && rows && document.activeElement === input) show(rows);
  }

  input.addEventListener("input", () => {
    clearTimeout(waiting);
    told.textContent = "";
    if (input.value.trim()) waiting = setTimeout(look, PAUSE);
    else close();
  });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    const count = list.hidden ? 0 : options().length;
    if (event.key === "Escape" && count) close();
    else if (event.key === "ArrowDown" && !count) look();
    else if (event.key === "ArrowDown") mark((active + 1) % count);
    else if (event.key === "ArrowUp" && count) mark((active - 1 + count) % count);
    else if (event.key === "Enter" && count && active >= 0) choose(options()[active]);
    else return;
    event.preventDefault();
  });
}

// The rows that an address finds; null where it does not answer, and nothing is offered then.
export async function find(address, words) {
  try {
    const answer = await fetch(`${address}?q=${encodeURIComponent(words)}`);
    return answer.ok ? (await answer.json()).results : null;
  } catch {
    return null;
  }
}

export function comboboxes(within) {
  within.querySelectorAll("input[data-find]").forEach(combobox);
}

comboboxes(document);
