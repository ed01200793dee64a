/* The editor of mails: fields are inserted where the cursor is, the preview follows what is typed.

   data-editor        the form; data-preview in it is the button that shows the preview in its frame
   data-insert="text" a button that puts the text where the cursor was last                                    */

const PAUSE = 500;

for (const form of document.querySelectorAll("[data-editor]")) {
  const button = form.querySelector("[data-preview]");
  const sources = form.querySelectorAll('[name="subject"], textarea');
  let last = form.querySelector("textarea");
  let timer = null;

  const show = () => {
    // Into the frame alone: this page stays, and with it the warning about what is not saved.
    const unsaved = form.dataset.unsaved;
    form.requestSubmit(button);
    form.dataset.unsaved = unsaved;
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(show, PAUSE); };

  for (const source of sources) source.addEventListener("focus", () => { last = source; });
  form.addEventListener("input", (event) => { if (!event.target.matches('[name="note"], [name="look"]')) soon(); });
  form.addEventListener("change", (event) => { if (event.target.matches('[name="look"], [name="language"], [name="template"]')) show(); });

  for (const insert of form.querySelectorAll("[data-insert]")) {
    insert.hidden = false;
    insert.addEventListener("click", () => {
      last.focus();
      last.setRangeText(insert.dataset.insert, last.selectionStart, last.selectionEnd, "end");
      last.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}
