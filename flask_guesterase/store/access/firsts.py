"""The first of two people's words: believed where we wrote it down, and not where SQL did."""

from __future__ import annotations

import hmac
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from ...core.log import canonical
from ...core.seal import fingerprint
from . import actors, pulse
from .pulse import Pulse
from .sameness import same

if TYPE_CHECKING:
    from ..work import Work


def say(work: Work, name: str, said: Pulse) -> None:
    """Write a first person's word down, with a mark made by a key outside the database.

    :param work: the open transaction.
    :param name: under which it stands.
    :param said: who says what, and when.
    """
    pulse.put(work.conn, name, said)
    pulse.put(work.conn, _beside(name), Pulse(said.at, _mark(work, name, said)))


def second(
    work: Work, name: str, before: Pulse | None, now: Pulse, lasting: timedelta
) -> bool:
    """Return whether this is the second person's word for what another one said in time.

    :param work: the open transaction.
    :param name: under which the first one's stands.
    :param before: what stands there.
    :param now: who says what, now.
    :param lasting: how long the first person's word waits.
    :raises FourEyesError: the same person says it again.
    """
    if before is None or not pulse.second(work.conn, before, now, lasting):
        return False
    beside = pulse.look(work.conn, _beside(name))
    return beside is not None and hmac.compare_digest(beside.note, _mark(work, name, before))


def waits_for_another(work: Work, name: str, by: str, lasting: timedelta) -> bool:
    """Return whether a person said the first word that waits, so that another one must confirm it.

    :param work: the open transaction; a read-only one is enough.
    :param name: under which it stands.
    :param by: the host's id of who looks.
    :param lasting: how long the first person's word waits.
    """
    said, actor = pulse.look(work.conn, name), actors.known(work, by)
    if said is None or said.by is None or said.second is not None or actor is None:
        return False
    lately = timedelta(0) <= work.stamp - said.at <= lasting
    return lately and same(work.conn, said.by, actor, work.stamp)


def _beside(name: str) -> str:
    """Return under which name the mark stands; names have 40 characters at most."""
    return f"word-{sha256(name.encode()).hexdigest()[:32]}"


def _mark(work: Work, name: str, said: Pulse) -> str:
    told = canonical([said.by, said.at.isoformat(timespec="seconds"), said.note])
    return fingerprint(work.custodian.pepper("word"), name, told.decode())
