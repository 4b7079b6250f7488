"""A name sent through every feature stands afterwards only where it must: in sealed boxes.

Promise P6: no log, exception, address, task payload, journal entry, register line, message subject
or page of anyone not entitled carries personal data. What is looked through is everything the run
wrote, in whatever spelling; what is driven is listed from the application itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from example_pms import crowd, db, seed
from example_pms.hotel import KNOWN
from flask_guesterase.core.errors import SealError
from flask_guesterase.core.seal import Box, open_box
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from tests.example.traces import Traces, spellings
from tests.example.walk import the_end, walk
from tests.example.watching import (
    House,
    every_command,
    every_method,
    every_route,
    post_office,
    watched,
)

VALUES = {
    "name": "Zaunkönig 斑翅雀",
    "family": "Zaunkönig",
    "given": "斑翅雀",
    "email": "zaunkoenig.77@canary.example",
    "phone": "+86 120 0077 0077",
    "digits": "12000770077",
    "document": "990000197703074567",
}
"""Kind -> value of the guest; nothing else in the house is written like them."""

ROUTES: dict[tuple[str, str], str] = {}
"""Endpoint and method -> why it is not driven."""

COMMANDS: dict[str, str] = {}
"""Command -> why it is not driven."""

METHODS: dict[str, str] = {}
"""Method of the office -> why it is not driven."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The demo hotel after the guest went through all of it; our tables are dropped at the end."""
    folder: Path = tmp_path_factory.mktemp("canary")
    guest = replace(
        KNOWN[0], name=VALUES["name"], given=VALUES["given"], family=VALUES["family"],
        born=date(1977, 3, 7), email=VALUES["email"], phone=VALUES["phone"],
        document_no=VALUES["document"],
    )  # fmt: skip
    # Whatever fails here, the hotels of other tests have their own guests.
    with pytest.MonkeyPatch.context() as patch, post_office() as (post, address):
        for module in (crowd, seed):
            patch.setattr(module, "KNOWN", (guest, *KNOWN[1:]))
        made = House(folder, f"sqlite:///{folder / 'hotel.sqlite'}", VALUES, address)
        made.fill()
        with watched(made):
            walk(made, post)
            made.sealed = sealed(made)
            the_end(made)
    yield made
    with made.app.app_context():
        db.engine.dispose()


def sealed(house: House) -> Traces:
    """Return what the boxes hold that can be opened with the keys as they are."""
    found = Traces(VALUES)
    with house.app.app_context(), db.engine.connect() as conn:
        for line in vault.lines(conn):
            box = Box.from_json(line)
            try:
                found.note("box", box.purpose, open_box(box, house.guesterase.custodian))
            except SealError:
                continue
        assert conn.execute(select(tables.entry)).first() is not None
    return found


def test_the_name_stands_nowhere_it_does_not_belong(house: House) -> None:
    """Logs, pages, addresses, headers, cookies, mail, consoles, tables, files: none holds it."""
    assert house.traces.found() == []


def test_everything_was_looked_through(house: House) -> None:
    """Nothing is clean because nothing was written down."""
    least = {"log": 5, "page": 100, "address": 100, "header": 500, "cookie": 5, "letter": 10,
             "console": 50, "signal": 20, "table": 500, "file": 20, "file name": 20,
             "report": 2, "stream": 1}  # fmt: skip
    seen = {heading: len(house.traces.seen.get(heading, ())) for heading in least}
    assert {heading for heading, count in least.items() if seen[heading] < count} == set(), seen


def test_the_name_was_really_there(house: House) -> None:
    """Positive control: boxes that open with the key hold what the tables do not."""
    kinds = {place.rsplit(": ", 1)[1] for place in house.sealed.found()}
    assert {"name", "document"} <= kinds


def test_every_route_is_driven_or_excused(house: House) -> None:
    """A route that is added and not driven fails here."""
    missing = every_route(house.app) - house.routes
    assert missing == set(ROUTES)


def test_every_command_is_driven_or_excused(house: House) -> None:
    """A command that is added and not driven fails here."""
    assert set(every_command()) - house.commands == set(COMMANDS)


def test_every_method_of_the_office_is_driven_or_excused(house: House) -> None:
    """What a person or the worker can do is done in the run."""
    assert every_method() - house.methods == set(METHODS)


@pytest.mark.parametrize(
    "heading",
    ["log", "page", "address", "header", "cookie", "letter", "console", "signal", "table", "file",
     "file name"],
)  # fmt: skip
def test_planting_the_name_once_is_seen(house: House, heading: str) -> None:
    """The sweep turns red wherever one value is put, under each heading."""
    planted = Traces(VALUES, {heading: list(house.traces.seen[heading])})
    planted.note(heading, "planted", f"x{VALUES['email']}y")
    assert planted.found() == [f"{heading}: planted: email"]


@given(
    value=st.text(min_size=5, max_size=12, alphabet="abcXYZ 0129斑雀äß@.-"),
    before=st.binary(max_size=7), after=st.binary(max_size=7),
    place=st.integers(0, 40),
)  # fmt: skip
def test_a_value_is_seen_however_it_is_written(
    value: str, before: bytes, after: bytes, place: int
) -> None:
    """Whatever stands around it, each spelling of a value is found in bytes that hold it."""
    forms = list(spellings(value))
    traces = Traces({"it": value})
    traces.note("here", "there", before + forms[place % len(forms)] + after)
    assert traces.found() == ["here: there: it"]
