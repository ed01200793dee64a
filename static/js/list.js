/* Around the order list, each part bound by a data- hook:

   data-finder          a form of many fields: its [data-find] box narrows its [data-find-in] parts
   data-watch           a hidden link that asks for news once a minute while the page is to be seen, until there are
                        some in the part before it
   data-arrange         a list whose [data-arrange-item] rows can be dragged, beside their buttons for up and down;
                        data-arrange-send: the address that is told the data-row of each when one was dropped
   a.dots               the way to a row's menu: opens beside it instead                                            */

const $ = (selector, from = document) => from.querySelector(selector);
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

/* the menu of a row: one for the page, filled from the address that the row's link leads to */

let menu = null;
let opener = null;
let pressed = null;

function closeMenu() {
  const last = menu;
  menu = null;
  opener?.removeAttribute("aria-expanded");
  if (last?.contains(document.activeElement)) opener.focus();
  opener = null;
  last?.remove();
}

/* Under its link, above it where there is no room; a phone shows it at its lower edge. */
function place() {
  const at = opener.getBoundingClientRect();
  const below = at.bottom + 4;
  const top = below + menu.offsetHeight > innerHeight - 8 ? at.top - menu.offsetHeight - 4 : below;
  menu.style.setProperty("--y", `${Math.max(8, top)}px`);
  menu.style.setProperty("--x", `${Math.max(8, at.right - menu.offsetWidth)}px`);
}

const entries = () => $$("a, button:not([hidden]), input:not([type=hidden])", menu);

async function openMenu(link) {
  opener = link;
  const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
  if (!answer.ok || answer.redirected) { location.href = link.href; return; }
  const content = await answer.text();
  // Another one was asked for meanwhile, or the list is another by now.
  if (opener !== link || !link.isConnected) return;
  menu = document.createElement("div");
  menu.className = "pop row-menu";
  menu.popover = "auto";
  menu.setAttribute("role", "group");
  menu.setAttribute("aria-label", link.getAttribute("aria-label"));
  menu.innerHTML = content;
  const title = document.createElement("h2");
  title.textContent = $("a.id", link.closest("tr")).textContent;
  menu.prepend(title);
  for (const copy of $$("[data-copy]", menu)) copy.hidden = false;
  menu.addEventListener("toggle", (event) => { if (event.newState === "closed" && event.target === menu) closeMenu(); });
  // The file comes, or the next page: either way the menu is done.
  menu.addEventListener("submit", () => setTimeout(closeMenu));
  $("#main").append(menu);
  link.setAttribute("aria-expanded", "true");
  menu.showPopover();
  place();
  entries()[0].focus({ preventScroll: true });
}

document.addEventListener("pointerdown", (event) => {
  // Its own press closes a menu, and the click that follows must not open it again.
  pressed = menu && event.target.closest(".dots") === opener ? opener : null;
}, true);

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.dots");
  const isForUs = link && "popover" in link && !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  if (!isForUs) return;
  event.preventDefault();
  const isSecond = pressed === link;
  pressed = null;
  if (menu) closeMenu();
  if (!isSecond) openMenu(link).catch(() => { location.href = link.href; });
});

document.addEventListener("keydown", (event) => {
  if (!menu?.contains(event.target)) return;
  const all = entries();
  const at = all.indexOf(event.target);
  const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at || all.length) - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    all[to].focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    closeMenu();
  } else if (event.key === "Tab" && at === (event.shiftKey ? 0 : all.length - 1)) {
    // Back to its link, from where the key goes on to what stands beside that.
    closeMenu();
  }
});

addEventListener("scroll", () => { if (menu) place(); }, { capture: true, passive: true });
addEventListener("resize", () => { if (menu) closeMenu(); });

/* An action of that menu leads back to its row, where the next one is a key away. */
function returnToRow() {
  const number = location.hash.slice(1);
  const row = $$("[data-rows] input[name=order]").find((box) => box.value === number)?.closest("tr");
  if (!row) return;
  $("a.id", row).focus();
  history.replaceState(history.state, "", location.pathname + location.search);
}

/* what is new, asked quietly */

setInterval(() => {
  if (document.visibilityState !== "visible") return;
  for (const link of $$("[data-watch]")) {
    if (!link.previousElementSibling.textContent.trim()) link.dispatchEvent(new Event("look"));
  }
}, 60000);

function prepare() {
  // The list was swapped under its menu.
  if (opener && !opener.isConnected) closeMenu();
  revealBoxes();
  makeDraggable();
}

document.addEventListener("htmx:afterSettle", prepare);
prepare();
returnToRow();
