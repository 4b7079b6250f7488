"""Each tampering from each input: what is wrong is named, and what nobody can tell is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tampering import catalogue
from tests.tampering.catalogue import (
    CERTIFICATE_INPUTS,
    CERTIFICATES,
    JOURNAL_INPUTS,
    JOURNALS,
    WRONG,
    Case,
    Shown,
    World,
)
from tests.tampering.forge import anew, drafts
from tests.test_verify import ask, cannot, wrong

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "evidence.md"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The honest hotel."""
    return catalogue.honest(tmp_path_factory.mktemp("world"))


def look(
    case: Case, made: Shown, folder: Path, write: Callable[[int, Shown, Path], list[str]]
) -> None:
    """Ask the verifier with each input, and compare with the catalogue."""
    for which, seen in enumerate(case.seen):
        code, answer = ask(*write(which, made, folder / str(which)))
        where = (case.told, which, wrong(answer), cannot(answer))
        if seen == WRONG:
            assert code == 1, where
            assert wrong(answer), where
        else:
            assert code == 0, where
            assert set(seen.split()) <= cannot(answer), where


@pytest.mark.parametrize("case", JOURNALS, ids=lambda case: case.told)
def test_journals(case: Case, world: World, tmp_path: Path) -> None:
    """A journal that was tampered with, or was not, from each input."""
    assert len(case.seen) == len(JOURNAL_INPUTS)
    look(case, case.make(world), tmp_path, catalogue.arguments)


@pytest.mark.parametrize("case", CERTIFICATES, ids=lambda case: case.told)
def test_certificates(case: Case, world: World, tmp_path: Path) -> None:
    """A certificate that was tampered with, or was not, from each input."""
    assert len(case.seen) == len(CERTIFICATE_INPUTS)
    look(case, case.make(world), tmp_path, catalogue.certificate_arguments)


def test_the_best_answer(world: World, tmp_path: Path) -> None:
    """With everything given an honest journal leaves one question: what came afterwards."""
    made = catalogue.shown(world)
    code, answer = ask(*catalogue.arguments(4, made, tmp_path / "a"))
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"later"})
    code, answer = ask(*catalogue.certificate_arguments(3, made, tmp_path / "b"))
    assert (code, wrong(answer), cannot(answer)) == (0, set(), {"scope"})


def test_a_lost_part_is_named(world: World, tmp_path: Path) -> None:
    """Of a claimed restore the reader learns which entries are lost, and what day was told."""
    _, answer = ask(*catalogue.arguments(3, catalogue.claimed(world), tmp_path / "a"))
    (text,) = [item["text"] for item in answer["findings"] if item["id"] == "lost"]
    assert "entries 12 to 15" in text
    assert "declared on 2019-11-01T12:00:00Z" in text


def test_the_real_code_writes_the_same_again(world: World) -> None:
    """What is forged here is forged with the real code: the same drafts make the same lines."""
    hotel = anew(world.folder / "same.sqlite", drafts(world.lines))
    assert hotel.lines() == world.lines
    hotel.close()


def test_the_page_is_the_catalogue() -> None:
    """The tables of the page are those that are tested here."""
    text = PAGE.read_text(encoding="utf-8")
    assert catalogue.page(JOURNAL_INPUTS, JOURNALS) in text
    assert catalogue.page(CERTIFICATE_INPUTS, CERTIFICATES) in text
