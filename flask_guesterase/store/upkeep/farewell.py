"""What people are told whom the software leaves: what the files hold, what to destroy when."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Export:
    """What was written to the folder.

    :param folder: where.
    :param counts: file or folder -> number of boxes, entries, cases, certificates, keys ...
    :param open: requests that nobody has ended yet.
    :param intake: forms that came in and were not looked at yet.
    :param files: files of erased guests that are still to be removed.
    :param closed: identifiers of boxes that do not open; they are in the files all the same.
    :param last_days: label of a key -> last day of the boxes under it, ``YYYY-MM-DD``; of a hold's
        key, whose boxes no day ends, an empty string.
    :param dropped: whether our tables are gone.
    """

    folder: Path
    counts: dict[str, int]
    open: int
    intake: int
    files: int = 0
    closed: tuple[str, ...] = ()
    last_days: dict[str, str] = field(default_factory=dict)
    dropped: bool = False


def readme(made: Export) -> str:
    """Return the README of an export."""
    dated = {label: day for label, day in made.last_days.items() if day}
    held = [f"  {_key_file(label)}\n" for label in made.last_days.keys() - dated]
    return _README.format(
        counts="\n".join(f"  {count:>7}  {name}" for name, count in made.counts.items()),
        days="\n".join(f"  {day}  {_key_file(label)}" for label, day in dated.items())
        or "  (no sealed values)",
        held=_HELD.format(keys="".join(sorted(held)))
        if held or made.counts["holds.jsonl"] else "",
        closed=_CLOSED.format(boxes="\n".join(f"  {box}" for box in made.closed))
        if made.closed else "",
    )  # fmt: skip


def _key_file(label: str) -> str:
    return f"keys/key-{label.replace(':', '-', 1)}.json"


_README = """\
What this is
============

Everything that flask_guesterase retained in a database it was removed from. The software is not
needed to read it: verify.py needs Python and the package "cryptography".

{counts}

  boxes.jsonl    sealed values, one box a line: what the law wants kept, safety copies, messages
  keys/          the keys of the boxes, as they lay in the key folder
  journal.jsonl  what was done, one entry a line, without personal data
  cases.jsonl    the requests: states, days and keys of the rows they concerned
  kept.jsonl     what is kept, one row and category a line: in which box, or in place in a table of
                 yours, under which rule and until which day
  holds.jsonl    legal holds and freezes that nobody has lifted
  certificates/  certificates as they were issued; one that was revoked says so

How to read it
==============

  python verify.py box . --all                      what every box holds
  python verify.py box . --id BOX                   what one box holds
  python verify.py journal.jsonl                    whether the journal is whole
  python verify.py certificates/NUMBER.json --journal journal.jsonl
                                                    whether a certificate is genuine and stands

What you have to do
===================

This folder opens sealed personal data. Keep it where the key folder was kept, or keep keys/ and
boxes.jsonl apart. Nothing forgets by itself any more: on the day after each last day below,
destroy the key file here, in the old key folder, and in every copy of either. What kept.jsonl
calls "place" lies in your own tables: erase it there on the day after its "until".

{days}
{held}
When the last day has passed and no hold is left, destroy the folder keys/ as a whole.
{closed}"""

_HELD = """
Of what holds.jsonl names destroy nothing, whatever the day, until who ordered the hold has lifted
it. Keys of what is held already:

{keys}"""

_CLOSED = """
What does not open
==================

These boxes did not open when this was written: their key was not in the key folder, or they are
not as they were sealed. Bring the key, or the row, back from a copy and export again.

{boxes}
"""
