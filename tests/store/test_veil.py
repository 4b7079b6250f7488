"""What is kept in place: hidden from the host's sessions, totals as before, and what escapes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy_lite import SQLAlchemy as Lite
from sqlalchemy import func, select, text, update
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import (
    Bundle,
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    column_property,
    composite,
    defer,
    joinedload,
    mapped_column,
    relationship,
    scoped_session,
    selectinload,
    sessionmaker,
    with_loader_criteria,
)

from flask_guesterase import Guesterase
from flask_guesterase.core.errors import VeiledError
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import keep, retain
from flask_guesterase.store import tables
from flask_guesterase.store.hiding import restricted, veil
from flask_guesterase.store.mapping.host import Host
from tests import engines
from tests.store.kept import note

SECRET = "Aino Korhonen"
OTHER = "Bo Lindqvist"


class Base(DeclarativeBase):
    """Base of the host's models."""


class Stay(Base):
    __tablename__ = "veil_stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(sa.String(10))
    bills: Mapped[list[Bill]] = relationship(back_populates="stay")


class Billed:
    """Name and tax number, as a value of the host's."""

    def __init__(self, name: str, tax: int | None) -> None:
        self.name, self.tax = name, tax

    def __composite_values__(self) -> tuple[Any, ...]:
        return self.name, self.tax


class Bill(Base):
    __tablename__ = "veil_bills"
    id: Mapped[int] = mapped_column(primary_key=True)
    stay_id: Mapped[int] = mapped_column(sa.ForeignKey("veil_stays.id"))
    holder: Mapped[str] = mapped_column("billed_to", sa.String(80))
    tax: Mapped[int | None] = mapped_column("tax_no")
    address: Mapped[str | None] = mapped_column(sa.String(80), deferred=True)
    total: Mapped[int]
    stay: Mapped[Stay] = relationship(back_populates="bills")
    who: Mapped[Billed] = composite("holder", "tax")
    shout: Mapped[str] = column_property(func.upper(holder.column))  # type: ignore[attr-defined]

BILL: Any = Bill.__table__
sa.Table("veil_other", Base.metadata, sa.Column("billed_to", sa.String(80)))
POLICY = Policy({
    "holder": retain("invoice"),
    "tax": retain("invoice"),
    "address": retain("invoice"),
    "total": keep("bookkeeping"),
})


class House:
    """A host with two stays and three bills; the first bill's guest was erased."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url)
        Base.metadata.create_all(self.engine)
        tables.metadata.create_all(self.engine, [tables.kept])
        self.session = scoped_session(sessionmaker(self.engine))
        self.host = Host(self.session, models=Base)
        veil.install(self.host, [(Bill, POLICY)])
        with Session(self.engine) as session:
            session.add_all([Stay(id=1, room="101"), Stay(id=2, room="102")])
            session.flush()
            for id_, stay, name, total in ((1, 1, SECRET, 90), (2, 1, OTHER, 60), (3, 2, OTHER, 5)):
                bill = Bill(id=id_, stay_id=stay, holder=name, total=total)
                bill.tax, bill.address = 1000 + id_, f"{name} Street"
                session.add(bill)
            session.commit()

    def keep(self, id_: int = 1, place: str = "sh", **values: Any) -> None:
        """Note what an erasure keeps of a bill."""
        given = {"property": place, "columns": '["address","billed_to","tax_no"]', **values}
        note(self.engine, given.pop("table_name", "veil_bills"),
             given.pop("row_key", f"int:{id_}"), **given)  # fmt: skip

    def raw(self, id_: int = 1) -> str:
        """Return what the database holds, past every session."""
        with self.engine.connect() as conn:
            return str(conn.scalar(select(BILL.c.billed_to).where(BILL.c.id == id_)))


@contextmanager
def house(url: str) -> Iterator[House]:
    """A host whose connections are closed at the end."""
    made = House(url)
    try:
        yield made
    finally:
        made.session.remove()
        made.engine.dispose()


@pytest.fixture(params=engines.ENGINES, scope="module")
def anywhere(request: pytest.FixtureRequest) -> Iterator[House]:
    """The host on each engine in turn; tests on it leave it as it was."""
    with engines.fresh_database(request.param) as url, house(url) as made:
        made.keep()
        yield made


@pytest.fixture
def session(anywhere: House) -> Iterator[Session]:
    """A session of the host; nothing it does is kept."""
    yield anywhere.session()
    anywhere.session.remove()


@pytest.fixture
def inn(sqlite_url: str) -> Iterator[House]:
    """A host of its own."""
    with house(sqlite_url) as made:
        yield made


# instances


def test_instances_show_the_sentinel_and_others_their_value(session: Session) -> None:
    """The kept row shows a text that counts as nothing; no other row notices."""
    first, second = session.scalars(select(Bill).order_by(Bill.id)).all()[:2]

    assert str(first.holder) == "▒▒▒"
    assert not first.holder
    assert first.holder.strip().startswith("▒")
    assert (first.tax, first.total, first.shout) == (None, 90, "▒▒▒")
    assert (first.who.name, first.who.tax) == ("▒▒▒", None)
    assert (second.holder, second.tax, second.who.name) == (OTHER, 1002, OTHER)
    assert second.shout == OTHER.upper()
    assert not session.dirty


def _first(statement: Any, session: Session) -> Any:
    return min(session.scalars(statement), key=lambda bill: bill.id)


@pytest.mark.parametrize("load", [
    lambda s: s.get(Bill, 1),
    lambda s: s.query(Bill).filter_by(id=1).one(),
    lambda s: s.scalars(select(aliased(Bill)).limit(1).order_by(text("1"))).first(),
    lambda s: min(s.get(Stay, 1).bills, key=lambda b: b.id),
    lambda s: s.scalars(select(Stay).options(joinedload(Stay.bills))).unique().first().bills[0],
    lambda s: s.scalars(select(Stay).options(selectinload(Stay.bills))).first().bills[0],
    lambda s: _first(select(Bill).from_statement(sa.union(select(Bill), select(Bill))), s),
    lambda s: _first(select(Bill).execution_options(yield_per=1), s),
    lambda s: s.scalars(update(Bill).where(Bill.id == 1).values(total=90).returning(Bill)).one()
    if s.get_bind().dialect.name == "sqlite" else s.get(Bill, 1),
], ids=["get", "query", "alias", "lazy", "joined", "selectin", "union", "stream", "returning"])
def test_however_a_row_is_loaded_it_is_hidden(
    session: Session, load: Callable[[Session], Bill]
) -> None:
    """Whatever way of loading makes the instance, the sentinel is in it."""
    bill = load(session)

    assert (bill.id, str(bill.holder), bill.tax) == (1, "▒▒▒", None)


def test_what_is_loaded_later_is_hidden_too(session: Session) -> None:
    """A deferred column, a refresh, an expired attribute: all show the sentinel."""
    bill = session.scalars(select(Bill).options(defer(Bill.holder)).where(Bill.id == 1)).one()
    assert str(bill.holder) == "▒▒▒"
    assert str(bill.address) == "▒▒▒"
    session.refresh(bill, ["address", "holder"])
    assert (str(bill.holder), str(bill.address)) == ("▒▒▒", "▒▒▒")
    session.expire(bill)
    assert (bill.total, str(bill.holder)) == (90, "▒▒▒")
    session.rollback()
    assert str(bill.holder) == "▒▒▒"


# statements

_alias = aliased(Bill)
_rows = select(Bill).subquery()
_named = select(Bill.id, func.upper(Bill.holder).label("big")).cte()

REFUSED: dict[str, Any] = {
    "column": select(Bill.holder),
    "attribute with another name": select(Bill.tax),
    "alias": select(_alias.holder),
    "bundle": select(Bundle("b", Bill.holder)),
    "property made of it": select(Bill.shout),
    "where": select(Bill).where(Bill.holder == "x"),
    "where of a sum": select(func.sum(Bill.total)).where(Bill.holder.like("A%")),
    "order": select(Bill).order_by(Bill.holder),
    "order by its name": select(Bill).order_by("billed_to"),
    "order by its name, descending": select(Bill).order_by(sa.desc("billed_to")),
    "group": select(func.sum(Bill.total)).group_by(Bill.holder),
    "having": select(func.sum(Bill.total)).having(func.max(Bill.holder) > "A"),
    "function": select(func.length(Bill.holder)),
    "count": select(func.count(sa.distinct(Bill.holder))),
    "case": select(sa.case((Bill.holder == "x", 1), else_=0)),
    "window": select(func.row_number().over(order_by=Bill.holder)),
    "subquery": select(_rows.c.billed_to),
    "subquery, all of it": select(_rows),
    "cte": select(_named.c.id),
    "scalar subquery": select(select(Bill.holder).limit(1).scalar_subquery()),
    "exists": select(Stay).where(Stay.bills.any(Bill.holder == "x")),
    "join": select(Stay).join(Bill, Bill.holder == Stay.room),
    "union": sa.union(select(Bill), select(Bill)),
    "table": select(BILL),
    "alias of the table": select(BILL.alias()),
    "table by its name": select(sa.table("veil_bills", sa.column("billed_to"))),
    "column by its name": select(sa.column("billed_to")).select_from(Bill),
    "literal column": select(sa.literal_column("billed_to")).select_from(Bill),
    "text in a part": select(Bill.id).where(text("billed_to > 'A'")),
    "text": text("SELECT billed_to FROM veil_bills"),
    "text with a star": text("SELECT * FROM veil_bills"),
    "text with an alias": text("SELECT b.billed_to FROM veil_bills AS b"),
    "text of columns": text("SELECT id, billed_to FROM veil_bills").columns(Bill.id, Bill.holder),
    "update": update(Bill).values(holder="x"),
    "update of the table": update(BILL).values({BILL.c.billed_to: "x"}),
    "update where": update(Bill).where(Bill.holder == "x").values(total=1),
    "update from it": update(Bill).values(total=func.length(Bill.holder)),
    "delete where": sa.delete(Bill).where(Bill.holder == "x"),
    "insert from it": sa.insert(Stay).from_select(["room"], select(Bill.holder)),
    "insert from rows": sa.insert(BILL).from_select(list(BILL.c.keys()), select(Bill)),
    "criteria": select(Bill).options(with_loader_criteria(Bill, Bill.holder == "x")),
    "criteria by a function": select(Bill).options(
        with_loader_criteria(Bill, lambda each: each.holder == "x")
    ),
    "criteria of a loader": select(Stay).options(joinedload(Stay.bills.and_(Bill.holder == "x"))),
}


@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED)
def test_a_statement_that_names_a_hidden_column_is_refused(
    session: Session, statement: Any
) -> None:
    """In whatever part it is named: the statement is not run, and never rewritten."""
    with pytest.raises(VeiledError, match="books") as raised:
        session.execute(statement)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("run", [
    lambda s: s.query(Bill.holder).all(),
    lambda s: s.query(Bill).filter_by(holder="x").first(),
    lambda s: s.query(Bill).update({"holder": "x"}),
    lambda s: s.execute(update(Bill), [{"id": 1, "holder": "x"}]),
    lambda s: s.execute(update(BILL).where(BILL.c.id == 1), {"billed_to": "x"}),
    lambda s: s.execute(_upsert(s, {"billed_to": "x"})),
], ids=["query", "filter_by", "query update", "bulk update", "parameters", "upsert"])
def test_so_is_one_that_is_made_on_the_way(
    session: Session, run: Callable[[Session], Any]
) -> None:
    """Legacy queries, bulk updates by key, names that come as parameters, and upserts."""
    with pytest.raises(VeiledError):
        run(session)


def _upsert(session: Session, values: dict[str, Any]) -> Any:
    row = {"id": 1, "stay_id": 1, "billed_to": "x", "total": 1}
    dialect = session.get_bind().dialect.name
    if dialect in ("mysql", "mariadb"):
        return mysql.insert(BILL).values(row).on_duplicate_key_update(values)
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(BILL).values(row).on_conflict_do_update(
        index_elements=["id"], set_=values
    )


PASSED: dict[str, Any] = {
    "sum": select(func.sum(Bill.total)),
    "sum by stay": select(Stay.room, func.sum(Bill.total)).join(Stay.bills).group_by(Stay.room),
    "count of rows": select(func.count()).select_from(_rows),
    "total of a subquery": select(func.sum(_rows.c.total)),
    "exists": select(Stay).where(Stay.bills.any(Bill.total > 1)),
    "new row": sa.insert(Bill).values(id=9, stay_id=1, holder="New", total=3),
    "text of other columns": text("SELECT sum(total) FROM veil_bills"),
    "text of another's column": text(
        "SELECT b.id, x.billed_to FROM veil_bills b JOIN (SELECT 1 AS y) z ON 1 = 1"
        " JOIN veil_other x ON 1 = 1"
    ),
    "text that counts": text("SELECT count(*) FROM veil_bills"),
    "text in quotes": text("SELECT total FROM veil_bills WHERE 'billed_to' <> 'x'"),
    "text of a new row": text(
        "INSERT INTO veil_bills (id, stay_id, billed_to, total) VALUES (8, 1, 'New', 1)"
    ),
    "other change": update(Bill).where(Bill.id == 2).values(total=60),
}


@pytest.mark.parametrize("statement", PASSED.values(), ids=PASSED)
def test_everything_else_goes_on(session: Session, statement: Any) -> None:
    """Totals, counts, new rows and other columns know nothing of it."""
    done: Any = session.execute(statement)
    if not statement.is_dml and getattr(done, "returns_rows", True):
        assert SECRET not in str(list(done))
    rows = session.scalar(select(func.count()).select_from(_rows))
    assert rows == 3 + ("INSERT" in str(statement))


def test_totals_are_what_they_were(database_url: str) -> None:
    """The sums of all bills, of each stay and of a page of rows are equal before and after."""
    statements = [
        select(func.sum(Bill.total), func.count(Bill.id)),
        select(Stay.room, func.sum(Bill.total)).join(Stay.bills).group_by(Stay.room),
        select(func.count()).select_from(select(Bill).subquery()),
    ]
    with house(database_url) as hotel:
        def totals() -> list[Any]:
            found: list[Any] = [hotel.session.execute(each).all() for each in statements]
            found.append([sum(b.total for b in hotel.session.scalars(select(Bill)))])
            hotel.session.remove()
            return [sorted(map(str, each)) for each in found]

        before = totals()
        hotel.keep()
        assert totals() == before


def test_without_a_kept_row_nothing_is_refused(inn: House) -> None:
    """As long as nothing is kept, and when all of it has ended, every statement runs."""
    inn.session.execute(REFUSED["column"])
    inn.keep(ended_at=datetime(2026, 2, 1))
    inn.keep(mode="sealed")
    inn.session.commit()
    assert inn.session.scalars(REFUSED["column"]).first() == SECRET
    assert inn.session.get_one(Bill, 1).holder == SECRET


@pytest.mark.parametrize("mode", ["place", "held", "blocked"])
def test_what_waits_or_is_held_is_hidden_as_well(inn: House, mode: str) -> None:
    """Storage is all that is allowed, whatever the reason it stays."""
    inn.keep(mode=mode)
    assert str(inn.session.get_one(Bill, 1).holder) == "▒▒▒"
    with pytest.raises(VeiledError):
        inn.session.execute(REFUSED["column"])


def test_a_kept_column_that_was_renamed_stays_hidden(inn: House) -> None:
    """Of what was kept under the name before nobody knows which column it is: all are hidden."""
    inn.keep(columns='["bearer","tax_no"]')
    bill = inn.session.get_one(Bill, 1)
    assert (str(bill.holder), str(bill.address), bill.tax) == ("▒▒▒", "▒▒▒", None)
    assert (bill.total, inn.session.get_one(Bill, 2).holder) == (90, OTHER)


# changes


def test_a_hidden_value_cannot_be_overwritten_or_copied(anywhere: House) -> None:
    """Neither a new value in its place, nor the sentinel in another row; other columns can."""
    session = anywhere.session()
    bill = session.get_one(Bill, 1)
    bill.total, bill.holder = 91, bill.holder
    session.flush()
    bill.holder = "x"
    with pytest.raises(VeiledError, match="kept"):
        session.flush()
    session.rollback()
    session.add(Bill(id=7, stay_id=1, holder=session.get_one(Bill, 1).holder, total=1))
    with pytest.raises(VeiledError, match="hidden value"):
        session.flush()
    anywhere.session.remove()
    assert anywhere.raw() == SECRET


# the books


def test_open_books_show_and_correct(database_url: str) -> None:
    """Within the block values are read, named and corrected; after it they are hidden again."""
    with house(database_url) as hotel:
        hotel.keep()
        session = hotel.session()
        bill = session.get_one(Bill, 1)
        assert str(bill.holder) == "▒▒▒"
        with veil.opened(hotel.host, "sh"):
            assert (bill.holder, bill.tax, bill.who.name) == (SECRET, 1001, SECRET)
            names = session.scalars(select(Bill.holder).where(Bill.holder == SECRET)).all()
            assert names == [SECRET]
            bill.holder = "Aino Corrected"
            session.flush()
        assert str(bill.holder) == "▒▒▒"
        assert bill.tax is None
        assert str(bill.who.name) == "▒▒▒"
        session.commit()
        assert hotel.raw() == "Aino Corrected"
        with pytest.raises(VeiledError):
            session.execute(select(Bill.holder))
        hotel.session.remove()


def test_a_correction_is_written_within_the_block_or_refused(inn: House) -> None:
    """The extension writes nothing itself: what still waits at the end is told, and not written."""
    inn.keep()
    bill = inn.session.get_one(Bill, 1)

    def forget() -> None:
        with veil.opened(inn.host, "sh"):
            assert bill.holder == SECRET
            bill.holder = "Aino Corrected"

    with pytest.raises(VeiledError, match="within the block"):
        forget()
    with pytest.raises(VeiledError):
        inn.session.flush()
    inn.session.rollback()
    assert str(bill.holder) == "▒▒▒"
    assert inn.raw() == SECRET


def test_open_books_are_one_propertys(inn: House) -> None:
    """Another property's rows stay hidden until its books are open too."""
    inn.keep(1, "sh")
    inn.keep(2, "mu")
    session = inn.session()
    with veil.opened(inn.host, "sh"):
        assert session.get_one(Bill, 1).holder == SECRET
        assert str(session.get_one(Bill, 2).holder) == "▒▒▒"
        with pytest.raises(VeiledError):
            session.execute(select(Bill.holder))
        with veil.opened(inn.host, "mu"):
            assert session.get_one(Bill, 2).holder == OTHER
            assert len(session.scalars(select(Bill.holder)).all()) == 3
        assert session.get_one(Bill, 1).holder == SECRET
        assert str(session.get_one(Bill, 2).holder) == "▒▒▒"


def test_open_books_end_with_their_block(inn: House) -> None:
    """After an error, for what was detached, and in other threads, nothing is shown."""
    inn.keep()
    bill, seen = inn.session.get_one(Bill, 1), []

    def elsewhere() -> None:
        with Session(inn.engine) as other:
            seen.append(str(other.get_one(Bill, 1).holder))

    def fail() -> None:
        with veil.opened(inn.host, "sh"):
            assert bill.holder == SECRET
            inn.session.expunge(bill)
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert str(bill.holder) == "▒▒▒"
    assert seen == ["▒▒▒"]


# hosts


@pytest.mark.parametrize(("make", "key"), [
    (SQLAlchemy, "SQLALCHEMY_DATABASE_URI"), (Lite, "SQLALCHEMY_ENGINES"),
], ids=["flask-sqlalchemy", "lite"])
def test_the_flask_extensions_sessions_are_covered(inn: House, make: Any, key: str) -> None:
    """The sessions of either Flask extension hide and refuse like any other."""
    inn.keep()
    app = Flask(__name__)
    url = str(inn.engine.url)
    app.config[key] = url if make is SQLAlchemy else {"default": url}
    db = make(app)
    with app.app_context():
        host = Host(db, models=Base)
        veil.install(host, [(Bill, POLICY)])
        assert str(db.session.get(Bill, 1).holder) == "▒▒▒"
        with pytest.raises(VeiledError):
            db.session.execute(select(Bill.holder))
        with veil.opened(host, "sh"):
            assert db.session.get(Bill, 1).holder == SECRET
        db.session.rollback()
        db.engine.dispose()


def test_what_is_registered_later_is_hidden_from_then_on(inn: House, tmp_path: Path) -> None:
    """A plug-in of the host's may declare its tables when the application is there already."""

    class Tip(Base):
        __tablename__ = "veil_tips"
        id: Mapped[int] = mapped_column(primary_key=True)
        giver: Mapped[str] = mapped_column(sa.String(40))

    Base.metadata.create_all(inn.engine)
    app = Flask(__name__, instance_path=str(tmp_path))
    added = Guesterase(inn.session, models=Base)
    added.init_app(app)
    inn.session.add(Tip(id=1, giver=SECRET))
    inn.session.commit()
    note(inn.engine, "veil_tips", "int:1", property="sh", columns='["giver"]')
    assert inn.session.scalar(select(Tip.giver)) == SECRET
    inn.session.remove()
    added.register(Tip, Policy({"giver": retain("invoice")}))
    with pytest.raises(VeiledError):
        inn.session.scalar(select(Tip.giver))


def test_asynchronous_sessions_are_covered(postgresql_url: str) -> None:
    """An AsyncSession loads, streams and refuses like the session behind it."""

    async def use() -> None:
        engine = create_async_engine(postgresql_url)
        async with AsyncSession(engine) as session:
            assert str((await session.get_one(Bill, 1)).holder) == "▒▒▒"
            session.expunge_all()
            stream = await session.stream_scalars(select(Bill).order_by(Bill.id))
            assert [str(bill.holder) async for bill in stream] == ["▒▒▒", OTHER, OTHER]
            with pytest.raises(VeiledError):
                await session.execute(select(Bill.holder))
        await engine.dispose()

    with house(postgresql_url) as hotel:
        hotel.keep()
        asyncio.run(use())


def test_another_database_of_the_process_is_its_own(inn: House) -> None:
    """The same models over a database where nothing is kept, or without our tables, are free."""
    inn.keep()
    other = sa.create_engine("sqlite://")
    Base.metadata.create_all(other)
    with Session(other) as session:
        session.add(Stay(id=1, room="1"))
        session.add(Bill(id=1, stay_id=1, holder=OTHER, total=1))
        session.commit()
        with veil.opened(inn.host, "sh"):
            assert session.scalars(select(Bill.holder)).all() == [OTHER]
        assert session.get_one(Bill, 1).holder == OTHER
    with veil.opened(Host(scoped_session(sessionmaker(other)), models=Base), "sh"):
        assert str(inn.session.get_one(Bill, 1).holder) == "▒▒▒"
    other.dispose()


def test_a_host_whose_tables_of_ours_were_removed_goes_on(inn: House) -> None:
    """Removed while the process runs: nothing is kept any more, nothing fails."""
    inn.keep()
    assert str(inn.session.get_one(Bill, 1).holder) == "▒▒▒"
    inn.session.remove()
    with inn.engine.begin() as conn:
        tables.kept.drop(conn)
    assert inn.session.get_one(Bill, 1).holder == SECRET
    inn.session.execute(REFUSED["column"])


def test_the_question_is_asked_once_in_a_transaction_and_only_where_needed(inn: House) -> None:
    """Another table costs nothing, a list of bills one question, a sum none."""
    inn.keep()
    inn.session.get_one(Bill, 1)
    inn.session.remove()
    asked: list[str] = []

    @sa.event.listens_for(inn.engine, "before_cursor_execute")
    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "guesterase_" in statement:
            asked.append(statement)

    inn.session.scalars(select(Stay)).all()
    inn.session.execute(select(func.sum(Bill.total)))
    assert asked == []
    inn.session.scalars(select(Bill)).all()
    inn.session.scalars(select(Bill).execution_options(populate_existing=True)).all()
    assert len(asked) == 1
    inn.session.commit()
    inn.session.get_one(Bill, 1)
    assert len(asked) == 2


def test_where_very_many_rows_are_kept_each_is_asked_for(
    inn: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit the rows that are loaded are looked up, and columns are still refused."""
    monkeypatch.setattr(restricted, "WHOLE", 1)
    inn.keep(1)
    inn.keep(3, "mu")
    assert [str(b.holder) for b in inn.session.scalars(select(Bill).order_by(Bill.id))] == [
        "▒▒▒", OTHER, "▒▒▒",
    ]
    with pytest.raises(VeiledError):
        inn.session.execute(select(Bill.holder))
    with veil.opened(inn.host, "sh"), pytest.raises(VeiledError):
        inn.session.execute(select(Bill.holder))
    with veil.opened(inn.host, "sh"), veil.opened(inn.host, "mu"):
        inn.session.execute(select(Bill.holder))


# what escapes, as docs/explanation/in-place.md lists it


def _qualified(session: Session) -> Any:
    """Return a SELECT of the table as others may declare it, with the schema it lies in."""
    session.connection()
    schema = session.get_bind().dialect.default_schema_name
    bills = sa.table("veil_bills", sa.column("id"), sa.column("billed_to"), schema=schema)
    return select(bills.c.billed_to).where(bills.c.id == 1)


ESCAPES: dict[str, Callable[[House, Session], Any]] = {
    "engine.connect": lambda h, s: h.raw(),
    "session.connection": lambda h, s: s.connection().scalar(
        select(BILL.c.billed_to).where(BILL.c.id == 1)
    ),
    "driver": lambda h, s: s.connection().exec_driver_sql(
        "SELECT billed_to FROM veil_bills WHERE id = 1"
    ).scalar(),
    "table with its schema": lambda h, s: s.scalar(_qualified(s)),
    "text without the table's name": lambda h, s: s.scalar(
        text("SELECT billed_to FROM veil_view WHERE id = 1")
    ),
}


@pytest.mark.parametrize("way", ESCAPES)
def test_what_does_not_go_through_a_statement_of_the_session_escapes(
    anywhere: House, way: str
) -> None:
    """Connections, drivers and views of the host's show the value: the docs say so."""
    with anywhere.engine.begin() as conn:
        conn.exec_driver_sql("DROP VIEW IF EXISTS veil_view")
        conn.exec_driver_sql("CREATE VIEW veil_view AS SELECT * FROM veil_bills")
    try:
        assert ESCAPES[way](anywhere, anywhere.session()) == SECRET
    finally:
        anywhere.session.remove()
        with anywhere.engine.begin() as conn:
            conn.exec_driver_sql("DROP VIEW veil_view")


def test_bulk_mappings_escape(database_url: str) -> None:
    """The old bulk methods send no event: they write a kept value, as the docs say."""
    with house(database_url) as hotel:
        hotel.keep()
        with hotel.session() as session:
            session.bulk_update_mappings(Bill, [{"id": 1, "holder": "Written"}])
            session.commit()
        hotel.session.remove()
        assert hotel.raw() == "Written"


def test_what_was_loaded_before_shows_its_value_until_it_is_loaded_again(inn: House) -> None:
    """A session that does not expire on commit keeps what it has, as the docs say."""
    with Session(inn.engine, expire_on_commit=False) as session:
        bill = session.get_one(Bill, 1)
        session.commit()
        inn.keep()
        assert bill.holder == SECRET
        session.refresh(bill)
        assert str(bill.holder) == "▒▒▒"


# the recipes of docs/explanation/in-place.md


def _recipe(engine: str) -> list[str]:
    page = Path(__file__).parents[2] / "docs" / "explanation" / "in-place.md"
    block = page.read_text(encoding="utf-8").split(f"```sql {engine}\n")[1].split("```")[0]
    return [line for line in block.split(";\n") if line.strip()]


@pytest.mark.parametrize("server", engines.SERVERS)
def test_the_recipes_keep_a_reporting_account_out(server: str) -> None:
    """As the page says it: the account reads totals and the view, never a kept value."""
    with engines.fresh_database(server) as url, house(url) as hotel:
        hotel.keep()
        place = sa.make_url(url)
        name = f"r_{place.database}"
        statements = [
            line.replace("hotel_db", str(place.database)).replace("reporting", name)
            for line in _recipe(server)
        ]
        with hotel.engine.begin() as conn:
            for line in statements:
                conn.exec_driver_sql(line.replace("%", "%%"))
        account = place.set(username=name, password="a-long-password")
        reports = sa.create_engine(account)
        try:
            with reports.connect() as conn:
                assert conn.scalar(text("SELECT sum(total) FROM veil_bills")) == 155
                names = conn.execute(text("SELECT id, billed_to FROM bills_shown ORDER BY id"))
                assert [tuple(row) for row in names] == [(1, None), (2, OTHER), (3, OTHER)]
            with reports.connect() as conn, pytest.raises(
                (ProgrammingError, sa.exc.OperationalError)
            ):
                conn.scalar(text("SELECT billed_to FROM veil_bills"))
        finally:
            reports.dispose()
            _drop_account(hotel.engine, name)


def _drop_account(engine: sa.Engine, name: str) -> None:
    with engine.begin() as conn:
        if engine.dialect.name == "postgresql":
            conn.exec_driver_sql(f'DROP OWNED BY "{name}"')
            conn.exec_driver_sql(f'DROP ROLE "{name}"')
        else:
            conn.exec_driver_sql(f"DROP USER IF EXISTS '{name}'")
