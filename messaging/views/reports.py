"""Where a mail provider reports what became of mails. No sign-in: each report is signed with the shop's secret."""

import hashlib
import hmac
import json
import re
import time

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from backoffice.access import public
from backoffice.limits import is_too_often
from backoffice.models import Shop
from backoffice.network import client_ip
from messaging.services.bounces import Bounce, mark_bounced, mark_delivered
from messaging.services.settings import settings_in

LARGEST_REPORT = 64 * 1024
# How far the clocks of two machines may differ; older reports may be replayed ones.
TOLERANCE_SECONDS = 300
TRIES_A_MINUTE = 600


@csrf_exempt
@require_POST
@public
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """One report: `{"event": "bounced" or "delivered", "message_id": "<…>", "detail": "…"}`.

    Signed by `X-Signature: <hex>`, the HMAC-SHA256 of `<X-Timestamp>.<body>`. Whatever is wrong with the signature,
    the answer is the same. A report about an unknown mail, or told before, is taken and changes nothing.
    """
    if is_too_often("mail-report", client_ip(request) or "", limit=TRIES_A_MINUTE, seconds=60):
        return _answer(429, "too many")
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_REPORT:
        return _answer(413, "too large")
    shop = _shop_of(number)
    if shop is None or not is_signed(request, settings_in(shop).bounce_secret):
        return _answer(403, "not signed")
    report = _read(request.body)
    if report is None:
        return _answer(400, "not a report")
    event, message_id, detail = report
    if event == "bounced":
        return _answer(200, "marked" if mark_bounced(Bounce(message_id, detail), shop=shop) else "nothing to mark")
    return _answer(200, "marked" if mark_delivered(message_id, shop=shop) else "nothing to mark")


def is_signed(request: HttpRequest, secret: str) -> bool:
    """Whether the body is signed with the secret, not longer ago than the clocks may differ."""
    stamp = request.headers.get("X-Timestamp", "")
    if not secret or re.fullmatch(r"[0-9]{1,12}", stamp) is None:
        return False
    if abs(time.time() - int(stamp)) > TOLERANCE_SECONDS:
        return False
    expected = signature(secret, stamp, request.body)
    return hmac.compare_digest(expected.encode(), request.headers.get("X-Signature", "").encode("utf-8", "replace"))


def signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _shop_of(number: str) -> Shop | None:
    if re.fullmatch(r"[1-9][0-9]{0,11}", number, re.ASCII) is None:
        return None
    return Shop.objects.select_related("mail_settings").filter(number=number).first()


def _read(body: bytes) -> tuple[str, str, str] | None:
    """(event, Message-ID, detail), or None for anything else."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.get("event") not in {"bounced", "delivered"}:
        return None
    message_id, detail = data.get("message_id"), data.get("detail", "")
    if not isinstance(message_id, str) or not isinstance(detail, str) or "\0" in message_id or len(message_id) > 150:
        return None
    return data["event"], message_id, detail


def _answer(status: int, text: str) -> JsonResponse:
    response = JsonResponse({"result": text}, status=status)
    response["Cache-Control"] = "no-store"
    return response
