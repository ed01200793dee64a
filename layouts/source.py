"""A layout as plain data: what a paper is made from, safe to hand to another process."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Source:
    """Liquid template, style sheet and files by name; `label` names it, such as "12345 invoice 3"."""

    html: str
    css: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    label: str = ""
