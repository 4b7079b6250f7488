"""Many people in one transaction leave what one after another leaves: rows, boxes and journal."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, ForeignKey, Integer, MetaData, String, Table, insert, select

from flask_guesterase.core.log import read_entry
from flask_guesterase.core.payload import decode
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import (
    Computed,
    Constant,
    RowRule,
    keep,
    mentions,
    null,
    placeholder,
    redact,
    retain,
)
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.statements.sql import chunks
from flask_guesterase.store.sweeping.ageing import expired
from tests.engines import ENGINES, fresh_database

from .test_expiry import BILLS, PACK, PEOPLE, Inn

HOTEL = MetaData()
GUESTS, PAPERS = (table.to_metadata(HOTEL) for table in (PEOPLE, BILLS))
NOTES = Table(
    "notes",
    HOTEL,
    Column("id", Integer, primary_key=True),
    Column("person", ForeignKey("people.id"), index=True),
    Column("said", String(80)),
    Column("by", String(20)),
    Column("on", Date),
)
TRACES = Table(
    "traces",
    HOTEL,
    Column("note", ForeignKey("notes.id"), index=True),
    Column("seen", String(40)),
)
"""Rows without a key of their own, some of them equal."""

NAMES = (
    "", "Ann Berg", "Bo Lind", "Cy O'Neil", "王小明", "Dee\\Fox", "Zoë Äre", "Gus Hahn", "Ida Jo",
)  # fmt: skip

LAST = date(2022, 6, 1)


def _shout(old: str | None) -> str | None:
    return None if old is None else f"{len(old)} letters"


class House(Inn):
    """A hotel with every kind of rule, whose bills may be two people's.

    The profile's number is none of the law's, so that what goes is kept for the recovery window.
    """

    pack = PACK.replace('ceiling_kind = "hard"', 'ceiling_kind = "soft"')

    def __init__(self, url: str, folder: Path, chance: random.Random, guests: int) -> None:
        super().__init__(url, folder)
        named = {"hotel": keep("which house"), "seen": keep("statistics")}
        self.settings = replace(self.settings, recovery_days=7)
        self.datamap = resolve(
            [
                (GUESTS, Policy(
                    {**named, "name": placeholder, "email": null, "visa": Computed(_shout)},
                    subject=Subject(
                        match=["email"], name="name", contact=["email"], property="hotel"
                    ),
                    category="reservation", clock={"last_activity": "seen"},
                )),
                (PAPERS, Policy(
                    {
                        "payer": retain("invoice_accounting", redact), "scan": null,
                        "letter": null, "role": Constant("guest"),
                        "dated": keep("statistics"),
                    },
                    via={
                        Equal({"one": "id"}, to="people"): [],
                        Equal({"other": "id"}, to="people"): [],
                    },
                    clock="dated",
                )),
                (NOTES, Policy(
                    {"said": mentions, "by": keep("who wrote"), "on": keep("when")},
                    via="person", rows=RowRule.OVERWRITE,
                )),
                (TRACES, Policy({"seen": null}, via="note.person", rows=RowRule.DELETE)),
            ],
            [*HOTEL.tables.values()], [],
        )  # fmt: skip
        assert not self.datamap.findings, self.datamap.findings
        HOTEL.create_all(self.engine)
        self.fill(chance, guests)

    def fill(self, chance: random.Random, guests: int) -> None:
        """Put guests, some of whose time is not over, and what belongs to them on file."""
        for id in range(1, guests + 1):
            over = chance.random() < 0.8
            seen = LAST - timedelta(days=chance.randrange(500)) if over else date(2026, 1, 2)
            self.person(id, seen, name=NAMES[id], visa=chance.choice([None, "", f"V{id}"]))
        for id in range(1, 2 * guests):
            one, other = (chance.randrange(1, guests + 1) for _ in range(2))
            self.bill(
                id, one=one, other=chance.choice([None, other]),
                role=chance.choice([None, "main", "guest"]), scan=chance.choice([None, "a.png"]),
                letter=chance.choice([None, "to Ann Berg and Bo Lind", ""]),
                dated=chance.choice([date(2020, 1, 1), date(2026, 1, 1)]),
            )
            with self.engine.begin() as conn:
                said = chance.choice([None, "[erased]", f"{NAMES[one]} was late"])
                conn.execute(insert(NOTES).values(id=id, person=one, said=said, by="Mo"))
                for _ in range(chance.randrange(3)):
                    conn.execute(insert(TRACES).values(
                        note=id, seen=chance.choice(["door", "lift"])
                    ))

    def end(self, size: int) -> None:
        """Erase everybody whose time is over, so many in each transaction."""
        due = self.run(lambda office: list(expired(office.work, self.datamap.declared("people"))))
        for part in chunks(due, size):
            self.run(partial(expiry._erase, part, frozenset()))

    def left(self) -> dict[str, Any]:
        """Return what can be told afterwards, without what is random in it."""
        with self.engine.connect() as conn:
            rows = {
                name: sorted(map(str, map(_plain, conn.execute(select(table)))))
                for name, table in HOTEL.tables.items()
            }
            ids = list(conn.execute(select(tables.box.c.id)).scalars())
            texts = [vault.unseal(conn, self.custodian, [id])[0] for id in ids]
            bodies = list(conn.execute(select(tables.entry.c.body)).scalars())
        images = Counter(
            (image.table, image.change.value, *(
                tuple((c.name, c.type, c.form.value, _bare(c.value)) for c in cells)
                for cells in (image.key, image.columns, image.after)
            ))
            for text in texts for image in decode(text).rows
        )  # fmt: skip
        counts: Counter[str] = Counter()
        for body in bodies:
            draft = read_entry(body.encode()).draft
            if draft.action == "retention-ended":
                counts.update(draft.counts)
        kept = {
            (row["table_name"], row["row_key"], row["mode"], row["category"], row["until"])
            for row in self.ours("kept")
        }
        shells = sorted((row["table_name"], row["row_key"]) for row in self.ours("subject"))
        marks = Counter((row["kind"], row["table_name"]) for row in self.ours("mark"))
        return {
            "rows": rows, "images": images, "counts": counts, "kept": kept,
            "shells": shells, "marks": marks,
        }  # fmt: skip


def _bare(value: Any) -> Any:
    return "erased-" if isinstance(value, str) and value.startswith("erased-") else value


def _plain(row: Any) -> tuple[Any, ...]:
    return tuple(map(_bare, row))


@contextmanager
def house(kind: str, folder: Path, number: int, guests: int) -> Iterator[House]:
    """The same hotel for the same number."""
    folder.mkdir()
    with fresh_database(kind) as url:
        made = House(url, folder, random.Random(number), guests)
        yield made
        made.engine.dispose()


@pytest.mark.parametrize("kind", ENGINES)
@pytest.mark.parametrize(
    "number", [1, *(pytest.param(n, marks=pytest.mark.long) for n in range(2, 6))]
)
def test_a_batch_leaves_what_one_after_another_leaves(
    kind: str, number: int, tmp_path: Path
) -> None:
    """Rows, images, kept rows, marks and what the journal counts are the same, on each engine."""
    with house(kind, tmp_path / "together", number, 8) as together:
        together.end(1000)
        with house(kind, tmp_path / "apart", number, 8) as apart:
            apart.end(1)
            one, other = together.left(), apart.left()
    for what, told in one.items():
        assert told == other[what], what
    assert one["images"]
    assert one["shells"]
