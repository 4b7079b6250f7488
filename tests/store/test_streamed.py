"""What is kept in place is hidden from rows that come one after another, and none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from flask_guesterase.store.hiding import restricted, veil

from .test_veil import OTHER, Bill, House, Stay, house

LAST = 12
SOME = {"yield_per": 3}
IN_ORDER = select(Bill).order_by(Bill.id)


@pytest.fixture
def long(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A host with a dozen bills, of which more are kept than are read at once."""
    monkeypatch.setattr(restricted, "WHOLE", 1)
    with house(database_url) as made:
        with Session(made.engine) as session:
            new = range(4, LAST + 1)
            session.add_all(Bill(id=n, stay_id=2, holder=OTHER, total=1) for n in new)
            session.commit()
        made.keep(1)
        made.keep(5)
        made.keep(LAST, "mu")
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
    option: dict[str, Any] = {"stream_results": True}
    engine = long.engine.execution_options(**option) if whose == "engine" else long.engine
    with Session(engine) as session:
        if whose == "connection":
            session.connection(execution_options=option)
        parts = session.scalars(IN_ORDER).partitions(3)
        shown = {bill.id: str(bill.holder) for part in parts for bill in part}
    assert list(shown) == list(range(1, LAST + 1))
    assert [id_ for id_, holder in shown.items() if holder == "▒▒▒"] == [1, 5, LAST]
