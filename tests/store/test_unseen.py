"""One form of guests of whom one cannot be reached: a bed without guest, a guest without card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKey, delete, event, insert, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import Null, null, placeholder
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.retaining import law
from tests.store import forms
from tests.store.forms import Forms
from tests.store.test_couple import (
    KEPT,
    OLD,
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
from tests.store.test_unsaid import OPEN, SOON, swept


class Bed(Base):
    __tablename__ = "beds"
    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("forms.id"), index=True)
    guest_id: Mapped[int | None] = mapped_column(ForeignKey("guests.id"))
    form: Mapped[Form] = relationship(backref="beds")
    guest: Mapped[Guest | None] = relationship()


class Bedded(Couples):
    """The hotels where a form lists beds, each with its guest once that is known."""

    LET_GO: Any = KEPT

    @classmethod
    def mapped(cls, email: Any = placeholder) -> DataMap:
        """Resolve the policies."""
        known = mapped(null)
        facts = {"nationality": "beds.guest.nation"}
        form = replace(known.tables["forms"].policy, via="beds.guest", facts=facts)
        bed = Policy({"form_id": KEPT, "guest_id": cls.LET_GO}, via="guest")
        policies = [(Guest, known.tables["guests"].policy), (Form, form), (Bed, bed),
                    (Card, known.tables["cards"].policy)]  # fmt: skip
        return resolve(policies, Base.metadata.tables.values(), list(Base.registry.mappers))


class Emptied(Bedded):
    """The same where an erasure empties the bed."""

    LET_GO: Null = null


@pytest.fixture(autouse=True)
def schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hotels be made of the tables of couples."""
    monkeypatch.setattr(forms, "Base", Base)


def without_card(house: Forms) -> None:
    """Let the second guest come, who has no card."""
    with house.engine.begin() as conn:
        conn.execute(delete(Card).where(Card.guest_id == 2))


def without_guest(house: Forms) -> None:
    """Let the first guest have a bed, and somebody whom nobody named another one."""
    with house.engine.begin() as conn:
        conn.execute(insert(Bed), [
            {"id": 1, "form_id": 1, "guest_id": 1}, {"id": 2, "form_id": 1, "guest_id": None},
        ])  # fmt: skip


def a_guest(house: Forms, nation: str) -> None:
    """Name who slept in the second bed."""
    with house.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 2).values(nation=nation))
        conn.execute(update(Bed).where(Bed.id == 2).values(guest_id=2))


@pytest.mark.parametrize(
    ("made", "come"), [(Carded, without_card), (Bedded, without_guest)]
)  # fmt: skip
def test_who_cannot_be_reached_is_unknown(
    database_url: str, tmp_path: Path, made: type[Couples], come: Callable[[Forms], None]
) -> None:
    """Nobody knows whether the law keeps the form of a German and of them, and somebody is told."""
    with couple(made(database_url, tmp_path), OLD, "DE", None) as house:
        come(house)
        house.confirmed()
        assert (name(house), listed(house)) == ("Ann and Bea Roe", {"mu/forms/unknown-fact": 1})


@pytest.mark.parametrize(("nation", "then"), [("AT", "sealed"), ("DE", "erased")])
def test_a_form_stays_until_it_is_filled_in_whose_bed_it_was(
    database_url: str, tmp_path: Path, nation: str, then: str
) -> None:
    """Where it was a foreigner's it goes when its year is over; a German's is theirs alone."""
    with couple(Bedded(database_url, tmp_path), SOON, "DE", None) as house:
        without_guest(house)
        number = erased(house, 1)
        swept(house, 5)
        assert (name(house), state(house, number)) == ("Ann and Bea Roe", "sealed")
        assert listed(house) == OPEN
        a_guest(house, nation)
        swept(house, 5)
        assert (state(house, number), listed(house)) == (then, {})
        swept(house, 20)
        assert state(house, number) == "erased"


def test_a_form_stays_that_a_guest_without_a_card_signed(sqlite_url: str, tmp_path: Path) -> None:
    """Nobody says their country once they were erased, the German beside them least of all."""
    with couple(Carded(sqlite_url, tmp_path), SOON, "DE", None) as house:
        without_card(house)
        number = erased(house, 2)
        assert (state(house, number), listed(house)) == ("sealed", OPEN)
        erased(house, 1)
        swept(house, 400)
        both = dict.fromkeys(OPEN, 2)
        assert (name(house), listed(house)) == ("Ann and Bea Roe", both)


def test_a_bed_that_an_erasure_emptied_is_nobodys_without_a_country(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The form of two Germans is the other's still when one asked, and goes when both did."""
    with couple(Emptied(sqlite_url, tmp_path), SOON, "DE", "DE") as house:
        with house.engine.begin() as conn:
            conn.execute(insert(Bed), [{"id": n, "form_id": 1, "guest_id": n} for n in (1, 2)])
        first = erased(house, 1)
        assert (name(house), state(house, first)) == ("Ann and Bea Roe", "erased")
        second = erased(house, 2)
        assert (name(house), state(house, second)) == (None, "erased")


def test_many_forms_are_asked_at_once_who_cannot_be_reached(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Each of them costs no statement more, and a way that ends early none of its own."""
    with couple(Bedded(sqlite_url, tmp_path), SOON, "DE") as house:
        with house.engine.begin() as conn:
            for id in range(2, 8):
                conn.execute(insert(Form).values(id=id, house="mu", left_on=SOON))
            for id in range(1, 8):
                conn.execute(insert(Bed), [
                    {"id": 2 * id, "form_id": id, "guest_id": 1},
                    {"id": 2 * id + 1, "form_id": id, "guest_id": None},
                ])  # fmt: skip
        told: list[str] = []

        def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            told.append(statement)

        def asked(*ids: int) -> list[str]:
            told.clear()
            found = house.run(lambda office: law.facts(
                office.work, office.work.datamap.declared("forms"), [(id,) for id in ids]
            ))  # fmt: skip
            assert {r.facts.answers["nationality"] for r in found.values()} == {(None, "DE")}
            return [each.partition("WHERE")[0] for each in told if "beds" in each]

        event.listen(house.engine, "before_cursor_execute", note)
        assert asked(1) == asked(*range(1, 8))
        assert len(asked(1)) == 2
