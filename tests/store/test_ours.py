"""A copy of the keys goes where an earlier copy of the same keys lies, and over nobody else's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.keys.ours import is_ours, leave
from flask_guesterase.store.keys.wrapped import COPY_OF


@pytest.fixture
def keys(tmp_path: Path) -> FolderCustodian:
    """Keys of an installation."""
    made = FolderCustodian(tmp_path / "keys")
    made.create()
    return made


def other(tmp_path: Path) -> FolderCustodian:
    """Return keys of another installation."""
    made = FolderCustodian(tmp_path / "other")
    made.create()
    return made


@pytest.mark.parametrize("roots", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_a_copy_of_last_night_is_ours(
    keys: FolderCustodian, tmp_path: Path, roots: bool, named: bool
) -> None:
    """Also one that an earlier version made, and when the root changed since."""
    copy = tmp_path / "copy"
    keys.prepare()
    keys.copy(copy, roots)
    if named:
        leave(keys, copy)
    assert is_ours(keys, copy)
    keys.rotate()
    assert is_ours(keys, copy)


@pytest.mark.parametrize(
    ("roots", "named", "known"),
    [(False, False, False), (False, True, True), (True, False, True), (True, True, True)],
)
def test_an_old_copy_is_ours_where_it_says_so_or_opens(
    keys: FolderCustodian, tmp_path: Path, roots: bool, named: bool, known: bool
) -> None:
    copy = tmp_path / "copy"
    keys.copy(copy, roots)
    if named:
        leave(keys, copy)
    keys.rotate()
    keys.rotate()
    assert is_ours(keys, copy) is known


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("roots", [False, True])
def test_keys_of_another_installation_and_their_copies_are_not_ours(
    keys: FolderCustodian, tmp_path: Path, roots: bool, named: bool
) -> None:
    theirs, copy = other(tmp_path), tmp_path / "copy"
    theirs.copy(copy, roots)
    if named:
        leave(theirs, copy)
    assert not is_ours(keys, theirs.path)
    assert not is_ours(keys, copy)
    assert is_ours(theirs, copy)


def test_keys_in_use_that_came_back_from_a_copy_are_their_own(
    keys: FolderCustodian, tmp_path: Path
) -> None:
    """The file that names their installation came back with them."""
    theirs, copy = other(tmp_path), tmp_path / "copy"
    theirs.copy(copy, roots=True)
    leave(theirs, copy)
    shutil.rmtree(theirs.path)
    shutil.copytree(copy, theirs.path)
    assert (theirs.path / COPY_OF).exists()
    assert not is_ours(keys, theirs.path)


def test_a_damaged_folder_is_not_ours(keys: FolderCustodian, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    keys.copy(copy)
    (copy / "current.json").write_text("{")
    assert not is_ours(keys, copy)
