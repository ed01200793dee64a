import re

import pytest
from django import forms
from django.conf import settings
from django.contrib.messages import constants as levels
from django.contrib.messages.storage.base import Message
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation
from django.utils.safestring import mark_safe

from backoffice.icons import ICONS, write_sprite
from backoffice.models import Shop
from backoffice.templatetags.ui import error_rows, notices

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))


class AddressForm(forms.Form):
    city = forms.CharField(label="City", help_text="As on the parcel.", widget=forms.TextInput({"placeholder": "City"}))
    is_company = forms.BooleanField(label="Company", required=False)


def render(source: str, **context) -> str:
    return Template(source).render(Context(context))


def test_the_sprite_is_drawn_once_and_again_when_the_list_changes(tmp_path, monkeypatch):
    first = write_sprite(tmp_path)
    drawn_at = first.stat().st_mtime_ns

    assert write_sprite(tmp_path).stat().st_mtime_ns == drawn_at
    monkeypatch.setitem(ICONS, "another", "anchor")
    assert 'id="another"' in write_sprite(tmp_path).read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["icons.svg"]


def test_an_icon_is_decoration_drawn_from_the_sprite():
    html = render('{% icon "orders" %}')

    assert html == '<svg class="i" aria-hidden="true"><use href="/static/icons.svg#orders"/></svg>'


def test_an_icon_nobody_drew_is_refused():
    with pytest.raises(ValueError, match="no icon 'unicorn'"):
        render('{% icon "unicorn" %}')


def test_templates_name_only_icons_that_are_drawn():
    used = {name for path in TEMPLATES for name in re.findall(r'{% icon "([^"]+)"', path.read_text(encoding="utf-8"))}

    assert used
    assert used - ICONS.keys() == set()


def test_templates_carry_no_inline_style_script_or_handler():
    forbidden = re.compile(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|javascript:|hx-on", re.IGNORECASE)

    found = {
        f"{path.relative_to(settings.BASE_DIR)}: {match.group()}"
        for path in TEMPLATES
        for match in forbidden.finditer(path.read_text(encoding="utf-8"))
    }

    assert found == set()


def test_a_field_with_an_error_says_so_to_the_eye_and_to_the_screen_reader():
    form = AddressForm({"city": ""})

    html = render('{% include "components/field.html" with field=form.city only %}', form=form)

    assert '<label for="id_city">City</label>' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_city_helptext id_city_error"' in html
    assert 'id="id_city_helptext">As on the parcel.' in html
    assert 'id="id_city_error"' in html
    assert 'class="field"' in html


def test_a_placeholder_that_repeats_the_label_is_left_out():
    html = render("{% control form.city %}", form=AddressForm())

    assert 'placeholder="City"' not in html


def test_a_tick_box_stands_inside_its_label():
    html = render('{% include "components/field.html" with field=form.is_company only %}', form=AddressForm())

    assert re.search(r'<label class="tick"><input type="checkbox"[^>]*><span>Company</span></label>', html)


def test_the_error_summary_links_to_each_field():
    form = AddressForm({"city": ""})

    html = render('{% include "components/errors.html" with form=form only %}', form=form)

    assert "1 field needs attention" in html
    assert '<a href="#id_city">City: This field is required.</a>' in html


def test_an_error_of_the_whole_form_comes_first_and_links_nowhere():
    form = AddressForm({"city": ""})
    form.add_error(None, "This address was changed by someone else.")

    assert [(row.target, row.text) for row in error_rows(form)] == [
        ("", "This address was changed by someone else."),
        ("id_city", "This field is required."),
    ]


def test_a_sound_form_has_no_summary():
    html = render('{% include "components/errors.html" with form=form only %}', form=AddressForm({"city": "Delft"}))

    assert html.strip() == ""


def test_a_message_with_an_undo_address_offers_undo_and_stays():
    message = Message(levels.SUCCESS, "3 orders set to Shipped.", extra_tags="undo:/s/12345/orders/undo/7/")

    [notice] = notices([message])

    assert (notice.kind, notice.undo_url, notice.stays, notice.is_alert) == (
        "ok",
        "/s/12345/orders/undo/7/",
        True,
        False,
    )


def test_a_failure_is_an_alert_and_stays():
    [notice] = notices([Message(levels.ERROR, "Nothing was changed.")])

    assert (notice.kind, notice.undo_url, notice.stays, notice.is_alert) == ("bad", "", True, True)


def test_a_plain_success_may_fade():
    [notice] = notices([Message(levels.SUCCESS, "Note added.")])

    assert notice.stays is False


@pytest.mark.parametrize(
    "tags", ["undo:https://evil.example/", "undo://evil.example/", "undo:javascript:alert(1)", "undo:"]
)
def test_undo_never_leads_elsewhere(tags):
    [notice] = notices([Message(levels.SUCCESS, "Done.", extra_tags=tags)])

    assert notice.undo_url == ""


PREPARED = "{% prepared name=name %}<b>{{ name }}</b>{{ secret }}{% csrf_token %}{% endprepared %}"


def test_what_is_prepared_sees_only_what_it_names():
    html = render(PREPARED, name="Bo & Co", secret="another shop", csrf_token="a-token")

    assert html == "<b>Bo &amp; Co</b>"


def test_what_is_prepared_is_rendered_once_for_each_set_of_values():
    template = Template("{% prepared name=name %}{{ name }} {% now 'u' %}{% endprepared %}")

    def shown(name: str) -> str:
        return template.render(Context({"name": name}))

    first = shown("Noord")
    assert shown("Zuid").startswith("Zuid ")
    assert shown("Noord") == first


def test_what_is_prepared_is_rendered_for_each_language():
    template = Template("{% prepared %}{% translate 'Orders' %}{% endprepared %}")

    shown = []
    for language in ("en", "sv", "en"):
        with translation.override(language):
            shown.append(template.render(Context()))

    assert shown == ["Orders", "Ordrar", "Orders"]


def test_a_text_that_reads_like_kept_html_is_escaped_all_the_same():
    template = Template(PREPARED)

    as_html = template.render(Context({"name": mark_safe("<i>Bo</i>")}))
    as_text = template.render(Context({"name": "<i>Bo</i>"}))

    assert as_html == "<b><i>Bo</i></b>"
    assert as_text == "<b>&lt;i&gt;Bo&lt;/i&gt;</b>"


def test_a_row_is_refused_because_it_equals_itself_after_a_change():
    with pytest.raises(TypeError, match="name the fields"):
        render("{% prepared shop=shop %}{{ shop.name }}{% endprepared %}", shop=Shop(name="Noord"))


def test_what_is_prepared_takes_named_values_only():
    with pytest.raises(TemplateSyntaxError, match="name=value only"):
        render("{% prepared name %}{% endprepared %}", name="Noord")
