/* Rows that can be dragged to another place. Everything works by the buttons in the row, too.

   data-arrange="key"        a table whose rows have data-code
   data-arrange-form="key"   the form that saves the codes in their new order                                    */

for (const table of document.querySelectorAll("[data-arrange]")) {
  const form = document.querySelector(`[data-arrange-form="${table.dataset.arrange}"]`);
  const rows = () => [...table.querySelectorAll("tr[data-code]")];
  let dragged = null;

  for (const row of rows()) row.draggable = true;

  table.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("tr[data-code]");
    dragged.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.code);
  });
  table.addEventListener("dragover", (event) => {
    const over = event.target.closest("tr[data-code]");
    if (!dragged || !over) return;
    event.preventDefault();
    for (const row of rows()) row.classList.toggle("target", row === over && row !== dragged);
  });
  table.addEventListener("drop", (event) => {
    const over = event.target.closest("tr[data-code]");
    if (!dragged || !over || over === dragged) return;
    event.preventDefault();
    // Downwards it lands behind the row it is dropped on, upwards before it.
    const all = rows();
    if (all.indexOf(dragged) < all.indexOf(over)) over.after(dragged);
    else over.before(dragged);
    form.elements.codes.value = rows().map((row) => row.dataset.code).join(" ");
    form.requestSubmit();
  });
  table.addEventListener("dragend", () => {
    for (const row of rows()) row.classList.remove("dragged", "target");
    dragged = null;
  });
}
