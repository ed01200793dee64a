/* Everything here makes something quicker that already works as a link or a form.
   Each part is bound by a data- hook:

   data-search                the search box: `/` goes there
   data-dialog                a link whose page's [data-dialog-part] is shown in a dialog; data-help: by `?` too
   data-menu                  a <details> that closes by Esc or a click elsewhere
   data-rows                  a table of orders: j k x Enter, . for the menu of a row, select-all in its head, Shift
                              for a range
   data-selected              text of the selection's size, data-one / data-many with "%n"
   data-clear                 a button that clears the selection
   data-key="s"               a link, button, summary or field that this single key presses or goes to
   data-unsaved               a form that warns before it is left; data-unsaved-hint inside it is shown,
                              data-aside: a field in it that is not kept
   data-copy, data-copy-from  a button that copies its text, or that of the element with that id
   data-show-password         a button for the field with that id
   data-digits                a form of one code: spaces in it are dropped
   data-theme-form            the theme is applied at once, saved behind the scenes
   data-notice                a message: data-dismiss closes it, data-fades lets it go after 8 s
   data-print                 a button that prints the page
   data-say                   the live region for what script has to tell
   data-tell                  in a part htmx swaps in: the words that region then speaks
   data-quiet                 a part htmx may fill unasked: it takes no focus and speaks for itself              */

const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const words = () => document.body.dataset;

function say(text) {
  const region = $("[data-say]");
  region.textContent = "";
  // A region that is emptied and filled in one go stays silent in some screen readers.
  setTimeout(() => { region.textContent = text; }, 60);
}

/* menus */

function closeMenus(except) {
  for (const menu of $$("details[data-menu][open]")) if (!menu.contains(except)) menu.open = false;
}

function closeMenuByKey() {
  const menu = $$("details[data-menu][open]").pop();
  if (!menu) return false;
  menu.open = false;
  $("summary", menu).focus();
  return true;
}

document.addEventListener("click", (event) => closeMenus(event.target));

/* dialogs: the part of another page, over this one */

async function openDialog(link) {
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const part = $("[data-dialog-part]", page);
  if (!answer.ok || !part) { location.href = link.href; return; }
  const dialog = document.createElement("dialog");
  const head = document.createElement("div");
  const title = document.createElement("h2");
  const close = document.createElement("button");
  const body = document.createElement("div");
  head.className = "h";
  body.className = "b";
  title.textContent = $("h1", page)?.textContent ?? "";
  title.id = "dialog-title";
  close.className = "btn ghost sm";
  close.textContent = words().wordsClose;
  close.addEventListener("click", () => dialog.close());
  head.append(title, close);
  body.append(document.importNode(part, true));
  dialog.append(head, body);
  dialog.setAttribute("aria-labelledby", title.id);
  // The forms in it lead back to this page, not to the one it was taken from.
  for (const next of $$("input[name=next]", dialog)) next.value = location.pathname + location.search;
  dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  openDialog(link).catch(() => { location.href = link.href; });
});

/* the order list */

const rows = () => $$("[data-rows] tbody tr");
const box = (row) => row && $("td.sel input[type=checkbox]", row);
const rowAt = () => document.activeElement?.closest("[data-rows] tbody tr");
let lastBox = null;

function walk(step) {
  const all = rows();
  const at = all.indexOf(rowAt());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
  $("a.id", next ?? document.createElement("i"))?.focus();
}

function select(chosen, checked, range) {
  const all = rows().map(box).filter(Boolean);
  const from = range && lastBox ? all.indexOf(lastBox) : -1;
  const to = all.indexOf(chosen);
  const reach = from < 0 ? [chosen] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
  for (const each of reach) each.checked = checked;
  lastBox = chosen;
  showSelection();
  keepSelection();
}

function selectAll(checked) {
  for (const each of rows().map(box)) if (each) each.checked = checked;
  showSelection();
  keepSelection();
}

/* Ticks are kept on the server, so that they survive paging; the page's state is sent as its form would. */
function keepSelection() {
  const form = $("form[data-select-url]");
  if (!form) return;
  const headers = { "X-Requested-With": "fetch" };
  fetch(form.dataset.selectUrl, { method: "POST", body: new FormData(form), headers, keepalive: true });
}

function showSelection() {
  const form = $("form[data-select-url]");
  const elsewhere = Number(form?.dataset.elsewhere ?? 0);
  const all = rows().map(box).filter(Boolean);
  const size = all.filter((each) => each.checked).length;
  form?.classList.toggle("has-selection", size + elsewhere > 0);
  const head = $("[data-rows] thead input[type=checkbox]");
  if (head) {
    head.checked = size > 0 && size === all.length;
    head.indeterminate = size > 0 && size < all.length;
    head.classList.remove("mixed");
  }
  for (const text of $$("[data-selected]")) {
    const total = size + elsewhere;
    text.textContent = (total === 1 ? text.dataset.one : text.dataset.many).replace("%n", total);
  }
}

let shiftHeld = false;
document.addEventListener("click", (event) => { shiftHeld = event.shiftKey; }, true);
document.addEventListener("change", (event) => {
  const input = event.target;
  if (!input.matches("[data-rows] input[type=checkbox]")) return;
  if (input.closest("thead")) selectAll(input.checked);
  else select(input, input.checked, shiftHeld);
});
document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-clear]") && $("form[data-select-url]");
  if (form && form.dataset.elsewhere === "0") { event.preventDefault(); selectAll(false); }
});
document.addEventListener("dblclick", (event) => {
  const row = event.target.closest("[data-rows] tbody tr");
  if (row && !event.target.closest("a, button, input, label, summary")) $("a.id", row)?.click();
});

/* keys */

const typing = (target) => target.isContentEditable || target.matches("input:not([type=checkbox], [type=radio]), select, textarea");
let waitingForPlace = 0;

function press(target) {
  if (!target) return false;
  if (target.matches("input, select, textarea")) target.focus();
  else target.click();
  if (target.matches("summary")) $("a, button, input, select", target.parentElement.lastElementChild)?.focus();
  return true;
}

const KEYS = {
  "/": () => { const search = $("[data-search]"); search?.focus(); search?.select(); return Boolean(search); },
  "?": () => press($("a[data-help]")),
  g: () => { waitingForPlace = Date.now(); return true; },
  j: () => (rows().length ? (walk(1), true) : press($("[data-key=j]"))),
  k: () => (rows().length ? (walk(-1), true) : press($("[data-key=k]"))),
  o: () => press(rowAt() && $("a.id", rowAt())),
  ".": () => press(rowAt() && $("a.dots", rowAt())),
  x: () => { const at = box(rowAt()); if (at) select(at, !at.checked, false); return Boolean(at); },
  X: () => { const at = box(rowAt()); if (at) select(at, true, true); return Boolean(at); },
  z: () => press($("[data-undo]")),
};

function place(key) {
  waitingForPlace = 0;
  return press($$("[data-go]").find((link) => link.dataset.go.startsWith(key)));
}

function singleKey(event) {
  const { key } = event;
  if (waitingForPlace && Date.now() - waitingForPlace < 1500) return place(key);
  if (KEYS[key]) return KEYS[key]();
  if (/^[1-9]$/.test(key)) return press($$(".views a")[key - 1]);
  const target = /^[a-z[\]]$/.test(key) && $(`[data-key="${key}"]`);
  // The bar of the list is there for a selection only, and so are its keys.
  return Boolean(target) && !target.closest("form[data-select-url]:not(.has-selection)") && press(target);
}

/* The page, and once that is selected, all that match. */
function selectMore() {
  const whole = $("form[data-select-url] button[name=all]");
  if (whole && rows().every((row) => box(row)?.checked)) press(whole);
  else selectAll(true);
}

function escape() {
  if (closeMenuByKey()) return true;
  if (typing(document.activeElement)) { document.activeElement.blur(); return true; }
  if (!rows().some((row) => box(row)?.checked)) return false;
  selectAll(false);
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || $("dialog[open], .row-menu[popover]")) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "Enter" && event.target.form) {
    event.preventDefault();
    event.target.form.requestSubmit();
  } else if (command && event.key === "a" && event.target.closest("[data-rows]") && !typing(event.target)) {
    event.preventDefault();
    selectMore();
  } else if (event.key === "Escape") {
    if (escape()) event.preventDefault();
  } else if (!command && !event.altKey && words().shortcuts === "on" && !typing(event.target) && singleKey(event)) {
    event.preventDefault();
  }
});

/* forms */

function revealHooks(from = document) {
  const hooks = "[data-copy], [data-copy-from], [data-show-password], [data-dismiss], [data-print], [data-clear]";
  for (const button of $$(hooks, from)) button.hidden = false;
}

const copyText = (button) => button.dataset.copy ?? document.getElementById(button.dataset.copyFrom)?.innerText ?? "";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { showPassword } = button.dataset;
  if (button.matches("[data-copy], [data-copy-from]")) {
    await navigator.clipboard.writeText(copyText(button).trim());
    say(words().wordsCopied);
    button.classList.add("did");
    setTimeout(() => button.classList.remove("did"), 1500);
  } else if (showPassword) {
    const field = document.getElementById(showPassword);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  } else if (button.matches("[data-dismiss]")) {
    button.closest("[data-notice]").remove();
  } else if (button.matches("[data-print]")) {
    print();
  }
});

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-digits]")) {
    const tidy = event.target.value.replace(/[\s-]/g, "");
    if (tidy !== event.target.value) event.target.value = tidy;
  }
  if (form?.matches("[data-unsaved]") && !event.target.matches("[data-aside]")) {
    form.dataset.unsaved = "yes";
    for (const hint of $$("[data-unsaved-hint]", form)) hint.hidden = false;
  }
});
document.addEventListener("submit", (event) => { if (event.target.dataset.unsaved) event.target.dataset.unsaved = ""; });
addEventListener("beforeunload", (event) => { if ($('[data-unsaved="yes"]')) event.preventDefault(); });

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("[data-theme-form]") || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const button of $$("[data-theme-form] button")) button.setAttribute("aria-pressed", String(button.value === theme));
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form, event.submitter), redirect: "manual" });
    if (answer.status >= 400) throw new Error(answer.status);
  } catch {
    warn();
  }
});

/* messages and parts swapped by htmx */

function warn() {
  const region = $("#messages [role=alert]");
  if (!region) { say(words().wordsFailed); return; }
  const note = document.createElement("div");
  note.className = "note bad";
  note.textContent = words().wordsFailed;
  region.replaceChildren(note);
}

function letFade(from = document) {
  for (const notice of $$("[data-fades]", from)) {
    setTimeout(() => { if (!notice.matches(":hover, :focus-within")) notice.remove(); }, 8000);
  }
}

const region = (event) => event.detail.target;

document.addEventListener("htmx:beforeRequest", (event) => region(event)?.setAttribute("aria-busy", "true"));
document.addEventListener("htmx:afterRequest", (event) => region(event)?.removeAttribute("aria-busy"));
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(failure, warn);

document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt;
  revealHooks(part);
  if (part.closest("[data-quiet]")) return;
  letFade();
  showSelection();
  // htmx keeps the focus when the focused element came back with the same id; else it fell to the body.
  if (document.activeElement === document.body) {
    const heading = $("[autofocus], [data-region], h1, h2, caption", part) ?? part;
    if (!heading.hasAttribute("tabindex")) heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
  const told = $$("[data-notice] > div").map((text) => text.textContent).join(" ") || ($("[data-tell]", part) ?? $("h1, h2", part))?.textContent;
  if (told) say(told);
});

revealHooks();
letFade();
showSelection();
// A page that comes back from the history may show ticks of its own; as it was sent, the server knows it already.
if (rows().map(box).some((each) => each && each.checked !== each.defaultChecked)) keepSelection();
