"""Checkpoints leave the house, and a restored journal is brought in line with where they went."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, select, update

from flask_guesterase import verify
from flask_guesterase.core.checkpoint import read_note
from flask_guesterase.core.cosignature import cosign, read_request
from flask_guesterase.core.destination import Destination, Way, destinations
from flask_guesterase.core.errors import BlockedError, DeliveryError, InputError, SetupError
from flask_guesterase.core.events import SweepConfirmed
from flask_guesterase.core.log import quoted, read_entry
from flask_guesterase.core.period import Period
from flask_guesterase.store import sweep, tables, worker
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.incidents.opening import Report
from flask_guesterase.store.journaling import export, signing
from flask_guesterase.store.journaling.vanished import vanished
from flask_guesterase.store.keys import installation
from flask_guesterase.store.messages.outbox import BACK_OFF
from flask_guesterase.store.release import continuing, releasing
from flask_guesterase.store.release.places import Release, places
from flask_guesterase.store.remembrance import heads
from flask_guesterase.store.returning.replay import replay
from flask_guesterase.store.upkeep import watch
from tests import engines
from tests.store.ashore import PINE, Ashore
from tests.test_verify import ask, cannot, verdicts, wrong


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


def lines(inn: Ashore, epoch: int = 0) -> list[str]:
    """Return the entries that lie outside."""
    return (inn.outside / f"{PINE}-{epoch}.jsonl").read_text().splitlines()


def read_by_the_one_file(inn: Ashore) -> None:
    """Let the reader that shares no code with us look at what lies outside."""
    notes = verify.read_checkpoints(str(inn.outside / f"{PINE}.checkpoints"))
    said = [head for _, head in notes if head is not None]
    assert len(said) == len(notes)
    assert all(head.signed_by(inn.custodian.public_key()) for head in said)
    newest = said[-1]
    found = [line.encode() for line in lines(inn, newest.epoch)]
    assert verify.roots([verify.leaf(line) for line in found], {newest.size}) == {
        newest.size: newest.root
    }


def test_what_is_said_to_be_outside_is_what_was_brought_there(any_inn: Ashore) -> None:
    """Another worker took the waiting checkpoint when a newer one was to take its place."""
    inn, known = any_inn, {place.name: place for place in any_inn.places}
    claimed: list[Any] = []
    inn.happen(2)
    inn.run(partial(releasing._queue, True))
    inn.happen(3)
    inn.meet(
        "UPDATE guesterase_released",
        lambda: claimed.extend(inn.run(partial(releasing._claim, known))),
    )
    inn.run(partial(releasing._queue, True))
    for row in claimed:
        assert releasing._bring(inn.run, known[row.destination], row, lambda *_: None) == 1
    brought = [row["size"] for row in inn.ours("released") if row["state"] == "sent"]
    assert brought == [head.size for head in inn.known()]
    assert inn.release() == 1
    assert len(inn.known()) == 2


def test_a_folder_gets_the_entries_and_then_the_note(inn: Ashore) -> None:
    inn.happen(5)
    assert inn.release() == 1
    assert len(lines(inn)) == 6
    read_by_the_one_file(inn)
    assert inn.actions()[-1] == "checkpoint-released"
    assert inn.release() == 0, "its own entry moves the head, and nothing more happened"
    inn.happen(2)
    assert inn.release(at_once=False) == 0, "the hour is not over"
    inn.pass_(hours=1)
    assert inn.release(at_once=False) == 1
    assert len(lines(inn)) == 9
    read_by_the_one_file(inn)
    assert [head.size for head in inn.known()] == [6, 9]
    assert inn.verified() == []


def test_what_is_brought_twice_changes_nothing(inn: Ashore) -> None:
    """A worker that died after the folder had it brings it again."""
    inn.happen(3)
    inn.release()
    before = {path.name: path.read_bytes() for path in inn.outside.iterdir()}
    with inn.engine.begin() as conn:
        conn.execute(update(tables.released).values(state="sending", sent_at=None))
    assert inn.release() == 0, "the other worker may still be at it"
    inn.pass_(minutes=11)
    assert inn.release() == 1
    assert {path.name: path.read_bytes() for path in inn.outside.iterdir()} == before


def test_a_crash_between_entries_and_note_is_finished(inn: Ashore) -> None:
    """Entries without a note, and half a line, are what a plug that was pulled leaves."""
    inn.happen(3)
    inn.release()
    (inn.outside / f"{PINE}.checkpoints").write_text("guesterase/pine/0\n3\nhalf a no")
    with (inn.outside / f"{PINE}-0.jsonl").open("a") as file:
        file.write('{"half a li')
    inn.happen(1)
    assert inn.release() == 1
    assert len(lines(inn)) == 6
    read_by_the_one_file(inn)
    assert list(inn.outside.glob("*.aside")) == []


def test_entries_that_no_checkpoint_vouched_for_are_put_aside(inn: Ashore) -> None:
    inn.happen(3)
    inn.release()
    foreign = lines(inn)[-1].replace('"index":3', '"index":4') + "\n"
    with (inn.outside / f"{PINE}-0.jsonl").open("a") as file:
        file.write(foreign)
    inn.happen(1)
    assert inn.release() == 1
    read_by_the_one_file(inn)
    (aside,) = inn.outside.glob("*.aside")
    assert aside.name == f"{PINE}-0.4-5.aside"
    assert aside.read_text() == foreign


def test_the_first_entry_that_nobody_vouched_for_speaks_for_no_other(inn: Ashore) -> None:
    """One of them is the journal's own, written before a crash, and the next is not."""
    inn.happen(3)
    inn.release()
    known = (inn.outside / f"{PINE}.checkpoints").read_bytes()
    inn.happen(2)
    inn.release()
    (inn.outside / f"{PINE}.checkpoints").write_bytes(known)
    whole = lines(inn)
    assert len(whole) == 7
    foreign = whole[4].replace('"index":4', '"index":6')
    (inn.outside / f"{PINE}-0.jsonl").write_text("\n".join([*whole[:-1], foreign]) + "\n")
    inn.happen(1)
    assert inn.release() == 1
    read_by_the_one_file(inn)
    (aside,) = inn.outside.glob("*.aside")
    assert aside.read_text().splitlines()[-1] == foreign
    assert foreign not in lines(inn)




def test_a_place_that_fails_is_tried_again_and_then_told_of(inn: Ashore) -> None:
    tries: list[int] = []

    def broken(release: Release) -> None:
        tries.append(release.size)
        raise DeliveryError("no")

    inn.places = places([], {}, [broken])
    inn.happen(1)
    for wait in (0, *BACK_OFF):
        inn.pass_(minutes=wait)
        assert releasing.release(inn.run, inn.problems.__setitem__) == 0
        assert inn.problems == {"callable": "DeliveryError"}
    assert len(tries) == len(BACK_OFF) + 1
    assert inn.actions().count("checkpoint-failed") == 1
    assert {row["state"] for row in inn.ours("released")} == {"failed"}


def test_each_place_gets_the_newest_of_each_journal(inn: Ashore) -> None:
    """What waits for a place that fails is replaced by the newer one of its own journal there."""
    brought: dict[str, int] = {}
    away = [True]

    def call(release: Release) -> None:
        if away:
            raise DeliveryError("no")
        brought[read_note(release.note).controller] = read_note(release.note).size

    fir = replace(inn.settings.properties["sh"], code="mu", controller="fir")
    inn.settings = replace(inn.settings, properties={**inn.settings.properties, "mu": fir})
    inn.places = (*inn.places, *places([], {}, [call]))

    def happen(count: int) -> None:
        inn.happen(count)
        inn.run(lambda office: office.work.events.append(SweepConfirmed("fir", "mu")))

    happen(4)
    assert (inn.release(), inn.problems) == (2, {"callable": "DeliveryError"})
    happen(1)
    away.clear()
    assert (inn.release(), inn.problems) == (4, {})
    assert brought == {head.controller: head.size for head in inn.known()}
    assert brought["pine"] > brought["fir"]


def test_a_callable_may_ask_for_proofs_and_sign(inn: Ashore) -> None:
    seen: list[tuple[int, int]] = []

    def ask(release: Release) -> str:
        seen.append((release.size, len(release.consistency(2))))
        assert len(list(release.entries(0))) == release.size
        return release.note + "\u2014 witness.example AAAAAA==\n"

    inn.places = places([], {}, [ask])
    inn.happen(6)
    assert inn.release() == 1
    assert seen == [(7, 2)]
    (row,) = inn.ours("released")
    assert row["note"].endswith("\u2014 witness.example AAAAAA==\n")
    assert row["destination"].startswith("callable:1:")


def test_mail_goes_through_the_channel_once_a_day(inn: Ashore) -> None:
    sent: list[tuple[str, str]] = []

    class Post:
        def send(self, message: object) -> None:
            sent.append((message.to, message.body))  # type: ignore[attr-defined]

    inn.places = places([Destination(Way.MAIL, "log@example.org")], {"smtp": Post()})
    inn.happen(1)
    assert inn.release(at_once=False) == 1
    inn.happen(1)
    inn.pass_(hours=2)
    assert inn.release(at_once=False) == 0
    inn.pass_(hours=20)
    assert inn.release(at_once=False) == 1
    assert [to for to, _ in sent] == ["log@example.org"] * 2
    assert sent[0][1].startswith("guesterase/pine/0\n2\n")


def test_places_are_read_from_the_configuration() -> None:
    found = destinations("file:/mnt/a mailto:a@example.org witness:https://w.example/x#k")
    assert [each.way for each in found] == [Way.FILE, Way.MAIL, Way.WITNESS]
    assert destinations(["file:/mnt/with blank"])[0].target == "/mnt/with blank"
    assert len(Destination(Way.FILE, "/" + "x" * 200).name) < 120
    for bad in ("file:relative", "ftp://x", "mailto:nobody", "/mnt/a"):
        with pytest.raises(SetupError, match="none that is known"):
            destinations(bad)


def test_a_folder_that_is_not_there_is_no_folder(inn: Ashore) -> None:
    """A mount that is missing must not be replaced by a folder on the database's own disk."""
    inn.places = places([Destination(Way.FILE, str(inn.outside / "mount"))], {})
    inn.happen(1)
    assert inn.release() == 0
    assert inn.problems == {"file": "DeliveryError"}
    assert not (inn.outside / "mount").exists()


def found(inn: Ashore) -> set[str]:
    """Return what check says of the places."""
    ids = inn.run(lambda office: [f.id for f in watch.findings(office.work)])
    return {id_ for id_ in ids if id_.startswith("checkpoint")}


def test_check_says_when_nothing_leaves(inn: Ashore) -> None:
    inn.happen(1)
    assert found(inn) == {"checkpoint-same-disk"}
    inn.release()
    inn.happen(1)
    inn.pass_(hours=26)
    assert found(inn) == {"checkpoint-same-disk", "checkpoint-late"}
    inn.release()
    assert found(inn) == {"checkpoint-same-disk"}
    inn.places = ()
    assert found(inn) == {"checkpoint-missing"}


# after a restore


def test_entries_put_back_before_a_crash_are_told(
    inn: Ashore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay that died when they were there again, and before it said so, says so later."""
    inn.guest(1, name="Ann Berg", email="ann@mail.example")
    number = inn.approved(email="ann@mail.example")
    inn.release()
    with inn.backup() as restore:
        assert inn.erased(number) == "erased"
        inn.happen(7)
        inn.release()
        world = inn.known()[-1]
        restore()
        before = inn.tree().size
        worker.work(inn.run, lambda *_: ("", ""), {})

        def dies(*_: object) -> None:
            raise InterruptedError

        with monkeypatch.context() as patch:
            patch.setattr(continuing, "_finish", dies)
            with pytest.raises(InterruptedError):
                replay(inn.run)
        assert inn.tree().size == world.size
        assert replay(inn.run).counts["entries-put-back"] == world.size - before
        assert inn.actions()[world.size :].count("journal-continued") == 1
        assert "entries-put-back" not in replay(inn.run).counts


@pytest.mark.parametrize("engine", engines.ENGINES)
def test_lost_entries_are_put_back_exactly(engine: str, tmp_path: Path) -> None:
    """An honest hotel that restored yesterday's database is the hotel the world has seen."""
    with engines.fresh_database(engine) as url:
        inn = Ashore(url, tmp_path)
        inn.guest(1, name="Ann Berg", email="ann@mail.example")
        number = inn.approved(email="ann@mail.example")
        inn.happen(3)
        inn.release()
        with inn.backup() as restore:
            assert inn.erased(number) == "erased"
            inn.happen(1200)
            inn.release()
            inn.happen(2)
            world = inn.known()[-1]
            restore()
            assert inn.row(1)["name"] == "Ann Berg"
            assert inn.verified() == ["truncated"]
            report = worker.work(inn.run, lambda *_: ("", ""), {})
            assert report.problems["register"] == "restored"
            assert "released" not in report.counts
            with pytest.raises(BlockedError):
                inn.release()
            with inn.begin() as office, pytest.raises(BlockedError):
                office.checkpoint()
            before = inn.tree().size
            inn.happen(1)
            assert inn.tree().size == before, "what happens waits, so that the tree can go on"
            done = replay(inn.run)
            assert not done.restored
            assert done.counts["entries-put-back"] == world.size - before
            assert done.counts["ask"] == 1, "the erasures come after the journal"
            assert inn.tree().epoch == 0
            with inn.engine.connect() as conn:
                body = conn.execute(
                    select(tables.entry.c.body).where(tables.entry.c.position == world.size - 1)
                ).scalar_one()
            assert body == lines(inn)[world.size - 1]
            assert "journal-continued" in inn.actions()[world.size:]
            assert "restore-noticed" in inn.actions()[world.size:]
            assert inn.verified() == []
            assert inn.release() == 1
            read_by_the_one_file(inn)
            assert inn.verified() == []
            assert not replay(inn.run).counts
        inn.engine.dispose()


@pytest.mark.parametrize("first", ["worker", "sweep", "people"])
def test_entries_are_put_back_into_a_copy_of_some_days_ago(inn: Ashore, first: str) -> None:
    """The clock seems to have leapt, which is told only when the lost entries are there again."""

    def work() -> None:
        worker.work(inn.run, lambda *_: ("", ""), {})

    for who in ("officer", "second"):
        inn.grants[who].add("law")
    work()
    inn.happen(3)
    copy = inn.copied("copy")
    for _ in range(3):
        inn.pass_(days=1)
        work()
        inn.happen(1)
    inn.release()
    size = inn.known()[-1].size
    inn.restored(copy)
    if first == "worker":
        work()
    elif first == "sweep":
        assert sweep.sweep(inn.run, lambda *_: ("", ""), {}).doubt == "leap"
    for who in ("officer", "second"):
        inn.run(lambda office, who=who: office.confirm_clock(who))
    assert "entries-put-back" in replay(inn.run).counts
    assert inn.tree().epoch == 0
    assert {"clock-doubted", "clock-confirmed"} <= set(inn.actions()[size:])
    assert inn.verified() == []


def test_a_change_of_keys_that_is_put_back_is_known_again(any_inn: Ashore) -> None:
    """The folder outside holds the entry that tells of it, so no epoch begins with the new key."""
    inn = any_inn
    with inn.begin() as office:
        installation.claim(office.work.conn, inn.custodian, office.work.stamp)
    for who in ("officer", "second"):
        inn.grants[who].add("law")
    inn.happen(3)
    with inn.backup() as restore:
        new = inn.run(lambda office: office.renew_signing("officer", "second"))
        assert inn.run(signing.settle)
        inn.release()
        restore()
        assert "entries-put-back" in replay(inn.run).counts
        assert inn.tree().epoch == 0
        with inn.engine.connect() as conn:
            assert installation.known(conn, installation.SIGNING) == new
        assert inn.run(lambda office: office.sound()).faults == []
        assert inn.run(lambda office: office.renew_signing("officer", "second")) != new


def test_entries_of_an_epoch_behind_one_that_is_lost_are_put_back(inn: Ashore) -> None:
    """The folder holds them, whatever their number is."""
    inn.happen(3)
    copy = inn.copied("copy")
    for epoch in (0, 1, 2):
        inn.happen(2)
        inn.release()
        if epoch < 2:
            (inn.outside / f"{PINE}-{epoch}.jsonl").unlink()
        inn.restored(copy)
        done = replay(inn.run)
    assert done.counts == {"entries-put-back": len(lines(inn, 2))}
    assert inn.tree().epoch == 2
    assert inn.verified() == []


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_lost_entries_are_put_back_from_before_half_a_line(inn: Ashore, count: int) -> None:
    """The plug was pulled while more was written outside: what is whole there is not lost."""
    inn.happen(3)
    copy = inn.copied("copy")
    inn.happen(count)
    inn.release()
    with (inn.outside / f"{PINE}-0.jsonl").open("a") as file:
        file.write('{"half a li')
    inn.restored(copy)
    assert replay(inn.run).counts == {"entries-put-back": count}
    assert inn.verified() == []


@pytest.mark.parametrize("mount", [False, True], ids=["no-folder", "empty-mount"])
def test_no_epoch_begins_while_the_folder_with_the_lost_entries_is_away(
    inn: Ashore, mount: bool
) -> None:
    """That it cannot be read now says nothing of what it holds; once it is back nothing is lost."""
    inn.guest(1, name="Ann Berg", email="ann@mail.example")
    number = inn.approved(email="ann@mail.example")
    inn.release()
    with inn.backup() as restore:
        assert inn.erased(number) == "erased"
        inn.release()
        world = inn.known()[-1]
        restore()
        away = inn.outside.rename(inn.outside.with_name("away"))
        if mount:
            inn.outside.mkdir()
        before = inn.tree()
        with pytest.raises(SetupError, match="may hold what this database lost"):
            replay(inn.run)
        assert inn.tree() == before
        if mount:
            inn.outside.rmdir()
        away.rename(inn.outside)
        assert replay(inn.run).counts["entries-put-back"] == world.size - before.size
        assert inn.tree().epoch == 0
        assert inn.verified() == []


def test_what_a_restore_lost_was_taken_away_by_nobody(any_inn: Ashore) -> None:
    """The journal knows an incident again that the restored tables do not: no alarm for ever."""
    inn = any_inn
    inn.happen(3)
    inn.release()
    with inn.backup() as restore:
        with inn.begin() as office:
            office.open_incident(Report("sh", "leak", "A list."), "officer")
        inn.guest(1, name="Ann", email="ann@mail.example")
        inn.guest(2, name="Bo", email="bo@mail.example")
        filed = inn.file(email="ann@mail.example")
        assert inn.erased(inn.approved(email="bo@mail.example")) == "erased"
        (incident,) = inn.ours("incident")
        inn.happen(3)
        inn.release()
        restore()
        done = replay(inn.run)
        assert "entries-put-back" in done.counts
        assert done.lost == tuple(sorted((filed, incident["number"]))), "to be filed again"
        assert "incident-opened" in inn.actions()
        assert inn.ours("incident") == []
        with inn.begin() as office:
            assert list(vanished(office.work)) == []


def test_what_the_copy_had_is_missed_whatever_was_put_back_behind_it(any_inn: Ashore) -> None:
    """An incident of before the copy is deleted after the recovery: its entry was never lost."""
    inn = any_inn
    with inn.begin() as office:
        number = office.open_incident(Report("sh", "leak", "A list."), "officer")
    inn.happen(3)
    inn.release()
    with inn.backup() as restore:
        inn.happen(1)
        inn.release()
        restore()
        assert replay(inn.run).counts["entries-put-back"] > 0
        assert inn.verified() == []
        with inn.engine.begin() as conn:
            conn.execute(delete(tables.incident))
        with inn.begin() as office:
            assert [found for found, _ in vanished(office.work)] == [number]


def test_what_was_put_back_accuses_nobody_of_writing_past_us(any_inn: Ashore) -> None:
    """The rows are those of the copy, the journal is newer: that is what the recovery did.

    A hold that was changed in the copy itself is told of as ever.
    """
    inn = any_inn
    for who in ("officer", "second"):
        inn.grants[who] |= {"freeze", "hold", "law"}
    inn.guest(1, name="Ann", email="ann@mail.example")
    inn.run(lambda office: office.freeze("sh", "officer", room="11"))
    number = inn.file(email="ann@mail.example")
    inn.run(lambda office: office.confirm(number, "clerk", "desk"))
    inn.release()
    with inn.backup() as restore, inn.backup() as restore_again:
        inn.approve(number, "second")
        inn.run(lambda office: office.freeze("sh", "officer", room="12"))
        three = House(
            "guest_register", floor=Period(years=3), clock=("departed",), source="minutes"
        )
        inn.run(lambda office: office.house_period("sh", three, "auditor"))
        inn.release()
        assert inn.verified() == []
        for back, forged in ((restore, False), (restore_again, True)):
            back()
            if forged:
                with inn.engine.begin() as conn:
                    conn.execute(update(tables.hold).values(room="99"))
            assert "entries-put-back" in replay(inn.run).counts
            inn.happen(1)
            assert inn.verified() == (["records-differ"] if forged else [])


def test_a_journal_that_went_on_since_the_restore_begins_an_epoch(any_inn: Ashore) -> None:
    """The tree has forked from what the world saw: the new epoch quotes it, and says so."""
    inn = any_inn
    inn.happen(3)
    inn.release()
    with inn.backup() as restore:
        inn.happen(5)
        inn.release()
        world = inn.known()[-1]
        restore()
        inn.happen(2, grounds=("other",))
        assert "truncated" in inn.verified()
        done = replay(inn.run)
        assert done.counts == {"epochs-begun": 1}
        row = inn.tree()
        assert row.epoch == 1
        with inn.engine.connect() as conn:
            first = conn.execute(
                select(tables.entry.c.body).where(
                    tables.entry.c.epoch == 1, tables.entry.c.position == 0
                )
            ).scalar_one()
        (told,) = quoted(read_entry(first.encode()))
        assert (told.size, told.root) == (world.size, world.root)
        assert inn.verified() == []
        assert inn.release() == 1
        read_by_the_one_file(inn)
        assert inn.verified() == []
        assert replay(inn.run).counts == {}


def test_a_journal_that_was_cut_is_called_so(any_inn: Ashore) -> None:
    """Without a restore that is told openly the newest entries were cut away."""
    inn = any_inn
    inn.happen(8)
    inn.release()
    with inn.backup() as restore:
        inn.happen(4)
        inn.release()
        restore()
        assert inn.verified() == ["truncated"]
        assert found(inn) >= {"checkpoint-same-disk"}
        inn.settings = replace(inn.settings, register="")
        inn.happen(1)
        assert inn.release() == 0
        assert inn.problems == {"file": "TamperedError"}, "no folder goes back"
        assert "checkpoint-refused" in found(inn)


def test_a_checkpoint_brought_by_hand_is_quoted(inn: Ashore) -> None:
    """Where no folder holds the entries, the newest checkpoint anybody has is what is quoted."""
    inn.happen(3)
    with inn.backup() as restore:
        inn.happen(4)
        with inn.begin() as office:
            note = office.checkpoint()
        restore()
        with pytest.raises(InputError):
            replay(inn.run, [note.replace("\n8\n", "\n9\n")])
        assert inn.verified(note) == ["truncated"]
        assert replay(inn.run, [note]).counts == {"epochs-begun": 1}
        assert inn.verified(note) == []
        assert replay(inn.run, [note]).counts == {}


def test_the_same_copy_restored_twice_cuts_nothing(inn: Ashore) -> None:
    """The second restore loses the epoch that told of the first: what both lost is quoted."""
    inn.happen(3)
    copy, notes = inn.copied("copy"), []
    for count in (4, 1):
        inn.happen(count)
        with inn.begin() as office:
            notes.append(office.checkpoint())
        inn.restored(copy)
        assert replay(inn.run, notes).counts == {"epochs-begun": 1}
        assert inn.verified(*notes) == []
        assert replay(inn.run, notes).counts == {}
    assert [read_note(note).epoch for note in notes] == [0, 1]
    assert inn.tree().epoch == 2


def test_letters_that_nobody_brought_are_asked_for(
    inn: Ashore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the second restore those of the first lie in a drawer: it is said what to do with them.

    Of those that an earlier version signed the register knows nothing.
    """
    monkeypatch.setattr(heads, "shows", lambda work, note: None)
    inn.places = ()
    inn.happen(3)
    copy, letters = inn.copied("copy"), []
    for brought in (True, False):
        inn.happen(4)
        with inn.begin() as office:
            letters.append(office.checkpoint())
        inn.restored(copy)
        replay(inn.run, letters if brought else ())
    with inn.begin() as office:
        found = office.verify(letters)
    assert [problem.id for problem in found] == ["truncated", "tree-missing"]
    assert all("replay --yes --checkpoint FILE" in problem.message for problem in found)
    assert replay(inn.run, letters).counts == {"epochs-begun": 1}
    assert inn.verified(*letters) == []


def test_no_two_epochs_have_one_number(any_inn: Ashore, tmp_path: Path) -> None:
    """A copy is restored again before a checkpoint of the epoch left, which has signed by then."""
    inn = any_inn
    inn.guest(1, name="Ann Berg", email="ann@mail.example")
    number = inn.approved(email="ann@mail.example")
    inn.release()
    with inn.backup() as restore, inn.backup() as restore_again:
        inn.happen(2)
        inn.release()
        (inn.outside / f"{PINE}-0.jsonl").unlink()
        restore()
        inn.pass_(hours=1)
        inn.happen(1)
        assert replay(inn.run).counts == {"epochs-begun": 1}
        assert inn.erased(number) == "erased"
        with inn.begin() as office:
            certificate, handed = office.certificate(number), office.checkpoint()
        assert read_note(handed).epoch == 1
        restore_again()
        inn.pass_(hours=1)
        inn.happen(9, grounds=("other",))
        assert replay(inn.run).counts == {"ask": 1, "epochs-begun": 1}
        assert inn.tree().epoch == 2
        inn.happen(20)
        exported = tmp_path / "journal.jsonl"
        with inn.engine.connect() as conn:
            exported.write_text("".join(f"{line}\n" for line in export.lines(conn)))
        for name, text in (("handed", handed), ("certificate", json.dumps(certificate))):
            (tmp_path / name).write_text(text)
        given = ["--checkpoint", tmp_path / "handed", "--checkpoint",
                 inn.outside / f"{PINE}.checkpoints", "--journal", exported]  # fmt: skip
        for what in (exported, tmp_path / "certificate"):
            code, answer = ask(what, *given)
            assert code == 0, answer
        assert "revoked" in cannot(answer), "what the lost epoch said nobody knows"
        assert replay(inn.run, [handed]).counts == {}, "the register remembered it"
        assert inn.tree().epoch == 2
        assert inn.verified(handed) == []


def test_a_checkpoint_found_later_is_quoted_as_well(inn: Ashore) -> None:
    """After the replay somebody finds one that is newer than what was quoted."""
    inn.happen(3)
    copy, notes = inn.copied("copy"), []
    for count in (1, 4):
        inn.happen(count)
        with inn.begin() as office:
            notes.append(office.checkpoint())
    inn.restored(copy)
    replay(inn.run, notes[:1])
    inn.happen(2)
    with inn.begin() as office:
        later = office.checkpoint()
    assert inn.verified(*notes, later) == ["truncated"]
    assert replay(inn.run, [*notes, later]).counts == {"epochs-begun": 1}
    assert inn.verified(*notes, later) == []


def test_a_restore_of_which_no_checkpoint_is_known_begins_an_epoch(inn: Ashore) -> None:
    """Certificates of after the backup carry heads under the old origin: no second one is made."""
    inn.places = ()
    inn.guest(1, name="Ann Berg", email="ann@mail.example")
    number = inn.approved(email="ann@mail.example")
    with inn.backup() as restore:
        inn.erased(number)
        restore()
        done = replay(inn.run)
        assert done.counts["epochs-begun"] == 1
        assert inn.tree().epoch == 1
        assert inn.verified() == []
        assert done.counts["ask"] == 1, "of a guest without a date a person decides"


@pytest.mark.parametrize("outside", [False, True])
def test_a_certificate_that_a_restore_has_overtaken_is_not_called_wrong(
    any_inn: Ashore, tmp_path: Path, outside: bool
) -> None:
    """The register remembers its head: the new epoch quotes it, where no folder has seen it."""
    inn = any_inn
    if not outside:
        inn.places = ()
    for id, name in ((1, "ann"), (2, "bo")):
        inn.guest(id, name=name.title(), email=f"{name}@mail.example")
    ann, bo = (inn.approved(email=f"{name}@mail.example") for name in ("ann", "bo"))
    inn.release()
    with inn.backup() as restore, inn.backup() as restore_again:
        given = [certified(inn, ann, tmp_path)]
        inn.happen(3)
        inn.release()
        given.append(certified(inn, bo, tmp_path))
        for back in (restore, restore_again):
            back()
            assert replay(inn.run).counts["epochs-begun"] == 1
            inn.happen(20)
            assert inn.verified() == []
            exported = tmp_path / "journal.jsonl"
            with inn.engine.connect() as conn:
                exported.write_text("".join(f"{line}\n" for line in export.lines(conn)))
            for file in given:
                code, answer = ask(file, "--journal", exported)
                assert code == 0, [one for one in answer["findings"] if one["shown"] is False]
            assert ("journal", True) in verdicts(answer), "the newest is quoted"
            assert replay(inn.run).counts == {}


def certified(inn: Ashore, number: str, folder: Path) -> Path:
    """Erase somebody; return the file with the certificate."""
    assert inn.erased(number) == "erased"
    with inn.begin() as office:
        text = json.dumps(office.certificate(number))
    file = folder / f"{number}.json"
    file.write_text(text)
    return file


def test_a_letter_is_quoted_though_nobody_brought_it(inn: Ashore) -> None:
    """Mail is no folder that can be read again: the register remembers what it took."""
    letters: list[str] = []

    class Post:
        def send(self, message: Any) -> None:
            letters.append(message.body)

    mail = places([Destination(Way.MAIL, "notary@mail.example")], {"smtp": Post()})
    inn.guest(1, name="Ann", email="ann@mail.example")
    number = inn.approved(email="ann@mail.example")
    assert inn.erased(number) == "erased"
    copy = inn.copied("copy")
    inn.places = mail
    inn.happen(3)
    assert inn.release() == 1
    inn.happen(1, grounds=("other",))
    inn.pass_(days=1)
    with inn.begin() as office:
        letters.append(office.checkpoint())
    inn.guest(2, name="Bo", email="bo@mail.example")
    assert inn.erased(inn.approved(email="bo@mail.example")) == "erased"
    inn.restored(copy)
    assert set(inn.verified(*letters)) == {"truncated"}
    assert replay(inn.run).counts["epochs-begun"] == 1
    assert inn.verified(*letters) == []


def test_what_another_house_cosigned_by_file_is_quoted_though_nobody_brought_it(
    inn: Ashore,
) -> None:
    """The question holds a signed head, which left the house beyond what certificates tell of."""
    inn.places = ()
    inn.guest(1, name="Ann", email="ann@mail.example")
    assert inn.erased(inn.approved(email="ann@mail.example")) == "erased"
    copy = inn.copied("copy")
    inn.guest(2, name="Bo", email="bo@mail.example")
    assert inn.erased(inn.approved(email="bo@mail.example")) == "erased"
    inn.happen(3)
    with inn.begin() as office:
        _, _, note = read_request(office.ask_witness(PINE))
    other = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
    cosigned = note + cosign(note, "guesterase-witness/fir", other, int(inn.now.timestamp()))
    inn.restored(copy)
    assert set(inn.verified(cosigned)) == {"truncated"}
    assert replay(inn.run).counts["epochs-begun"] == 1
    assert inn.verified(cosigned) == []


def test_a_certificate_of_which_the_journal_was_cut_is_called_wrong(
    inn: Ashore, tmp_path: Path
) -> None:
    """Who cuts a journal without a restore that is told of finds no pardon in the register."""
    inn.places = ()
    inn.guest(1, name="Ann", email="ann@mail.example")
    number = inn.approved(email="ann@mail.example")
    copy = inn.copied("copy")
    file = certified(inn, number, tmp_path)
    inn.restored(copy)
    exported = tmp_path / "journal.jsonl"
    with inn.engine.connect() as conn:
        exported.write_text("".join(f"{line}\n" for line in export.lines(conn)))
    assert "journal" in wrong(ask(file, "--journal", exported)[1])


def test_a_folder_anybody_wrote_to_stops_nobody(inn: Ashore) -> None:
    """A note that this house did not sign is no sign of a restore."""
    inn.happen(2)
    inn.release()
    file = inn.outside / f"{PINE}.checkpoints"
    file.write_text(file.read_text().replace("\n3\n", "\n900\n"))
    report = worker.work(inn.run, lambda *_: ("", ""), {})
    assert "register" not in report.problems


@pytest.mark.parametrize("damage", [b"\xff", b"\n", b"x"])
@pytest.mark.parametrize("place", [5, 30, 100, 119])
def test_a_damaged_note_costs_no_other_one(inn: Ashore, damage: bytes, place: int) -> None:
    """A disk that forgot one byte long ago: what is written behind it takes nothing away."""
    file = inn.outside / f"{PINE}.checkpoints"
    for _ in range(3):
        inn.happen(2)
        inn.release()
    whole = file.read_bytes()
    file.write_bytes(whole[:place] + damage + whole[place + 1 :])
    rest = whole[place + 1 :]
    inn.happen(1)
    assert inn.release() == 1
    assert inn.problems == {}
    assert rest in file.read_bytes(), "all that stood behind it stands there still"
    assert [head.size for head in inn.known()][-3:] == [6, 9, 11]


def test_a_torn_note_hides_no_whole_one(inn: Ashore) -> None:
    """However little of the next one was written."""
    file = inn.outside / f"{PINE}.checkpoints"
    for torn in ("\n", "\nguest", "\nguesterase/pine/0\n9\n", "\nguesterase/pine/0\n9\n\n\u2014 "):
        inn.happen(2)
        inn.release()
        known, whole = inn.known(), file.read_text()
        file.write_text(whole + torn)
        assert inn.known() == known
        assert len(verify.read_checkpoints(str(file))) == len(known)
        inn.happen(1)
        assert inn.release() == 1
        assert inn.known()[:-1] == known
        assert file.read_text().startswith(whole)
    read_by_the_one_file(inn)


def test_entries_are_written_once_when_they_are_lost_outside(inn: Ashore) -> None:
    """A folder whose entries were lost gets all of them again with the next checkpoint."""
    inn.happen(4)
    inn.release()
    (inn.outside / f"{PINE}-0.jsonl").unlink()
    inn.happen(1)
    assert inn.release() == 1
    assert [json.loads(line)["index"] for line in lines(inn)] == list(range(7))
    read_by_the_one_file(inn)


def test_a_folder_that_has_seen_another_journal_refuses(inn: Ashore) -> None:
    inn.happen(4)
    inn.release()
    with inn.engine.begin() as conn:
        for table in (tables.tree, tables.entry, tables.node, tables.released):
            conn.execute(delete(table))
    inn.pass_(minutes=1)
    inn.settings = replace(inn.settings, register="")
    inn.happen(9, grounds=("other",))
    assert inn.release() == 0
    assert inn.problems == {"file": "TamperedError"}
