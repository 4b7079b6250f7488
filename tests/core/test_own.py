"""Our own data map says of every column of every table of ours what it holds, and when it goes."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import Boolean, DateTime, LargeBinary

from flask_guesterase.core.own import WEIGHT, End, Own, Weight, What
from flask_guesterase.core.owntables import PLACES, TABLES
from flask_guesterase.store.tables import PREFIX, metadata

LINES = {PREFIX + own.table: own for own in TABLES}


def test_every_column_of_every_table_has_one_line() -> None:
    """A new table or column without a line in the map is seen here, and so is one that went."""
    said = {name: Counter(column for column, _ in own.columns()) for name, own in LINES.items()}
    there = {
        name: Counter(column.name for column in table.c)
        for name, table in metadata.tables.items()
    }

    assert said == there


def test_every_kind_of_content_has_a_weight() -> None:
    """Nothing is held of which nobody said how much it tells of a person."""
    assert set(WEIGHT) == set(What)


@pytest.mark.parametrize("own", TABLES, ids=lambda own: own.table)
def test_a_line_says_why_and_when(own: Own) -> None:
    """Each line gives a reason and an end, and what goes sooner is a column of it."""
    assert own.why
    assert own.ends
    assert set(own.sooner) <= {name for name, _ in own.columns()}


@pytest.mark.parametrize("own", TABLES, ids=lambda own: own.table)
def test_what_a_column_holds_fits_its_type(own: Own) -> None:
    """Ciphertext lies in binary columns and nowhere else, times in times, flags are counts."""
    table = metadata.tables[PREFIX + own.table]
    for name, what in own.columns():
        kind = table.c[name].type
        assert isinstance(kind, LargeBinary) == (what is What.SEALED), name
        assert what is What.TIME or not isinstance(kind, DateTime), name
        assert what is What.COUNT or not isinstance(kind, Boolean), name


def test_what_is_sealed_and_what_leads_to_a_person_ends() -> None:
    """Only journal, certificate and actors' numbers stay as long as there is a journal."""
    lasting = {
        own.table
        for own in TABLES
        if own.end in (End.JOURNAL, End.HOUSE, End.LAW)
        and any(WEIGHT[what] is not Weight.NOTHING for _, what in own.columns())
    }

    assert lasting == {"actor", "rule", "pack", "pulse"}  # opaque numbers of people who act
    assert all(
        {WEIGHT[what] for _, what in LINES[PREFIX + name].columns()} <= {
            Weight.NOTHING, Weight.LINK
        }
        for name in lasting
    )  # fmt: skip


def test_what_lies_outside_the_database_is_named_too() -> None:
    """Keys, register, copies and exports are in the map as well."""
    assert len({place.name for place in PLACES}) == len(PLACES) >= 4
    assert all(place.holds and place.why and place.ends for place in PLACES)
