"""Marks of the files that erasures removed, by which a copy of one is known.

A mark tells nothing of the name, and ends as those of people do.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, select

from ...core.log import slug
from ...core.period import months_after
from ...core.returning import MONTHS
from ...core.seal import fingerprint
from ...core.treatment import File
from .. import tables
from ..mapping.datamap import DataMap
from ..messages.outbox import Parcel
from ..search.reading import inside
from ..statements.given import put
from ..work import Work
from . import known, marks
from .known import Mark
from .marks import FILE


@dataclass(frozen=True)
class Folder:
    """A folder that policies name.

    :param root: its path.
    :param columns: table and column of those that name files in it, the first one marks them.
    """

    root: str
    columns: tuple[tuple[str, str], ...]

    def texts(self, name: str) -> list[str]:
        """Return the texts of which a file's mark is made: wherever the folder is mounted.

        The first one today; the others were the first before a table was declared whose name
        comes first now.
        """
        return [f"{table}.{column}|{name}" for table, column in self.columns]


def folders(datamap: DataMap) -> Mapping[str, Folder]:
    """Return the folders that policies name: path -> what names files in it.

    :param datamap: the resolved data map.
    """
    found: dict[str, Folder] = {}
    for table, declared in sorted(datamap.tables.items()):
        for column, rule in sorted(declared.rules.items()):
            if isinstance(rule, File):
                root = os.path.abspath(rule.root)
                before = found[root].columns if root in found else ()
                found[root] = Folder(root, (*before, (table, column)))
    return found


def keep(work: Work, parcel: Parcel) -> None:
    """Keep a mark of a file that is removed, in the transaction that says so.

    :param work: the open transaction.
    :param parcel: its removal.
    """
    content, out = parcel.content, tables.outbox
    folder = folders(work.datamap).get(os.path.abspath(content["root"]))
    place = work.conn.execute(select(out.c.property).where(out.c.id == parcel.id)).scalar_one()
    hotel = work.settings.properties.get(place)
    if folder is None or hotel is None:
        return
    year, table = work.now.year, tables.mark
    work.custodian.ensure(marks.label(year))
    key = work.custodian.mortal(marks.label(year), "returning")
    mark = fingerprint(key, FILE, folder.texts(inside(folder.root, content["name"]))[0])
    work.conn.execute(delete(table).where(table.c.mark == mark, table.c.kind == FILE))
    put(work.conn, table, [{
        "request": parcel.request, "controller": slug(hotel.controller), "property": place,
        "kind": FILE, "table_name": folder.columns[0][0], "mark": mark, "row_mark": mark,
        "erased_at": work.stamp,
        "ends_on": months_after(work.now.date(), MONTHS).isoformat(),
    }])  # fmt: skip


def marked(work: Work, folder: Folder, names: Collection[str]) -> dict[str, Mark]:
    """Return which of these files were removed once: name -> mark of the newest erasure.

    :param work: the open transaction.
    :param folder: the folder they lie in.
    :param names: their paths from it on.
    """
    seals = marks.seals(work.custodian, work.now.date())
    of = {
        mark: name
        for name in names
        for text in folder.texts(name)
        for mark in seals.of(FILE, text).values()
    }
    found = (each for each in known.find(work.conn, of, work.today) if each.kind == FILE)
    return {of[each.mark]: each for each in sorted(found, key=lambda each: each.erased_at)}
