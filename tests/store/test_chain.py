"""In a chain of many hotels each transaction asks the database as often as in a chain of two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

from flask_guesterase.store import tables
from flask_guesterase.store.access import actors
from flask_guesterase.store.executing import expiry
from flask_guesterase.store.lawbook import rulebook
from flask_guesterase.store.retaining import law
from flask_guesterase.store.sweeping import basis, looking, runs
from flask_guesterase.store.sweeping.claiming import Shift
from flask_guesterase.store.sweeping.claims import Bounds
from tests.engines import DEEP
from tests.store.forms import Forms
from tests.store.test_due import OLD, forms

MANY = 40
"""Hotels of the large chain."""


@pytest.fixture(params=DEEP)
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Forms]:
    """Two hotels, on SQLite; on each of the three engines at full depth."""
    made = Forms(request.getfixturevalue(f"{request.param}_url"), tmp_path)
    yield made
    made.engine.dispose()


def grow(chain: Forms) -> None:
    """Let the chain have many hotels, whose rules were looked at before, as in any night."""
    fir = chain.settings.properties["mu"]
    places = {f"h{n}": replace(fir, code=f"h{n}", name=f"Fir {n}") for n in range(MANY)}
    chain.settings = replace(
        chain.settings, properties={**chain.settings.properties, **places}
    )
    chain.run(lambda office: rulebook.sync(office.work))


def asked(chain: Forms, do: Callable[[], object]) -> int:
    """Return how many statements something sends."""
    sent: list[str] = []

    def note(conn: object, cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(chain.engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(chain.engine, "before_cursor_execute", note)
    return len(sent)


def night(chain: Forms, first: int) -> int:
    """Return how many statements it takes to find and erase ten forms of one hotel."""

    def work() -> None:
        looking.look(chain.run)
        assert expiry.erase_due(chain.run, Bounds(), Shift(), {})["expired"] == 10

    forms(chain, range(first, first + 10), OLD)
    return asked(chain, work)


def test_a_night_asks_as_often_in_a_chain_of_many_hotels(chain: Forms) -> None:
    """Finding and erasing what is due at one hotel does not ask about each of the others."""
    night(chain, 1)
    few = night(chain, 101)
    grow(chain)
    night(chain, 201)
    assert night(chain, 301) <= few + 2


def test_rules_read_at_once_are_those_read_one_by_one(chain: Forms) -> None:
    """At each hotel, also at one whose sources were never looked at or have changed since."""
    grow(chain)
    with chain.engine.begin() as conn:
        conn.execute(tables.rule.delete().where(tables.rule.c.property == "h3"))
        pulse = tables.pulse
        conn.execute(pulse.delete().where(pulse.c.name == "rules:h3"))
        conn.execute(pulse.update().where(pulse.c.name == "rules:h4").values(note="other"))
        conn.execute(
            tables.rule.update().where(tables.rule.c.property == "h5").values(signed_at=None)
        )
    codes = list(chain.settings.properties)
    at_once = chain.run(lambda office: law.rules_everywhere(office.work))
    one_by_one = {
        code: chain.run(lambda office, code=code: rulebook.in_force(office.work, code))
        for code in codes
    }
    assert at_once == [(code, rule) for code in codes for rule in one_by_one[code]]
    assert one_by_one["h3"] == one_by_one["h6"] != one_by_one["h5"]
    assert len(one_by_one["h6"]) > 1


def test_what_was_confirmed_is_known_for_all_at_once_as_for_each(chain: Forms) -> None:
    """Not where the rules moved since, nor where only our table says so."""
    grow(chain)
    chain.sweep()
    chain.run(lambda office: office.confirm_sweep("officer"))
    run = tables.run
    with chain.engine.begin() as conn:
        by = conn.execute(run.select().where(run.c.property == "mu")).one().confirmed_by
        conn.execute(run.update().where(run.c.property == "h1").values(confirmed_by=by))
    chain.move("be", zone="Asia/Tokyo")
    at_once = chain.run(lambda office: runs.confirmed_marks(office.work))
    assert at_once == {"mu": chain.run(lambda office: basis.mark(office.work, "mu"))}
    each = {
        code for code in chain.settings.properties
        if chain.run(lambda office, code=code: runs.confirmed(office.work, code))
    }  # fmt: skip
    assert each == set(at_once)


def test_the_next_person_is_numbered_behind_those_passed_over(chain: Forms) -> None:
    """Whoever had one of them is named by journal and register still."""
    chain.run(lambda office: actors.pass_over(office.work, ["a7", "system", "a3"]))
    chain.run(lambda office: actors.pass_over(office.work, ["a5"]))
    numbers = [
        chain.run(lambda office, who=who: actors.number(office.work, who))
        for who in ("porter", "far")
    ]
    assert numbers == ["a8", "a9"]
