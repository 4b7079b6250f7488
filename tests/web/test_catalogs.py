"""Every catalog says everything, rightly filled in and counted; each fault of one is found."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from babel.messages.catalog import Catalog

from flask_guesterase.web.language import LANGUAGES
from tests.web.catalogs import CODES, catalog, faults, messages, said

OTHERS = [code for code in CODES if code != "en"]
COUNTED = ("%(num)s row", "%(num)s rows")
FILLED = "Not settled: %(left)s."


def test_there_are_six() -> None:
    """The six languages of the hotel's guests are there, and pages offer just these."""
    assert set(CODES) == {"zh", "en", "ja", "de", "es", "fr"}
    assert set(LANGUAGES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_catalog_holds_what_is_said_and_nothing_else(code: str) -> None:
    """Nothing is missing, unused, left open, doubtful, miscounted or filled in otherwise."""
    assert faults(catalog(code), code) == []


def _left_open(held: Catalog) -> None:
    held[FILLED].string = ""


def _doubtful(held: Catalog) -> None:
    held[FILLED].flags.add("fuzzy")


def _filled_in_otherwise(held: Catalog) -> None:
    held[FILLED].string = str(held[FILLED].string).replace("(left)", "(rest)")


def _missing(held: Catalog) -> None:
    held.delete(FILLED)


def _unused(held: Catalog) -> None:
    held.add("Nobody says this.", "没有人这样说。")


def _short_of_a_form(held: Catalog) -> None:
    held[COUNTED[0]].string = tuple(held[COUNTED[0]].string)[:-1]


def _miscounted(held: Catalog) -> None:
    held._plural_expr = "(n != 7)"
    held._num_plurals = 2


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_left_open, "untranslated: Not settled"),
        (_doubtful, "fuzzy: Not settled"),
        (_filled_in_otherwise, "filled in: Not settled"),
        (_missing, "missing: Not settled"),
        (_unused, "unused: Nobody"),
        (_short_of_a_form, "plural forms: "),
        (_miscounted, "plural rule: "),
    ],
)
def test_a_fault_of_a_catalog_is_found(
    spoil: Callable[[Catalog], None], fault: str, code: str
) -> None:
    """A catalog with one thing wrong in it does not pass."""
    spoiled = copy.deepcopy(catalog(code))
    spoil(spoiled)
    assert any(line.startswith(fault) for line in faults(spoiled, code))


def test_no_two_catalogs_say_a_sentence_alike() -> None:
    """A sentence that two languages share was put into the wrong catalog."""
    heard: dict[str, str] = {}
    alike = []
    for code in OTHERS:
        for text in {text for message in messages(code) for text in said(message.string)}:
            if len(text.split()) > 3 and heard.setdefault(text, code) != code:
                alike.append((heard[text], code, text))
    assert alike == []
