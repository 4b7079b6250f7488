"""What the journal shows while others append to it, prune it, or put another key into force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from flask_guesterase.core.checkpoint import open_checkpoint, read_note
from flask_guesterase.core.cosignature import read_request
from flask_guesterase.core.tree import verify_consistency
from flask_guesterase.store.journaling import cosigning, signing
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.store.work import Work
from tests.engines import SERVERS
from tests.store.ashore import PINE, Ashore


@pytest.fixture(params=SERVERS)
def inn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ashore]:
    """A hotel with a journal on each server: on SQLite who reads sees one moment."""
    made = Ashore(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    upgrade.upgrade(made.engine)
    upgrade.make_keys(made.engine, made.custodian, made.now)
    made.happen(5)
    yield made
    made.engine.dispose()


@contextmanager
def reading(inn: Ashore) -> Iterator[Work]:
    """Open a transaction that only reads."""
    with inn.begin() as office:
        work = office.work
    with transaction(inn.engine, write=False) as conn:
        yield work.over(conn)


@contextmanager
def meanwhile(conn: Connection, at: int, act: Callable[[], object]) -> Iterator[list[str]]:
    """Let somebody else act once, before a statement of a connection; yields its statements."""
    said: list[str] = []

    def asked(conn: Connection, cursor: object, statement: str, *rest: object) -> None:
        said.append(statement)
        if len(said) == at + 1:
            act()

    event.listen(conn, "before_cursor_execute", asked)
    yield said
    event.remove(conn, "before_cursor_execute", asked)


def test_a_witness_is_asked_about_one_moment(inn: Ashore) -> None:
    """Otherwise the proof would lead beyond the checkpoint, and the other house call it a fork."""
    _, old, root = inn.root()
    inn.happen()
    at, told = 0, 1
    while at < told:
        with reading(inn) as work, meanwhile(work.conn, at, inn.happen) as said:
            size, proof, note = read_request(cosigning.asked(work, PINE, old))
        head = read_note(note)
        assert size == old
        assert verify_consistency(old, head.size, root, head.root, proof)
        at, told = at + 1, len(said)
    assert at > 2


def changed(inn: Ashore) -> None:
    """Put another signing key into force, and destroy the old one."""
    inn.run(lambda office: office.renew_signing("officer", "auditor"))
    inn.run(signing.settle)


def test_a_checkpoint_beside_a_change_of_keys_is_signed_by_who_signs_its_size(inn: Ashore) -> None:
    """Nobody is told that the key folder is another one."""
    at, told = 0, 1
    while at < told:
        before = inn.custodian.public_key(), inn.tree().size
        with reading(inn) as work, meanwhile(work.conn, at, lambda: changed(inn)) as said:
            note = signing.checkpoint(work, PINE)
        old = read_note(note).size == before[1]
        open_checkpoint(note, before[0] if old else inn.custodian.public_key())
        at, told = at + 1, len(said)
    assert at > 1


def test_who_looks_the_journal_through_while_keys_change_finds_nothing(inn: Ashore) -> None:
    """Neither between the commit and the end of the old key, which a crash may draw out."""
    inn.run(lambda office: office.renew_signing("officer", "auditor"))
    assert inn.verified() == []
    inn.run(signing.settle)
    assert inn.verified() == []
