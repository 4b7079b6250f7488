"""The root of the keys ends every month: the next one is announced, then takes its place.

The new root is made a week before the old one ends, and a task asks people to copy it out of the
house. On its day the old root is destroyed whether or not they did: certificates have promised it.
Where nobody copied the new one, nothing more is sealed until somebody does (see `copies`). What a
crash interrupts the next sweep finishes: the folder says which root is in use, the database which
one it told of last.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ...core import rotation
from ...core.events import SYSTEM, RootRotated
from ..access import brake, pulse
from ..access.pulse import Pulse
from ..casework import tasks
from ..journaling import signing
from ..keys import copies
from ..keys.roots import FolderRoots
from ..keys.wrapped import Pointer
from ..unit import HasWork, Run
from ..work import Work

if TYPE_CHECKING:
    from ..keys.custodian import FolderCustodian

NAME = "root"
"""Name under which the database remembers the root it told of last."""


def turn(run: Run) -> int:
    """Do what is due about the keys today; return how many steps that was.

    :param run: runs a unit of work.
    :raises SealError: a key does not open, or the roots cannot be asked; nothing was destroyed.
    :raises SetupError: the folder is a copy, and a key service holds the root.
    """
    custodian, today = run(lambda office: (office.work.custodian, office.work.now.date()))
    if not custodian.exists():
        return 0
    done = int(run(signing.settle))
    custodian.settle()
    done += _step(custodian, today, run(_last))
    return done + run(told)


def _last(office: HasWork) -> Pulse | None:
    return pulse.look(office.work.conn, NAME)


def _step(custodian: FolderCustodian, today: date, last: Pulse | None) -> int:
    """Make the next root, or put it in the place of the old one, when its day has come."""
    now = custodian.root()
    if not now.since:
        custodian.date(today.isoformat())
        return 0
    since = date.fromisoformat(now.since)
    # Somebody put an older copy of the folder back: with it a root lives again that had ended.
    back = last is not None and last.note != now.root and since < last.at.date()
    if back or rotation.ends(since) <= today:
        custodian.rotate(today.isoformat(), expected=now.root)
        return 1
    if rotation.announced(since) <= today and not now.next:
        custodian.prepare()
        return 1
    return 0


def rotate(run: Run, by: str) -> str:
    """Put the next root under all keys at once, on a person's word; return its identifier.

    One person is enough: nothing is lost by it. Every key is opened before the old root goes, what
    is sealed stays sealed, and a second copy is asked for anew.

    :param run: runs a unit of work.
    :param by: the host's id of who says so.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises SealError: a key does not open, or the roots cannot be asked; nothing was destroyed.
    :raises SetupError: the folder is a copy, and a key service holds the root.
    """

    def allowed(office: HasWork) -> tuple[Any, str, str]:
        work = office.work
        return work.custodian, work.today, brake.lawyer(work, by)

    custodian, today, actor = run(allowed)
    custodian.settle()
    run(told)
    custodian.rotate(today, expected=custodian.root_id())
    run(lambda office: told(office, actor))
    return str(custodian.root_id())


def told(office: HasWork, actor: str = SYSTEM) -> int:
    """Write down which root is in use now, and ask people for what follows from it.

    :param office: the open office.
    :param actor: who put it there: opaque number of a person, or "system".
    :return: how much was new.
    """
    work = office.work
    now = work.custodian.root()
    last = pulse.look(work.conn, NAME, lock=True)
    if last is None or last.note != now.root:
        pulse.put(work.conn, NAME, Pulse(work.stamp, now.root))
    new = 0
    if last is not None and last.note != now.root:
        work.events += [RootRotated(name, actor=actor) for name in brake.controllers(work)]
        new += 1
    # A key service keeps its own copies, and where nobody ever made one nobody is asked.
    if work.custodian.service() == FolderRoots.kind and copies.ever(work):
        new += _ask(work, now, last.note if last is not None else now.root)
    return new


def _ask(work: Work, now: Pointer, last: str) -> int:
    """Ask people to copy the new root, and to destroy their copies of the old one."""
    today, new = work.now.date(), 0
    if last != now.root:
        new += tasks.house(work, tasks.OLD_ROOT, _name(last), today + rotation.CLEARING)
    if now.next and now.since and not copies.of_next(work):
        ends = rotation.ends(date.fromisoformat(now.since))
        new += tasks.house(work, tasks.NEW_ROOT, _name(now.next), ends)
    elif not now.next and not copies.confirmed(work):
        new += tasks.house(work, tasks.NEW_ROOT, _name(now.root), today)
    return new


def _name(root: str) -> str:
    return f"keys/root-{root}"
