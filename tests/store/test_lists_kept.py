"""Lists of the guest register that several counts call the same are all kept outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask_guesterase.store.release.folder import Folder


class Brought:
    """What a folder asks of a release about lists."""

    def __init__(self, content: bytes, *more: tuple[str, bytes]) -> None:
        self.content = content
        self.more = more

    def censuses(self) -> list[tuple[str, bytes]]:
        """Return one list, and others behind it."""
        return [("census-main-forms-2026-03-10.json", self.content), *self.more]


def test_two_lists_of_one_name(tmp_path: Path) -> None:
    """Two houses call themselves the same, or one counts a night again after a restore."""
    keep: Callable[[Any], None] = Folder(tmp_path)._censuses
    for content in (b"one", b"two", b"one", b"two", b"three"):
        keep(Brought(content))
    assert sorted(path.read_bytes() for path in tmp_path.glob("census-*.json")) == [
        b"one", b"three", b"two",
    ]  # fmt: skip
    assert (tmp_path / "census-main-forms-2026-03-10.json").read_bytes() == b"one"


def test_a_list_that_is_there_keeps_no_other_from_being_kept(tmp_path: Path) -> None:
    """Of several tables and houses one was counted earlier; the database drops each of them soon.
    """
    keep: Callable[[Any], None] = Folder(tmp_path)._censuses
    other = "census-main-stays-2026-03-10.json", b"two"
    keep(Brought(b"one"))
    keep(Brought(b"one", other))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "census-main-forms-2026-03-10.json": b"one", other[0]: other[1],
    }  # fmt: skip
