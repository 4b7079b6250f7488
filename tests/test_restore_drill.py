"""The drill of the kit: yesterday's database and a replay are today's, and nobody else is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine

from example_pms import db
from flask_guesterase.core.errors import FourEyesError, SetupError
from flask_guesterase.store.returning import replay
from flask_guesterase.testing import restore_drill
from tests import engines
from tests.example.test_acceptance import House, house, known
from tests.oracle.dump import assert_same, dump

OFFICERS = ("sha.officer", "sha.officer2")


def whole(hotel: House) -> Any:
    """Everything of the host's, as the engine writes it."""
    db.session.remove()
    with db.engine.connect() as conn:
        return dump(conn)


def practised(hotel: House, **more: Any) -> None:
    """Do the drill with a guest who has stays, companions, an invoice and a scan."""
    guest = known("li.wei")[1]
    match = {"document": guest.document_no, "email": guest.email, "name": guest.name}
    given: dict[str, Any] = {"property": "SHA", "by": "sha.desk", "officers": OFFICERS} | more
    db.session.remove()
    restore_drill(hotel.guesterase, match, **given)


def said(hotel: House, **settings: Any) -> None:
    """Have the deployment say something else."""
    state = hotel.app.extensions["guesterase"]
    state.settings = replace(state.settings, **settings)


def copies(hotel: House, *script: str) -> Callable[[], AbstractContextManager[str]]:
    """Return what restores a copy, in which these statements are run first."""

    @contextmanager
    def restored() -> Iterator[str]:
        db.engine.dispose()
        with engines.clone_database(hotel.app.config["SQLALCHEMY_DATABASE_URI"]) as copy:
            made = create_engine(copy)
            with made.begin() as conn:
                for statement in script:
                    conn.exec_driver_sql(statement)
            made.dispose()
            yield copy

    return restored


@pytest.fixture
def hotel(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """The demo hotel on SQLite."""
    with house(sqlite_url, tmp_path, 20) as one:
        yield one


@pytest.mark.parametrize("kind", engines.ENGINES)
def test_it_ends_with_everybody_on_file_again(kind: str, tmp_path: Path) -> None:
    """A host's own test passes; rows and files are as before, no copy lies about."""
    with engines.fresh_database(kind) as url, house(url, tmp_path, 20) as hotel:
        before, scans = whole(hotel), hotel.files()
        practised(hotel, **({} if kind == "sqlite" else {"restored": copies(hotel)}))
        assert_same(before, whole(hotel))
        assert hotel.files() == scans
        assert list(tmp_path.glob("guesterase-canary-*")) == []


def test_without_a_window_the_guest_stays_gone(hotel: House) -> None:
    """Nothing can be taken back then, and the rest is shown."""
    before = whole(hotel)
    said(hotel, recovery_days=0)
    practised(hotel)
    assert whole(hotel) != before


SOMEBODY_ELSE = (
    "CREATE TRIGGER spreads AFTER UPDATE ON guests BEGIN"
    " UPDATE guests SET vip = 1 - vip WHERE id = (SELECT max(id) FROM guests); END"
)
"""Changes another guest's row whenever a row of a guest is."""


def test_a_replay_that_reaches_somebody_else_fails_the_host(hotel: House) -> None:
    """The table is named, and no value."""
    with pytest.raises(AssertionError, match="changed other rows than the erasure: guests") as told:
        practised(hotel, restored=copies(hotel, SOMEBODY_ELSE))
    guest = known("li.wei")[1]
    assert not any(each in str(told.value) for each in (guest.email, guest.document_no, "li.wei"))


def test_a_replay_that_leaves_the_guest_fails_the_host(
    hotel: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The register that a restore needs knows nothing of the erasure."""
    monkeypatch.setattr(replay, "_line", lambda *_: {})
    with pytest.raises(AssertionError, match=r"changed other rows than the erasure: .*guests"):
        practised(hotel)


def test_a_backup_of_another_day_proves_nothing(hotel: House) -> None:
    """What was restored must be what was there before the erasure."""
    other = copies(hotel, "UPDATE guests SET vip = 1 - vip WHERE id = 20")
    with pytest.raises(AssertionError, match=r"The restored copy is not the backup: guests$"):
        practised(hotel, restored=other)


def test_a_row_that_does_not_come_back_fails_the_host(hotel: House) -> None:
    """The database says no to what was there before."""
    with db.engine.begin() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER refuses BEFORE UPDATE ON guests WHEN OLD.document_no IS NULL"
            " AND NEW.document_no IS NOT NULL BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(AssertionError, match=r"is not as it was: .*guests"):
        practised(hotel)


def test_one_officer_is_not_two(hotel: House) -> None:
    """Who proposes to take an erasure back does not confirm it."""
    with pytest.raises(FourEyesError):
        practised(hotel, officers=OFFICERS[:1] * 2)


def test_where_nothing_can_be_restored_nothing_is_erased(
    hotel: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without a way to a restored database, a house without a register, or with rows in
    several databases."""
    before = whole(hotel)
    monkeypatch.setattr("flask_guesterase.testing.scratch", none)
    with pytest.raises(SetupError, match="Only of an SQLite file"):
        practised(hotel)
    said(hotel, register="")
    with pytest.raises(SetupError, match="No register"):
        practised(hotel)
    several = SimpleNamespace(engines={"guests": db.engine})
    with monkeypatch.context() as patched:
        patched.setattr(type(hotel.guesterase), "binds", several)
        with pytest.raises(SetupError, match="several databases"):
            practised(hotel)
    assert_same(before, whole(hotel))


@contextmanager
def none(*_: Any) -> Iterator[None]:
    """Give no copy."""
    yield None
