"""What tables cost: their time beside the usual way to write them, their memory at many orders beside few."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from operator import attrgetter
from typing import IO

import django
from openpyxl import Workbook

if __name__ == "__main__":
    django.setup()

from backoffice.benches import Measured, bench, memory_kib, seconds_in_turns
from backoffice.models import Shop
from orders.benches import shop_with
from orders.exports.formats import Format, Layout, reader_and_writer
from orders.exports.table import ORDER_COLUMNS
from orders.keys import keys_of
from orders.models import Order

# The same twenty values, as columns of ours and as fields of the model.
COLUMNS = """
    number placed status_code payment_code customer company email phone shipping_street shipping_postcode
    shipping_city shipping_country payment_method shipping_method currency total_ex total_vat total paid weight
""".split()  # noqa: SIM905  (a list of twenty quoted names reads worse)
FIELDS = """
    number placed_at fulfilment_status payment_status customer_name customer_company customer_email customer_phone
    shipping_street shipping_postcode shipping_city shipping_country payment_method shipping_method currency total_ex
    total_vat total paid_total weight_g
""".split()  # noqa: SIM905
FEW = 1_000
KINDS = {"xlsx": (Format.XLSX, False), "xlsx-lines": (Format.XLSX, True), "csv": (Format.CSV, False)}


@bench("xlsx")
def time_of_xlsx(size: int) -> Iterator[Measured]:
    shop = shop_with(size)
    usual, ours = seconds_in_turns([partial(usual_xlsx, shop), partial(our_xlsx, shop)], times=3)
    remark = f"{usual / ours:.1f} times as fast, {size / ours:,.0f} rows/s"
    what = f"XLSX of {size:,} × {len(COLUMNS)} against ORM and openpyxl"
    yield Measured(what, ours / usual, 0.71, remark=remark)


def usual_xlsx(shop: Shop) -> None:
    """Model instances into a write-only workbook."""
    values_of = attrgetter(*FIELDS)
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Orders")
    sheet.append(FIELDS)
    for order in Order.objects.for_shop(shop).newest_first().iterator(chunk_size=2000):
        number, placed_at, *rest = values_of(order)
        sheet.append([f"{number:05d}", placed_at.astimezone(shop.zone).replace(tzinfo=None), *rest])
    with tempfile.TemporaryFile() as file:
        workbook.save(file)


def our_xlsx(shop: Shop) -> None:
    """The work of the job, into a file that is thrown away."""
    with tempfile.TemporaryFile() as file:
        write(file, shop, Layout(tuple(COLUMNS)), Format.XLSX)


def write(file: IO[bytes], shop: Shop, layout: Layout, chosen: Format) -> int:
    """Returns the most memory, in KiB, that was seen at any of a few hundred orders."""
    read, write_to = reader_and_writer(chosen, layout, shop)
    keys = keys_of(Order.objects.for_shop(shop).newest_first())
    peaks = [memory_kib()]

    def watched() -> Iterator[object]:
        for number, order in enumerate(read(keys)):
            yield order
            if number % 500 == 0:
                peaks[0] = max(peaks[0], memory_kib())

    write_to(file, watched(), len(keys))
    return max(peaks[0], memory_kib())


@bench("table memory")
def memory_of_tables(size: int) -> Iterator[Measured]:
    for kind in KINDS:
        few, most = (_peak(shop_with(number), kind) for number in (FEW, size))
        remark = f"{most / 1024:.0f} MiB"
        yield Measured(f"peak of {kind} of {size:,} against {FEW:,} orders", most / few, 1.2, remark=remark)


def _peak(shop: Shop, kind: str) -> int:
    """KiB at the peak of a process that does nothing but this export, with all columns."""
    child = [sys.executable, "-m", "orders.exports.benches", shop.number, kind]
    return int(subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603


def main(shop_number: str, kind: str) -> None:
    chosen, is_per_line = KINDS[kind]
    layout = Layout(tuple(ORDER_COLUMNS), is_per_line=is_per_line)
    with tempfile.TemporaryFile() as file:
        print(write(file, Shop.objects.get(number=shop_number), layout, chosen))  # noqa: T201  (the answer of the child)


if __name__ == "__main__":
    main(*sys.argv[1:])
