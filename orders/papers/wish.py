"""What somebody wants printed: which papers, on which labels, in one file or many."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.models import Job
from layouts.kinds import Kind
from layouts.label_sheets import SHEETS, LabelSheet

# One list to pick all orders by at once; no kind of layout, because no shop has one of its own.
PICK_ROUND = "pick_round"
PICK_ROUND_LABEL = _("Pick list for all orders together")
# Papers of an order, in the order in which they come out of the printer.
PAPERS = (
    Kind.INVOICE,
    Kind.CREDIT_NOTE,
    Kind.PACKING_SLIP,
    Kind.PICK_LIST,
    Kind.RETURN_SLIP,
    Kind.ORDER_CONFIRMATION,
    Kind.ADDRESS_LABEL,
)


class Packing(models.TextChoices):
    PDF = "pdf", pgettext_lazy("packing", "One PDF to print")
    ZIP = "zip", pgettext_lazy("packing", "A file for each paper, in a ZIP")


def label_of(paper: str) -> str:
    return str(PICK_ROUND_LABEL if paper == PICK_ROUND else Kind(paper).label)


@dataclass(frozen=True)
class Wish:
    """`sheet` is a key of SHEETS, or "" for what the layout of the labels says itself; `first_label` counts from 1."""

    papers: tuple[str, ...]
    packing: str = Packing.PDF
    sheet: str = ""
    first_label: int = 1
    issues_invoices: bool = False

    @classmethod
    def of(cls, job: Job) -> "Wish":
        return cls(**job.arguments | {"papers": tuple(job.arguments["papers"])})

    def as_arguments(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def label_sheet(self) -> LabelSheet | None:
        return SHEETS.get(self.sheet)

    @property
    def labels_share_sheets(self) -> bool:
        """Whether the labels of all orders lie together; on a roll each stands with the papers of its order."""
        if Kind.ADDRESS_LABEL not in self.papers:
            return False
        sheet = self.label_sheet
        return sheet is not None and not sheet.is_roll

    @property
    def has_papers_of_all(self) -> bool:
        """Whether something is made of all orders together, at the end."""
        return PICK_ROUND in self.papers or self.labels_share_sheets

    @property
    def papers_of_an_order(self) -> list[Kind]:
        """What is made for each order by itself."""
        return [
            kind
            for kind in PAPERS
            if kind in self.papers and not (kind == Kind.ADDRESS_LABEL and self.labels_share_sheets)
        ]
