"""What sessions execute is heard where it has to be, by whatever way it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import column, event, select, text, update
from sqlalchemy.orm import ORMExecuteState, Session, selectinload, sessionmaker

from flask_guesterase.core.errors import VeiledError
from tests.store.test_veil import OTHER, SECRET, Bill, House, Stay, anywhere, inn, session

__all__ = ["anywhere", "inn", "session"]

EVENT = "do_orm_execute"


def heard(session: Session) -> int:
    """Return how many listen to what a session executes."""
    return len(list(session.dispatch.do_orm_execute))


@pytest.mark.parametrize("ask", [
    lambda s: s.get_one(Stay, 1).room,
    lambda s: s.scalars(select(Stay).where(Stay.id == 1)).one().room,
    lambda s: s.query(Stay.room).filter(Stay.id == 1).scalar(),
    lambda s: s.scalar(select(Stay.room).where(Stay.id == 1)),
    lambda s: s.execute(text("SELECT room FROM veil_stays WHERE id = 1")).scalar_one(),
    lambda s: s.get_one(Bill, 2).stay.room,
], ids=["get", "select", "query", "column", "text", "lazy"])
def test_nobody_listens_to_a_session_that_names_nothing_guarded(
    inn: House, ask: Callable[[Session], str]
) -> None:
    """SQLAlchemy prepares each statement twice for whoever listens; most hosts never need it."""
    inn.keep()
    asking = inn.session()
    assert ask(asking) == "101"
    assert heard(asking) == 0


def _as_rows(entity: Any) -> Any:
    """Return a SELECT of a mapped class by which rows are handed on, and no instances loaded."""
    made = select(column("id")).with_only_columns(entity)
    assert not made._propagate_attrs
    return made


@pytest.mark.parametrize("ask", [
    lambda s: s.execute(select(Bill.holder)),
    lambda s: s.scalar(select(Bill.holder)),
    lambda s: s.scalars(select(Bill.holder)),
    lambda s: s.query(Bill.holder).all(),
    lambda s: s.query(Bill).filter(Bill.holder == SECRET).first(),
    lambda s: s.query(Bill).filter(Bill.holder == SECRET).count(),
    lambda s: s.query(Bill).filter(Bill.holder == SECRET).update({"total": 1}),
    lambda s: s.query(Bill).filter(Bill.holder == SECRET).delete(),
    lambda s: s.execute(statement=select(Bill.holder)),
    lambda s: s.scalars(select(Bill).from_statement(select(Bill).order_by(Bill.holder))),
    lambda s: s.scalars(select(Stay).options(selectinload(Stay.bills.and_(Bill.holder == "x")))),
    lambda s: s.get_one(Stay, 1, options=[selectinload(Stay.bills.and_(Bill.holder == "x"))]),
    lambda s: [s.scalars(select(Bill)).all(), s.execute(_as_rows(Bill))],
], ids=["execute", "scalar", "scalars", "query", "first", "count", "update", "delete",
        "by-name", "from-statement", "eager", "get", "as-rows"])
def test_by_every_way_a_guarded_column_is_refused(
    session: Session, ask: Callable[[Session], Any]
) -> None:
    """Also where nothing of that session was heard before."""
    with pytest.raises(VeiledError):
        ask(session)
    assert session.scalar(select(Stay.room).where(Stay.id == 1)) == "101"
    with pytest.raises(VeiledError):
        ask(session)


def test_a_stream_of_a_query_is_hidden_too(session: Session) -> None:
    """While rows come in, the connection may not be free for a question; it is asked before."""
    rows = session.query(Bill).order_by(Bill.id).yield_per(1)
    assert [str(bill.holder) for bill in rows] == ["▒▒▒", OTHER, OTHER]


def test_what_a_listener_of_the_host_makes_of_a_statement_is_judged(inn: House) -> None:
    """A condition that is added to every statement may name what is hidden."""
    inn.keep()

    def narrow(state: ORMExecuteState) -> None:
        state.statement = state.statement.where(Bill.holder == SECRET)

    made = sessionmaker(inn.engine)
    event.listen(made, EVENT, narrow)
    with made() as asking, pytest.raises(VeiledError):
        asking.scalars(select(Bill))


def test_a_listener_of_the_host_that_ends_the_matter_does_not_end_ours(inn: House) -> None:
    """It answers by itself, from elsewhere; what its session asked was judged before."""
    inn.keep()

    def answer(state: ORMExecuteState) -> Any:
        return state.session.connection().execute(state.statement)

    with Session(inn.engine) as asking:
        event.listen(asking, EVENT, answer)
        with pytest.raises(VeiledError):
            asking.execute(select(Bill.holder))


def test_a_session_that_was_heard_once_is_listened_to_once(inn: House) -> None:
    """However often it asks; and one that comes after it starts anew."""
    inn.keep()
    asking = inn.session()
    for _ in range(3):
        with pytest.raises(VeiledError):
            asking.execute(update(Bill).values(holder="x"))
    assert 1 <= heard(asking) <= 2
    inn.session.remove()
    assert heard(inn.session()) == 0
