"""Rows put back as they were: one by one, each as a whole or not at all, with what refused it.

Beside the surgery this is the one place where rows of the host are changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, literal, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from ...core.image import Cell, Change, Image
from ..catalog.shape import LiveSchema
from ..mapping.datamap import DataMap
from ..mapping.proof import stands
from ..mapping.raw import Reader
from ..statements.sql import abiding
from .refusal import Back, Fate, Old, RefusedError, reason, refuse
from .target import Cells, Found, Target, alike, enforced, points


class Putback:
    """Puts rows back on one connection.

    :param conn: open transaction; the caller commits it.
    :param datamap: the resolved data map.
    :param live: the live database as read.
    """

    def __init__(self, conn: Connection, datamap: DataMap, live: LiveSchema) -> None:
        self.conn = conn
        self.datamap = datamap
        self.live = live
        self._targets: dict[str, Target | None] = {}

    def target(self, name: str) -> Target | None:
        """Return a table as it is today, or None where there is none rows can be put into."""
        if name not in self._targets:
            found, declared = self.live.table(name), self.datamap.tables.get(name)
            usable = found is not None and not found.view
            self._targets[name] = None
            if found is not None and usable:
                keyed = declared.keyed if declared is not None else bool(found.primary_key)
                self._targets[name] = Target(self.conn, found, keyed)
        return self._targets[name]

    # one row

    def row(self, old: Old) -> Back:
        """Put one row back as it was, or leave it as it is; return what became of it."""
        return self._attempt(old, lambda target: self._put(target, old.image))

    def _attempt(self, old: Old, put: Callable[[Target], Fate]) -> Back:
        """Do something for a row, all of it or nothing."""
        target = self.target(old.image.table)
        if target is None:
            return Back(old, Fate.NO_TABLE)
        gone = target.fits(old.image.columns)[1]
        try:
            with self.conn.begin_nested():
                return Back(old, put(target), gone)
        except RefusedError as refused:
            return Back(old, refused.fate, gone)
        except DBAPIError as problem:
            return Back(old, reason(problem), gone)

    def _put(self, target: Target, image: Image) -> Fate:
        if image.change is Change.DELETED:
            return self.insert(target, image)
        return self.overwrite(target, image)

    def insert(
        self, target: Target, image: Image, without: Sequence[str] = (), check: bool = True
    ) -> Fate:
        """Put a row in that was deleted.

        :param target: its table.
        :param image: the row.
        :param without: columns that stay empty for now.
        :param check: whether to look at it at once.
        :raises RefusedError: it does not come back.
        """
        cells, _ = target.fits(image.columns)
        key, lost = target.fits(image.key)
        if target.keyed and not lost:
            there = target.find(key)
            if there:
                same = all(_holds(there[0], each) for each in cells)
                if same:
                    return Fate.ALREADY
                refuse(Fate.REUSED)
        given = [c for c in cells if target.writable(c.name) and c.name not in without]
        if not given or target.needed(c.name for c in given):
            refuse(Fate.NEEDED if given else Fate.GONE)
        columns = ", ".join(target.quote(c.name) for c in given)
        places = ", ".join(f":v{n}" for n in range(len(given)))
        over = "OVERRIDING SYSTEM VALUE " if target.numbered else ""
        way = "INSERT OR ABORT" if target.dialect == "sqlite" else "INSERT"
        written = f"{way} INTO {target.spelled} ({columns})".replace(":", "\\:")
        self.conn.execute(
            text(f"{written} {over}VALUES ({places})"),
            {f"v{n}": each.native() for n, each in enumerate(given)},
        )
        if check:
            self.check(target, key if target.keyed and not lost else cells, cells)
        return Fate.RESTORED

    def overwrite(self, target: Target, image: Image) -> Fate:
        """Write back into a row what was overwritten, where nobody wrote since.

        :raises RefusedError: it does not come back.
        """
        cells, _ = target.fits(image.columns)
        now, lost = target.fits(image.now())
        if not cells or lost:
            refuse(Fate.GONE)
        there = target.find(now)
        before, _ = target.fits(image.key)
        if not there and before != now and target.keyed:
            there = target.find(before)
        if not there:
            refuse(Fate.MISSING)
        row, left = there[0], {c.name: c for c in target.fits(image.after)[0]}
        if all(_holds(row, each) for each in cells):
            return Fate.ALREADY
        if not all(_holds(row, each) or self._is_left(target, row, each, left) for each in cells):
            refuse(Fate.NEWER)
        self.write(target, row, now, cells)
        changed = {c.name: c for c in cells}
        self.check(target, tuple(changed.get(c.name, c) for c in now), cells)
        return Fate.RESTORED

    def _is_left(
        self, target: Target, row: Found, old: Cell, left: Mapping[str, Cell]
    ) -> bool:
        """Return whether a cell holds what the erasure left; older images do not say it."""
        if left:
            return old.name in left and _holds(row, left[old.name])
        declared = next(
            (d for d in self.datamap.tables.values() if self.target(d.name) is target), None
        )
        now = row.cell(old.name)
        if declared is None or now is None or old.name not in declared.rules:
            return False
        room = Reader(self.conn, declared, target.live).room(old.name)
        return stands(declared.written(old.name), declared.column(old.name), now, room)

    def write(self, target: Target, row: Found, known: Cells, cells: Cells) -> None:
        """Write cells into one row and leave all others of it as they are."""
        values: dict[Any, Any] = {
            target.source.c[c.name]: literal(c.native(), NullType())
            for c in cells if target.writable(c.name)
        }  # fmt: skip
        for name, column in target.live.columns.items():
            moves = target.dialect == "mariadb" and column.type.lower().startswith(_MOVING)
            if moves and not column.generated and target.source.c[name] not in values:
                values[target.source.c[name]] = target.source.c[name]
        statement = abiding(update(target.source)).values(values).where(target.mine(row, known))
        if target.dialect == "mariadb" and not target.keyed:
            statement = statement.with_dialect_options(mysql_limit=1, mariadb_limit=1)
        done = self.conn.execute(statement)
        if done.rowcount > 1:
            refuse(Fate.REUSED)

    def check(self, target: Target, known: Cells, cells: Cells) -> None:
        """Go on only when the row holds what was written, and points at what is there."""
        found = target.find(tuple(c for c in known if target.live.columns[c.name].type == c.type))
        odd = [c for c in cells if self._differs(target, found, c)]
        if odd and found and len(found) == 1:
            # What a default or a trigger of the insert made of it is written once more.
            self.write(target, found[0], known, tuple(odd))
            found = target.find(known)
            odd = [c for c in cells if self._differs(target, found, c)]
        if odd or not found:
            refuse(Fate.DATABASE)
        if target.dialect == "sqlite" and self.live.foreign_keys_enforced:
            written = {c.name for c in cells}
            touched = (k for k in enforced(target) if written & set(k.columns))
            if not all(points(self.conn, self.live, k, found[0].cells) for k in touched):
                refuse(Fate.FOREIGN)

    def _differs(self, target: Target, found: Sequence[Found], old: Cell) -> bool:
        if not target.writable(old.name) or target.live.columns[old.name].type != old.type:
            return False
        return not any(_holds(row, old) for row in found)


_MOVING = ("timestamp", "datetime")
"""Types of columns that MariaDB may be told to set when a row is changed."""


def _holds(row: Found, known: Cell) -> bool:
    now = row.cell(known.name)
    return now is not None and alike(now, known)
