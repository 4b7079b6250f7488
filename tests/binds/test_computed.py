"""A callable gets a value once, however often an erasure over several databases is gone back to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase import Equal, Policy, inside, keep, mentions, null
from flask_guesterase.core.treatment import RowRule
from flask_guesterase.store.binds import forward
from tests.engines import DEEP, fresh_database

from .group import CANARY, ROWS, Group
from .test_forward import Point, after_intent, before_home, before_mark, change, crash
from .test_joined import told

MAIL, PLACE = "ann@home.example", "home.example"
NEW = "ann@new.example"
CARD = f'{{"mail": "{MAIL}", "text": "{CANARY} comes"}}'
PLACED = f'{{"mail": "{PLACE}", "text": "{CANARY} comes"}}'


class Callables(Group):
    """Teas and treats of one guest or of two, and tolls of one; of a mailbox its place stays."""

    def __init__(self, urls: Sequence[str], folder: Path) -> None:
        self.calls: list[str] = []
        super().__init__(urls, folder, bills=True)

    def place(self, mail: str) -> str:
        """Return the place of a mailbox; anything else is refused."""
        self.calls.append(mail)
        return mail.split("@")[1]

    def _bills(self) -> None:
        ways = ("guest_id", "mate_id")
        rules = dict.fromkeys(ways, keep("occupancy")) | {
            "wish": self.place, "card": inside({"$.mail": self.place}),
        }  # fmt: skip
        one, other = (Equal({way: "id"}, to="guests") for way in ways)
        each = {
            "teas": Policy({**rules, "note": mentions}, via={one: ["wish", "card"], other: []},
                           rows=RowRule.LAST_OWNER),
            "treats": Policy(
                {**rules, "note": mentions,
                 "card": inside({"$.mail": self.place, "$.text": mentions})},
                via={one: ["wish", "card"], other: []},
            ),
            "tolls": Policy({**rules, "note": null}, via=one),
        }  # fmt: skip
        for name, policy in each.items():
            table = self.db.Table(
                name, sa.Column("id", sa.Integer, primary_key=True),
                *(sa.Column(way, sa.Integer, index=True) for way in ways),
                *(sa.Column(column, sa.String(80)) for column in ("note", "wish", "card")),
                bind_key="archive",
            )  # fmt: skip
            self.extension.register(table, policy)

    def row(self, name: str) -> tuple[Any, ...]:
        """Return note, wish and card of the row of a table."""
        with self.app.app_context(), self.db.engines["archive"].connect() as conn:
            return tuple(conn.exec_driver_sql(f"SELECT note, wish, card FROM {name}").one())


@contextmanager
def begun(name: str, folder: Path, other: str = "sqlite") -> Iterator[tuple[Callables, str]]:
    """A group with one row, whose erasure of Ann was cut off right after its intent."""
    with ExitStack() as stack:
        urls = [stack.enter_context(fresh_database(kind)) for kind in ("sqlite", other)]
        hotel = Callables(urls, folder)
        stack.callback(hotel.close)
        row = {"id": 1, "guest_id": 1, "note": f"{CANARY} comes", "wish": MAIL, "card": CARD}
        hotel.make({"guests": ROWS["guests"], name: [row]})
        number = hotel.approved()
        crash(after_intent, hotel.erase, number)
        hotel.calls.clear()
        yield hotel, number


@pytest.fixture
def carried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases that were changed, in turn."""
    found: list[str] = []
    real = forward._carry_out

    def carry_out(work: Any, part: Any, intent: Any) -> int:
        found.append(part.bind)
        return real(work, part, intent)

    monkeypatch.setattr(forward, "_carry_out", carry_out)
    return found


def join(hotel: Group, name: str) -> None:
    """Book Bea into Ann's row of a table."""
    change(hotel, "archive", f"UPDATE {name} SET mate_id = 2")


@pytest.mark.parametrize("other", DEEP)
def test_a_row_somebody_came_into_is_changed_once(
    other: str, tmp_path: Path, carried: list[str]
) -> None:
    """What is the erased guest's alone goes by its callable, and nothing is gone back to."""
    with begun("teas", tmp_path, other) as (hotel, number):
        join(hotel, "teas")
        hotel.work()
        assert hotel.row("teas") == ("[erased] comes", PLACE, PLACED)
        assert hotel.calls == [MAIL, MAIL]
        assert carried == ["archive", ""]
        assert '"left":1' in told(hotel)
        assert hotel.state(number) == "erased"


@pytest.mark.parametrize("point", [before_mark, before_home], ids=lambda p: p.__name__)
def test_a_row_somebody_came_into_that_is_done_twice(point: Point, tmp_path: Path) -> None:
    """What a callable made before something was cut off is not given to it again."""
    with begun("teas", tmp_path) as (hotel, number):
        join(hotel, "teas")
        crash(point, hotel.work)
        assert hotel.state(number) == "erasing"
        hotel.work(hours=1)
        assert hotel.row("teas") == ("[erased] comes", PLACE, PLACED)
        assert hotel.calls == [MAIL, MAIL]
        assert '"left":1' in told(hotel)
        assert hotel.state(number) == "erased"


def test_a_row_all_of_which_goes_whoever_came_that_is_done_twice(tmp_path: Path) -> None:
    """A text the host wrote anew is struck again, and what a callable made beside it stays."""
    with begun("treats", tmp_path) as (hotel, number):
        join(hotel, "treats")
        change(hotel, "archive", f"UPDATE treats SET note = '{CANARY} shares'")
        crash(before_mark, hotel.work)
        hotel.work(hours=1)
        assert hotel.row("treats") == ("[erased] shares", PLACE, PLACED.replace(CANARY, "[erased]"))
        assert hotel.calls == [MAIL, MAIL]
        assert '"left"' not in told(hotel)
        assert hotel.state(number) == "erased"


def test_a_note_beside_what_a_callable_made_goes_again(tmp_path: Path) -> None:
    """The host writes one column of a row that is done: it goes, and the callable's stay."""
    with begun("tolls", tmp_path) as (hotel, number):
        crash(before_home, hotel.work)
        change(hotel, "archive", "UPDATE tolls SET note = 'Ann again'")
        hotel.work(hours=1)
        assert hotel.row("tolls") == (None, PLACE, PLACED)
        assert hotel.calls == [MAIL, MAIL]
        assert '"left"' not in told(hotel)
        assert hotel.state(number) == "erased"


def test_what_the_host_writes_before_goes_by_the_callable_once(tmp_path: Path) -> None:
    """A value that is newer than the intent goes; that it may be the host's is counted."""
    with begun("tolls", tmp_path) as (hotel, number):
        change(hotel, "archive", f"UPDATE tolls SET wish = '{NEW}'")
        hotel.work()
        assert hotel.row("tolls") == (None, "new.example", PLACED)
        assert hotel.calls.count(NEW) == 1
        assert '"left":1' in told(hotel)
        assert hotel.state(number) == "erased"


def test_what_the_host_writes_after_is_left_and_counted(tmp_path: Path) -> None:
    """What stands in a callable's column of a row that was done may be what it made."""
    with begun("tolls", tmp_path) as (hotel, number):
        crash(before_home, hotel.work)
        change(hotel, "archive", f"UPDATE tolls SET wish = '{NEW}', note = 'again'")
        hotel.work(hours=1)
        assert hotel.row("tolls") == (None, NEW, PLACED)
        assert '"left":1' in told(hotel)
        assert hotel.state(number) == "erased"
