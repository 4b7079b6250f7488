"""After a restore: why staff are alarmed, and what they say before erasing goes on."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from ...core.errors import SetupError
from ...core.events import RestoreReplayed
from ...core.log import slug
from ...core.permissions import Permission
from ..access import actors, brake, pulse
from ..access.pulse import Pulse
from ..remembrance import orphaned, remembering
from ..work import Work
from . import returned
from .replay import DOOR, holds_lost


def cause(work: Work) -> str:
    """Return why staff must be alarmed: "missing", "restored", "unfinished", "asking"; or nothing.

    :param work: the open transaction; a read-only one is enough.
    """
    found = remembering.standing(work)
    if found is None:
        return ""
    if found.missing:
        return "missing"
    if found.restored:
        return remembering.RESTORED
    if found.holds:
        return remembering.HOLDS
    return "asking" if returned.waiting(work, DOOR) else ""


def entitled(work: Work, by: str) -> None:
    """Go on only when a person may erase, or hold, at some property.

    :raises ForbiddenError: they may not.
    """
    if not any(actors.may(work, by, Permission.HOLD, code) for code in work.settings.properties):
        _anywhere(work, by, Permission.ERASE)


def _anywhere(work: Work, by: str, right: Permission) -> None:
    places = list(work.settings.properties)
    if not any(actors.may(work, by, right, code) for code in places):
        actors.require(work, by, right, places[0])


def holds_placed(work: Work, by: str) -> None:
    """Confirm, where they may hold, that the holds a restored database had forgotten are there.

    Erasing goes on when that was said at every property of which a hold was forgotten.

    :param work: the open transaction.
    :param by: the host's id of who confirms.
    :raises ForbiddenError: they may place holds at none of these properties.
    """
    told = pulse.look(work.conn, remembering.HOLDS, lock=True)
    wanted = sorted(_holding(work, told))
    mine = {code for code in wanted if actors.may(work, by, Permission.HOLD, code)}
    if not mine:
        actors.require(work, by, Permission.HOLD, wanted[0])
    actor = actors.acting(work, by)
    if told is None:
        return
    names = {code: _placed(code) for code in wanted}
    said = pulse.look_at(work.conn, *names.values())
    old = {code for code in wanted if _same(said.get(names[code]), told)}
    for code in sorted(mine - old):
        pulse.put(work.conn, names[code], replace(told, by=actor))
        name = slug(work.settings.property(code).controller)
        work.events.append(RestoreReplayed(name, code, actor=actor, grounds=("holds-placed",)))
    if mine | old == set(wanted):
        for name in (remembering.HOLDS, *names.values()):
            pulse.take(work.conn, name)
        orphaned.placed(work)


def _holding(work: Work, told: Pulse | None) -> set[str]:
    """Return the properties of forgotten holds; all of them where the register does not say."""
    every, lost = set(work.settings.properties), holds_lost(work)
    named = {code for _, code in lost}
    if told is None or len(lost) < int(told.note.split(":")[0]) or "" in named:
        return every
    return named & every or every


def _placed(code: str) -> str:
    """Return the name under which it stands that the holds of a property are placed again."""
    return f"placed:{sha256(code.encode()).hexdigest()[:32]}"


def _same(said: Pulse | None, told: Pulse) -> bool:
    """Return whether it was said after this restore, not after an earlier one."""
    return said is not None and (said.at, said.note) == (told.at, told.note)


def begin_anew(work: Work, by: str) -> None:
    """Begin another register because the one this database knows is lost for good.

    :param work: the open transaction.
    :param by: the host's id of who decides it.
    :raises ForbiddenError: they may not decide about the law anywhere.
    :raises SetupError: it is not lost.
    """
    actor = brake.lawyer(work, by)
    found = remembering.standing(work)
    if found is None or not found.missing:
        raise SetupError("The register is not lost.", "There is nothing to do.")
    pulse.take(work.conn, remembering.KNOWN)
    lost = pulse.look(work.conn, remembering.HOLDS)
    if lost is not None:
        # The places of the next register are others: by them nobody can say which holds are meant.
        count = lost.note.partition(":")[0]
        pulse.put(work.conn, remembering.HOLDS, replace(lost, note=f"{count}:0:0"))
    work.events += [
        RestoreReplayed(name, actor=actor, grounds=("register-lost",))
        for name in brake.controllers(work)
    ]
