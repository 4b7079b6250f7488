"""Workers beside one another on a server: none waits for what another has in hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from flask_guesterase.core.remembrance import Kind
from flask_guesterase.store import tables
from flask_guesterase.store.executing import expiry, turns
from flask_guesterase.store.office import Office
from flask_guesterase.store.release.folder import Folder
from flask_guesterase.store.remembrance import remembering
from flask_guesterase.store.remembrance.erasures import Register, Tail
from flask_guesterase.store.retaining import keeping
from flask_guesterase.store.retaining.law import PLACE
from flask_guesterase.store.sweeping import looking
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.sweeping.claims import Bounds, Claimed
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.work import Work
from tests.store.ashore import Ashore
from tests.store.crowd import NEW, OLD, Crowd, _may

PART = 40
"""Rows one worker has in hand, of two or three times as many: MariaDB would read all of them."""


@pytest.fixture(params=["postgresql", "mariadb"])
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crowd]:
    """A hotel on the engines where several write at once."""
    made = Crowd(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    made.build()
    made.confirmed()
    yield made
    made.engine.dispose()


def office(crowd: Crowd, conn: Any) -> Office:
    """Open the office on a connection, whose transaction goes on."""
    work = Work(conn, crowd.now, crowd.settings, crowd.datamap, crowd.custodian, _may)
    return Office(work)


def test_two_erase_at_the_same_time(crowd: Crowd) -> None:
    """Each in a transaction of its own, neither ended before the other began; all are gone."""
    crowd.fill(range(1, 2 * PART + 1), OLD)
    crowd.fill(range(2 * PART + 1, 20 * PART), NEW)
    crowd.analyse()
    looking.look(crowd.run, Shift())
    done = []
    with transaction(crowd.engine) as conn, transaction(crowd.engine) as other:
        offices = [office(crowd, conn), office(crowd, other)]
        steps = [Claimed("guests", Bounds(), {}, expiry._erase) for _ in offices]
        claimed = [
            step.claim(each.work, PART) for step, each in zip(steps, offices, strict=True)
        ]
        for step, each, items in zip(steps, offices, claimed, strict=True):
            done.append(step.do(each, items)["people"])
        offices[1].close()
    assert done == [PART, PART]
    assert not crowd.dues()
    with crowd.engine.connect() as conn:
        shells = list(conn.execute(select(tables.subject.c.row_key)).scalars())
    assert len(set(shells)) == len(shells) == 2 * PART


def test_two_end_what_was_kept_at_the_same_time(crowd: Crowd) -> None:
    """Rows whose day is over: claimed apart, and noted as ended without waiting."""
    line = {
        "controller": "kauri-ltd", "property": "sh", "table_name": "guests", "columns": "[]",
        "category": "reservation", "mode": PLACE, "until": "2026-01-01", "open": "", "rule": "",
        "basis": "", "grade": "", "facts": "{}", "since": crowd.now.replace(tzinfo=None),
    }  # fmt: skip
    with crowd.engine.begin() as conn:
        rows = [{**line, "row_key": f"int:{n}"} for n in range(3 * PART)]
        conn.execute(insert(tables.kept), rows)
    which = turns.Which(frozenset(), True)
    with transaction(crowd.engine) as conn, transaction(crowd.engine) as other:
        mine, theirs = office(crowd, conn).work, office(crowd, other).work
        unasked = turns.Unasked(which, lambda lines, office: {})
        first, second = unasked.claim(mine, PART), unasked.claim(theirs, PART)
        assert len(unasked.claim_again(mine, first)) == len(first) == len(second) == PART
        keeping.end(mine, [line.id for line in first])
        keeping.end(theirs, [line.id for line in second])
    ended = {line.id for line in [*first, *second]}
    with crowd.engine.connect() as conn:
        rows_left = conn.execute(select(tables.kept.c.id).where(tables.kept.c.ended_at.is_(None)))
        left = set(rows_left.scalars())
    assert len(left) == PART
    assert left.isdisjoint(ended)


@pytest.fixture(params=["postgresql", "mariadb"])
def ashore(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ashore]:
    """A hotel with a register and a folder for checkpoints, where several write at once."""
    made = Ashore(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    made.guest(1, name="Ann Berg", email="ann@example.com")
    yield made
    made.engine.dispose()


def test_an_erasure_that_ends_while_one_looks_is_none_that_was_forgotten(
    ashore: Ashore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker asks the database how far it knows the register; then another one commits."""
    number, read = ashore.approved(email="ann@example.com"), Register.tail

    def late(register: Register) -> Tail:
        monkeypatch.undo()
        assert ashore.erased(number) == "erased"
        return read(register)

    monkeypatch.setattr(Register, "tail", late)
    assert ashore.run(lambda office: remembering.notice(office.work)) is False
    assert ashore.run(lambda office: remembering.standing(office.work)).restored is False


def test_a_checkpoint_that_leaves_while_one_looks_is_none_that_was_forgotten(
    ashore: Ashore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker asks the journal how long it is; then another one appends and releases."""
    ashore.happen()
    ashore.release()
    read = Folder.notes

    def late(folder: Folder, *given: Any, **more: Any) -> list[str]:
        monkeypatch.undo()
        ashore.happen()
        assert ashore.release() == 1
        return read(folder, *given, **more)

    monkeypatch.setattr(Folder, "notes", late)
    assert ashore.run(lambda office: remembering.notice(office.work)) is False


def test_who_looks_after_the_first_erasure_of_all_does_not_take_it_back(
    postgresql_url: str, tmp_path: Path
) -> None:
    """Its line stands in the register, and how far that is known in no row yet that others see.

    On MariaDB they wait for that row although it is not there yet.
    """
    ashore = Ashore(postgresql_url, tmp_path)
    ashore.guest(1, name="Ann Berg", email="ann@example.com")
    number, meeting = ashore.approved(email="ann@example.com"), threading.Event()

    def begins(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO guesterase_pulse"):
            meeting.set()

    other = threading.Thread(
        target=ashore.run, args=(lambda office: remembering.finish(office.work),)
    )
    with ashore.begin() as office:
        office.erase(number).settled()
        office.close()
        event.listen(ashore.engine, "before_cursor_execute", begins)
        other.start()
        assert meeting.wait(10)
    other.join(10)
    register = Register(str(ashore.settings.register), ashore.custodian)
    assert [line.note.kind for line in register.lines()[0]][-1] is Kind.OUTCOME
    assert ashore.run(lambda office: remembering.notice(office.work)) is False
    ashore.engine.dispose()
