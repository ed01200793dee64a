"""Bodies that are larger than anything a page here takes: refused by the size they announce, before a byte is read.

Without this Django would write an upload of any size to the disk before a form sees it, and for strangers too: the
check of the form's token reads the whole body.
"""

import contextlib
import time
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase

from backoffice.views.errors import too_large

# The files of a layout are 12 MB together, a file of the archive has 10; their texts travel with them.
LARGEST_BODY = 16_000_000
READ_AT_ONCE = 64 * 1024
READ_SECONDS = 30


class BodyLimitMiddleware:
    """Stands behind those that find out who asks and in which language, none of which reads the body.

    A body whose length is not announced counts as empty here: Django reads no more than what was announced.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if announced_length(request) <= LARGEST_BODY:
            return self.get_response(request)
        refusal = too_large(request, LARGEST_BODY)
        return StreamingHttpResponse(_answer_first(refusal, request), status=refusal.status_code)


def announced_length(request: HttpRequest) -> int:
    """Bytes, read as Django reads it."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _answer_first(refusal: HttpResponse, request: HttpRequest) -> Iterator[bytes]:
    """The answer, then the body, read and dropped: a browser that is still sending would show a broken connection."""
    yield refusal.content
    until = time.monotonic() + READ_SECONDS
    with contextlib.suppress(UnreadablePostError):  # whoever sent it has gone
        while request.read(READ_AT_ONCE) and time.monotonic() < until:
            pass
