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
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import Constant, keep, placeholder, retain
from flask_guesterase.store import restricted, veil
from flask_guesterase.store.datamap import resolve
from flask_guesterase.store.host import Host
from tests.store.hotel import Hotel

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
def session(database_url: str, tmp_path: Path) -> Iterator[Session]:
    """A session of the host after Ann was erased; her card is kept under a key nobody noted."""
    hotel = Hotel(database_url, tmp_path)
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
    hotel.erased(hotel.approved(email=ANN))
    assert [row["row_key"] for row in hotel.ours("kept")] == [""]
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
