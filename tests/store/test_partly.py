"""Instances that are loaded in part, or look at themselves while they are loaded, hide the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    load_only,
    mapped_column,
    reconstructor,
    scoped_session,
    sessionmaker,
)

from flask_guesterase.core.errors import VeiledError
from flask_guesterase.core.plan import key_text
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import keep, retain
from flask_guesterase.store import tables
from flask_guesterase.store.hiding import veil
from flask_guesterase.store.mapping.host import Host
from tests import engines
from tests.store.kept import note

SECRET = "Aino Korhonen"
SHANGHAI = timezone(timedelta(hours=8))


class Base(DeclarativeBase):
    """Base of the host's models."""


class Paper(Base):
    __tablename__ = "partly_papers"
    number: Mapped[int] = mapped_column("id", primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    holder: Mapped[str] = mapped_column(sa.String(80))
    place: Mapped[str | None] = mapped_column(sa.String(80), deferred=True)
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "paper"}  # noqa: RUF012


class Receipt(Paper):
    __tablename__ = "partly_receipts"
    serial: Mapped[int] = mapped_column(sa.ForeignKey("partly_papers.id"), primary_key=True)
    payer: Mapped[str] = mapped_column(sa.String(80))
    __mapper_args__ = {"polymorphic_identity": "receipt"}  # noqa: RUF012


class Letter(Base):
    __tablename__ = "partly_letters"
    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(sa.String(80))

    @reconstructor
    def _shown(self) -> None:
        self.title = f"for {self.holder}"


POLICIES: list[tuple[Any, Policy]] = [
    (Paper, Policy({"holder": retain("invoice"), "place": retain("invoice"), "kind": keep("x")})),
    (Receipt, Policy({"payer": retain("invoice")})),
    (Letter, Policy({"holder": retain("invoice")})),
]


@pytest.fixture(params=engines.DEEP)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session of a host whose only receipt and letter are kept for an erased guest."""
    with engines.fresh_database(request.param) as url:
        engine = sa.create_engine(url)
        Base.metadata.create_all(engine)
        tables.metadata.create_all(engine, [tables.kept])
        made = scoped_session(sessionmaker(engine))
        host = Host(made, models=Base)
        veil.install(host, POLICIES)
        with Session(engine) as first:
            first.add(Receipt(number=1, holder=SECRET, place=f"{SECRET} Street", payer=SECRET))
            first.add(Letter(id=1, holder=SECRET))
            first.commit()
        for table, columns in (
            ("partly_papers", '["holder","place"]'), ("partly_receipts", '["payer"]'),
            ("partly_letters", '["holder"]'),
        ):
            note(engine, table, "int:1", columns)
        yield made()
        assert host.session is made, "hidden as long as the host is there"
        made.remove()
        engine.dispose()


def shows(*values: object) -> bool:
    """Return whether the kept name stands in any of these values."""
    return any(SECRET in str(value) for value in values)


def test_what_is_loaded_later_is_hidden(session: Session) -> None:
    """After a commit one deferred column is asked for, and nothing else of the row."""
    paper = session.get_one(Paper, 1)
    session.commit()
    assert not shows(paper.place)


def test_what_is_refreshed_alone_is_hidden(session: Session) -> None:
    """One attribute is read anew, without the key."""
    paper = session.get_one(Paper, 1)
    session.commit()
    session.refresh(paper, ["holder"])
    assert not shows(paper.holder, paper.__dict__)


def test_a_class_whose_key_has_another_name_hides_it(session: Session) -> None:
    """A statement loads one column of a child table; the session adds the parent's key alone."""
    found = session.scalars(sa.select(Receipt).options(load_only(Receipt.payer))).one()
    assert not shows(found.payer, found.__dict__)


def test_what_a_class_does_when_it_is_loaded_finds_it_hidden(session: Session) -> None:
    """A method of the host's runs as the row is loaded, and copies what it sees."""
    letter = session.scalars(sa.select(Letter)).one()
    assert not shows(letter.title)
    assert letter.title.startswith("for ")


def test_the_key_by_which_a_kept_row_is_known_is_not_changed(session: Session) -> None:
    """Under another number it would be nobody's; other rows get what number they like."""
    session.add(Letter(id=2, holder="Bo Lindqvist"))
    session.flush()
    session.get_one(Letter, 2).id = 3
    session.flush()
    session.get_one(Letter, 1).id = 77
    with pytest.raises(VeiledError, match="key of a row of partly_letters"):
        session.flush()
    session.rollback()


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)))
def test_a_moment_is_the_same_key_in_every_zone(moment: datetime) -> None:
    """The host's session reads it in its server's zone, ours in UTC."""
    there = moment.replace(tzinfo=SHANGHAI)
    assert key_text((7, there)) == key_text((7, there.astimezone(UTC)))
    assert key_text((7, there)) != key_text((7, moment.replace(tzinfo=UTC)))
