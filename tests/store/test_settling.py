"""Boxes judged again while somebody places a hold: what is held stays, and under the hold's key."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, delete, event, insert, text, update

from flask_guesterase.core.errors import KeyMissingError
from flask_guesterase.core.holding import HoldQuery, Wanted
from flask_guesterase.core.seal import day_label
from flask_guesterase.core.treatment import retain
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.executing import forgetting, settling
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.lawbook import rulebook
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.upkeep import consistency
from tests.store.test_expiry import BILLS, METADATA, PACK, PEOPLE, Inn, any_inn, boxed, inn
from tests.zealand import rule

__all__ = ["any_inn", "inn"]

LATER = "2040-01-01"


def retained(inn: Inn) -> dict[str, Any]:
    """Return the one box that the law keeps."""
    (row,) = [row for row in inn.ours("box") if row["purpose"] == "retention"]
    return row


def kept_longer(inn: Inn) -> None:
    """Let the law have kept until now for longer what lies in the box."""
    kept, box, id = tables.kept, tables.box, retained(inn)["id"]
    with inn.begin() as office:
        conn = office.work.conn
        conn.execute(update(kept).where(kept.c.box == id).values(until=LATER))
        conn.execute(update(box).where(box.c.id == id).values(last_day=LATER))
        vault.rewrap(conn, inn.custodian, [id], day_label(LATER))


@pytest.mark.parametrize("days", [3 * 366, 100], ids=["over", "another day"])
def test_a_box_that_is_held_while_it_is_judged_stays_under_the_hold(
    any_inn: Inn, days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was read as nobody's hold; the officer placed one before anything was done about it."""
    inn, placed, verdict = any_inn, list[int](), settling.verdict
    inn.grants["officer"].add("hold")
    boxed(inn)
    inn.person(1, date(2026, 3, 1))
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    kept_longer(inn)
    inn.later(days=days)

    def hold() -> None:
        with inn.begin() as office:
            wanted = Wanted("record", "court-order", PEOPLE.name, "1")
            placed.append(office.place_hold(wanted, "officer"))

    def judged(*given: Any) -> Any:
        # SQLite lets only one of them in at a time, so they cannot meet there.
        if not placed and inn.engine.dialect.name != "sqlite":
            officer = threading.Thread(target=hold)
            officer.start()
            officer.join()
        return verdict(*given)

    if inn.engine.dialect.name == "sqlite":
        hold()
    monkeypatch.setattr(settling, "verdict", judged)
    settling.settled(inn.run)
    box = retained(inn)
    assert (box["label"], box["forgotten_at"]) == (f"hold:{placed[0]}", None)
    with inn.begin() as office:
        assert vault.unseal(office.work.conn, inn.custodian, [box["id"]])


class Asked(Inn):
    """A hotel whose host registered a query."""

    @contextmanager
    def begin(self) -> Iterator[Office]:
        """Open the office with what the host registered."""
        with super().begin() as office:
            named = HoldQuery("vip", PEOPLE.name, lambda people: people.c.visa == "VIP")
            office.work.queries = {"vip": named}
            yield office


@pytest.mark.parametrize("unread", [False, True], ids=["reached later", "unread then"])
def test_a_box_that_a_hold_reaches_by_now_is_not_ended_by_a_shorter_law(
    database_url: str, tmp_path: Path, unread: bool
) -> None:
    """The row came under the query after the hold was placed, or the key of the box could not be
    read then: on its day it would be put under the hold's key, and so it is when it ends early."""
    inn = Asked(database_url, tmp_path)
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    boxed(inn)
    inn.person(1, date(2025, 5, 1))
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    kept_longer(inn)
    label, id = retained(inn)["label"], retained(inn)["id"]
    assert label == day_label(LATER)
    key = inn.custodian.path / f"key-{label.replace(':', '-', 1)}.json"
    whole = key.read_bytes()
    if unread:
        key.write_bytes(b"")
        inn.custodian = FolderCustodian(inn.custodian.path)
        wanted = Wanted("record", "court-order", PEOPLE.name, "1")
    else:
        wanted = Wanted("query", "court-order", query="vip", property="sh")
    hold = inn.run(lambda office: office.place_hold(wanted, "officer"))
    key.write_bytes(whole)
    inn.custodian = FolderCustodian(inn.custodian.path)
    assert retained(inn)["label"] == label
    inn.set(PEOPLE, 1, visa="VIP")
    inn.later(days=80)
    with inn.begin() as office:
        # As after a change of the law all boxes are judged.
        office.work.conn.execute(update(tables.kept).values(until="2026-05-29"))
    settling.settled(inn.run)
    box = retained(inn)
    assert (box["label"], box["forgotten_at"]) == (f"hold:{hold}", None)
    with inn.begin() as office:
        assert vault.unseal(office.work.conn, inn.custodian, [id])
    for by in ("officer", "second"):
        inn.run(lambda office, by=by: office.lift(hold, by))
    settling.settled(inn.run)
    assert retained(inn)["forgotten_at"] is not None
    inn.engine.dispose()


def box_of_one(inn: Inn) -> None:
    """Erase a guest who left on the first of March 2026: the register lies in a box for a year."""
    boxed(inn)
    inn.person(1, date(2026, 3, 1))
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    assert retained(inn)["label"] == day_label("2027-03-01")


def looked(inn: Inn, day: date) -> tuple[str, bool]:
    """Forget what is over on a day; return the label of the one box, and whether it ended."""
    inn.later(days=(day - inn.now.date()).days)
    forgetting.forget(inn.run)
    box = retained(inn)
    return str(box["label"]), box["forgotten_at"] is not None


def says(inn: Inn, **values: Any) -> None:
    """Let the host write something into the guest's row."""
    with inn.engine.begin() as conn:
        conn.execute(update(PEOPLE).where(PEOPLE.c.id == 1).values(values))


def test_a_stay_that_was_made_longer_after_it_was_sealed_keeps_its_box(any_inn: Inn) -> None:
    """The guest came back, and the stay was opened again: the year runs from the later day (P3)."""
    inn = any_inn
    box_of_one(inn)
    says(inn, seen=date(2026, 3, 20))
    inn.later(days=(date(2027, 2, 27) - inn.now.date()).days)
    for _ in range(2):
        settling.settled(inn.run)
        assert retained(inn)["label"] == day_label("2027-03-20")
        assert inn.ours("kept")[0]["until"] == "2027-03-20"
    assert consistency.unfit(inn.run) == []


def test_a_later_day_of_one_box_is_nobody_elses(inn: Inn) -> None:
    """Each stays until its own: a day of another's would end it early, or keep it too long."""
    box_of_one(inn)
    inn.person(2, date(2026, 3, 8))
    assert inn.erased(inn.approved(email="p2@mail.example")) == "sealed"
    says(inn, seen=date(2026, 3, 20))
    inn.later(days=(date(2027, 2, 27) - inn.now.date()).days)
    settling.settled(inn.run)
    days = {row["row_key"]: row["until"] for row in inn.ours("kept")}
    assert days == {"int:1": "2027-03-20", "int:2": "2027-03-08"}


def test_a_box_that_a_shorter_law_ends_is_found_in_the_register_no_more(inn: Inn) -> None:
    """By night and room it would be found that somebody was there whose line had to go."""
    box_of_one(inn)
    kept_longer(inn)
    with inn.engine.begin() as conn:
        conn.execute(insert(tables.shelf).values(
            box=retained(inn)["id"], label=day_label(LATER), property="sh",
            table_name=PEOPLE.name, room="11", first_night="2026-02-27", last_night="2026-02-28",
        ))  # fmt: skip
    inn.later(days=2 * 366)
    settling.settled(inn.run)
    assert retained(inn)["forgotten_at"] is not None
    assert inn.ours("shelf") == []


class Audited(Inn):
    """A hotel under a law that keeps one thing for longer than the register."""

    pack = PACK + rule("audits", "audit_record", 6, 'floor = "P9Y"', 'clock = ["last_activity"]')


def test_a_box_is_judged_by_what_its_column_was_called_as_well(
    sqlite_url: str, tmp_path: Path
) -> None:
    """One person's other word for it, before it was sealed, ends it no earlier afterwards (P11)."""
    inn, day = Audited(sqlite_url, tmp_path), day_label("2035-03-01")
    people, bills = (inn.datamap.tables[name].policy for name in ("people", "bills"))
    for category in ("audit_record", "guest_register"):
        policy = replace(people, columns={**people.columns, "visa": retain(category)})
        inn.datamap = resolve([(PEOPLE, policy), (BILLS, bills)], METADATA.tables.values(), [])
        with inn.begin() as office:
            rulebook.sync(office.work)
    boxed(inn)
    inn.person(1, date(2026, 3, 1))
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    assert retained(inn)["label"] == day
    inn.later(days=2 * 366)
    settling.settled(inn.run)
    assert (retained(inn)["label"], retained(inn)["forgotten_at"]) == (day, None)
    inn.engine.dispose()


def test_a_stay_that_was_made_longer_ends_on_its_own_day(inn: Inn) -> None:
    """Once more it is later, and then it is over."""
    box_of_one(inn)
    says(inn, seen=date(2026, 3, 20))
    assert looked(inn, date(2027, 3, 1)) == (day_label("2027-03-20"), False)
    says(inn, seen=date(2026, 3, 22))
    assert looked(inn, date(2027, 3, 20)) == (day_label("2027-03-22"), False)
    assert not looked(inn, date(2027, 3, 22))[1]
    assert looked(inn, date(2027, 3, 23))[1]


@pytest.mark.parametrize("longer", [True, False])
def test_a_box_that_was_open_ends_by_the_later_day_of_its_row(
    sqlite_url: str, tmp_path: Path, longer: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody signs the pack only after its year, in which the stay was made longer (P3)."""
    with monkeypatch.context() as unsigned:
        unsigned.setattr(Office, "sign_pack", lambda *given: None)
        inn = Inn(sqlite_url, tmp_path)
    boxed(inn)
    inn.person(1, date(2026, 3, 1))
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    assert (inn.ours("kept")[0]["until"], inn.ours("kept")[0]["open"]) == (None, "draft")
    if longer:
        says(inn, seen=date(2027, 1, 15))
    inn.later(days=(date(2027, 4, 1) - inn.now.date()).days)
    with inn.begin() as office:
        office.sign_pack("NZ", "officer")
    settling.settled(inn.run)
    box = retained(inn)
    assert (box["forgotten_at"] is None) == longer
    if longer:
        assert box["label"] == day_label("2028-01-15")
    inn.engine.dispose()


def test_a_box_that_a_shorter_law_ends_stays_for_the_later_day_of_its_row(any_inn: Inn) -> None:
    """The law kept it for longer until now, so that its row was not asked when its year ended."""
    inn = any_inn
    box_of_one(inn)
    kept_longer(inn)
    says(inn, seen=date(2027, 1, 15))
    inn.later(days=(date(2027, 4, 1) - inn.now.date()).days)
    settling.settled(inn.run)
    box = retained(inn)
    assert (box["label"], box["forgotten_at"]) == (day_label("2028-01-15"), None)


def undated(inn: Inn) -> None:
    """Erase a guest of whom nobody knows when they left: the box has no end."""
    boxed(inn)
    inn.person(1, None)
    assert inn.erased(inn.approved(email="p1@mail.example")) == "sealed"
    assert [(row["until"], row["open"]) for row in inn.ours("kept")] == [(None, "no-clock")]


def test_a_box_without_a_day_gets_it_when_the_row_tells_it(any_inn: Inn) -> None:
    """The host's data end what waits for a date: the departure was written down since."""
    inn = any_inn
    undated(inn)
    inn.later(days=1)
    settling.settled(inn.run)
    assert retained(inn)["label"].startswith("open:")
    says(inn, seen=date(2026, 3, 20))
    settling.settled(inn.run)
    assert [(row["until"], row["open"]) for row in inn.ours("kept")] == [("2027-03-20", "")]
    assert retained(inn)["label"] == day_label("2027-03-20")
    assert consistency.unfit(inn.run) == []


@pytest.mark.parametrize(
    "values",
    [{"seen": None}, {"visa": "P 77"}, {"hotel": "far"}],
    ids=["none", "somebody's", "elsewhere"],
)
def test_what_else_becomes_of_a_row_gives_a_box_no_day(inn: Inn, values: dict[str, Any]) -> None:
    """It may be somebody else's then, whose day ends nothing of this guest's."""
    undated(inn)
    says(inn, **{"seen": date(2026, 3, 20), **values})
    inn.later(days=400)
    settling.settled(inn.run)
    assert retained(inn)["label"].startswith("open:")


class Paid(Inn):
    """A hotel under a law that counts from the later of two events."""

    pack = PACK.replace(
        'floor = "P1Y"\nclock = [', 'floor = "P1Y"\nclock = ["document", '
    )

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        people, bills = (self.datamap.tables[name].policy for name in ("people", "bills"))
        people = replace(people, clock={"last_activity": "seen", "document": "name"})
        self.datamap = resolve([(PEOPLE, people), (BILLS, bills)], METADATA.tables.values(), [])


def test_a_later_event_of_another_kind_counts_as_well(sqlite_url: str, tmp_path: Path) -> None:
    """Of two events the later one counts, though only the other had happened when it was sealed."""
    inn = Paid(sqlite_url, tmp_path)
    box_of_one(inn)
    says(inn, name="2026-06-01")
    assert looked(inn, date(2027, 3, 1)) == (day_label("2027-06-01"), False)
    inn.engine.dispose()


def test_a_stay_that_was_made_longer_is_seen_where_the_column_was_renamed(inn: Inn) -> None:
    """The shell tells the later day still, whatever the column is called that went into the box."""
    box_of_one(inn)
    policies = {n: inn.datamap.declared(n).policy for n in inn.datamap.tables}
    host = MetaData()
    with inn.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE people RENAME COLUMN visa TO permit")
        host.reflect(conn, only=list(policies))
    columns = dict(policies["people"].columns)
    columns["permit"] = columns.pop("visa")
    policies["people"] = replace(policies["people"], columns=columns)
    inn.datamap = resolve([*policies.items()], host.tables.values(), [])
    says(inn, seen=date(2026, 3, 20))
    assert looked(inn, date(2027, 3, 1)) == (day_label("2027-03-20"), False)


@pytest.mark.parametrize(
    "values",
    [
        {"seen": date(2026, 2, 1)}, {"seen": None},
        {"seen": date(2026, 9, 9), "visa": "P 77"}, {"seen": date(2026, 9, 9), "hotel": "far"},
    ],
    ids=["earlier", "none", "somebody's", "elsewhere"],
)
def test_what_else_becomes_of_a_row_moves_no_box(inn: Inn, values: dict[str, Any]) -> None:
    """Neither ends it earlier, nor keeps it past its day: the row may be somebody else's then."""
    box_of_one(inn)
    says(inn, **values)
    assert looked(inn, date(2027, 2, 27)) == (day_label("2027-03-01"), False)
    assert looked(inn, date(2027, 3, 3))[1]


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE people", "DELETE FROM people", "ALTER TABLE people DROP COLUMN seen",
        "UPDATE people SET seen = 'soon'", "UPDATE people SET seen = 'soon', visa = 'P 77'",
    ],
)  # fmt: skip
def test_a_row_that_tells_nothing_moves_no_box(inn: Inn, change: str) -> None:
    """The host took away what said the day: what was written down counts, and nothing fails."""
    box_of_one(inn)
    with inn.engine.begin() as conn:
        conn.exec_driver_sql(change)
    assert looked(inn, date(2027, 2, 27)) == (day_label("2027-03-01"), False)
    assert looked(inn, date(2027, 3, 3))[1]


# a day whose key is lost


class Box:
    """The box of what the law keeps of one person.

    :param inn: the hotel.
    :param id: number of the person.
    """

    def __init__(self, inn: Inn, id: int) -> None:
        self.inn = inn
        (self.id,) = [row["box"] for row in inn.ours("kept") if row["row_key"] == f"int:{id}"]

    @property
    def row(self) -> dict[str, Any]:
        """Return the row of the box."""
        return next(row for row in self.inn.ours("box") if row["id"] == self.id)

    def opens(self) -> bool:
        """Return whether it opens."""
        with self.inn.begin() as office:
            return bool(vault.unseal(office.work.conn, self.inn.custodian, [self.id]))


def lost(inn: Inn, day: str, id: int = 2) -> tuple[Path, bytes]:
    """Erase another guest, whose line is kept until a day, and lose the key of it."""
    inn.person(id, date.fromisoformat(day).replace(year=2026))
    assert inn.erased(inn.approved(email=f"p{id}@mail.example")) == "sealed"
    assert Box(inn, id).row["label"] == day_label(day)
    key = inn.custodian.path / f"key-day-{day}.json"
    whole = key.read_bytes()
    key.unlink()
    inn.custodian = FolderCustodian(inn.custodian.path)
    return key, whole


def test_a_box_that_gets_a_day_whose_key_is_lost_makes_no_second_one(any_inn: Inn) -> None:
    """It waits under the key of what has no day, and goes on once the lost one is brought back."""
    inn = any_inn
    undated(inn)
    key, whole = lost(inn, "2027-03-08")
    box = Box(inn, 1)
    says(inn, seen=date(2026, 3, 8))
    for _ in range(2):
        inn.later(days=1)
        settling.settled(inn.run)
        assert not key.exists()
        assert (box.row["label"][:5], box.row["last_day"]) == ("open:", "2027-03-08")
        assert [row["until"] for row in inn.ours("kept")] == ["2027-03-08"] * 2
        assert consistency.unfit(inn.run) == []
    assert box.opens()
    key.write_bytes(whole)
    inn.custodian = FolderCustodian(inn.custodian.path)
    settling.settled(inn.run)
    assert box.row["label"] == day_label("2027-03-08")
    assert box.opens()
    assert Box(inn, 2).opens()


def test_a_box_whose_day_becomes_one_with_a_lost_key_ends_on_that_alone(inn: Inn) -> None:
    """Not with the key of its day before, and with its own though that is never brought back."""
    box_of_one(inn)
    key, _ = lost(inn, "2027-03-08")
    box = Box(inn, 1)
    says(inn, seen=date(2026, 3, 8))
    for day in (date(2027, 2, 27), date(2027, 3, 3), date(2027, 3, 8)):
        inn.later(days=(day - inn.now.date()).days)
        settling.settled(inn.run)
        forgetting.forget(inn.run)
        assert box.opens()
        assert consistency.unfit(inn.run) == []
    assert day_label("2027-03-01") not in inn.custodian.labels()
    assert not key.exists()
    inn.later(days=2)
    forgetting.forget(inn.run)
    assert box.row["forgotten_at"] is not None


def test_no_second_key_is_made_of_what_has_no_day(inn: Inn) -> None:
    """Where that key is lost as well, nothing moves, nothing ends, and it is said which is."""
    undated(inn)
    (label,) = {row["label"] for row in inn.ours("box") if row["purpose"] == "retention"}
    inn.person(3, date(2026, 3, 1))
    assert inn.erased(inn.approved(email="p3@mail.example")) == "sealed"
    lost(inn, "2027-03-08")
    (inn.custodian.path / f"key-{label.replace(':', '-', 1)}.json").unlink()
    inn.custodian = FolderCustodian(inn.custodian.path)
    with inn.engine.begin() as conn:
        conn.execute(update(PEOPLE).where(PEOPLE.c.id == 3).values(seen=date(2026, 3, 8)))
    inn.later(days=(date(2027, 3, 3) - inn.now.date()).days)
    with pytest.raises(KeyMissingError, match=f"{label} is lost"):
        forgetting.forget(inn.run)
    assert Box(inn, 3).opens()
    assert label not in inn.custodian.labels()


def test_a_box_that_waits_for_a_lost_key_goes_to_a_hold_that_reaches_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The row came under the query meanwhile: on its day it is held, and not ended."""
    inn = Asked(sqlite_url, tmp_path)
    inn.grants["officer"].add("hold")
    undated(inn)
    lost(inn, "2027-03-08")
    box = Box(inn, 1)
    says(inn, seen=date(2026, 3, 8))
    inn.later(days=1)
    settling.settled(inn.run)
    assert (box.row["label"][:5], box.row["last_day"]) == ("open:", "2027-03-08")
    wanted = Wanted("query", "court-order", query="vip", property="sh")
    hold = inn.run(lambda office: office.place_hold(wanted, "officer"))
    says(inn, visa="VIP")
    inn.later(days=(date(2027, 3, 10) - inn.now.date()).days)
    forgetting.forget(inn.run)
    assert box.row["label"] == f"hold:{hold}"
    assert box.opens()
    inn.engine.dispose()


@pytest.mark.parametrize("back", [True, False], ids=["brought back", "never"])
def test_a_box_whose_own_key_is_lost_keeps_no_other_from_ending(inn: Inn, back: bool) -> None:
    """Its day became a later one: it goes there where the key is back in time, and else stays
    closed; the days of all others come."""
    box_of_one(inn)
    key = inn.custodian.path / "key-day-2027-03-01.json"
    whole = key.read_bytes()
    key.unlink()
    inn.custodian = FolderCustodian(inn.custodian.path)
    inn.person(2, date(2026, 2, 26))
    assert inn.erased(inn.approved(email="p2@mail.example")) == "sealed"
    says(inn, seen=date(2026, 3, 20))
    inn.later(days=(date(2027, 2, 27) - inn.now.date()).days)
    forgetting.forget(inn.run)
    assert day_label("2027-02-26") not in inn.custodian.labels()
    assert consistency.unfit(inn.run) == []
    box = Box(inn, 1)
    assert box.row["label"] == day_label("2027-03-01")
    if back:
        key.write_bytes(whole)
        inn.custodian = FolderCustodian(inn.custodian.path)
    inn.later(days=5)
    forgetting.forget(inn.run)
    assert (box.row["label"], box.row["forgotten_at"] is None) == (
        (day_label("2027-03-20"), True) if back else (day_label("2027-03-01"), False)
    )


def test_a_request_that_is_not_there_keeps_no_other_box_from_ending(inn: Inn) -> None:
    """Somebody deleted its row: what lay under the key of its day is gone, and so is what ends
    later of anybody else."""
    numbers = list[str]()
    boxed(inn)
    for id, day in ((1, date(2026, 2, 26)), (2, date(2026, 3, 1))):
        inn.person(id, day)
        numbers.append(inn.approved(email=f"p{id}@mail.example"))
        assert inn.erased(numbers[-1]) == "sealed"
    with inn.engine.begin() as conn:
        conn.execute(delete(tables.request).where(tables.request.c.number == numbers[0]))
    inn.later(days=(date(2027, 2, 27) - inn.now.date()).days)
    for _ in range(8):
        forgetting.forget(inn.run)
        inn.later(days=1)
    # The one whose row is gone is told beside the journal, as one that no entry ended.
    assert [row["number"] for row in inn.ours("request") if row["state"] == "erased"] == numbers[1:]
    assert {row["label"] for row in inn.ours("box") if row["payload"]} == set()
    assert {row["request"] for row in inn.ours("kept") if row["ended_at"]} == set(numbers)


def test_boxes_without_a_day_ask_their_rows_together(any_inn: Inn) -> None:
    """Each more of them costs a night the look at its request alone, while no row tells a day."""
    inn = any_inn
    undated(inn)
    alone = asked(inn)
    for id in range(2, 8):
        inn.person(id, None)
        assert inn.erased(inn.approved(email=f"p{id}@mail.example")) == "sealed"
    assert len(inn.ours("kept")) == 7
    assert asked(inn) - alone <= 6
    says(inn, seen=date(2026, 3, 20))
    settling.settled(inn.run)
    told = {row["row_key"]: row["until"] for row in inn.ours("kept") if row["until"]}
    assert told == {"int:1": "2027-03-20"}


def asked(inn: Inn) -> int:
    """Return how many statements it takes to judge boxes again of which nobody tells anything."""
    settling.settled(inn.run)
    told = list[str]()

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        told.append(statement)

    event.listen(inn.engine, "before_cursor_execute", note)
    assert not settling.settled(inn.run).get("settled")
    event.remove(inn.engine, "before_cursor_execute", note)
    return len(told)


def test_a_row_that_cannot_be_read_keeps_no_other_box_without_its_day(inn: Inn) -> None:
    """Asked together, they are asked one by one where that one of them spoils the answer."""
    undated(inn)
    for id in (2, 3):
        inn.person(id, None)
        assert inn.erased(inn.approved(email=f"p{id}@mail.example")) == "sealed"
    with inn.engine.begin() as conn:
        for id, day in {1: "2026-03-20", 2: "in spring", 3: "2026-03-21"}.items():
            conn.execute(text(f"UPDATE people SET seen = '{day}' WHERE id = {id}"))
    settling.settled(inn.run)
    told = {row["row_key"]: row["until"] for row in inn.ours("kept")}
    assert told == {"int:1": "2027-03-20", "int:2": None, "int:3": "2027-03-21"}
