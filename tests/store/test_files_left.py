"""A file that stays is told as left: nobody reads "erased" while a scan lies in its folder."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from flask_guesterase.core.errors import BusyError, FullError, RetryableError
from flask_guesterase.core.finding import Finding
from flask_guesterase.core.policy import Blocker
from flask_guesterase.core.seal import Terms
from flask_guesterase.store import sweep, tables, worker
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.executing import finishing, forgetting
from flask_guesterase.store.executing.concluding import FILE_STAYS
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.messages import outbox
from flask_guesterase.store.recovery import named
from flask_guesterase.store.upkeep import dispatch, watch
from flask_guesterase.store.work import Work
from tests.store.hotel import Hotel, Scan
from tests.store.test_holds import Inn
from tests.store.test_outbox import Post, go, render, run


@pytest.fixture
def scanned(hotel: Hotel) -> tuple[Hotel, Path, str]:
    """A guest with a scan, whose erasure was approved."""
    hotel.guest(1, name="Ann", email="ann@mail.example")
    hotel.put(Scan, id=1, guest_id=1, path="ann.png")
    file = hotel.files / "ann.png"
    file.write_bytes(b"x")
    return hotel, file, hotel.approved(email="ann@mail.example")


@pytest.mark.parametrize("whole", [False, True])
def test_a_file_that_another_guests_row_names_goes_with_the_last_of_them(
    hotel: Hotel, whole: bool
) -> None:
    """Two share one scan, however each row writes its name: it is the other's too."""
    file = hotel.files / "both.png"
    file.write_bytes(b"x")
    (hotel.files / "nobody.png").write_bytes(b"x")
    for id, path in ((1, "./both.png"), (2, str(file) if whole else "both.png")):
        hotel.guest(id, name=f"G{id}", email=f"g{id}@mail.example")
        hotel.put(Scan, id=id, guest_id=id, path=path)
    for id, there in ((1, True), (2, False)):
        number = hotel.approved(email=f"g{id}@mail.example")
        run(hotel)(lambda office, number=number: office.erase(number))
        go(hotel, Post())
        assert file.exists() is there, id
    assert certified(hotel) == [("erased", [])] * 2


STAYS = [{"table": "files", "rows": 1, "reason": FILE_STAYS}]
"""What a certificate says of one file that could not be removed."""


def certified(hotel: Hotel) -> list[tuple[str, list[Any]]]:
    """Return state and remainder of each certificate, the oldest first."""
    bodies = sorted(hotel.ours("certificate"), key=lambda row: row["supplement"])
    said = [json.loads(row["body"])["content"] for row in bodies]
    return [(each["state"], each["partial"]) for each in said]


def removal(hotel: Hotel) -> dict[str, Any]:
    """Return the one parcel that removes a file."""
    (parcel,) = [row for row in hotel.ours("outbox") if row["kind"] == "file"]
    return parcel


def box(hotel: Hotel) -> dict[str, Any]:
    """Return the box in which its name lies."""
    (found,) = [row for row in hotel.ours("box") if row["id"] == removal(hotel)["box"]]
    return found


def deal(hotel: Hotel) -> None:
    """Let a person say that the file was dealt with."""
    with hotel.begin() as office:
        office.printed(removal(hotel)["id"], "clerk")


def nearly(hotel: Hotel) -> None:
    """Let everything that is to be removed have failed as often as it may, but once."""
    with hotel.engine.begin() as conn:
        conn.execute(
            tables.outbox.update().where(tables.outbox.c.kind == "file")
            .values(attempts=outbox.TRIES - 1)
        )  # fmt: skip


def refused(hotel: Hotel, file: Path) -> None:
    """Let a folder stand where a file should, until nobody tries to remove it any more."""
    file.unlink()
    file.mkdir()
    go(hotel, Post())
    nearly(hotel)
    hotel.later(days=1)
    go(hotel, Post())
    assert removal(hotel)["state"] == "failed"


@pytest.mark.parametrize("door", ["worker", "page"])
def test_a_file_goes_before_anybody_says_that_all_is_gone(
    scanned: tuple[Hotel, Path, str], monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    """When the certificate is issued the scan is not in its folder any more."""
    hotel, file, number = scanned
    there = []
    look = worker.residue.searched

    def searched(*given: Any, **named: Any) -> Any:
        there.append(file.exists())
        return look(*given, **named)

    monkeypatch.setattr(worker.residue, "searched", searched)
    if door == "page":
        assert worker.carry_out(run(hotel), number) == "erased"
    else:
        assert go(hotel, Post()).counts["files"] == 1
    assert there == [False]
    assert certified(hotel) == [("erased", [])]


def tried(hotel: Hotel, number: str, door: str) -> None:
    """Carry a request out, or go on with it."""
    if door == "page":
        worker.carry_out(run(hotel), number)
    else:
        go(hotel, Post())


def test_a_share_that_is_not_mounted_keeps_the_certificate_waiting(
    scanned: tuple[Hotel, Path, str]
) -> None:
    """A scan nobody can see now comes back with its share: it is removed before it is certified."""
    hotel, file, number = scanned
    away = hotel.files.rename(hotel.files.with_name("share"))
    assert worker.carry_out(run(hotel), number) == "checking"
    assert certified(hotel) == []
    away.rename(hotel.files)
    hotel.later(minutes=2)
    go(hotel, Post())
    assert not file.exists()
    assert certified(hotel) == [("erased", [])]


def test_a_file_whose_name_cannot_be_read_keeps_nobody_else_waiting(
    scanned: tuple[Hotel, Path, str]
) -> None:
    """Its key is damaged: its own certificate waits for it, another guest's search is made."""
    hotel, file, number = scanned
    with hotel.begin() as office:
        office.erase(number).settled()
    key = hotel.custodian.path / "key-day-2026-04-10.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    hotel.later(days=2)
    hotel.guest(2, name="Bea", email="bea@mail.example")
    other = hotel.approved(email="bea@mail.example")
    worker.carry_out(run(hotel), other)
    assert [hotel.state(n) for n in (number, other)] == ["checking", "erased"]
    key.write_bytes(whole)
    hotel.later(minutes=2)
    go(hotel, Post())
    assert not file.exists()
    assert hotel.state(number) == "erased"


@pytest.mark.parametrize("door", ["worker", "page"])
def test_a_file_that_is_tried_again_keeps_the_certificate_waiting(
    scanned: tuple[Hotel, Path, str], monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    """The folder refuses for a minute: nothing is read or said meanwhile, then all is erased."""
    hotel, file, number = scanned
    file.unlink()
    file.mkdir()
    tried(hotel, number, door)
    with monkeypatch.context() as patched:
        patched.delattr(worker.residue, "searched")
        tried(hotel, number, door)
    assert (hotel.state(number), certified(hotel)) == ("checking", [])
    cured(file)
    hotel.later(minutes=1)
    tried(hotel, number, door)
    assert not file.exists()
    assert (hotel.state(number), certified(hotel)) == ("erased", [("erased", [])])


def test_a_worker_whose_clock_is_behind_certifies_nothing_while_the_file_is_there(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """Two seconds behind who erased: the removal is not due for it, and it waits for that."""
    hotel, file, number = scanned
    with hotel.begin() as office:
        office.erase(number)
    hotel.now -= timedelta(seconds=2)
    go(hotel, Post())
    assert file.exists()
    assert (hotel.state(number), certified(hotel)) == ("checking", [])
    hotel.now += timedelta(seconds=2)
    go(hotel, Post())
    assert not file.exists()
    assert certified(hotel) == [("erased", [])]


def test_a_file_that_stays_is_told_as_left_until_a_person_looked(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """After the last try: not complete, with the reason; then the certificate that it is."""
    hotel, file, number = scanned
    file.unlink()
    file.mkdir()
    for minutes in (0, *outbox.BACK_OFF):
        hotel.later(minutes=minutes)
        assert hotel.state(number) != "erased"
        go(hotel, Post())
    go(hotel, Post())
    assert (hotel.state(number), certified(hotel)) == ("partial", [("partial", STAYS)])
    file.rmdir()
    deal(hotel)
    assert worker.look_again(run(hotel), number)
    assert certified(hotel) == [("partial", STAYS), ("erased", [])]


@pytest.mark.parametrize("refuses", [False, True])
def test_what_the_hotel_kept_is_gone_with_its_file_and_not_before(
    scanned: tuple[Hotel, Path, str], refuses: bool
) -> None:
    """The supplement that all is gone comes when the file is, be it that a person had to look."""
    hotel, file, number = scanned
    hotel.blockers = (
        Blocker("copied", "scans", lambda scans, today: scans.c.id == 1, needs={"scans": ["path"]}),
    )
    go(hotel, Post())
    hotel.blockers = ()
    if refuses:
        file.unlink()
        file.mkdir()
    hotel.later(days=1)
    finishing.finish(run(hotel))
    assert (hotel.state(number), certified(hotel)) == ("sealed", [("sealed", [])])
    for minutes in (0, *outbox.BACK_OFF, 0) if refuses else (0, 0):
        hotel.later(minutes=minutes)
        go(hotel, Post())
    if refuses:
        assert hotel.state(number) == "sealed"
        file.rmdir()
        deal(hotel)
        go(hotel, Post())
        go(hotel, Post())
    assert not file.exists()
    assert (hotel.state(number), certified(hotel)) == ("erased", [("sealed", []), ("erased", [])])


def swept(hotel: Hotel, name: str = "x") -> None:
    """Let a sweep want a file removed that no request is about."""
    with hotel.begin() as office:
        outbox.queue_file(office.work, outbox.Post("pine-ltd", "sh", "zh"), str(hotel.files), name)


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("days", [0, 40])
def test_a_share_that_is_away_for_long_is_waited_for(
    any_hotel: Hotel, asked: bool, days: int
) -> None:
    """Over a long weekend, or for longer than a name is kept: nobody says that the file is gone,
    and it goes once its folder is back."""
    hotel, file = any_hotel, any_hotel.files / "x"
    file.write_bytes(b"x")
    if asked:
        hotel.guest(1, name="Ann", email="ann@mail.example")
        hotel.put(Scan, id=1, guest_id=1, path="x")
        hotel.approved(email="ann@mail.example")
    else:
        swept(hotel)
    away = hotel.files.rename(hotel.files.with_name("share"))
    for minutes in (0, *outbox.BACK_OFF, *[1440 * 4] * (days // 4)):
        hotel.later(minutes=minutes)
        go(hotel, Post())
    assert (removal(hotel)["state"], removal(hotel)["problem"]) == ("queued", "AwayError")
    left = [("partial", STAYS)] if asked else []
    assert (certified(hotel), "message-failed" in hotel.events) == (left, False)
    away.rename(hotel.files)
    hotel.later(days=1)
    go(hotel, Post())
    assert (file.exists(), removal(hotel)["state"]) == (False, "sent")
    if asked:
        swept_over(hotel)
        # A sweep says, in one more, how deep the erasure reached.
        assert certified(hotel)[:2] == [*left, ("erased", [])]


def test_an_erasure_whose_share_is_away_is_answered_and_goes_on_by_itself(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """After two days its guest reads that a file stays; nobody has to do more than mount it."""
    hotel, file, number = scanned
    away = hotel.files.rename(hotel.files.with_name("share"))
    for minutes in (0, *outbox.BACK_OFF):
        assert hotel.state(number) in ("approved", "checking")
        hotel.later(minutes=minutes)
        go(hotel, Post())
    assert (hotel.state(number), certified(hotel)) == ("partial", [("partial", STAYS)])
    for _ in range(2):
        hotel.later(days=1)
        swept_over(hotel)
    with hotel.begin() as office:
        assert office.restoration(number)["until"]
    assert (hotel.state(number), removal(hotel)["state"]) == ("partial", "queued")
    away.rename(hotel.files)
    hotel.later(days=1)
    swept_over(hotel)
    assert (file.exists(), hotel.state(number)) == (False, "erased")
    assert certified(hotel)[:2] == [("partial", STAYS), ("erased", [])]


@pytest.mark.parametrize("away", [len(outbox.BACK_OFF), len(outbox.BACK_OFF) + 2])
def test_a_file_that_fails_once_its_share_is_back_is_tried_as_often_as_any_other(
    scanned: tuple[Hotel, Path, str], away: int
) -> None:
    """Each try before was of a folder that was not there: the next ones are the first of its own,
    also where the share goes away once more meanwhile, and they come to an end."""
    hotel, file, number = scanned
    share = hotel.files.with_name("share")
    hotel.files.rename(share)
    for _ in range(away):
        go(hotel, Post())
        hotel.later(days=1)
    share.rename(hotel.files)
    file.unlink()
    file.mkdir()
    for nth, minutes in enumerate((0, *outbox.BACK_OFF)):
        assert removal(hotel)["state"] == "queued"
        hotel.later(minutes=minutes)
        if nth == 4:
            hotel.files.rename(share)
            go(hotel, Post())
            hotel.later(days=1)
            share.rename(hotel.files)
        go(hotel, Post())
    assert (removal(hotel)["state"], hotel.events.count("message-failed")) == ("failed", 1)
    go(hotel, Post())
    assert (hotel.state(number), certified(hotel)) == ("partial", [("partial", STAYS)])


@pytest.mark.parametrize("then", ["queued", "claimed", "failed"])
def test_a_guest_does_not_read_last_that_a_file_stays_that_is_gone(
    scanned: tuple[Hotel, Path, str], then: str
) -> None:
    """The mail server is down for days: of two letters the newer one is tried again sooner, and
    the older one would arrive behind it, or wait for somebody to print it."""
    hotel, file, number = scanned
    down = Post()
    down.problem = OSError()
    file.unlink()
    file.mkdir()
    for minutes in (0, *outbox.BACK_OFF, *outbox.BACK_OFF[: 8 if then == "failed" else 6]):
        hotel.later(minutes=minutes)
        go(hotel, down)
    assert hotel.state(number) == "partial"
    if then == "claimed":
        hotel.later(minutes=outbox.BACK_OFF[6])
        with hotel.begin() as office:
            assert dispatch.claim(office.work, frozenset({"smtp"}))
    file.rmdir()
    deal(hotel)
    assert worker.look_again(run(hotel), number)
    back = Post()
    for _ in range(3):
        go(hotel, back)
        hotel.later(days=1)
    told = [letter.params["state"] for letter in back.sent if letter.template == "done"]
    assert (hotel.state(number), told) == ("erased", ["erased"])
    with hotel.begin() as office:
        assert "done" not in [letter["template"] for letter in office.letters("clerk")]


def test_an_erasure_is_carried_out_at_a_page_while_its_share_is_away_for_days(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """Who tries it there after the last of the tries that others have gets the certificate too."""
    hotel, _, number = scanned
    hotel.files.rename(hotel.files.with_name("share"))
    for minutes in (0, *outbox.BACK_OFF):
        hotel.later(minutes=minutes)
        state = worker.carry_out(run(hotel), number)
    assert (state, certified(hotel)) == ("partial", [("partial", STAYS)])


def swept_over(hotel: Hotel) -> None:
    """Let the sweep of a night do what is due."""
    sweep.sweep(run(hotel), render, {"smtp": Post()})


def test_a_folder_that_is_away_is_told_as_long_as_a_file_is_to_be_removed_from_it(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """The erased row was the last that named a file there: the folder is named all the same."""
    hotel, file, _ = scanned
    away = hotel.files.rename(hotel.files.with_name("share"))
    go(hotel, Post())
    assert hotel.rows(Scan) == []
    for _ in range(4):
        hotel.later(days=1)
        (told,) = found(hotel)
        assert str(hotel.files) in told.message
        assert file.name not in told.message + told.hint
        go(hotel, Post())
    away.rename(hotel.files)
    assert found(hotel) == []


def cured(file: Path) -> None:
    """Put a file again where a folder kept it from being removed."""
    file.rmdir()
    file.write_bytes(b"x")


def found(hotel: Hotel) -> list[Finding]:
    """Return what `check` says of folders that are away."""
    with hotel.begin() as office:
        return [each for each in watch.findings(office.work) if each.id == "files-away"]


def test_nobody_is_believed_that_a_file_is_gone_while_it_lies_there(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """Whoever dealt with it lets it be removed again: what is there is told as left meanwhile."""
    hotel, file, number = scanned
    refused(hotel, file)
    for _ in range(2):
        # Twice: a button that is pressed again does no more.
        deal(hotel)
    assert worker.look_again(run(hotel), number)
    assert (hotel.state(number), "file-removed" in hotel.events) == ("partial", False)
    cured(file)
    hotel.later(minutes=1)
    assert worker.look_again(run(hotel), number)
    assert (file.exists(), hotel.events.count("file-removed")) == (False, 1)
    assert [state for state, _ in certified(hotel)] == ["partial", "erased"]


def test_a_file_that_nobody_dealt_with_for_months_can_still_be_removed(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """Its name is kept as long as it is to be removed, and not a month alone."""
    hotel, file, _ = scanned
    refused(hotel, file)
    for _ in range(4):
        hotel.later(days=20)
        go(hotel, Post())
    cured(file)
    deal(hotel)
    go(hotel, Post())
    assert not file.exists()
    # What was kept of its name ends with it.
    assert removal(hotel)["box"] is None


def test_a_file_whose_name_nobody_can_read_any_more_is_a_persons_word(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """Its key is gone: nothing can be removed by it, and nobody is asked for ever."""
    hotel, file, _ = scanned
    refused(hotel, file)
    hotel.custodian.forget(box(hotel)["label"])
    deal(hotel)
    assert removal(hotel)["state"] == "sent"
    assert "file-removed" in hotel.events


def test_a_file_outside_of_its_folder_is_a_persons_word(hotel: Hotel) -> None:
    """Nothing outside is ever removed by us, however often it is tried."""
    (hotel.files / "other").touch()
    swept(hotel, "../x")
    for minutes in (0, *outbox.BACK_OFF):
        hotel.later(minutes=minutes)
        go(hotel, Post())
    assert removal(hotel)["state"] == "failed"
    deal(hotel)
    assert removal(hotel)["state"] == "sent"


def test_a_name_whose_key_cannot_be_read_now_is_waited_for(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """A damaged key may be put back: until then no day ends it, and no person's word does."""
    hotel, file, _ = scanned
    refused(hotel, file)
    key = hotel.custodian.path / f"key-{box(hotel)['label'].replace(':', '-')}.json"
    whole = key.read_bytes()
    key.write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    hotel.later(days=40)
    assert go(hotel, Post()).problems["forget"] == "SealError"
    deal(hotel)
    assert removal(hotel)["state"] == "queued"
    key.write_bytes(whole)
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    cured(file)
    hotel.later(days=1)
    go(hotel, Post())
    assert not file.exists()


def test_a_name_whose_key_is_damaged_for_good_ends_once_that_is_taken_away(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """The way out where no copy has the key: nobody is asked for ever, and a person is believed."""
    hotel, file, number = scanned
    refused(hotel, file)
    key = hotel.custodian.path / f"key-{box(hotel)['label'].replace(':', '-')}.json"
    key.write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)
    hotel.later(days=40)
    deal(hotel)
    assert "forget" in go(hotel, Post()).problems
    key.unlink()
    hotel.later(days=1)
    for _ in range(2):
        problems = go(hotel, Post()).problems
    assert ("forget" in problems, removal(hotel)["state"]) == (False, "failed")
    file.rmdir()
    deal(hotel)
    assert removal(hotel)["state"] == "sent"
    swept_over(hotel)
    assert hotel.state(number) == "erased"


def closing(hotel: Hotel, days: int, how: str) -> None:
    """Lose, or damage, the keys of so many days, from a month on; something lies under each."""
    for more in range(days):
        day = (hotel.now.date() + timedelta(days=outbox.BOX_DAYS + more)).isoformat()
        with hotel.begin() as office:
            safe.keep(office.work, Terms("pine-ltd", "message", day), {}, None)
        if how == "lost":
            hotel.custodian.forget(f"day:{day}")
        else:
            (hotel.custodian.path / f"key-day-{day}.json").write_bytes(b"")
    hotel.custodian = FolderCustodian(hotel.custodian.path)


@pytest.mark.parametrize("how", ["lost", "damaged"])
@pytest.mark.parametrize(("days", "problem"), [(2, False), (outbox.BOX_DAYS, True)])
def test_a_name_is_kept_where_the_key_of_its_next_day_cannot_be_had(
    scanned: tuple[Hotel, Path, str], how: str, days: int, problem: bool
) -> None:
    """It gets the first day that has a key, or keeps its own: nobody is believed for another's."""
    hotel, file, _ = scanned
    refused(hotel, file)
    before = box(hotel)["label"]
    hotel.later(days=40)
    closing(hotel, days, how)
    problems = go(hotel, Post()).problems
    assert (box(hotel)["label"] == before, "forget" in problems) == (problem, problem)
    deal(hotel)
    assert removal(hotel)["state"] == "queued"
    cured(file)
    go(hotel, Post())
    assert not file.exists()


def test_the_names_of_many_files_get_another_day_a_hundred_at_a_time(any_hotel: Hotel) -> None:
    """What is erased meanwhile, and who places a hold, waits for no more than that."""
    hotel, counts = any_hotel, [0]
    with hotel.begin() as office:
        post = outbox.Post("pine-ltd", "sh", "zh")
        for id in range(230):
            outbox.queue_file(office.work, post, str(hotel.files), f"{id}.png")
    hotel.later(days=40)

    def executed(*given: Any) -> None:
        counts[-1] += str(given[2]).startswith("UPDATE guesterase_box")

    def one(unit: Any) -> Any:
        counts.append(0)
        return run(hotel)(unit)

    event.listen(hotel.engine, "before_cursor_execute", executed)
    forgetting.forget(one)
    assert max(counts) <= 101
    assert sum(counts) >= 230
    day = (hotel.now.date() + timedelta(days=outbox.BOX_DAYS)).isoformat()
    kept = {(row["label"], row["last_day"], row["wrapped"] is None) for row in hotel.ours("box")}
    assert kept == {(f"day:{day}", day, False)}


def test_a_person_reads_in_which_folder_a_file_lies_and_not_its_name(
    scanned: tuple[Hotel, Path, str],
) -> None:
    """The folder is what a host declared; the name of a file in it may be a guest's."""
    hotel, file, _ = scanned
    refused(hotel, file)
    with hotel.begin() as office:
        (shown,) = [each for each in office.letters("clerk") if each["kind"] == "file"]
    assert shown["root"] == str(hotel.files)
    assert file.name not in str(shown)


def test_a_file_whose_turn_comes_late_goes_when_what_went_before_it_is_forgotten(
    sqlite_url: str, tmp_path: Path
) -> None:
    """One scan at once, two when their holds are lifted: parcels are kept for 90 days alone."""
    inn = Inn(sqlite_url, tmp_path)
    inn.guest(1, name="Ann", email="ann@mail.example")
    for id in (1, 2, 3):
        inn.put(Scan, id=id, guest_id=1, path=f"{id}.png")
        (inn.files / f"{id}.png").write_bytes(b"x")
    holds = {id: inn.hold("record", "scans", str(id)) for id in (2, 3)}
    number = inn.approved(email="ann@mail.example")
    inn.sweep()
    there = []
    for id, days in ((2, 60), (3, 36)):
        inn.later(days=days)
        inn.sweep()
        inn.lift(holds[id])
        for _ in range(2):
            inn.sweep()
            inn.later(days=1)
        there.append(sorted(path.name for path in inn.files.glob("*.png")))
    assert there == [["3.png"], []]
    assert inn.state(number) == "erased"
    inn.engine.dispose()


def test_a_lock_that_one_file_meets_is_no_try_of_the_others_in_its_folder(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was never tried is not told as a file that could not be removed, however often a
    writer of the host's is met first."""
    hotel.guest(1, name="Ann", email="ann@mail.example")
    for id in range(1, 4):
        (hotel.files / f"{id}.png").write_bytes(b"x")
        hotel.put(Scan, id=id, guest_id=1, path=f"{id}.png")
    number = hotel.approved(email="ann@mail.example")
    with hotel.begin() as office:
        office.erase(number)
    asked, look = list[int](), named.is_named

    def held(work: Work, parcel: outbox.Parcel, looked: bool) -> bool:
        asked.append(parcel.id)
        if len(asked) == 1:
            raise BusyError("Another transaction holds the rows that are needed.")
        return look(work, parcel, looked)

    monkeypatch.setattr(named, "is_named", held)
    go(hotel, Post())
    rows = [row for row in hotel.ours("outbox") if row["kind"] == "file"]
    assert [(row["attempts"], row["problem"]) for row in rows] == [
        (1, "BusyError"), (0, None), (0, None),
    ]  # fmt: skip
    hotel.later(minutes=2)
    go(hotel, Post())
    assert list(hotel.files.glob("*.png")) == []


def test_a_search_made_once_more_certifies_nothing_while_a_file_is_put_off(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not tried yet, as another one of its folder met a lock just now, and lies there."""
    numbers = []
    for id in (1, 2):
        hotel.guest(id, name=f"G{id}", email=f"g{id}@mail.example")
        (hotel.files / f"{id}.png").write_bytes(b"x")
        hotel.put(Scan, id=id, guest_id=id, path=f"{id}.png")
        numbers.append(hotel.approved(email=f"g{id}@mail.example"))

    def held(*_: Any) -> bool:
        raise BusyError("Another transaction holds the rows that are needed.")

    with monkeypatch.context() as locked:
        locked.setattr(named, "is_named", held)
        go(hotel, Post())
    for number in numbers:
        assert worker.look_again(run(hotel), number)
        assert hotel.state(number) == "checking"
    hotel.later(minutes=2)
    go(hotel, Post())
    assert list(hotel.files.glob("*.png")) == []
    assert certified(hotel) == [("erased", [])] * 2


@pytest.mark.parametrize("problem", [FullError, RetryableError])
def test_a_file_is_not_given_up_for_a_disk_that_is_full(
    hotel: Hotel, monkeypatch: pytest.MonkeyPatch, problem: type[BusyError]
) -> None:
    """It waits, as for a database that is away, and goes once there is room."""
    hotel.guest(1, name="Ann", email="ann@mail.example")
    (hotel.files / "1.png").write_bytes(b"x")
    hotel.put(Scan, id=1, guest_id=1, path="1.png")
    number = hotel.approved(email="ann@mail.example")
    with hotel.begin() as office:
        office.erase(number)

    def full(*_: Any) -> bool:
        raise problem("The disk of the database is full.")

    with monkeypatch.context() as broken:
        broken.setattr(named, "is_named", full)
        go(hotel, Post())
        nearly(hotel)
        for _ in range(3):
            hotel.later(days=2)
            go(hotel, Post())
    hotel.later(days=2)
    (row,) = (row for row in hotel.ours("outbox") if row["kind"] == "file")
    assert (row["state"], row["attempts"], row["problem"]) == (
        outbox.QUEUED, outbox.TRIES, problem.__name__,
    )  # fmt: skip
    go(hotel, Post())
    assert list(hotel.files.glob("*.png")) == []
