"""Promise: by what a policy finds people they are looked for after, whatever it is called."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, insert

from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import exempt, null, redact
from flask_guesterase.store import worker
from flask_guesterase.store.mapping.datamap import resolve
from tests.store.hotel import Hotel
from tests.store.test_residue import found, places, run_of

metadata = MetaData()
gaeste = Table(
    "gaeste", metadata, Column("nr", Integer, primary_key=True), Column("mail", String(80)),
    Column("ausweis", String(40)), Column("kundennr", String(40)),
)  # fmt: skip
zettel = Table(
    "zettel", metadata, Column("nr", Integer, primary_key=True), Column("inhalt", Text)
)
ANN = {"nr": 1, "mail": "ann@post.example", "ausweis": "C01X00T47", "kundennr": "K-20 44 87"}


def hosted(hotel: Hotel, *match: str, **other: str) -> str:
    """Let Ann be a guest of a house that speaks German; return her approved request."""
    rules = {"mail": null, "ausweis": null, "kundennr": redact}
    declared = {
        gaeste: Policy(rules, subject=Subject(match=["mail", *match])),
        zettel: exempt("what stands at the door"),
    }
    hotel.datamap = resolve(declared.items(), metadata.tables.values(), [])
    metadata.create_all(hotel.engine)
    with hotel.engine.begin() as conn:
        conn.execute(insert(gaeste).values(ANN | other))
    return hotel.approved(mail=ANN["mail"])


def write(hotel: Hotel, *texts: str) -> None:
    with hotel.engine.begin() as conn:
        conn.execute(insert(zettel), [{"inhalt": text} for text in texts])


@pytest.mark.parametrize("text", ["Ausweis C01X00T47 im Safe", "Kunde K204487 ruft an"])
def test_a_number_that_people_are_found_by_is_looked_for(any_hotel: Hotel, text: str) -> None:
    """A column of `match` is a way to the person also where nobody here knows the word for it."""
    number = hosted(any_hotel, "ausweis", "kundennr")
    write(any_hotel, text, "C01X00T48", "K204488")
    assert worker.carry_out(run_of(any_hotel), number) == "partial"
    assert places(any_hotel, number) == {"zettel.inhalt": {"loyalty"}}


def test_what_stands_in_such_a_column_says_what_it_is(any_hotel: Hotel) -> None:
    """A mailbox is looked for as one, and a telephone number in every way to write it."""
    said = {"kundennr": "ann2044@old.example", "ausweis": "+49 151 55501234"}
    number = hosted(any_hotel, "ausweis", "kundennr", **said)
    write(any_hotel, "an ANN2044@old.example", "an joann2044@old.example", "0049 (151) 555 01 234")
    assert worker.carry_out(run_of(any_hotel), number) == "partial"
    assert places(any_hotel, number) == {"zettel.inhalt": {"email", "phone"}}
    assert [item["rows"] for item in found(any_hotel, number)["left"]] == [2]


def test_what_nobody_is_found_by_is_no_number(any_hotel: Hotel) -> None:
    """Without `match` such a column may hold a year or a room."""
    number = hosted(any_hotel)
    write(any_hotel, "Ausweis C01X00T47 im Safe")
    assert worker.carry_out(run_of(any_hotel), number) == "erased"


@pytest.mark.parametrize("said", ["10115", "1990", "19900512", "SW1A 1AA"])
def test_what_many_have_is_looked_for_by_nobody(hotel: Hotel, said: str) -> None:
    """People are found by a postcode or a day of birth too, with others; a note of somebody else
    that has it is nothing left of who is gone."""
    number = hosted(hotel, "kundennr", kundennr=said)
    write(hotel, f"Bo, {said}, kommt morgen")
    assert worker.carry_out(run_of(hotel), number) == "erased"
