"""What is kept of a row whose key was erased is hidden, though no line names that key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from flask_guesterase.core.errors import VeiledError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import Constant, keep, placeholder, retain
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.hiding import restricted, veil
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.mapping.host import Host
from tests.store.hotel import Hotel
from tests.store.test_owndata import runner

CARD = "str:ann@mail.example|int:2025"
ANN, BO = "ann@mail.example", "bo@mail.example"


class Base(DeclarativeBase):
    """Base of the host's models; their policies are written on them."""


class Member(Base):
    __tablename__ = "key_members"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(80))
    hotel: Mapped[str] = mapped_column(String(8))
    __erasure__ = Policy(
        {"email": placeholder, "hotel": keep("house")},
        subject=Subject(match=["email"], property="hotel"),
    )


class Card(Base):
    __tablename__ = "key_cards"
    email: Mapped[str] = mapped_column(String(80), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("key_members.id"), index=True)
    payer: Mapped[str] = mapped_column(String(80))
    points: Mapped[int]
    __erasure__ = Policy({
        "email": placeholder, "year": Constant(0), "payer": retain("invoice"),
        "points": keep("house"),
    }, via="member_id")  # fmt: skip


@pytest.fixture
def hotel(database_url: str, tmp_path: Path) -> Hotel:
    """A hotel of its own on each engine."""
    return Hotel(database_url, tmp_path)


@pytest.fixture
def session(hotel: Hotel, request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session of the host after Ann was erased; her card is kept, under a key nobody noted."""
    held = getattr(request, "param", False)
    factory = scoped_session(sessionmaker(hotel.engine))
    host = Host(factory, models=Base)
    hotel.datamap = resolve(host.declarations(), host.tables(), host.mappers())
    Base.metadata.create_all(hotel.engine)
    veil.install(host, [])
    with Session(hotel.engine) as writer:
        for id_, email in ((1, ANN), (2, BO)):
            writer.add(Member(id=id_, email=email, hotel="sh"))
            writer.flush()
            writer.add(Card(email=email, year=2025, member_id=id_, payer=f"P {email}", points=1))
        writer.commit()
    if held:
        hotel.grants["officer"].add("hold")
        with hotel.begin() as office:
            office.place_hold(Wanted("record", "legal-claim", "key_cards", CARD), "officer")
    hotel.erased(hotel.approved(email=ANN))
    assert [row["row_key"] for row in hotel.ours("kept")] == [CARD if held else ""]
    yield factory()
    assert host.session is factory  # An application holds its host; here the test does.
    factory.remove()
    hotel.engine.dispose()


@pytest.mark.parametrize("most", [1000, 0], ids=["few", "many"])
def test_what_is_kept_under_a_key_that_was_erased_is_hidden(
    session: Session, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """By the form of the key; the guests who live are shown, and change as ever."""
    monkeypatch.setattr(restricted, "WHOLE", most)
    cards: dict[int, Any] = {card.member_id: card for card in session.scalars(select(Card))}
    assert (str(cards[1].payer), cards[1].points) == ("▒▒▒", 1)
    assert cards[2].payer == f"P {BO}"
    cards[1].points, cards[2].payer = 2, "Bo Lind"
    session.flush()
    cards[1].payer = "x"
    with pytest.raises(VeiledError, match="kept"):
        session.flush()


@pytest.mark.parametrize("session", [True], indirect=True)
def test_what_is_held_keeps_its_key_and_is_hidden_by_it(session: Session, hotel: Hotel) -> None:
    """Nothing of the row went: it is known by the key it has, for as long as it is held."""
    cards: dict[int, Any] = {card.member_id: card for card in session.scalars(select(Card))}
    assert (str(cards[1].payer), cards[1].email, cards[1].points) == ("▒▒▒", ANN, 1)
    assert cards[2].payer == f"P {BO}"
    session.commit()
    hotel.grants["second"].add("hold")
    (hold,) = (row["id"] for row in hotel.ours("hold"))
    for user in ("officer", "second"):
        with hotel.begin() as office:
            office.lift(hold, user)
    finishing.finish(runner(hotel))
    ((before, ended), (now, lives)) = (
        (row["row_key"], row["ended_at"]) for row in hotel.ours("kept")
    )
    assert (before, now, ended is None, lives is None) == ("", "", False, True)
    session.expire_all()
    cards = {card.member_id: card for card in session.scalars(select(Card))}
    assert (str(cards[1].payer), cards[1].year) == ("▒▒▒", 0)
