"""What an authority may ask of the guest register, and in which form it is handed out."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date

import pytest

from flask_guesterase.core.errors import InputError
from flask_guesterase.core.register import (
    Asked,
    Basis,
    as_csv,
    as_json,
    document_form,
    name_form,
    name_forms,
)

NAMES = ["Ann Zebrafinch", "ann  zebrafinch", "ＡＮＮ Zebrafinch", " Ann\tZebrafinch\n"]


@pytest.mark.parametrize("name", NAMES)
def test_case_width_and_blanks_make_no_other_name(name: str) -> None:
    """However it is typed, a name has one form; one in parts has that of the whole."""
    assert name_form(name) == name_form(["Ann", "Zebrafinch"]) == "annzebrafinch"
    assert name_form("李 伟") == name_form(["李", "伟"]) == "李伟"


def test_a_name_is_looked_for_from_each_of_its_words_on() -> None:
    """Family name first or last is one question; nothing means nobody."""
    assert name_form("Ann Zebrafinch") in name_forms("Zebrafinch, Ann")
    assert name_form("Ana de la Cruz") in name_forms("de la Cruz Ana")
    assert name_form("Zebrafinch, Ann") in name_forms("Zebrafinch, Ann")
    assert name_forms("  ") == frozenset()


def test_a_document_is_its_letters_and_digits() -> None:
    """Blanks, dashes, case and full-width digits make no other number."""
    assert document_form(" e-１２ 34x ") == "E1234X"
    assert document_form("--") == ""


@pytest.mark.parametrize(
    "value",
    ["=1+1", "+86 139", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =cmd|' /C calc'!A0", "＝1+1"],
)
def test_no_cell_is_a_formula(value: str) -> None:
    """What a spreadsheet would run gets an apostrophe in front; nothing of it is lost."""
    text = as_csv(["name", "=room"], [{"name": value, "=room": "101"}])
    assert text.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(text[1:], newline="")))
    assert rows == [["name", "'=room"], [f"'{value}", "101"]]


def test_quotes_commas_and_missing_values_survive() -> None:
    """CSV is read back as it was written; a line without a column has an empty cell."""
    text = as_csv(["name", "room"], [{"name": 'Li "伟", A.', "room": "1"}, {"name": "B"}])
    rows = list(csv.reader(io.StringIO(text[1:], newline="")))
    assert rows[1:] == [['Li "伟", A.', "1"], ["B", ""]]


def test_json_says_exactly_what_was_kept() -> None:
    """Nothing is escaped away in the file for programs."""
    said = json.loads(as_json({"number": "D-1"}, [{"name": "=李伟"}]))
    assert said == {"number": "D-1", "lines": [{"name": "=李伟"}]}


@pytest.mark.parametrize("missing", ["authority", "officer", "reference"])
def test_each_of_who_asks_and_under_which_reference_is_written_down(missing: str) -> None:
    """The record of a disclosure answers for it years later; blanks say nothing."""
    asked = Asked("sh", "Police", "PS-1", "A-1", Basis.POLICE, date(2026, 3, 9))
    asked.check()
    for nothing in ("", " \t"):
        with pytest.raises(InputError, match="Who asks"):
            replace(asked, **{missing: nothing}).check()


def test_a_night_that_is_still_to_come_is_a_slip_of_the_pen() -> None:
    """A wrong year would hand an authority an empty register as if nobody had stayed."""
    tonight = date(2026, 3, 9)
    asked = Asked("sh", "Police", "PS-1", "A-1", Basis.POLICE, tonight)
    asked.check(today=tonight)
    replace(asked, until=date(2026, 3, 12)).check(today=tonight)
    with pytest.raises(InputError, match="still to come"):
        replace(asked, night=date(2027, 3, 9)).check(today=tonight)
    replace(asked, night=None, name="Ann Berg").check(today=tonight)


@pytest.mark.parametrize("basis", Basis)
def test_in_california_nobody_but_the_police_sees_it_without_a_court(basis: Basis) -> None:
    """California Civil Code s. 53.5; elsewhere each basis is recorded and answered for."""
    asked = Asked("sh", "Office", "PS-1", "A-1", basis, date(2026, 3, 9))
    asked.check()
    asked.check(["US-NY", "US"])
    asked.check(["US-CAX"])
    for laws in (["US-CA"], ["US-CA-LosAngeles"], ["US-CA-SanDiego", "US"], ["US-CA", "CN"]):
        if basis in (Basis.POLICE, Basis.COURT):
            asked.check(laws)
        else:
            with pytest.raises(InputError, match="order of a court"):
                asked.check(laws)
