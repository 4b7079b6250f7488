"""Rules that change while something is erased by those of before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.core.lifecycle import State
from flask_guesterase.core.period import Period
from flask_guesterase.store import sweep
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.store.office import Office
from flask_guesterase.store.transaction import again
from tests.engines import SERVERS, fresh_database
from tests.store.forms import Forms

LONG = House("guest_register", ("departed",), "court minutes", Period(years=50))


# Elsewhere, on SQLite, only one of them is in at a time.
@pytest.fixture(params=SERVERS)
def forms(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Forms]:
    """A form whose year is over."""
    with fresh_database(request.param) as url:
        made = Forms(url, tmp_path)
        made.form(1, date(2025, 2, 1))
        yield made
        made.engine.dispose()


def lengthen(forms: Forms) -> None:
    """Let two people set a period of the house that is not over."""
    id_ = forms.run(lambda office: office.house_period("mu", LONG, "officer"))
    forms.run(lambda office: office.confirm_house(id_, "second"))


def beside(
    forms: Forms, act: Callable[[], object]
) -> Callable[[Callable[[Office], Any]], Any]:
    """Return what runs units, again after a deadlock; while the first one that erased something is
    open, somebody acts."""
    acting = threading.Thread(target=act)

    def once(unit: Callable[[Office], Any]) -> Any:
        with forms.begin() as office:
            result = unit(office)
            if "forms" in office.work.changed and acting.ident is None:
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
