"""A second copy of the keys counts when two people read its fingerprint from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    TransitionError,
)
from flask_guesterase.store.keys import copies
from flask_guesterase.store.keys.custodian import FolderCustodian
from tests.store.hotel import Hotel


@pytest.fixture
def house(any_hotel: Hotel) -> Hotel:
    """A hotel where officer and second may decide about the law."""
    for user in ("officer", "second"):
        any_hotel.grants[user].add("law")
    return any_hotel


def copied(house: Hotel, folder: Path) -> str:
    """Copy the key folder and return the fingerprint read from the copy."""
    shutil.copytree(house.custodian.path, folder)
    folder.chmod(0o700)
    return FolderCustodian(folder).fingerprint()


def propose(house: Hotel, fingerprint: str, by: str = "officer") -> None:
    with house.begin() as office:
        copies.propose(office.work, by, fingerprint)


def confirm(house: Hotel, by: str = "second") -> None:
    with house.begin() as office:
        copies.confirm(office.work, by)


def confirmed(house: Hotel) -> bool:
    with house.begin() as office:
        return copies.confirmed(office.work)


def test_two_people_confirm_what_was_read_from_the_copy(house: Hotel, tmp_path: Path) -> None:
    """The copy has the folder's fingerprint; one person's word is not enough, two are."""
    mark = copied(house, tmp_path / "copy")
    propose(house, f"{mark[:32].upper()} {mark[32:]}")
    assert not confirmed(house)
    with pytest.raises(FourEyesError):
        confirm(house, "officer")
    assert not confirmed(house)
    confirm(house)
    assert confirmed(house)
    assert "copy-confirmed" in house.events


def test_a_new_proposal_takes_nothing_away(house: Hotel, tmp_path: Path) -> None:
    """A single person can neither confirm a copy nor undo that it was confirmed."""
    mark = copied(house, tmp_path / "copy")
    propose(house, mark)
    confirm(house)
    propose(house, mark)
    assert confirmed(house)
    with pytest.raises(FourEyesError):
        confirm(house, "officer")


def test_after_a_rotation_the_old_copy_is_none(house: Hotel, tmp_path: Path) -> None:
    """The copy's root was destroyed, so it opens nothing; neither is it a copy any more."""
    mark = copied(house, tmp_path / "copy")
    propose(house, mark)
    confirm(house)
    house.custodian.rotate()
    assert not confirmed(house)
    with pytest.raises(InputError):
        propose(house, mark)
    propose(house, copied(house, tmp_path / "another"))
    confirm(house)
    assert confirmed(house)


def test_a_word_waits_a_day_and_no_longer(house: Hotel) -> None:
    """What the first person said yesterday is not confirmed today, nor is what nobody said."""
    with pytest.raises(TransitionError):
        confirm(house)
    propose(house, house.custodian.fingerprint())
    house.later(hours=24, seconds=1)
    with pytest.raises(TransitionError):
        confirm(house)


def test_a_key_made_after_the_copy_changes_nothing(house: Hotel) -> None:
    """Day keys come and go; the fingerprint is that of what they lie under."""
    before = house.custodian.fingerprint()
    house.custodian.ensure("day:2026-03-20")
    assert house.custodian.fingerprint() == before


def test_only_who_decides_about_the_law(house: Hotel) -> None:
    """Neither step is open to anybody else."""
    with pytest.raises(ForbiddenError):
        propose(house, house.custodian.fingerprint(), "clerk")
    propose(house, house.custodian.fingerprint())
    with pytest.raises(ForbiddenError):
        confirm(house, "clerk")
