"""The search by value: one reading for many people, beside a bare read and beside LIKE."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from flask_guesterase.store import worker
from flask_guesterase.store.search import residue
from flask_guesterase.store.sweeping.report import Report
from flask_guesterase.store.transaction import transaction
from tests.engines import fresh_database

from .figures import resident, say
from .hotel import Hotel, email

COLUMNS = {
    "guests": ("hotel", "name", "email", "phone", "document_no"),
    "bookings": ("number", "remark"),
    "messages": ("body",),
    "audit": ("at", "old_value"),
}
"""What holds text in the hotel of the benchmark."""


@contextmanager
def timed(into: dict[str, float], name: str) -> Iterator[None]:
    """Note how many seconds something took, and how many of them this process computed."""
    start, worked = time.perf_counter(), time.process_time()
    yield
    into[name] = time.perf_counter() - start
    into[f"{name} computing"] = time.process_time() - worked


def measure(url: str, guests: int, subjects: int) -> dict[str, Any]:
    """Erase some guests of a hotel, look for all of them once, and read the same by hand.

    :param url: address of an empty database.
    :param guests: how many the hotel has.
    :param subjects: how many of them are erased.
    """
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        with timed(took, "fill"):
            hotel = Hotel(url, Path(folder), guests)
        with hotel.engine.begin() as conn:
            conn.execute(
                text("UPDATE audit SET old_value = :v WHERE id = 1"), {"v": f"was {email(2)}"}
            )
        numbers = [hotel.approved(id) for id in range(1, subjects * 2, 2)]
        numbers.append(hotel.approved(2))
        with timed(took, "erase"):
            for number in numbers:
                hotel.run(lambda office, one=number: office.erase(one))
        before = resident("VmHWM")
        asked = hotel.run(lambda office: residue.ask(office.work, numbers))
        with timed(took, "search"):
            finds, _ = residue._look(
                asked, lambda: transaction(hotel.engine, write=False), None, None
            )
        after = resident("VmHWM")
        with timed(took, "all"):
            report = Report()
            worker.check_all(hotel.run, numbers, report)
        by_hand(hotel, took)
        like(hotel, took)
        states = [hotel.run(lambda o, n=n: o.show(n)["state"]) for n in numbers]
        hotel.engine.dispose()
    left = {find.table for find in finds.found.values() if find.table == "audit"}
    return {
        "engine": hotel.engine.dialect.name, "guests": guests, "subjects": len(numbers),
        "rows": finds.rows, "characters": finds.characters, "pieces": finds.reads, "took": took,
        "memory": (before, after), "values": len(asked.wanted), "found": sorted(left),
        "partial": states.count("partial"), "problems": report.problems,
    }  # fmt: skip


def by_hand(hotel: Hotel, took: dict[str, float]) -> None:
    """Read the same columns with a cursor and do nothing with them: nobody can be faster."""
    with timed(took, "read"):
        for table, columns in COLUMNS.items():
            with hotel.engine.connect() as conn:
                streaming = conn.execution_options(stream_results=True, yield_per=5000)
                result = streaming.exec_driver_sql(f"SELECT {', '.join(columns)} FROM {table}")
                for _ in result.partitions():
                    pass


def like(hotel: Hotel, took: dict[str, float], values: int = 3) -> None:
    """Look for a few values with LIKE in every column; the rest by multiplication."""
    with hotel.engine.connect() as conn, timed(took, "like"):
        for at in range(values):
            for table, columns in COLUMNS.items():
                where = " OR ".join(f"CAST({c} AS CHAR(500)) LIKE :v" for c in columns)
                wanted = {"v": f"%{email(10_000_000 + at)}%"}
                conn.execute(text(f"SELECT count(*) FROM {table} WHERE {where}"), wanted).all()
    took["like"] /= values


def short(url: str, guests: int) -> float:
    """Return the median milliseconds of an erasing transaction among so many guests.

    :param url: address of an empty database.
    :param guests: how many the hotel has.
    """
    times = []
    with tempfile.TemporaryDirectory() as folder:
        hotel = Hotel(url, Path(folder), guests)
        for id in range(1, 22, 2):
            number = hotel.approved(id)
            start = time.perf_counter()
            with hotel.begin() as office:
                office.erase(number)
            times.append((time.perf_counter() - start) * 1000)
        hotel.engine.dispose()
    return sorted(times)[len(times) // 2]


def report(kind: str, guests: int, subjects: int) -> None:
    """Measure on one engine and print.

    :param kind: the engine, as `tests.engines` names it.
    :param guests: how many the hotel has.
    :param subjects: how many of them are looked for.
    """
    with fresh_database(kind) as url:
        for line in _told(measure(url, guests, subjects)):
            say(line)
    times = {}
    for size in (max(guests // 100, 50), guests):
        with fresh_database(kind) as url:
            times[size] = short(url, size)
    said = ", ".join(f"{size:,}: {ms:.1f} ms" for size, ms in times.items())
    say(f"  erasing transaction, median, by guests: {said}")


def _told(found: dict[str, Any]) -> list[str]:
    took: dict[str, float] = found["took"]
    rows, subjects, alone = found["rows"], found["subjects"], took["like"] * found["values"]
    before, after = found["memory"]
    return [
        f"{found['engine']}: {found['guests']:,} guests, {subjects:,} subjects, "
        f"{found['values']:,} values",
        f"  fill {took['fill']:.0f} s, erase {took['erase']:.1f} s "
        f"({took['erase'] / subjects * 1000:.1f} ms each)",
        f"  one reading: {took['search']:.1f} s, {rows:,} rows, "
        f"{found['characters'] / 1e6:,.0f} M characters, {rows / took['search']:,.0f} rows/s, "
        f"pieces {found['pieces']}",
        f"  the same columns read by hand and thrown away: {took['read']:.1f} s; "
        f"ratio {took['search'] / took['read']:.2f}; of computing alone "
        f"{took['search computing']:.1f} s and {took['read computing']:.1f} s, ratio "
        f"{took['search computing'] / took['read computing']:.2f}",
        f"  LIKE by hand: {took['like']:.1f} s a value, {alone:,.0f} s for all; "
        f"ratio {took['search'] / alone:.4f}",
        f"  memory at most {before:.0f} MiB before, {after:.0f} MiB after",
        f"  with every check and certificate {took['all']:.1f} s; partial {found['partial']}, "
        f"found in {found['found']}, problems {found['problems']}",
    ]
