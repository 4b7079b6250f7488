"""The second copy of the keys, outside the property: two people say that it is there.

What the law keeps is sealed only when losing one disk cannot lose the keys. The root that comes
next is confirmed like the one in use, so that the month's rotation finds its copy there already.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from ...core.errors import InputError, TransitionError
from ...core.events import CopyConfirmed
from ...core.log import Entry
from ..access import brake, firsts, pulse
from ..access.pulse import Pulse
from ..casework import tasks
from ..journaling.journal import stamp

if TYPE_CHECKING:
    from ..work import Work

NAME, SAID, NEXT = "second-copy", "second-copy-said", "second-copy-next"
LASTING = timedelta(hours=24)
"""How long the first person's word waits for the second one's."""


def confirmed(work: Work) -> bool:
    """Return whether two people confirmed a copy of the keys as they are now.

    After the root was rotated an older copy opens nothing any more; that of the new one may have
    been confirmed before.
    """
    return _stands(work, work.custodian.fingerprint())


def ever(work: Work) -> bool:
    """Return whether two people ever confirmed a copy of the keys."""
    said = pulse.look(work.conn, NAME)
    return said is not None and said.second is not None


def of_next(work: Work) -> bool:
    """Return whether two people confirmed a copy of the root that comes next."""
    return _stands(work, work.custodian.fingerprint(next=True))


def _stands(work: Work, mark: str) -> bool:
    return any(
        hmac.compare_digest(known.note.encode(), mark.encode())
        for known in pulse.look_at(work.conn, NAME, NEXT).values()
        if known.second is not None
    )


def propose(work: Work, by: str, fingerprint: str) -> None:
    """Say that there is a copy, with the fingerprint that was read from it.

    :param work: the open transaction.
    :param by: the host's id of who says it.
    :param fingerprint: what ``keys fingerprint --folder`` printed where the copy lies.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises InputError: it is not the fingerprint of the keys in use, or of the next root.
    """
    actor = brake.lawyer(work, by)
    told = "".join(fingerprint.split()).lower()
    if _name(work, told) is None:
        raise InputError(
            "This is not the fingerprint of the keys in use.",
            "Copy the key folder again, and read the fingerprint from the copy.",
        )
    firsts.say(work, SAID, Pulse(work.stamp, told, actor))


def confirm(work: Work, by: str) -> None:
    """Say as the second person that the copy is there.

    :param work: the open transaction.
    :param by: the host's id of who says it.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises FourEyesError: they were the first person.
    :raises TransitionError: nobody said so in the last day, or the keys changed since.
    """
    actor = brake.lawyer(work, by)
    known = pulse.look(work.conn, SAID, lock=True)
    name = None if known is None else _name(work, known.note)
    mine = Pulse(work.stamp, known.note if known is not None and name else "", actor)
    if known is None or name is None or not firsts.second(work, SAID, known, mine, LASTING):
        raise TransitionError(
            "Nobody said in the last day that there is a copy of the keys in use.",
            "Let the first person give the fingerprint of the copy.",
        )
    pulse.put(work.conn, name, replace(known, at=work.stamp, second=actor))
    pulse.take(work.conn, SAID)
    if name == NEXT or not work.custodian.root().next:
        tasks.close_house(work, tasks.NEW_ROOT, actor)
    work.events += [CopyConfirmed(each, actor=actor) for each in brake.controllers(work)]


def tells(entry: Entry, known: Pulse) -> bool:
    """Return whether an entry of a journal is the word of the two people who confirmed a copy.

    :param entry: a `CopyConfirmed`, or one that repeats it.
    :param known: what stands of it in our tables.
    """
    draft = entry.draft
    then = draft.at == stamp(known.at) or draft.counts.get(_SINCE) == _seconds(known)
    return draft.actor == known.second and then


def renew(work: Work, controller: str, gone: Iterable[Entry]) -> None:
    """Journal again who confirmed a copy, where the entry that says it is about to be taken out.

    :param work: the open transaction.
    :param controller: slug of the controller.
    :param gone: the entries.
    """
    said = [entry for entry in gone if entry.draft.action == CopyConfirmed.name]
    known = pulse.look(work.conn, NAME) if said else None
    if known is not None and any(tells(entry, known) for entry in said):
        counts = {_SINCE: _seconds(known)}
        work.events.append(CopyConfirmed(controller, actor=known.second or "", counts=counts))


_SINCE = "since"
"""What an entry that repeats another one is marked by: when that was, in seconds of the epoch."""


def _seconds(known: Pulse) -> int:
    return int(known.at.replace(tzinfo=UTC).timestamp())


def _name(work: Work, told: str) -> str | None:
    """Return under which name a fingerprint is confirmed, None where it is none of ours."""
    marks = {NAME: work.custodian.fingerprint()}
    if work.custodian.root().next:
        marks[NEXT] = work.custodian.fingerprint(next=True)
    for name, mark in marks.items():
        if hmac.compare_digest(told.encode(), mark.encode()):
            return name
    return None
