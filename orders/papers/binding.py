"""Papers put together: pages of many PDFs in one, or a ZIP with a file for each."""

import zipfile
from io import BytesIO
from typing import IO, Protocol

from pypdf import PdfReader, PdfWriter


class Binder(Protocol):
    """Takes papers in the order in which they are printed. `apart` says whether each must be a PDF of its own."""

    apart: bool
    # Of a paper that is alone.
    name: str

    def add(self, name: str, pdf: bytes) -> None:
        """A whole PDF, called `name` without its ending."""

    def add_pages(self, name: str, source: PdfReader, first: int, last: int) -> None:
        """Pages of a PDF that holds several papers, `last` not included; only where papers need not be apart."""

    def put_first(self, name: str, pdf: bytes) -> None:
        """A whole PDF before all others."""

    def add_bound(self, bound: bytes) -> None:
        """What another binder of this sort wrote, behind what is there."""

    def write(self) -> None: ...

    def close(self) -> None:
        """Let go of the file, written or not, before somebody else closes it."""


class OnePdf:
    """A paper that stays alone is written as it came, so that an invoice is the same bytes each time; `name` is its."""

    apart = False

    def __init__(self, file: IO[bytes]):
        self.file = file
        self.writer = PdfWriter()
        self.name = ""
        self._alone: bytes | None = None
        self._number = 0

    def add(self, name: str, pdf: bytes) -> None:
        self._count(name, pdf)
        self.writer.append(BytesIO(pdf), import_outline=False)

    def add_pages(self, name: str, source: PdfReader, first: int, last: int) -> None:
        self._count(name, None)
        self.writer.append(source, pages=(first, last), import_outline=False)

    def put_first(self, name: str, pdf: bytes) -> None:
        self._count(name, pdf)
        self.writer.merge(0, BytesIO(pdf), import_outline=False)

    def add_bound(self, bound: bytes) -> None:
        self.add("", bound)

    def write(self) -> None:
        if self._alone is not None:
            self.file.write(self._alone)
        else:
            # The logo came with each of the PDFs.
            self.writer.compress_identical_objects()
            self.writer.write(self.file)

    def close(self) -> None:
        self.writer.close()

    def _count(self, name: str, pdf: bytes | None) -> None:
        self._number += 1
        self.name = name if self._number == 1 else ""
        self._alone = pdf if self._number == 1 else None


class Zip:
    apart = True
    name = ""

    def __init__(self, file: IO[bytes]):
        # PDFs are compressed inside.
        self.archive = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def add(self, name: str, pdf: bytes) -> None:
        self.archive.writestr(f"{name}.pdf", pdf)

    def add_pages(self, name: str, source: PdfReader, first: int, last: int) -> None:
        raise NotImplementedError("A ZIP takes whole papers.")

    def put_first(self, name: str, pdf: bytes) -> None:
        self.add(name, pdf)

    def add_bound(self, bound: bytes) -> None:
        with zipfile.ZipFile(BytesIO(bound)) as archive:
            for name in archive.namelist():
                self.archive.writestr(name, archive.read(name))

    def write(self) -> None:
        self.archive.close()

    def close(self) -> None:
        self.archive.close()
