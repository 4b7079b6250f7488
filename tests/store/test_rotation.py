"""The root ends every month on its day; the next one is announced, copied, told of."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from flask_guesterase.core import rotation as days
from flask_guesterase.core.errors import ForbiddenError, KeyMissingError, SealError
from flask_guesterase.core.seal import Box, open_box
from flask_guesterase.store.access import pulse
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.casework import tasks
from flask_guesterase.store.certificates import certifying
from flask_guesterase.store.executing import forgetting
from flask_guesterase.store.keys import copies
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.roots import Roots
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining import keeping
from flask_guesterase.store.transaction import transaction
from flask_guesterase.store.upkeep import rotation, watch
from tests.engines import ENGINES, SERVERS, clone_database
from tests.store.hotel import Hotel
from tests.vaultserver import ROOT_TOKEN, Transit, serving

Run = Callable[[Callable[[Office], Any]], Any]


def runner(hotel: Hotel) -> Run:
    """Return what runs a unit of work in a transaction of its own."""

    def run(unit: Callable[[Office], Any]) -> Any:
        with hotel.begin() as office:
            return unit(office)

    return run


@pytest.fixture
def lawful(hotel: Hotel) -> Hotel:
    """A hotel where officer and second may decide about the law."""
    return granted(hotel)


def granted(hotel: Hotel) -> Hotel:
    for user in ("officer", "second"):
        hotel.grants[user].add("law")
    return hotel


def confirm(hotel: Hotel, folder: Path | None = None, next: bool = False) -> None:
    """Let two people confirm a copy."""
    keys = hotel.custodian if folder is None else FolderCustodian(folder)
    mark = keys.fingerprint(next=next)
    with hotel.begin() as office:
        office.propose_copy("officer", mark)
    with hotel.begin() as office:
        office.confirm_copy("second")


def confirmed(hotel: Hotel) -> bool:
    with hotel.begin() as office:
        return office.copy_confirmed()


def live(hotel: Hotel, count: int) -> int:
    """Let days pass; on the last two the sweep does what is due; return how many steps."""
    steps = 0
    for each in [count - 1, 1] if count > 1 else [1]:
        hotel.later(days=each)
        steps += rotation.turn(runner(hotel))
    return steps


def due(hotel: Hotel, kind: str) -> list[tuple[str, str]]:
    return [
        (task["name"], task["due_on"])
        for task in hotel.ours("task")
        if task["kind"] == kind and task["done_at"] is None
    ]


def found(hotel: Hotel) -> set[str]:
    with hotel.begin() as office:
        return {each.id for each in watch.findings(office.work)}


def test_a_root_lives_thirty_days_and_the_next_is_known_a_week_before(lawful: Hotel) -> None:
    """A copy that was confirmed in that week is the copy of the new root: sealing goes on."""
    rotation.turn(runner(lawful))
    confirm(lawful)
    old, began = lawful.custodian.root_id(), lawful.now.date()
    assert live(lawful, 22) == 0
    assert live(lawful, 1) == 2  # the next root, and a task
    coming = lawful.custodian.root().next
    assert due(lawful, tasks.NEW_ROOT) == [
        (f"keys/root-{coming}", (began + timedelta(days=30)).isoformat())
    ]
    assert "root-copy" in found(lawful)
    confirm(lawful, next=True)
    assert due(lawful, tasks.NEW_ROOT) == []
    assert confirmed(lawful)
    assert "root-copy" not in found(lawful)
    assert live(lawful, 6) == 0
    assert lawful.custodian.root_id() == old
    live(lawful, 1)
    assert (lawful.custodian.root_id(), lawful.custodian.root().next) == (coming, "")
    assert lawful.custodian.root().since == lawful.now.date().isoformat()
    assert not (lawful.custodian.path / f"root-{old}.key").exists()
    assert confirmed(lawful)
    assert lawful.events.count("root-rotated") == 2  # one journal each
    assert due(lawful, tasks.OLD_ROOT) == [
        (f"keys/root-{old}", (lawful.now.date() + timedelta(days=7)).isoformat())
    ]
    assert due(lawful, tasks.NEW_ROOT) == []


def test_the_old_root_ends_on_its_day_whatever_happens(lawful: Hotel) -> None:
    """Nobody copied the new one: the old one goes all the same, and sealing stops until they do."""
    rotation.turn(runner(lawful))
    confirm(lawful)
    old = lawful.custodian.root_id()
    live(lawful, 30)
    assert lawful.custodian.root_id() != old
    assert not confirmed(lawful)
    assert len(due(lawful, tasks.NEW_ROOT)) == 1
    confirm(lawful)
    assert confirmed(lawful)
    assert due(lawful, tasks.NEW_ROOT) == []
    live(lawful, 1)
    assert due(lawful, tasks.NEW_ROOT) == []


def test_where_nobody_ever_copied_nobody_is_asked(lawful: Hotel) -> None:
    """A house that seals nothing gets no task about roots; they rotate all the same."""
    rotation.turn(runner(lawful))
    old = lawful.custodian.root_id()
    live(lawful, 31)
    assert lawful.custodian.root_id() != old
    assert lawful.ours("task") == []


def test_a_root_without_a_day_begins_today(lawful: Hotel) -> None:
    """Keys from before this version are taken to have begun when the first sweep saw them."""
    assert lawful.custodian.root().since == ""
    rotation.turn(runner(lawful))
    assert lawful.custodian.root().since == lawful.now.date().isoformat()
    assert "root-rotated" not in lawful.events


def test_an_old_root_is_reported(lawful: Hotel) -> None:
    """Without sweeps the root gets older than certificates say; `check` tells of it."""
    rotation.turn(runner(lawful))
    lawful.later(days=33)
    assert "root-old" not in found(lawful)
    lawful.later(days=1)
    assert "root-old" in found(lawful)
    rotation.turn(runner(lawful))
    assert "root-old" not in found(lawful)


def test_what_was_rotated_and_not_told_of_is_told_later(lawful: Hotel) -> None:
    """Killed between the rotation and its entry, the next sweep writes the entry, once."""
    rotation.turn(runner(lawful))
    lawful.custodian.rotate(lawful.now.date().isoformat())
    rotation.turn(runner(lawful))
    rotation.turn(runner(lawful))
    assert lawful.events.count("root-rotated") == 2


def test_a_root_that_comes_back_ends_again(lawful: Hotel, tmp_path: Path) -> None:
    """Whoever puts an older copy of the folder back gets a new root under it the same night."""
    rotation.turn(runner(lawful))
    shutil.copytree(lawful.custodian.path, tmp_path / "old")
    first = lawful.custodian.root_id()
    live(lawful, 31)
    second = lawful.custodian.root_id()
    shutil.rmtree(lawful.custodian.path)
    shutil.copytree(tmp_path / "old", lawful.custodian.path)
    live(lawful, 1)
    assert lawful.custodian.root_id() not in {first, second}
    assert not (lawful.custodian.path / f"root-{first}.key").exists()
    third = lawful.custodian.root_id()
    live(lawful, 2)
    assert lawful.custodian.root_id() == third


def test_one_person_rotates_at_once(lawful: Hotel) -> None:
    """A person of the law is enough; others may not. The second copy is asked for anew."""
    rotation.turn(runner(lawful))
    confirm(lawful)
    old = lawful.custodian.root_id()
    with pytest.raises(ForbiddenError):
        rotation.rotate(runner(lawful), "clerk")
    assert lawful.custodian.root_id() == old
    assert rotation.rotate(runner(lawful), "officer") == lawful.custodian.root_id() != old
    assert not confirmed(lawful)
    assert len(due(lawful, tasks.NEW_ROOT)) == 1


def test_what_does_not_open_keeps_its_root(lawful: Hotel) -> None:
    """A damaged key stops the rotation before anything was made or destroyed."""
    rotation.turn(runner(lawful))
    lawful.custodian.ensure("day:2026-06-01")
    path = lawful.custodian.path / "key-day-2026-06-01.json"
    good = path.read_bytes()
    path.write_bytes(good.replace(b'"wrapped":"', b'"wrapped":"00'))
    old = lawful.custodian.root_id()
    with pytest.raises(SealError):
        live(lawful, 30)
    now = lawful.custodian.root()
    assert now.root == old
    assert {p.name for p in lawful.custodian.path.glob("root-*")} == {
        f"root-{old}.key", f"root-{now.next}.key"
    }  # fmt: skip
    path.write_bytes(good)
    live(lawful, 1)
    assert lawful.custodian.root_id() == now.next
    assert not (lawful.custodian.path / f"root-{old}.key").exists()


def test_a_damaged_key_without_any_copy_is_taken_away_and_the_root_ends(lawful: Hotel) -> None:
    """Nothing can open what it was for; the root must end all the same."""
    rotation.turn(runner(lawful))
    lawful.custodian.ensure("day:2026-06-01")
    path = lawful.custodian.path / "key-day-2026-06-01.json"
    path.write_bytes(b"{")
    old = lawful.custodian.root_id()
    with pytest.raises(SealError, match="key-day-2026-06-01"):
        live(lawful, 30)
    path.rename(lawful.custodian.path.parent / path.name)
    live(lawful, 1)
    assert lawful.custodian.root_id() != old


# done when: after the window nothing opens, and the certificate named the day


def folder(path: Path) -> Iterator[Roots | None]:
    yield None


def service(path: Path) -> Iterator[Roots | None]:
    hvac = pytest.importorskip("flask_guesterase.vault", reason="the extra vault is missing")
    with serving(Transit()) as url:
        yield hvac.VaultRoots(url, lambda: ROOT_TOKEN)


WHERE = {"folder": folder, "vault": service}


@pytest.fixture
def roots(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Roots | None]:
    yield from WHERE[request.param](tmp_path)


def opened(boxes: list[Box], custodian: FolderCustodian) -> int:
    """Return how many boxes open with these keys."""
    count = 0
    for box in boxes:
        try:
            open_box(box, custodian)
            count += 1
        except KeyMissingError:
            continue
    return count


def recovery(url: str) -> list[Box]:
    """Return the recovery boxes of a database."""
    engine = create_engine(url)
    try:
        with transaction(engine, write=False) as conn:
            found = [Box.from_json(line) for line in vault.lines(conn)]
        return [box for box in found if box.purpose == "recovery"]
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("database_url", "roots"),
    [
        *((engine, "folder") for engine in ENGINES),
        ("sqlite", "vault"),
        *(pytest.param(engine, "vault", marks=pytest.mark.long) for engine in SERVERS),
    ],
    indirect=True,
)
def test_after_the_window_nothing_opens(
    any_hotel: Hotel, tmp_path: Path, roots: Roots | None
) -> None:
    """Neither a database copy of before with the keys of after, nor a key folder of before once
    its root is gone; the certificate named the day by which that is so."""
    hotel = granted(any_hotel)
    hotel.custodian = FolderCustodian(tmp_path / "own", roots=roots)
    hotel.custodian.create()
    run = runner(hotel)
    rotation.turn(run)
    if roots is None:
        confirm(hotel)
    live(hotel, 20)
    hotel.guest(1, name="Ann Berg", email="ann@example.com", phone="1234567")
    number = hotel.approved(email="ann@example.com")
    assert hotel.erased(number) == "erased"
    with hotel.begin() as office:
        said = office.certificate(number)["content"]
    last = date.fromisoformat(said["recovery_until"])
    assert date.fromisoformat(said["root_until"]) == days.worthless(last)
    assert days.worthless(last) - last == timedelta(days=38)
    hotel.engine.dispose()
    with clone_database(hotel.engine.url.render_as_string(hide_password=False)) as copy:
        boxes = recovery(copy)
    assert boxes
    shutil.copytree(hotel.custodian.path, tmp_path / "before")
    before = FolderCustodian(tmp_path / "before", roots=roots)
    root = before.root_id()
    assert opened(boxes, hotel.custodian) == opened(boxes, before) == len(boxes)
    ended = None
    while hotel.now.date().isoformat() < said["root_until"]:
        hotel.later(days=1 if hotel.now.date() <= last else 5)
        forgetting.forget(run)
        rotation.turn(run)
        there = opened(boxes, FolderCustodian(hotel.custodian.path, roots=roots))
        assert there == (len(boxes) if hotel.now.date() <= last else 0)
        if ended is None and hotel.custodian.root_id() != root:
            ended = hotel.now.date()
            if roots is None:
                # The copy has its own root until somebody destroys it, which a task asks for.
                assert opened(boxes, before) == len(boxes)
                assert due(hotel, tasks.OLD_ROOT)[0][0] == f"keys/root-{root}"
                assert due(hotel, tasks.OLD_ROOT)[0][1] <= said["root_until"]
                (tmp_path / "before" / f"root-{root}.key").unlink()
        fresh = FolderCustodian(tmp_path / "before", roots=roots)
        assert opened(boxes, fresh) == (0 if ended else len(boxes))
    assert ended is not None
    assert ended <= date.fromisoformat(said["root_until"]) - days.CLEARING


def test_a_copy_made_on_the_last_day_dies_by_the_day_that_was_named(
    hotel: Hotel, tmp_path: Path
) -> None:
    """The worst case: the root began the day the box ended, and the folder was copied then."""
    run = runner(granted(hotel))
    rotation.turn(run)
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    number = hotel.approved(email="ann@example.com")
    hotel.erased(number)
    with hotel.begin() as office:
        said = office.certificate(number)["content"]
    live(hotel, 8)
    assert hotel.now.date().isoformat() > said["recovery_until"]
    rotation.rotate(run, "officer")
    root = hotel.custodian.root_id()
    forgetting.forget(run)
    live(hotel, 29)
    assert hotel.custodian.root_id() == root
    live(hotel, 1)
    assert hotel.custodian.root_id() != root
    assert hotel.now.date() + days.CLEARING <= date.fromisoformat(said["root_until"])


def test_west_of_greenwich_the_day_that_is_named_is_one_later(hotel: Hotel) -> None:
    """What is sealed until a day lies under the key of the UTC day in which that day ends."""
    did = [{"outcome": "seal", "until": "2026-12-01"}]
    place = replace(hotel.settings.properties["sh"], zone="America/Los_Angeles")
    for properties, last in (({}, date(2026, 12, 1)), ({"la": place}, date(2026, 12, 2))):
        mine = {"sh": hotel.settings.properties["sh"], **properties}
        hotel.settings = replace(hotel.settings, properties=mine)
        with hotel.begin() as office:
            named = certifying._root_until(office.work, {"did": did, "recovery": "2026-11-20"})
            terms = [keeping.terms_of(office.work, "x", code, "2026-12-01") for code in mine]
        assert named == days.worthless(last).isoformat()
        assert max(each.last_day for each in terms) == last.isoformat()


def test_nothing_sealed_names_no_day(hotel: Hotel) -> None:
    """Without a recovery window and without sealed rows no copy of keys is dangerous."""
    hotel.settings = type(hotel.settings)(
        **{**vars(hotel.settings), "recovery_days": 0}
    )
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    number = hotel.approved(email="ann@example.com")
    hotel.erased(number)
    with hotel.begin() as office:
        said = office.certificate(number)["content"]
    assert (said["recovery_until"], said["root_until"]) == ("", "")


def test_confirmations_from_before_count_for_no_other_root(lawful: Hotel) -> None:
    """What stands as confirmed is compared with the keys, so that a forged name opens nothing."""
    with lawful.begin() as office:
        pulse.put(
            office.work.conn, copies.NEXT,
            pulse.Pulse(office.work.stamp, "0" * 64, "a1", "a2"),
        )
        assert not copies.confirmed(office.work)
