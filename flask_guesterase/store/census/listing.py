"""The last counts as files, for whoever compares nights without this house's database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from ...core import census
from ...core.census import Gone, Listed
from ...core.log import canonical, word
from .. import tables
from ..work import Work


def listed(work: Work, since: datetime | None = None, controller: str = "") -> Iterator[Listed]:
    """Yield the newest count of each property and table.

    :param work: an open transaction; a read-only one is enough.
    :param since: only what was counted after this time, naive UTC.
    :param controller: only of this controller, by its slug.
    """
    table = tables.census
    wanted = select(table).where(table.c.marks.is_not(None)).order_by(table.c.id)
    if since is not None:
        wanted = wanted.where(table.c.at > since)
    if controller:
        wanted = wanted.where(table.c.controller == controller)
    for row in work.conn.execute(wanted):
        said = json.loads(row.marks)
        yield Listed(
            row.controller, word(row.property), word(row.table_name), row.night, row.label,
            said["previous"],
            tuple(line[: census.MARK].hex() for line in census.unpacked(said["lines"])),
            tuple(Gone(each["mark"], each["action"], each["index"]) for each in said["gone"]),
        )  # fmt: skip


def files_since(
    work: Work, since: datetime | None = None, controller: str = ""
) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the files of the newest counts.

    :param work: an open transaction; a read-only one is enough.
    :param since: only of what was counted after this time, naive UTC.
    :param controller: only of this controller, by its slug.
    """
    for each in listed(work, since, controller):
        yield each.file(), canonical(each.as_dict())
