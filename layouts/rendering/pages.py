"""What goes into the renderer and what comes out of it: plain data on both sides."""

from collections.abc import Mapping
from dataclasses import dataclass

from layouts.source import Source


@dataclass(frozen=True)
class Page:
    """One document to make: a layout filled with the data of, say, an order. It may become several sheets."""

    source: Source
    data: Mapping[str, object]
    language: str


@dataclass(frozen=True)
class Attachment:
    """A file inside a PDF; `relationship` is one of PDF/A-3's, such as Alternative or Source."""

    name: str
    content: bytes
    description: str = ""
    relationship: str = "Unspecified"


@dataclass(frozen=True)
class Limits:
    """Of one document; what passes them is killed or refused, and the next document is made as if nothing were."""

    cpu_seconds: int = 20
    wall_seconds: float = 90.0
    memory_mib: int = 512
    pages: int = 200


DOCUMENT = Limits()
# A preview is waited for.
PREVIEW = Limits(cpu_seconds=10, wall_seconds=30.0)
