"""A hotel whose counts of the guest register are written by the real code, whatever they say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from flask_guesterase.core.census import Gone, Listed, root_of
from flask_guesterase.core.log import Draft, canonical
from tests.tampering.forge import Hotel

DAY = timedelta(days=1)


def marks_of(lines: Iterable[int]) -> tuple[str, ...]:
    """Return marks of lines by their numbers."""
    return tuple(sorted(f"{line:032x}" for line in lines))


class Counted:
    """A hotel that counts each night, and the lists it gives away.

    :param folder: where its database lies.
    :param name: slug of the controller.
    :param lists: where its lists go.
    """

    def __init__(self, folder: Path, name: str = "hotel-a", lists: Path | None = None) -> None:
        self.hotel = Hotel(folder / f"{name}.sqlite", name)
        self.hotel.time = datetime(2026, 3, 1, 1)
        self.folder, self.lists = folder, lists or folder / "lists"
        self.lists.mkdir(exist_ok=True)
        self.lines: tuple[int, ...] = ()
        self.root = ""

    def step(self, rows: int = 1, action: str = "retention-ended") -> Gone:
        """Let a lawful step take lines; return it without a mark."""
        (entry,) = self.hotel.append(action=action, request=None, counts={"forms": rows})
        return Gone("", action, entry.index)

    def count(
        self, *lines: int, gone: dict[int, Gone] | None = None, label: str = "census:2026-03",
        days: int = 1, previous: str | None = None, **counts: int,
    ) -> Path:  # fmt: skip
        """Let a night pass and count; what is said to have left, and how many, may be untrue."""
        self.hotel.time += days * DAY
        named = gone or {}
        left = tuple(
            Gone(marks_of([line])[0], each.action, each.index) for line, each in named.items()
        )
        made = Listed(
            self.hotel.name, "mu", "forms", self.hotel.time.date().isoformat(), label,
            self.root if previous is None else previous, marks_of(lines), left,
        )  # fmt: skip
        lawful = sum(bool(each.action) for each in left)
        said = {
            "rows": len(lines), "departed": lawful, "missed": len(left) - lawful,
            "arrived": len(set(lines) - set(self.lines)), **counts,
        }  # fmt: skip
        roots = {"root": made.root()} | ({"previous": made.previous} if made.previous else {})
        self.hotel.write([Draft(
            self.hotel.name, self.hotel.at(), "register-counted", counts=said, grounds=("forms",),
            marks=roots, facts={"property": "mu"},
        )])  # fmt: skip
        self.lines, self.root = lines, made.root()
        path = self.lists / f"{self.hotel.name}-{made.file()}"
        path = path.with_name(f"census-{path.name}")
        path.write_bytes(canonical(made.as_dict()))
        return path

    def missed(self, *more: str, rows: int = 0) -> None:
        """Say that lines are missed."""
        self.hotel.write([Draft(
            self.hotel.name, self.hotel.at(), "register-missed", grounds=("forms", *more),
            counts={"rows": rows, "altered": 0}, marks={"root": self.root},
            facts={"property": "mu"},
        )])  # fmt: skip

    def journal(self, lines: Iterable[str] | None = None) -> Path:
        """Export the journal."""
        path = self.folder / f"{self.hotel.name}.jsonl"
        path.write_text("".join(line + "\n" for line in lines or self.hotel.lines()))
        return path


def root(*lines: int) -> str:
    """Return the root over lines by their numbers."""
    return root_of(bytes.fromhex(mark) for mark in marks_of(lines)).hex()
