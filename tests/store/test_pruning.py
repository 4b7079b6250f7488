"""Old entries go by two people's word, and what was shown outside is proved as before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, insert, select, update

from flask_guesterase.core.checkpoint import Checkpoint, sign_checkpoint
from flask_guesterase.core.errors import (
    BlockedError,
    ForbiddenError,
    FourEyesError,
    InputError,
    TamperedError,
)
from flask_guesterase.core.events import MonthlyClosed
from flask_guesterase.core.log import ENTRY_FORMAT, PRUNED_FORMAT, read_entry
from flask_guesterase.core.period import Period
from flask_guesterase.core.tree import leaf_hash, verify_consistency, verify_inclusion
from flask_guesterase.store import tables
from flask_guesterase.store.access import brake
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.journaling import binding, export, pruning, witness
from flask_guesterase.store.journaling.vanished import vanished
from flask_guesterase.store.keys import copies
from flask_guesterase.store.returning.replay import replay
from flask_guesterase.store.sweeping import halting, runs
from tests.store.ashore import PINE, Ashore
from tests.test_verify import ask, wrong

DAY = date(2026, 9, 1)
"""A day six and a half years after the hotel's first entries."""


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Ashore]:
    """A hotel on SQLite."""
    made = Ashore(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_inn(database_url: str, tmp_path: Path) -> Iterator[Ashore]:
    """A hotel on each engine."""
    made = Ashore(database_url, tmp_path)
    yield made
    made.engine.dispose()


def grown(inn: Ashore) -> list[Checkpoint]:
    """Let a journal grow, release it at several sizes, and let seven years pass."""
    for count in (2, 1, 4, 6, 1, 9):
        inn.happen(count)
        inn.release()
        inn.pass_(hours=2)
    heads = inn.known()
    inn.pass_(days=7 * 365)
    inn.happen(3)
    inn.release()
    return heads


def believed(inn: Ashore) -> None:
    """Let two people say that the clock is right, where a server has another one."""
    doubted = inn.run(lambda office: brake.doubt(office.work.conn, office.work.stamp))
    for who in ("auditor", "officer") if doubted else ():
        inn.run(lambda office, who=who: office.confirm_clock(who))


def prune(inn: Ashore, before: date = date(2026, 9, 1)) -> int:
    """Let two people take out what is from before a day."""
    what = inn.run(lambda office: office.prune(PINE, before, "auditor", "officer"))
    return pruning.prune(inn.run, what)


def proved(inn: Ashore, heads: list[Checkpoint]) -> None:
    """Prove every checkpoint to be continued, and every entry that is there to be in the tree."""
    row = inn.tree()
    with inn.begin() as office:
        conn = office.work.conn
        root = inn.root()[2]
        for head in heads:
            path = witness.continues(conn, PINE, 0, head.size, row.size)
            assert verify_consistency(head.size, row.size, head.root, root, path), head.size
        found = conn.execute(select(tables.entry).order_by(tables.entry.c.position)).all()
        for each in found:
            proof = witness.proof(
                conn, read_entry(each.body.encode()), inn.custodian.signing_key(),
                "2033-01-01T00:00:00Z",
            )  # fmt: skip
            path = tuple(bytes.fromhex(item) for item in proof.path)
            leaf = leaf_hash(each.body.encode())
            assert verify_inclusion(each.position, row.size, leaf, path, root)


def test_by_a_clock_that_nobody_believes_no_entry_is_old(inn: Ashore) -> None:
    """Who sets the clock ahead has no journal that may go; nor while it is set between two
    batches."""
    inn.run(lambda office: brake.beat(office.work))
    inn.happen(20)
    inn.release()
    honest = inn.now
    what = pruning.Wish(PINE, DAY, "nobody")
    inn.pass_(days=7 * 365)
    with pytest.raises(BlockedError, match="clock"):
        inn.run(lambda office: office.prune(PINE, DAY, "auditor", "officer"))
    with pytest.raises(BlockedError, match="clock"):
        pruning.prune(inn.run, what)
    assert inn.tree().pruned is None
    inn.now = honest
    with pytest.raises(InputError, match="six years"):
        prune(inn)
    inn.pass_(days=7 * 365)
    believed(inn)
    inn.release()
    assert prune(inn) > 0


def test_what_was_shown_outside_is_proved_as_before(any_inn: Ashore) -> None:
    inn = any_inn
    heads = grown(inn)
    believed(inn)
    size = inn.tree().size
    # The entry that the last of them arrived is as old, and covered by a later checkpoint.
    assert prune(inn) == inn.tree().pruned == heads[-1].size + 1
    assert inn.tree().size == size + 1
    assert inn.actions()[-1] == "journal-pruned"
    assert inn.verified() == []
    proved(inn, heads)
    assert prune(inn) == 0
    inn.happen(40)
    inn.release()
    proved(inn, inn.known())
    assert inn.verified() == []


@pytest.mark.parametrize("batch", [1, 3, 5, 8])
def test_it_may_be_cut_off_after_each_batch(
    inn: Ashore, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    """Each transaction leaves a journal that proves itself, and the next run goes on."""
    monkeypatch.setattr(pruning, "BATCH", batch)
    heads = grown(inn)
    what = inn.run(lambda office: office.prune(PINE, date(2026, 9, 1), "auditor", "officer"))
    total = 0
    while count := inn.run(lambda office: pruning._batch(what, 0, office)):
        total += count
        assert inn.verified() == []
        proved(inn, heads)
    assert total == heads[-1].size + 1


def test_an_export_begins_with_what_stands_instead(inn: Ashore) -> None:
    grown(inn)
    prune(inn)
    with inn.begin() as office:
        lines = list(export.lines(office.work.conn))
    row = inn.tree()
    assert f'"size":{row.pruned}' in lines[0]
    assert '"format":"guesterase/pruned/v1"' in lines[0]
    assert inn.custodian.public_key().hex() in lines[0]
    assert [read_entry(line.encode()).index for line in lines[1:]] == list(
        range(row.pruned, row.size)
    )
    assert all(ENTRY_FORMAT in line for line in lines[1:])


def test_a_sweep_whose_word_was_taken_out_is_confirmed_anew(inn: Ashore) -> None:
    """Under rules that nobody changed for six years no journal knows any more who confirmed it."""

    def confirmed() -> bool:
        return bool(inn.run(lambda office: runs.confirmed(office.work, "sh")))

    inn.run(lambda office: runs.show(office.work, "sh", []))
    assert inn.run(lambda office: office.confirm_sweep("officer")) == ["sh"]
    assert confirmed()
    grown(inn)
    assert prune(inn) > 0
    assert not confirmed()
    [shown] = inn.run(lambda office: office.sweeps("officer"))["previews"]
    assert (shown.current, shown.confirmed_by) == (True, None)
    assert inn.run(lambda office: office.confirm_sweep("officer")) == ["sh"]
    assert confirmed()


def test_a_period_that_is_changed_by_sql_is_seen_after_the_entry_that_set_it_went(
    any_inn: Ashore,
) -> None:
    """The root over all rules is journaled again, under the next number, as its entry goes."""
    inn = any_inn
    inn.grants["auditor"] |= {"law"}
    three = House("guest_register", floor=Period(years=3), clock=("departed",), source="minutes")
    inn.run(lambda office: office.house_period("sh", three, "auditor"))
    before = inn.run(lambda office: binding.newest(office.work, binding.RULES))
    grown(inn)
    believed(inn)
    assert inn.run(lambda office: binding.newest(office.work, binding.RULES)) == before
    assert prune(inn) > 0
    after = inn.run(lambda office: binding.newest(office.work, binding.RULES))
    assert [said.turn for said in after] == [said.turn + 1 for said in before]
    assert inn.verified() == []
    with inn.engine.begin() as conn:
        conn.execute(update(tables.rule).values(body=tables.rule.c.body.concat(" ")))
    assert inn.verified() == ["records-differ"]


def test_a_copy_of_the_keys_stays_confirmed_though_its_entry_went(any_inn: Ashore) -> None:
    """Who confirmed it and when is said again; nobody is called to have written past us."""
    inn = any_inn
    mark = inn.custodian.fingerprint()
    inn.run(lambda office: office.propose_copy("auditor", mark))
    inn.run(lambda office: office.confirm_copy("officer"))
    grown(inn)
    believed(inn)
    for _ in range(2):
        assert prune(inn, inn.now.date().replace(year=inn.now.year - 6)) > 0
        assert inn.verified() == []
        inn.happen(2)
        inn.pass_(days=7 * 365)
        believed(inn)
        inn.release()
    with inn.engine.begin() as conn:
        conn.execute(update(tables.pulse).where(tables.pulse.c.name == copies.NAME).values(
            at=inn.now.replace(tzinfo=None)
        ))  # fmt: skip
    assert inn.verified() == ["records-differ"]


def test_what_was_put_back_accuses_nobody_after_the_word_of_it_could_go(inn: Ashore) -> None:
    """An incident was lost with a restore; the first epoch keeps that it was opened."""
    inn.happen(3)
    inn.guest(1, name="Ann Berg", email="ann@mail.example")
    inn.file(email="ann@mail.example")
    inn.release()
    with inn.backup() as restore:
        with inn.begin() as office:
            office.open_incident(Report("sh", "leak", "A list."), "officer")
        inn.release()
        kept = shutil.copytree(inn.outside, inn.outside.with_name("kept"))
        inn.happen(3)
        inn.release()
        seen = inn.folder.notes(PINE)[-1]
        shutil.rmtree(inn.outside)
        shutil.copytree(kept, inn.outside)
        restore()
        done = replay(inn.run, checkpoints=[seen]).counts
        assert (done["entries-put-back"], done["epochs-begun"]) == (2, 1)
        inn.happen(4)
        inn.release()
        inn.pass_(days=7 * 365)
        believed(inn)
        inn.happen(1)
        inn.release()
        assert prune(inn) > 0
        assert inn.run(lambda office: list(vanished(office.work))) == []


def test_what_was_ended_in_a_later_epoch_stays_ended(any_inn: Ashore) -> None:
    """A request keeps the first epoch, not the second: what it ended there may not go alone."""
    inn = any_inn
    for who in ("officer", "second"):
        inn.grants[who] |= {"law", "improve"}
    inn.happen(3)
    inn.guest(1, name="Ann Berg", email="ann@mail.example")
    inn.file(email="ann@mail.example")
    number = inn.run(lambda office: office.open_monthly("sh", "officer"))
    inn.run(lambda office: office.halt_sweep("officer", "upkeep"))
    inn.release()
    with inn.backup() as restore:
        inn.happen(5)
        inn.release()
        restore()
        inn.happen(2, grounds=("other",))
        assert replay(inn.run).counts == {"epochs-begun": 1}
        assert not inn.run(lambda office: office.resume_sweep("officer"))
        assert inn.run(lambda office: office.resume_sweep("second"))
        with inn.begin() as office:
            office.work.events.append(MonthlyClosed(PINE, "sh", number))
        with inn.engine.begin() as conn:
            conn.execute(delete(tables.monthly))
        inn.happen(4)
        inn.release()
        inn.pass_(days=7 * 365)
        believed(inn)
        inn.happen(1)
        inn.release()
        assert prune(inn) > 0
        assert not inn.run(lambda office: halting.stands(office.work))
        assert inn.run(lambda office: list(vanished(office.work))) == []
        assert {"sweep-halted", "monthly-opened"} <= set(inn.actions())


def test_two_people_who_may_and_six_years(inn: Ashore) -> None:
    grown(inn)
    with inn.begin() as office:
        with pytest.raises(FourEyesError):
            office.prune(PINE, DAY, "auditor", "auditor")
        with pytest.raises(ForbiddenError):
            office.prune(PINE, DAY, "auditor", "clerk")
        with pytest.raises(InputError, match="six years"):
            office.prune(PINE, inn.now.date(), "auditor", "officer")
    assert inn.tree().pruned is None


def test_what_is_still_needed_stays(inn: Ashore) -> None:
    """A request with a record, a hold that was not lifted, what no place took: each is a limit."""
    inn.happen(3)
    inn.guest(1, name="Ann Berg", email="ann@mail.example")
    number = inn.file(email="ann@mail.example")
    first = inn.actions().index("erasure-requested")
    inn.happen(3)
    inn.release()
    inn.pass_(days=7 * 365)
    inn.happen(1)
    assert prune(inn) == first
    with inn.engine.begin() as conn:
        conn.execute(delete(tables.request).where(tables.request.c.number == number))
        conn.execute(
            insert(tables.hold).values(
                kind="hold", scope="subject", why="court", controller=PINE, property="sh",
                silent=False, placed_by="a1", placed_at=inn.now.replace(tzinfo=None, year=2026),
                **{c.name: "" for c in tables.hold.c if not c.nullable and c.name in ("room",)},
            )
        )  # fmt: skip
    assert prune(inn) > 0
    assert inn.verified() == []


def test_nothing_goes_that_no_place_took(inn: Ashore) -> None:
    inn.happen(5)
    inn.pass_(days=7 * 365)
    inn.happen(1)
    assert prune(inn) == 0


def test_a_journal_that_does_not_prove_itself_stays(inn: Ashore) -> None:
    grown(inn)
    with inn.engine.begin() as conn:
        conn.execute(update(tables.entry).where(tables.entry.c.position == 4).values(leaf="0" * 64))
    with pytest.raises(TamperedError):
        prune(inn)
    assert inn.tree().pruned is None


def test_entries_that_were_cut_at_the_front_are_no_pruning(inn: Ashore) -> None:
    """Whoever deletes the first entries, and writes the edge, has no entry that says so."""
    grown(inn)
    with inn.begin() as office:
        edge = witness.frontier_at(office.work.conn, inn.tree(), 4)
    with inn.engine.begin() as conn:
        conn.execute(delete(tables.entry).where(tables.entry.c.position < 4))
        conn.execute(
            update(tables.tree).values(
                pruned=4, edge=" ".join(item.hex() for item in edge.hashes),
                edge_key=inn.custodian.public_key().hex(),
            )
        )  # fmt: skip
    assert "pruned-unsaid" in inn.verified()


def day_old(inn: Ashore) -> None:
    """Let a journal grow, release it twice, and let two days pass."""
    for count in (3, 4):
        inn.happen(count)
        inn.release()
        inn.pass_(hours=2)
    inn.pass_(days=2)
    inn.happen()
    inn.release()


def test_entries_that_went_before_six_years(
    inn: Ashore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes young entries out by the real code, in another program, is told by what is outside.

    What stays, hashes and the entry that says so, is as it must be.
    """
    day_old(inn)
    with monkeypatch.context() as patch:
        patch.setattr(pruning, "YEARS", Period())
        gone = prune(inn, inn.now.date())
    assert inn.known()[0].size < gone
    assert inn.audited() == []
    assert inn.verified() == ["pruned-young"]
    first = (tables.entry.c.position == gone) & (tables.entry.c.epoch == 0)
    with inn.engine.begin() as conn:
        body = conn.execute(select(tables.entry.c.body).where(first)).scalar_one()
        conn.execute(update(tables.entry).where(first).values(body="no entry"))
    assert "entry-unreadable" in inn.verified()
    with inn.engine.begin() as conn:
        conn.execute(update(tables.entry).where(first).values(body=body))
    (inn.outside / f"{PINE}-0.jsonl").unlink()
    inn.happen()
    assert inn.release() == 1
    code, answer = ask(inn.outside)
    assert (code, wrong(answer)) == (1, {"age"})


@pytest.mark.parametrize(
    ("at", "found"),
    [
        ("2026-04-10T00:00:00Z", []),
        ("2033-02-10T00:00:00Z", ["pruned-young"]),
        ("2033-06-10T00:00:00Z", []),
    ],
)
def test_a_checkpoint_that_somebody_brings(inn: Ashore, at: str, found: list[str]) -> None:
    """It shows that what went was young, unless what stays is older than it, whose clock was ahead.

    One of a month more or less shows nothing: an entry of the host's may wait for its place.
    """
    heads = grown(inn)
    size = next(n for n in range(3, heads[-1].size) if n not in {head.size for head in heads})
    with inn.begin() as office:
        root = witness.frontier_at(office.work.conn, inn.tree(), size).root()
    prune(inn)
    key = inn.custodian.signing_key()
    assert inn.verified(sign_checkpoint(f"guesterase/{PINE}/0", size, root, at, key)) == found


def test_a_hash_that_a_proof_needs_is_missed(inn: Ashore) -> None:
    grown(inn)
    prune(inn)
    with inn.engine.begin() as conn:
        gone = inn.tree().pruned
        conn.execute(
            update(tables.node)
            .where(tables.node.c.level == 0, tables.node.c.position < gone)
            .values(hash="0" * 64)
        )
    assert "node-differs" in inn.verified()


def test_a_folder_that_is_behind_what_was_taken_out(inn: Ashore) -> None:
    """What it lacks nobody has any more: it takes no entries behind a hole, and that is told."""
    grown(inn)
    file = inn.outside / f"{PINE}-0.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    assert prune(inn) > 4
    file.write_text("".join(lines[:4]))
    inn.happen()
    assert inn.release() == 0
    assert inn.problems == {"file": "TamperedError"}
    assert file.read_text() == "".join(lines[:4])
    file.write_text("".join(lines))
    assert inn.release() == 1


def test_a_folder_that_lost_its_entries_begins_with_what_stands_instead(inn: Ashore) -> None:
    """The edge of what was taken out, and every entry behind it: a journal that can be checked."""
    # Entries go that are old today, by the clock of who reads the journal.
    inn.now = inn.now.replace(year=2019)
    grown(inn)
    gone = prune(inn, date(2019, 9, 1))
    file = inn.outside / f"{PINE}-0.jsonl"
    file.unlink()
    inn.happen()
    assert inn.release() == 1
    first, *rest = (json.loads(line) for line in file.read_text().splitlines())
    assert (first["format"], first["size"]) == (PRUNED_FORMAT, gone)
    assert [entry["index"] for entry in rest] == list(range(gone, gone + len(rest)))
    code, answer = ask(inn.outside)
    assert (code, wrong(answer)) == (0, set())


def test_a_part_is_exported_behind_a_checkpoint_of_this_house_alone(
    inn: Ashore, tmp_path: Path
) -> None:
    """One that somebody else signed opens nothing, nor the whole journal instead of a part."""
    inn.happen(3)
    other = sign_checkpoint(
        f"guesterase/{PINE}/0", 2, bytes(32), "2026-03-01T00:00:00Z", Ed25519PrivateKey.generate()
    )
    for question in (
        lambda office: list(office.export(since=other)), lambda office: office.consistency(other)
    ):  # fmt: skip
        with pytest.raises(InputError, match="no checkpoint of this house"):
            inn.run(question)
