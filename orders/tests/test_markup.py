import pytest
from django.utils import html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from orders.columns import escape, format_html

VALUES = ["<b>&'\"", mark_safe("<b>&amp;</b>"), 5, None, gettext_lazy("Orders"), "Åsa 🕯️", ""]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_our_quick_html_is_djangos(value):
    assert escape(value) == html.conditional_escape(value)
    assert format_html('<i title="{0}">{0}{1}</i>', value, "<") == html.format_html(
        '<i title="{0}">{0}{1}</i>', value, "<"
    )
    assert hasattr(escape(value), "__html__")
    assert escape(escape(value)) == escape(value)
