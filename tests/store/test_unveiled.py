"""Ways by which a hidden value was shown or overwritten, and what was refused for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event, func, select, text, update
from sqlalchemy.ext.declarative import AbstractConcreteBase, ConcreteBase
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    column_property,
    configure_mappers,
    join,
    joinedload,
    mapped_column,
    relationship,
    scoped_session,
    sessionmaker,
    undefer,
)

from flask_guesterase.core.errors import VeiledError
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import keep, retain
from flask_guesterase.store import tables
from flask_guesterase.store.hiding import unaltered, veil
from flask_guesterase.store.mapping.host import Host
from flask_guesterase.store.statements.spelling import spelled
from tests import engines
from tests.store.kept import note

SECRET = "Aino Korhonen"
OTHER = "Bo Lindqvist"
INVOICE = retain("invoice")


class Base(DeclarativeBase):
    """Base of the host's models; their policies are written on them."""


class Stay(Base):
    __tablename__ = "un_stays"
    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(sa.String(80))
    bills: Mapped[list[Bill]] = relationship(back_populates="stay")


class Bill(Base):
    __tablename__ = "un_bills"
    id: Mapped[int] = mapped_column(primary_key=True)
    stay_id: Mapped[int] = mapped_column(sa.ForeignKey("un_stays.id"))
    holder: Mapped[str] = mapped_column("billed_to", sa.String(80))
    tax: Mapped[int | None] = mapped_column("tax_no")
    total: Mapped[int]
    stay: Mapped[Stay] = relationship(back_populates="bills")
    __erasure__ = Policy({"holder": INVOICE, "tax": INVOICE, "total": keep("bookkeeping")})


class Receipt(Base):
    __tablename__ = "un receipts"
    id: Mapped[int] = mapped_column("Receipt Id", primary_key=True)
    payer: Mapped[str] = mapped_column("Paid By", sa.String(80))
    changed: Mapped[str] = mapped_column(sa.String(80), onupdate="just now")
    total: Mapped[int]
    __erasure__ = Policy({
        "payer": INVOICE, "changed": INVOICE, "total": keep("bookkeeping"),
    })


class Folio(Base):
    __tablename__ = "un_folios"
    id: Mapped[int] = mapped_column(primary_key=True)
    payer: Mapped[str] = mapped_column(sa.String(80))
    loud: Mapped[str] = mapped_column(sa.String(80), sa.Computed("upper(payer)", persisted=True))
    short: Mapped[str] = mapped_column(
        sa.String(80), sa.Computed("substr(payer, 1, 1)", persisted=True)
    )
    due: Mapped[int] = mapped_column(
        sa.Computed("case when kind = 'payer' then total else 0 end", persisted=True)
    )
    kind: Mapped[str] = mapped_column(sa.String(20), default="payer")
    total: Mapped[int]
    __erasure__ = Policy({
        "payer": INVOICE, "short": keep("the shelf it is found on"), "kind": keep("bookkeeping"),
        "total": keep("bookkeeping"),
    })


class Docket(Base):
    __tablename__ = "un_dockets"
    # MariaDB computes nothing of a number that it gives itself.
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    page: Mapped[int] = mapped_column(sa.Computed("id / 10", persisted=True))
    payer: Mapped[str] = mapped_column(sa.String(80))
    __erasure__ = Policy({"id": INVOICE, "payer": INVOICE})


class Stamp(Base):
    __tablename__ = "un_stamps"
    id: Mapped[int] = mapped_column(primary_key=True)
    seen: Mapped[str] = mapped_column(sa.String(80), server_onupdate=sa.FetchedValue())
    total: Mapped[int]
    __erasure__ = Policy({"seen": INVOICE})


class Note(ConcreteBase, Base):
    __tablename__ = "un_notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(sa.String(80))
    pages: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "note", "concrete": True}  # noqa: RUF012 - SQLAlchemy reads it
    __erasure__ = Policy({"who": INVOICE})


class Slip(Note):
    __tablename__ = "un_slips"
    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(sa.String(80))
    pages: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "slip", "concrete": True}  # noqa: RUF012 - SQLAlchemy reads it
    __erasure__ = Policy({"who": INVOICE})


class Paper(AbstractConcreteBase, Base):
    """Papers of all kinds; has no table."""


class Form(Paper):
    __tablename__ = "un_forms"
    id: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(sa.String(80))
    __mapper_args__ = {"polymorphic_identity": "form", "concrete": True}  # noqa: RUF012 - SQLAlchemy reads it
    __erasure__ = Policy({"who": INVOICE})


BILL: Any = Bill.__table__
STAY: Any = Stay.__table__
_before = aliased(Bill)


def _of_the_stay(column: Any) -> Any:
    return (
        select(column).where(Bill.stay_id == STAY.c.id).order_by(Bill.id).limit(1)
        .correlate(STAY).scalar_subquery()
    )  # fmt: skip


STAYS: Any = Stay
BILLS: Any = Bill
STAYS.last = column_property(_of_the_stay(Bill.holder))
STAYS.later = column_property(_of_the_stay(Bill.holder), deferred=True)
STAYS.taxed = column_property(_of_the_stay(Bill.tax))
STAYS.owed = column_property(_of_the_stay(Bill.total))
BILLS.former = column_property(
    select(_before.holder).where(_before.id == BILL.c.id - 1).scalar_subquery()
)
BILLS.beside = column_property(
    select(STAY.c.room).where(STAY.c.room == BILL.c.billed_to).limit(1).scalar_subquery()
)
configure_mappers()


class House:
    """A host with two stays and three bills; nothing is kept yet."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url)
        Base.metadata.create_all(self.engine)
        tables.metadata.create_all(self.engine, [tables.kept])
        self.session = scoped_session(sessionmaker(self.engine))
        self.host = Host(self.session, models=Base)
        veil.install(self.host, [])
        with Session(self.engine) as session:
            session.add_all([Stay(id=1, room="101"), Stay(id=2, room=OTHER)])
            session.flush()
            for id_, stay, name in ((1, 1, SECRET), (2, 1, OTHER), (3, 2, OTHER)):
                session.add(Bill(id=id_, stay_id=stay, holder=name, total=id_, tax=1000 + id_))
                session.add(Receipt(id=id_, payer=name, changed="once", total=id_))
            session.add_all([
                Note(id=1, who=SECRET, pages=1), Slip(id=2, who=SECRET, pages=1),
                Slip(id=3, who=OTHER, pages=1), Form(id=1, who=SECRET),
                Folio(id=1, payer=SECRET, total=1), Folio(id=2, payer=OTHER, total=2),
                Stamp(id=1, seen="once", total=1),
            ])  # fmt: skip
            session.commit()

    def keep(self, table: str = "un_bills", id_: int = 1, columns: str = "") -> None:
        """Note what an erasure keeps of a row."""
        note(self.engine, table, f"int:{id_}", columns or '["billed_to","tax_no"]')

    def keep_all(self) -> None:
        """Note something kept in each of the tables."""
        self.keep()
        self.keep("un receipts", 1, '["Paid By","changed"]')
        self.keep("un_folios", 1, '["payer"]')
        self.keep("un_stamps", 1, '["seen"]')
        for table, id_ in (("un_notes", 1), ("un_slips", 2), ("un_forms", 1)):
            self.keep(table, id_, '["who"]')

    def raw_change(self, statement: Any) -> None:
        """Change the database past every session."""
        with self.engine.begin() as conn:
            conn.execute(statement)

    def all(self, statement: Any) -> list[tuple[Any, ...]]:
        """Return the rows that the database holds, past every session."""
        with self.engine.connect() as conn:
            return [tuple(row) for row in conn.execute(statement)]

    def raw(self, statement: Any) -> tuple[Any, ...]:
        """Return the row that the database holds, past every session."""
        with self.engine.connect() as conn:
            return tuple(conn.execute(statement).one())


@contextmanager
def house(url: str) -> Iterator[House]:
    """A host whose connections are closed at the end."""
    made = House(url)
    try:
        yield made
    finally:
        made.session.remove()
        made.engine.dispose()


@pytest.fixture(params=engines.DEEP, scope="module")
def anywhere(request: pytest.FixtureRequest) -> Iterator[House]:
    """The host on each engine in turn, something kept in each table; tests leave it as it was."""
    with engines.fresh_database(request.param) as url, house(url) as made:
        made.keep_all()
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


@contextmanager
def hook(
    model: type[Any], what: Callable[[Any], None], name: str = "before_update"
) -> Iterator[None]:
    """Let a mapper of the host change its instances on their way to the database."""

    def change(mapper: Any, conn: Any, target: Any) -> None:
        what(target)

    event.listen(model, name, change)
    try:
        yield
    finally:
        event.remove(model, name, change)


# changes on the way


def _or_nothing(bill: Any) -> None:
    bill.holder, bill.tax = bill.holder or "N/A", bill.tax or 0


def test_a_hook_of_the_hosts_cannot_overwrite_a_kept_value(anywhere: House) -> None:
    """What a mapper's hook fills in for what looks empty is refused, and nothing is written."""
    with hook(Bill, _or_nothing):
        session = anywhere.session()
        session.get_one(Bill, 1).total = 50
        with pytest.raises(VeiledError, match="kept"):
            session.flush()
        anywhere.session.remove()
        session = anywhere.session()
        session.get_one(Bill, 2).total = 2
        session.get_one(Bill, 3).total = 4
        session.flush()
        session.rollback()
    anywhere.session.remove()
    assert anywhere.raw(select(BILL.c.billed_to, BILL.c.total).where(BILL.c.id == 1)) == (SECRET, 1)


@pytest.mark.parametrize("expression", [func.lower("X"), sa.literal_column("'x'")])
def test_a_hook_cannot_overwrite_a_kept_value_by_sql(session: Session, expression: Any) -> None:
    """What the database is to compute leaves no value behind, and is refused all the same."""
    session.get_one(Bill, 1).total = 50
    with hook(Bill, lambda bill: setattr(bill, "holder", expression)):
        with pytest.raises(VeiledError, match="kept"):
            session.flush()
        session.rollback()
        session.get_one(Bill, 2).total = 50
        session.flush()


def test_a_computed_column_stops_no_change(session: Session) -> None:
    """It is fetched anew with each change, and is what it was."""
    folio = session.get_one(Folio, 1)
    folio.total = 50
    session.flush()
    assert (str(folio.loud), str(folio.payer), folio.total) == ("▒▒▒", "▒▒▒", 50)
    session.execute(update(Folio).values(total=2))


def test_what_is_computed_of_a_hidden_column_is_hidden_with_it(session: Session) -> None:
    """It has no rule of its own, and shows the value all the same; of others it is shown."""
    first, second = session.scalars(select(Folio).order_by(Folio.id))
    assert (str(first.loud), second.loud) == ("▒▒▒", OTHER.upper())
    session.expire(first)
    assert str(first.loud) == "▒▒▒"


@pytest.mark.parametrize("statement", [
    select(Folio.loud),
    select(Folio.id).where(Folio.loud.like("%AINO%")),
    select(Folio.id).order_by(Folio.loud),
    select(Folio.__table__),
    text("SELECT loud FROM un_folios"),
    text("SELECT id FROM un_folios WHERE loud LIKE '%AINO%'"),
])  # fmt: skip
def test_a_statement_that_names_what_is_computed_of_a_hidden_column_is_refused(
    session: Session, statement: Any
) -> None:
    """It would tell the value as well as one that names the column itself."""
    with pytest.raises(VeiledError, match="un_folios"):
        session.execute(statement)


def test_what_is_computed_of_a_hidden_column_is_shown_where_its_own_rule_keeps_it(
    session: Session,
) -> None:
    """Who wrote the rule has said that it may be seen; what it is made of may not."""
    folio = session.get_one(Folio, 1)
    assert (folio.short, str(folio.payer)) == (SECRET[0], "▒▒▒")
    assert session.scalars(select(Folio.short).order_by(Folio.id)).all() == [SECRET[0], OTHER[0]]


def test_what_only_has_the_name_of_a_hidden_column_in_a_text_is_shown(session: Session) -> None:
    """A kind of payer is none: what is computed by it is read and summed up as ever."""
    assert session.get_one(Folio, 1).due == 1
    assert session.scalar(select(func.sum(Folio.due))) == 3


def test_what_is_computed_of_a_key_is_shown_as_the_key_is(inn: House) -> None:
    """A key is never hidden, retained or not: without it no row could be told from another."""
    inn.session.add(Docket(id=20, payer=SECRET))
    inn.session.commit()
    inn.session.remove()
    inn.keep("un_dockets", 20, '["id","payer"]')
    docket = inn.session.get_one(Docket, 20)
    assert (docket.id, docket.page, str(docket.payer)) == (20, 2, "▒▒▒")
    assert inn.session.scalar(select(func.max(Docket.page))) == 2


def test_open_books_show_what_is_computed_of_a_hidden_column(inn: House) -> None:
    """It is read within the block as what it is made of, and hidden at its end."""
    inn.keep_all()
    folio = inn.session.get_one(Folio, 1)
    with veil.opened(inn.host, "sh"):
        assert folio.loud == SECRET.upper()
    assert str(folio.loud) == "▒▒▒"


def test_a_column_that_was_not_loaded_stops_no_change(session: Session) -> None:
    """A row that is expired, in whole or in part, is changed elsewhere as ever."""
    bill = session.get_one(Bill, 1)
    session.expire(bill, ["holder"])
    bill.total = 50
    session.flush()
    session.expire(bill)
    bill.total = 51
    session.flush()
    assert str(bill.holder) == "▒▒▒"


def test_a_column_that_the_database_sets_itself_is_kept(session: Session) -> None:
    """A model may say that an UPDATE changes a column: a kept row takes none."""
    with pytest.raises(VeiledError, match="seen"):
        session.execute(update(Stamp).values(total=2))
    session.get_one(Stamp, 1).total = 50
    with pytest.raises(VeiledError, match="seen"):
        session.flush()


def test_a_hook_that_changes_open_columns_alone_passes(inn: House) -> None:
    """Numbers that a hook counts are written to a kept row as ever."""
    inn.keep()

    def count(bill: Bill) -> None:
        bill.total += 1

    with hook(Bill, count):
        bill = inn.session.get_one(Bill, 1)
        bill.total = 50
        inn.session.commit()
    assert inn.raw(select(BILL.c.billed_to, BILL.c.total).where(BILL.c.id == 1)) == (SECRET, 51)


def test_a_hook_cannot_copy_the_sentinel(inn: House) -> None:
    """Neither into a row that is changed nor into a new one."""
    inn.keep()
    session = inn.session()
    bill = session.get_one(Bill, 1)

    def copy(stay: Stay) -> None:
        stay.room = bill.holder

    session.get_one(Stay, 2).room = "x"
    with hook(Stay, copy), pytest.raises(VeiledError, match="hidden value"):
        session.flush()
    session.rollback()
    bill = session.get_one(Bill, 1)
    session.add(Stay(id=9, room="x"))
    with hook(Stay, copy, "before_insert"), pytest.raises(VeiledError, match="hidden value"):
        session.flush()


def test_a_hook_of_the_session_cannot_overwrite_a_kept_value(inn: House) -> None:
    """A listener of the host's own that is asked after ours changes nothing either."""
    inn.keep()
    session = inn.session()
    bill = session.get_one(Bill, 1)

    def overwrite(session: Session, context: Any, instances: Any) -> None:
        bill.holder = "N/A"

    event.listen(session, "before_flush", overwrite)
    bill.total = 50
    with pytest.raises(VeiledError, match="kept"):
        session.flush()


def test_open_books_let_a_hook_correct(inn: House) -> None:
    """Within the block a hook writes what it likes."""
    inn.keep()
    with hook(Bill, lambda bill: setattr(bill, "holder", "Corrected")), veil.opened(inn.host, "sh"):
        inn.session.get_one(Bill, 1).total = 50
        inn.session.commit()
    assert inn.raw(select(BILL.c.billed_to).where(BILL.c.id == 1)) == ("Corrected",)


def test_a_new_row_with_the_number_of_a_kept_one_is_written(inn: House) -> None:
    """What a hook sets in a new row is nothing that is kept."""
    inn.keep(id_=7)
    with hook(Bill, _or_nothing, "before_insert"):
        inn.session.add(Bill(id=7, stay_id=1, holder="", total=1))
        inn.session.commit()
    assert inn.raw(select(BILL.c.billed_to).where(BILL.c.id == 7)) == ("N/A",)


def test_what_an_update_brings_along_is_refused(anywhere: House) -> None:
    """A kept column with `onupdate=` would be overwritten by any change of its row."""
    session = anywhere.session()
    session.get_one(Receipt, 1).total = 50
    with pytest.raises(VeiledError, match="changed"):
        session.flush()
    anywhere.session.remove()
    table: Any = Receipt.__table__
    one = update(Receipt).where(Receipt.id == 2).values(total=2)
    for statement, given in (
        (one, None), (update(table).values(total=2), None),
        (update(Receipt), [{"id": 1, "total": 2}]),
    ):  # fmt: skip
        with pytest.raises(VeiledError, match="changed"):
            anywhere.session.execute(statement, given)
    session = anywhere.session()
    session.get_one(Receipt, 2).total = 50
    session.flush()
    anywhere.session.remove()
    kept: Any = select(sa.column("changed")).select_from(sa.table("un receipts"))
    assert anywhere.raw(kept.where(sa.column("Receipt Id") == 1)) == ("once",)


# properties made of another class's columns


@pytest.mark.parametrize("load", [
    lambda s: s.get(Stay, 1).last,
    lambda s: s.scalars(select(Stay).where(Stay.id == 1)).one().last,
    lambda s: s.get(Stay, 1).later,
    lambda s: s.scalars(select(Stay).where(Stay.id == 1).options(undefer(STAYS.later))).one().later,
    lambda s: s.scalars(
        select(Bill).where(Bill.id == 2).options(joinedload(Bill.stay))
    ).one().stay.last,
    lambda s: s.scalars(select(Stay).execution_options(yield_per=1)).all()[0].last,
    lambda s: s.scalars(select(aliased(Stay)).order_by(text("1"))).first().last,
    lambda s: s.get(Bill, 2).former,
], ids=["get", "select", "deferred", "undefer", "joinedload", "stream", "alias", "own table"])
def test_a_property_made_of_anothers_hidden_column_is_hidden(
    session: Session, load: Callable[[Session], Any]
) -> None:
    """However it is loaded, while that other table holds a kept row."""
    assert str(load(session)) == "▒▒▒"


def test_a_property_of_another_table_hides_no_more_than_it_must(session: Session) -> None:
    """Numbers vanish like texts; what is made of open columns, or of the row itself, is shown."""
    stay, bill = session.get_one(STAYS, 1), session.get_one(BILLS, 3)

    assert (stay.taxed, stay.owed, stay.room) == (None, 1, "101")
    assert (bill.beside, bill.holder) == (OTHER, OTHER)
    session.refresh(stay, ["later", "last"])
    assert (str(stay.later), str(stay.last)) == ("▒▒▒", "▒▒▒")
    assert not session.dirty


def test_open_books_show_such_a_property_and_end(inn: House) -> None:
    """Without a kept row it shows its value, and in the block; after it no more."""
    assert inn.session.get_one(STAYS, 1).last == SECRET
    inn.session.remove()
    inn.keep()
    stay = inn.session.get_one(STAYS, 1)
    assert str(stay.last) == "▒▒▒"
    with veil.opened(inn.host, "sh"):
        assert (stay.last, stay.taxed) == (SECRET, 1001)
    assert (str(stay.last), stay.taxed) == ("▒▒▒", None)


@pytest.mark.parametrize("statement", [
    select(STAYS.last), select(select(Stay).subquery()), sa.union(select(Stay), select(Stay)),
    select(Stay.id).where(STAYS.last == "x"),
])
def test_a_statement_that_hands_such_a_property_on_is_refused(
    session: Session, statement: Any
) -> None:
    """Named, or among the columns of rows that are no instances."""
    with pytest.raises(VeiledError):
        session.execute(statement)


# statements that were not seen

_sub = select(Bill).subquery("sq")
_named = BILL.alias("b")

UNSEEN: dict[str, Any] = {
    "star": select("*").select_from(Bill),
    "star as text": select(text("*")).select_from(Bill),
    "star as a literal": select(sa.literal_column("*")).select_from(BILL),
    "star of a join": select(text("*")).select_from(Stay).join(Stay.bills),
    "star of an alias": select(text("*")).select_from(_named),
    "star of a subquery": select(text("*")).select_from(_sub),
    "star in a subquery": select(
        sa.literal_column("sq.billed_to")
    ).select_from(select(text("*")).select_from(Bill).subquery("sq")),
    "star and more": select(text("*, 1")).select_from(Bill),
    "star by a condition": select(text("*")).where(BILL.c.id == 1),
    "orm join": select(join(Bill, Stay)),
    "orm join of an alias": select(join(aliased(Bill), Stay)),
    "literal of a subquery": select(sa.literal_column("sq.billed_to")).select_from(_sub),
    "star of a literal": select(text("sq.*")).select_from(_sub),
    "literal of an alias": select(sa.literal_column("b.billed_to")).select_from(_named),
    "column from text": select(sa.column("billed_to")).select_from(text("un_bills")),
    "literal from text": select(sa.literal_column("x.billed_to")).select_from(text("un_bills x")),
    "star from text": select("*").select_from(text("un_bills AS x")),
    "subselect from text": select(sa.column("y")).select_from(
        text("(SELECT billed_to AS y FROM un_bills) x")
    ),
    "star from a bare table": select("*").select_from(sa.table("un_bills")),
    "column from a bare table": select(sa.column("billed_to")).select_from(sa.table("un_bills")),
}
WHOLE: dict[str, Any] = {
    "row": text("SELECT b FROM un_bills b"),
    "row as json": text("SELECT row_to_json(b) FROM un_bills b"),
    "row by the table's name": text("SELECT to_jsonb(un_bills) FROM un_bills"),
    "row as text": text("SELECT id, b::text FROM un_bills AS b WHERE id > 0"),
    "row in a subselect": text("SELECT (SELECT json_agg(b) FROM un_bills b) FROM un_stays"),
    "row with its own label": text("SELECT row_to_json(b) AS b FROM un_bills b"),
    "row as a part": select(func.to_jsonb(text("un_bills"))).select_from(Bill),
    "row as a literal": select(func.to_jsonb(sa.literal_column("un_bills"))).select_from(Bill),
    "row as a column": select(func.to_jsonb(sa.column("un_bills"))).select_from(Bill),
    "row of an alias": select(func.to_jsonb(text("b"))).select_from(_named),
    "row from text": select(func.to_jsonb(text("x"))).select_from(text("un_bills x")),
}


@pytest.mark.parametrize("statement", UNSEEN.values(), ids=UNSEEN)
def test_whatever_hands_a_hidden_column_on_is_refused(session: Session, statement: Any) -> None:
    """A star, a join, a table that stands in text: the statement is not run."""
    with pytest.raises(VeiledError, match="books") as raised:
        session.execute(statement)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize("statement", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("anywhere", ["postgresql"], indirect=True)
def test_a_row_by_its_own_name_is_refused(session: Session, statement: Any) -> None:
    """On PostgreSQL a table's name, or its alias, stands for whole rows."""
    with pytest.raises(VeiledError):
        session.execute(statement)


def _quoted(session: Session, words: str) -> Any:
    mark = "`" if session.get_bind().dialect.name in ("mysql", "mariadb") else '"'
    return text(words.replace("'", mark))


@pytest.mark.parametrize("words", [
    "SELECT 'my r'.'Paid By' FROM 'un receipts' 'my r'",
    "SELECT 'my r'.'changed' FROM 'un receipts' AS 'my r'",
    "SELECT 'my r'.* FROM 'un receipts' AS 'my r'",
    "SELECT 'Paid By' FROM 'un receipts'",
])
def test_a_quoted_alias_may_have_a_space(session: Session, words: str) -> None:
    """So may tables and columns."""
    with pytest.raises(VeiledError):
        session.execute(_quoted(session, words))


@pytest.mark.parametrize("made", [
    lambda s: setattr(s.get(Stay, 1), "room", _of_the_first()),
    lambda s: s.add(Stay(id=9, room=_of_the_first())),
    lambda s: setattr(s.get(Bill, 2), "total", func.length(Bill.holder)),
], ids=["changed", "new", "own"])
def test_an_expression_copies_nothing_when_it_is_flushed(
    session: Session, made: Callable[[Session], Any]
) -> None:
    """A hidden value goes into no open column by way of SQL."""
    made(session)
    with pytest.raises(VeiledError, match="names"):
        session.flush()


def _of_the_first() -> Any:
    return select(Bill.holder).where(Bill.id == 1).scalar_subquery()


def test_expressions_of_open_columns_are_flushed(session: Session) -> None:
    """A counter that the database counts up is no matter, neither is an attribute by itself."""
    bill = session.get_one(BILLS, 1)
    bill.total = Bill.total + 1
    session.flush()
    assert bill.total == 2


COLUMNS = {"crm.bills": {"billed_to", "Paid By"}, "my rows": {"who"}}
NAMES = {"crm.bills": {"id", "billed_to", "Paid By", "note"}}


@pytest.mark.parametrize("words", [
    'SELECT "crm"."bills"."billed_to" FROM "crm"."bills"',
    'SELECT b."billed_to" FROM "crm"."bills"b',
    'SELECT "my b"."Paid By" FROM bills AS "my b"',
    "SELECT ARRAY [id, billed_to] FROM bills",
    "SELECT [Paid By] FROM [bills]",
    "SELECT who FROM `my rows`",
    'TABLE "crm"."bills"',
    "SELECT (b).billed_to FROM crm.bills b",
    "SELECT to_json(b) FROM crm.bills AS b",
    "SELECT x, b::text FROM rooms r JOIN crm.bills b ON b.id = r.id",
    "SELECT CASE WHEN id > 1 THEN b END FROM bills b",
    "INSERT INTO notes (text) SELECT row_to_json(bills) FROM bills",
    "UPDATE bills b SET total = 1 RETURNING b",
    "SELECT * FROM (SELECT id FROM rooms) r, bills",
    "SELECT id FROM rooms WHERE EXISTS (SELECT 1) AND id IN (SELECT * FROM bills)",
    "WITH c AS (SELECT * FROM bills) SELECT id FROM (SELECT * FROM c) x",
    "SELECT id FROM bills WHERE x IS DISTINCT FROM 1 AND to_json(bills) IS NOT NULL",
])
def test_a_text_is_read_through_quotes_and_for_whole_rows(words: str) -> None:
    """A name in quotes is one word; a table's name that stands for a value is all of its row."""
    assert spelled(words, COLUMNS, taken=NAMES)


@pytest.mark.parametrize("words", [
    "SELECT total FROM bills WHERE id = :billed_to OR id = :b",
    "SELECT id FROM rooms r WHERE EXISTS (SELECT * FROM bills b WHERE b.id = r.id)",
    "SELECT id FROM rooms r WHERE NOT EXISTS(SELECT DISTINCT * FROM bills)",
    "SELECT bills FROM figures",
    "INSERT INTO figures (rooms, bills) SELECT count(r.id), count(b.id) FROM rooms r, bills b",
    "SELECT note FROM bills note",
    "SELECT total b FROM bills b",
    "SELECT count(b) FROM bills b",
    "SELECT count(*) AS bills FROM bills ORDER BY bills",
    "SELECT sum(b.total) FROM bills b, (SELECT * FROM rooms WHERE (floor > (2))) r",
    "SELECT EXTRACT(year FROM b.issued) FROM bills b",
    "SELECT b.total::text FROM bills b JOIN rooms USING (id) FOR UPDATE OF b",
    "WITH bills AS (SELECT 1 AS id) SELECT id FROM bills",
    "LOCK TABLE bills",
    "PRAGMA table_info(bills)",
    "DELETE FROM bills b WHERE b.id = 1",
    "SELECT left(x, 2), bills.total FROM bills LEFT JOIN rooms r ON r.id = bills.id",
    "SELECT data['billed_to'] FROM bills",
])
def test_a_text_that_reads_open_columns_is_free(words: str) -> None:
    """Parameters, tests whether there is a row, labels, locks, other tables' stars."""
    assert spelled(words, COLUMNS, taken=NAMES) == {}


# what must pass

_ids = select(Bill.id, Bill.total).subquery("sq")

PASSED: dict[str, Any] = {
    "star of another table": select(text("*")).select_from(sa.table("un_stays")).where(
        sa.column("id").in_(select(Bill.stay_id))
    ),
    "star of open columns": select(text("*")).select_from(_ids),
    "star that counts": select(func.count(text("*"))).select_from(Bill),
    "literal that counts": select(sa.literal_column("count(*)")).select_from(Bill),
    "exists with a star": select(sa.exists(text("*")).select_from(Bill)),
    "exists": select(Stay.id).where(sa.exists().where(Bill.stay_id == Stay.id)),
    "literal of a subquery": select(sa.literal_column("sq.total")).select_from(_ids),
    "column from text": select(sa.column("total")).select_from(text("un_bills b")),
    "literal from text": select(sa.literal_column("b.total")).select_from(text("un_bills b")),
    "label like the table": select(Bill.stay_id, func.count().label("un_bills")).group_by(
        Bill.stay_id
    ).order_by(text("un_bills DESC")),
    "label like the table, in text": select(text("count(*) AS un_bills")).select_from(
        Bill
    ).order_by(text("un_bills")),
    "text, label like the table": text(
        "SELECT stay_id, count(*) AS un_bills FROM un_bills GROUP BY stay_id ORDER BY un_bills"
    ),
    "text, column like the table": text(
        "SELECT un_bills FROM (SELECT count(*) AS un_bills FROM un_bills) x"
    ),
    "text with a star inside exists": text(
        "SELECT s.id FROM un_stays s WHERE EXISTS (SELECT * FROM un_bills b WHERE b.stay_id = s.id)"
    ),
    "text with a star of another table": text(
        "SELECT sum(b.total) FROM un_bills b, (SELECT * FROM un_stays) s"
    ),
    "text with an alias": text(
        "SELECT b.total FROM un_bills b JOIN un_stays s ON s.id = b.stay_id"
    ),
    "join of open columns": select(join(Bill, Stay).c.un_bills_total),
    "whole of a concrete class": select(Note),
    "key of a concrete class": select(Note.id),
    "sum of a concrete class": select(func.sum(Note.pages)),
    "entity": select(Stay),
    "count of entities": select(func.count()).select_from(select(Stay).subquery()),
}


@pytest.mark.parametrize("statement", PASSED.values(), ids=PASSED)
def test_what_names_nothing_hidden_passes(session: Session, statement: Any) -> None:
    """However unusual the statement: it hands on open columns alone, and what they hold."""
    found = session.execute(statement).all()
    assert found
    assert not any(SECRET in str(cell) for row in found for cell in row)


def test_a_join_of_a_query_is_its_first_entity(session: Session) -> None:
    """What a legacy query loads by a join are instances."""
    found = session.query(join(Bill, Stay)).all()
    assert {str(bill.holder) for bill in found} == {"▒▒▒", OTHER}


@pytest.mark.parametrize(("words", "given"), [
    ("SELECT total FROM un_bills WHERE id = :billed_to", {"billed_to": 1}),
    ("SELECT total FROM un_bills WHERE id = :tax_no AND total > 0", {"tax_no": 1}),
    ("UPDATE un_bills SET total = :billed_to WHERE id = 2", {"billed_to": 2}),
])
def test_the_name_of_a_parameter_is_no_column(
    session: Session, words: str, given: dict[str, Any]
) -> None:
    """A text may call its parameters as it likes; it reaches the one row it is about."""
    done: Any = session.execute(text(words), given)
    assert (len(done.all()) if done.returns_rows else done.rowcount) == 1


@pytest.mark.parametrize(("words", "found"), [
    ("SELECT count(b) FROM un_bills b", [3]),
    ("SELECT s.id FROM un_stays s LEFT JOIN un_bills b ON b.stay_id = s.id WHERE b IS NULL", []),
    ("SELECT total FROM un_bills b ORDER BY b.id FOR UPDATE OF b", [1, 2, 3]),
    ("SELECT b.total::text FROM un_bills b ORDER BY b.id", ["1", "2", "3"]),
])
@pytest.mark.parametrize("anywhere", ["postgresql"], indirect=True)
def test_that_there_is_a_row_says_nothing_of_it(
    session: Session, words: str, found: list[Any]
) -> None:
    """On PostgreSQL rows are counted, locked and missed by their names."""
    assert session.execute(text(words)).scalars().all() == found


@pytest.mark.parametrize(("entity", "key", "shown"), [
    (Note, 1, ["▒▒▒", "▒▒▒", OTHER]), (Slip, 2, ["▒▒▒", OTHER]), (Paper, 1, ["▒▒▒"]),
])
def test_instances_of_concrete_classes_show_the_sentinel(
    session: Session, entity: Any, key: int, shown: list[str]
) -> None:
    """Loaded through the union of their tables, each by what is kept of its own."""
    assert sorted(str(each.who) for each in session.scalars(select(entity))) == sorted(shown)
    assert str(session.get_one(entity, key).who) == "▒▒▒"
    session.expunge_all()
    assert str(session.get_one(entity, key).who) == "▒▒▒"


@pytest.mark.parametrize("statement", [
    select(Note.who), select(Note).where(Note.who == "x"), select(select(Note).subquery()),
    select(Paper).order_by("who"), select(text("who")).select_from(Note),
    select(aliased(Note).who), select(text("*")).select_from(Note),
])
def test_columns_of_concrete_classes_are_named_all_the_same(
    session: Session, statement: Any
) -> None:
    """The union of their tables hides no column that a statement names."""
    with pytest.raises(VeiledError):
        session.execute(statement)


def test_a_class_configured_after_the_first_statement_is_known(inn: House) -> None:
    """A host asks for a table before its classes are configured: their union is learnt later."""
    inn.session.execute(select(STAY.c.id))

    class Late(ConcreteBase, Base):
        __tablename__ = "un_late"
        id: Mapped[int] = mapped_column(primary_key=True)
        who: Mapped[str] = mapped_column(sa.String(80))
        __mapper_args__ = {"polymorphic_identity": "late", "concrete": True}  # noqa: RUF012 - SQLAlchemy reads it
        __erasure__ = Policy({"who": INVOICE})

    table: Any = Late.__table__
    inn.session.execute(select(STAY.c.id))
    table.create(inn.engine)
    with Session(inn.engine) as session:
        session.add(Late(id=1, who=SECRET))
        session.commit()
        inn.keep("un_late", 1, '["who"]')
        assert str(session.scalars(select(Late)).one().who) == "▒▒▒"
    Base.metadata.remove(table)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Instances at which a flush looks closely."""
    found: list[Any] = []
    real = unaltered._refuse_copied

    def look(session: Session, state: Any) -> None:
        found.append(state.obj())
        real(session, state)

    monkeypatch.setattr(unaltered, "_refuse_copied", look)
    return found


def test_a_flush_of_plain_values_to_what_nobody_guards_is_not_looked_at(
    inn: House, looked: list[Any]
) -> None:
    """Once the class was met; what is made by SQL, or guarded, is looked at each time."""
    stays, bill = inn.session.scalars(select(Stay)).all(), inn.session.get_one(Bill, 1)
    for room in ("x", "y"):
        looked.clear()
        for stay in stays:
            stay.room = room
        inn.session.flush()
    assert looked == []
    stays[0].room, stays[1].room, bill.total = func.lower("Z"), "z", 91
    inn.session.flush()
    assert {(type(each), each.id) for each in looked} == {(Stay, stays[0].id), (Bill, 1)}


def test_what_was_known_to_be_free_is_guarded_once_that_is_declared(inn: House) -> None:
    """Statements and flushes that were let through without a look, and those after it."""
    declared: list[Any] = []
    host = Host(inn.session, models=Base)
    veil.install(host, declared)
    asked = select(Stay).where(Stay.room == "101")
    for room in ("102", "101"):
        stay = inn.session.scalars(asked).one()
        stay.room = room
        inn.session.flush()
        stay.room = "101"
        inn.session.commit()
    inn.session.remove()
    declared.append((Stay, Policy({"room": INVOICE})))
    veil.renew()
    inn.keep("un_stays", 1, '["room"]')
    with pytest.raises(VeiledError):
        inn.session.scalars(asked)
    stay = inn.session.get_one(Stay, 1)
    assert str(stay.room) == "▒▒▒"
    stay.room = "103"
    with pytest.raises(VeiledError):
        inn.session.flush()
    inn.session.rollback()
    declared.clear()
    veil.renew()


def test_a_sentinel_does_not_pass_where_plain_values_do(inn: House, looked: list[Any]) -> None:
    """A class of which many rows were written unseen."""
    inn.keep()
    stay = inn.session.get_one(Stay, 2)
    for room in ("x", "y"):
        stay.room = room
        inn.session.flush()
    looked.clear()
    stay.room = inn.session.get_one(Bill, 1).holder
    with pytest.raises(VeiledError):
        inn.session.flush()
    assert looked == [stay]


# numbers that are used again


def test_a_new_row_with_the_number_of_a_kept_one_shows_its_own(inn: House) -> None:
    """The old row is gone, or the new one could not be there: the living guest is nobody's secret.

    The rest of the table is hidden as before, and the line of what was kept has ended.
    """
    inn.keep()
    inn.keep(id_=2)
    inn.raw_change(sa.delete(BILL).where(BILL.c.id == 1))
    inn.session.add(Bill(id=1, stay_id=1, holder=OTHER, tax=7, total=1))
    inn.session.commit()
    bill = inn.session.get_one(Bill, 1)
    assert (bill.holder, bill.tax) == (OTHER, 7)
    bill.holder = "Cy Berg"
    inn.session.commit()
    inn.session.remove()
    assert inn.session.get_one(Bill, 1).holder == "Cy Berg"
    assert str(inn.session.get_one(Bill, 2).holder) == "▒▒▒"
    ended = select(tables.kept.c.row_key, tables.kept.c.ended_at.is_not(None))
    assert set(inn.all(ended)) == {("int:1", True), ("int:2", False)}


def test_a_number_that_the_database_gives_out_again_shows_its_own(inn: House) -> None:
    """SQLite gives the number of the newest row to the next one once it is deleted."""
    inn.keep(id_=3)
    inn.session.delete(inn.session.get_one(Bill, 3))
    inn.session.commit()
    bill = Bill(stay_id=1, holder=OTHER, total=1)
    inn.session.add(bill)
    inn.session.commit()
    assert (bill.id, bill.holder) == (3, OTHER)


def test_a_new_row_that_is_rolled_back_ends_nothing(inn: House) -> None:
    """What was kept is kept, whatever a host tried and gave up."""
    inn.keep(id_=7)
    inn.session.add(Bill(id=7, stay_id=1, holder=OTHER, total=1))
    inn.session.flush()
    inn.session.rollback()
    assert inn.all(select(tables.kept.c.ended_at)) == [(None,)]


def test_a_row_that_is_deleted_and_added_in_one_flush_stays_hidden(inn: House) -> None:
    """The session writes that as a change of the old row, in which it leaves what it held."""
    inn.keep()
    session = inn.session()
    session.delete(session.get_one(Bill, 1))
    session.add(Bill(id=1, stay_id=1, holder=OTHER, total=5))
    session.commit()
    session.expire_all()
    bill = session.get_one(Bill, 1)
    assert (str(bill.holder), bill.tax) == ("▒▒▒", None)


def test_a_row_written_over_by_merge_stays_hidden(inn: House) -> None:
    """A merge changes the row that is there, which is refused as any other change."""
    inn.keep()
    inn.session.merge(Bill(id=1, stay_id=1, holder=OTHER, total=5))
    with pytest.raises(VeiledError, match="kept"):
        inn.session.commit()
    inn.session.rollback()
    assert str(inn.session.get_one(Bill, 1).holder) == "▒▒▒"
