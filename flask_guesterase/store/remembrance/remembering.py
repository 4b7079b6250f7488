"""What must outlive the database: written to the register before a commit, settled after it.

The database remembers how far the register was when it committed. One that knows less than the
register says was committed is a restored one: until its erasures are carried out again nothing is
erased and nothing leaves the house.

Whoever writes takes turns on one row of the database until their commit, so of the last lines
without an outcome the database can tell what became of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, func, select

from ...core.errors import BlockedError, SetupError
from ...core.events import SYSTEM, ErasureApproved, RestoreNoticed
from ...core.lifecycle import DONE, State
from ...core.log import read_entry
from ...core.remembrance import Kind, Line, Note, committed
from .. import tables
from ..access import actors, brake, pulse
from ..access.pulse import Pulse
from ..journaling.journal import stamp
from ..release import outside
from ..work import Work
from .erasures import Register, Tail

KNOWN = "register"
"""Name under which the database remembers how far the register was when it committed."""

RESTORED = "restored"
"""Name under which it stands that this database was restored, and how far it knew the register."""

HOLDS = "unfinished"
"""Name under which it stands how many holds a restored database had forgotten.

The word says nothing of holds: they may be silent.
"""

CONTINUED = "continued"
"""Name under which it stands that the journals were seen to after this restore."""

_ERASING = frozenset({Kind.INTENT, Kind.ENDED})
_SURE = frozenset({Kind.RESTORED, Kind.REPLAYED})
"""Kinds beside these that must be in the register: without the last line of a replay the database
would go on knowing less than the register does."""


@dataclass(frozen=True)
class Standing:
    """How the database and the register stand to each other.

    :param known: how far the database knows the register; None when it never knew one.
    :param tail: end of the register.
    :param missing: whether the database knows a register and it is not there.
    :param restored: whether the database was restored and has not caught up yet.
    :param since: place after which it has forgotten what was committed.
    :param holds: holds that it has forgotten and that nobody placed again yet.
    """

    known: int | None
    tail: Tail
    missing: bool = False
    restored: bool = False
    since: int = 0
    holds: int = 0


def register(work: Work) -> Register | None:
    """Return the register of this installation, or None where none is kept."""
    if not work.settings.register or not work.custodian.exists():
        return None
    return Register(work.settings.register, work.custodian)


def standing(work: Work) -> Standing | None:
    """Return how database and register stand to each other, or None where none is kept.

    :param work: the open transaction; a read-only one is enough.
    """
    file = register(work)
    if file is None:
        return None
    latched, lost = pulse.look(work.conn, RESTORED), pulse.look(work.conn, HOLDS)
    holds = 0 if lost is None else int(lost.note.partition(":")[0])
    found = pulse.look(work.conn, KNOWN)
    known = None if found is None else int(found.note)
    if known and not file.exists():
        return Standing(known, Tail(known), missing=True, holds=holds)
    tail = file.tail()
    if known and tail.number < known:
        # It was cut: a line is written before the database says that it knows of it.
        return Standing(known, tail, missing=True, holds=holds)
    if latched is not None:
        return Standing(known, tail, False, True, int(latched.note), holds)
    if tail.committed > (known or 0):
        # Who committed since the database was asked wrote the outcome after that.
        found = pulse.look(work.conn, KNOWN)
        known = None if found is None else int(found.note)
    here = known or 0
    behind = tail.committed > here or any(_unknown(work.conn, line, here) for line in tail.open)
    return Standing(known, tail, False, behind, here, holds)


def _unknown(conn: Connection, line: Line, known: int) -> bool:
    """Return whether a line without an outcome is about a request this database never approved.

    Who died before the commit leaves such a line about a request that still waits to be carried
    out, or was withdrawn or sent back since; a database without it, or with it in an earlier state,
    is an older one.
    """
    if line.number <= known or not line.note.request or line.note.kind is not Kind.INTENT:
        return False
    table = tables.request
    state = conn.execute(
        select(table.c.state).where(table.c.number == line.note.request)
    ).scalar_one_or_none()
    return state not in _COMING and not _approved(conn, line.note)


def _approved(conn: Connection, note: Note) -> bool:
    """Return whether the journal has the approval of a note, whatever became of it since."""
    table, at = tables.entry, note.facts.get("decided_at")
    bodies = conn.execute(
        select(table.c.body).where(
            table.c.request == note.request, table.c.action == ErasureApproved.name
        )
    ).scalars()
    return any(read_entry(body.encode()).draft.at == at for body in bodies)


_COMING = frozenset(
    state.value for state in (
        State.APPROVED, State.WAITING, State.ERASING, State.CHECKING, *DONE,
    )
)


def require(work: Work) -> None:
    """Go on only when this database has not forgotten erasures, and their register is there.

    :raises BlockedError: it was restored and has not caught up.
    :raises SetupError: the register is not where it was.
    """
    if work.replaying:
        return
    found = standing(work)
    if found is not None:
        refuse(found)


def refuse(found: Standing) -> None:
    """Raise when the register is missing, or the database has not caught up with it."""
    if found.missing:
        raise SetupError(
            "The register of erasures is not where it was.",
            "Nothing was erased. Mount its folder; if it is lost for good, run "
            "`flask guesterase replay --anew`.",
        )
    if found.restored:
        raise BlockedError(
            "This database was restored and has forgotten erasures; nothing is erased or sent.",
            "Run `flask guesterase replay` and read what it shows.",
            (RESTORED,),
        )
    if found.holds:
        raise BlockedError(
            "This database was restored and something is left to do; nothing is erased.",
            "The privacy officer finishes it on the page 'After a restore'.",
            (HOLDS,),
        )


def still(work: Work) -> None:
    """Go on only when nothing this database has forgotten could leave the house.

    :raises BlockedError: it was restored and has not caught up.
    """
    found = standing(work)
    if found is not None and found.restored:
        refuse(found)


def notice(work: Work) -> bool:
    """Return whether this database was restored; the first time the journals say it.

    The register knows erasures it has forgotten, a folder that takes checkpoints any entry.

    :param work: the open transaction; it may write.
    """
    found = standing(work)
    if found is None or not (found.restored or outside.behind(work)):
        return False
    new = Pulse(work.stamp, str(found.since))
    # Every staff page that shows the alarm notes it: whoever is a moment later waits here.
    known = pulse.look(work.conn, RESTORED, lock=True) is not None
    if not known and pulse.first(work.conn, RESTORED, new):
        actors.pass_over(work, _deciding(work))
        behind = {"lines": max(found.tail.committed - found.since, 0)}
        work.events += [
            RestoreNoticed(name, actor=SYSTEM, counts=behind) for name in brake.controllers(work)
        ]
    return True


def _deciding(work: Work) -> Iterator[str]:
    """Yield the numbers of the people whom the register names."""
    file = register(work)
    for line in file.lines()[0] if file is not None else ():
        yield from (line.note.facts.get(word, "") for word in ("verified_by", "decided_by"))


def epoch(work: Work, controller: str) -> int:
    """Return the newest epoch of a journal that began after a restore, or 0.

    A copy of before it that is restored once more would number another one alike, and the same
    key vouch for two journals under one name. One that was not committed has vouched for nothing.

    :param work: the open transaction.
    :param controller: slug of the controller.
    """
    file = register(work)
    lines = file.lines()[0] if file is not None else []
    notes = (line.note for line in committed(lines))
    mine = (note for note in notes if note.kind is Kind.REPLAYED and note.controller == controller)
    return max((int(note.facts.get("epoch", "0")) for note in mine), default=0)


def forgetful(work: Work) -> bool:
    """Return whether it is known that this database was restored and has not caught up.

    Until then what happens waits to be put in sequence: a journal that nobody appended to since
    the restore can be continued where the world has seen it.
    """
    if work.replaying or not work.settings.register:
        return False
    return pulse.look(work.conn, RESTORED) is not None


def intend(work: Work) -> None:
    """Write what this transaction wants remembered to the register, as late as may be.

    :param work: the open transaction; from here to its commit nobody else writes there.
    :raises BlockedError: this database was restored and has not caught up.
    :raises SetupError: the register is not there or cannot be written; nothing may be erased.
    """
    notes = list(work.remember)
    # Most transactions have nothing to remember, and the register's keys cost more than they do.
    file = register(work) if notes else None
    if file is None:
        return
    take_turns(work)
    work.remember.clear()
    erasing = any(note.kind in _ERASING for note in notes)
    try:
        first, tail = _written(work, file, notes, erasing and not work.replaying)
    except SetupError:
        # A hold that the register cannot take is placed all the same.
        if erasing or any(note.kind in _SURE for note in notes):
            raise
        return
    pulse.put(work.conn, KNOWN, Pulse(work.stamp, str(tail.number)))
    work.after.append(partial(outcome, file, first, tail.number, stamp(work.now)))


def _written(
    work: Work, file: Register, notes: Sequence[Note], judged: bool
) -> tuple[int, Tail]:
    """Write notes; return the place of the first, and the end of the register then."""
    with file.locked():
        found = standing(work)
        if found is None:
            return 0, Tail()
        if judged:
            refuse(found)
        elif found.restored and not work.replaying:
            notice(work)
        elif found.missing:
            refuse(found)
        tail = settle(work, file, found)
        lines = _lines(work, tail, found, notes)
        first = next(line.number for line in lines if not line.settles)
        return first, file.append(tail, lines)


def take_turns(work: Work) -> None:
    """Lock the row that everybody who writes to the register takes turns on."""
    conn, nothing = work.conn, Pulse(work.stamp, "0")
    if pulse.look(conn, KNOWN, lock=True) is None and not pulse.first(conn, KNOWN, nothing):
        # Whoever wrote the first line of all was waited for: what they know stands there now.
        pulse.look(conn, KNOWN, lock=True)


def _lines(work: Work, tail: Tail, found: Standing, notes: Sequence[Note]) -> list[Line]:
    at = stamp(work.now)
    number = max(tail.number, found.known or 0)
    made = []
    if not tail.number:
        number += 1
        made.append(Line(Note(Kind.BEGUN), number, at, committed=found.known or 0))
    return made + [Line(note, number + n, at) for n, note in enumerate(notes, 1)]


def settle(work: Work, file: Register, found: Standing) -> Tail:
    """Write down what became of the last lines without an outcome; return the end then.

    Who asks holds the row on which writers take turns, so nobody is between line and commit.

    :param work: the open transaction.
    :param file: the register, locked.
    :param found: how the database stands to it. A restored one cannot tell: lines after which the
        process died are taken for committed, because nothing later says that they were not.
    """
    tail = found.tail
    known = tail.number if found.restored else (found.known or 0)
    for kind, lines in (
        (Kind.OUTCOME, [line for line in tail.open if line.number <= known]),
        (Kind.ABANDONED, [line for line in tail.open if line.number > known]),
    ):
        if lines:
            first, last = lines[0].number, lines[-1].number
            tail = file.append(tail, [_settling(tail, kind, first, last, stamp(work.now))])
    return tail


def finish(work: Work) -> None:
    """Write down what became of lines whose process died, before somebody writes the next one.

    :param work: the open transaction.
    """
    file, found = register(work), standing(work)
    if file is None or found is None or found.missing or found.restored or not found.tail.open:
        return
    take_turns(work)
    # When that fails, whoever writes next does it.
    with suppress(SetupError), file.locked():
        now = standing(work)
        if now is not None and not now.missing and not now.restored:
            settle(work, file, now)


def _settling(tail: Tail, kind: Kind, first: int, last: int, at: str) -> Line:
    done = max(tail.committed, last) if kind is Kind.OUTCOME else tail.committed
    return Line(Note(kind), tail.number + 1, at, first, last, done)


def outcome(file: Register, first: int, last: int, at: str) -> None:
    """Write that lines were committed; after the commit.

    When that fails, whoever writes next asks the database and writes it.
    """
    with suppress(SetupError), file.locked():
        tail = file.tail()
        if any(first <= line.number <= last for line in tail.open):
            file.append(tail, [_settling(tail, Kind.OUTCOME, first, last, at)])


def erased_before(conn: Connection) -> int:
    """Return how many subject rows this database knows as erased."""
    table = tables.subject
    found = select(func.count()).select_from(table).where(table.c.erased_at.is_not(None))
    return int(conn.execute(found).scalar_one())
