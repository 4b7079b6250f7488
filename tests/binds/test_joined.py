"""Who comes into a row while an erasure over several databases waits loses nothing of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase import Equal, Policy, keep, mentions, null
from flask_guesterase.core.plan import Plan
from flask_guesterase.core.treatment import RowRule
from flask_guesterase.store import tables
from flask_guesterase.store.erasing.surgery import Surgery
from tests.engines import DEEP, fresh_database

from .group import CANARY, ROWS, Group
from .test_forward import Point, after_intent, before_home, before_mark, change, crash

RULES: dict[str, tuple[Any, RowRule]] = {
    "trips": (null, RowRule.OVERWRITE),
    "cots": (null, RowRule.LAST_OWNER),
    "taxis": (null, RowRule.DELETE),
    "talks": (mentions, RowRule.OVERWRITE),
    "tours": (mentions, RowRule.OVERWRITE),
    "tents": (mentions, RowRule.LAST_OWNER),
}
BOTH = ("tours", "tents")
"""Tables with a wish beside the note, which nobody said whose it is."""

WISH = "soft pillow"
EARLY = f"{CANARY} comes early"
NOTE = "Bea: allergic to nuts"
BEA = {"email": "bea@mail.example", "name": "Bea Lund"}
STRUCK = {
    "tours": ({1: "[erased] shares", 2: "[erased] comes early"}, {1: WISH, 2: None}),
    "tents": ({1: "[erased] shares"}, {1: WISH}),
}
"""Notes and wishes that are left in those tables once somebody came into each first row."""


class Shared(Group):
    """Trips, cots and the like, each of one guest or of two, in the default database or afar."""

    def __init__(self, urls: Sequence[str], folder: Path, afar: bool) -> None:
        self.place = "archive" if afar else ""
        super().__init__(urls, folder, bills=True)

    def _bills(self) -> None:
        def way(name: str) -> Any:
            leads = [] if self.place else [sa.ForeignKey("guests.id")]
            return sa.Column(name, sa.Integer, *leads, index=True)

        ways, kept = ("guest_id", "mate_id"), keep("occupancy")
        for name, (rule, rows) in RULES.items():
            table = self.db.Table(
                name, sa.Column("id", sa.Integer, primary_key=True),
                *map(way, ways),
                sa.Column("note", sa.String(80)), sa.Column("wish", sa.String(80)),
                bind_key=self.place or None,
            )  # fmt: skip
            rules = {"note": rule, "wish": null if name in BOTH else kept}
            rules |= dict.fromkeys(ways, kept) if self.place else {}
            via = [Equal({each: "id"}, to="guests") if self.place else each for each in ways]
            self.extension.register(table, Policy(rules, via=via, rows=rows))


@contextmanager
def shared(
    home: str, folder: Path, gone: bool = False, afar: bool = False, only: Sequence[str] = ()
) -> Iterator[tuple[Shared, str]]:
    """A group whose erasure of Ann was cut off right after its intent; Bea may be erased before."""
    rows = {name: each for name, each in ROWS.items() if not only or name == "guests"}
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in (home, "sqlite")]
        hotel = Shared(urls, folder, afar)
        stack.callback(hotel.close)
        mine = {"guest_id": 1, "mate_id": None, "note": EARLY, "wish": WISH}
        two = [{"id": 1, **mine}, {"id": 2, **mine}]
        hotel.make({**rows, **dict.fromkeys(only or RULES, two)})
        if gone:
            assert hotel.erase(hotel.approved(BEA)) == "erased"
        number = hotel.approved()
        crash(after_intent, hotel.erase, number)
        yield hotel, number


def join(hotel: Shared, name: str, note: str = NOTE) -> None:
    """Book Bea into the first row of a table."""
    change(hotel, hotel.place, f"UPDATE {name} SET mate_id = 2, note = '{note}' WHERE id = 1")


def notes(hotel: Shared, name: str, column: str = "note") -> dict[int, str | None]:
    """Return what is noted in the rows of a table, or what another column says."""
    with hotel.app.app_context(), hotel.db.engines[hotel.place or None].connect() as conn:
        found = conn.exec_driver_sql(f"SELECT id, {column} FROM {name}")
        return dict(tuple(row) for row in found)


def of_both(hotel: Shared) -> dict[str, tuple[dict[int, str | None], ...]]:
    """Return table -> notes and wishes in its rows, for those tables that have both."""
    return {name: (notes(hotel, name), notes(hotel, name, "wish")) for name in BOTH}


def told(hotel: Group) -> str:
    """Return what the journal says of the erasure."""
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        entry = tables.entry.c
        wanted = sa.select(entry.body).where(entry.action == "subject-erased")
        return str(conn.execute(wanted.order_by(entry.position.desc())).scalars().first())


@pytest.mark.parametrize("home", DEEP)
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


@pytest.mark.parametrize("afar", [False, True], ids=["home", "archive"])
def test_of_a_row_of_both_goes_what_goes_of_every_such_row(afar: bool, tmp_path: Path) -> None:
    """The erased guest's name is struck out of a row somebody came into; what is theirs too stays.

    Without who came, the row would have gone, or all that is in it.
    """
    with shared("sqlite", tmp_path, afar=afar) as (hotel, number):
        for name in BOTH:
            join(hotel, name, f"{CANARY} shares")
        hotel.work()
        assert of_both(hotel) == STRUCK
        assert '"left":2' in told(hotel)
        assert hotel.state(number) == "erased"


@pytest.mark.parametrize("point", [before_mark, before_home], ids=lambda p: p.__name__)
def test_of_a_row_of_both_as_much_goes_where_it_is_done_twice(
    point: Point, tmp_path: Path
) -> None:
    """What is cut off between two databases is done again, and counted again, with the same end."""
    with shared("sqlite", tmp_path, afar=True) as (hotel, number):
        for name in BOTH:
            join(hotel, name, f"{CANARY} shares")
        crash(point, hotel.work)
        assert hotel.state(number) == "erasing"
        assert notes(hotel, "tours")[1] == "[erased] shares"
        hotel.work(hours=1)
        assert of_both(hotel) == STRUCK
        assert '"left":2' in told(hotel)
        assert hotel.state(number) == "erased"


def test_a_name_is_known_where_no_text_was_to_be_read(tmp_path: Path) -> None:
    """Where all rows with texts were to go whole, who is erased is still found in what stays."""
    with shared("sqlite", tmp_path, afar=True, only=["tents"]) as (hotel, number):
        join(hotel, "tents", f"{CANARY} shares")
        hotel.work()
        assert notes(hotel, "tents") == {1: "[erased] shares"}
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


@pytest.mark.parametrize("home", DEEP)
def test_who_shares_a_surname_keeps_it_in_another_database(home: str, tmp_path: Path) -> None:
    """What was sealed of an erasure that was cut off says who else lives in its rows."""
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in (home, "sqlite")]
        hotel = Shared(urls, tmp_path, afar=True)
        stack.callback(hotel.close)
        note = "Bea Zebrafinch, with Ann. Then Ann Zebrafinch left"
        row = {"id": 1, "guest_id": 1, "mate_id": 2, "note": note, "wish": WISH}
        hotel.make({**ROWS, "talks": [row]})
        change(hotel, "", "UPDATE guests SET name = 'Bea Zebrafinch' WHERE id = 2")
        number = hotel.approved()
        crash(after_intent, hotel.erase, number)
        hotel.work()
        assert notes(hotel, "talks") == {1: "Bea Zebrafinch, with [erased]. Then [erased] left"}
        assert hotel.state(number) == "erased"
