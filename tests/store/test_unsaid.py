"""One form of two guests of whom one had no nationality on record when an erasure kept it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, String, delete, event, insert, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flask_guesterase.core.log import canonical
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.rule import Facts
from flask_guesterase.core.treatment import null, placeholder, retain
from flask_guesterase.store import tables
from flask_guesterase.store.executing import settling
from flask_guesterase.store.lawbook.clocks import Record
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.retaining import law, silent, vouching
from tests.store import forms
from tests.store.forms import Forms
from tests.store.test_census import sealing
from tests.store.test_couple import (
    KEPT,
    Base,
    Card,
    Carded,
    Couples,
    Form,
    Guest,
    couple,
    erased,
    mapped,
    name,
)
from tests.store.test_unended import listed, state

SOON = date(2025, 4, 1)
"""A departure whose year ends in three weeks."""

OPEN = {"mu/guest_register/unknown-fact": 1}
"""What is on the list of what nobody knows the end of."""


@pytest.fixture(autouse=True)
def schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hotels be made of the tables of couples."""
    monkeypatch.setattr(forms, "Base", Base)


class Told(Couples):
    """The two where a nationality stays in the row of a guest."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        return mapped(KEPT)


def say(house: Forms, id: int, nation: str | None, **more: Any) -> None:
    """Put on record which country a guest is of, on their card too."""
    with house.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == id).values(nation=nation, **more))
        conn.execute(update(Card).where(Card.guest_id == id).values(nation=nation))


def swept(house: Forms, days: int) -> None:
    """Let days pass, and what ends by then end."""
    house.later(days=days)
    house.confirmed()
    house.work()


@pytest.mark.parametrize("made", [Couples, Carded])
def test_the_form_ends_on_its_day_once_the_country_that_was_missing_is_on_record(
    database_url: str, tmp_path: Path, made: type[Couples]
) -> None:
    """It stays, and somebody is told, until the guest who is there says it; a foreigner's then goes
    when its year is over."""
    with couple(made(database_url, tmp_path), SOON, "DE", None) as house:
        number = erased(house, 1)
        swept(house, 10)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)
        say(house, 2, "AT")
        swept(house, 10)
        assert (state(house, number), listed(house)) == ("sealed", {})
        swept(house, 10)
        assert (name(house), state(house, number)) == (None, "erased")


@pytest.mark.parametrize("made", [Couples, Carded])
def test_the_form_of_two_of_whom_one_turns_out_to_be_at_home_is_theirs_alone(
    sqlite_url: str, tmp_path: Path, made: type[Couples]
) -> None:
    """What an erasure kept for what nobody knew ends, and it goes with the other."""
    with couple(made(sqlite_url, tmp_path), SOON, "DE", None) as house:
        first = erased(house, 1)
        swept(house, 10)
        assert (state(house, first), listed(house)) == ("sealed", OPEN)
        say(house, 2, "DE")
        swept(house, 10)
        assert (state(house, first), listed(house)) == ("erased", {})
        second = erased(house, 2)
        assert (name(house), state(house, second)) == (None, "erased")


@pytest.mark.parametrize(
    "then",
    [
        lambda house: None,
        lambda house: say(house, 2, "DE", email="new@mail.example"),
        lambda house: say(house, 1, "DE"),
    ],
)
@pytest.mark.parametrize("nations", [("DE", None), (None, None)])
def test_the_country_of_an_erased_guest_stays_unknown_and_on_the_list(
    sqlite_url: str,
    tmp_path: Path,
    nations: tuple[str | None, ...],
    then: Callable[[Forms], None],
) -> None:
    """Neither who is there says it for them, nor somebody whom the hotel writes into their row."""
    with couple(Couples(sqlite_url, tmp_path), SOON, *nations) as house:
        number = erased(house, 2)
        then(house)
        for days in (10, 400):
            swept(house, days)
            assert (name(house), state(house, number)) == ("Ann and Bea Roe", "sealed")
            assert listed(house) == OPEN


def test_staff_settle_what_an_erased_guest_did_not_say_where_their_row_keeps_it(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The row is theirs still, and says it of them."""
    with couple(Told(sqlite_url, tmp_path), SOON, "DE", None) as house:
        number = erased(house, 2)
        swept(house, 10)
        assert listed(house) == OPEN
        say(house, 2, "DE")
        swept(house, 10)
        assert (state(house, number), listed(house)) == ("erased", {})


def test_a_guest_who_is_on_the_form_no_more_says_nothing_by_that(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Nor does another one who signed it."""
    with couple(Couples(sqlite_url, tmp_path), SOON, "DE", None) as house:
        number = erased(house, 1)
        with house.engine.begin() as conn:
            conn.execute(insert(Form).values(id=2, house="mu", left_on=SOON))
            conn.execute(insert(Guest).values(id=3, form_id=1, house="mu", nation="DE"))
        say(house, 2, "DE", form_id=2)
        swept(house, 400)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)


@pytest.mark.parametrize("nations", [("DE", None), ("AT", None)])
def test_what_was_said_last_counts_where_both_were_erased(
    database_url: str, tmp_path: Path, nations: tuple[str | None, ...]
) -> None:
    """Their word is on record, also where no night lay between it and their erasure, since the form
    is among the rows of both."""
    with couple(Couples(database_url, tmp_path), SOON, *nations) as house:
        first = erased(house, 1)
        say(house, 2, "FR")
        second = erased(house, 2)
        swept(house, 15)
        assert (state(house, first), state(house, second)) == ("sealed", "sealed")
        swept(house, 15)
        assert [state(house, each) for each in (first, second)] == ["erased", "erased"]
        assert (name(house), listed(house)) == (None, {})


def test_facts_of_before_that_do_not_say_who_said_nothing_end_nothing(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Nobody can tell whose country was missing then."""
    with couple(Couples(sqlite_url, tmp_path), SOON, "DE", None) as house:
        number = erased(house, 1)
        (line,) = house.ours("kept")
        facts = {n: each for n, each in json.loads(line["facts"]).items() if n != "silent"}
        facts = house.run(lambda office: vouching.vouched(office.work, line, facts))
        with house.engine.begin() as conn:
            conn.execute(update(tables.kept).values(facts=canonical(facts).decode()))
        say(house, 2, "DE")
        swept(house, 400)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)


class Booked(Couples):
    """The two where a form is of who booked, and says of all that stayed of which country."""

    @staticmethod
    def mapped(email: Any = placeholder, facts: tuple[str, ...] = ("nationality",)) -> DataMap:
        """Resolve the policies, some of which ask for a country."""
        known = mapped(KEPT)
        guest = known.tables["guests"].policy
        form = Policy(
            {"house": KEPT, "left_on": KEPT, "name": retain("guest_register", null)},
            via=Equal({"id": "id"}, to="guests"), category="guest_register", place="house",
            clock={"departed": "left_on"}, facts=dict.fromkeys(facts, "guests.nation"),
        )  # fmt: skip
        return resolve(
            [(Guest, guest), (Form, form), (Card, known.tables["cards"].policy)],
            Base.metadata.tables.values(), list(Base.registry.mappers),
        )  # fmt: skip


@pytest.mark.parametrize(("nation", "then"), [("AT", "sealed"), ("DE", "erased")])
def test_a_sealed_form_ends_once_who_is_there_says_their_country(
    database_url: str, tmp_path: Path, nation: str, then: str
) -> None:
    """Its box is judged anew by what was missing: a foreigner's stays until its day."""
    with couple(Booked(database_url, tmp_path), SOON, "DE", None) as house:
        sealing(house)
        number = erased(house, 1)
        (line,) = house.ours("kept")
        assert (line["mode"], line["until"]) == ("sealed", None)
        swept(house, 5)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)
        say(house, 2, nation)
        swept(house, 5)
        assert state(house, number) == then
        swept(house, 20)
        assert (state(house, number), listed(house)) == ("erased", {})


def test_who_said_nothing_of_a_sealed_form_is_bound_to_it(sqlite_url: str, tmp_path: Path) -> None:
    """Somebody who is taken out of that in the database is not answered for by another one."""
    with couple(Booked(sqlite_url, tmp_path), SOON, "DE", None, None) as house:
        sealing(house)
        number = erased(house, 1)
        with house.engine.begin() as conn:
            conn.execute(insert(Form).values(id=2, house="mu", left_on=SOON))
        say(house, 2, "DE")
        say(house, 3, None, form_id=2)
        (line,) = house.ours("kept")
        facts = json.loads(line["facts"])
        marks = facts["silent"]["nationality"]
        facts["silent"]["nationality"] = sorted(house.run(spoken) & set(marks))
        assert (len(marks), len(facts["silent"]["nationality"])) == (2, 1)
        with house.engine.begin() as conn:
            conn.execute(update(tables.kept).values(facts=canonical(facts).decode()))
        swept(house, 400)
        assert state(house, number) == "sealed"


def spoken(office: Office) -> frozenset[str]:
    """Return the marks of the guests on the form who say of which country they are."""
    work, declared = office.work, office.work.datamap.declared("forms")
    asked = Record("mu", Facts(), silent={"nationality": frozenset()})
    told = {(1,): asked}
    return silent.heard(work, declared, law.ways_of(work, declared), told)[1,]["nationality"]


@pytest.mark.parametrize(("nation", "then"), [("DE", "erased"), ("AT", "sealed")])
def test_the_form_of_one_guest_ends_once_staff_say_the_country_in_their_row(
    database_url: str, tmp_path: Path, nation: str, then: str
) -> None:
    """Of a form that leads to nobody else it is known whose country is filled in."""
    with couple(Couples(database_url, tmp_path), SOON, None) as house:
        number = erased(house, 1)
        swept(house, 5)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)
        say(house, 1, nation)
        swept(house, 5)
        assert (state(house, number), listed(house)) == (then, {})
        swept(house, 20)
        assert (name(house), state(house, number)) == (None, "erased")


def test_a_guest_who_joins_the_form_later_does_not_answer_for_who_signed_it_alone(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Of whom the law kept it for nobody knows the country still."""
    with couple(Couples(sqlite_url, tmp_path), SOON, None) as house:
        number = erased(house, 1)
        with house.engine.begin() as conn:
            conn.execute(insert(Guest).values(id=2, form_id=1, house="mu", nation="DE"))
        swept(house, 400)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)


class Line(Base):
    __tablename__ = "lines"
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"), primary_key=True)
    pos: Mapped[int] = mapped_column(primary_key=True)
    nation: Mapped[str | None] = mapped_column(String(10))
    form: Mapped[Form] = relationship(backref="lines")


class Numbered(Couples):
    """The two where one guest booked for companions, who are numbered on their form."""

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        known = mapped(KEPT)
        form = replace(known.tables["forms"].policy, facts={"nationality": "lines.nation"})
        line = Policy({"nation": KEPT}, via="form")
        policies = [(Guest, known.tables["guests"].policy), (Form, form), (Line, line),
                    (Card, known.tables["cards"].policy)]  # fmt: skip
        return resolve(policies, Base.metadata.tables.values(), list(Base.registry.mappers))


def test_a_companion_who_moves_up_on_the_form_does_not_answer_for_another(
    sqlite_url: str, tmp_path: Path
) -> None:
    """A number on a form is another one's once the line before them is gone."""
    with couple(Numbered(sqlite_url, tmp_path), SOON, "DE") as house:
        with house.engine.begin() as conn:
            for pos, nation in enumerate(("DE", None, "DE"), 1):
                conn.execute(insert(Line).values(form_id=1, pos=pos, nation=nation))
        number = erased(house, 1)
        swept(house, 5)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)
        with house.engine.begin() as conn:
            conn.execute(delete(Line).where(Line.pos == 2))
            conn.execute(update(Line).where(Line.pos == 3).values(pos=2))
        swept(house, 5)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)


def test_the_form_with_one_companion_ends_once_their_country_is_on_record(
    sqlite_url: str, tmp_path: Path
) -> None:
    """There is nobody else who could have moved to their place."""
    with couple(Numbered(sqlite_url, tmp_path), SOON, "DE") as house:
        with house.engine.begin() as conn:
            conn.execute(insert(Line).values(form_id=1, pos=1, nation=None))
        number = erased(house, 1)
        swept(house, 5)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)
        with house.engine.begin() as conn:
            conn.execute(update(Line).values(nation="DE"))
        swept(house, 5)
        assert (state(house, number), listed(house)) == ("erased", {})


def test_many_sealed_forms_that_wait_for_somebodys_word_are_asked_at_once(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Each of them costs a night next to nothing as long as nobody says anything."""
    with couple(Booked(sqlite_url, tmp_path), SOON, "DE", None) as house:
        sealing(house)
        erased(house, 1)
        alone = statements(house)
        for id in range(11, 14):
            booked(house, id)
            erased(house, id)
        assert [line["mode"] for line in house.ours("kept")] == ["sealed"] * 4
        assert statements(house) - alone <= 3 * 2


def test_a_policy_that_asks_for_a_country_no_more_keeps_no_night_from_its_end(
    sqlite_url: str, tmp_path: Path
) -> None:
    """What nobody gave then is asked of nobody now: the form waits, and all else goes on."""
    with couple(Booked(sqlite_url, tmp_path), SOON, "DE", None) as house:
        sealing(house)
        number = erased(house, 1)
        house.datamap = Booked.mapped(facts=())
        settling.settled(house.run, unknown=True)
        swept(house, 5)
        assert state(house, number) == "sealed"


def booked(house: Forms, id: int) -> None:
    """Let a German book for somebody whose country is not on record."""
    with house.engine.begin() as conn:
        conn.execute(insert(Form).values(id=id, house="mu", left_on=SOON, name="Cy Roe"))
        for number, nation in ((id, "DE"), (id + 10, None)):
            mail = f"g{number}@mail.example"
            conn.execute(insert(Guest).values(
                id=number, form_id=id, house="mu", email=mail, nation=nation,
            ))  # fmt: skip


def test_a_sealed_form_that_waits_for_nobody_it_can_know_is_not_read_each_night(
    sqlite_url: str, tmp_path: Path
) -> None:
    """No word ends it of somebody who cannot be told from another one."""
    with couple(Numbered(sqlite_url, tmp_path), SOON, "DE") as house:
        with house.engine.begin() as conn:
            for pos, nation in enumerate(("DE", None), 1):
                conn.execute(insert(Line).values(form_id=1, pos=pos, nation=nation))
        sealing(house)
        erased(house, 1)
        (line,) = house.ours("kept")
        marks = json.loads(line["facts"])["silent"]
        assert (line["mode"], marks) == ("sealed", {"nationality": [""]})
        told: list[str] = []
        statements(house, told)
        assert [each for each in told if "FROM lines" in each or "JOIN lines" in each] == []


def statements(house: Forms, told: list[str] | None = None) -> int:
    """Return how many statements it takes to judge boxes again.

    :param told: takes them.
    """
    told = [] if told is None else told
    settling.settled(house.run)

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        told.append(statement)

    event.listen(house.engine, "before_cursor_execute", note)
    settling.settled(house.run)
    event.remove(house.engine, "before_cursor_execute", note)
    return len(told)
