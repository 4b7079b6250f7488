"""Signed heads of journals that left the house, remembered outside the database."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from ...core.checkpoint import Checkpoint, origin, read_note
from ...core.errors import InputError, SetupError
from ...core.remembrance import Kind, Line, Note
from ..journaling.journal import stamp
from ..work import Work
from .erasures import Register
from .remembering import register


def shows(work: Work, note: str) -> None:
    """Remember a signed head of a journal that leaves the house, where no folder keeps it.

    A restore may lose its entries: by this line the journal can say so afterwards.

    :param work: the open transaction; it is written down after the commit.
    :param note: the signed note.
    """
    file = register(work)
    if file is not None:
        work.after.append(partial(_signed, file, read_note(note), stamp(work.now)))


def _signed(file: Register, head: Checkpoint, at: str) -> None:
    """Write a head down; what was signed is good all the same where it cannot be written."""
    facts = {"epoch": str(head.epoch), "root": head.root.hex(), "size": str(head.size)}
    with suppress(SetupError, InputError), file.locked():
        note, tail = Note(Kind.SIGNED, head.controller, facts=facts), file.tail()
        # A register begins with an erasure: where there is no line, it is not there.
        if tail.number:
            settled = 0 if tail.open else tail.number
            file.append(
                tail, [Line(note, tail.number + 1, at, last=settled, committed=tail.committed)]
            )


def shown(work: Work, controller: str) -> list[Checkpoint]:
    """Return of each epoch of a journal the newest head that left the house, as far as is known.

    :param work: the open transaction; a read-only one is enough.
    :param controller: slug of the controller.
    """
    file = register(work)
    newest: dict[int, Checkpoint] = {}
    for line in file.lines()[0] if file is not None else ():
        note, facts = line.note, line.note.facts
        if note.kind is not Kind.SIGNED or note.controller != controller:
            continue
        epoch, size = int(facts["epoch"]), int(facts["size"])
        if epoch not in newest or newest[epoch].size < size:
            root = bytes.fromhex(facts["root"])
            newest[epoch] = Checkpoint(origin(controller, epoch), size, root, line.at)
    return list(newest.values())
