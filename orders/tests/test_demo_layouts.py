"""The layouts of the demo's gift shop."""

import pytest

from layouts.engine import problems_of
from layouts.kinds import Kind
from layouts.legal import missing_duties
from layouts.models import LayoutVersion
from layouts.published import layout_for
from layouts.rendering import Page, render_pdf
from layouts.standard import standard
from layouts.subjects import fields_of, sample_for
from layouts.uploads import checked_content
from orders.demo.own_layouts import LOGO, NAME, make_own_layouts

pytestmark = pytest.mark.django_db


def test_the_own_invoice_shows_the_logo_and_keeps_what_the_law_wants(shop, actor):
    make_own_layouts(shop, by=actor)

    source = layout_for(shop, Kind.INVOICE)
    sample = sample_for(shop, Kind.INVOICE)
    made = render_pdf([Page(source, sample.data, "nl")])

    assert standard(Kind.INVOICE).html.count(NAME) == 1
    assert f'<img src="{LOGO}"' in source.html
    assert checked_content(LOGO, source.files[LOGO]).content_type == "image/png"
    assert made.remarks == ()
    assert missing_duties(Kind.INVOICE, source.html, country="NL") == []


def test_the_draft_of_the_packing_slip_has_one_mistake_to_find(shop, actor):
    make_own_layouts(shop, by=actor)

    draft = LayoutVersion.objects.get(layout__kind=Kind.PACKING_SLIP)
    [problem] = problems_of(draft.html, fields_of(Kind.PACKING_SLIP))

    assert draft.is_draft
    assert problem.quote == "<p>Thank you, {{ order.custmer.name }}!</p>"
    assert "customer" in problem.hint
    assert layout_for(shop, Kind.PACKING_SLIP) is standard(Kind.PACKING_SLIP)
