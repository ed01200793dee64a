/* Around the order list, each part bound by a data- hook:

   data-finder          a form of many fields: its [data-find] box narrows its [data-find-in] parts
   data-watch           a hidden link that asks for news once a minute while the page is to be seen, until there are
                        some in the part before it
   data-arrange         a list whose [data-arrange-item] rows can be dragged, beside their buttons for up and down;
                        data-arrange-send: the address that is told the data-row of each when one was dropped */

const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

/* a box that narrows what stands below it */

document.addEventListener("input", (event) => {
  const box = event.target.closest("[data-find]");
  if (!box) return;
  const form = box.closest("[data-finder]");
  const wanted = box.value.trim().toLowerCase();
  for (const part of $$("[data-find-in]", form)) {
    part.classList.toggle("away", wanted !== "" && !part.textContent.toLowerCase().includes(wanted));
  }
  for (const group of $$("[data-find-group]", form)) {
    group.classList.toggle("away", !group.querySelector("[data-find-in]:not(.away)"));
  }
});

function revealBoxes() {
  for (const box of $$("[data-find][hidden]")) {
    box.hidden = false;
    // Not from somebody who just moved a column, nor past the filter that was asked for.
    if (!box.form.contains(document.activeElement) && !box.form.querySelector(".f1[open]")) box.focus();
  }
}

/* rows that are dragged to another place */

let held = null;

function makeDraggable() {
  for (const row of $$("[data-arrange] [data-arrange-item]")) row.draggable = true;
}

document.addEventListener("dragstart", (event) => {
  held = event.target.closest?.("[data-arrange-item]") ?? null;
  held?.classList.add("held");
});
document.addEventListener("dragover", (event) => {
  const over = event.target.closest?.("[data-arrange-item]");
  if (!held || !over || over.parentElement !== held.parentElement) return;
  event.preventDefault();
  const middle = over.getBoundingClientRect().top + over.offsetHeight / 2;
  if (over !== held) over[event.clientY < middle ? "before" : "after"](held);
});
document.addEventListener("dragend", () => {
  held?.classList.remove("held");
  const list = held?.closest("[data-arrange-send]");
  held = null;
  if (list) sendOrder(list);
});

function sendOrder(list) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = list.dataset.arrangeSend;
  const add = (name, value) => {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  };
  add("csrfmiddlewaretoken", document.querySelector("input[name=csrfmiddlewaretoken]").value);
  for (const row of $$("[data-row]", list)) add("row", row.dataset.row);
  document.body.append(form);
  form.submit();
}

/* what is new, asked quietly */

setInterval(() => {
  if (document.visibilityState !== "visible") return;
  for (const link of $$("[data-watch]")) {
    if (!link.previousElementSibling.textContent.trim()) link.dispatchEvent(new Event("look"));
  }
}, 60000);

function prepare() {
  revealBoxes();
  makeDraggable();
}

document.addEventListener("htmx:afterSettle", prepare);
prepare();
