"""Who comes into a row while an erasure over several databases waits loses nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase import Policy, mentions, null
from flask_guesterase.core.plan import Plan
from flask_guesterase.core.treatment import RowRule
from flask_guesterase.store import tables
from flask_guesterase.store.erasing.surgery import Surgery
from tests.engines import fresh_database

from .group import CANARY, ROWS, Group
from .test_forward import Crash, after_intent, change

RULES: dict[str, tuple[Any, RowRule]] = {
    "trips": (null, RowRule.OVERWRITE),
    "cots": (null, RowRule.LAST_OWNER),
    "taxis": (null, RowRule.DELETE),
    "talks": (mentions, RowRule.OVERWRITE),
}
EARLY = f"{CANARY} comes early"
NOTE = "Bea: allergic to nuts"
BEA = {"email": "bea@mail.example", "name": "Bea Lund"}


class Shared(Group):
    """Trips, cots, taxis and talks in the default database, each of one guest or of two."""

    def _bills(self) -> None:
        for name, (rule, rows) in RULES.items():
            table = self.db.Table(
                name, sa.Column("id", sa.Integer, primary_key=True),
                sa.Column("guest_id", sa.ForeignKey("guests.id"), index=True),
                sa.Column("mate_id", sa.ForeignKey("guests.id"), index=True),
                sa.Column("note", sa.String(80)),
            )  # fmt: skip
            policy = Policy({"note": rule}, via=["guest_id", "mate_id"], rows=rows)
            self.extension.register(table, policy)


@contextmanager
def shared(home: str, folder: Path, gone: bool = False) -> Iterator[tuple[Shared, str]]:
    """A group whose erasure of Ann was cut off right after its intent; Bea may be erased before."""
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in (home, "sqlite")]
        hotel = Shared(urls, folder, bills=True)
        stack.callback(hotel.close)
        mine = {"guest_id": 1, "mate_id": None, "note": EARLY}
        hotel.make({**ROWS, **{name: [{"id": 1, **mine}, {"id": 2, **mine}] for name in RULES}})
        if gone:
            assert hotel.erase(hotel.approved(BEA)) == "erased"
        number = hotel.approved()
        with pytest.MonkeyPatch.context() as patch:
            after_intent(patch)
            with pytest.raises(Crash):
                hotel.erase(number)
        yield hotel, number


def join(hotel: Group, name: str, note: str = NOTE) -> None:
    """Book Bea into the first row of a table."""
    change(hotel, "", f"UPDATE {name} SET mate_id = 2, note = '{note}' WHERE id = 1")


def notes(hotel: Group, name: str) -> dict[int, str | None]:
    """Return what is noted in the rows of a table of the default database."""
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        return {row.id: row.note for row in conn.exec_driver_sql(f"SELECT * FROM {name}")}


def told(hotel: Group) -> str:
    """Return what the journal says of the erasure."""
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        entry = tables.entry.c
        wanted = sa.select(entry.body).where(entry.action == "subject-erased")
        return str(conn.execute(wanted.order_by(entry.position.desc())).scalars().first())


@pytest.mark.parametrize("home", [
    "sqlite", *(pytest.param(k, marks=pytest.mark.long) for k in ("postgresql", "mariadb")),
])  # fmt: skip
def test_who_came_into_a_row_keeps_it(home: str, tmp_path: Path) -> None:
    """What is another living guest's too by now is left and counted; what nobody joined goes."""
    with shared(home, tmp_path) as (hotel, number):
        join(hotel, "trips")
        join(hotel, "cots")
        hotel.work()
        assert notes(hotel, "trips") == {1: NOTE, 2: None}
        assert notes(hotel, "cots") == {1: NOTE}
        assert '"left":2' in told(hotel)
        assert hotel.state(number) == "erased"


def test_what_would_go_of_a_shared_row_goes_whoever_came(tmp_path: Path) -> None:
    """Rows that go with any of their owners, and what a text says of the erased guest, go."""
    with shared("sqlite", tmp_path) as (hotel, number):
        join(hotel, "taxis")
        join(hotel, "talks", f"{CANARY} shares with Bea")
        hotel.work()
        assert notes(hotel, "taxis") == {}
        assert "Bea" in str(notes(hotel, "talks"))
        assert CANARY not in str(notes(hotel, "talks"))
        assert '"left"' not in told(hotel)
        assert hotel.state(number) == "erased"


def test_who_was_erased_before_keeps_nothing(tmp_path: Path) -> None:
    """A row that leads to somebody who was erased before goes as it was decided."""
    with shared("sqlite", tmp_path, gone=True) as (hotel, number):
        join(hotel, "trips", EARLY)
        join(hotel, "cots", EARLY)
        hotel.work()
        assert notes(hotel, "trips") == {1: None, 2: None}
        assert notes(hotel, "cots") == {}
        assert '"left"' not in told(hotel)
        assert hotel.state(number) == "erased"


@pytest.mark.parametrize("home", [
    "postgresql", pytest.param("mariadb", marks=pytest.mark.long),
])  # fmt: skip
def test_who_comes_while_the_rows_are_being_locked_keeps_them(
    home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the host commits between the look at a row's owners and its lock is looked at too."""
    real, once = Surgery.lock, iter([True])

    def lock(surgery: Surgery, plan: Plan) -> Any:
        if any(step.decision.table == "cots" for step in plan.steps) and next(once, False):
            join(hotel, "cots")
        return real(surgery, plan)

    with shared(home, tmp_path) as (hotel, number):
        monkeypatch.setattr(Surgery, "lock", lock)
        hotel.work()
        hotel.work(hours=1)
        assert notes(hotel, "cots") == {1: NOTE}
        assert '"left":1' in told(hotel)
        assert hotel.state(number) == "erased"
