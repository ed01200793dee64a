"""Reads a parsed template for names that do not exist, without rendering it.

It walks through the tags in the order in which they stand and knows what each name holds: the fields of the data, what
a loop goes through, what was assigned. Where that cannot be known (`order[x]`) it says nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, LoopExpression, Path
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.for_tag import ForNode
from liquid.builtin.tags.tablerow_tag import TablerowNode
from liquid.expression import Expression

from layouts.engine_environment import Context, Template
from layouts.engine_trouble import Trouble, trouble_at
from layouts.fields_tree import Field, FieldList, Shape
from layouts.filters import FILTERS
from layouts.suggestions import closest

MOST_TROUBLES = 50
ANYTHING = Field("", "")
OF_A_LIST = ("size", "first", "last")
_LOOP_NAMES = ("name", "length", "index", "index0", "rindex", "rindex0", "first", "last", "parentloop")
_ROW_NAMES = (*_LOOP_NAMES[1:-1], "col", "col0", "col_first", "col_last", "row")


def _helper(name: str, names: tuple[str, ...]) -> Field:
    return Field(name, "", None, Shape.GROUP, tuple(Field(each, "", None, Shape.NUMBER) for each in names))


HELPERS = {ForNode: _helper("forloop", _LOOP_NAMES), TablerowNode: _helper("tablerowloop", _ROW_NAMES)}
# Filters that give rows of the list they are given, or one of them, or what stands in each.
SAME_ROWS = frozenset({"where", "reject", "sort", "sort_natural", "reverse", "uniq", "compact", "slice", "default"})
ONE_ROW = frozenset({"first", "last", "find"})
BY_NAME = frozenset({"where", "reject", "find", "has", "map", "sum", "sort", "sort_natural", "uniq", "compact"})


def unknown_names(template: Template, source: str, fields: FieldList) -> list[Trouble]:
    """At most MOST_TROUBLES, in the order in which they stand."""
    reader = _Reader(source, fields)
    for node in template.nodes:
        reader.read(node, Context(template))
    return sorted(reader.troubles, key=lambda trouble: (trouble.line, trouble.column))[:MOST_TROUBLES]


@dataclass
class _Reader:
    source: str
    fields: FieldList
    troubles: list[Trouble] = field(default_factory=list)
    own: dict[str, Field] = field(default_factory=dict)
    blocks: list[dict[str, Field]] = field(default_factory=list)

    def read(self, node: Node, context: Context) -> None:
        for expression in node.expressions():
            self._read_expression(expression, is_output=isinstance(node, OutputNode))
        for name in node.template_scope():
            found = self._made_by(node)
            # Two assignments that differ: from here on it may be either.
            self.own[str(name)] = found if self.own.get(str(name), found) == found else ANYTHING
        self.blocks.append(self._names_in(node))
        for child in node.children(context, include_partials=False):
            self.read(child, context)
        self.blocks.pop()

    def _made_by(self, node: Node) -> Field:
        return self._held_by(node.expression) if isinstance(node, AssignNode) else ANYTHING

    def _names_in(self, node: Node) -> dict[str, Field]:
        if not isinstance(node, ForNode | TablerowNode):
            return {}
        row = _row_of(self._held_by(node.expression.iterable))
        helper = HELPERS[type(node)]
        return {str(node.expression.identifier): row, helper.name: helper}

    def _read_expression(self, expression: Expression, *, is_output: bool = False) -> None:
        if isinstance(expression, Path):
            self._read_path(expression, is_output=is_output)
        elif isinstance(expression, FilteredExpression):
            self._read_expression(expression.left, is_output=is_output and not expression.filters)
            self._read_filters(expression)
            return
        elif isinstance(expression, LoopExpression):
            self._read_loop(expression)
        for child in expression.children():
            self._read_expression(child)

    def _read_loop(self, expression: LoopExpression) -> None:
        held = self._held_by(expression.iterable)
        if isinstance(expression.iterable, Path) and held is not ANYTHING and held.shape is not Shape.LIST:
            self._trouble("not-a-list", expression.iterable, name=str(expression.iterable)[:80])

    def _read_path(self, path: Path, *, is_output: bool) -> None:
        held, known = self._roots().get(str(path.path[0])), ""
        if held is None:
            name = str(path.path[0])
            self._trouble("unknown-field", path, name=str(path)[:80], hint=self._meant(name, path))
            return
        for segment in path.path[1:]:
            known = f"{known}.{held.name}" if known else str(path.path[0])
            below = _below(held, segment)
            if below is None:
                near = closest(str(segment), held.names) or self._meant_below(str(segment), held)
                hint = f"{_written(path, segment)}.{near}" if near else ""
                self._trouble("unknown-field", path, name=str(path)[:80], hint=hint)
                return
            held = below
        if is_output and held.shape in (Shape.GROUP, Shape.LIST):
            self._trouble("not-a-value", path, name=str(path)[:80])

    def _meant(self, name: str, path: Path) -> str:
        """A near name here; else the whole path of a field that ends as this one does."""
        roots = self._roots()
        rest = [str(segment) for segment in path.path]
        for root, held in roots.items():
            if held.child(rest[0]) is not None:
                return ".".join([root, *rest])
        if near := closest(name, roots):
            return ".".join([near, *rest[1:]])
        ending = "." + ".".join(rest)
        return next((each for each in self.fields.paths if each.endswith(ending) and "[]" not in each), "")

    def _meant_below(self, name: str, held: Field) -> str:
        """`order.email` is perhaps `order.customer.email`."""
        for group in held.fields:
            if group.shape is Shape.GROUP and group.child(name) is not None:
                return f"{group.name}.{name}"
        return ""

    def _read_filters(self, expression: FilteredExpression) -> None:
        held = self._held_by(expression.left)
        for each in expression.filters or []:
            if each.name not in FILTERS:
                self._trouble("unknown-filter", each, name=each.name[:80], hint=closest(each.name, FILTERS))
            self._read_key(each, held)
            for argument in each.args:
                self._read_expression(argument.value)
            held = _after(each, held)

    def _read_key(self, each, held: Field) -> None:
        """The name in `| where: "status", "to_ship"` must be one of the rows'."""
        key = _key_of(each) if each.name in BY_NAME else None
        if key is not None and held.shape is Shape.LIST and held.child(key) is None:
            self._trouble("unknown-field", each, name=key[:80], hint=closest(key, held.names))

    def _held_by(self, expression: Expression) -> Field:
        """What an expression gives; ANYTHING when it cannot be known."""
        if isinstance(expression, FilteredExpression):
            held = self._held_by(expression.left)
            for each in expression.filters or []:
                held = _after(each, held)
            return held
        if not isinstance(expression, Path):
            return ANYTHING
        held = self._roots().get(str(expression.path[0])) or ANYTHING
        for segment in expression.path[1:]:
            held = _below(held, segment) or ANYTHING
        return held

    def _roots(self) -> Mapping[str, Field]:
        names = {**self.fields.roots, **self.own}
        for block in self.blocks:
            names.update(block)
        return names

    def _trouble(self, code: str, at, *, hint: str = "", **values: object) -> None:
        if len(self.troubles) < MOST_TROUBLES:
            self.troubles.append(trouble_at(code, self.source, at.token.start_index, hint=hint, **values))


def _below(held: Field, segment: object) -> Field | None:
    """None when there is no such name."""
    if held is ANYTHING or isinstance(segment, Path):
        return ANYTHING
    if held.shape is Shape.LIST:
        if isinstance(segment, int) or segment in ("first", "last"):
            return _row_of(held)
        return ANYTHING if segment == "size" else None
    if held.shape is Shape.GROUP:
        return held.child(segment)
    return ANYTHING if segment == "size" else None


def _row_of(held: Field) -> Field:
    return Field(held.name, held.description, None, Shape.GROUP, held.fields) if held.shape is Shape.LIST else ANYTHING


def _after(each, held: Field) -> Field:
    if each.name in SAME_ROWS:
        return held
    if each.name in ONE_ROW:
        return _row_of(held)
    if each.name == "map" and held.shape is Shape.LIST and (key := _key_of(each)):
        below = held.child(key)
        return below if below is not None and below.shape is Shape.LIST else ANYTHING
    return ANYTHING


def _key_of(each) -> str | None:
    """The name a filter is given as its first argument, when it is written there."""
    value = getattr(each.args[0].value, "value", None) if each.args else None
    return value if isinstance(value, str) else None


def _written(path: Path, before: object) -> str:
    names: Iterator[object] = iter(path.path)
    kept = []
    for name in names:
        if name is before:
            break
        kept.append(str(name))
    return ".".join(kept)
