"""The published rules of EN 16931 (CEN's and Factur-X's Schematron, as XSLT 2.0), run by Saxon in a process of its own.

`python -m orders.tests.official_rules` reads e-invoices from its input, each behind its length, and answers with a line
of JSON. A process of its own, because Saxon's library and lxml do not bear each other for long.
"""

import atexit
import json
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path

import facturx

RULES = Path(facturx.__file__).parent / "xsd_and_schematron"
OF_CII = RULES / "facturx-en16931" / "FACTUR-X_EN16931.xslt"
OF_UBL = RULES / "ubl-2.1" / "EN16931-UBL-validation.xslt"
REPORT = "{http://purl.oclc.org/dsdl/svrl}"


def broken(xml: bytes) -> list[str]:
    """Every rule that `xml` breaks, as its words with its number."""
    process = _process()
    process.stdin.write(struct.pack(">I", len(xml)) + xml)
    process.stdin.flush()
    return json.loads(process.stdout.readline())


@cache
def _process() -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen) -> None:
    with process:
        process.kill()


def answer() -> None:
    from xml.etree import ElementTree

    from saxonche import PySaxonProcessor

    with PySaxonProcessor(license=False) as saxon:
        compiler = saxon.new_xslt30_processor()
        sheets: dict[Path, object] = {}
        while head := sys.stdin.buffer.read(4):
            xml = sys.stdin.buffer.read(struct.unpack(">I", head)[0])
            path = OF_CII if b"CrossIndustryInvoice" in xml else OF_UBL
            if path not in sheets:
                sheets[path] = compiler.compile_stylesheet(stylesheet_file=str(path))
            document = saxon.parse_xml(xml_text=xml.decode())
            report = ElementTree.fromstring(sheets[path].transform_to_string(xdm_node=document))
            failed = [" ".join("".join(each.itertext()).split()) for each in report.iter(f"{REPORT}failed-assert")]
            if not list(report.iter(f"{REPORT}fired-rule")):
                failed.append("No rule was asked.")
            sys.stdout.write(json.dumps(failed) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    answer()
