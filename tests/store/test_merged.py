"""Profiles that the host makes one while the law keeps something of the first."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table, insert, update
from sqlalchemy import delete as deleting

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import retain
from flask_guesterase.store import worker
from flask_guesterase.store.executing import settling
from flask_guesterase.store.keys import copies
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.test_expiry import PEOPLE, Inn

HOST = MetaData()
PEOPLE.to_metadata(HOST)
LINES = Table(
    "lines", HOST, Column("id", Integer, primary_key=True),
    Column("guest", ForeignKey("people.id"), index=True),
    Column("mate", ForeignKey("people.id"), index=True),
    Column("visa", String(40)),
)  # fmt: skip


class Lined(Inn):
    """A hotel whose register has a line for each guest, which counts from when they were seen."""

    via: Any = "guest"
    seen: Any = "guest.seen"

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        people = self.datamap.tables["people"].policy
        line = Policy(
            {"visa": retain("guest_register")}, via=self.via, clock={"last_activity": self.seen}
        )
        self.datamap = resolve(
            [(HOST.tables["people"], people), (LINES, line)], HOST.tables.values(), []
        )
        HOST.create_all(self.engine)

    def line(self, id: int, guest: int, mate: int | None = None) -> None:
        """Put a line of the register on file."""
        with self.engine.begin() as conn:
            conn.execute(insert(LINES).values(id=id, guest=guest, mate=mate, visa=f"VISA-{id}"))

    def until(self) -> list[str]:
        """Return until when the law keeps each line that it keeps."""
        settling.settled(self.run)
        lines = [line for line in self.ours("kept") if line["table_name"] == "lines"]
        return [line["until"] for line in lines if line["ended_at"] is None]


class Paired(Lined):
    """The same where two who stayed together have one line."""

    via: Any = {"guest": ["visa"], "mate": []}  # noqa: RUF012  # nobody changes it
    seen: Any = ("guest.seen", "mate.seen")


@pytest.fixture(autouse=True)
def sealing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hotels here seal what the law keeps."""
    monkeypatch.setattr(copies, "confirmed", lambda work: True)


def opened(made: Lined) -> Lined:
    """Let two guests be on file."""
    made.person(1, date(2025, 5, 1), visa=None)
    made.person(2, date(2026, 3, 1), visa=None, name="Bo Lind")
    return made


def merge(inn: Inn) -> None:
    """Let the host make the first guest's profile one with the second's."""
    inn.set(LINES, 1, guest=2)
    with inn.engine.begin() as conn:
        conn.execute(deleting(PEOPLE).where(PEOPLE.c.id == 1))


def test_a_box_ends_by_its_own_guest_though_its_row_was_given_to_another(
    database_url: str, tmp_path: Path
) -> None:
    """The stays of whom the host gave the emptied row to keep nothing of who was erased."""
    inn = opened(Lined(database_url, tmp_path))
    inn.line(1, 1)
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    assert inn.until() == ["2026-05-01"]
    merge(inn)
    inn.later(days=51)
    assert inn.until() == ["2026-05-01"]
    inn.later(days=8)
    worker.work(inn.run, lambda *said: ("", ""), {})
    assert inn.until() == []
    assert inn.run(lambda office: office.show(number)["state"]) == "erased"
    inn.engine.dispose()


def test_a_box_is_prolonged_by_its_own_guest_though_the_profile_has_another_key(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A stay that was made longer is theirs still: nobody stands in the emptied profile."""
    inn = opened(Lined(sqlite_url, tmp_path))
    inn.line(1, 1)
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    with inn.engine.begin() as conn:
        conn.execute(update(PEOPLE).where(PEOPLE.c.id == 1).values(id=9, seen=date(2025, 5, 20)))
    inn.set(LINES, 1, guest=9)
    inn.later(days=51)
    assert inn.until() == ["2026-05-20"]
    inn.engine.dispose()


def test_a_box_is_prolonged_by_who_was_on_its_row_all_along(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Who stayed with them, and longer, makes the line of both end later."""
    inn = opened(Paired(sqlite_url, tmp_path))
    inn.line(1, 1, mate=2)
    inn.set(PEOPLE, 2, seen=date(2025, 5, 1))
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    inn.set(PEOPLE, 2, seen=date(2025, 5, 20))
    inn.later(days=51)
    assert inn.until() == ["2026-05-20"]
    inn.engine.dispose()


class Accompanied(Lined):
    """The same where a line is one guest's, and counts also from when their mate was seen."""

    seen: Any = ("guest.seen", "mate.seen")


class Mated(Lined):
    """The same where it counts from when the mate was seen alone."""

    seen: Any = "mate.seen"


@pytest.mark.parametrize("inn_class", [Accompanied, Mated])
def test_a_box_is_prolonged_by_who_is_on_its_row_still_though_its_guest_was_merged(
    sqlite_url: str, tmp_path: Path, inn_class: type[Lined]
) -> None:
    """The days of a mate whom nobody exchanged count, whoever the row was given to."""
    inn = opened(inn_class(sqlite_url, tmp_path))
    inn.person(3, date(2025, 5, 1), visa=None, name="Cy Lund")
    inn.set(PEOPLE, 2, seen=date(2025, 4, 1))
    inn.line(1, 1, mate=3)
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    assert inn.until() == ["2026-05-01"]
    merge(inn)
    inn.set(PEOPLE, 3, seen=date(2025, 5, 20))
    inn.later(days=51)
    assert inn.until() == ["2026-05-20"]
    inn.engine.dispose()
