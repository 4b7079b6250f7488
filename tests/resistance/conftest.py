"""A hotel whose own people try to make records disappear early."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from flask_guesterase.core.finding import Finding
from flask_guesterase.core.holding import HoldQuery, Wanted
from flask_guesterase.core.log import read_entry
from flask_guesterase.store import tables
from flask_guesterase.store.census import watching
from flask_guesterase.store.journaling import audit
from flask_guesterase.store.keys import copies
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.office import Office
from flask_guesterase.store.upkeep import consistency
from tests.store import forms
from tests.store.forms import NOON, SETTINGS, Forms
from tests.store.hotel import Hotel
from tests.store.test_rulebook import Lawful, lawful

NEW, DUE = date(2026, 3, 1), date(2025, 2, 1)
"""A departure whose year has just begun, and one whose year is over."""


class Pine(Forms):
    """Two hotels with registers; whoever attacks has the database and a console."""

    queries: Mapping[str, HoldQuery] = {}
    """What the host registered by which rows can be held."""

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office with what the host registered."""
        with super().begin() as office:
            office.work.queries = self.queries
            yield office

    @classmethod
    def opened(cls, folder: Path) -> Pine:
        """Return a house whose database and keys are there already."""
        made = cls.__new__(cls)
        made.engine = create_engine(f"sqlite:///{folder}/test.sqlite")
        made.now = NOON
        made.custodian = FolderCustodian(folder / "keys")
        made.settings, made.datamap = SETTINGS, cls.mapped()
        return made

    def raw(self, statement: Any) -> None:
        """Write past everything of ours, on a connection of one's own."""
        with self.engine.begin() as conn:
            conn.execute(statement)

    def hold(self, scope: str) -> None:
        """Let a form that is due be held, by itself or as its guest's, over a night of a sweep.

        :param scope: "subject" or "record".
        """
        self.sweep("officer")
        self.form(5, DUE)
        table = {"subject": "guests", "record": "forms"}[scope]
        wanted = Wanted(scope, "court-order", table, "5", property="mu")
        self.run(lambda office: office.place_hold(wanted, "officer"))
        self.night()

    def night(self) -> None:
        """Let the night pass: a day later a sweep runs."""
        self.later(days=1)
        self.tried()

    def seal(self, *ids: int) -> list[str]:
        """Erase guests at their wish; their lines of the register go into boxes."""
        mark = self.custodian.fingerprint()
        self.run(lambda office: copies.propose(office.work, "officer", mark))
        self.run(lambda office: copies.confirm(office.work, "second"))
        numbers = [self.approved(id_) for id_ in ids]
        self.work()
        return numbers

    def filed(self, id_: int, by: str = "desk") -> str:
        """File a request and confirm who asks, as one clerk."""
        asked = {"email": f"g{id_}@mail.example"}
        number = self.run(lambda office: office.request(asked, property="mu", by=by))
        self.run(lambda office: office.confirm(number, by, "desk"))
        return str(number)

    def approve(self, number: str, by: str = "officer") -> None:
        """Approve today's plan."""
        digest = self.run(lambda office: office.preview(number)).digest
        self.run(lambda office: office.approve(number, by, digest))

    def approved(self, id_: int) -> str:
        """File, confirm and approve a request, by two people."""
        number = self.filed(id_)
        self.approve(number)
        return number

    def state(self, number: str) -> str:
        """Return the state of a request."""
        return str(self.run(lambda office: office.show(number))["state"])

    def seen(self) -> set[str]:
        """Return what `check` says of register and records, one word each."""
        found = self.found()
        return {f"{f.id}:{f.table}" if f.id == "records-differ" else f.id for f in found}

    def found(self) -> list[Finding]:
        """Return what `check` says of register and records."""

        def look(office: Any) -> list[Finding]:
            return [*watching.findings(office.work), *consistency.findings(office.work)]

        return list(self.run(look))

    def counted(self, code: str = "mu") -> dict[str, int]:
        """Return what the journal says of the last count of a hotel."""
        found = [d for d in self.entries("register-counted") if d.facts["property"] == code]
        return dict(found[-1].counts)

    def entries(self, action: str) -> list[Any]:
        """Return the journal's entries with an action, in order."""
        table = tables.entry
        with self.engine.connect() as conn:
            bodies = conn.execute(
                select(table.c.body).where(table.c.action == action).order_by(table.c.position)
            ).scalars()
            drafts = [read_entry(body.encode()).draft for body in bodies]
        return sorted(drafts, key=lambda draft: draft.at)

    def problems(self, outside: Any = ()) -> set[str]:
        """Return what `verify` says of the journal."""
        with self.engine.connect() as conn:
            return {problem.id for problem in audit.verify(conn, outside)}


@pytest.fixture(scope="session")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three guests at one hotel, one at the other; nobody is due; the register was counted."""
    folder = tmp_path_factory.mktemp("mould")
    made = Pine(f"sqlite:///{folder}/test.sqlite", folder)
    for id_ in (1, 2, 3):
        made.form(id_, NEW)
    made.form(9, NEW, "be")
    made.sweep()
    made.engine.dispose()
    return folder


@pytest.fixture
def pine(mould: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pine]:
    """The hotels as they are before anybody tries anything."""
    monkeypatch.setitem(forms.GRANTS, "desk", {"mu": {"view", "file", "verify"}})
    rights = forms.RIGHTS | {"hold", "freeze", "register", "complaint"}
    for who in ("officer", "second"):
        monkeypatch.setitem(forms.GRANTS, who, {"mu": rights, "be": rights})
    shutil.copytree(mould, tmp_path / "house")
    made = Pine.opened(tmp_path / "house")
    yield made
    made.engine.dispose()


@pytest.fixture
def law(sqlite_url: str, tmp_path: Path) -> Iterator[Lawful]:
    """A hotel under a law whose text one person can edit."""
    hotel = Hotel(sqlite_url, tmp_path)
    yield lawful(hotel, tmp_path)
    hotel.engine.dispose()


@pytest.fixture
def draft(sqlite_url: str, tmp_path: Path) -> Iterator[Lawful]:
    """The same before anybody signed the text or looked at it."""
    hotel = Hotel(sqlite_url, tmp_path)
    yield Lawful(hotel, tmp_path)
    hotel.engine.dispose()
