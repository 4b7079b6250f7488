"""Which columns can be hidden is read off whatever mapping the host has."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    load_only,
    mapped_column,
    registry,
    scoped_session,
    sessionmaker,
    with_polymorphic,
)

from flask_guesterase.core.errors import VeiledError
from flask_guesterase.core.plan import Key, key_text
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import retain
from flask_guesterase.store import tables
from flask_guesterase.store.hiding import veil
from flask_guesterase.store.hiding.gate import Gates
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.host import Host

NUMBER = uuid.UUID(int=7)


class Base(DeclarativeBase):
    """Base of the host's models; their policies are written on them."""


class Document(Base):
    __tablename__ = "gate_documents"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    title: Mapped[str] = mapped_column(sa.String(40))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "document"}  # noqa: RUF012 - SQLAlchemy reads it
    __erasure__ = Policy({"title": retain("invoice"), "kind": retain("invoice")})


class Voucher(Document):
    __tablename__ = "gate_vouchers"
    id: Mapped[int] = mapped_column(sa.ForeignKey("gate_documents.id"), primary_key=True)
    payer: Mapped[str] = mapped_column(sa.String(40))
    __mapper_args__ = {"polymorphic_identity": "voucher"}  # noqa: RUF012 - SQLAlchemy reads it
    __erasure__ = Policy({"payer": retain("invoice")})


class Offer(Document):
    __mapper_args__ = {"polymorphic_identity": "offer"}  # noqa: RUF012 - SQLAlchemy reads it


class Line(Base):
    __tablename__ = "gate_lines"
    book: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    number: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(sa.String(40))
    __erasure__ = Policy({"who": retain("invoice"), "book": retain("invoice")})


class Receipt(Base):
    __tablename__ = "gate_receipts"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(sa.String(10), unique=True)
    payer: Mapped[str] = mapped_column(sa.String(40))
    seen: Mapped[str | None] = mapped_column(sa.String(40), default="at the desk")
    __erasure__ = Policy({"payer": retain("invoice"), "seen": retain("invoice")})


RECEIPT: Any = Receipt.__table__


class Slip(Base):
    """The same receipts, known by their numbers alone."""

    __table__ = RECEIPT
    __mapper_args__ = {  # noqa: RUF012 - SQLAlchemy reads it
        "primary_key": [RECEIPT.c.number], "include_properties": ["number", "payer"],
    }


class Stub(Base):
    """The same receipts, known by their numbers, with everything."""

    __table__ = RECEIPT
    __mapper_args__ = {"primary_key": [RECEIPT.c.number]}  # noqa: RUF012 - SQLAlchemy reads it


@pytest.fixture
def session(sqlite_url: str) -> Iterator[Session]:
    """A session on documents of which one of each kind is kept."""
    engine = sa.create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    tables.metadata.create_all(engine, [tables.kept])
    factory = scoped_session(sessionmaker(engine))
    host = Host(factory, models=Base)
    veil.install(host, [])
    with Session(engine) as writer:
        writer.add_all([
            Voucher(id=1, title="Bill of Aino", payer="Aino"),
            Voucher(id=2, title="Bill of Bo", payer="Bo"),
            Offer(id=3, title="Offer to Aino"),
            Line(book="a|b", number=NUMBER, who="Aino"),
            Line(book="a", number=NUMBER, who="Bo"),
            Receipt(id=1, number="R-1", payer="Aino"),
            Receipt(id=2, number="R-2", payer="Bo"),
        ])
        writer.commit()
    keep(engine, "gate_documents", (1,), '["kind","title"]')
    keep(engine, "gate_vouchers", (1,), '["payer"]')
    keep(engine, "gate_documents", (3,), '["title"]')
    keep(engine, "gate_lines", ("a|b", NUMBER), '["book","who"]')
    keep(engine, "gate_receipts", (1,), '["payer","seen"]')
    yield factory()
    assert host.session is factory  # An application holds its host; here the test does.
    factory.remove()
    engine.dispose()


def keep(engine: sa.Engine, table: str, key: Key, columns: str) -> None:
    """Note what an erasure keeps of a row."""
    with engine.begin() as conn:
        conn.execute(sa.insert(tables.kept).values({
            "controller": "pine", "property": "sh", "table_name": table, "row_key": key_text(key),
            "columns": columns, "category": "invoice", "mode": "place", "open": "", "rule": "x",
            "basis": "x", "grade": "A", "facts": "{}", "since": datetime(2026, 1, 1),
        }))


def test_nobody_is_let_through_while_it_is_learnt_what_is_guarded(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request asks while the second is there already: it waits for the whole answer."""
    gates, begun, go = Gates(), threading.Event(), threading.Event()
    host = Host(scoped_session(sessionmaker(session.get_bind())), models=Base)
    learn = gates._learn

    def slowly(*given: Any) -> list[Any]:
        begun.set()
        assert go.wait(20)
        return learn(*given)

    monkeypatch.setattr(gates, "_learn", slowly)
    gates.add(host, [])
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(gates.gate)
        assert begun.wait(20)
        second = pool.submit(gates.gate)
        done, _ = wait([second], timeout=0.3)
        go.set()
        assert not done
        assert second.result(20) is first.result(20)
        assert "gate_documents" in second.result()


def test_who_asked_just_before_goes_on_with_all_that_was_known(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Something is mapped between a request's look whether it was and its answer, and another
    request learns anew: the first one is never given what that one knows so far."""
    gates, begun, go = Gates(), threading.Event(), threading.Event()
    host = Host(scoped_session(sessionmaker(session.get_bind())), models=Base)
    gates.add(host, [])
    whole, learn = dict(gates.gate()), gates._learn
    covers = gates.covers(sa.inspect(Voucher))

    def slowly(*given: Any) -> list[Any]:
        begun.set()
        assert go.wait(20)
        return learn(*given)

    class Known(int):
        """How many changes are known: whoever compares it is overtaken, once."""

        def __ne__(self, other: object) -> bool:
            other_than = int(self) != other
            if not other_than and not begun.is_set():
                gates.renew()
                learning.append(pool.submit(gates.gate))
                assert begun.wait(20)
            return other_than

        __hash__ = int.__hash__

    learning: list[Any] = []
    monkeypatch.setattr(gates, "_learn", slowly)
    with ThreadPoolExecutor(1) as pool:
        gates._known = Known(gates._known)
        try:
            assert dict(gates.gate()) == whole
            assert gates.covers(sa.inspect(Voucher)) == covers
        finally:
            go.set()
        assert dict(learning[0].result(20)) == whole


@pytest.mark.parametrize("entity", [Document, with_polymorphic(Document, [Voucher])])
def test_every_table_of_an_inheriting_class_is_covered(session: Session, entity: Any) -> None:
    """Columns of the parent and of the child are hidden, each by what is kept of its table."""
    found: dict[int, Any] = {d.id: d for d in session.scalars(select(entity))}

    assert (str(found[1].title), str(found[1].payer), found[1].kind) == ("▒▒▒", "▒▒▒", "voucher")
    assert (found[2].title, found[2].payer) == ("Bill of Bo", "Bo")
    assert (type(found[3]), str(found[3].title)) == (Offer, "▒▒▒")


def test_a_row_is_known_by_any_kind_of_key(session: Session) -> None:
    """A key of a text and a UUID names the row; the key itself is never hidden."""
    lines = {line.book: line for line in session.scalars(select(Line))}

    assert str(lines["a|b"].who) == "▒▒▒"
    assert lines["a"].who == "Bo"
    assert session.get(Line, ("a|b", NUMBER)) is lines["a|b"]


@pytest.mark.parametrize("statement", [
    select(Voucher.payer), select(Voucher.title), select(Document).where(Voucher.payer == "x"),
    select(with_polymorphic(Document, [Voucher]).Voucher.payer), select(Voucher.__table__),
])
def test_a_column_is_named_by_whichever_class(session: Session, statement: sa.Select) -> None:  # type: ignore[type-arg]
    """An inherited column is named by the child too; the discriminator is free."""
    with pytest.raises(VeiledError):
        session.execute(statement)
    assert len(session.execute(select(Document.kind)).all()) == 3


@pytest.mark.parametrize("given", [
    {"id": 1, "title": "x"}, {"id": 1, "payer": "x"}, {"id": 1, "title": "x", "payer": "y"},
])
def test_a_bulk_update_of_a_child_changes_nothing_kept_of_its_parent(
    session: Session, given: dict[str, Any]
) -> None:
    """By the key, SQLAlchemy writes to each table behind the class."""
    with pytest.raises(VeiledError):
        session.execute(sa.update(Voucher), [{"id": 2, "title": "Bill of Bo"}, given])
    assert session.connection().scalar(sa.text("SELECT title FROM gate_documents")) == (
        "Bill of Aino"
    )


SLIP: Any = Slip
STUB: Any = Stub


@pytest.mark.parametrize("turned", [False, True])
def test_a_row_of_several_classes_is_known_by_one_key_everywhere(
    session: Session, monkeypatch: pytest.MonkeyPatch, turned: bool
) -> None:
    """In whatever order a process has the classes, eraser and veil mean the same key."""
    ordered = sorted(Base.registry.mappers, key=lambda m: m.class_.__name__, reverse=turned)
    monkeypatch.setattr(registry, "mappers", property(lambda self: ordered))
    host, gates = Host(scoped_session(sessionmaker(session.get_bind())), models=Base), Gates()
    gates.add(host, [])
    gates.gate()
    atlas = resolve(host.declarations(), host.tables(), host.mappers()).atlas
    (reading,) = gates._learnt.readings[RECEIPT]
    assert reading.key == tuple(c.name for c in atlas.key(RECEIPT)) == ("id",)


@pytest.mark.parametrize("load", [
    lambda s: s.get_one(Slip, "R-1"),
    lambda s: s.scalars(select(SLIP).order_by(SLIP.number)).first(),
    lambda s: s.scalars(select(STUB).options(load_only(STUB.payer))).first(),
    lambda s: s.get_one(Stub, "R-1"),
], ids=["get", "select", "part", "whole"])
def test_a_class_without_the_key_of_its_table_hides_what_could_be_kept(
    session: Session, load: Callable[[Session], Any]
) -> None:
    """Nobody can tell which row it is; where the key is loaded, the others are shown."""
    slip = load(session)
    assert str(slip.payer) == "▒▒▒"
    other: Any = session.get_one(Slip, "R-2")
    assert str(other.payer) == "▒▒▒"
    other = session.get_one(Stub, "R-2")
    assert other.payer == "Bo"
    assert session.get_one(Receipt, 2).payer == "Bo"
    slip.payer = "x"
    with pytest.raises(VeiledError, match="kept"):
        session.flush()


def test_a_number_that_is_used_again_shows_what_was_written_at_once(session: Session) -> None:
    """Also what the column itself filled in; a row that is only changed shows nothing of it."""
    keep(session.get_bind().engine, "gate_receipts", (9,), '["payer","seen"]')
    new = Receipt(id=9, number="R-9", payer="Bo")
    session.add(new)
    session.flush()
    assert (new.payer, new.seen) == ("Bo", "at the desk")
    session.delete(session.get_one(Receipt, 1))
    changed = Receipt(id=1, number="R-1", payer="Bo")
    session.add(changed)
    session.flush()
    session.expire(changed)
    assert (str(changed.payer), str(changed.seen)) == ("▒▒▒", "▒▒▒")


def test_a_model_mapped_later_is_covered(session: Session) -> None:
    """A class the host defines after the first statement is known at the next."""
    session.execute(select(Line.number))

    class Note(Base):
        __tablename__ = "gate_notes"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(sa.String(40))
        __erasure__ = Policy({"name": retain("invoice")})

    Note.__table__.create(session.get_bind())  # type: ignore[attr-defined]
    session.add(Note(id=1, name="Aino"))
    session.commit()
    keep(session.get_bind().engine, "gate_notes", (1,), '["name"]')
    session.rollback()
    assert str(session.get_one(Note, 1).name) == "▒▒▒"
    session.rollback()
    Base.metadata.remove(Note.__table__)  # type: ignore[arg-type]
