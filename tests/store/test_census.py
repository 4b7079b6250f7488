"""The guest register is counted each night, and a line without a lawful end is missed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update

from flask_guesterase.core import census
from flask_guesterase.core.lifecycle import State
from flask_guesterase.core.log import read_entry
from flask_guesterase.core.treatment import keep, redact
from flask_guesterase.store import tables
from flask_guesterase.store.census import counting, watching
from flask_guesterase.store.keys import copies
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.work import Work
from tests.store import forms
from tests.store.forms import Form, Forms

OLD, NEW = date(2025, 2, 1), date(2026, 3, 1)


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels on SQLite whose lines are not due yet."""
    yield from _made(sqlite_url, tmp_path)


@pytest.fixture
def any_house(database_url: str, tmp_path: Path) -> Iterator[Forms]:
    """The same on each of the three engines in turn."""
    yield from _made(database_url, tmp_path)


def _made(url: str, folder: Path) -> Iterator[Forms]:
    made = Forms(url, folder)
    for id_ in range(1, 6):
        made.form(id_, NEW)
    made.form(9, NEW, "be")
    yield made
    made.engine.dispose()


def counted(house: Forms, code: str = "mu") -> dict[str, Any]:
    """Return what the journal says of the last count of a hotel."""
    found = entries(house, "register-counted")
    return next(dict(d.counts) for d in reversed(found) if d.facts["property"] == code)


def entries(house: Forms, action: str) -> list[Any]:
    """Return the journal's entries with an action, in order."""
    table = tables.entry
    with house.engine.connect() as conn:
        bodies = conn.execute(
            select(table.c.body).where(table.c.action == action).order_by(table.c.position)
        ).scalars()
        return [read_entry(body.encode()).draft for body in bodies]


def raw(house: Forms, statement: Any) -> None:
    """Let somebody write into the database who goes past everything."""
    with house.engine.begin() as conn:
        conn.execute(statement)


def test_a_night_is_counted_once_and_its_root_is_in_the_journal(house: Forms) -> None:
    """One entry per hotel and table; the second sweep of a day counts nothing."""
    assert house.sweep().counts["counted"] == 2
    assert "counted" not in house.sweep().counts
    assert counted(house) == {"rows": 5, "arrived": 5, "departed": 0, "missed": 0}
    assert counted(house, "be")["rows"] == 1
    house.later(days=1)
    house.form(6, NEW)
    house.sweep()
    assert counted(house) == {"rows": 6, "arrived": 1, "departed": 0, "missed": 0}
    first, second = [d for d in entries(house, "register-counted") if d.facts["property"] == "mu"]
    assert second.marks["previous"] == first.marks["root"] != second.marks["root"]
    assert "previous" not in first.marks


def test_a_row_that_vanished_is_missed_and_told_to_people(any_house: Forms) -> None:
    """DELETE past everything: journal, finding and task, until somebody signs it."""
    house = any_house
    house.sweep()
    raw(house, delete(Form).where(Form.id == 3))
    house.later(days=1)
    assert house.sweep().counts["missed"] == 1
    assert counted(house) == {"rows": 4, "arrived": 0, "departed": 0, "missed": 1}
    assert [dict(d.counts) for d in entries(house, "register-missed")] == [
        {"rows": 1, "altered": 0}
    ]
    assert ("register-missed", "mu") in findings(house)
    task = next(t for t in house.ours("task") if t["kind"] == "register")
    assert (task["property"], task["count"]) == ("mu", 1)
    house.run(lambda office: office.sign_task(task["id"], 1, "officer"))
    assert ("register-missed", "mu") not in findings(house)
    house.later(days=1)
    house.sweep()
    assert counted(house)["missed"] == 0


def test_what_is_missed_at_a_hotel_whose_code_is_a_number_is_told_by_its_code(
    house: Forms,
) -> None:
    """The journal names it otherwise; people read the code they know."""
    hotels = house.settings.properties
    places = {**hotels, "7": replace(hotels["mu"], code="7")}
    house.settings = replace(house.settings, properties=places)
    house.form(70, NEW, "7")
    house.sweep()
    raw(house, delete(Form).where(Form.id == 70))
    house.later(days=1)
    house.sweep()
    assert ("register-missed", "7") in findings(house)
    with house.begin() as office:
        assert {r["property"]: r["missed"] for r in watching.last(office.work)}["7"]


def findings(house: Forms) -> list[tuple[str, str]]:
    """Return kind and property of what `check` says of the register."""
    with house.begin() as office:
        return [(f.id, f.column) for f in watching.findings(office.work)]


def test_what_ends_by_law_is_departed(any_house: Forms) -> None:
    """A line whose year is over goes with the sweep, and nobody misses it."""
    house = any_house
    house.form(7, OLD)
    house.sweep()
    assert counted(house)["rows"] == 6
    house.later(hours=1)
    house.sweep("officer")
    assert house.names()[7] is None
    house.later(days=1)
    house.sweep()
    assert counted(house) == {"rows": 5, "arrived": 0, "departed": 1, "missed": 0}
    assert house.ours("departed") == []


def test_an_edit_is_counted_apart(house: Forms) -> None:
    """A correction is daily business: it is counted, and missed by nobody."""
    house.sweep()
    raw(house, update(Form).where(Form.id == 2).values(name="Ada Row"))
    house.later(days=1)
    house.sweep()
    assert counted(house) == {"rows": 5, "arrived": 0, "departed": 0, "missed": 0, "changed": 1}


def test_a_row_that_was_emptied_is_missed(house: Forms) -> None:
    """A line that holds nothing any more is none, whoever emptied it."""
    house.sweep()
    raw(house, update(Form).where(Form.id == 2).values(name=None))
    house.later(days=1)
    house.sweep()
    assert counted(house)["missed"] == 1


def test_over_the_end_of_a_month(house: Forms) -> None:
    """The key changes and the lists are marked anew; what vanished over it is missed still."""
    house.sweep()
    house.later(days=20)
    house.sweep()
    raw(house, delete(Form).where(Form.id == 1))
    house.later(days=2)
    house.sweep()
    assert counted(house) == {"rows": 4, "arrived": 0, "departed": 0, "missed": 1}
    assert "census:2026-04" in house.custodian.labels()
    house.later(days=1)
    house.sweep()
    house.work()
    assert "census:2026-03" not in house.custodian.labels()
    house.later(days=1)
    house.sweep()
    assert counted(house) == {"rows": 4, "arrived": 0, "departed": 0, "missed": 0}


def sealing(house: Forms, *ids: int) -> None:
    """Erase guests at their wish; what the law keeps of them goes into boxes."""
    mark = house.custodian.fingerprint()
    house.run(lambda office: copies.propose(office.work, "officer", mark))
    house.run(lambda office: copies.confirm(office.work, "second"))
    for id_ in ids:
        _approved(house, id_)
        house.work()


def _approved(house: Forms, id_: int) -> str:
    """Approve the wish of a guest; return its number."""
    asked = {"email": f"g{id_}@mail.example"}
    number = house.run(lambda office: office.request(asked, property="mu", by="porter2"))
    house.run(lambda office: office.confirm(number, "porter2", "desk"))
    digest = house.run(lambda office: office.preview(number).digest)
    house.run(lambda office: office.approve(number, "officer", digest))
    return number


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clerk who files and verifies."""
    grants = {"mu": {"view", "file", "verify"}}
    monkeypatch.setitem(forms.GRANTS, "porter2", grants)


@pytest.mark.usefixtures("clerk")
def test_a_line_that_is_put_back_did_not_leave(
    any_house: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure that is taken back ends nothing: no entry says so, and no count misses a line."""
    house = any_house
    for who in ("officer", "second"):
        grants = {"mu": forms.RIGHTS | {"restore"}}
        monkeypatch.setitem(forms.GRANTS, who, grants)
    house.sweep()
    sealing(house, 3)
    number = house.ours("request")[0]["number"]
    assert house.names()[3] is None
    house.run(lambda office: office.propose_restore(number, "officer", "wrong-person"))
    house.run(lambda office: office.restore(number, "second"))
    assert house.names()[3] == "Ada Roe"
    assert {row["ended_at"] is not None for row in house.ours("kept")} == {True}
    assert entries(house, "retention-ended") == []
    assert house.ours("departed") == []
    house.later(days=1)
    house.sweep()
    assert counted(house) == {"rows": 5, "arrived": 0, "departed": 0, "missed": 0}


@pytest.mark.usefixtures("clerk")
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_line_that_is_put_back_while_lines_are_counted_is_not_missed(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was read while it lay in a box, and boxes when it stood in its row again."""
    url = request.getfixturevalue(f"{kind}_url")
    house = next(_made(url, tmp_path))
    for who in ("officer", "second"):
        monkeypatch.setitem(forms.GRANTS, who, {"mu": forms.RIGHTS | {"restore"}})
    house.sweep()
    sealing(house, 3)
    number = house.ours("request")[0]["number"]
    house.run(lambda office: office.propose_restore(number, "officer", "wrong-person"))
    house.later(days=1)
    boxes, reads = counting.sealed, list[str]()

    def late(work: Work, table: str, code: str) -> Iterator[tuple[str, bytes]]:
        reads.append(code)
        if reads == ["mu"]:
            house.run(lambda office: office.restore(number, "second"))
        return boxes(work, table, code)

    monkeypatch.setattr(counting, "sealed", late)
    house.run(lambda office: counting.count(office.work, "mu"))
    assert house.names()[3] == "Ada Roe"
    assert counted(house) == {"rows": 5, "arrived": 0, "departed": 0, "missed": 0}
    house.engine.dispose()


@pytest.mark.usefixtures("clerk")
@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_line_that_goes_while_lines_are_counted_is_not_missed(
    kind: str, before: bool, request: pytest.FixtureRequest, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """The first count of a month, or of all, marks lines under a key of which nobody else knows."""
    url = request.getfixturevalue(f"{kind}_url")
    house = next(_made(url, tmp_path))
    house.form(7, OLD)
    if before:
        house.sweep()
        house.later(days=22)
    number = _approved(house, 7)
    explain, done = counting._explain, list[State]()

    def late(*given: Any) -> Any:
        if not done:
            done.append(house.run(lambda office: office.erase(number)).state)
        return explain(*given)

    monkeypatch.setattr(counting, "_explain", late)
    house.run(lambda office: counting.count(office.work, "mu"))
    assert (done, house.names()[7]) == ([State.CHECKING], None)
    assert counted(house)["rows"] == 6
    house.later(days=1)
    house.run(lambda office: counting.count(office.work, "mu"))
    assert counted(house) == {"rows": 5, "arrived": 0, "departed": 1, "missed": 0}
    house.engine.dispose()


@pytest.mark.usefixtures("clerk")
def test_a_sealed_line_keeps_its_mark_until_its_day(any_house: Forms) -> None:
    """Sealing changes no root; when the floor is over the line departs, and the shell is none."""
    house = any_house
    for id_ in (7, 8):
        house.form(id_, date(2025, 3, 20))
    house.sweep()
    root = entries(house, "register-counted")[-1].marks["root"]
    sealing(house, 7, 8)
    assert [row["mode"] for row in house.ours("kept")] == ["sealed", "sealed"]
    house.later(days=1)
    house.sweep()
    assert counted(house) == {"rows": 7, "arrived": 0, "departed": 0, "missed": 0}
    assert entries(house, "register-counted")[-1].marks["root"] == root
    house.later(days=12)
    house.sweep()
    house.sweep("officer")
    house.later(days=1)
    house.sweep()
    assert {row["ended_at"] is not None for row in house.ours("kept")} == {True}
    told = [dict(d.counts) for d in entries(house, "register-counted")]
    assert sum(counts["departed"] for counts in told) == 2
    assert sum(counts["missed"] for counts in told) == 0
    assert counted(house)["rows"] == 5


@pytest.mark.usefixtures("clerk")
@pytest.mark.parametrize("attack", ["box", "emptied", "kept", "payload", "forgotten"])
def test_a_box_that_vanished_is_missed(house: Forms, attack: str) -> None:
    """Box, its content, or what says that it is kept: whatever goes before its day is seen."""
    house.sweep()
    sealing(house, 1)
    house.later(days=1)
    house.sweep()
    box, kept = tables.box, tables.kept
    mine = box.c.purpose == "retention"
    statement = {
        "box": delete(box).where(mine),
        "emptied": update(box).where(mine).values(payload=None, wrapped=None),
        "kept": delete(kept),
        "payload": update(box).where(mine).values(payload=b"x" * 60),
        "forgotten": update(box).where(mine).values(
            payload=None, wrapped=None, forgotten_at=house.now.replace(tzinfo=None)
        ),
    }[attack]  # fmt: skip
    raw(house, statement)
    house.later(days=1)
    house.tried()
    last = counted(house)
    assert (last["missed"], last.get("altered", 0)) == ((0, 1) if attack == "payload" else (1, 0))


@pytest.mark.usefixtures("clerk")
@pytest.mark.parametrize("beside", [False, True])
def test_a_line_that_stayed_in_its_row_departs_once_on_its_day(
    house: Forms, beside: bool
) -> None:
    """The erasure kept it, whatever went from the row beside it: until its day somebody who takes
    it away is told of, and then one step of the journal explains one line."""
    if beside:
        house.datamap = resolve(
            [(each, replace(policy, columns={**policy.columns, "nation": redact})
              if each is Form else policy) for each, policy in forms.policies()],
            forms.Base.metadata.tables.values(), list(forms.Base.registry.mappers),
        )  # fmt: skip
    for id_ in (7, 8):
        house.form(id_, date(2025, 3, 20))
    house.sweep()
    for id_ in (7, 8):
        _approved(house, id_)
        house.work()
    assert [row["mode"] for row in house.ours("kept")] == ["place", "place"]
    assert house.ours("departed") == []
    raw(house, delete(Form).where(Form.id == 8))
    house.later(days=1)
    house.sweep()
    assert (counted(house)["departed"], counted(house)["missed"]) == (0, 1)
    house.later(days=12)
    house.sweep()
    house.sweep("officer")
    assert house.names()[7] is None
    assert (counted(house)["departed"], counted(house)["missed"]) == (1, 0)
    assert [dict(each.counts) for each in entries(house, "retention-ended")] == [{"forms": 1}]


@pytest.mark.usefixtures("clerk")
def test_a_line_departs_once_however_often_its_guest_asks(house: Forms) -> None:
    """Of a shell nothing goes: no entry of the journal may say that a line of it ended."""
    house.datamap = resolve(
        [(each, replace(policy, columns={**policy.columns, "nation": redact})
          if each is Form else policy) for each, policy in forms.policies(keep("mailbox"))],
        forms.Base.metadata.tables.values(), list(forms.Base.registry.mappers),
    )  # fmt: skip
    house.form(7, OLD)
    house.sweep()
    for _ in range(2):
        _approved(house, 7)
        house.work()
        house.later(hours=1)
    told = [{"files": 0, "forms": 1, "people": 1}, {"files": 0, "people": 1}]
    assert [dict(each.counts) for each in entries(house, "subject-erased")] == told
    assert entries(house, "retention-ended") == []
    assert [row["action"] for row in house.ours("departed")] == ["subject-erased"]


@pytest.mark.usefixtures("clerk")
def test_an_erasure_explains_no_line_that_has_its_guests_number(house: Forms) -> None:
    """Somebody takes a line away; then the guest whose own number is that line's is erased."""
    values = {"id": 40, "guest_id": 1, "house": "mu", "name": "Ada Roe", "nation": "FR"}
    raw(house, insert(Form).values(**values, left_on=OLD))
    house.sweep()
    raw(house, delete(Form).where(Form.id == 1))
    _approved(house, 1)
    house.work()
    assert house.names()[40] is None
    house.later(days=1)
    house.sweep()
    assert (counted(house)["departed"], counted(house)["missed"]) == (1, 1)


@pytest.mark.usefixtures("clerk")
def test_an_erasure_explains_lines_at_each_hotel_of_the_company_that_was_asked(
    house: Forms,
) -> None:
    """Each is counted at its own hotel; the journal of the company knows of both."""
    house.move("be", controller="Fir GmbH")
    house.form(7, OLD)
    values = {"id": 70, "guest_id": 7, "house": "be", "name": "Ada Roe", "nation": "FR"}
    raw(house, insert(Form).values(**values, left_on=OLD))
    house.sweep()
    _approved(house, 7)
    house.work()
    assert (house.names()[7], house.names()[70]) == (None, None)
    assert {row["property"] for row in house.ours("departed")} == {"mu", "be"}
    house.later(days=1)
    house.sweep()
    for code, rows in (("mu", 5), ("be", 1)):
        assert counted(house, code) == {"rows": rows, "arrived": 0, "departed": 1, "missed": 0}


def test_what_left_one_hotel_is_known_until_that_one_is_counted(house: Forms) -> None:
    """Its nights wait for days, for an audit that was not done; the other's go on meanwhile."""
    house.form(70, OLD, "be")
    house.sweep()
    house.later(hours=1)
    house.sweep("officer")
    assert house.names()[70] is None
    for code in ("mu", "be"):
        house.later(days=3)
        house.run(lambda office, code=code: counting.count(office.work, code))
    assert counted(house, "be") == {"rows": 1, "arrived": 0, "departed": 1, "missed": 0}


@pytest.mark.usefixtures("clerk")
def test_a_forged_departure_explains_nothing(house: Forms) -> None:
    """Rows that say a line left lawfully need an entry of the journal that took as many."""
    house.sweep()
    table = tables.census
    with house.engine.connect() as conn:
        said = conn.execute(
            select(table.c.marks).where(table.c.property == "mu")
        ).scalar_one()
    marks = [line[:16].hex() for line in census.unpacked(json.loads(said)["lines"])]
    raw(house, insert(tables.departed).values([
        {"controller": "fir-gmbh", "property": "mu", "table_name": "forms", "mark": mark,
         "action": "retention-ended", "at": house.now.replace(tzinfo=None)}
        for mark in marks
    ]))  # fmt: skip
    raw(house, delete(Form).where(Form.id.in_([1, 2])))
    house.later(days=1)
    house.sweep()
    assert counted(house)["missed"] == 2


@pytest.mark.parametrize("attack", ["deleted", "edited", "key"])
def test_a_list_that_was_touched_is_told(house: Forms, attack: str) -> None:
    """The journal says what the root of the last list was: another list is none."""
    house.sweep()
    raw(house, delete(Form).where(Form.id == 1))
    table = tables.census
    if attack == "deleted":
        raw(house, delete(table))
    elif attack == "edited":
        for row in house.ours("census"):
            said = json.loads(row["marks"]) | {"lines": ""}
            raw(house, update(table).where(table.c.id == row["id"]).values(
                marks=json.dumps(said)
            ))  # fmt: skip
    else:
        house.custodian.forget("census:2026-03")
    house.later(days=1)
    assert house.sweep().counts["lists-lost"] == 2, "at both hotels"
    assert counted(house) == {"rows": 4, "arrived": 0, "departed": 0, "missed": 1}
    told = [d for d in entries(house, "register-missed") if d.facts["property"] == "mu"]
    assert told[-1].grounds == ("forms", "list-lost")


def test_a_register_that_is_not_counted_any_more_is_told(house: Forms) -> None:
    """A property taken out of the settings takes its lines out of sight, which is said."""
    house.sweep()
    house.settings = type(house.settings)(
        {"be": house.settings.properties["be"]}, mail="print", recovery_days=7
    )
    for _ in range(4):
        house.later(days=1)
        house.sweep()
    assert ("register-uncounted", "mu") in findings(house)
    assert ("register-uncounted", "be") not in findings(house)


def test_lists_go_out_as_canonical_files_without_anybodys_data(house: Forms) -> None:
    """Names, keys and dates of stays are in no list."""
    house.sweep()
    files = house.run(lambda office: dict(office.count_files()))
    assert sorted(files) == [
        "census-be-forms-2026-03-10.json", "census-mu-forms-2026-03-10.json",
    ]  # fmt: skip
    assert b"Ada" not in b"".join(files.values())
    with house.engine.connect() as conn:
        assert conn.execute(select(func.count()).select_from(tables.census)).scalar_one() == 2


def test_a_house_that_another_company_had_for_some_nights(house: Forms) -> None:
    """Whose count was last is asked of both journals: nobody's list is lost, and no line missed."""
    house.sweep()
    house.form(6, NEW)
    house.move("mu", controller="Pine AG")
    house.later(days=1)
    house.sweep()
    house.form(7, OLD)
    house.later(days=1)
    house.sweep()
    house.move("mu", controller="Fir GmbH")
    house.later(hours=1)
    house.sweep("officer")
    house.later(days=1)
    house.sweep()
    assert counted(house) == {"rows": 6, "arrived": 0, "departed": 1, "missed": 0}
    assert entries(house, "register-missed") == []


def test_lines_that_end_in_two_steps_of_one_batch_are_told_once(
    sqlite_url: str, tmp_path: Path
) -> None:
    """One is due, another by more than the law allows: the journal counts as many as went."""
    house = Forms(sqlite_url, tmp_path, datetime(2026, 5, 10, 12, tzinfo=UTC))
    house.form(7, OLD)
    house.form(8, date(2025, 4, 20))
    house.sweep()
    house.sweep("officer")
    assert (house.names()[7], house.names()[8]) == (None, None)
    told = [dict(each.counts) for each in entries(house, "retention-ended")]
    assert told == [{"forms": 1}, {"forms": 1}]
    house.later(days=1)
    house.sweep()
    assert counted(house) == {"rows": 0, "arrived": 0, "departed": 2, "missed": 0}
    house.engine.dispose()
