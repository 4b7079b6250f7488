"""What the journal shows while others append to it, prune it, or put another key into force."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event

from flask_guesterase.core.checkpoint import open_checkpoint, read_note
from flask_guesterase.core.cosignature import read_request
from flask_guesterase.core.destination import Destination, Way
from flask_guesterase.core.errors import BusyError, UnknownError
from flask_guesterase.core.log import PRUNED_FORMAT
from flask_guesterase.core.tree import verify_consistency
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import audit, cosigning, export, pruning, signing
from flask_guesterase.store.release.places import places
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import upgrade
from flask_guesterase.store.work import Work
from tests.engines import ENGINES, SERVERS
from tests.store.ashore import PINE, Ashore
from tests.store.test_pruning import DAY, believed, grown


@pytest.fixture(params=ENGINES)
def inn(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ashore]:
    """A hotel with a journal on each engine: on SQLite, too, each statement reads anew."""
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


@pytest.fixture
def aged(inn: Ashore, monkeypatch: pytest.MonkeyPatch) -> Ashore:
    """The same with entries of seven years ago, of which each batch takes a few out."""
    monkeypatch.setattr(pruning, "BATCH", 2)
    grown(inn)
    believed(inn)
    return inn


def took(inn: Ashore) -> None:
    """Take the next few old entries out of the journal."""
    what = pruning.Wish(PINE, DAY, inn.run(lambda office: office.acts_as("auditor")))
    assert inn.run(lambda office: pruning._batch(what, 0, office))


def test_who_looks_a_journal_through_while_it_is_pruned_finds_nothing(aged: Ashore) -> None:
    """What two people took out meanwhile is no entry that is missing."""
    for at in range(5):
        with reading(aged) as work, meanwhile(work.conn, at, lambda: took(aged)):
            assert audit.verify(work.conn) == [], at


def test_what_is_missing_in_a_journal_that_is_pruned_is_found(aged: Ashore) -> None:
    """It is looked through again, and not believed."""
    gone = tables.entry.c.position == aged.tree().size - 2

    def took_more() -> None:
        took(aged)
        with transaction(aged.engine) as conn:
            conn.execute(delete(tables.entry).where(gone))

    with reading(aged) as work, meanwhile(work.conn, 1, took_more):
        found = {problem.id for problem in audit.verify(work.conn)}
    assert {"entry-missing", "head-differs"} <= found


def follows(lines: list[dict[str, Any]]) -> None:
    """Entries follow what stands instead of those that were taken out."""
    first = 0
    if lines[0]["format"] == PRUNED_FORMAT:
        first = lines.pop(0)["size"]
    assert [line["index"] for line in lines] == list(range(first, first + len(lines)))


def test_a_journal_that_is_pruned_is_not_written_out_with_a_hole(aged: Ashore) -> None:
    """Whoever writes it out is told to do it again."""
    whole = 0
    for at in range(5):
        with reading(aged) as work, meanwhile(work.conn, at, lambda: took(aged)):
            try:
                lines = [json.loads(line) for line in export.lines(work.conn, PINE)]
            except (BusyError, UnknownError):
                continue
        whole += 1
        follows(lines)
    assert 0 < whole < 5


@pytest.mark.parametrize("inn", SERVERS, indirect=True)
def test_a_folder_outside_gets_whole_entries_of_a_journal_that_is_pruned(
    aged: Ashore, tmp_path: Path
) -> None:
    """What was begun meanwhile is cut off, and written at the next try."""
    took(aged)
    cut = 0
    for at in range(6):
        aged.outside = tmp_path / f"other-{at}"
        aged.outside.mkdir()
        aged.places = places([Destination(Way.FILE, str(aged.outside))], {})
        with pruning_at(aged, at):
            cut += not aged.release()
        aged.pass_(hours=2)
        assert aged.release() or not cut
        (file,) = aged.outside.glob("*.jsonl")
        follows([json.loads(line) for line in file.read_text().splitlines()])
    assert cut


@contextmanager
def pruning_at(inn: Ashore, at: int) -> Iterator[None]:
    """Let somebody prune before a look at what was taken out, whoever looks."""
    asked = 0

    def prune(conn: Connection, cursor: object, said: str, *rest: object) -> None:
        nonlocal asked
        if said.startswith("SELECT") and "FROM guesterase_tree" in said:
            asked += 1
            if asked == at + 1:
                took(inn)

    event.listen(inn.engine, "before_cursor_execute", prune)
    yield
    event.remove(inn.engine, "before_cursor_execute", prune)
