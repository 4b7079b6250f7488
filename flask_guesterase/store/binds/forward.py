"""An erasure over several databases, carried on from wherever it was cut off; never back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import delete, func, select

from ...core.errors import (
    ErasureError,
    GuesteraseError,
    RetryableError,
    SealError,
    UnknownError,
)
from ...core.events import SYSTEM, SubjectErased
from ...core.lifecycle import State
from ...core.plan import Outcome, Person, Plan
from .. import tables
from ..casework.cases import load, step, tell
from ..census import departing
from ..certificates import deeds, planning
from ..erasing import echo, people, shared
from ..erasing.surgery import Surgery
from ..erasing.taking import Erased, path_of
from ..holding import unsearched
from ..mapping.crossing import HOME, Crossing
from ..mapping.masks import Seeded
from ..messages import outbox
from ..retaining.keeping import Origin
from ..retaining.living import living
from ..sweeping.putoff import come
from ..unit import HasWork, Run
from ..upkeep import upgrade
from ..work import Work
from . import besides, intents
from .intents import DONE, OPEN, Intent
from .remaining import remaining

RETRY_MINUTES = (1, 5, 15, 60, 180, 360)
"""How long a database that cannot be changed now is left alone; the last one goes on for ever."""

ROUNDS = 3
"""How often a database is gone back to in which the host wrote again what had gone."""



def tried(run: Run, number: str) -> str:
    """Carry an intent on; return the name of what went wrong, or an empty string.

    What fails is written down with the database, which is left alone for a while.

    :param run: runs a unit of work.
    :param number: number of the intent.
    """
    try:
        on(run, number)
    except Exception as problem:
        # It may be the host's own code that raises; its text may hold a value.
        name = type(problem).__name__
        with suppress(GuesteraseError):
            run(partial(_failed, number, name))
        return name
    return ""


def on(run: Run, number: str) -> None:
    """Carry an intent on to its end, one database after the other, the default one last.

    :param run: runs a unit of work.
    :param number: number of the intent.
    """
    rounds: dict[str, int] = {}
    while run(partial(_next, number, rounds)):
        pass


def due(work: Work) -> list[str]:
    """Return the intents that are open and may be tried now, the oldest first."""
    table = tables.intent
    rows = (
        select(table.c.number, func.min(table.c.id))
        .where(table.c.state == OPEN)
        .group_by(table.c.number)
        .having(come(work, func.max(table.c.try_at)))
        .order_by(func.min(table.c.id))
    )
    return [row.number for row in work.conn.execute(rows)]


def reached(run: Run, number: str) -> State:
    """Return the state in which a request is now."""
    state: State = run(lambda office: load(office.work, number).state)
    return state


def _failed(number: str, problem: str, office: HasWork) -> None:
    work = office.work
    for part in intents.parts(work, number):
        if part.state == OPEN:
            wait = RETRY_MINUTES[min(part.attempts, len(RETRY_MINUTES) - 1)]
            later = work.stamp + timedelta(minutes=wait)
            intents.note(
                work, part, attempts=part.attempts + 1, try_at=later, problem=problem[:80]
            )
            return


def _next(number: str, rounds: dict[str, int], office: HasWork) -> bool:
    """Change the first database that is not done; return whether there is another one."""
    work = office.work
    upgrade.require(work.conn)
    found = intents.parts(work, number)
    open_ = [part for part in found if part.state == OPEN]
    if not open_:
        return False
    part = open_[0]
    intent = intents.read(work, part)
    if tuple(each.bind for each in found) != intent.binds:
        raise SealError(
            "What was decided for several databases is not all there.",
            "Nothing was done; look at who can write to guesterase_intent.",
        )
    if part.bind != HOME:
        left = _carry_out(work, part, intent)
        intents.note(work, part, state=DONE, ended_at=work.stamp, problem=_said(left))
        return True
    left = 0
    for other in found[:-1]:
        look = remaining(work, intents.read(work, other), again=_was_done(other))
        if look.steps and rounds.setdefault(other.bind, 0) < ROUNDS:
            # The host wrote what had gone; it goes again before anything is called done.
            rounds[other.bind] += 1
            intents.note(work, other, state=OPEN)
            return True
        left += look.passed
    _finish(work, found, left)
    return False


def _was_done(part: Line[Any]) -> bool:
    """Return whether a database was done before, also where it was gone back to since."""
    return part.ended_at is not None


def _said(left: int) -> str | None:
    return f"left:{left}" if left else None


def _carry_out(work: Work, part: Line[Any], intent: Intent) -> int:
    """Do in one database what is not done yet; return how many rows had to be left."""
    conn = work.conn
    if part.bind != HOME:
        if not isinstance(conn, Crossing) or part.bind not in conn.binds.engines:
            raise ErasureError(
                f"The database '{part.bind}' is not among the host's any more.",
                "Configure it again; what was decided for it waits.",
            )
        conn.write(part.bind)
    left = remaining(work, intent, again=_was_done(part))
    plan = Plan(tuple(intent.people), tuple(left.steps))
    surgery = Surgery(
        conn, work.whole(), work.live(), Seeded(intent.seed), Erased(), intent.hand
    )
    seen = _drawn(work, part, intent)
    before = surgery.lock(plan)
    if remaining(work, intent, again=_was_done(part)) != left:
        raise RetryableError(
            "Rows of an erasure over several databases changed while they were being locked.",
            "Nothing was changed; it goes on by itself.",
        )
    surgery.carry_out(plan, before)
    _follow(surgery, intent, [plan, *seen], _drawn(work, part, intent))
    if part.bind != HOME and isinstance(conn, Crossing):
        # Committed before it is called done: a crash between the two finds all as it should be.
        conn.commit_at(part.bind)
    elif part.bind == HOME:
        # As it began, these lines still stood; those of the others left with that.
        departing.note(work, part.property, part.request or "", plan, surgery.done)
    return left.passed


def _drawn(work: Work, part: Line[Any], intent: Intent) -> list[Plan]:
    """Return the plan for the people of a request, where the database may write rows by itself."""
    if part.request is None or echo.is_quiet(work.live()):
        return []
    about = planning.scope(work, _readable(work, intent.people), house=part.property)
    return [planning.plan(work, about)]


def _follow(
    surgery: Surgery, intent: Intent, before: Sequence[Plan], now: Sequence[Plan]
) -> None:
    """Erase rows that a trigger wrote under decisions of the intent, which cannot name them."""
    decided = {d for d, _ in intent.steps if d.outcome is not Outcome.SEAL}
    for drawn in now:
        steps = [
            step for step in echo.appeared(drawn, surgery.moved, *before)
            if step.decision in decided
        ]
        rest = Plan(drawn.people, tuple(steps))
        surgery.carry_out(rest, surgery.lock(rest))


def _finish(work: Work, found: list[Line[Any]], others: int) -> None:
    """Change the default database and say that all of them are done.

    :param work: the open transaction.
    :param found: the databases, the default one last.
    :param others: how many rows had to be left in the others.
    """
    home = found[-1]
    intent = intents.read(work, home)
    left = _carry_out(work, home, intent)
    work.changed |= set(intent.counts)
    for part in found:
        values = {"problem": _said(left)} if part is home else {}
        intents.note(
            work, part, state=DONE, ended_at=part.ended_at or work.stamp, box=None, **values
        )
    work.after.append(partial(work.custodian.forget, intents.label(home.number)))
    freed = _free_files(work, home, intent)
    work.conn.execute(delete(tables.box).where(tables.box.c.label == intents.label(home.number)))
    if home.request is not None:
        _tell(work, home, intent, others + left, freed)


def _free_files(work: Work, home: Line[Any], intent: Intent) -> Erased:
    """Queue the removal of files that were left to others who name them no more; return them.

    Of two who share one and have both begun, each left it to the other.
    """
    freed = shared.again(work.conn, work.whole(), intent.stays, work.live())
    origin = Origin(home.request, home.controller, home.property)
    paths = set(map(path_of, freed.files))
    known = intents.label(home.number), intent.seed, intent.beside
    beside = besides.owners(work, home.number, *known, paths) if paths else {}
    work.filed |= shared.filed(freed)
    for file in dict.fromkeys(freed.files):
        # Whether its bytes may be kept was not decided about a file that stays.
        outbox.queue_file(work, origin, *file, beside=beside[path_of(file)])
    if freed.files:
        _ask_holds(work, home)
    return freed


def _ask_holds(work: Work, home: Line[Any]) -> None:
    """Let no file go before the holds were asked that were placed since all this began."""
    if home.request is not None:
        unsearched.ask_of(work.conn, [home.request], home.begun_at)
        return
    for hold in living(work):
        unsearched.ask(work.conn, hold.id, work.stamp)


def _tell(work: Work, home: Line[Any], intent: Intent, left: int, freed: Erased) -> None:
    """Move the request on, where it waited for this."""
    case = load(work, home.request, lock=True)
    if case.state is not State.ERASING:
        return
    buried = people.bury(work, case.number, _readable(work, intent.held))
    files = intent.files + len(set(freed.files))
    done = dict(case.decisions or {})
    if freed.files:
        stayed = Erased(stays=list(intent.stays)).others
        done |= {"did": deeds.moved(done["did"], stayed, freed.others), "files": files}
    now = {"erased_at": work.stamp, "try_at": None, "decisions": done}
    case = step(work, case, State.CHECKING, **now)
    counts = {**intent.counts, "people": buried, "files": files}
    tell(work, SubjectErased, case, SYSTEM, counts | ({"left": left} if left else {}))


def _readable(work: Work, held: Iterable[Person]) -> list[Person]:
    found = []
    for table, (text,) in held:
        try:
            found.append((table, people.read_key(work, table, str(text))))
        except UnknownError:
            continue
    return found
