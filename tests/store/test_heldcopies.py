"""What holds reach of what sweeps left: copies that are opened one by one, and names of files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from flask_guesterase.core.errors import BlockedError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.payload import keys_in
from flask_guesterase.core.seal import Terms, day_label
from flask_guesterase.store import tables, worker
from flask_guesterase.store.boxes import boxing, vault
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.holding import heldcopies, heldkeys, unsearched
from flask_guesterase.store.incidents.opening import Class, Report
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.recovery import files
from flask_guesterase.store.retaining import keeping
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import dispatch
from tests.store.forms import GRANTS, RIGHTS, Forms


@pytest.fixture
def forms(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Forms]:
    """Two forms whose year is over, whose erasure by the sweep was confirmed; officers hold."""
    yield from filled(database_url, tmp_path, monkeypatch)


@pytest.fixture
def sheets(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forms]:
    """The same on SQLite, for what no engine changes."""
    yield from filled(sqlite_url, tmp_path, monkeypatch)


def filled(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forms]:
    """Put two forms in, and let officers hold."""
    made = Forms(url, folder)
    for user in ("officer", "second"):
        monkeypatch.setitem(GRANTS, user, {"mu": RIGHTS | {"hold", "freeze"}, "be": RIGHTS})
    for id in (1, 2):
        made.form(id, date(2025, 2, 1))
    yield made
    made.engine.dispose()


def form_hold(forms: Forms, id: int) -> int:
    wanted = Wanted("subject", "court-order", "guests", str(id), silent=True)
    return forms.run(lambda office: office.place_hold(wanted, "officer"))


def lift_of(forms: Forms, id: int) -> None:
    assert forms.run(lambda office: office.lift(id, "officer")) is False
    assert forms.run(lambda office: office.lift(id, "second")) is True


def back(forms: Forms, id: str) -> None:
    """Put a box under the key of its day again, as one is that a hold reaches only later."""
    with forms.begin() as office:
        row = office.work.conn.execute(select(tables.box).where(tables.box.c.id == id)).one()
        vault.rewrap(office.work.conn, forms.custodian, [id], day_label(row.last_day))


def labels(forms: Forms) -> dict[str, str]:
    """Return under which key each box lies that was not forgotten."""
    return {r["id"]: r["label"] for r in forms.ours("box") if r["forgotten_at"] is None}


def openings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return where each box is noted that is opened, and when boxes go under a hold's key."""
    opened: list[str] = []
    unseal, rescue = vault.unseal, heldkeys.rescue

    def opening(conn: Any, custodian: Any, ids: list[str]) -> list[bytes]:
        opened.extend(ids)
        return unseal(conn, custodian, ids)

    def rescued(*given: Any) -> int:
        opened.append("rescued")
        return rescue(*given)

    monkeypatch.setattr(vault, "unseal", opening)
    monkeypatch.setattr(heldkeys, "rescue", rescued)
    return opened


def test_a_held_record_survives_the_sweep(forms: Forms) -> None:
    """What ends by its day does not while it is held; lifted, the next sweep takes it."""
    id = form_hold(forms, 1)
    forms.confirmed()
    assert forms.names() == {1: "Ada Roe", 2: None}
    forms.later(days=1)
    forms.sweep()
    assert forms.names()[1] == "Ada Roe"
    lift_of(forms, id)
    forms.later(days=1)
    forms.sweep()
    assert forms.names() == {1: None, 2: None}


def test_no_key_ends_while_nobody_can_tell_what_a_copy_holds(
    sheets: Forms, tmp_path: Path
) -> None:
    """The root, in a folder or a service, cannot be asked: a copy whose day is over waits until
    it can, for it may be held."""
    sheets.confirmed()
    (copy,) = labels(sheets)
    id = form_hold(sheets, 1)
    sheets.later(days=9)
    known = sheets.custodian
    (root,) = known.path.rglob("root-*")
    away = root.rename(tmp_path / root.name)
    sheets.custodian = FolderCustodian(known.path)
    problems = sheets.work().problems
    assert {problems[step] for step in ("held", "forget")} == {"KeyMissingError"}
    away.rename(root)
    assert sheets.work().problems == {}
    assert labels(sheets) == {copy: f"hold:{id}"}


def two_nights(sheets: Forms) -> tuple[str, str]:
    """Sweep once more, a day later; return the safety copies of both nights."""
    (copy,) = labels(sheets)
    sheets.later(days=1)
    sheets.form(3, date(2025, 2, 1))
    sheets.sweep()
    (later,) = set(labels(sheets)) - {copy}
    return copy, later


def test_a_damaged_key_keeps_no_other_from_ending(sheets: Forms) -> None:
    """What lies under it may be held, and waits until somebody brings its copy; the day of what was
    swept later comes all the same, and what a hold reaches there is kept."""
    sheets.confirmed()
    copy, later = two_nights(sheets)
    id = form_hold(sheets, 1)
    key = sheets.custodian.path / f"key-{labels(sheets)[copy].replace(':', '-')}.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    sheets.custodian = FolderCustodian(sheets.custodian.path)
    sheets.later(days=9)
    problems = sheets.work().problems
    assert {problems[step] for step in ("held", "forget")} == {"SealError"}
    assert labels(sheets) == {copy: f"day:{key.stem.removeprefix('key-day-')}"}
    assert later in {row["id"] for row in sheets.ours("box") if row["forgotten_at"]}
    key.write_bytes(whole)
    assert sheets.work().problems == {}
    assert labels(sheets) == {copy: f"hold:{id}"}


@pytest.mark.parametrize("alone", [True, False])
def test_a_damaged_key_keeps_no_hold_from_letting_go(sheets: Forms, alone: bool) -> None:
    """Of two holds that were lifted the one whose key opens lets go of what it kept.

    So does the other one of what lies under the key of its day too, as all does but what an
    earlier version held.
    """
    sheets.confirmed()
    (copy,) = labels(sheets)
    first, second = form_hold(sheets, 1), form_hold(sheets, 2)
    sheets.work()
    assert labels(sheets) == {copy: f"hold:{first}"}
    sheets.later(days=1)
    sheets.form(3, date(2025, 2, 1))
    sheets.sweep()
    (later,) = set(labels(sheets)) - {copy}
    with sheets.begin() as office:
        heldkeys.take(office.work, [later], second)
    key = sheets.custodian.path / f"key-hold-{first}.json"
    third = form_hold(sheets, 3)
    if alone:
        with sheets.engine.begin() as conn:
            conn.execute(update(tables.box).values(home=None, spare=None))
    whole = key.read_bytes()
    key.write_bytes(b"")
    sheets.custodian = FolderCustodian(sheets.custodian.path)
    for id in (first, second):
        lift_of(sheets, id)
    told = sheets.work().problems
    assert told.get("lifted") == ("SealError" if alone else None)
    assert bool(told) is alone
    assert labels(sheets)[later] == f"hold:{third}"
    assert (labels(sheets)[copy] == f"hold:{first}") is alone
    key.write_bytes(whole)
    assert sheets.work().problems == {}
    assert set(labels(sheets)) == {copy, later}
    assert f"hold:{first}" not in labels(sheets).values()


@pytest.mark.parametrize("lost", ["box", "key"])
def test_a_copy_that_is_lost_keeps_no_key(sheets: Forms, lost: str) -> None:
    """It cannot be opened whoever asks: it is damaged, or its key is gone."""
    sheets.confirmed()
    form_hold(sheets, 1)
    if lost == "key":
        sheets.custodian.forget(day_label(last_day(sheets)))
    else:
        with sheets.engine.begin() as conn:
            conn.execute(update(tables.box).values(payload=b"x" * 80))
    sheets.later(days=9)
    assert sheets.work().problems == {}
    assert labels(sheets) == {}


def test_the_safety_copy_of_a_sweep_is_held_too(
    forms: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It belongs to no request; its images say whose rows it holds. Who places a hold does not
    wait until it was opened."""
    forms.confirmed()
    assert forms.names() == {1: None, 2: None}
    opened = openings(monkeypatch)
    id = form_hold(forms, 1)
    assert opened == []
    (copy,) = labels(forms)
    forms.work()
    assert opened == [copy, "rescued"]
    assert labels(forms) == {copy: f"hold:{id}"}
    forms.work()
    assert opened == [copy, "rescued", "rescued"]


def test_copies_are_looked_through_again_where_that_was_cut_off(
    sheets: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that ends after the first copy leaves no hold without those that follow."""
    sheets.confirmed()
    sheets.form(3, date(2025, 2, 1))
    sheets.sweep()
    swept = sorted(labels(sheets))
    assert len(swept) == 2
    id = sheets.run(lambda office: office.freeze("mu", "officer"))
    opened: list[str] = []
    taking = heldkeys.take

    def cut(work: Any, boxes: list[str], hold: int) -> int:
        opened.extend(boxes)
        if len(opened) == 2:
            raise ConnectionError
        return taking(work, boxes, hold)

    monkeypatch.setattr(heldkeys, "take", cut)
    assert sheets.work().problems == {"held": "ConnectionError"}
    assert sorted(labels(sheets).values()) == [day_label(last_day(sheets)), f"hold:{id}"]
    assert sheets.work().problems == {}
    assert opened == [*swept, *swept]
    assert labels(sheets) == dict.fromkeys(swept, f"hold:{id}")


def last_day(forms: Forms) -> str:
    """Return the day on which the recovery of what is swept today ends."""
    return (forms.now + timedelta(days=7)).date().isoformat()


def test_a_hold_that_is_lifted_soon_has_no_copy_opened(
    sheets: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets.confirmed()
    before = labels(sheets)
    lift_of(sheets, form_hold(sheets, 1))
    opened = openings(monkeypatch)
    sheets.work()
    assert opened == ["rescued"]
    assert labels(sheets) == before


def test_a_hold_that_is_lifted_while_a_copy_is_looked_through_ends_no_copy(
    forms: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key is destroyed by the next round; the copy stays until its own day is over."""
    forms.confirmed()
    id, looking = form_hold(forms, 1), heldcopies.holders
    (copy,) = labels(forms)
    officers = threading.Thread(target=lambda: lift_of(forms, id))

    def looked(*given: Any) -> frozenset[int]:
        found = looking(*given)
        if officers.ident is None:
            officers.start()
            officers.join()
        return found

    # SQLite lets only one of them in at a time, so they cannot meet there.
    if forms.engine.dialect.name == "sqlite":
        lift_of(forms, id)
    else:
        monkeypatch.setattr(heldcopies, "holders", looked)
    heldcopies.find(forms.run)
    forgetting.forget(forms.run)
    assert f"hold:{id}" not in forms.custodian.labels()
    assert labels(forms) == {copy: day_label("2026-03-17")}


def test_an_asking_that_came_after_another_was_taken_up_stays(sheets: Forms) -> None:
    """An incident that turns out to be of another kind asks again, perhaps while copies are
    looked through for what was asked before."""
    stamp = sheets.now.replace(tzinfo=None)
    with transaction(sheets.engine) as conn:
        unsearched.ask(conn, 7, stamp)
        first = unsearched.asked(conn)[7]
        unsearched.ask(conn, 7, stamp)
        unsearched.drop(conn, 7, first)
        assert list(unsearched.asked(conn)) == [7]
        unsearched.drop(conn, 7)
        assert list(unsearched.asked(conn)) == []


def test_a_hold_placed_while_copies_are_looked_through_is_looked_for_too(
    sheets: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the day's key is marked to be destroyed, however late it came."""
    sheets.confirmed()
    sheets.form(3, date(2026, 2, 1))
    form_hold(sheets, 3)
    sheets.work()
    looking, placed = heldcopies.look, list[int]()

    def late(run: Any) -> heldcopies.Looked:
        looked = looking(run)
        if not placed:
            placed.append(form_hold(sheets, 1))
        return looked

    monkeypatch.setattr(heldcopies, "look", late)
    (copy,) = labels(sheets)
    sheets.later(days=9)
    assert sheets.work().problems == {}
    assert labels(sheets) == {copy: f"hold:{placed[0]}"}


def test_where_holds_are_placed_again_and_again_no_key_ends_this_round(
    sheets: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheets.confirmed()
    sheets.form(3, date(2026, 2, 1))
    looking = heldcopies.look

    def late(run: Any) -> heldcopies.Looked:
        looked = looking(run)
        form_hold(sheets, 3)
        return looked

    monkeypatch.setattr(heldcopies, "look", late)
    (copy,) = labels(sheets)
    sheets.later(days=9)
    sheets.work()
    assert list(labels(sheets)) == [copy]
    monkeypatch.undo()
    sheets.work()
    assert labels(sheets) == {}


def test_no_hold_is_placed_between_the_last_look_and_the_end_of_keys(forms: Forms) -> None:
    """Who places one waits until the keys are marked, or is seen."""
    placed: list[int] = []
    officer = threading.Thread(target=lambda: placed.append(form_hold(forms, 1)))
    with forms.begin() as office:
        looked = heldcopies.Looked(frozenset(), {})
        assert heldcopies.stands(office.work, looked)
        officer.start()
        officer.join(0.5)
        assert placed == []
        assert heldcopies.stands(office.work, looked)
    officer.join()
    with forms.begin() as office:
        assert not heldcopies.stands(office.work, looked)
        assert heldcopies.stands(office.work, replace(looked, holds=frozenset(placed)))


def test_lifting_does_not_wait_until_it_is_known_what_other_holds_reach(
    forms: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies stay under the key of the freeze that was lifted until they were looked through."""
    forms.confirmed()
    forms.later(days=1)
    forms.form(3, date(2025, 2, 1))
    forms.sweep()
    frozen = forms.run(lambda office: office.freeze("mu", "officer"))
    forms.work()
    free = {box for box, row in images(forms).items() if 3 in row}
    (copy,) = labels(forms).keys() - free
    kept = form_hold(forms, 1)
    forms.later(days=8)
    forms.work()
    assert set(labels(forms).values()) == {f"hold:{frozen}"}
    opened = openings(monkeypatch)
    lift_of(forms, frozen)
    assert opened == []
    forms.leap(days=400)
    with pytest.raises(BlockedError, match="clock"):
        heldcopies.release(forms.run)
    forms.leap(days=-400)
    assert opened == []
    assert set(labels(forms).values()) == {f"hold:{frozen}"}
    assert f"hold:{frozen}" in forms.custodian.labels()
    assert forms.work().counts["forgotten"] == 1
    assert sorted(opened) == sorted([copy, *free, "rescued"])
    assert labels(forms) == {copy: f"hold:{kept}"}
    assert f"hold:{frozen}" not in forms.custodian.labels()


def images(forms: Forms) -> dict[str, set[int]]:
    """Return the numbers of the forms of which each box holds an image."""
    found = {}
    with forms.begin() as office:
        for box in labels(forms):
            told = keys_in(vault.unseal(office.work.conn, forms.custodian, [box])[0])
            found[box] = {int(row[0]) for _, _, rows in told for row in rows}
    return found


@pytest.mark.parametrize("others", [False, True], ids=["when lifted", "later"])
def test_no_hold_is_placed_while_the_boxes_of_another_go_home(
    forms: Forms, others: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who places one waits until they are under their day, or have ended."""
    forms.confirmed()
    id = form_hold(forms, 1)
    forms.work()
    if others:
        forms.form(3, date(2026, 2, 1))
        form_hold(forms, 3)
    placed, seen, homeward = list[int](), list[list[int]](), heldkeys.home
    officer = threading.Thread(target=lambda: placed.append(form_hold(forms, 2)))

    def home(work: Any, boxes: Any) -> int:
        if boxes:
            officer.start()
            officer.join(0.5)
            seen.append(list(placed))
        return homeward(work, boxes)

    monkeypatch.setattr(heldkeys, "home", home)
    lift_of(forms, id)
    forms.work()
    officer.join()
    assert (seen, len(placed)) == ([[]], 1)


@pytest.mark.parametrize("whose", [1, 3], ids=["held", "somebody else's"])
def test_a_file_that_a_lifted_hold_kept_goes_unless_a_copy_is_held(
    sheets: Forms, whose: int
) -> None:
    sheets.confirmed()
    (copy,) = labels(sheets)
    sheets.form(3, date(2026, 2, 1))
    file = file_of_sweep(sheets, days=20)
    day = labels(sheets)[file]
    first, second = form_hold(sheets, 1), form_hold(sheets, whose)
    sheets.work()
    back(sheets, copy)
    assert labels(sheets)[file] == f"hold:{first}"
    lift_of(sheets, first)
    assert labels(sheets)[file] == f"hold:{first}"
    sheets.work()
    assert labels(sheets)[file] == (f"hold:{second}" if whose == 1 else day)
    assert f"hold:{first}" not in sheets.custodian.labels()


@pytest.mark.parametrize("whose", [1, 3], ids=["held", "somebody else's"])
def test_an_incident_that_turns_out_a_leak_gives_copies_back_though_others_are_held(
    sheets: Forms, whose: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They go to who holds a guest in them, or to their day; whoever classifies does not wait until
    they were opened, nor goes a file before that."""
    monkeypatch.setitem(GRANTS, "officer", {"mu": {*GRANTS["officer"]["mu"], "incident"}})
    sheets.confirmed()
    sheets.form(3, date(2026, 2, 1))
    file_of_sweep(sheets, days=20)
    before = labels(sheets)

    def now() -> dict[str, str]:
        return {box: labels(sheets)[box] for box in before}

    report = Report("mu", "wrong-erasure", "A form is gone.", happened=sheets.now)
    incident = sheets.run(lambda office: office.open_incident(report, "officer"))
    sheets.work()
    second = form_hold(sheets, whose)
    sheets.work()
    assert now() == dict.fromkeys(before, "hold:1")
    opened = openings(monkeypatch)
    leak = Class("risk-likely", "theft", "lost-device")
    sheets.run(lambda office: office.classify_incident(incident, leak, "officer"))
    assert opened == []
    assert asked_now(sheets) == {second}
    sheets.work()
    assert now() == (dict.fromkeys(before, f"hold:{second}") if whose == 1 else before)
    assert asked_now(sheets) == set()


def asked_now(forms: Forms) -> set[int]:
    """Return the holds for which copies are still to be looked through."""
    with forms.begin() as office:
        return set(unsearched.asked(office.work.conn))


def test_a_copy_of_a_sweep_is_looked_into_once_when_its_day_is_over(
    forms: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many holds there are, before the transaction that lets the day's key die."""
    forms.confirmed()
    (held,) = labels(forms)
    forms.later(days=1)
    forms.form(3, date(2025, 2, 1))
    forms.sweep()
    (free,) = labels(forms).keys() - {held}
    first = form_hold(forms, 1)
    form_hold(forms, 2)
    forms.work()
    back(forms, held)
    opened = openings(monkeypatch)
    forms.later(days=7)
    forms.work()
    assert opened == [held, "rescued"]
    assert labels(forms)[held] == f"hold:{first}"
    assert free in labels(forms)
    forms.later(days=2)
    forms.work()
    assert opened == [held, "rescued", free, "rescued"]
    assert labels(forms) == {held: f"hold:{first}"}


def file_of_sweep(forms: Forms, days: int) -> str:
    """Put the name of a file in that a sweep left, to end in so many days; return its box."""
    ends = (forms.now + timedelta(days=days)).date().isoformat()
    with forms.begin() as office:
        item = boxing.Item(b"scan.png", Terms("fir", outbox.FILE, ends))
        (file,) = boxing.put(
            office.work.conn, forms.custodian, [item], forms.now.date().isoformat()
        )
    return file


@pytest.mark.parametrize("whose", [1, 3], ids=["held", "somebody else's"])
def test_the_name_of_a_file_stays_while_a_copy_of_any_sweep_is_held(
    sheets: Forms, whose: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing says whose file it is; a hold that reaches no copy keeps none."""
    sheets.confirmed()
    (copy,) = labels(sheets)
    sheets.form(3, date(2026, 2, 1))
    file = file_of_sweep(sheets, days=2)
    id = form_hold(sheets, whose)
    sheets.work()
    back(sheets, file)
    back(sheets, copy)
    opened = openings(monkeypatch)
    sheets.later(days=4)
    sheets.work()
    assert opened == [copy, "rescued"]
    assert labels(sheets).get(file) == (f"hold:{id}" if whose == 1 else None)


@pytest.mark.parametrize("whose", [1, 3], ids=["held", "somebody else's"])
def test_a_file_that_a_sweep_left_goes_only_when_it_is_known_that_no_hold_reaches_it(
    forms: Forms, whose: int
) -> None:
    """It is known in the round that looks through the copies, which then takes it."""
    forms.confirmed()
    forms.form(3, date(2026, 2, 1))
    origin = keeping.Origin(None, "fir", "mu")
    forms.run(lambda office: outbox.queue_file(office.work, origin, "scans", "scan.png"))
    id = form_hold(forms, whose)
    assert forms.run(lambda office: dispatch.claim(office.work, frozenset())) == []
    worker.work(forms.run, lambda *_: ("", ""), {}, frozenset({"deliver"}))
    parcels = forms.run(lambda office: dispatch.claim(office.work, frozenset()))
    names = [parcel.content["name"] for parcel in parcels]
    assert names == ([] if whose == 1 else ["scan.png"])
    assert (f"hold:{id}" in labels(forms).values()) is (whose == 1)


@pytest.mark.parametrize("damaged", ["hold", "file"])
def test_a_file_waits_until_what_would_hold_it_can_be_read(sheets: Forms, damaged: str) -> None:
    """The key of the hold that reaches a copy, or that of the file's name, is damaged for a while:
    whether it may go is still asked, and what another hold reaches goes under that one."""
    sheets.confirmed()
    copy, later = two_nights(sheets)
    origin = keeping.Origin(None, "fir", "mu")
    sheets.run(lambda office: outbox.queue_file(office.work, origin, "scans", "scan.png"))
    (file,) = set(labels(sheets)) - {copy, later}
    id = noted_hold(sheets, 1)
    other = form_hold(sheets, 3)
    label = f"hold:{id}" if damaged == "hold" else labels(sheets)[file]
    key = sheets.custodian.path / f"key-{label.replace(':', '-')}.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    sheets.custodian = FolderCustodian(sheets.custodian.path)
    assert sheets.work().problems.get("held") == "SealError"
    assert labels(sheets)[later] == f"hold:{other}"
    key.write_bytes(whole)
    assert sheets.run(lambda office: dispatch.claim(office.work, frozenset())) == []
    assert sheets.work().problems == {}
    assert labels(sheets)[copy] == labels(sheets)[file] == f"hold:{id}"
    assert asked_now(sheets) == set()


def test_a_copy_is_kept_by_the_next_hold_where_the_key_of_the_oldest_cannot_be_read(
    sheets: Forms,
) -> None:
    """Nothing is left to be asked then."""
    sheets.confirmed()
    (copy,) = labels(sheets)
    first, second = noted_hold(sheets, 1), form_hold(sheets, 1)
    (sheets.custodian.path / f"key-hold-{first}.json").write_bytes(b"")
    sheets.custodian = FolderCustodian(sheets.custodian.path)
    assert "held" not in sheets.work().problems
    assert labels(sheets)[copy] == f"hold:{second}"
    assert asked_now(sheets) == set()


def noted_hold(forms: Forms, id: int) -> int:
    """Place a hold whose reference lies under its key; return its number."""
    wanted = Wanted("subject", "court-order", "guests", str(id), silent=True, reference="Az 12")
    return forms.run(lambda office: office.place_hold(wanted, "officer"))


def test_a_file_of_a_sweep_that_a_worker_has_in_hand_waits_for_a_hold(
    forms: Forms, tmp_path: Path
) -> None:
    """Whether the hold reaches it is not known yet: the copies are looked through first."""
    forms.confirmed()
    (tmp_path / "scans").mkdir()
    scan = tmp_path / "scans" / "scan.png"
    scan.write_bytes(b"scan")
    origin = keeping.Origin(None, "fir", "mu")
    forms.run(lambda office: outbox.queue_file(office.work, origin, str(scan.parent), scan.name))
    (parcel,) = forms.run(lambda office: dispatch.claim(office.work, frozenset()))
    form_hold(forms, 1)
    files.remove(forms.run, parcel)
    assert scan.exists()
    forms.work()
    assert scan.exists()
