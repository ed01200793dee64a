"""Printing: papers of orders to bytes, one after the other as they lie in the list.

Invoices and credit notes are the bytes that were kept when they were issued; all else is made anew. An order of which
a paper cannot be made is named with the reason, and the others go on.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from io import BytesIO

from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override
from pypdf import PdfReader

from backoffice.actor import Actor
from backoffice.models import Shop
from layouts.kinds import LEGAL_KINDS, Kind
from layouts.rendering import Batch, Page, RenderFailed, render_batch, render_pdf
from orders.models import Invoice, InvoiceKind, Order
from orders.papers.binding import Binder
from orders.papers.invoice_files import file_name, invoice_pdf
from orders.papers.making import Desk, Label, Round, SharedPage, Subject, label_data
from orders.papers.wish import PICK_ROUND, Wish, label_of
from orders.services.errors import ChangeRefused
from orders.services.invoices import AlreadyInvoiced, issue_invoice

# Sheets of labels in one document: well within what a renderer may take.
SHEETS_AT_ONCE = 40


class PaperMissing(Exception):
    """There is no such paper of this order; `str()` says why, in the active language."""


@dataclass(frozen=True)
class Made:
    """A paper that was made: its kind, and the layout it was made with or the number it bears."""

    paper: str
    version: str


@dataclass
class Prints:
    """What became of each order, by its key: the papers made, and why one or all of them could not be."""

    seen: set[int] = field(default_factory=set)
    made: dict[int, list[Made]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    # Characters that stand as boxes on paper, because no font has them.
    unprintable: set[str] = field(default_factory=set)

    def note(self, key: int, paper: str, version: str) -> None:
        self.made.setdefault(key, []).append(Made(paper, version))

    def refuse(self, key: int, paper: str, reason: str) -> None:
        """Only the first reason is kept: it is what somebody has to see to first."""
        self.refused.setdefault(key, f"{label_of(paper)}: {reason}")

    def include(self, other: "Prints") -> None:
        """What became of other orders."""
        self.seen |= other.seen
        self.made |= other.made
        self.refused |= other.refused
        self.unprintable |= other.unprintable


class Printing:
    """Papers of the orders of one shop, made chunk by chunk in the order of the list."""

    def __init__(self, wish: Wish, *, shop: Shop, by: Actor):
        self.wish = wish
        self.by = by
        self.desk = Desk(shop)
        self.prints = Prints()
        # Of what is made at the end only what it needs is kept, not the orders themselves.
        self._labels: dict[Shop, dict[int, Label]] = {}
        self._round = Round(self.desk)

    def add(self, keys: Iterable[int], binder: Binder) -> Prints:
        """Papers of the orders with these keys into `binder`, and what became of these; what is no order of the shop
        is left out."""
        before, self.prints = self.prints, Prints()
        subjects = list(self.desk.subjects(keys))
        self.prints.seen.update(subject.order.pk for subject in subjects)
        self._add(subjects, binder)
        of_these = self.prints
        before.include(of_these)
        self.prints = before
        return of_these

    def recall(self, keys: Iterable[int], prints: Prints) -> None:
        """The papers of these orders lie there already, made by a worker that died: only what is made of all orders
        together still needs them."""
        self.prints.include(prints)
        if self.wish.has_papers_of_all:
            for subject in self.desk.subjects(keys):
                self._keep_for_the_end(subject)

    def finish(self, binder: Binder) -> None:
        """Make what is made of all orders together, and write everything that could be made, if anything."""
        first = self.wish.first_label
        for sold_in, labels in self._labels.items():
            # Each target shop begins a sheet of its own, because its name is on it.
            self._add_labels(sold_in, labels, first, binder)
            first = 1
        if self._round.keys:
            self._add_round(binder)
        if self.prints.made:
            binder.write()

    def _add(self, subjects: list[Subject], binder: Binder) -> None:
        pages = [
            (subject, kind) for subject in subjects for kind in self.wish.papers_of_an_order if kind not in LEGAL_KINDS
        ]
        made = _Rendered(
            [self.desk.page(subject, kind, self.wish.label_sheet) for subject, kind in pages],
            apart=binder.apart,
        )
        self.prints.unprintable |= set(made.batch.unprintable)
        places = {(subject.order.pk, kind): place for place, (subject, kind) in enumerate(pages)}
        for subject in subjects:
            for kind in self.wish.papers_of_an_order:
                if kind in LEGAL_KINDS:
                    self._add_kept(subject, kind, binder)
                else:
                    self._add_rendered(subject, kind, made, places[subject.order.pk, kind], binder)
            self._keep_for_the_end(subject)

    def _add_kept(self, subject: Subject, kind: Kind, binder: Binder) -> None:
        try:
            documents = legal_documents(subject.order, kind, by=self.by, issues=self.wish.issues_invoices)
            for invoice in documents:
                binder.add(file_name(invoice).removesuffix(".pdf"), invoice_pdf(invoice))
                self.prints.note(subject.order.pk, kind, invoice.number)
        except (PaperMissing, ChangeRefused, RenderFailed) as reason:
            if kind == Kind.CREDIT_NOTE and len(self.wish.papers) > 1:
                # Few orders have one: asked for beside other papers it means "where there are any".
                return
            self.prints.refuse(subject.order.pk, kind, str(reason))

    def _add_rendered(self, subject: Subject, kind: Kind, made: "_Rendered", place: int, binder: Binder) -> None:
        failure = made.batch.failures.get(place)
        if failure is not None:
            self.prints.refuse(subject.order.pk, kind, str(failure))
            return
        if binder.apart:
            binder.add(paper_name(subject.order, kind), made.batch.documents[place])
        else:
            binder.add_pages(paper_name(subject.order, kind), made.reader, *made.span(place))
        self.prints.note(subject.order.pk, kind, made.pages[place].source.label)

    def _keep_for_the_end(self, subject: Subject) -> None:
        if self.wish.labels_share_sheets:
            self._labels.setdefault(subject.sold_in, {})[subject.order.pk] = label_data(subject.document)
        if PICK_ROUND in self.wish.papers:
            self._round.add(subject)

    def _add_labels(self, sold_in: Shop, labels: dict[int, Label], first: int, binder: Binder) -> None:
        """Labels on as many sheets as they take; a document has few enough of them to be laid out in time."""
        sheet = self.wish.label_sheet
        left = list(labels)
        name = f"{slugify(label_of(Kind.ADDRESS_LABEL))}-{labels[left[0]]['order_number']}"
        pages = []
        while left:
            room = SHEETS_AT_ONCE * (sheet.number_of_labels if sheet else 1) - (first - 1)
            together, left = left[:room], left[room:]
            page = self.desk.labels(sold_in, [labels[key] for key in together], sheet, first=first)
            pages.append(SharedPage(page, frozenset(together)))
            first = 1
        self._add_shared(Kind.ADDRESS_LABEL, list(labels), pages, lambda pdf: binder.add(name, pdf))

    def _add_round(self, binder: Binder) -> None:
        name = slugify(label_of(PICK_ROUND))
        pages = self._round.pages(timezone.now())
        self._add_shared(PICK_ROUND, self._round.keys, pages, lambda pdf: binder.put_first(name, pdf))

    def _add_shared(self, paper: str, keys: list[int], pages: list[SharedPage], add: Callable[[bytes], None]) -> None:
        """A paper of many orders. Where one of its pages cannot be made, it is named as missing for the orders on that
        page, and the others are printed."""
        made = render_batch([each.page for each in pages])
        self.prints.unprintable |= set(made.unprintable)
        if made.pdf:
            add(made.pdf)
        missing = {key: reason for place, reason in made.failures.items() for key in pages[place].keys}
        for key in keys:
            if key in missing:
                self.prints.refuse(key, paper, str(missing[key]))
            elif made.pdf:
                self.prints.note(key, paper, pages[0].page.source.label)


class _Rendered:
    """Pages that were rendered together, and where each stands in the PDF of all."""

    def __init__(self, pages: Sequence[Page], *, apart: bool):
        self.pages = pages
        self.batch = render_batch(pages, apart=apart) if pages else Batch(b"", {}, {})
        self.reader = PdfReader(BytesIO(self.batch.pdf)) if self.batch.pdf else None
        self._starts: dict[int, int] = {}
        start = 0
        for place in sorted(self.batch.number_of_pages):
            self._starts[place] = start
            start += self.batch.number_of_pages[place]

    def span(self, place: int) -> tuple[int, int]:
        """First page, and the one behind the last."""
        start = self._starts[place]
        return start, start + self.batch.number_of_pages[place]


def paper_pdf(order: Order, kind: str, *, by: Actor) -> tuple[str, bytes]:
    """File name and bytes of one paper of an order, in the language of whoever it is for.

    Raises PaperMissing where the order has none (an invoice that was not issued), and RenderFailed.
    """
    kind = Kind(kind)
    if kind in LEGAL_KINDS:
        invoice = legal_documents(order, kind, by=by, issues=False)[-1]
        return file_name(invoice), invoice_pdf(invoice)
    desk = Desk(order.shop)
    subject = next(iter(desk.subjects([order.pk])))
    page = desk.page(subject, kind)
    with override(page.language):
        name = paper_name(order, kind)
    return f"{name}.pdf", render_pdf([page]).pdf


def legal_documents(order: Order, kind: Kind, *, by: Actor, issues: bool) -> list[Invoice]:
    """The invoice that stands, or all credit notes; with `issues` an invoice that is missing is issued now.

    Raises PaperMissing where there is none, and ChangeRefused where it cannot be issued.
    """
    if kind == Kind.CREDIT_NOTE:
        notes = list(Invoice.objects.filter(order=order, kind=InvoiceKind.CREDIT_NOTE).order_by("issued_at", "pk"))
        if not notes:
            raise PaperMissing(_("This order has no credit note."))
        return notes
    standing = Invoice.objects.standing().filter(order=order).first()
    if standing is not None:
        return [standing]
    if not issues:
        raise PaperMissing(_("No invoice was issued for this order."))
    try:
        return [issue_invoice(order, by=by)]
    except AlreadyInvoiced as meanwhile:
        return [meanwhile.invoice]


def paper_name(order: Order, kind: str) -> str:
    """`packing-slip-10042`, in the active language."""
    return f"{slugify(label_of(kind))}-{order.display_number}"
