"""Files of an erased person: gone, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_guesterase.core.errors import DeliveryError
from flask_guesterase.store.messages.removal import MARK, remove


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A declared folder with a file in it, and a secret beside it."""
    folder = tmp_path / "files"
    (folder / "ids").mkdir(parents=True)
    (folder / "ids" / "ann.png").write_bytes(b"x")
    (tmp_path / "secret").write_bytes(b"y")
    return folder


def test_a_file_is_removed_and_again_without_harm(root: Path) -> None:
    """Removed is removed; a file that is not there, or whose folder is not, is done."""
    for name in ("ids/ann.png", "ids/ann.png", "nowhere/ann.png", "ids/../ids/ann.png"):
        remove(str(root), name)
    assert not (root / "ids" / "ann.png").exists()
    assert (root / "ids").is_dir()


def test_what_lies_on_a_share_that_is_not_mounted_is_not_gone(root: Path) -> None:
    """The declared folder comes back with everything in it, so nobody says that it is removed."""
    away = root.rename(root.with_name("share"))
    with pytest.raises(DeliveryError, match="folder that is not there") as caught:
        remove(str(root), "ids/ann.png")
    assert "ann" not in str(caught.value)
    away.rename(root)
    remove(str(root), "ids/ann.png")
    assert not (root / "ids" / "ann.png").exists()


def test_what_lies_behind_an_empty_mount_point_is_not_gone(root: Path) -> None:
    """The folder that a share is mounted on is there without it, and empty."""
    away = root.rename(root.with_name("share"))
    root.mkdir()
    with pytest.raises(DeliveryError, match="empty") as caught:
        remove(str(root), "ids/ann.png")
    assert "ann" not in str(caught.value)
    assert MARK in caught.value.hint
    (root / MARK).touch()
    remove(str(root), "ids/ann.png")
    assert (away / "ids" / "ann.png").exists()


@pytest.mark.parametrize("linked", [False, True])
def test_the_last_file_of_a_folder_goes_and_again_without_harm(
    tmp_path: Path, linked: bool
) -> None:
    """What we emptied ourselves is not taken for a share that is not mounted, even after a crash
    between the file and the note that it is gone."""
    (tmp_path / "ann.png").write_bytes(b"x")
    if linked:
        (tmp_path / "now.png").symlink_to(tmp_path / "ann.png")
    for _ in range(2):
        remove(str(tmp_path), "now.png" if linked else "ann.png")
    assert [each.name for each in tmp_path.iterdir()] == [MARK]


def test_no_mark_is_left_where_other_files_are(root: Path) -> None:
    """The host's folder holds what the host put there."""
    (root / "bob.png").write_bytes(b"x")
    remove(str(root), "bob.png")
    assert [each.name for each in root.iterdir()] == ["ids"]


def test_an_absolute_name_inside_the_folder_is_that_file(root: Path) -> None:
    """Hosts keep whole paths, too."""
    remove(str(root), str(root / "ids" / "ann.png"))
    assert not (root / "ids" / "ann.png").exists()


@pytest.mark.parametrize("name", ["", " ", ".", "..", "ids/..", "../secret", "ids", "a\0b"])
def test_what_is_no_file_inside_the_folder_is_refused(root: Path, name: str) -> None:
    """Nothing outside, no folder, no trick; and the error names no file."""
    with pytest.raises(DeliveryError) as caught:
        remove(str(root), name)
    assert "secret" not in str(caught.value)
    assert (root.parent / "secret").exists()
    assert (root / "ids" / "ann.png").exists()


def test_an_absolute_name_outside_is_refused(root: Path) -> None:
    """The declared folder is the fence."""
    with pytest.raises(DeliveryError):
        remove(str(root), str(root.parent / "secret"))
    assert (root.parent / "secret").exists()


def test_a_link_out_of_the_folder_is_refused(root: Path) -> None:
    """Neither a linked file nor a linked folder leads out."""
    (root / "link").symlink_to(root.parent / "secret")
    (root / "door").symlink_to(root.parent)
    for name in ("link", "door/secret", "door"):
        with pytest.raises(DeliveryError):
            remove(str(root), name)
    assert (root.parent / "secret").exists()


def test_a_link_outside_that_leads_in_is_refused(root: Path) -> None:
    """Only what lies inside the folder is touched, wherever it leads."""
    (root.parent / "shortcut").symlink_to(root / "ids" / "ann.png")
    with pytest.raises(DeliveryError):
        remove(str(root), "../shortcut")
    assert (root.parent / "shortcut").is_symlink()
    assert (root / "ids" / "ann.png").exists()


def test_a_link_inside_goes_with_the_file_it_names(root: Path) -> None:
    """Removing only the link would leave the data."""
    (root / "link").symlink_to(root / "ids" / "ann.png")
    remove(str(root), "link")
    assert not (root / "ids" / "ann.png").exists()
    assert not (root / "link").is_symlink()


def test_a_folder_that_is_itself_linked_is_followed(root: Path, tmp_path: Path) -> None:
    """The vendor may declare a linked folder as the root."""
    (tmp_path / "alias").symlink_to(root)
    remove(str(tmp_path / "alias"), "ids/ann.png")
    assert not (root / "ids" / "ann.png").exists()
