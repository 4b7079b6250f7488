"""Forms of statements and of writing by which a kept value was shown, lost or replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import func, insert, lambda_stmt, select, text
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.orm import Session, make_transient

from flask_guesterase.core.errors import VeiledError
from flask_guesterase.store.hiding import veil
from tests import engines
from tests.store.test_unveiled import (
    BILL,
    OTHER,
    SECRET,
    STAYS,
    Bill,
    House,
    Stay,
    anywhere,
    inn,
    session,
)

__all__ = ["anywhere", "inn", "session"]

_secret = select(Bill.holder).where(Bill.id == 1).scalar_subquery()


def _upsert(session: Session, **values: Any) -> Any:
    kind = session.get_bind().dialect.name
    made: Any = (postgresql if kind == "postgresql" else sqlite).insert(BILL)
    return made.values(id=1, stay_id=1, billed_to="x", total=9).on_conflict_do_update(
        **{"index_elements": ["id"], "set_": {"total": 9}, **values}
    )


# statements that were not seen


@pytest.mark.parametrize("statement", [
    lambda_stmt(lambda: select(BILL)),
    lambda_stmt(lambda: sa.union(select(Bill), select(Bill))),
    lambda_stmt(lambda: select(Bill.id)) + (lambda made: made.where(Bill.holder == "x")),
], ids=["rows", "union", "condition"])
def test_a_statement_made_of_a_lambda_is_read(session: Session, statement: Any) -> None:
    """What it hands on and what it names, as of any other."""
    with pytest.raises(VeiledError):
        session.execute(statement)


def test_a_statement_made_of_a_lambda_passes_where_any_other_does(session: Session) -> None:
    """Instances of all rows, and sums."""
    found = session.scalars(lambda_stmt(lambda: select(Bill).order_by(Bill.id))).all()
    assert [str(bill.holder) for bill in found] == ["▒▒▒", OTHER, OTHER]
    assert session.scalar(lambda_stmt(lambda: select(func.sum(Bill.total)))) == 6


@pytest.mark.parametrize("made", [
    lambda: insert(Stay).values(room="x").returning(_secret),
    lambda: insert(Stay).values(room="x").returning(STAYS.last),
    lambda: insert(Stay).values(room="x").returning(func.upper(_secret)),
    lambda: insert(Stay).values(room="x").returning(select(BILL).limit(1).scalar_subquery()),
], ids=["subquery", "property", "function", "rows"])
def test_a_new_row_gives_back_nothing_of_others(session: Session, made: Any) -> None:
    """RETURNING of an INSERT is free for what was written, and not for what a subquery finds."""
    with pytest.raises(VeiledError):
        session.execute(made())


def test_a_new_row_gives_back_what_was_written(session: Session) -> None:
    """Its own columns, also those that are hidden elsewhere, and what is made of them."""
    one = insert(Bill).values(id=9, stay_id=1, holder="Cy", total=1)
    found = session.execute(one.returning(Bill.holder, func.upper(Bill.holder))).all()
    assert [tuple(row) for row in found] == [("Cy", "CY")]


ASKS = [each for each in engines.DEEP if "mariadb" not in str(each)]
"""Engines whose upsert has conditions."""


@pytest.mark.parametrize("anywhere", ASKS, indirect=True)
@pytest.mark.parametrize("values", [
    {"where": BILL.c.billed_to == SECRET}, {"where": _secret == "x"},
    {"index_elements": ["tax_no"]}, {"index_elements": [BILL.c.tax_no]},
    {"index_where": BILL.c.billed_to > "A"},
], ids=["where", "subquery", "target", "column", "partial"])
def test_an_upsert_finds_no_row_by_what_is_hidden(
    session: Session, values: dict[str, Any]
) -> None:
    """The number of changed rows would say whether a guess was right."""
    with pytest.raises(VeiledError):
        session.execute(_upsert(session, **values))


@pytest.mark.parametrize("anywhere", ASKS, indirect=True)
def test_an_upsert_by_open_columns_goes_on(session: Session) -> None:
    """By the key, under a condition of open columns, and one that changes nothing."""
    session.execute(_upsert(session, where=BILL.c.total == 1))
    bill = session.get_one(Bill, 1)
    assert (str(bill.holder), bill.total) == ("▒▒▒", 9)


REPLACED: dict[str, Any] = {
    "prefix": insert(BILL).prefix_with("OR REPLACE").values(
        id=1, stay_id=1, billed_to="x", total=9
    ),
    "open columns": insert(BILL).prefix_with("or replace").values(id=1, total=9),
    "text": text("INSERT OR REPLACE INTO un_bills (id, billed_to) VALUES (1, 'x')"),
    "text, open columns": text("REPLACE INTO un_bills (id, total) VALUES (1, 9)"),
    "text without columns": text('replace into main."un_bills" VALUES (1, 1, :x, 1, 9)'),
}


@pytest.mark.parametrize("statement", REPLACED.values(), ids=REPLACED)
def test_a_kept_row_is_not_replaced(inn: House, statement: Any) -> None:
    """`REPLACE` puts another row in the place of one that is there: it is an upsert."""
    inn.keep()
    with pytest.raises(VeiledError):
        inn.session.execute(statement, {} if ":x" not in str(statement) else {"x": "x"})


def test_replace_is_a_word_of_other_statements_too(inn: House) -> None:
    """A function of that name, and other tables' rows, are free."""
    inn.keep()
    for words in (
        "INSERT INTO un_bills (id,stay_id,billed_to,total) VALUES (9, 1, replace('x','x','y'),2)",
        "INSERT OR REPLACE INTO un_stays (id, room) VALUES (1, 'x')",
        "INSERT OR IGNORE INTO un_bills (id, stay_id, billed_to, total) VALUES (1, 1, 'x', 1)",
    ):
        assert inn.session.execute(text(words)).rowcount in (0, 1)  # type: ignore[attr-defined]


@pytest.mark.parametrize("anywhere", ["mariadb"], indirect=True)
def test_mariadb_replaces_no_kept_row(session: Session) -> None:
    """There it is a statement of its own."""
    with pytest.raises(VeiledError):
        session.execute(text("REPLACE LOW_PRIORITY INTO `un_bills` (id, total) VALUES (1, 9)"))
    made = mysql.insert(BILL).values(id=1, stay_id=1, billed_to="x", total=9)
    done: Any = session.execute(made.on_duplicate_key_update(total=made.inserted.total))
    assert done.rowcount >= 1


# sessions


def test_what_ended_within_a_savepoint_is_hidden_again_when_it_is_taken_back(inn: House) -> None:
    """The old row is there again, in the transaction that had seen it go."""
    inn.keep()
    session = inn.session()
    with session.begin_nested() as part:
        session.delete(session.get_one(Bill, 1))
        session.flush()
        session.add(Bill(id=1, stay_id=1, holder=OTHER, total=5))
        session.flush()
        assert session.scalars(select(Bill.holder)).all()
        part.rollback()
    assert str(session.get_one(Bill, 1).holder) == "▒▒▒"
    with pytest.raises(VeiledError):
        session.scalars(select(Bill.holder))
    session.get_one(Bill, 1).holder = "x"
    with pytest.raises(VeiledError):
        session.flush()


def test_the_books_can_be_opened_again(inn: House) -> None:
    """What is in the session's hands is shown in each block, and hidden after each."""
    inn.keep()
    bill = inn.session.get_one(Bill, 1)
    for _ in range(2):
        with veil.opened(inn.host, "sh"):
            assert (bill.holder, bill.tax) == (SECRET, 1001)
        assert (str(bill.holder), bill.tax) == ("▒▒▒", None)


@pytest.mark.parametrize("first", [lambda s, b: s.expunge(b), lambda s, b: None])
def test_a_copy_of_an_instance_writes_no_sentinel(
    inn: House, first: Callable[[Session, Bill], None]
) -> None:
    """`make_transient` is how a row is copied: all it holds is written, though nothing changed."""
    inn.keep()
    session = inn.session()
    bill = session.get_one(Bill, 1)
    first(session, bill)
    make_transient(bill)
    bill.id = 9
    session.add(bill)
    with pytest.raises(VeiledError, match="hidden value"):
        session.flush()


STAY: Any = Stay.__table__
WRITES: dict[str, Callable[[Session, str], Any]] = {
    "values": lambda s, held: s.execute(insert(STAY).values(id=9, room=held)),
    "one row": lambda s, held: s.execute(insert(STAY), {"id": 9, "room": held}),
    "rows": lambda s, held: s.execute(
        insert(STAY), [{"id": 9, "room": "9"}, {"id": 10, "room": held}]
    ),
    "several values": lambda s, held: s.execute(
        insert(STAY).values([{"id": 9, "room": "9"}, {"id": 10, "room": held}])
    ),
    "instances": lambda s, held: s.execute(insert(Stay), [{"id": 9, "room": held}]),
    "update": lambda s, held: s.execute(sa.update(Stay).where(Stay.id == 2).values(room=held)),
    "query": lambda s, held: s.query(Stay).filter(Stay.id == 2).update({"room": held}),
}
"""Ways in which a host writes without instances."""


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("way", WRITES)
def test_no_statement_writes_the_sentinel(inn: House, way: str, heard: bool) -> None:
    """It would stand there for ever where nobody can tell what it was; other texts are written."""
    inn.keep()
    session = inn.session()
    held = session.get_one(Bill, 1).holder
    if heard:
        with pytest.raises(VeiledError):
            session.execute(select(Bill.holder))
    with pytest.raises(VeiledError, match="hidden value"):
        WRITES[way](session, held)
    session.rollback()
    assert "▒▒▒" not in session.scalars(select(Stay.room)).all()
    WRITES[way](session, "Nobody")
    assert "Nobody" in session.scalars(select(Stay.room)).all()


def test_a_copy_of_an_instance_that_hides_no_column_is_written(inn: House) -> None:
    """What it shows of other rows is not written with it."""
    inn.keep()
    stay = inn.session.get_one(STAYS, 1)
    assert str(stay.last) == "▒▒▒"
    make_transient(stay)
    stay.id = 9
    inn.session.add(stay)
    inn.session.commit()
    assert inn.session.get_one(Stay, 9).room == "101"

