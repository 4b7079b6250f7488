"""How often each remark was made at check-in: counted by day, nothing of anybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from ...core.log import slug
from .. import tables
from ..work import Work

Tally = Mapping[tuple[str, str, str], int]
"""Property, ISO day and word -> how often."""


def add(work: Work, counted: Tally) -> None:
    """Add what was counted in memory to what is written down.

    :param work: the open transaction.
    :param counted: what is new; of a property nobody knows it is left out.
    """
    table = tables.reviewed
    for (code, day, word), count in sorted(counted.items()):
        hotel = work.settings.properties.get(code)
        if hotel is None or count < 1:
            continue
        mine = table.c.property == code, table.c.day == day, table.c.word == word
        more = update(table).where(*mine).values(count=table.c.count + count)
        if work.conn.execute(more).rowcount:
            continue
        values = {
            "controller": slug(hotel.controller), "property": code, "day": day, "word": word,
            "count": count,
        }  # fmt: skip
        try:
            with work.conn.begin_nested():
                work.conn.execute(insert(table).values(**values))
        except IntegrityError:
            # Somebody else's transaction wrote the first one of the day.
            work.conn.execute(more)


def read(work: Work, since: str, code: str = "") -> list[tuple[str, str, str, int]]:
    """Return property, day, word and count of reviews since a day, sorted.

    :param since: ISO day.
    :param code: only of this property; of all when empty.
    """
    table = tables.reviewed
    wanted = select(
        table.c.property, table.c.day, table.c.word, table.c.count.label("many")
    ).where(table.c.day >= since)
    if code:
        wanted = wanted.where(table.c.property == code)
    ordered = wanted.order_by(table.c.property, table.c.day, table.c.word)
    return [(row[0], row[1], row[2], row[3]) for row in work.conn.execute(ordered)]


def monthly(work: Work, code: str, wanted: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return month -> word -> how often it was said in it at a property.

    :param work: the open transaction.
    :param code: code of the property.
    :param wanted: months in order, ``YYYY-MM``.
    """
    found: dict[str, dict[str, int]] = {month: {} for month in wanted}
    for _, day, word, many in read(work, f"{wanted[0]}-01", code):
        if day[:7] in found:
            counts = found[day[:7]]
            counts[word] = counts.get(word, 0) + many
    return found


def total(rows: Iterable[tuple[str, str, str, int]]) -> dict[str, int]:
    """Return word -> how often, over all properties and days."""
    counts: Counter[str] = Counter()
    for _, _, word, many in rows:
        counts[word] += many
    return dict(sorted(counts.items()))
