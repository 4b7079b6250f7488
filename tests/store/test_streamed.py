"""What is kept in place is hidden from rows that come one after another, and none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, joinedload

from flask_guesterase.store.hiding import restricted, veil

from .test_veil import OTHER, Bill, House, Stay, house

LAST = 12
SOME = {"yield_per": 3}
IN_ORDER = select(Bill).order_by(Bill.id)


@contextmanager
def _long(url: str) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patch, house(url) as made:
        patch.setattr(restricted, "WHOLE", 1)
        with Session(made.engine) as session:
            new = range(4, LAST + 1)
            session.add_all(Bill(id=n, stay_id=2, holder=OTHER, total=1) for n in new)
            session.commit()
        made.keep(1)
        made.keep(5)
        made.keep(LAST, "mu")
        yield made


@pytest.fixture
def long(database_url: str) -> Iterator[House]:
    """A host with a dozen bills, of which more are kept than are read at once."""
    with _long(database_url) as made:
        yield made


def _partly(session: Session) -> Iterator[Bill]:
    found = session.scalars(IN_ORDER, execution_options={"stream_results": True})
    return (bill for part in found.partitions(3) for bill in part)


def _later(session: Session) -> Any:
    session.get_one(Bill, 2)
    return session.scalars(IN_ORDER, execution_options=SOME)


WAYS: dict[str, Callable[[Session], Iterable[Bill]]] = {
    "select": lambda s: s.scalars(IN_ORDER.execution_options(**SOME)),
    "query": lambda s: s.query(Bill).order_by(Bill.id).yield_per(3),
    "parts": _partly,
    "asked before": _later,
    "joined": lambda s: (
        bill
        for bill, _ in s.execute(
            select(Bill, Stay).join(Bill.stay).options(joinedload(Bill.stay)).order_by(Bill.id),
            execution_options=SOME,
        )
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_row_of_a_stream_comes(long: House, way: str) -> None:
    """However many rows are kept, no question of ours is asked between those of the host."""
    shown = {bill.id: str(bill.holder) for bill in WAYS[way](long.session())}
    assert list(shown) == list(range(1, LAST + 1))
    assert [id_ for id_, holder in shown.items() if holder == "▒▒▒"] == [1, 5, LAST]


def test_what_is_kept_is_known_where_a_session_shows_a_few_rows(mariadb_url: str) -> None:
    """A limit that is set for everybody is not one on what is hidden."""
    with _long(mariadb_url) as made:
        session = made.session
        session.execute(text("SET SESSION sql_select_limit = 2"))
        rows = session.scalars(IN_ORDER.limit(100), execution_options=SOME)
        assert [bill.id for bill in rows if str(bill.holder) == "▒▒▒"] == [1, 5, LAST]
        session.execute(text("SET SESSION sql_select_limit = DEFAULT"))


def test_every_row_of_a_stream_comes_while_books_are_open(long: House) -> None:
    """What open books show, and what stays hidden of another property, is known before as well."""
    with veil.opened(long.host, "sh"):
        rows = long.session.scalars(IN_ORDER, execution_options=SOME)
        shown = {bill.id: str(bill.holder) for bill in rows}
    assert list(shown) == list(range(1, LAST + 1))
    assert [id_ for id_, holder in shown.items() if holder == "▒▒▒"] == [LAST]


@pytest.mark.parametrize("whose", ["engine", "connection"])
def test_every_row_comes_where_no_statement_says_that_it_streams(long: House, whose: str) -> None:
    """An option of the engine, or of the session's connection, streams what is taken in parts."""
    with _streaming(long, whose) as session:
        shown = _in_parts(session)
    assert list(shown) == list(range(1, LAST + 1))
    assert [id_ for id_, holder in shown.items() if holder == "▒▒▒"] == [1, 5, LAST]


@pytest.mark.parametrize("whose", ["engine", "connection"])
def test_every_row_comes_after_a_savepoint_was_rolled_back(mariadb_url: str, whose: str) -> None:
    """What a savepoint takes back is known anew before rows stream, also inside another one.

    On PostgreSQL such an option leaves no savepoint, and on SQLite rows do not stream.
    """
    with _long(mariadb_url) as host, _streaming(host, whose) as session:
        session.begin_nested().rollback()
        shown = [_in_parts(session)]
        outer = session.begin_nested()
        session.begin_nested().rollback()
        shown.append(_in_parts(session))
        outer.rollback()
        shown.append(_in_parts(session))
    for each in shown:
        assert list(each) == list(range(1, LAST + 1))
        assert [id_ for id_, holder in each.items() if holder == "▒▒▒"] == [1, 5, LAST]


@contextmanager
def _streaming(host: House, whose: str) -> Iterator[Session]:
    option: dict[str, Any] = {"stream_results": True}
    engine = host.engine.execution_options(**option) if whose == "engine" else host.engine
    with Session(engine) as session:
        if whose == "connection":
            session.connection(execution_options=option)
        yield session


def _in_parts(session: Session) -> dict[int, str]:
    parts = session.scalars(IN_ORDER).partitions(3)
    return {bill.id: str(bill.holder) for part in parts for bill in part}
