"""What the templates of every app may say: icons, form controls, error summaries, messages with Undo."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django import template
from django.contrib.messages import constants as levels
from django.contrib.messages.storage.base import Message
from django.db.models import Model
from django.forms import BaseForm, BoundField
from django.template.base import FilterExpression, NodeList, token_kwargs
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from backoffice.icons import ICONS

register = template.Library()

UNDO = "undo:"
# Kinds of note in components.css and the icon beside them.
NOTE_ICONS = {"bad": "warn", "warn": "warn", "ok": "check", "info": "info"}


@cache
def _sprite_url() -> str:
    # Asked for hundreds of times on a list page; the answer changes only with a deploy.
    return static("icons.svg")


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """`{% icon "orders" %}`: decoration only, so whatever it stands in also carries words."""
    if name not in ICONS:
        raise ValueError(f"There is no icon {name!r}: see backoffice/icons.py")
    return format_html('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>', _sprite_url(), name)


# Of each place in a template, this many renderings are kept.
PREPARED_AT_MOST = 500


@register.tag
def prepared(parser: template.base.Parser, token: template.base.Token) -> template.Node:
    """`{% prepared number=shop.number %}…{% endprepared %}`: rendered once for each language and set of values.

    For what stands around a page and is the same on every one: menus, heads of tables, words. Its content sees
    nothing but the values named, so what is kept cannot hold anything else, a form's token or another shop's name.
    """
    tag, *bits = token.split_contents()
    values = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"{tag} takes name=value only, not {bits[0]!r}.")
    nodes = parser.parse([f"end{tag}"])
    parser.delete_first_token()
    return Prepared(nodes, values)


class Prepared(template.Node):
    def __init__(self, nodelist: NodeList, values: dict[str, FilterExpression]) -> None:
        self.nodelist = nodelist
        self.values = values
        # By type too: HTML and a text of the same letters are equal, and only one of them is escaped.
        self._kept = lru_cache(maxsize=PREPARED_AT_MOST, typed=True)(self._render)

    def render(self, context: template.Context) -> str:
        values = [value.resolve(context) for value in self.values.values()]
        if any(isinstance(value, Model) for value in values):
            raise TypeError("A row equals itself when it has changed: name the fields that are shown.")
        return self._kept(context.template.engine, get_language(), *values)

    def _render(self, engine: template.Engine, language: str, *values: Any) -> str:
        context = template.Context(dict(zip(self.values, values, strict=True)))
        with context.bind_template(template.Template("", engine=engine)):
            return self.nodelist.render(context)


@register.simple_tag
def control(field: BoundField, **attrs: str) -> SafeString:
    """The widget of `field` with our class; `input_mode="x"` becomes the attribute `input-mode="x"`."""
    html = {name.replace("_", "-"): value for name, value in attrs.items()}
    if field.widget_type not in {"checkbox", "radioselect", "checkboxselectmultiple"}:
        classes = [field.field.widget.attrs.get("class", ""), "field", html.get("class", "")]
        html["class"] = " ".join(filter(None, classes))
    # The label says it already; a placeholder that repeats it would be gone when it is needed.
    if field.field.widget.attrs.get("placeholder") and "placeholder" not in html:
        html["placeholder"] = ""
    return field.as_widget(attrs=html)


@dataclass(frozen=True)
class ErrorRow:
    """One line of the error summary; `target` is the id of the control, empty for the form as a whole."""

    target: str
    label: str
    text: str


@register.filter
def error_rows(form: BaseForm) -> list[ErrorRow]:
    """All errors of a form in the order of its fields, those of the form as a whole first."""
    whole = [ErrorRow("", "", error) for error in form.non_field_errors()]
    hidden = [ErrorRow("", field.label, error) for field in form.hidden_fields() for error in field.errors]
    shown = [
        ErrorRow(field.id_for_label or field.auto_id, field.label, error)
        for field in form.visible_fields()
        for error in field.errors
    ]
    return whole + hidden + shown


@dataclass(frozen=True)
class Notice:
    """A Django message as the page shows it; `undo_url` is a path of ours that takes the action back, or empty."""

    text: str
    kind: str
    icon: str
    undo_url: str = ""

    @property
    def is_alert(self) -> bool:
        return self.kind == "bad"

    @property
    def stays(self) -> bool:
        """The only way back must not fade away, nor may a failure."""
        return bool(self.undo_url) or self.kind in {"bad", "warn"}


@register.filter
def notices(messages: list[Message]) -> list[Notice]:
    """`messages.success(request, "…", extra_tags="undo:/s/12345/…")` becomes a note with an Undo button."""
    return [_notice(message) for message in messages]


def _notice(message: Message) -> Notice:
    kind = _kind(message.level)
    return Notice(str(message), kind, NOTE_ICONS[kind], _undo_url(message.extra_tags or ""))


def _kind(level: int) -> str:
    if level >= levels.ERROR:
        return "bad"
    if level >= levels.WARNING:
        return "warn"
    return "ok" if level >= levels.SUCCESS else "info"


def _undo_url(tags: str) -> str:
    for tag in tags.split():
        url = tag.removeprefix(UNDO)
        if url != tag and url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None):
            return url
    return ""
