"""The journal on real engines: nothing is lost, forked or changed unseen."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, delete, func, insert, select, update

from flask_guesterase.core.certificate import Content
from flask_guesterase.core.certified import check, issue
from flask_guesterase.core.checkpoint import open_checkpoint
from flask_guesterase.core.errors import BusyError, SealError, TamperedError, UnknownError
from flask_guesterase.core.events import ErasureRequested, SubjectErased
from flask_guesterase.core.log import Draft, read_entry
from flask_guesterase.core.tree import Frontier, verify_consistency
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import audit, journal, witness
from flask_guesterase.store.journaling.audit import verify
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.transaction import transaction

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
AT = "2026-11-24T10:00:00Z"


@pytest.fixture
def keeper(tmp_path):
    custodian = FolderCustodian(tmp_path / "keys")
    custodian.create()
    return custodian


@contextmanager
def opened(url):
    engine = create_engine(url)
    tables.metadata.create_all(engine)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def engine(database_url):
    with opened(database_url) as found:
        yield found


@pytest.fixture
def small(sqlite_url):
    with opened(sqlite_url) as found:
        yield found


def draft(number=1, controller="hotel-a", **fields):
    return Draft(controller, AT, "subject-erased", request=f"E-{number}", **fields)


def fill(engine, keeper, count, controller="hotel-a", start=1):
    with transaction(engine) as conn:
        items = [draft(start + n, controller) for n in range(count)]
        return journal.append(conn, items, keeper.public_key())


def problems(engine, outside=()):
    with transaction(engine, write=False) as conn:
        return [(item.id, item.index) for item in verify(conn, outside)]


def head_of(engine, keeper, controller="hotel-a"):
    with transaction(engine, write=False) as conn:
        text = witness.checkpoint(conn, controller, keeper.signing_key(), AT)
    return open_checkpoint(text, keeper.public_key())


def test_entries_take_their_places(engine, keeper):
    """The first append opens an epoch; entries of two controllers go to two journals."""
    with transaction(engine) as conn:
        made = journal.append(
            conn,
            [draft(1), draft(2, "hotel-b"), draft(3)],
            keeper.public_key(),
        )
    assert [(e.draft.controller, e.epoch, e.index) for e in made] == [
        ("hotel-a", 0, 1),
        ("hotel-b", 0, 1),
        ("hotel-a", 0, 2),
    ]
    with transaction(engine, write=False) as conn:
        lines = [read_entry(line.encode()) for line in journal.lines(conn)]
        assert journal.head(conn, "hotel-b")[1].size == 2
    assert [line.draft.action for line in lines] == [
        "epoch-opened",
        "subject-erased",
        "subject-erased",
        "epoch-opened",
        "subject-erased",
    ]
    assert lines[2] == made[2]
    assert lines[0].draft.marks == {"public-key": keeper.public_key().hex()}
    assert problems(engine) == []


def test_a_rollback_takes_everything_back(engine, keeper):
    """Entries of a transaction that fails are in no table, and the next one takes their place."""
    fill(engine, keeper, 3)

    def failing():
        with transaction(engine) as conn:
            journal.append(conn, [draft(9)], keeper.public_key())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    (entry,) = fill(engine, keeper, 1)
    assert entry.index == 4
    assert problems(engine) == []


def test_every_entry_proves_itself(engine, keeper):
    """For every size and entry the proof read from stored nodes makes a valid certificate."""
    key = keeper.signing_key()
    entries = []
    for number in range(1, 12):
        with transaction(engine) as conn:
            entries += journal.append(conn, [draft(number)], keeper.public_key())
            for entry in entries:
                proof = witness.proof(conn, entry, key, AT)
                content = Content(
                    entry.draft.request, "hotel-a", "hz1", "2026-11-01", "2026-11-02",
                    "2026-11-03", "erased",
                )
                certificate = issue(content, proof, key)
                assert proof.size == number + 1
                assert all(c.passed is not False for c in check(certificate, keeper.public_key()))


def test_later_checkpoints_continue_earlier_ones(engine, keeper):
    """A consistency proof from stored nodes verifies between any two checkpoints."""
    heads = []
    for number in range(1, 10):
        fill(engine, keeper, number)
        heads.append(head_of(engine, keeper))
    with transaction(engine, write=False) as conn:
        for old in heads:
            newest = heads[-1]
            path = witness.continues(conn, "hotel-a", 0, old.size, newest.size)
            assert verify_consistency(old.size, newest.size, old.root, newest.root, path)
        with pytest.raises(UnknownError, match="shorter"):
            witness.continues(conn, "hotel-a", 0, heads[-1].size + 1, heads[-1].size)
    assert problems(engine, heads) == []


def test_many_entries_at_once(engine, keeper, monkeypatch):
    """More entries than one batch of the audit are appended at once and fit."""
    monkeypatch.setattr(audit, "BATCH", 100)
    fill(engine, keeper, 250)
    head = head_of(engine, keeper)
    fill(engine, keeper, 3)
    assert head.size == 251
    assert problems(engine, [head]) == []


def test_what_the_host_left_is_put_in_sequence(engine, keeper):
    """Drafts left in the host's transaction take no lock and go first into the next append."""
    fill(engine, keeper, 1)
    with transaction(engine) as conn:
        journal.leave(conn, draft(7, grounds=("first",)))
        journal.leave(conn, draft(8, "hotel-b"))
    assert problems(engine) == []
    (entry,) = fill(engine, keeper, 1, start=9)
    assert entry.index == 3
    with transaction(engine) as conn:
        assert journal.sequence(conn, AT, keeper.public_key()) == 1
        assert journal.sequence(conn, AT, keeper.public_key()) == 0
        left = conn.execute(select(func.count()).select_from(tables.loose)).scalar_one()
    assert left == 0
    with transaction(engine, write=False) as conn:
        lines = [read_entry(line.encode()).draft.request for line in journal.lines(conn)]
    assert lines == [None, "E-1", "E-7", "E-9", None, "E-8"]
    assert problems(engine) == []


@pytest.mark.usefixtures("impatient")
def test_a_host_that_waits_does_not_stop_the_journal(database_url, keeper):
    """While the host's transaction holds a loose draft, others append; SQLite has one writer."""
    with opened(database_url) as engine, opened(database_url) as host:
        if engine.dialect.name == "sqlite":
            with transaction(host) as waiting:
                journal.leave(waiting, draft(7))
                with pytest.raises(BusyError):
                    fill(engine, keeper, 1)
            return
        with transaction(host) as waiting:
            journal.leave(waiting, draft(7))
            fill(engine, keeper, 1)
        (entry,) = fill(engine, keeper, 1)
        assert entry.index == 3


def test_a_new_epoch_quotes_the_world(engine, keeper):
    """After a restore the journal goes on in an epoch that quotes the newest checkpoint."""
    fill(engine, keeper, 4)
    seen = head_of(engine, keeper)
    with transaction(engine) as conn:
        assert journal.begin_epoch(conn, "hotel-a", AT, keeper.public_key(), seen) == 1
    (entry,) = fill(engine, keeper, 1)
    assert (entry.epoch, entry.index) == (1, 1)
    with transaction(engine, write=False) as conn:
        lines = [read_entry(line.encode()) for line in journal.lines(conn)]
    first = next(line for line in lines if line.epoch == 1)
    assert first.draft.marks["previous-root"] == seen.root.hex()
    assert first.draft.facts == {"previous-epoch": 0, "previous-size": 5}
    assert head_of(engine, keeper).origin == "guesterase/hotel-a/1"
    assert problems(engine, [seen, head_of(engine, keeper)]) == []


def test_a_restored_database_begins_behind_the_world(engine, keeper):
    """An empty restored journal goes behind the epoch that the world has seen."""
    fill(engine, keeper, 4)
    seen = head_of(engine, keeper)
    with transaction(engine) as conn:
        for table in (tables.tree, tables.entry, tables.node):
            conn.execute(delete(table))
    assert ("tree-missing", None) in problems(engine, [seen])
    with transaction(engine) as conn:
        assert journal.begin_epoch(conn, "hotel-a", AT, keeper.public_key(), seen) == 1
    assert problems(engine) == []
    assert problems(engine, [seen]) == [], "what was lost is told openly"
    later = replace(seen, size=seen.size + 1)
    assert problems(engine, [later]) == [("truncated", 1)], "no epoch quotes this one"


def test_another_key_cannot_sign(small, keeper, tmp_path):
    """Checkpoints and proofs are refused under a key that the journal does not name."""
    (entry,) = fill(small, keeper, 1)
    other = FolderCustodian(tmp_path / "other")
    other.create()
    with transaction(small, write=False) as conn:
        with pytest.raises(SealError):
            witness.checkpoint(conn, "hotel-a", other.signing_key(), AT)
        with pytest.raises(SealError):
            witness.proof(conn, entry, other.signing_key(), AT)
        with pytest.raises(UnknownError):
            witness.checkpoint(conn, "hotel-z", keeper.signing_key(), AT)


def test_unknown_entries_have_no_proof(small, keeper):
    """An entry that was never appended, or a tree that lost its nodes, gives no proof."""
    entries = fill(small, keeper, 9)
    with transaction(small) as conn:
        stranger = type(entries[0])(entries[0].draft, 0, 99)
        with pytest.raises(UnknownError):
            witness.proof(conn, stranger, keeper.signing_key(), AT)
        with pytest.raises(UnknownError):
            witness.proof(conn, type(entries[0])(entries[0].draft, 7, 0), keeper.signing_key(), AT)
        conn.execute(delete(tables.node))
        with pytest.raises(UnknownError, match="verify"):
            witness.proof(conn, entries[0], keeper.signing_key(), AT)


def test_events_become_drafts():
    """An event is journaled under its name, with words for names of the schema."""
    events = [
        SubjectErased("Hotel A GmbH", "hz1", "E-1", "a3", {"guests": 1, "住客": 2}, ("gone",)),
        ErasureRequested("hotel-a"),
    ]
    first, second = journal.drafts(events, NOW)
    assert (first.action, first.actor, first.request, first.at) == (
        "subject-erased", "a3", "E-1", AT,
    )
    assert first.controller.startswith("hotel-a-gmbh-")
    assert first.counts["guests"] == 1
    assert all(name.isascii() for name in first.counts)
    assert (second.request, dict(second.facts)) == (None, {})


def tamper_entry(conn):
    row = conn.execute(select(tables.entry).where(tables.entry.c.position == 5)).one()
    body = row.body.replace('"actor":"system"', '"actor":"a1"')
    conn.execute(update(tables.entry).where(tables.entry.c.position == 5).values(body=body))


def tamper_entry_and_leaf(conn):
    tamper_entry(conn)
    row = conn.execute(select(tables.entry).where(tables.entry.c.position == 5)).one()
    leaf = read_entry(row.body.encode()).leaf().hex()
    conn.execute(update(tables.entry).where(tables.entry.c.position == 5).values(leaf=leaf))


def tamper_column(conn):
    conn.execute(update(tables.entry).where(tables.entry.c.position == 5).values(request="E-77"))


def tamper_missing(conn):
    conn.execute(delete(tables.entry).where(tables.entry.c.position == 5))


def tamper_garbage(conn):
    conn.execute(update(tables.entry).where(tables.entry.c.position == 5).values(body="{}"))


def tamper_swap(conn):
    rows = conn.execute(select(tables.entry).where(tables.entry.c.position.in_([5, 6]))).all()
    for row, other in (rows, rows[::-1]):
        conn.execute(
            update(tables.entry)
            .where(tables.entry.c.position == row.position)
            .values(body=other.body, leaf=other.leaf, request=other.request)
        )


def tamper_node(conn):
    conn.execute(
        update(tables.node)
        .where(tables.node.c.level == 1, tables.node.c.position == 2)
        .values(hash="00" * 32)
    )


def tamper_extra_node(conn):
    conn.execute(
        insert(tables.node).values(
            controller="hotel-a", epoch=0, level=9, position=0, hash="00" * 32
        )
    )


def tamper_head(conn):
    conn.execute(update(tables.tree).values(frontier="zz"))


def tamper_size(conn):
    conn.execute(update(tables.tree).values(size=4))


def tamper_key(conn):
    conn.execute(update(tables.tree).values(public_key="00" * 32))


def tamper_closed(conn):
    conn.execute(update(tables.tree).values(open=False))


def tamper_tree(conn):
    conn.execute(delete(tables.tree))


def tamper_loose(conn):
    conn.execute(insert(tables.loose).values(controller="hotel-a", body="{}"))


@pytest.mark.parametrize(
    ("how", "found"),
    [
        (tamper_entry, ("entry-changed", 5)),
        (tamper_entry_and_leaf, ("node-differs", 4)),
        (tamper_column, ("entry-mislabelled", 5)),
        (tamper_missing, ("entry-missing", 5)),
        (tamper_garbage, ("entry-unreadable", 5)),
        (tamper_swap, ("entry-moved", 5)),
        (tamper_node, ("node-differs", 4)),
        (tamper_extra_node, ("node-count", None)),
        (tamper_head, ("head-differs", 9)),
        (tamper_size, ("head-differs", 4)),
        (tamper_key, ("key-differs", None)),
        (tamper_closed, ("epochs", None)),
        (tamper_tree, ("stray-entries", 0)),
        (tamper_loose, ("loose-unreadable", None)),
    ],
)
def test_tampering_is_found(small, keeper, how, found):
    """Whatever is changed behind the journal's back is found, at its place."""
    fill(small, keeper, 8)
    assert problems(small) == []
    with transaction(small) as conn:
        how(conn)
    assert found in problems(small)


def test_only_the_outside_sees_a_rewritten_journal(small, keeper):
    """A journal rewritten as a whole fits inside; the checkpoint kept outside shows it."""
    fill(small, keeper, 8)
    seen = head_of(small, keeper)
    with transaction(small) as conn:
        for table in (tables.tree, tables.entry, tables.node):
            conn.execute(delete(table))
    fill(small, keeper, 8, start=100)
    assert problems(small) == []
    assert problems(small, [seen]) == [("outside-differs", None)]
    now = head_of(small, keeper)
    assert now.size == seen.size
    for brought in ([seen, now], [now, seen]):
        assert problems(small, brought) == [("outside-differs", None)], "one of one size forks"


def test_a_truncated_journal_is_seen_from_outside(small, keeper):
    """A journal cut short, head included, is shown by the checkpoint kept outside."""
    fill(small, keeper, 6)
    with transaction(small, write=False) as conn:
        row = conn.execute(select(tables.tree)).one()
    fill(small, keeper, 2)
    seen = head_of(small, keeper)
    with transaction(small) as conn:
        conn.execute(delete(tables.entry).where(tables.entry.c.position >= 7))
        conn.execute(delete(tables.node).where(tables.node.c.position * 2 >= 6,
                                               tables.node.c.level == 1))
        conn.execute(delete(tables.node).where(tables.node.c.level == 3))
        conn.execute(update(tables.tree).values(size=row.size, frontier=row.frontier))
    assert ("truncated", 7) in problems(small, [seen])


def test_a_broken_head_stops_appending(small, keeper):
    """Nothing is appended to a head that cannot be."""
    fill(small, keeper, 3)
    with transaction(small) as conn:
        conn.execute(update(tables.tree).values(frontier=""))
    with pytest.raises(TamperedError):
        fill(small, keeper, 1)


WRITERS = """
import os
import sys
from sqlalchemy import create_engine
from flask_guesterase.core.log import Draft
from flask_guesterase.store.journaling import journal
from flask_guesterase.store.transaction import again, transaction
from flask_guesterase.core.errors import BusyError
url, writers, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def write(writer):
    engine = create_engine(url)
    for number in range(count):
        at, request = "2026-11-24T10:00:00Z", f"E-{writer}-{number}"
        item = Draft("hotel-a", at, "subject-erased", request=request)
        def unit():
            with transaction(engine) as conn:
                journal.append(conn, [item], b"k" * 32)
        for attempt in range(30):
            try:
                again(unit)
                break
            except BusyError:
                continue
        else:
            raise SystemExit("never got its turn")
    engine.dispose()
processes = []
for writer in range(writers):
    process = os.fork()
    if not process:
        write(writer)
        os._exit(0)
    processes.append(process)
ended = [os.waitpid(process, 0)[1] for process in processes]
sys.exit(f"ended with {ended}" if any(ended) else 0)
"""


@pytest.mark.parametrize("entries", [10, pytest.param(200, marks=pytest.mark.long)])
def test_eight_writers_append_without_fork_or_loss(database_url, entries):
    """Eight processes append many entries each, from the very first: all are there, once."""
    with opened(database_url) as engine:
        command = [sys.executable, "-c", WRITERS, database_url, "8", str(entries)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=250)
        assert done.returncode == 0, done.stderr[-2000:]
        with transaction(engine, write=False) as conn:
            assert verify(conn) == []
            assert journal.head(conn, "hotel-a")[1].size == 8 * entries + 1
            requests = [read_entry(line.encode()).draft.request for line in journal.lines(conn)]
        assert len(set(requests)) == 8 * entries + 1
        for number in range(8):
            mine = [r for r in requests if r and r.startswith(f"E-{number}-")]
            assert mine == [f"E-{number}-{n}" for n in range(entries)]


@pytest.mark.parametrize("server", ["postgresql_url", "mariadb_url"])
def test_two_first_writers_open_one_epoch(request, server, keeper):
    """Threads that open a journal at the same moment open one epoch."""
    with opened(request.getfixturevalue(server)) as engine:
        barrier = threading.Barrier(4)
        failed = []

        def work(number):
            barrier.wait()
            try:
                fill(engine, keeper, 1, start=number)
            except Exception as problem:
                failed.append(problem)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        with transaction(engine, write=False) as conn:
            assert journal.head(conn, "hotel-a")[1].size == 5
        assert problems(engine) == []


def test_a_head_that_moves_is_noticed(small, keeper, monkeypatch):
    """If the lock ever failed, the compare-and-swap on the head would stop the second writer."""
    fill(small, keeper, 1)

    def stale(conn, controller, at, public_key):
        leaf = bytes(32)
        return 0, Frontier().extend([leaf] * 5)[0]

    monkeypatch.setattr(journal, "_head", stale)
    with pytest.raises(BusyError, match="moved"):
        fill(small, keeper, 1)
