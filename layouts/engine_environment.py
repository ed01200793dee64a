"""python-liquid as layouts use it: no loader, a closed list of filters, unknown names refused, everything counted."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache, partial
from time import thread_time
from typing import Any

from liquid import Environment, RenderContext
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.exceptions import LiquidError
from liquid.output import LimitedStringIO
from liquid.tag import Tag
from liquid.template import BoundTemplate
from liquid.undefined import Undefined
from liquid.utils import ReadOnlyChainMap
from markupsafe import escape

from layouts.engine_limits import (
    DEEPEST_NESTING,
    LARGEST_NUMBER,
    LARGEST_TEMPLATE,
    LONGEST_BLANK,
    LONGEST_LIST,
    LONGEST_TEXT,
    PAPER,
    Limits,
)
from layouts.engine_trouble import TemplateTrouble, Trouble, trouble_at, trouble_of
from layouts.filters import FILTERS
from layouts.formats import text_of
from layouts.suggestions import closest

MOST_LOCALS = 2_000
MOST_KEPT = 2_000_000
# What a filter or a comparison stumbles over when it is given something it was not made for.
STUMBLES = (ArithmeticError, ValueError, TypeError, LookupError, AttributeError, RecursionError, AssertionError)
_MISSING = object()
_NO_TAGS: tuple[str, ...] = ()


class Refused(Exception):
    """A template that cannot be read or rendered, and where."""

    def __init__(self, trouble: Trouble):
        super().__init__(trouble.code)
        self.trouble = trouble


# python-liquid makes ranges in one place and has no limit there; filters turn them into lists.
_make_range = RangeLiteral._make_range


def _capped_range(expression: RangeLiteral, start: Any, stop: Any) -> range:
    numbers = _make_range(expression, start, stop)
    if numbers.stop - numbers.start > LONGEST_LIST:
        raise TemplateTrouble("range-too-long", token=expression.token, limit=LONGEST_LIST)
    return numbers


RangeLiteral._make_range = _capped_range  # type: ignore[method-assign]


class Context(RenderContext):
    """The state of one rendering: it counts steps and what is kept, and knows which names there are."""

    def __init__(self, template: BoundTemplate, **options: Any):
        super().__init__(template, **options)
        # The library's own scope also has the clock of the machine.
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)
        self.begin("en", PAPER)

    def begin(self, language: str, limits: Limits) -> None:
        self.language = language
        self.limits = limits
        self.steps = 0
        self.kept = 0
        self.deadline = thread_time() + limits.cpu_seconds

    @property
    def disabled_tags(self) -> tuple[str, ...]:
        """Asked for before every node is rendered, which makes it the place where steps are counted."""
        self.steps += 1
        if self.steps > self.limits.steps:
            raise TemplateTrouble("too-many-steps", limit=self.limits.steps)
        if self.steps % 64 == 0:
            self.check_clock()
        return _NO_TAGS

    @disabled_tags.setter
    def disabled_tags(self, tags: object) -> None:
        """The library sets a list here that stays empty: no tag is disabled, the refused ones are not there."""

    def check_clock(self) -> None:
        if thread_time() > self.deadline:
            raise TemplateTrouble("too-slow", limit=self.limits.cpu_seconds)

    def assign(self, key: str, val: Any) -> None:
        self.kept += weight_of(val) - weight_of(self.locals.get(key))
        self.locals[key] = val
        if self.kept > MOST_KEPT or len(self.locals) > MOST_LOCALS:
            raise TemplateTrouble("too-much-kept")

    def get_buffer(self, buf: Any = None) -> LimitedStringIO:
        taken = buf.size if isinstance(buf, LimitedStringIO) else 0
        return LimitedStringIO(limit=self.limits.output_bytes - taken)

    def get(self, path: list[object], *, token: Any, default: object = _MISSING) -> object:
        """What stands at `path`. A name that nobody gave is refused; what is not there this time is empty."""
        found = self.scope.get(path[0], _MISSING) if isinstance(path[0], str) else _MISSING
        if found is _MISSING:
            if path[0] in self.template.own_names:
                return Undefined(str(path[0]), token=token)
            raise self._unknown(path[:1], [*self.globals, *self.template.own_names], token)
        for place, segment in enumerate(path[1:], 2):
            if _lacks(found, segment):
                raise self._unknown(path[:place], list(found), token)
            found = self._step(found, segment, token)
        return found

    def _step(self, found: object, segment: object, token: Any) -> object:
        try:
            return self.get_item(found, segment)
        except (LookupError, TypeError):
            return Undefined(str(segment)[:60], token=token)

    def _unknown(self, path: list[object], names: list[str], token: Any) -> TemplateTrouble:
        name = ".".join(str(segment) for segment in path)[:120]
        near = closest(str(path[-1]), names)
        hint = ".".join([*(str(segment) for segment in path[:-1]), near]) if near else ""
        return TemplateTrouble("unknown-field", hint=hint, token=token, name=name)

    def filter(self, name: str, token: Any) -> Callable[..., object]:
        function = self.env.filters.get(name)
        if function is None:
            raise TemplateTrouble("unknown-filter", hint=closest(name, self.env.filters), token=token, name=name)
        return partial(self._filtered, function, name, token)

    def _filtered(self, function: Callable, name: str, token: Any, value: object, *args: Any, **named: Any) -> object:
        self.check_clock()
        try:
            return checked(function(self, value, *args, **named))
        except TemplateTrouble as trouble:
            trouble.token = trouble.token or token
            raise
        except STUMBLES as stumble:
            raise TemplateTrouble("wrong-value", token=token, name=name) from stumble


def _lacks(found: object, name: object) -> bool:
    """Whether a group has no field of that name; what is empty this time lacks nothing."""
    if not isinstance(found, Mapping) or isinstance(found, Undefined) or not isinstance(name, str):
        return False
    return name not in found and name not in ("size", "first", "last")


def weight_of(value: object) -> int:
    """How many characters a value takes, about."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return sum(len(each) if isinstance(each, str) else 8 for each in value)
    return 8


def checked(value: object) -> object:
    """What a filter made, if it is within the limits."""
    if isinstance(value, list | tuple) and len(value) > LONGEST_LIST:
        raise TemplateTrouble("list-too-long", limit=LONGEST_LIST)
    if weight_of(value) > LONGEST_TEXT:
        raise TemplateTrouble("text-too-long", limit=LONGEST_TEXT)
    if isinstance(value, int) and abs(value) > LARGEST_NUMBER:
        raise TemplateTrouble("number-too-large")
    return value


class _Written(OutputNode):
    """An output that writes times, decimals and lists as people of the language do."""

    def render_to_output(self, context: Any, buffer: Any) -> int:
        value = self.expression.evaluate(context)
        if isinstance(value, Mapping) and not isinstance(value, Undefined):
            raise TemplateTrouble("not-a-value", token=self.expression.token, name=str(self.expression)[:80])
        text = checked(text_of(value, context.language))
        return buffer.write(str(escape(text) if context.autoescape else text))


class _Echoed(_Written, EchoNode):
    """The same for the tag `echo`."""


class _Output(Output):
    node_class = _Written


class _Echo(EchoTag):
    node_class = _Echoed


class _Alone(Tag):
    """A tag that would need another template."""

    block = False

    def parse(self, stream: Any) -> Any:
        raise TemplateTrouble("no-loader", token=stream.current)


REFUSED_TAGS = ("include", "render", "layout", "extends", "block", "section", "import", "call", "macro")


def _parse_placed(parse_tag: Callable[[Any], Any], stream: Any) -> Any:
    """An error that knows no place (the end of an expression, of the template) is one of the tag that was begun."""
    token = stream.current
    try:
        return parse_tag(stream)
    except LiquidError as error:
        if error.token is None or error.token.start_index < 0:
            error.token = token
        raise


class Liquid(Environment):
    block_nesting_limit = DEEPEST_NESTING
    context_depth_limit = DEEPEST_NESTING + 2
    loop_iteration_limit = 500_000
    local_namespace_limit = MOST_KEPT
    output_stream_limit = PAPER.output_bytes

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        self.filters = dict(FILTERS)
        self.add_tag(_Output)
        self.add_tag(_Echo)
        for name in REFUSED_TAGS:
            self.tags[name] = _Alone(self)
        for tag in self.tags.values():
            tag.parse = partial(_parse_placed, tag.parse)


class Template(BoundTemplate):
    """A parsed template that knows which names it makes itself."""

    context_class = Context

    def __init__(self, *args: Any, **named: Any):
        super().__init__(*args, **named)
        self.own_names = frozenset(self.analyze(include_partials=False).locals)


Liquid.template_class = Template


@cache
def environment(*, html: bool) -> Liquid:
    return Liquid(autoescape=html)


_BLANK = re.compile(rf"\s{{{LONGEST_BLANK + 1},}}")
_RAW_TAG = re.compile(r"\{%-?\s*(?P<end>end)?(?P<name>raw|doc)\s*-?%\}")


def parse(source: str, *, html: bool = True) -> Template:
    """Raises Refused."""
    for trouble in _unreadable(source):
        raise Refused(trouble)
    try:
        return _parsed(source, html)
    except LiquidError as error:
        # The library wraps what it does not expect while parsing, our own refusals too.
        cause = error.__cause__ if isinstance(error.__cause__, LiquidError) else error
        raise Refused(trouble_of(cause, source)) from error


@lru_cache(maxsize=64)
def _parsed(source: str, html: bool) -> Template:
    return environment(html=html).from_string(source)  # type: ignore[return-value]


def _unreadable(source: str) -> Iterator[Trouble]:
    """What would make the lexer go through the whole rest of the template again and again."""
    if len(source) > LARGEST_TEMPLATE:
        yield Trouble("template-too-large", values={"limit": LARGEST_TEMPLATE})
        return
    if blank := _BLANK.search(source):
        yield trouble_at("blank-too-long", source, blank.start(), limit=LONGEST_BLANK)
    for opening, closing in (("{{", "}}"), ("{%", "%}")):
        if (index := source.find(opening, source.rfind(closing) + 1)) >= 0:
            yield trouble_at("not-closed", source, index)
    last = {(tag["name"], bool(tag["end"])): tag.start() for tag in _RAW_TAG.finditer(source)}
    for name in ("raw", "doc"):
        if (opened := last.get((name, False), -1)) > last.get((name, True), -1):
            yield trouble_at("not-closed", source, opened)


def render(template: Template, data: Mapping[str, object], *, language: str, limits: Limits, source: str) -> str:
    """The text. Raises Refused."""
    context = Context(template, globals=data)
    context.begin(language, limits)
    buffer = LimitedStringIO(limit=limits.output_bytes)
    try:
        template.render_with_context(context, buffer)
    except LiquidError as error:
        raise Refused(trouble_of(error, source)) from error
    except STUMBLES as stumble:
        raise Refused(Trouble("unexpected")) from stumble
    return buffer.getvalue()
