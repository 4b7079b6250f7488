"""Several installations of one process: what one hides, another's declarations do not show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import keep, redact, retain
from flask_guesterase.store import tables
from flask_guesterase.store.hiding import veil
from flask_guesterase.store.mapping.host import Host
from flask_guesterase.store.mapping.masks import MARK
from tests.store.kept import note

HIDDEN = "▒▒▒"


class Base(DeclarativeBase):
    """Base of models that several installations share."""


class Payer(Base):
    __tablename__ = "shared_payers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    loud: Mapped[str] = mapped_column(sa.String(40), sa.Computed("upper(name)"))


class Card(Base):
    __tablename__ = "shared_cards"
    number: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    payer: Mapped[str] = mapped_column(sa.String(40))


Install = Callable[[type[Any], Policy], None]


@pytest.fixture
def session(sqlite_url: str) -> Iterator[Session]:
    """A session on two payers and two cards, of which no row is kept yet."""
    engine = sa.create_engine(sqlite_url)
    Base.metadata.create_all(engine)
    tables.metadata.create_all(engine, [tables.kept])
    with Session(engine) as writer:
        writer.add_all([
            Payer(id=1, name="Ann Roe"), Payer(id=2, name="Bo Lind"),
            Card(number=MARK, payer="Ann Roe"), Card(number="C-2", payer="Bo Lind"),
        ])  # fmt: skip
        writer.commit()
    with Session(engine) as made:
        yield made
    engine.dispose()


@pytest.fixture
def install(session: Session) -> Iterator[Install]:
    """Install the veil once more, as an application of its own does."""
    hosts = []

    def installed(model: type[Any], policy: Policy) -> None:
        factory = scoped_session(sessionmaker(session.get_bind()))
        hosts.append(Host(factory, models=model.metadata))
        veil.install(hosts[-1], [(model, policy)])

    yield installed
    hosts.clear()


@pytest.mark.parametrize("turned", [False, True])
def test_what_one_computes_of_a_hidden_column_no_other_shows(
    session: Session, install: Install, turned: bool
) -> None:
    """Who says that it may be seen says so for its own house, whichever was installed last."""
    rules = [{"name": retain("invoice")}, {"name": retain("invoice"), "loud": keep("search")}]
    for each in rules[::-1] if turned else rules:
        install(Payer, Policy(each))
    note(session.get_bind().engine, "shared_payers", "int:1", '["name"]')
    ann: Any = session.get_one(Payer, 1)
    assert (str(ann.name), str(ann.loud)) == (HIDDEN, HIDDEN)
    assert session.get_one(Payer, 2).loud == "BO LIND"


@pytest.mark.parametrize("turned", [False, True])
def test_a_key_that_one_overwrites_is_looked_at_whatever_another_does(
    session: Session, install: Install, turned: bool
) -> None:
    """What is kept under a key that was erased is hidden where another keeps that key."""
    rules = [
        {"number": redact, "payer": retain("invoice")},
        {"number": keep("accounts"), "payer": retain("invoice")},
    ]
    for each in rules[::-1] if turned else rules:
        install(Card, Policy(each))
    note(session.get_bind().engine, "shared_cards", "", '["payer"]')
    cards: dict[str, Any] = {card.number: card for card in session.scalars(sa.select(Card))}
    assert (str(cards[MARK].payer), cards["C-2"].payer) == (HIDDEN, "Bo Lind")


def test_a_column_that_one_renamed_is_hidden_where_another_has_its_old_name(
    session: Session, install: Install
) -> None:
    """Two products may each have a table of one name, and columns of their own in it."""

    class Older(DeclarativeBase):
        pass

    class Former(Older):
        __tablename__ = "shared_payers"
        id: Mapped[int] = mapped_column(primary_key=True)
        full_name: Mapped[str] = mapped_column(sa.String(40))

    install(Payer, Policy({"name": retain("invoice")}))
    install(Former, Policy({"full_name": retain("invoice")}))
    note(session.get_bind().engine, "shared_payers", "int:1", '["full_name"]')
    ann: Any = session.get_one(Payer, 1)
    assert str(ann.name) == HIDDEN
    assert session.get_one(Payer, 2).name == "Bo Lind"
