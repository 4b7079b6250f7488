"""A sweep, and one erasure, beside hand-written SQL and a naive loop: in turns, on equal rows."""

from __future__ import annotations

import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import cycle
from pathlib import Path

from sqlalchemy import Engine, func, select

from flask_guesterase.store import tables
from tests.engines import clone_database, fresh_database

from . import loop
from .byhand import FORMS, Hand
from .estate import Estate, built, engine_of, held_of
from .figures import load, middle, told, version
from .rows import FIRST_DAY, OPEN_EVERY, STAYING_EVERY, Shape
from .schema import Base

STRAIGHT = "sets"


@dataclass
class Sides:
    """The same hotel twice: once for the extension, once for everything written by hand."""

    shape: Shape
    estate: Estate
    engine: Engine
    hand: Hand
    engine_name: str


@dataclass
class Result:
    """What was measured on one pair of hotels.

    :param sweep: who -> guests a second: ``ours``, the forms by hand, and ``loop``.
    :param single: who -> milliseconds of one durable erasure.
    :param weight: what each erased guest leaves in vault and journal: word -> bytes, or entries.
    """

    shape: Shape
    engine: str
    loads: list[str] = field(default_factory=list)
    sweep: dict[str, list[float]] = field(default_factory=dict)
    single: dict[str, list[float]] = field(default_factory=dict)
    weight: dict[str, float] = field(default_factory=dict)

    def ratio(self, form: str) -> float:
        """Return how fast the extension's sweep is, to one form by hand."""
        return middle(self.sweep["ours"]) / middle(self.sweep[form])

    def best(self) -> str:
        """Return the fastest form by hand."""
        forms = [name for name in self.sweep if name not in ("ours", "loop")]
        return max(forms, key=lambda name: middle(self.sweep[name]))

    def lines(self) -> list[str]:
        """Return what was measured, as text."""
        shape, best = self.shape, self.best()
        order = "scattered" if shape.scattered else "in key order"
        lines = [f"{self.engine}, {shape.guests:,} guests, {order}, {', '.join(self.loads)}"]
        lines += [f"  {who:<6} {told(got)} guests/s" for who, got in self.sweep.items()]
        lines.append(
            f"  sweep to {STRAIGHT}: {self.ratio(STRAIGHT):.3f}; to the best ({best}): "
            f"{self.ratio(best):.3f}; to the naive loop: {self.ratio('loop'):.1f} times"
        )
        for who, got in self.single.items():
            lines.append(f"  one erasure, {who:<6} {told(got, 1)} ms")
        if self.single:
            ours, hand = middle(self.single["ours"]), middle(self.single[STRAIGHT])
            least = min(middle(got) for who, got in self.single.items() if who != "ours")
            lines.append(
                f"  one erasure to {STRAIGHT}: {ours / hand:.2f}; to the best: {ours / least:.2f}"
            )
        lines += [f"  {word}: {value:,.1f}" for word, value in self.weight.items()]
        return lines


@contextmanager
def sides(kind: str, shape: Shape, durable: bool = True) -> Iterator[Sides]:
    """Build a hotel twice, with an installation over the first.

    :param kind: the engine, as `tests.engines` names it.
    :param shape: how large the hotel is.
    :param durable: whether the server writes through to the disk.
    """
    with fresh_database(kind, durable=durable) as url, tempfile.TemporaryDirectory() as folder:
        built(url, shape)
        with clone_database(url) as copy:
            engine = engine_of(copy)
            hand = Hand(engine, held_of(shape))
            estate = Estate(url, Path(folder), shape)
            try:
                yield Sides(shape, estate, engine, hand, version(url))
            finally:
                hand.sql.close()
                engine.dispose()
                estate.engine.dispose()


def compare(pair: Sides, singles: int = 0, looped: int = 10, marked: bool = True) -> Result:
    """Let both sides sweep day by day in turns; afterwards both hold the same rows.

    :param pair: the hotel, twice.
    :param singles: how many guests each side erases one by one.
    :param looped: how many the naive loop erases on each day.
    :param marked: whether the sweep keeps marks, which nothing written by hand does.
    :raises RuntimeError: the sides differ, or an amount changed.
    """
    shape, found = pair.shape, Result(pair.shape, pair.engine_name)
    before = totals(pair.engine)
    rest = _unconcerned(shape)
    by_loop = [rest.pop() for _ in range(looped * shape.days)]
    alone = [rest.pop() for _ in range(singles)]
    pair.estate.confirm()
    forms = cycle(FORMS[pair.hand.sql.name])
    for day in range(shape.days):
        turns = [lambda: _ours(pair, found, marked), lambda: _hand(pair, found, day, forms)]  # noqa: B023
        for turn in turns if day % 2 else reversed(turns):
            turn()
        _loop(pair, found, by_loop[day * looped : (day + 1) * looped])
        found.loads.append(load())
        pair.estate.next_day()
    _weigh(pair.estate, found)
    numbers = {id: pair.estate.approved(id) for id in [*alone, *by_loop]}
    _one_by_one(pair, found, {id: numbers[id] for id in alone})
    for id in by_loop:
        pair.estate.erase(numbers[id])
    equal(pair, before)
    return found


def _unconcerned(shape: Shape) -> list[int]:
    """Return guests who are not due and for whom nothing stands in the way."""
    return [
        id for id, day in enumerate(shape.day_of(), 1)
        if day < 0 and id % OPEN_EVERY != 3 and id % STAYING_EVERY != 5
    ]  # fmt: skip


def _ours(pair: Sides, found: Result, marked: bool) -> None:
    start = time.perf_counter()
    people = pair.estate.expire(marked)
    found.sweep.setdefault("ours", []).append(people / (time.perf_counter() - start))


def _hand(pair: Sides, found: Result, day: int, forms: Iterator[str]) -> None:
    since = FIRST_DAY + timedelta(days=day if day else -3650)
    # A short last batch says nothing about batches of a thousand.
    least = min(500, int(pair.shape.guests * pair.shape.due / pair.shape.days * 0.4))
    for batch in pair.hand.sweep(since, FIRST_DAY + timedelta(days=day), forms):
        if batch.guests >= least:
            found.sweep.setdefault(batch.form, []).append(batch.guests / batch.seconds)


def _loop(pair: Sides, found: Result, ids: list[int]) -> None:
    start = time.perf_counter()
    loop.erase(pair.engine, ids)
    if ids:
        found.sweep.setdefault("loop", []).append(len(ids) / (time.perf_counter() - start))


def _one_by_one(pair: Sides, found: Result, numbers: dict[int, str]) -> None:
    """Erase single guests on both sides in turns; by hand in one form after another."""
    for (id, number), form in zip(numbers.items(), cycle(FORMS[pair.hand.sql.name]), strict=False):
        start = time.perf_counter()
        pair.estate.erase(number)
        between = time.perf_counter()
        pair.hand.one(id, form)
        end = time.perf_counter()
        found.single.setdefault("ours", []).append((between - start) * 1000)
        found.single.setdefault(form, []).append((end - between) * 1000)


def _weigh(estate: Estate, found: Result) -> None:
    """Note what the swept guests left in our own tables."""
    box, entry, guest = tables.box, tables.entry, Base.metadata.tables["guests"].c
    with estate.engine.connect() as conn:
        gone = select(func.count()).where(guest.email.is_(None))
        people = conn.execute(gone).scalar_one() or 1
        sealed = conn.execute(select(func.sum(func.length(box.c.payload)))).scalar() or 0
        entries, text = conn.execute(
            select(func.count(), func.sum(func.length(entry.c.body)))
        ).one()
    found.weight = {
        "vault, bytes a guest": float(sealed) / people,
        "journal, entries a thousand guests": entries * 1000 / people,
        "journal, bytes an entry": float(text or 0) / max(entries, 1),
    }


# equality


def equal(pair: Sides, before: dict[str, int]) -> None:
    """Make sure that both sides hold the same rows, and the same amounts as before.

    :raises RuntimeError: they do not.
    """
    ours, theirs = prints(pair.estate.engine), prints(pair.engine)
    differing = [name for name, mark in ours.items() if theirs[name] != mark]
    if differing:
        raise RuntimeError(f"the sides differ in {', '.join(differing)}")
    if not before == totals(pair.engine) == totals(pair.estate.engine):
        raise RuntimeError("an amount changed")


def prints(engine: Engine) -> dict[str, tuple[int, int]]:
    """Return, for each table of the host, how many rows it has and a mark over all of them."""
    found = {}
    for name, table in Base.metadata.tables.items():
        rows = mark = 0
        with engine.connect() as conn:
            streaming = conn.execution_options(stream_results=True, yield_per=5000)
            for row in streaming.execute(select(table).order_by(table.c.id)):
                rows += 1
                mark = zlib.crc32(repr(tuple(row)).encode(), mark)
        found[name] = (rows, mark)
    return found


def totals(engine: Engine) -> dict[str, int]:
    """Return the sums that a bookkeeper would miss."""
    found = {}
    for name, column in (
        ("reservations", "total"), ("folio_lines", "amount"),
        ("invoices", "total"), ("payments", "amount"),
    ):  # fmt: skip
        table = Base.metadata.tables[name]
        with engine.connect() as conn:
            found[name] = int(conn.execute(select(func.sum(table.c[column]))).scalar() or 0)
    return found
