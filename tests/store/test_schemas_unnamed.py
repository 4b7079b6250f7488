"""Schemas of PostgreSQL that nobody names are not searched, and the certificate says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from flask_guesterase.store.certificates import certifying
from flask_guesterase.store.checking.live import read
from tests.store.hotel import Hotel

ANN = "ann@mail.example"


@pytest.fixture
def pine(postgresql_url: str, tmp_path: Path) -> Iterator[Hotel]:
    """A hotel whose nightly export lies in a schema of its own, beside an empty one."""
    hotel = Hotel(postgresql_url, tmp_path)
    hotel.guest(1, name="Ann Berg", email=ANN)
    with hotel.engine.begin() as conn:
        conn.execute(text("CREATE SCHEMA exports"))
        conn.execute(text("CREATE SCHEMA hollow"))
        conn.execute(text("CREATE TABLE exports.guests AS SELECT * FROM guests"))
    yield hotel
    hotel.engine.dispose()


def test_a_schema_nobody_names_stands_among_what_was_not_searched(pine: Hotel) -> None:
    """Nobody reads "searched everywhere" where a copy was never looked at."""
    number = pine.approved(email=ANN)
    assert pine.erased(number) == "erased"
    with pine.begin() as office:
        said = certifying.newest(office.work, number)["content"]["unsearched"]
    assert said == ["exports (a schema that neither the search path nor the mapping names)"]


def test_a_schema_that_is_named_is_none_of_them(pine: Hotel) -> None:
    """As soon as the mapping names it, it is read with the rest."""
    with pine.engine.connect() as conn:
        assert read(conn).elsewhere == ("exports",)
        named = read(conn, schemas=["exports"])
    assert named.elsewhere == ()
    assert named.table("exports.guests") is not None
