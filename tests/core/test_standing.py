"""Whose rows are taken: never silently too many and never somebody else's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flask_guesterase.core.identity import contradicts
from flask_guesterase.core.standing import MOST, Found, Judged, Standing, Why, judge

EMAIL = frozenset({"email"})


def found(id: int, name: str = "", carries: frozenset[str] = EMAIL, **on_file: str) -> Found:
    """Return a row that was found."""
    return Found(
        ("guests", (id,)), name, carries, {k: (v,) for k, v in on_file.items()},
        frozenset({"email", "document_no", "booking"}),
    )  # fmt: skip


def taken(judged: list[Judged]) -> list[int]:
    """Return the keys of the rows that are taken."""
    return [j.found.person[1][0] for j in judged if j.standing is Standing.TAKEN]  # type: ignore[misc]  # keys here are numbers


def test_a_shared_contact_takes_only_the_row_that_bears_the_name() -> None:
    """Who shares a mailbox is offered to a person, never taken."""
    judged = judge(
        {"email": "x@example.com", "name": "Ann Berg"},
        [found(1, "Ann Berg"), found(2, "Bea Berg"), found(3, "BERG ann")],
        EMAIL,
    )
    assert taken(judged) == [1, 3]
    assert judged[1].why is Why.NAME


def test_without_a_name_several_names_on_file_take_nobody() -> None:
    """A contact alone does not choose between people."""
    rows = [found(1, "Ann Berg"), found(2, "Bea Berg"), found(3)]
    assert taken(judge({"email": "x@example.com"}, rows, EMAIL)) == []
    assert taken(judge({"email": "x@example.com", "name": " "}, rows, EMAIL)) == []
    assert taken(judge({"email": "x@example.com"}, [found(1, "Ann"), found(2, "ann")], EMAIL)) == [
        1,
        2,
    ]


def test_another_document_or_booking_speaks_against_a_row() -> None:
    """What is on file and differs is another person's; nothing on file says nothing."""
    given = {"email": "x@example.com", "document_no": "E1", "name": "Ann"}
    rows = [
        found(1, "Ann", booking="", document_no="E-1"),
        found(2, "Ann", booking="", document_no="E2"),
        found(3, "Ann", booking="", document_no=""),
    ]
    judged = judge(given, rows, EMAIL)
    assert taken(judged) == [1, 3]
    assert judged[1].why is Why.DOCUMENT


def test_a_booking_that_can_be_asked_but_not_read_needs_an_answer() -> None:
    """A row that did not answer to the booking number given is looked at by a person."""
    given = {"email": "x@example.com", "booking": "B1", "name": "Ann"}
    rows = [found(1, "Ann", EMAIL | {"booking"}), found(2, "Ann")]
    judged = judge(given, rows, EMAIL)
    assert taken(judged) == [1]
    assert judged[1].why is Why.BOOKING


def test_a_row_that_carries_not_all_that_is_needed_is_perhaps_theirs() -> None:
    """At the desk a row must carry everything that was given."""
    given = {"email": "x@example.com", "phone": "1"}
    judged = judge(given, [found(1)], EMAIL | {"phone"})
    assert taken(judged) == []
    assert judged[0].why is Why.SOME


def test_more_than_ten_rows_take_nobody() -> None:
    """The mailbox of a booking site names hundreds, and none of them by itself."""
    rows = [found(n, "Ann Berg") for n in range(MOST + 1)]
    given = {"email": "x@example.com", "name": "Ann Berg"}
    assert taken(judge(given, rows, EMAIL)) == []
    assert len(taken(judge(given, rows[:MOST], EMAIL))) == MOST


NAMES = st.sampled_from(["Ann Berg", "ann berg", "Bea Berg", "王小明", "", "Ann"])


@given(NAMES, st.lists(st.tuples(NAMES, st.booleans()), max_size=14))
def test_whatever_is_found_no_contradicting_row_is_taken(
    name: str, rows: list[tuple[str, bool]]
) -> None:
    """Taken rows carry the contact, bear no other name, and are at most ten of one name."""
    found_rows = [
        found(n, on_file, EMAIL if carries else frozenset({"phone"}))
        for n, (on_file, carries) in enumerate(rows)
    ]
    judged = judge({"email": "x@example.com", "name": name}, found_rows, EMAIL)
    chosen = [j.found for j in judged if j.standing is Standing.TAKEN]
    assert [j.found for j in judged] == found_rows
    assert len(chosen) <= MOST
    for row in chosen:
        assert row.carries >= EMAIL
        assert not contradicts(name, row.name)
        if not name:
            assert not any(contradicts(row.name, other.name) for other in chosen)
