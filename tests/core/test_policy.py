"""What a vendor writes: rules, reasons, and what is refused at once."""

from __future__ import annotations

import pytest

from flask_guesterase import (
    Equal,
    File,
    Policy,
    delete,
    exempt,
    keep,
    null,
    overwrite,
    placeholder,
    redact,
    retain,
)
from flask_guesterase.core.errors import PolicyError
from flask_guesterase.core.policy import Computed, Constant, Keep, Retain


def test_plain_values_are_constants_and_callables_are_applied() -> None:
    """Rules stay what they are; anything else becomes a constant or a computed rule."""
    rules = Policy({"a": null, "b": "", "c": str.upper, "d": redact, "e": None}).rules()

    assert rules["a"] is null
    assert rules["b"] == Constant("")
    assert rules["c"] == Computed(str.upper)
    assert rules["d"] is redact
    assert rules["e"] == Constant(None)


@pytest.mark.parametrize("make", [keep, retain, exempt])
def test_a_reason_is_asked_for(make: object) -> None:
    """Whoever keeps something says why; an empty reason is refused with the next step."""
    assert callable(make)
    with pytest.raises(PolicyError) as refused:
        make("  ")

    assert refused.value.hint


def test_reasons_and_categories_are_kept() -> None:
    """The reason and the category are what an auditor reads later."""
    assert keep("statistics") == Keep("statistics")
    assert retain("invoice") == Retain("invoice")
    assert exempt("rooms").reason == "rooms"


def test_rows_are_overwritten_unless_said_otherwise() -> None:
    """A policy deletes nothing by itself."""
    assert Policy({}).rows is overwrite
    assert Policy({}, rows=delete).rows is delete
    assert placeholder != redact


def test_an_equality_can_name_the_columns_that_are_its_owners_alone() -> None:
    """Paths without a foreign key stand in a mapping as paths do: equal ones are the same key."""
    one = Equal({"number": "booking_no"}, to="bookings")
    same = Equal({"number": "booking_no"}, to="bookings")

    assert {one: ["text"]}[same] == ["text"]
    assert len({one, same, Equal({"number": "other"}, to="bookings")}) == 2


def test_a_file_names_what_was_made_from_it() -> None:
    """Thumbnails go with the picture; a pattern that names one file for all is refused."""
    rule = File("/scans", also=["{stem}.thumb{suffix}", "small/{name}.webp"])

    assert rule.names("id/aino.v2.jpg") == (
        "id/aino.v2.jpg", "id/aino.v2.thumb.jpg", "id/small/aino.v2.jpg.webp",
    )  # fmt: skip
    assert File("/scans").names("a") == ("a",)
    for wrong in (["thumb.jpg"], ["{suffix}"], ["{stem"], ["{other}"], ["{stem.x}"], "{stem}"):
        with pytest.raises(PolicyError):
            File("/scans", also=wrong)
