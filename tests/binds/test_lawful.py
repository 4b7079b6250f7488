"""What the law keeps, what goes by itself, and the safety copy, over several databases."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from flask_guesterase.core.errors import VeiledError
from flask_guesterase.core.payload import decode
from flask_guesterase.core.policy import Blocker
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.casework import cases
from flask_guesterase.store.certificates import restated
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.retaining import vouching
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning import again, returned

from .group import CANARY, Group, group
from .test_forward import after_intent, before_mark, crash

ISSUED = dt.date(2020, 5, 6)


SERVERS = ("postgresql", "mariadb", "sqlite")


@pytest.fixture(params=[
    pytest.param(("sqlite",) * 3, id="files"),
    pytest.param(SERVERS, id="servers", marks=pytest.mark.long),
])  # fmt: skip
def hotel(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Group]:
    """A group over three databases, with bills in the archive."""
    with group(request.param, tmp_path, bills=True) as made:
        made.put("bills", [
            {"id": 1, "guest_no": 1, "billed_to": CANARY, "issued_on": ISSUED},
            {"id": 2, "guest_no": 2, "billed_to": "Bea Lund", "issued_on": ISSUED},
        ])
        with made.app.app_context(), made.extension.begin() as office:
            office.sign_pack("CN", "officer")
        yield made


def billed(hotel: Group) -> list[str | None]:
    """Return what stands in the bills."""
    lines = hotel.dumps()["archive"]["bills"].lines
    return [line[2] and line[2].removeprefix("text ").strip("'") for line in lines]


def test_what_the_law_keeps_in_another_database_is_hidden_and_goes_on_its_day(
    hotel: Group,
) -> None:
    """A bill stays where it was, no session shows its name, and it goes when its time is over."""
    number = hotel.approved()
    assert hotel.erase(number) == "sealed"
    assert billed(hotel) == [CANARY, "Bea Lund"]
    with hotel.app.app_context():
        mine, other = (hotel.db.session.get(hotel.bill, id_) for id_ in (1, 2))
        assert other.billed_to == "Bea Lund"
        assert CANARY not in str(mine.billed_to)
        with pytest.raises(VeiledError):
            hotel.db.session.scalars(sa.select(hotel.bill.billed_to)).all()
        hotel.db.session.rollback()
    _later(hotel, years=40)
    with hotel.app.app_context():
        counts = finishing.finish(hotel.extension.run)
    assert counts["finished"] == 1
    assert billed(hotel) == [None, "Bea Lund"]
    assert hotel.state(number) == "erased"


def test_the_safety_copy_names_the_engine_of_each_database(hotel: Group) -> None:
    """One box for each database, so that each restore meets the form its engine wrote."""
    number = hotel.approved()
    hotel.erase(number)
    with hotel.app.app_context(), hotel.extension.begin() as office:
        work = office.work
        boxes = vault.of_request(work.conn, number, "recovery")
        images = [decode(each) for each in vault.unseal(work.conn, work.custodian, boxes)]
    lying = [{row.table for row in each.rows} for each in images]
    assert sorted(map(sorted, lying)) == [
        ["guests", "stays", "vouchers"], ["letters", "pages"], ["members", "points"],
    ]  # fmt: skip


@pytest.mark.long
def test_a_kept_row_that_cannot_go_yet_stays_kept(hotel: Group) -> None:
    """What ends by itself goes through the same intent: a lock elsewhere leaves all as it was."""
    number = hotel.approved()
    hotel.erase(number)
    _later(hotel, years=40)
    with hotel.app.app_context(), hotel.engines()[1].connect() as other:
        files = other.dialect.name == "sqlite"
        lock = "BEGIN IMMEDIATE" if files else "SELECT * FROM bills FOR UPDATE"
        other.exec_driver_sql(lock)
        counts = finishing.finish(hotel.extension.run)
        other.rollback()
    assert counts.get("unfinished") == 1
    assert billed(hotel)[0] == CANARY
    with hotel.app.app_context():
        finishing.finish(hotel.extension.run)
    assert CANARY not in str(billed(hotel))
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        states = conn.execute(sa.select(tables.intent.c.state)).scalars().all()
    assert set(states) == {"done"}


def test_a_bind_needs_no_table_of_ours(hotel: Group) -> None:
    """Nothing of ours is written to another database."""
    number = hotel.approved()
    hotel.erase(number)
    with hotel.app.app_context():
        for engine in hotel.engines()[1:]:
            with engine.connect() as conn, pytest.raises(DBAPIError):
                conn.execute(sa.select(tables.kept))
            names = sa.inspect(engine).get_table_names()
            assert not [name for name in names if name.startswith("guesterase")]


def _later(hotel: Group, years: int) -> None:
    before: Any = hotel.extension._now
    hotel.extension._now = staticmethod(  # type: ignore[method-assign,assignment]
        lambda: before() + dt.timedelta(days=366 * years)
    )


def test_who_is_back_in_another_database_is_erased_again(hotel: Group) -> None:
    """What was decided before is done again over all databases, through an intent of its own."""
    number = hotel.approved()
    hotel.erase(number)
    with hotel.app.app_context():
        with hotel.engines()[2].begin() as conn:
            conn.exec_driver_sql(f"UPDATE members SET name = '{CANARY}' WHERE id = 7")
        with hotel.engines()[0].begin() as conn:
            conn.exec_driver_sql("UPDATE vouchers SET words = 'for Ann' WHERE id = 1")
        with hotel.extension.begin() as office:
            case = cases.load(office.work, number)
            origin = Origin(number, case.controller, case.property)
            done = again.again(office.work, origin, [("members", (7,))])
        assert done.fate is again.Fate.ERASED, done
    assert CANARY not in str(hotel.dumps()["crm"])
    assert "Ann" not in str(hotel.dumps()[""]["vouchers"])
    assert hotel.actions().count("subject-erased-again") == 1
    assert hotel.actions().count("subject-erased") == 1


def test_the_sweep_ends_records_of_another_database(hotel: Group) -> None:
    """A bill whose floor is over goes from the archive, and leaves no intent open."""
    old = {"id": 3, "guest_no": 2, "billed_to": "Bea Lund", "issued_on": dt.date(1980, 1, 2)}
    hotel.put("bills", [old])
    with hotel.app.app_context():
        for _ in range(2):
            report = hotel.extension.sweep(confirm_by="officer")
            assert not report.problems, report.problems
    assert billed(hotel) == [CANARY, "Bea Lund", None]
    with hotel.app.app_context(), hotel.engines()[0].connect() as conn:
        states = conn.execute(sa.select(tables.intent.c.state, tables.intent.c.request)).all()
    assert {tuple(row) for row in states} == {("done", None)}
    assert "retention-ended" in hotel.actions()


@pytest.mark.parametrize("point", [
    pytest.param(after_intent, marks=pytest.mark.long), before_mark,
], ids=["after_intent", "before_mark"])  # fmt: skip
def test_rows_without_a_key_go_forward_too(hotel: Group, point: Any) -> None:
    """Equal rows of a table without a key go, those of others stay, wherever it was cut off."""
    hotel.put("stamps", [{"guest_no": 1, "words": "Ann"}] * 2 + [{"guest_no": 2, "words": "Bea"}])
    number = hotel.approved()
    crash(point, hotel.erase, number)
    hotel.work()
    assert hotel.state(number) == "sealed"
    words = [str(line[1]) for line in hotel.dumps()["archive"]["stamps"].lines]
    found = sorted(word.removeprefix("text ").strip("'") for word in words)
    assert found == ["Bea", "[erased]", "[erased]"]


@pytest.mark.parametrize("lives", [True, False])
def test_a_needed_part_of_another_database_waits_for_a_word_of_staff(
    hotel: Group, lives: bool
) -> None:
    """What stood there is known by its mark, and what was written anew lives with its row."""
    needs = Blocker("open-folio", "vouchers", lambda v, today: v.c.id > 0,
                    needs={"members": ["email"]})  # fmt: skip
    hotel.extension.block(needs)
    number = hotel.approved()
    hotel.erase(number)
    mine = sa.select(tables.kept).where(tables.kept.c.mode == "blocked")
    with hotel.app.app_context():
        with hotel.extension.begin() as office:
            (line,) = office.work.conn.execute(mine).all()
            stands = vouching.stood(office.work, "members", [(7,)], ["email"])
            assert stands == {(7,): json.loads(line.facts)[vouching.STOOD]}
            origin = Origin(number, line.controller, line.property)
            returned.note(office.work, returned.Seen(
                origin, "members", line.row_key, "erased-key", "sweep", again.Fate.STAFF
            ))  # fmt: skip
            (row,) = office.returns("officer")
        with hotel.engines()[2].begin() as conn:
            conn.exec_driver_sql("UPDATE members SET email = 'new@mail.example' WHERE id = 7")
        with hotel.extension.begin() as office:
            assert vouching.stood(office.work, "members", [(7,)], ["email"]) != stands
        hotel.extension._blockers.clear()
        assert finishing.finish(hotel.extension.run) == {}
        assert "new@mail.example" in str(hotel.dumps()["crm"])
        with hotel.extension.begin() as office:
            office.settle_return(row["id"], "officer", not lives)
        finishing.finish(hotel.extension.run)
        assert ("new@mail.example" in str(hotel.dumps()["crm"])) is lives
        with hotel.extension.begin() as office:
            (line,) = office.work.conn.execute(mine).all()
            shared = [item["columns"] for item in restated.shared(office.work, number)]
        assert (line.ended_at is not None, shared) == (True, [["email"]] if lives else [])
