"""Boxes of sealed lines, opened for one answer while others seal lines and put them back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...core.errors import SealError
from ...core.image import Cell, Image
from ...core.payload import decode
from ...core.plan import Key
from ...core.seal import Box, open_box
from ..boxes import vault
from ..boxes.shelf import Place, places
from ..work import Work

Row = tuple[Place | None, Key]
"""Under what a line lies, where that is known, and the key of the row it was in."""

Cells = Sequence[Cell]


class Opened:
    """What lies in boxes, of which one that does not open keeps nobody from the others.

    :param work: the open transaction.
    """

    def __init__(self, work: Work) -> None:
        self.work = work
        self.images: list[tuple[Image, Place | None]] = []
        self.unopened = 0
        self._seen = set[str]()

    def look(self, ids: Iterable[str]) -> None:
        """Open those of these boxes that were not opened before, and still hold something."""
        fresh = [each for each in ids if each not in self._seen]
        self._seen.update(fresh)
        laid = places(self.work, fresh)
        for box in vault.holding(self.work.conn, self.work.custodian, fresh):
            images = self._opened(box)
            if images is None:
                self.unopened += 1
            else:
                self.images += [(image, laid.get((box.id, image.table))) for image in images]

    def _opened(self, box: Box) -> Sequence[Image] | None:
        try:
            return decode(open_box(box, self.work.custodian)).rows
        except SealError:
            return None


def by_row(images: Iterable[tuple[Place | None, Key, Cells]]) -> dict[Row, list[Cells]]:
    """Return each row with the cells of every line that was sealed of it.

    What was sealed under several categories lies in a box for each, and is one line. Where boxes
    have a column in common the row was sealed again, perhaps as somebody else's.

    :param images: under what it lies, the key of its row, and what was sealed.
    """
    found: dict[Row, list[Cells]] = {}
    for place, key, cells in images:
        found.setdefault((place, key), []).append(cells)
    return {row: _whole(parts) for row, parts in found.items()}


def _whole(parts: list[Cells]) -> list[Cells]:
    cells = [cell for part in parts for cell in part]
    return [cells] if len({cell.name for cell in cells}) == len(cells) else parts
