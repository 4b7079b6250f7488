"""What ON UPDATE CASCADE would carry an erasure's value into: no row that stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.policy import Blocker, Policy
from flask_guesterase.core.rulebook import label
from flask_guesterase.core.treatment import delete, keep, null, placeholder, redact
from flask_guesterase.store.lawbook import rulerows
from tests.oracle.dump import Dump, places
from tests.store.manor import Manor, whole_way
from tests.store.test_mapped import ADA, AGED, BO, MAIL, NEW, OLD, WHO, manor, patched


class Mailed:
    """A guest whom the host knows by a mailbox that nobody shares."""

    __tablename__ = "guests_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    hotel: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(80), unique=True)
    seen: Mapped[date | None] = mapped_column(Date, index=True)
    __erasure__ = Policy(
        {"hotel": keep("which house"), "name": redact, "email": placeholder,
         "seen": keep("statistics")}, subject=WHO, **AGED,
    )  # fmt: skip


class Base(DeclarativeBase):
    """Base of a host that knows by the mailbox who called."""


class Guest(Mailed, Base):
    """Of whom there are calls."""


class Call(Base):
    __tablename__ = "calls_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    caller: Mapped[str | None] = mapped_column(
        ForeignKey("guests_of.email", onupdate="CASCADE"), index=True
    )
    said: Mapped[str | None] = mapped_column(String(80))
    guest: Mapped[Guest] = relationship()
    __erasure__ = Policy({"caller": null, "said": null}, via="guest")


class Nick(Base):
    __tablename__ = "nicks_of"
    caller: Mapped[str] = mapped_column(
        ForeignKey("guests_of.email", onupdate="CASCADE"), primary_key=True
    )
    nick: Mapped[str] = mapped_column(String(40))
    guest: Mapped[Guest] = relationship()
    __erasure__ = Policy({}, via="guest", rows=delete)


SAID = "I shall come back for it"


@contextmanager
def calling(url: str, folder: Path) -> Iterator[Manor]:
    """A hotel whose guest called, was not seen for long, and has a name among friends."""
    rows = [
        Guest(id=1, seen=OLD, **ADA), Guest(id=2, seen=NEW, **BO), Nick(caller=MAIL, nick="Quilly"),
        Call(id=1, caller=MAIL, said=SAID), Call(id=2, caller=BO["email"], said="Hello"),
    ]  # fmt: skip
    with manor(url, folder, Base, *rows) as house:
        assert house.stops() == []
        for user in ("officer", "second"):
            house.grants[user].add("hold")
        yield house


def test_what_a_cascade_reaches_goes_the_whole_way(database_url: str, tmp_path: Path) -> None:
    """Where nothing keeps it, it goes and comes back; so does a row whose key is the mailbox."""
    with calling(database_url, tmp_path) as house:
        done = whole_way(house, [MAIL, "Ada Quill", SAID, "Quilly"], email=MAIL)
        assert done.columns()["calls_of"] == {"caller", "said"}
        assert {table: len(rows) for table, rows in done.gone.items()} == {"nicks_of": 1}


def tried(house: Manor, number: str) -> Dump:
    """Let a night try to erase, by request or, without a number, by day; return what is left."""
    if number:
        house.night()
    else:
        house.swept()
        house.later(days=1)
    return house.content()


def waits(house: Manor, number: str) -> bool:
    """Return whether a request waits; by day there is none."""
    return not number or house.state(number) == "waiting"


@pytest.mark.parametrize("by_day", [False, True])
@pytest.mark.parametrize("whole", [
    None, Policy({}, via="guest", rows=delete),
    Policy({"caller": keep("who called"), "said": null}, via="guest", rows=delete),
    Policy({"said": null}, via="guest", rows=delete),
])
def test_a_held_record_keeps_what_a_cascade_would_change(
    database_url: str, tmp_path: Path, whole: Policy | None, by_day: bool
) -> None:
    """Who called is evidence, so that its guest waits, untouched, until the hold is lifted."""
    with patched(Call, whole or Call.__erasure__), calling(database_url, tmp_path) as house:
        with house.begin() as office:
            hold = office.place_hold(Wanted("record", "court-order", "calls_of", "1"), "officer")
        before, number = house.content(), "" if by_day else house.approved(email=MAIL)
        assert tried(house, number) == before
        assert waits(house, number)
        for user in ("officer", "second"):
            with house.begin() as office:
                office.lift(hold, user)
        assert places(tried(house, number), MAIL, "Ada Quill", SAID) == []
        assert not number or house.state(number) == "erased"


@pytest.mark.parametrize("by_day", [False, True])
def test_what_the_hotel_needs_is_not_changed_by_a_cascade(
    database_url: str, tmp_path: Path, by_day: bool
) -> None:
    """A precondition that needs to know who called keeps it as it is."""
    with calling(database_url, tmp_path) as house:
        house.blockers = (
            Blocker("open-call", "calls_of", lambda table, day: table.c.said == SAID,
                    {"calls_of": ["caller", "said"]}),
        )  # fmt: skip
        before, number = house.content(), "" if by_day else house.approved(email=MAIL)
        assert tried(house, number) == before
        assert waits(house, number)
        house.blockers = ()
        assert places(tried(house, number), MAIL, "Ada Quill", SAID) == []
        assert not number or house.state(number) == "erased"


def test_what_was_kept_before_and_still_is_is_not_changed_by_a_cascade(
    database_url: str, tmp_path: Path
) -> None:
    """A column that one person declared to go at once stays meanwhile, and so does its guest."""
    with calling(database_url, tmp_path) as house:
        with house.begin() as office:
            rulerows.add(office.work, "", label("calls_of", "caller", "guest_register"))
        before, number = house.content(), house.approved(email=MAIL)
        house.night()
        assert house.content() == before
        assert house.state(number) == "waiting"


class Tied(DeclarativeBase):
    """Base of a host in which nicks hang on the mailbox, and pictures on nicks."""


class Friend(Mailed, Tied):
    """Of whom there are pictures."""


class Called(Tied):
    __tablename__ = "nicks_of"
    caller: Mapped[str] = mapped_column(
        ForeignKey("guests_of.email", onupdate="CASCADE"), primary_key=True
    )
    nick: Mapped[str] = mapped_column(String(40))
    guest: Mapped[Friend] = relationship()
    __erasure__ = Policy({}, via="guest", rows=delete)


class Picture(Tied):
    __tablename__ = "pics_of"
    caller: Mapped[str] = mapped_column(
        ForeignKey("nicks_of.caller", onupdate="CASCADE"), primary_key=True
    )
    shows: Mapped[str] = mapped_column(String(40))
    nick: Mapped[Called] = relationship()
    __erasure__ = Policy({}, via="nick.guest", rows=delete)


class Bound(DeclarativeBase):
    """Base of a host in which a nick holds the mailbox it belongs to."""


class Owner(Mailed, Bound):
    """Of whom there are letters."""


class Own(Bound):
    __tablename__ = "nicks_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    caller: Mapped[str] = mapped_column(ForeignKey("guests_of.email"), index=True)
    nick: Mapped[str] = mapped_column(String(40))
    best: Mapped[int | None] = mapped_column(ForeignKey("nicks_of.id"), index=True)
    guest: Mapped[Owner] = relationship()
    __erasure__ = Policy({}, via="guest", rows=delete)


class Letter(Bound):
    __tablename__ = "letters_of"
    id: Mapped[int] = mapped_column(primary_key=True)
    nick_id: Mapped[int | None] = mapped_column(ForeignKey("nicks_of.id"), index=True)
    said: Mapped[str | None] = mapped_column(String(80))
    nick: Mapped[Own] = relationship()
    __erasure__ = Policy({"nick_id": null, "said": null}, via="nick.guest")


def pictured() -> tuple[Any, ...]:
    """A guest with a nick and a picture, both known by the mailbox, and another one."""
    return (
        Tied, Friend(id=1, seen=OLD, **ADA), Friend(id=2, seen=NEW, **BO),
        Called(caller=MAIL, nick="Quilly"), Called(caller=BO["email"], nick="Boo"),
        Picture(caller=MAIL, shows="Ada at sea"), Picture(caller=BO["email"], shows="A boat"),
    )  # fmt: skip


def nicked() -> tuple[Any, ...]:
    """A guest with two nicks that stand by each other, and another one."""
    return (
        Bound, Owner(id=1, seen=OLD, **ADA), Owner(id=2, seen=NEW, **BO),
        Own(id=1, caller=MAIL, nick="Quilly", best=1), Own(id=2, caller=MAIL, nick="Q", best=1),
        Own(id=3, caller=BO["email"], nick="Boo"),
    )  # fmt: skip


def lettered() -> tuple[Any, ...]:
    """The same guests, who wrote letters under a nick, which stay without it."""
    return (*nicked(), Letter(id=1, nick_id=1, said=SAID), Letter(id=2, nick_id=3, said="Hello"))


HOSTS = [pictured, nicked, lettered]


@pytest.mark.parametrize("rows", HOSTS)
def test_rows_go_before_what_they_point_at_is_overwritten(
    database_url: str, tmp_path: Path, rows: Callable[[], tuple[Any, ...]]
) -> None:
    """Whether the key carries it along or refuses it, with all that points at them, and back."""
    with manor(database_url, tmp_path, *rows()) as house:
        done = whole_way(house, [MAIL, "Ada Quill", "Quilly"], email=MAIL)
        assert done.gone["nicks_of"]
        assert done.columns().get("letters_of", {"nick_id", "said"}) == {"nick_id", "said"}


@pytest.mark.parametrize("rows", HOSTS)
def test_rows_go_by_day_before_what_they_point_at_is_overwritten(
    database_url: str, tmp_path: Path, rows: Callable[[], tuple[Any, ...]]
) -> None:
    """Who had their time is erased with them, and nobody else."""
    with manor(database_url, tmp_path, *rows()) as house:
        house.swept()
        assert places(house.content(), MAIL, "Ada Quill", "Quilly", SAID) == []
        assert places(house.content(), BO["email"], "Boo")
