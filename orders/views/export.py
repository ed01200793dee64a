"""The order export as a download."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone

from backoffice.access import requires
from backoffice.roles import Permission
from orders.exports.xml_orders import export_orders
from orders.order_list import filtered_orders


@requires(Permission.EXPORT_ORDERS)
def xml(request: HttpRequest) -> HttpResponse:
    """The orders of the current filter in the export's XML, streamed."""
    body = export_orders(filtered_orders(request.shop, request.GET), request.shop)
    response = StreamingHttpResponse(body, content_type="text/xml; charset=UTF-8")
    day = timezone.localdate(timezone=request.shop.zone)
    response["Content-Disposition"] = f'attachment; filename="orders-{request.shop.number}-{day:%Y%m%d}.xml"'
    return response
