"""Lists of the guest register that several counts call the same are all kept outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask_guesterase.store.release.folder import Folder


class Brought:
    """What a folder asks of a release about lists."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def censuses(self) -> list[tuple[str, bytes]]:
        """Return one list."""
        return [("census-main-forms-2026-03-10.json", self.content)]


def test_two_lists_of_one_name(tmp_path: Path) -> None:
    """Two houses call themselves the same, or one counts a night again after a restore."""
    keep: Callable[[Any], None] = Folder(tmp_path)._censuses
    for content in (b"one", b"two", b"one", b"two", b"three"):
        keep(Brought(content))
    assert sorted(path.read_bytes() for path in tmp_path.glob("census-*.json")) == [
        b"one", b"three", b"two",
    ]  # fmt: skip
    assert (tmp_path / "census-main-forms-2026-03-10.json").read_bytes() == b"one"
