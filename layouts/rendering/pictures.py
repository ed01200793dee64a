"""Pages of a PDF as pictures, in the renderer's process."""

from io import BytesIO

import pypdfium2

MOST_PIXELS = 12_000_000


def pictures_of(pdf: bytes, *, width: int, first: int, most: int) -> tuple[list[bytes], int]:
    """PNGs of `most` pages from `first` (0 is the first one), `width` pixels wide, and how many pages there are."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        number_of_pages = len(document)
        return [
            _picture(document[index], width) for index in range(first, min(first + most, number_of_pages))
        ], number_of_pages
    finally:
        document.close()


def _picture(page: pypdfium2.PdfPage, width: int) -> bytes:
    across, down = page.get_size()
    scale = width / across
    # A page may be a ribbon: what it lacks in width it must not have in height.
    scale = min(scale, (MOST_PIXELS / (across * down)) ** 0.5)
    written = BytesIO()
    page.render(scale=scale).to_pil().save(written, "PNG")
    return written.getvalue()
