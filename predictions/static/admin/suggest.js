// Keys are offered as one types them: a list for each field that says where they come from.
for (const field of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("datalist");
  list.id = `${field.id}-offered`;
  field.after(list);
  field.setAttribute("list", list.id);
  let last = "";
  field.addEventListener("input", async () => {
    const term = field.value.trim();
    if (!term || term === last) return;
    last = term;
    const answer = await fetch(`${field.dataset.suggest}?term=${encodeURIComponent(term)}`);
    if (!answer.ok || term !== last) return;
    const { results } = await answer.json();
    list.replaceChildren(
      ...results.map(({ key, text }) => {
        const option = document.createElement("option");
        option.value = key;
        option.textContent = text;
        return option;
      }),
    );
  });
}
