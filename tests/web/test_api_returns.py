"""Rows that came back, over the API: seen and settled by who verifies there, as on the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from flask_guesterase.store import tables
from tests.web.apihouse import Program, inhabited, journaled, token
from tests.web.house import House
from tests.web.test_returns import DORA, came_back, put_back, state

PAGE = "/desk/privacy/returns"


@pytest.fixture
def back(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house with the API in which somebody seems to be back."""
    made = inhabited(sqlite_url, tmp_path)
    yield came_back(next(made))
    next(made, None)


def settled(house: House, door: str, whose: str) -> None:
    """Say as the clerk whose the row is, by the page or over the API."""
    if door == "page":
        answer = house.browser("clerk").post(f"{PAGE}/1", page=PAGE, whose=whose)
        assert answer.status_code == 303
    else:
        program = Program(house, token(house, "clerk"))
        answer = program.post("/returns/1/settle", {"whose": whose})
        assert answer.json == {"done": True}


@pytest.mark.parametrize("door", ["page", "api"])
@pytest.mark.parametrize(("whose", "after"), [("theirs", "open"), ("lives", "lives")])
def test_a_program_says_whose_a_row_is_as_a_clerk_does(
    back: House, door: str, whose: str, after: str
) -> None:
    """The row goes again or lives, and the journal says the same of the same person."""
    (row,) = back.hotel.ours("returned")
    settled(back, door, whose)
    assert state(back) == after
    assert journaled(back, "return-settled") == [
        ("return-settled", row["request"], "clerk", {"rows": 1}, (whose,))
    ]
    assert back.worker().problems == {}
    erased = back.hotel.row(7)["email"] != DORA["email"]
    assert erased is (whose == "theirs")


def test_the_list_tells_a_name_to_who_may_look_and_no_other_value(back: House) -> None:
    """Who verifies sees which row it is; a name needs the permission to look, as on the page."""
    for words, name in ((["verify"], ""), (["verify", "view"], DORA["name"])):
        answer = Program(back, token(back, "clerk", *words)).get("/returns")
        (row,) = answer.json["items"]
        assert (row["id"], row["table"], row["key"]) == (1, "guests", "int:7")
        assert (row["state"], row["name"]) == ("staff", name)
        assert DORA["email"] not in answer.text
        assert DORA["document_no"] not in answer.text


@pytest.mark.parametrize(("user", "words"), [("clerk", ["view", "file"]), ("night", [])])
def test_nobody_else_sees_or_settles(back: House, user: str, words: list[str]) -> None:
    """A list without anybody would say that nobody came back, so it is refused."""
    program = Program(back, token(back, user, *words))
    assert program.get("/returns").status_code == 403
    assert program.post("/returns/1/settle", {"whose": "lives"}).status_code == 404
    assert state(back) == "staff"


def test_another_house_sees_nothing(back: House) -> None:
    """Neither the row nor that there is one."""
    far = Program(back, token(back, "far-officer"))
    assert far.get("/returns").json == {"items": []}
    known, unknown = (
        far.post(f"/returns/{row}/settle", {"whose": "lives"}) for row in (1, 4711)
    )
    assert known.status_code == unknown.status_code == 404
    assert known.json == unknown.json
    assert state(back) == "staff"


def test_a_program_erases_nobody_who_may_have_been_there_all_along(back: House) -> None:
    """A token is one person's word as well."""
    with back.hotel.engine.begin() as conn:
        conn.execute(update(tables.returned).values(why="perhaps-another"))
    clerk = Program(back, token(back, "clerk"))
    answer = clerk.post("/returns/1/settle", {"whose": "theirs"})
    assert answer.status_code == 409
    assert "File a request for this person" in answer.text
    assert state(back) == "staff"


def test_a_program_says_of_no_row_that_goes_by_itself_that_it_is_theirs(back: House) -> None:
    """The page has no such button: that word would be the last look that the row gets."""
    clerk = Program(back, token(back, "clerk"))
    assert clerk.post("/returns/1/settle", {"whose": "theirs"}).status_code == 200
    again = clerk.post("/returns/1/settle", {"whose": "theirs"})
    assert (again.status_code, "will be erased again" in again.text) == (409, True)
    assert len(journaled(back, "return-settled")) == 1
    assert clerk.post("/returns/1/settle", {"whose": "lives"}).status_code == 200
    assert state(back) == "lives"


def test_what_was_decided_is_not_decided_again(back: House) -> None:
    """A program that does not know whether it was heard asks once more without harm."""
    clerk = Program(back, token(back, "clerk"))
    for wrong in ({}, {"whose": "mine"}, {"whose": "lives", "more": 1}):
        assert clerk.post("/returns/1/settle", wrong).status_code == 422
    assert clerk.post("/returns/1/settle", {"whose": "lives"}).status_code == 200
    assert clerk.post("/returns/1/settle", {"whose": "theirs"}).status_code == 409
    assert state(back) == "lives"
    assert len(journaled(back, "return-settled")) == 1
    assert clerk.get("/returns").json == {"items": []}


def test_one_answer_settles_all_of_a_table_that_was_put_back(
    sqlite_url: str, tmp_path: Path
) -> None:
    """The page shows five of them and asks once; a program asks once too."""
    for house in inhabited(sqlite_url, tmp_path):
        put_back(house)
        far = Program(house, token(house, "far-officer"))
        assert far.post("/returns/settle", {"table": "bookings", "last": 7}).json == {"settled": 0}
        blind = Program(house, token(house, "clerk", "view", "file"))
        assert blind.post("/returns/settle", {"table": "bookings", "last": 7}).status_code == 403
        program = Program(house, token(house, "clerk"))
        doors = {row["door"] for row in program.get("/returns").json["items"]}
        assert doors == {"refilled"}
        assert program.post("/returns/settle", {"table": "bookings"}).status_code == 422
        *rest, last = [row["id"] for row in program.get("/returns").json["items"]]
        for upto, gone in ((rest[-1], 6), (last, 1)):
            asked = {"table": "bookings", "last": upto}
            assert program.post("/returns/settle", asked).json == {"settled": gone}
        assert house.worker().problems == {}
        assert program.get("/returns").json == {"items": []}
