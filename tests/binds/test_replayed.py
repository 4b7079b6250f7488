"""A copy of one of several databases, or of all, is put back: who was erased goes again."""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from flask_guesterase import Equal, Policy, Subject, keep, mentions, placeholder, redact
from tests.engines import DEEP, fresh_database
from tests.oracle.dump import Dump, assert_same

from .group import ANN, CANARY, Group

OLD = dt.date(2020, 5, 4)
ROWS: dict[str, list[dict[str, Any]]] = {
    "guests": [
        {"id": 1, "name": CANARY, "email": ANN["email"], "made_on": OLD},
        {"id": 2, "name": "Bea Lund", "email": "bea@mail.example", "made_on": OLD},
    ],
    "letters": [
        {"id": 1, "guest_no": 1, "title": "Dear Ann", "body": f"For {CANARY}.", "made_on": OLD},
        {"id": 2, "guest_no": 2, "title": "Dear Bea", "body": "For Bea Lund.", "made_on": OLD},
    ],
}


class Dated(Group):
    """Guests in the default database and their letters in an archive, each with its day."""

    def _declare(self, members: str | None) -> None:
        db, register = self.db, self.extension.register
        self.app.config["GUESTERASE_REGISTER"] = self.app.instance_path + "/register"

        class Guest(db.Model):  # type: ignore[name-defined,misc]  # made at run time
            __tablename__ = "guests"
            id = sa.Column(sa.Integer, primary_key=True)
            name = sa.Column(sa.String(80))
            email = sa.Column(sa.String(120))
            made_on = sa.Column(sa.Date)

        class Letter(db.Model):  # type: ignore[name-defined,misc]
            __tablename__ = "letters"
            __bind_key__ = "archive"
            id = sa.Column(sa.Integer, primary_key=True)
            guest_no = sa.Column(sa.Integer, index=True)
            title = sa.Column(sa.String(80))
            body = sa.Column(sa.Text)
            made_on = sa.Column(sa.Date)

        kept = keep("occupancy")
        register(Guest, Policy(
            {"name": redact, "email": placeholder, "made_on": kept},
            subject=Subject(match=["email"], name="name", contact=["email"]),
            clock={"created": "made_on"},
        ))  # fmt: skip
        register(Letter, Policy(
            {"guest_no": kept, "title": redact, "body": mentions, "made_on": kept},
            via=Equal({"guest_no": "id"}, to="guests"), clock={"created": "made_on"},
        ))  # fmt: skip

    def replay(self) -> Any:
        """Make again what a restored database has forgotten."""
        with self.app.app_context():
            return self.extension.replay()

    def copies(self, folder: Path) -> dict[str, tuple[Path, Path]]:
        """Copy the databases that are files away; return where each lay and lies."""
        self.close()
        folder.mkdir()
        found = {}
        with self.app.app_context():
            for name, engine in zip(self.names, self.engines(), strict=True):
                if engine.dialect.name == "sqlite":
                    here = Path(str(engine.url.database))
                    found[name] = (here, folder / f"{name}.copy")
                    _copied(*found[name])
        return found

    def sweep(self) -> Any:
        """Make a night."""
        with self.app.app_context():
            return self.extension.sweep()

    def returns(self) -> list[dict[str, Any]]:
        """Return the rows that wait for staff."""
        with self.app.app_context(), self.extension.begin(write=False) as office:
            return list(office.returns("officer"))

    def settle(self) -> None:
        """Say of each of them that it is the erased guest's."""
        with self.app.app_context(), self.extension.begin() as office:
            for row in office.returns("officer"):
                office.settle_return(row["id"], "officer", True)

    def put_back(self, *copies: tuple[Path, Path]) -> None:
        """Put copies back where they were taken from."""
        self.close()
        for here, there in copies:
            for log in ("-wal", "-shm"):
                here.with_name(here.name + log).unlink(missing_ok=True)
            shutil.copyfile(there, here)


def _copied(here: Path, there: Path) -> None:
    with sqlite3.connect(here) as one, sqlite3.connect(there) as other:
        one.backup(other)



HOME = [
    pytest.param(("sqlite", "sqlite"), id="sqlite"),
    pytest.param(("sqlite", "postgresql"), id="postgresql", marks=pytest.mark.long),
    pytest.param(("sqlite", "mariadb"), id="mariadb", marks=pytest.mark.long),
]


@contextmanager
def dated(kinds: tuple[str, str], folder: Path) -> Iterator[Dated]:
    """A group of guests and letters, of whom a copy was made before one of them is erased."""
    with fresh_database(kinds[0]) as one, fresh_database(kinds[1]) as two:
        hotel = Dated([one, two], folder / "house")
        hotel.make(ROWS)
        try:
            yield hotel
        finally:
            hotel.close()


def nameless(dump: Dump) -> Dump:
    """Return a dump without the placeholders, which are other ones each time."""
    return {
        name: replace(each, lines=tuple(
            tuple("?" if "@erased.invalid" in cell else cell for cell in line)
            for line in each.lines
        ))
        for name, each in dump.items()
    }  # fmt: skip


@pytest.mark.parametrize("kinds", HOME)
def test_the_default_database_is_put_back_alone(kinds: tuple[str, str], tmp_path: Path) -> None:
    """What is gone in the other one is left as it is; who is back in this one goes again."""
    with dated(kinds, tmp_path) as hotel:
        copies = hotel.copies(tmp_path / "copy")
        number = hotel.approved()
        assert hotel.erase(number) == "erased"
        erased = hotel.dumps()
        hotel.put_back(copies[""])
        assert hotel.replay().counts["theirs"] == 1
        hotel.work()
        assert hotel.state(number) == "erased"
        assert hotel.dumps()["archive"] == erased["archive"]
        assert_same(nameless(erased[""]), nameless(hotel.dumps()[""]))


def test_all_databases_are_put_back(tmp_path: Path) -> None:
    with dated(("sqlite", "sqlite"), tmp_path) as hotel:
        copies = hotel.copies(tmp_path / "copy")
        number = hotel.approved()
        hotel.erase(number)
        erased = hotel.dumps()
        hotel.put_back(*copies.values())
        assert hotel.replay().counts["theirs"] == 1
        hotel.work()
        assert hotel.state(number) == "erased"
        for name, dump in hotel.dumps().items():
            assert_same(nameless(erased[name]), nameless(dump))


@pytest.mark.parametrize("home", DEEP)
def test_another_database_is_put_back_alone(home: str, tmp_path: Path) -> None:
    """The default one has forgotten nothing, and yet what came back is laid before staff."""
    with dated((home, "sqlite"), tmp_path) as hotel:
        copies = hotel.copies(tmp_path / "copy")
        number = hotel.approved()
        assert hotel.erase(number) == "erased"
        erased = hotel.dumps()
        hotel.work()
        hotel.put_back(copies["archive"])
        assert hotel.sweep().counts["returned-unclear"] == 1
        assert [(row["number"], row["table"], row["key"]) for row in hotel.returns()] == [
            (number, "letters", "int:1")
        ]
        hotel.settle()
        hotel.work()
        assert hotel.dumps()[""] == erased[""]
        letters = {line[0]: line for line in hotel.dumps()["archive"]["letters"].lines}
        assert letters["integer 2"] == erased["archive"]["letters"].lines[1]
        assert "Ann" not in str(letters)
        assert "returned-unclear" not in hotel.sweep().counts
        assert hotel.returns() == []
