"""Dates over a relationship without a foreign key are no stranger's, whoever was erased before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert
from sqlalchemy.orm import foreign, registry, relationship

from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import Rule, keep, redact, retain
from flask_guesterase.store.executing import expiry, finishing, settling
from flask_guesterase.store.keys import copies
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.sweeping.claiming import Shift
from tests.store.test_expiry import METADATA, PEOPLE, Inn

HOST = MetaData()
STAYS = Table(
    "stays", HOST, Column("id", Integer, primary_key=True), Column("person", Integer),
    Column("ref", String(40), nullable=False, index=True), Column("left", Date),
)  # fmt: skip
NOTES = Table(
    "notes", HOST, Column("id", Integer, primary_key=True),
    Column("ref", String(40), nullable=False), Column("payer", String(80)),
)  # fmt: skip


class Lodge(Inn):
    """A hotel whose notes know the date of a stay by its reference alone.

    :param ref: rule of the stays' reference; the notes' own goes at once.
    :param payer: rule of what the law keeps in a note.
    :param event: what the stay's date begins for a note.
    """

    def __init__(self, url: str, folder: Path, ref: Rule, payer: Rule, event: str) -> None:
        super().__init__(url, folder)
        made, stay, note = registry(), type("Stay", (), {}), type("Note", (), {})
        link = relationship(stay, viewonly=True, primaryjoin=foreign(NOTES.c.ref) == STAYS.c.ref)
        mappers = [
            made.map_imperatively(stay, STAYS),
            made.map_imperatively(note, NOTES, properties={"stay": link}),
        ]
        made.configure()
        self.datamap = resolve(
            [
                (PEOPLE, self.datamap.tables["people"].policy),
                (STAYS, Policy(
                    {"ref": ref, "left": keep("statistics")},
                    via=Equal({"person": "id"}, to="people"), clock={"last_activity": "left"},
                )),
                (NOTES, Policy(
                    {"ref": redact, "payer": payer}, via="stay", clock={event: "stay.left"},
                )),
            ],
            [*METADATA.tables.values(), *HOST.tables.values()],
            mappers,
        )  # fmt: skip
        HOST.create_all(self.engine)

    def guest(self, id: int, left: date) -> None:
        """Put somebody with a stay and a note on file."""
        self.person(id, left, visa=None)
        with self.engine.begin() as conn:
            conn.execute(insert(STAYS).values(id=id, person=id, ref=f"R{id}", left=left))
            conn.execute(insert(NOTES).values(id=id, ref=f"R{id}", payer=f"Payer {id}"))

    def gone(self, id: int, state: str = "sealed") -> None:
        """Erase somebody; what the law keeps stays, where it keeps anything."""
        assert self.erased(self.approved(email=f"p{id}@mail.example")) == state

    def night(self, days: int) -> None:
        """Let days pass, and what has had its time go in the night after them."""
        self.later(days=days)
        finishing.finish_dated(self.run, frozenset(), Shift())
        expiry.expire(self.run)
        finishing.finish_undated(self.run, frozenset(), Shift())

    def payer(self, id: int) -> Any:
        """Return what the payer of a note is."""
        return self.read(NOTES, id)["payer"]


Make = Callable[..., Lodge]


@pytest.fixture
def lodge(sqlite_url: str, tmp_path: Path) -> Make:
    """Makes the hotel, whose invoices count from their date."""
    return partial(
        Lodge, sqlite_url, tmp_path, payer=retain("invoice_accounting"), event="document"
    )


def test_what_is_kept_ends_on_its_own_day_though_another_stay_is_later(lodge: Make) -> None:
    """Two erased stays have one mark; the invoice of the first ends by the first, not later."""
    inn = lodge(redact)
    inn.guest(1, date(2025, 1, 1))
    inn.guest(2, date(2026, 3, 1))
    inn.gone(1)
    inn.gone(2)
    inn.night(days=330)
    assert (inn.payer(1), inn.payer(2)) == (None, "Payer 2")


def test_what_is_kept_ends_no_earlier_though_another_stay_is_older(lodge: Make) -> None:
    """The stay of an invoice keeps its reference: what was written down of its date counts."""
    inn = lodge(retain("guest_register"))
    inn.guest(2, date(2020, 1, 1))
    inn.guest(1, date(2026, 3, 1))
    inn.gone(2, "erased")
    inn.gone(1)
    assert (inn.payer(1), inn.payer(2)) == ("Payer 1", None)
    inn.night(days=1)
    assert inn.payer(1) == "Payer 1"


def test_a_box_is_not_prolonged_by_a_stranger(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the register keeps sealed of a guest ends by their own stay."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)
    inn = Lodge(sqlite_url, tmp_path, redact, retain("guest_register"), "last_activity")
    inn.guest(1, date(2025, 5, 1))
    inn.guest(2, date(2026, 3, 1))
    inn.gone(1)
    inn.gone(2)
    inn.later(days=51)
    settling.settled(inn.run)
    lines = sorted((line["row_key"], line["until"]) for line in inn.ours("kept"))
    assert [until for _, until in lines] == ["2026-05-01", "2027-03-01"]
