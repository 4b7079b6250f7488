"""What a vendor writes: rules, reasons, and what is refused at once."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from flask_guesterase import (
    Equal,
    File,
    Policy,
    Subject,
    delete,
    exempt,
    inside,
    keep,
    mentions,
    null,
    overwrite,
    placeholder,
    redact,
    retain,
)
from flask_guesterase.core.errors import PolicyError
from flask_guesterase.core.treatment import Computed, Constant, Keep, Retain, RowRule


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


def test_a_file_s_name_becomes_what_is_said() -> None:
    """A plain value is a constant, as everywhere; what cannot replace a name is refused.

    It was taken as it is, and every page and command that asked for the data map failed.
    """
    assert File("/scans", then="").then == Constant("")
    assert File("/scans", then=redact).then == redact
    assert File("/scans").then == null
    for wrong in (keep("why not"), retain("invoice"), mentions, File("/scans"), str.upper):
        with pytest.raises(PolicyError):
            File("/scans", then=wrong)


@pytest.mark.parametrize("word", [*RowRule])
def test_a_rule_of_rows_that_is_spelt_out_is_that_rule(word: RowRule) -> None:
    """The word alone is enough; any other word was once taken for the rule of the last owner."""
    assert Policy({}, rows=str(word)).rows is word  # type: ignore[arg-type]


class Model:
    """Stands for a mapped class, which can be called as well."""


WRONG: dict[str, dict[str, Any]] = {
    "columns that are a list": {"columns": ["text"]},
    "columns that are none": {"columns": None},
    "columns that are attributes": {"columns": {Model: null}},
    "a reason that is missing": {"columns": {"vip": keep}},
    "a category that is missing": {"columns": {"billed_to": retain}},
    "a path that is missing": {"columns": {"payload": inside}},
    "a folder that is missing": {"columns": {"scan": File}},
    "a rule of rows for a column": {"columns": {"text": delete}},
    "an exemption of a column": {"columns": {"text": exempt("numbers")}},
    "rows": {"rows": "remove"},
    "history": {"history": "remove"},
    "subject": {"subject": {"match": ["email"]}},
    "a model in the place of a path": {"via": Model},
    "a number in the place of a path": {"via": [3]},
    "one column in the place of several": {"via": {"guest": "wishes"}},
    "a condition that is none": {"where": True},
    "a clock that is none": {"clock": 4},
    "apart": {"apart": "clerk"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_says_nothing_is_refused_where_it_is_written(wrong: dict[str, Any]) -> None:
    """A policy of the wrong shape ends its import, and neither a check-in nor an erasure."""
    with pytest.raises(PolicyError) as refused:
        Policy(**{"columns": {}, **wrong})

    assert refused.value.hint


@pytest.mark.parametrize(
    "wrong",
    [{"match": "email"}, {"contact": "email"}, {"contact": {"email": "mail"}}],
)
def test_contacts_are_columns_of_a_kind_there_is(wrong: dict[str, Any]) -> None:
    """One text would be read letter by letter, and nobody could prove a contact of no kind."""
    with pytest.raises(PolicyError):
        Subject(**{"match": ["email"], **wrong})


@pytest.mark.parametrize("word", ["null", "NULL", "redact", "placeholder", 'keep("why")'])
def test_a_rule_in_quotes_is_no_text(word: str) -> None:
    """Each guest would be called so; who means that very text gives a callable."""
    for wrong in (lambda: Policy({"name": word}), lambda: File("/srv", then=word)):
        with pytest.raises(PolicyError, match="in quotes") as refused:
            wrong()
        assert "callable" in refused.value.hint
    assert Policy({"name": lambda old: word, "state": "nullified"})
    assert Policy({"name": "redacted by us"}).rules()["name"] == Constant("redacted by us")


class State(StrEnum):
    """What a host writes of its own."""

    HELD = "keep"


@pytest.mark.parametrize(
    "meant", [State.HELD, "Placeholder", "Inside", "redact (GDPR)", "keep (until paid)", "insider"]
)
def test_what_a_host_writes_of_its_own_is_no_rule_in_quotes(meant: str) -> None:
    """A member of an enumeration, a name and a sentence were taken for a slip of the pen."""
    assert Policy({"name": meant}).rules()["name"] == Constant(meant)
