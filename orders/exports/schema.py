"""The schema of the order XML, read for people: one row per element and attribute, in the order of the document."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
UNBOUNDED = "unbounded"


@dataclass(frozen=True)
class ElementRow:
    """`name` of an attribute begins with @; `depth` counts from the document element, 0."""

    name: str
    path: str
    depth: int
    type: str
    occurs: str
    values: tuple[str, ...]
    text: str


@cache
def elements_of(schema: Path) -> tuple[ElementRow, ...]:
    """All elements and attributes that `schema` describes; named types are followed where they are used."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    root = etree.parse(str(schema), parser).getroot()
    return tuple(_Reader(root).rows())


@cache
def version_of(schema: Path) -> str:
    return etree.parse(str(schema)).getroot().get("version")


class _Reader:
    def __init__(self, root: etree._Element):
        self.root = root
        self.types = {each.get("name"): each for each in root if each.tag in (f"{XS}simpleType", f"{XS}complexType")}

    def rows(self) -> Iterator[ElementRow]:
        for element in self.root.findall(f"{XS}element"):
            yield from self._element(element, "", 0)

    def _element(self, element: etree._Element, parent: str, depth: int) -> Iterator[ElementRow]:
        name, path = element.get("name"), f"{parent}/{element.get('name')}"
        kind = self._type_of(element)
        yield self._row(element, name, path, depth, self._occurs(element))
        if kind is None or kind.tag != f"{XS}complexType":
            return
        for attribute in kind.iter(f"{XS}attribute"):
            if self._owner(attribute) is kind:
                occurs = "1" if attribute.get("use") == "required" else "0–1"
                label = f"@{attribute.get('name')}"
                yield self._row(attribute, label, f"{path}/{label}", depth + 1, occurs)
        for child in kind.iter(f"{XS}element"):
            if self._owner(child) is kind:
                yield from self._element(child, path, depth + 1)

    def _row(self, node: etree._Element, name: str, path: str, depth: int, occurs: str) -> ElementRow:
        kind = self._type_of(node)
        simple = self._simple(node, kind)
        values = tuple(each.get("value") for each in simple.iter(f"{XS}enumeration")) if simple is not None else ()
        return ElementRow(name, path, depth, self._type_name(node, kind), occurs, values, self._text(node, kind))

    def _type_of(self, node: etree._Element) -> etree._Element | None:
        if node.get("type"):
            return self.types.get(node.get("type"))
        for tag in ("complexType", "simpleType"):
            inner = node.find(f"{XS}{tag}")
            if inner is not None:
                return inner
        return None

    def _simple(self, node: etree._Element, kind: etree._Element | None) -> etree._Element | None:
        """The simple type of a text: the node's own, or what its complex type extends."""
        if kind is None or kind.tag == f"{XS}simpleType":
            return kind
        extension = kind.find(f"{XS}simpleContent/{XS}extension")
        return self.types.get(extension.get("base")) if extension is not None else None

    def _type_name(self, node: etree._Element, kind: etree._Element | None) -> str:
        if kind is not None and kind.tag == f"{XS}complexType":
            extension = kind.find(f"{XS}simpleContent/{XS}extension")
            return extension.get("base") if extension is not None else ""
        return (node.get("type") or "").removeprefix("xs:")

    def _occurs(self, element: etree._Element) -> str:
        least = element.get("minOccurs", "1")
        most = "n" if element.get("maxOccurs") == UNBOUNDED else element.get("maxOccurs", "1")
        return least if least == most else f"{least}–{most}"

    def _text(self, node: etree._Element, kind: etree._Element | None) -> str:
        """What is said of this element and then of its type."""
        found = [place.find(f"{XS}annotation/{XS}documentation") for place in (node, kind) if place is not None]
        return " ".join(word for each in found if each is not None for word in each.text.split())

    def _owner(self, node: etree._Element) -> etree._Element:
        """The complex type that `node` stands in directly."""
        return next(node.iterancestors(f"{XS}complexType"))
