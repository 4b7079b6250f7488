"""The second copy of the keys, outside the property: two people say that it is there.

What the law keeps is sealed only when losing one disk cannot lose the keys.
"""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ..core.errors import InputError, TransitionError
from ..core.events import CopyConfirmed
from . import brake, pulse
from .pulse import Pulse

if TYPE_CHECKING:
    from .work import Work

NAME, SAID = "second-copy", "second-copy-said"
LASTING = timedelta(hours=24)
"""How long the first person's word waits for the second one's."""


def confirmed(work: Work) -> bool:
    """Return whether two people confirmed a copy of the keys as they are now.

    After the root was rotated the copy opens nothing any more, and has to be made anew.
    """
    known = pulse.look(work.conn, NAME)
    if known is None or known.second is None:
        return False
    return _same(work, known.note)


def propose(work: Work, by: str, fingerprint: str) -> None:
    """Say that there is a copy, with the fingerprint that was read from it.

    :param work: the open transaction.
    :param by: the host's id of who says it.
    :param fingerprint: what ``keys fingerprint --folder`` printed where the copy lies.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises InputError: it is not the fingerprint of the keys in use.
    """
    actor = brake.lawyer(work, by)
    told = "".join(fingerprint.split()).lower()
    if not _same(work, told):
        raise InputError(
            "This is not the fingerprint of the keys in use.",
            "Copy the key folder again, and read the fingerprint from the copy.",
        )
    pulse.put(work.conn, SAID, Pulse(work.stamp, told, actor))


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
    mine = Pulse(work.stamp, work.custodian.fingerprint(), actor)
    if known is None or not pulse.second(known, mine, LASTING):
        raise TransitionError(
            "Nobody said in the last day that there is a copy of the keys in use.",
            "Let the first person give the fingerprint of the copy.",
        )
    pulse.put(work.conn, NAME, replace(known, at=work.stamp, second=actor))
    pulse.take(work.conn, SAID)
    work.events += [CopyConfirmed(name, actor=actor) for name in brake.controllers(work)]


def _same(work: Work, told: str) -> bool:
    mine = work.custodian.fingerprint()
    return hmac.compare_digest(told.encode(), mine.encode())
