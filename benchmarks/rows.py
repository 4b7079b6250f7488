"""The rows of the hotel, the same for the same shape, and how they get into a database in bulk."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine

SEED = 20261126
PART = 10_000
OPEN_EVERY, STAYING_EVERY = 211, 307
"""Of so many guests one has an open folio, and one is in the house."""

FIRST_DAY = date(2023, 3, 9)
"""Last day of departure of which the profile's three years are over on the first day measured."""

GIVEN = ("Ann", "Bo", "Carla", "Dirk", "Eva", "Finn", "Greta", "Hugo", "Ida", "Jan", "Li", "Mia")
BEGINS = ("Ber", "Lin", "Mai", "No", "Ol", "Pet", "Ros", "Sil", "We", "Zhang", "Tor", "Kal")
ENDS = ("ger", "den", "er", "vak", "sen", "rov", "si", "va", "ber", "man", "ski", "son", "dal")
WORDS = (
    "late", "arrival", "quiet", "room", "please", "two", "beds", "near", "lift", "allergic", "nuts",
    "breakfast", "seven", "taxi", "airport", "invoice", "window", "side", "no", "smoking", "pillow",
)  # fmt: skip
ARTICLES = ("room", "breakfast", "minibar", "parking", "laundry", "city tax")

Row = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How large the hotel is, and which of its guests have had their time.

    :param guests: how many guests.
    :param due: share of them whose time is over on the last day measured.
    :param days: on so many days in a row an equal part of these falls due.
    :param scattered: whether the guests of a day lie all over the tables, or in key order.
    :param houses: among how many hotels of a chain the guests are spread, one after another.
    """

    guests: int
    due: float = 0.5
    days: int = 1
    scattered: bool = False
    houses: int = 1

    @property
    def codes(self) -> list[str]:
        """Return the codes of the hotels."""
        return [house_of(number, self.houses) for number in range(self.houses)]

    def house_of(self, id: int) -> str:
        """Return the code of a guest's hotel."""
        return house_of(id, self.houses)

    def day_of(self) -> list[int]:
        """Return, by number of the guest less one, the day on which they fall due, or -1."""
        places = list(range(self.guests))
        if self.scattered:
            random.Random(SEED).shuffle(places)
        over = int(self.guests * self.due)
        return [place * self.days // over if place < over else -1 for place in places]

    def due_on(self, day: int) -> list[int]:
        """Return the numbers of the guests who fall due on a day, the first being 0."""
        return [number for number, found in enumerate(self.day_of(), 1) if found == day]


def house_of(id: int, houses: int) -> str:
    """Return the code of the hotel of a guest, one of so many."""
    return f"h{id % houses}"


def fill(engine: Engine, shape: Shape) -> None:
    """Write the rows of a hotel into its empty tables.

    :param engine: the database.
    :param shape: how large the hotel is.
    """
    days = shape.day_of()
    for first in range(1, shape.guests + 1, PART):
        last = min(first + PART, shape.guests + 1)
        for table, rows in part(range(first, last), days[first - 1 : last - 1], shape.houses):
            put(engine, table, rows)


def part(
    ids: range, days: Sequence[int], houses: int = 1
) -> Iterator[tuple[str, list[Row]]]:
    """Yield table and rows of some guests, parents first.

    :param ids: numbers of the guests.
    :param days: on which day each falls due, or -1.
    :param houses: among how many hotels they are spread.
    """
    made = _Maker(random.Random(SEED * 1_000_003 + ids.start), houses)
    for id, day in zip(ids, days, strict=True):
        made.guest(id, day)
    yield from made.rows.items()


def put(engine: Engine, table: str, rows: Sequence[Row]) -> None:
    """Write rows of one table as fast as the engine takes them.

    :param engine: the database.
    :param table: name of the table.
    :param rows: column -> value, all with the same columns in the same order.
    """
    if not rows:
        return
    names, values = list(rows[0]), [tuple(row.values()) for row in rows]
    raw = engine.raw_connection()
    cursor = raw.cursor()
    try:
        if engine.dialect.name == "postgresql":
            # The rows are ours and whole; looking each parent up would take most of the time.
            cursor.execute("SET LOCAL session_replication_role = replica")
            with cursor.copy(f"COPY {table} ({', '.join(names)}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            mark = "?"
            if engine.dialect.name != "sqlite":
                mark = "%s"
                cursor.execute("SET SESSION foreign_key_checks = 0, unique_checks = 0")
            marks = ", ".join([mark] * len(names))
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", values
            )
            if mark == "%s":
                cursor.execute("SET SESSION foreign_key_checks = 1, unique_checks = 1")
        raw.commit()
    finally:
        raw.close()


class _Maker:
    """Makes the rows of guests, one guest after another."""

    def __init__(self, chance: random.Random, houses: int) -> None:
        self.chance = chance
        self.houses = houses
        self.rows: dict[str, list[Row]] = {
            name: []
            for name in (
                "guests", "reservations", "stays", "folios", "folio_lines", "invoices",
                "payments", "messages", "scans", "consents", "access_log", "loyalty",
            )
        }  # fmt: skip

    def guest(self, id: int, day: int) -> None:
        """Make a guest and everything that is theirs.

        :param id: number of the guest.
        :param day: on which day they fall due, or -1.
        """
        chance = self.chance
        name = f"{chance.choice(GIVEN)} {chance.choice(BEGINS)}{chance.choice('oaei')}" + (
            chance.choice(ENDS)
        )
        left = _left(id, day)
        self.rows["guests"].append({
            "id": id, "house": house_of(id, self.houses), "name": name,
            "email": f"guest{id}@mail.example", "phone": f"+49 151 {id:09}",
            "born": _text(date(1950, 1, 1), id * 7 % 18_000), "document_no": f"E{id:08}",
            "address": f"{id % 190 + 1} {self._words(2)} street, Elm",
            "language": chance.choice(("de", "en", "zh")), "left_on": left.isoformat(),
        })  # fmt: skip
        twice = id % 5 < 3
        if twice:
            self._reservation(id, id * 2 + 1, name, left - timedelta(days=90))
        self._reservation(id, id * 2, name, left)
        self._owned(id, left)

    def _reservation(self, id: int, number: int, name: str, leaves: date) -> None:
        chance, rows = self.chance, self.rows
        total = chance.randrange(90, 4000)
        staying = id % STAYING_EVERY == 5 and number % 2 == 0
        owing = id % OPEN_EVERY == 3 and number % 2 == 0
        rows["reservations"].append({
            "id": number, "guest_id": id, "number": f"R{number}",
            "arrives": _text(leaves, -2), "leaves": leaves.isoformat(),
            "status": "in" if staying else "out", "total": total, "remark": self._words(8),
        })  # fmt: skip
        self._stay(number * 2, number, id)
        # A companion, who is a guest of the house with stays of their own.
        if number % 4 == 1 and id > 1:
            self._stay(number * 2 + 1, number, id - 1)
        rows["folios"].append({
            "id": number, "reservation_id": number, "status": "open" if owing else "paid",
            "balance": total if owing else 0,
        })  # fmt: skip
        for place in range(3):
            rows["folio_lines"].append({
                "id": number * 3 + place, "folio_id": number, "posted_on": leaves.isoformat(),
                "article": chance.choice(ARTICLES), "amount": total // 3,
            })  # fmt: skip
        rows["invoices"].append({
            "id": number, "folio_id": number, "number": f"I{number}", "total": total,
            "billed_to": f"{name}, {id % 190 + 1} {self._words(2)} street, Elm",
        })  # fmt: skip
        rows["payments"].append({
            "id": number, "folio_id": number, "amount": total,
            "method": chance.choice(("card", "cash")), "holder": name,
        })  # fmt: skip

    def _stay(self, id: int, reservation: int, guest: int) -> None:
        self.rows["stays"].append({
            "id": id, "reservation_id": reservation, "guest_id": guest, "room": id % 400,
            "plate": f"FI-{id % 9973}",
        })  # fmt: skip

    def _owned(self, id: int, left: date) -> None:
        chance, rows, day = self.chance, self.rows, left.isoformat()
        for more in range(2):
            rows["messages"].append({
                "id": id * 2 + more, "guest_id": id, "sent_on": day,
                "body": f"Dear hotel, {self._words(24)} {id} guest{id}@mail.example",
            })  # fmt: skip
        rows["scans"].append({
            "id": id, "guest_id": id, "kind": "passport", "image": chance.randbytes(2048),
        })  # fmt: skip
        for more, purpose in enumerate(("newsletter", "profile")):
            rows["consents"].append({
                "id": id * 2 + more, "guest_id": id, "purpose": purpose, "given_on": day,
                "source": f"10.{id % 250}.{id % 199}.{more}",
            })  # fmt: skip
        for more in range(3):
            rows["access_log"].append({
                "id": id * 3 + more, "guest_id": id, "clerk": f"clerk{id % 17}",
                "seen": f"profile {id}: {self._words(3)}",
            })  # fmt: skip
        if id % 2:
            rows["loyalty"].append({
                "id": id, "guest_id": id, "card": f"L{id:09}", "points": id % 5000,
            })  # fmt: skip

    def _words(self, count: int) -> str:
        return " ".join(self.chance.choices(WORDS, k=count))


def _left(id: int, day: int) -> date:
    if day < 0:
        return date(2025, 1, 1) + timedelta(days=id % 300)
    # What is due on the first day piled up for a year, as in a hotel that begins to sweep.
    return FIRST_DAY + timedelta(days=day) if day else FIRST_DAY - timedelta(days=id % 365)


def _text(day: date, more: int) -> str:
    return (day + timedelta(days=more)).isoformat()
