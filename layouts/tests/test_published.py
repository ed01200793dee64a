"""Which layout a shop's papers are made with."""

import pytest

from backoffice.tests.factories import make_shop
from layouts.kinds import Kind
from layouts.models import LayoutVersion
from layouts.published import layout_for
from layouts.standard import standard
from layouts.tests.factories import make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def target(shop):
    return make_shop("12346", base_shop=shop)


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_has_a_built_in_layout(kind):
    layout = standard(kind)

    assert layout.label == f"built-in {kind}"
    assert "<html" in layout.html
    assert "@page" in layout.css


def test_a_shop_without_a_layout_uses_the_built_in_one(shop, other_shop):
    make_version(other_shop, "invoice")

    assert layout_for(shop, Kind.INVOICE) is standard(Kind.INVOICE)


def test_the_live_version_is_used_with_its_files(shop):
    make_version(shop, "invoice", html="one")
    make_version(shop, "invoice", html="two", css="p {}", files={"logo.png": b"\x89PNG"})
    make_version(shop, "invoice", html="three", state=LayoutVersion.State.DRAFT)

    source = layout_for(shop, Kind.INVOICE)

    assert (source.html, source.css, source.files) == ("two", "p {}", {"logo.png": b"\x89PNG"})
    assert source.label == "12345 invoice 2"


def test_a_layout_that_went_back_to_standard_is_not_used(shop):
    make_version(shop, "invoice", live=False)

    assert layout_for(shop, Kind.INVOICE) is standard(Kind.INVOICE)


def test_a_target_shop_uses_its_base_shop_until_it_has_its_own(shop, target, django_assert_num_queries):
    make_version(shop, "invoice", html="of the base shop")
    make_version(target, "packing_slip", html="of the target shop")
    make_version(shop, "packing_slip", html="of the base shop")

    with django_assert_num_queries(2):
        assert layout_for(target, Kind.INVOICE).html == "of the base shop"
    assert layout_for(target, Kind.PACKING_SLIP).html == "of the target shop"
    assert layout_for(shop, Kind.PACKING_SLIP).html == "of the base shop"
