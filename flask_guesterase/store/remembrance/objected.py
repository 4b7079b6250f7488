"""Objections to advertising in the register: a restored database must not forget a no.

The mark of a contact is made with a key that never ends. In the register it lies under the key of
its month, so that it tells nothing any more once that is destroyed.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from ...core.errors import KeyMissingError
from ...core.remembrance import Kind, Line, Note, Trace
from ..retaining.keeping import Origin
from ..work import Work
from . import months, tracing

_NAME = "objection"
_BOUND = b"guesterase/objection"
_SIZE, _HALF = 60, 64


def note(work: Work, origin: Origin, marks: Iterable[str], stop: bool) -> Note | None:
    """Return what the register is told of an objection, or of one that was taken back.

    None where no register is kept, or the key of this month is lost: an objection is never refused.

    :param work: the open transaction.
    :param origin: whose it is to keep to.
    :param marks: marks of the contact.
    :param stop: False where the person agreed anew.
    """
    if not work.settings.register:
        return None
    month = work.today[:7]
    with suppress(KeyMissingError):
        tracing.own_key(work, month)
        rows = tuple(_hidden(work, month, mark) for mark in sorted(marks))
        kind = Kind.OBJECTED if stop else Kind.AGREED
        return Note(kind, origin.controller, origin.property, origin.number or "", rows)
    return None


def _hidden(work: Work, month: str, mark: str) -> Trace:
    text = work.custodian.wrap(months.label(month), bytes.fromhex(mark), _BOUND).hex()
    return Trace(_NAME, text[:_HALF], {"more": text[_HALF:].ljust(_HALF, "0")})


def marks(work: Work, line: Line) -> list[str]:
    """Return the marks of a contact that a line is about.

    :param work: the open transaction.
    :param line: line of the register.
    :raises KeyMissingError: the key of its month is not there.
    """
    label = months.label(line.month)
    texts = [row.row + row.values["more"] for row in line.note.rows]
    wrapped = [bytes.fromhex(text)[:_SIZE] for text in texts]
    return [work.custodian.unwrap(label, each, _BOUND).hex() for each in wrapped]
