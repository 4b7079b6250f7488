"""Rules that change while something is erased by those of before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select

from flask_guesterase.core.lifecycle import State
from flask_guesterase.core.period import Period
from flask_guesterase.core.policy import Equal, Policy
from flask_guesterase.core.treatment import keep, null, placeholder, retain
from flask_guesterase.store import sweep
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.lawbook import rulebook
from flask_guesterase.store.mapping.datamap import DataMap, resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.transaction import again
from tests.engines import SERVERS, fresh_database
from tests.store.forms import Base, Forms, policies
from tests.store.test_rulebook import law_of

LONG = House("guest_register", ("departed",), "court minutes", Period(years=50))
BOOKS = House("invoice_accounting", ("document",), "court minutes", Period(years=50))

BILLS = Table(
    "bills", MetaData(), Column("id", Integer, primary_key=True), Column("form", Integer),
    Column("house", String(10)), Column("payer", String(80)), Column("issued_on", Date),
)  # fmt: skip


class Billed(Forms):
    """Hotels whose forms have bills, which lead to their guests through those alone."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.law = folder / "law.toml"
        BILLS.create(self.engine)
        self.form(1, date(2010, 2, 1))
        self.form(2, date(2010, 2, 1))
        with self.engine.begin() as conn:
            conn.execute(insert(BILLS).values(
                id=2, form=2, house="mu", payer="Ada Roe", issued_on=date(2010, 2, 1)
            ))  # fmt: skip

    @staticmethod
    def mapped(email: Any = placeholder) -> DataMap:
        """Resolve the policies, that of bills among them."""
        bills = Policy(
            {"payer": retain("invoice_accounting", null), "issued_on": keep("statistics"),
             "house": keep("which house")},
            via=Equal({"form": "id"}, to="forms"), category="guest_register",
            clock={"document": "issued_on"}, place="house",
        )  # fmt: skip
        return resolve(
            [*policies(email), (BILLS, bills)], [*Base.metadata.tables.values(), BILLS],
            list(Base.registry.mappers),
        )  # fmt: skip

    def approved(self, id: int) -> str:
        """Let a guest be asked for, and a second person approve; return the number."""
        wish = {"email": f"g{id}@mail.example"}
        number = self.run(lambda office: office.request(wish, property="mu", by="officer"))
        self.run(lambda office: office.confirm(number, "officer"))
        digest = self.run(lambda office: office.preview(number, "second").digest)
        self.run(lambda office: office.approve(number, "second", digest))
        return number

    def payers(self) -> list[str | None]:
        """Return whom bills name."""
        with self.engine.connect() as conn:
            return list(conn.execute(select(BILLS.c.payer)).scalars())


LAW = law_of('floor = "P50Y"', "DE-XX", "DE", "region")

# Elsewhere, on SQLite, only one of them is in at a time.
@pytest.fixture(params=SERVERS)
def forms(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Forms]:
    """A form whose year is over."""
    with fresh_database(request.param) as url:
        made = Forms(url, tmp_path)
        made.form(1, date(2025, 2, 1))
        yield made
        made.engine.dispose()


@pytest.fixture(params=SERVERS)
def billed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Billed]:
    """Two guests whose years are over, one of whom has a bill."""
    with fresh_database(request.param) as url:
        made = Billed(url, tmp_path)
        yield made
        made.engine.dispose()


def lengthen(forms: Forms, house: str = "mu", period: House = LONG) -> None:
    """Let two people set a period of the house that is not over."""
    id_ = forms.run(lambda office: office.house_period(house, period, "officer"))
    forms.run(lambda office: office.confirm_house(id_, "second"))


def propose(forms: Forms) -> None:
    """Let one person propose such a period."""
    forms.run(lambda office: office.house_period("mu", LONG, "officer"))


def relaw(forms: Billed) -> None:
    """Let the operator put the house under one more law, and another process begin with it."""
    before = forms.settings
    forms.law.write_text(LAW, encoding="utf-8")
    forms.settings = replace(forms.settings, packs=(str(forms.law),))
    forms.move("mu", region="DE-XX")
    forms.run(lambda office: rulebook.sync(office.work))
    forms.settings = before


def beside(
    forms: Forms, act: Callable[[], object], table: str = "forms", tries: list[None] | None = None
) -> Callable[[Callable[[Office], Any]], Any]:
    """Return what runs units, again after a deadlock; while the first one that erased something is
    open, somebody acts."""
    acting = threading.Thread(target=act)

    def once(unit: Callable[[Office], Any]) -> Any:
        if tries is not None:
            tries.append(None)
        with forms.begin() as office:
            result = unit(office)
            if table in office.work.changed and acting.ident is None:
                acting.start()
                acting.join()
            return result

    return lambda unit: again(lambda: once(unit))


def test_a_floor_that_is_set_while_a_sweep_erases_binds_what_it_erases(forms: Forms) -> None:
    """It acts at once, and the journal has no line of it before one of what it should have kept."""
    forms.sweep()
    forms.run(lambda office: office.confirm_sweep("officer"))
    sweep.sweep(beside(forms, lambda: lengthen(forms)), lambda *_: ("", ""), {})
    assert forms.names() == {1: "Ada Roe"}
    assert "house-period-set" in forms.actions()


def test_a_floor_that_is_set_while_a_request_is_carried_out_binds_it(forms: Forms) -> None:
    """It goes back to review, as if the floor had been set before."""
    number = forms.run(
        lambda office: office.request({"email": "g1@mail.example"}, property="mu", by="officer")
    )
    forms.run(lambda office: office.confirm(number, "officer"))
    digest = forms.run(lambda office: office.preview(number, "second").digest)
    forms.run(lambda office: office.approve(number, "second", digest))
    run = beside(forms, lambda: lengthen(forms))
    ending = run(lambda office: office.erase(number))
    assert (ending.state, ending.differences) == (State.REVIEW, ("retain forms: name",))
    assert forms.names() == {1: "Ada Roe"}


@pytest.mark.parametrize("act", [
    lambda forms: lengthen(forms, "be"), lambda forms: lengthen(forms, "mu", BOOKS), propose,
], ids=["another house", "another table", "a proposal"])  # fmt: skip
def test_rules_that_bind_nothing_of_a_request_let_it_be_carried_out(
    billed: Billed, act: Callable[[Billed], None]
) -> None:
    """It does not begin anew: of the one guest there is no bill."""
    number, tries = billed.approved(1), list[None]()
    run = beside(billed, lambda: act(billed), tries=tries)
    assert run(lambda office: office.erase(number)).state is State.CHECKING
    assert len(tries) == 1
    assert billed.names() == {1: None, 2: "Ada Roe"}
    assert "rule-proposed" in billed.actions() + billed.actions("elm")


@pytest.mark.parametrize("act", [
    lengthen, lambda forms: lengthen(forms, "mu", BOOKS), relaw,
], ids=["a form", "its bill", "a law of the house"])  # fmt: skip
def test_rules_that_would_keep_a_row_of_a_request_stop_it(
    billed: Billed, act: Callable[[Billed], None]
) -> None:
    """Also where it leads to the guest through another row alone, or the house comes under a law
    that this process does not know of."""
    number, tries = billed.approved(2), list[None]()
    run = beside(billed, lambda: act(billed), tries=tries)
    ending = run(lambda office: office.erase(number))
    assert (ending.state, len(tries)) == (State.REVIEW, 2)
    assert (billed.names()[2], billed.payers()) == ("Ada Roe", ["Ada Roe"])


def test_a_rule_stops_a_request_though_another_table_is_kept_by_it_as_well(billed: Billed) -> None:
    """Of the one guest there is no bill, but a form, which lie under the same category."""
    number, tries = billed.approved(1), list[None]()
    ending = beside(billed, lambda: lengthen(billed), tries=tries)(
        lambda office: office.erase(number)
    )
    assert (ending.state, len(tries)) == (State.REVIEW, 2)
    assert billed.names()[1] == "Ada Roe"
