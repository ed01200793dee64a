"""What a print job has made so far, on the disk, so that after a worker has died the next one goes on there.

A part is the papers of some orders that follow each other, with a note of what became of these. The note is written
last and knows the sum of the papers: without it, or with another sum, there is no such part and it is made again.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import structlog

from backoffice.faults import fault
from orders.papers.printing import Made, Prints

log = structlog.get_logger("orders.papers")


class Parts:
    """The parts of one job in a folder of its own, by their number."""

    def __init__(self, folder: Path):
        self.folder = folder

    def keep(self, number: int, papers: bytes, prints: Prints) -> None:
        self._papers(number).write_bytes(papers)
        fault("papers.part-written")
        note = {
            "sha256": hashlib.sha256(papers).hexdigest(),
            "seen": sorted(prints.seen),
            "made": [[key, [asdict(paper) for paper in made]] for key, made in prints.made.items()],
            "refused": list(prints.refused.items()),
            "unprintable": sorted(prints.unprintable),
        }
        aside = self._note(number).with_suffix(".aside")
        aside.write_text(json.dumps(note), encoding="utf-8")
        aside.replace(self._note(number))
        log.info("part kept", number=number)

    def find(self, number: int) -> Prints | None:
        """What became of the orders of a part; None when there is no whole one, or only one that another version of
        the program wrote."""
        try:
            note = json.loads(self._note(number).read_text(encoding="utf-8"))
            is_whole = hashlib.sha256(self.papers(number)).hexdigest() == note["sha256"]
            prints = Prints(
                seen=set(note["seen"]),
                made={key: [Made(**paper) for paper in made] for key, made in note["made"]},
                refused=dict(note["refused"]),
                unprintable=set(note["unprintable"]),
            )
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return None
        return prints if is_whole else None

    def papers(self, number: int) -> bytes:
        """Empty when nothing could be made of any of its orders."""
        return self._papers(number).read_bytes()

    def _papers(self, number: int) -> Path:
        return self.folder / f"{number}.papers"

    def _note(self, number: int) -> Path:
        return self.folder / f"{number}.json"
