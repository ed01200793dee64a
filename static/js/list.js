/* Around the order list, each part bound by a data- hook:

   data-finder          a form of many fields: its [data-find] box narrows its [data-find-in] parts */

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
    box.focus();
  }
}

document.addEventListener("htmx:afterSettle", revealBoxes);
revealBoxes();
