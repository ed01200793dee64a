"""Uploaded files into a draft: images and fonts are added, a template or style sheet makes a new draft of it."""

from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from backoffice.actor import Actor
from layouts.models import LayoutVersion
from layouts.services.drafts import MOST_BYTES, MOST_FILES, TooMuch, put_files, put_layout
from layouts.uploads import LayoutUpload, UploadRefused, checked_layout

MOST_UPLOADS = MOST_FILES


def receive(draft: LayoutVersion, uploads: Sequence[UploadedFile], *, by: Actor) -> LayoutVersion:
    """The draft with what was uploaded; all of it or nothing. Raises UploadRefused, DraftGone."""
    if len(uploads) > MOST_UPLOADS:
        raise _too_much()
    came = _together([checked_layout(each) for each in uploads])
    files = {file.name: (file.content_type, file.content) for file in came.files}
    try:
        if came.html is None and came.css is None:
            return put_files(draft, files, by=by)
        return put_layout(draft, html=came.html, css=came.css, files=files, by=by)
    except TooMuch:
        raise _too_much() from None


def _together(layouts: Sequence[LayoutUpload]) -> LayoutUpload:
    """Several uploads as one; of two templates or style sheets the last one counts."""
    whole = LayoutUpload()
    for each in layouts:
        whole.html = whole.html if each.html is None else each.html
        whole.css = whole.css if each.css is None else each.css
        whole.files += each.files
    return whole


def _too_much() -> UploadRefused:
    text = _("A layout has at most %(number)s files of %(size)s MB together.")
    return UploadRefused(text, number=MOST_FILES, size=MOST_BYTES // 1024 // 1024)
