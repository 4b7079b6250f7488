"""Any single byte of an honest export, or of a certificate, that is another is never "holds"."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flask_guesterase import verify as offline
from tests.tampering import catalogue
from tests.tampering.catalogue import World

DEPTH = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LONG = settings(DEPTH, max_examples=1500)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The honest hotel."""
    return catalogue.honest(tmp_path_factory.mktemp("bytes"))


@pytest.fixture(scope="module")
def files(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What is given for a journal, a pruned one, one with two epochs and keys, a certificate."""
    folder = tmp_path_factory.mktemp("files")
    pruned, key = catalogue.pruned(world), catalogue.changed_key(world)
    return {
        "journal": catalogue.arguments(3, catalogue.shown(world), folder / "journal"),
        "pruned": catalogue.arguments(3, pruned, folder / "pruned"),
        "key": catalogue.arguments(3, key, folder / "key"),
        "certificate": catalogue.certificate_arguments(
            2, catalogue.shown(world), folder / "certificate"
        ),
    }


def flipped(given_: list[str], place: int, by: int) -> int:
    """Ask about a file with another byte at one place; return the exit code."""
    path = Path(given_[0])
    good = path.read_bytes()
    at = place % len(good)
    try:
        path.write_bytes(good[:at] + bytes([good[at] ^ by]) + good[at + 1 :])
        return offline.main([*given_, "--json"])
    finally:
        path.write_bytes(good)


@pytest.mark.parametrize("kind", ["journal", "pruned", "key", "certificate"])
def test_honest_files_hold(kind: str, files: dict[str, list[str]]) -> None:
    """Nothing is wrong before a byte is changed."""
    assert offline.main(files[kind]) == 0


@pytest.mark.parametrize("kind", ["journal", "pruned", "key", "certificate"])
@DEPTH
@given(place=st.integers(0, 2**20), by=st.integers(1, 255))
def test_one_byte(kind: str, place: int, by: int, files: dict[str, list[str]]) -> None:
    """One changed byte is wrong, or not readable at all; never does everything hold."""
    assert flipped(files[kind], place, by) in (1, 2)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["journal", "pruned", "key", "certificate"])
@LONG
@given(place=st.integers(0, 2**20), by=st.integers(1, 255))
def test_one_byte_of_many(kind: str, place: int, by: int, files: dict[str, list[str]]) -> None:
    """The same, fifteen hundred times."""
    assert flipped(files[kind], place, by) in (1, 2)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["journal", "pruned", "key", "certificate"])
def test_every_byte(kind: str, files: dict[str, list[str]]) -> None:
    """Every byte there is, with its lowest bit turned."""
    length = Path(files[kind][0]).stat().st_size
    held = [at for at in range(length) if flipped(files[kind], at, 1) == 0]
    assert held == []
