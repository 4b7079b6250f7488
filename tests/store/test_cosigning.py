"""A house that witnesses another's journal does not forget what it has seen with its database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_guesterase.core.cosignature import Judgement
from flask_guesterase.core.errors import BlockedError
from flask_guesterase.store.journaling.cosigning import Verdict
from flask_guesterase.store.remembrance.remembering import notice
from flask_guesterase.store.returning.replay import replay
from tests.store.ashore import Ashore
from tests.tampering.forge import Hotel, public


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Ashore]:
    """A hotel on SQLite."""
    made = Ashore(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Hotel]:
    """Another house, which asks to be witnessed."""
    made = Hotel(tmp_path / "other.sqlite")
    made.append(3)
    yield made
    made.close()


def cosign(inn: Ashore, other: Hotel, old: int) -> Verdict:
    """Bring the other's newest checkpoint, proved from a size."""
    note, proof = other.checkpoint(), other.consistency(old) if old else ()
    with inn.begin() as office:
        return office.cosign(note, old, proof)


def trust(inn: Ashore, other: Hotel) -> None:
    """Vouch for the other's key."""
    with inn.begin() as office:
        key = public(other.key).hex()
        office.trust_journal(f"guesterase/{other.name}/0", key, "officer")


@pytest.mark.parametrize("trusted", ["before", "after"])
def test_a_restore_of_the_witness_is_no_way_to_a_fork(
    inn: Ashore, other: Hotel, trusted: str, tmp_path: Path
) -> None:
    """What it cosigned after the copy stands in its journal, which is put back."""
    if trusted == "before":
        trust(inn, other)
        assert cosign(inn, other, 0).size == 4
    inn.happen()
    copy, fork = inn.copied("copy"), other.backup(tmp_path / "fork.sqlite")
    if trusted == "after":
        trust(inn, other)
        assert cosign(inn, other, 0).size == 4
    other.append(6)
    assert cosign(inn, other, 4).size == 10
    inn.happen()
    inn.release()
    inn.restored(copy)
    other.restore(fork)
    other.append(7, counts={"guests": 9})
    assert inn.run(lambda office: notice(office.work))
    with pytest.raises(BlockedError):
        cosign(inn, other, 4)
    replay(inn.run)
    if trusted == "after":
        trust(inn, other)
    for old in (0, 4):
        verdict = cosign(inn, other, old)
        assert (verdict.found, verdict.size) == (Judgement.MOVED, 10)
    assert cosign(inn, other, 10).found is Judgement.FORKED


def test_each_of_two_journals_is_known_by_its_own(
    inn: Ashore, other: Hotel, tmp_path: Path
) -> None:
    """A restore, and another key that a person vouches for, mix up nothing of the two."""
    ash = Hotel(tmp_path / "ash.sqlite", "hotel-b", "hotel-b")
    ash.append(1)
    for hotel in (other, ash):
        trust(inn, hotel)
        cosign(inn, hotel, 0)
    inn.happen()
    copy = inn.copied("copy")
    for hotel, old in ((other, 4), (ash, 2)):
        hotel.append(6)
        assert cosign(inn, hotel, old).size == old + 6
    inn.happen()
    inn.release()
    inn.restored(copy)
    assert inn.run(lambda office: notice(office.work))
    replay(inn.run)
    ash.change_key("hotel-b-2")
    trust(inn, ash)
    for hotel, size in ((other, 10), (ash, 8)):
        verdict = cosign(inn, hotel, 0)
        assert (verdict.found, verdict.size) == (Judgement.MOVED, size)
    told = inn.actions().count("journal-witnessed")
    assert cosign(inn, ash, 8).size == 9
    assert cosign(inn, ash, 9).found is Judgement.CONSISTENT
    assert inn.actions().count("journal-witnessed") == told + 1, "the same again is no news"
    ash.close()
