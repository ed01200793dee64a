/* The page of a draft. All of it works without: the errors quote their line, the preview comes with a button.

   data-code         a text that gets line numbers
   data-line         a link to a line of the template
   data-insert       a button that puts its text where the cursor was last
   data-find="id"    a field that hides the rows of that table body which lack its words
   data-save         the button that Ctrl or Cmd with S presses; data-saved: what the answer of a saving holds   */

const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const template = document.getElementById("id_html");
let last = template;

/* line numbers */

function number(area) {
  const gutter = area.previousElementSibling;
  const lines = area.value.split("\n").length;
  if (gutter.dataset.lines !== String(lines)) {
    gutter.dataset.lines = lines;
    gutter.textContent = Array.from({ length: lines }, (_, at) => at + 1).join("\n");
  }
  gutter.scrollTop = area.scrollTop;
}

for (const area of $$("textarea[data-code]")) {
  const box = document.createElement("div");
  const gutter = document.createElement("div");
  box.className = "lined";
  gutter.className = "gutter";
  gutter.setAttribute("aria-hidden", "true");
  area.replaceWith(box);
  box.append(gutter, area);
  number(area);
  area.addEventListener("input", () => number(area));
  area.addEventListener("scroll", () => number(area));
  area.addEventListener("focus", () => { last = area; });
}

function showLine(line, column) {
  const lines = template.value.split("\n");
  const at = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const rest = (lines[line - 1] ?? "").length;
  template.focus();
  template.setSelectionRange(at + Math.min(Math.max(column - 1, 0), rest), at + rest);
  template.scrollTop = (template.scrollHeight / lines.length) * Math.max(line - 4, 0);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  const button = event.target.closest("[data-insert]");
  if (link) {
    event.preventDefault();
    showLine(Number(link.dataset.line), Number(link.dataset.column));
  } else if (button) {
    last.focus();
    last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    last.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

/* finding a field */

document.addEventListener("input", (event) => {
  const { find } = event.target.dataset;
  if (!find) return;
  const words = event.target.value.toLowerCase().split(/\s+/);
  for (const row of document.getElementById(find).rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
  }
});

/* saving */

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") {
    event.preventDefault();
    document.querySelector("[data-save]").click();
  }
});
/* A PDF in another window saves nothing, so the form stays unsaved. */
document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  const { unsaved } = form.dataset;
  if (submitter?.formTarget === "_blank") setTimeout(() => { form.dataset.unsaved = unsaved; });
}, true);
document.addEventListener("htmx:oobAfterSwap", (event) => {
  const clash = document.getElementById("clash");
  if (event.detail.target?.id === "clash" && clash.firstElementChild) clash.scrollIntoView({ block: "center" });
  if (!document.querySelector("#saved[data-saved]")) return;
  const form = document.getElementById("draft");
  form.dataset.unsaved = "";
  for (const hint of $$("[data-unsaved-hint]", form)) hint.hidden = true;
});

for (const button of $$("[data-insert]")) button.hidden = false;
