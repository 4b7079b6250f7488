"""Attacks on the guest register itself, and on what counts it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from flask_guesterase.core import census
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.log import Draft, slug
from flask_guesterase.core.policy import Register
from flask_guesterase.core.register import Asked, Basis
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import journal
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.upkeep import uninstall
from tests.resistance.conftest import NEW, Pine
from tests.store.forms import Base, Form, policies


def _by_orm(pine: Pine) -> None:
    with Session(pine.engine) as session:
        session.delete(session.get(Form, 1))
        session.commit()


def _in_bulk(pine: Pine) -> None:
    with Session(pine.engine) as session:
        session.execute(delete(Form).where(Form.id == 1))
        session.commit()


def _by_connection(pine: Pine) -> None:
    with pine.engine.begin() as conn:
        conn.execute(text("DELETE FROM forms WHERE id = 1"))


def _all_of_it(pine: Pine) -> None:
    with pine.engine.begin() as conn:
        conn.execute(text("DELETE FROM forms"))


@pytest.mark.parametrize(
    ("attack", "missed"),
    [(_by_orm, 1), (_in_bulk, 1), (_by_connection, 1), (_all_of_it, 3)],
)
def test_a_raw_delete_on_the_register(pine: Pine, attack: object, missed: int) -> None:
    """Whatever way a line goes past us, the next night misses it and people are told."""
    attack(pine)  # type: ignore[operator]
    pine.night()
    assert pine.counted()["missed"] == missed
    assert "register-missed" in pine.seen()
    assert [t["count"] for t in pine.ours("task") if t["property"] == "mu"] == [missed]


def told(pine: Pine, draft: Draft) -> None:
    """Append to the journal as our own code does, which needs no key."""
    with pine.engine.begin() as conn:
        key = conn.execute(select(tables.tree.c.public_key)).scalars().first()
        journal.append(conn, [draft], bytes.fromhex(str(key)))


def test_a_task_signed_before_its_line_goes(pine: Pine) -> None:
    """A task written into the table and signed is no credit for the line that is taken next."""
    pine.raw(
        insert(tables.task).values(
            controller=slug("Fir GmbH"), property="mu", kind="register", name="mu/forms/2026-03-10",
            due_on="2026-03-11", count=1, made_at=pine.now.replace(tzinfo=None),
        )
    )  # fmt: skip
    [task] = [t for t in pine.ours("task") if t["kind"] == "register"]
    pine.run(lambda office: office.sign_task(task["id"], 0, "officer"))
    pine.raw(delete(Form).where(Form.id == 1))
    pine.night()
    assert pine.counted()["missed"] == 1
    assert "register-missed" in pine.seen()
    pine.run(lambda office: office.sign_task(task["id"] + 1, 1, "officer"))
    assert "register-missed" not in pine.seen()


def test_a_raw_update_on_the_register(pine: Pine) -> None:
    """A line that was emptied is missed; one that was rewritten is counted as changed."""
    pine.raw(update(Form).where(Form.id == 1).values(name=None))
    pine.raw(update(Form).where(Form.id == 2).values(name="Somebody Else"))
    pine.night()
    assert (pine.counted()["missed"], pine.counted()["changed"]) == (1, 1)


@pytest.mark.parametrize("said", [{"left_on": date(2026, 2, 1)}, {"nation": "DE"}], ids=str)
def test_a_line_that_says_another_night(pine: Pine, said: dict[str, Any]) -> None:
    """When somebody left, and from where they came, is what a line says, and when it may go."""
    pine.raw(update(Form).where(Form.id == 1).values(said))
    pine.night()
    assert (pine.counted()["missed"], pine.counted()["changed"]) == (0, 1)


@pytest.mark.parametrize("asked", [False, True], ids=["by its day", "by a request"])
@pytest.mark.parametrize("held", [False, True])
def test_a_stay_that_is_dated_back(pine: Pine, asked: bool, held: bool) -> None:
    """The host's own date counts: a line goes by it lawfully, unless the record is held."""
    pine.sweep("officer")
    pine.night()
    if held:
        wanted = Wanted("record", "court-order", "forms", "1", property="mu")
        pine.run(lambda office: office.place_hold(wanted, "officer"))
    pine.raw(update(Form).where(Form.id == 1).values(left_on=date(2025, 3, 11)))
    if asked:
        pine.approved(1)
        pine.work()
    pine.night()
    found = pine.counted()
    assert (pine.names()[1], found["missed"]) == ("Ada Roe" if held else None, 0)
    assert (found["departed"], found.get("changed", 0)) == ((0, 1) if held else (1, 0))
    if not held:
        assert {"retention-ended", "subject-erased"} & set(pine.actions())
    assert "register-missed" not in pine.seen()


def test_a_line_moved_to_another_property(pine: Pine) -> None:
    """A line that is another hotel's all of a sudden is missed where it was."""
    pine.raw(update(Form).where(Form.id == 1).values(house="nowhere"))
    pine.night()
    assert pine.counted()["missed"] == 1


def test_a_sealed_line_taken_away(pine: Pine) -> None:
    """Box, shelf and what says that it is kept, all deleted: the next night misses the line."""
    pine.seal(1)
    for table in (tables.shelf, tables.kept, tables.box):
        pine.raw(delete(table))
    pine.night()
    assert pine.counted()["missed"] == 1


def test_a_box_overwritten(pine: Pine) -> None:
    """A box with another content than it had does not open, and is seen the next night."""
    pine.seal(1)
    pine.night()
    box = tables.box
    pine.raw(update(box).where(box.c.purpose == "retention").values(payload=b"x" * 90))
    pine.night()
    assert pine.counted()["altered"] == 1
    assert "register-missed" in pine.seen()


NIGHTS = Register("house", "left_on", "left_on", name="name", document="nation")


def declared(pine: Pine, register: Register | None) -> None:
    """Let the vendor's code say by which columns a line is found at night, or that none is."""
    (guest, mine), (form, policy) = policies()
    pine.datamap = resolve(
        [(guest, mine), (form, replace(policy, register=register))],
        Base.metadata.tables.values(), list(Base.registry.mappers),
    )  # fmt: skip


@pytest.mark.parametrize("before", [True, False], ids=["while it is sealed", "when it is asked"])
def test_a_register_declared_to_be_none(pine: Pine, before: bool) -> None:
    """What was sealed while there was no register is found; of what lies there police are told."""
    declared(pine, None if before else NIGHTS)
    pine.seal(1)
    declared(pine, NIGHTS if before else None)
    asked = Asked("mu", "District police", "PS-1", "A-1", night=NEW, basis=Basis.POLICE)
    produced = pine.run(lambda office: office.produce_register(asked, "officer"))
    sealed = [line.name for line in produced.lines if line.sealed]
    assert (sealed, produced.unopened) == ((["Ada Roe"], 0) if before else ([], 1))
    assert pine.entries("register-produced")[-1].counts["unopened"] == produced.unopened


_SHELF = [column.name for column in tables.shelf.c if column.name != "id"]


@pytest.mark.parametrize(
    "hidden",
    [
        update(tables.shelf).values(first_night="2020-01-01", last_night="2020-01-02"),
        update(tables.shelf).values(room="999"),
        update(tables.shelf).values(property="sh"),
        update(tables.shelf).values(table_name="guests"),
        delete(tables.shelf),
        insert(tables.shelf).from_select(_SHELF, select(*(tables.shelf.c[n] for n in _SHELF))),
    ],
    ids=["nights", "room", "property", "table", "deleted", "doubled"],
)
def test_a_sealed_line_hidden_at_night(pine: Pine, hidden: Any) -> None:
    """A line that nobody finds any more is as good as none: the next night tells of it."""
    declared(pine, NIGHTS)
    pine.seal(1)
    pine.night()
    pine.night()
    assert "register-missed" not in pine.seen()
    pine.raw(hidden)
    pine.night()
    assert pine.counted()["altered"] == 1
    assert "register-missed" in pine.seen()


@pytest.mark.parametrize(
    "row",
    [delete(Form).where(Form.id == 1),
     update(Form).where(Form.id == 1).values(left_on=date(2020, 1, 2))],
    ids=["deleted", "moved"],
)  # fmt: skip
def test_an_emptied_row_deleted_or_moved(pine: Pine, row: Any) -> None:
    """Police that ask for the night are shown the line as it was sealed, whatever its row says."""
    declared(pine, NIGHTS)
    pine.seal(1)
    pine.raw(row)
    asked = Asked("mu", "District police", "PS-1", "A-1", night=NEW, basis=Basis.POLICE)
    produced = pine.run(lambda office: office.produce_register(asked, "officer"))
    sealed = [line for line in produced.lines if line.sealed]
    assert [(line.name, line.first_night) for line in sealed] == [("Ada Roe", str(NEW))]


def test_a_departure_backdated(pine: Pine) -> None:
    """Rows that call a deletion lawful explain nothing without an entry that took as many."""
    said = next(row for row in pine.ours("census") if row["property"] == "mu")
    marks = [line[:16].hex() for line in census.unpacked(json.loads(said["marks"])["lines"])]
    pine.raw(insert(tables.departed).values([
        {"controller": said["controller"], "property": "mu", "table_name": "forms", "mark": mark,
         "action": "subject-erased", "request": "GR-1", "at": pine.now.replace(tzinfo=None)}
        for mark in marks
    ]))  # fmt: skip
    pine.raw(delete(Form).where(Form.id == 1))
    pine.night()
    assert pine.counted()["missed"] == 1
    assert pine.counted()["departed"] == 0


@pytest.mark.parametrize("signed", [False, True], ids=["before it is missed", "afterwards"])
def test_a_lawful_step_written_by_sql(pine: Pine, signed: bool) -> None:
    """Entries need no key: one that our code would append explains a line, or says it was looked
    for. It stands in the journal from then on."""
    census_row = next(row for row in pine.ours("census") if row["property"] == "mu")
    marks = [line[:16].hex() for line in census.unpacked(json.loads(census_row["marks"])["lines"])]
    controller, at = census_row["controller"], pine.now.replace(tzinfo=None)
    if not signed:
        pine.raw(insert(tables.departed).values([
            {"controller": controller, "property": "mu", "table_name": "forms", "mark": mark,
             "action": "retention-ended", "at": at} for mark in marks
        ]))  # fmt: skip
        told(pine, Draft(controller, journal.stamp(pine.now), "retention-ended",
                         counts={"forms": 1}, facts={"property": "mu"}))  # fmt: skip
    pine.raw(delete(Form).where(Form.id == 1))
    pine.night()
    if signed:
        assert "register-missed" in pine.seen()
        told(pine, Draft(controller, journal.stamp(pine.now), "task-done", grounds=("register",),
                         facts={"property": "mu"}))  # fmt: skip
    assert pine.seen() == set()
    assert pine.counted()["missed"] == int(signed)
    assert pine.entries("task-done" if signed else "retention-ended")[-1].actor == "system"


def test_a_count_edited(pine: Pine) -> None:
    """Without the row of last night's count, or with another, the journal's root still counts."""
    pine.raw(delete(Form).where(Form.id == 1))
    pine.raw(delete(tables.census))
    pine.night()
    assert pine.counted()["missed"] == 1
    assert pine.entries("register-missed")[-1].grounds == ("forms", "list-lost")


def test_a_count_forged_for_years_to_come(pine: Pine) -> None:
    """A row that says everything was counted until the end of time ends no counting."""
    pine.raw(insert(tables.census).values(
        controller="fir-gmbh", property="mu", table_name="forms", night="9999-12-31", count=3,
        root="00" * 32, label="census:2026-03", at=pine.now.replace(tzinfo=None, year=2099),
    ))  # fmt: skip
    pine.raw(delete(Form).where(Form.id == 1))
    pine.night()
    assert pine.counted()["missed"] == 1
    assert "register-missed" in pine.seen()


def test_counts_forged_night_after_night(pine: Pine) -> None:
    """A count that no entry of the journal knows is none: the register is not counted any more."""
    said = next(row for row in pine.ours("census") if row["property"] == "mu")
    for _ in range(5):
        pine.later(days=1)
        night = pine.now.date().isoformat()
        forged = {name: value for name, value in said.items() if name != "id"}
        pine.raw(insert(tables.census).values(
            **forged | {"night": night, "at": pine.now.replace(tzinfo=None)}
        ))  # fmt: skip
        pine.tried()
    assert "register-uncounted" in pine.seen()


def test_a_task_deleted(pine: Pine) -> None:
    """Who deletes the task that asks to look does not delete what the journal knows."""
    pine.raw(delete(Form).where(Form.id == 1))
    pine.night()
    pine.raw(delete(tables.task))
    assert "register-missed" in pine.seen()


def test_a_hotel_that_erases_to_hide_from_the_police(pine: Pine) -> None:
    """A freeze by anybody on duty, or a silent hold, keeps every row; lifting takes two."""
    frozen = pine.run(lambda office: office.freeze("mu", "second"))
    number = pine.approved(1)
    pine.work()
    assert pine.state(number) == "waiting"
    assert pine.run(lambda office: office.lift(frozen, "officer")) is False
    assert pine.run(lambda office: office.lift(frozen, "second")) is True
    wanted = Wanted("record", "police-order", "forms", "1", property="mu", silent=True)
    pine.run(lambda office: office.place_hold(wanted, "second"))
    pine.work()
    assert pine.names()[1] == "Ada Roe"


def test_an_old_database_restored_to_erase_again(pine: Pine, tmp_path: Path) -> None:
    """A database that knows less than the register of erasures erases nothing until replayed."""
    pine.settings = replace(pine.settings, register=str(tmp_path / "register"))
    with pine.engine.connect() as conn:
        raw = conn.connection.dbapi_connection
        before = "\n".join(raw.iterdump())  # type: ignore[union-attr]
    pine.seal(1)
    pine.engine.dispose()
    path = Path(str(pine.engine.url.database))
    path.unlink()
    with pine.engine.begin() as conn:
        conn.connection.dbapi_connection.executescript(before)  # type: ignore[union-attr]
    pine.now += timedelta(minutes=5)
    assert pine.tried().doubt == "restored"
    assert pine.names()[1] == "Ada Roe"


def test_uninstalling_to_be_rid_of_it(
    pine: Pine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving gives back everything that is kept, with the journal that counted it."""
    pine.seal(1)
    # The tables of this house were made without a version.
    monkeypatch.setattr("flask_guesterase.store.upkeep.upgrade.pending", lambda conn: False)
    made = uninstall.uninstall(pine.engine, pine.custodian, tmp_path / "export", drop=False)
    boxes = (tmp_path / "export" / "boxes.jsonl").read_text()
    assert '"purpose":"retention"' in boxes
    assert "register-counted" in (tmp_path / "export" / "journal.jsonl").read_text()
    assert made.folder == tmp_path / "export"
