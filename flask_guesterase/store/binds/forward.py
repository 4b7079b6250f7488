"""An erasure over several databases, carried on from wherever it was cut off; never back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row as Line
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from ...core.errors import ErasureError, GuesteraseError, SealError, UnknownError
from ...core.events import SYSTEM, SubjectErased
from ...core.finding import Finding, Severity
from ...core.image import Cell
from ...core.lifecycle import State
from ...core.plan import Decision, Key, Outcome, Person, Plan, Row, Step, key_text
from .. import people, safe, tables
from ..cases import load, step, tell
from ..datamap import Declared
from ..finder import owners
from ..masks import Seeded
from ..raw import reader
from ..surgery import Erased, Surgery
from ..work import Work
from . import intents
from .crossing import HOME, Crossing
from .intents import DONE, OPEN, Entry, Intent

if TYPE_CHECKING:
    from ..office import Office

Run = Callable[[Callable[["Office"], Any]], Any]
"""Runs a unit of work in a transaction of its own."""

RETRY_MINUTES = (1, 5, 15, 60, 180, 360)
"""How long a database that cannot be changed now is left alone; the last one goes on for ever."""

ROUNDS = 3
"""How often a database is gone back to in which the host wrote again what had gone."""

STALE = timedelta(hours=1)
"""How long an intent may be open before staff and `check` are told."""


def tried(run: Run, number: str) -> str:
    """Carry an intent on; return the name of what went wrong, or an empty string.

    What fails is written down with the database, which is left alone for a while.

    :param run: runs a unit of work.
    :param number: number of the intent.
    """
    try:
        on(run, number)
    except (GuesteraseError, SQLAlchemyError) as problem:
        name = type(problem).__name__
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
        .having(func.max(table.c.try_at) <= work.stamp)
        .order_by(func.min(table.c.id))
    )
    return [row.number for row in work.conn.execute(rows)]


def reached(run: Run, number: str) -> State:
    """Return the state in which a request is now."""
    state: State = run(lambda office: load(office.work, number).state)
    return state


def _failed(number: str, problem: str, office: Office) -> None:
    work = office.work
    for part in intents.parts(work, number):
        if part.state == OPEN:
            wait = RETRY_MINUTES[min(part.attempts, len(RETRY_MINUTES) - 1)]
            later = work.stamp + timedelta(minutes=wait)
            intents.note(
                work, part, attempts=part.attempts + 1, try_at=later, problem=problem[:80]
            )
            return


def _next(number: str, rounds: dict[str, int], office: Office) -> bool:
    """Change the first database that is not done; return whether there is another one."""
    work = office.work
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
    for other in found[:-1]:
        again = _left(work, intents.read(work, other)).steps
        if again and rounds.setdefault(other.bind, 0) < ROUNDS:
            # The host wrote what had gone; it goes again before anything is called done.
            rounds[other.bind] += 1
            intents.note(work, other, state=OPEN, ended_at=None)
            return True
    _finish(work, found)
    return False


def _said(left: int) -> str | None:
    return f"left:{left}" if left else None


@dataclass
class _Left:
    """What one database has still to do.

    :param steps: decisions with the rows that are not yet as the plan leaves them.
    :param passed: rows that are another person's now, or were sealed and have changed since.
    """

    steps: list[Step] = field(default_factory=list)
    passed: int = 0


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
    left = _left(work, intent)
    plan = Plan(tuple(intent.people), tuple(left.steps))
    surgery = Surgery(
        conn, work.whole(), work.live(), Seeded(intent.seed), Erased(), intent.hand
    )
    surgery.carry_out(plan, surgery.lock(plan))
    if part.bind != HOME and isinstance(conn, Crossing):
        # Committed before it is called done: a crash between the two finds all as it should be.
        conn.commit_at(part.bind)
    return left.passed


def _left(work: Work, intent: Intent) -> _Left:
    found = _Left()
    for decision, entries in intent.steps:
        declared = work.datamap.declared(decision.table)
        keys = _keys(work, declared, entries)
        waiting = _waiting(work, declared, decision, entries, keys, found)
        theirs = _still_theirs(work, declared, waiting, keys)
        found.passed += len(waiting) - len(theirs)
        rows = tuple(
            Row(keys[e.key], frozenset((p, 0) for p in e.owners),
                frozenset((p, 0) for p in e.others))
            for e in theirs
        )  # fmt: skip
        if rows:
            found.steps.append(Step(decision, rows))
    return found


def _keys(work: Work, declared: Declared, entries: Iterable[Entry]) -> dict[str, Key]:
    """Return key as text -> key, of rows that can still be named."""
    found = {}
    for entry in entries:
        try:
            found[entry.key] = people.read_key(work, declared.name, entry.key)
        except UnknownError:
            continue
    return found


def _waiting(
    work: Work,
    declared: Declared,
    decision: Decision,
    entries: Iterable[Entry],
    keys: dict[str, Key],
    found: _Left,
) -> list[Entry]:
    """Return the rows that are there and not as the plan leaves them."""
    names = () if decision.outcome is Outcome.DELETE else decision.columns
    now = reader(work.conn, declared, work.live()).read(list(keys.values()), names)
    waiting = []
    for entry in {e.key: e for e in entries}.values():
        cells = now.get(keys[entry.key]) if entry.key in keys else None
        if cells is None or (entry.after and _same(cells, entry.after)):
            continue
        if decision.outcome is Outcome.SEAL and not _same(cells, entry.before):
            # What is there now lies in no box: the law may want it.
            found.passed += 1
            continue
        waiting.append(entry)
    return waiting


def _same(cells: Iterable[Cell], others: Iterable[Cell]) -> bool:
    return {(c.name, c.form, c.value) for c in cells} == {
        (c.name, c.form, c.value) for c in others
    }


def _still_theirs(
    work: Work, declared: Declared, entries: list[Entry], keys: dict[str, Key]
) -> list[Entry]:
    """Return the rows that did not get another owner; one that leads to nobody is still theirs."""
    wanted = [keys[entry.key] for entry in entries]
    known = owners(work.conn, work.datamap, declared, wanted) if wanted else {}

    def now(entry: Entry) -> set[Person]:
        found = known.get(keys[entry.key], ())
        return {(table, (key_text(key),)) for (table, key), _ in found}

    return [e for e in entries if not e.owners or not now(e) or now(e) & e.owners]


def _finish(work: Work, found: list[Line[Any]]) -> None:
    """Change the default database, see that all of them are done, and say so."""
    home = found[-1]
    intent = intents.read(work, home)
    left = _carry_out(work, home, intent)
    work.changed |= set(intent.counts)
    for part in found:
        safe.drop(work, part.box)
        values = {"problem": _said(left)} if part is home else {}
        intents.note(
            work, part, state=DONE, ended_at=part.ended_at or work.stamp, box=None, **values
        )
    work.after.append(partial(work.custodian.forget, intents.label(home.number)))
    if home.request is not None:
        _tell(work, home, intent, sum(_counted(part) for part in found[:-1]) + left)


def _counted(part: Line[Any]) -> int:
    word, _, count = (part.problem or "").partition(":")
    return int(count) if word == "left" else 0


def _tell(work: Work, home: Line[Any], intent: Intent, left: int) -> None:
    """Move the request on, where it waited for this."""
    case = load(work, home.request, lock=True)
    if case.state is not State.ERASING:
        return
    buried = people.bury(work, case.number, _readable(work, intent.held))
    case = step(work, case, State.CHECKING, erased_at=work.stamp, try_at=None)
    counts = {**intent.counts, "people": buried, "files": intent.files}
    tell(work, SubjectErased, case, SYSTEM, counts | ({"left": left} if left else {}))


def _readable(work: Work, held: Iterable[Person]) -> list[Person]:
    found = []
    for table, (text,) in held:
        try:
            found.append((table, people.read_key(work, table, str(text))))
        except UnknownError:
            continue
    return found


def begun(work: Work, codes: Iterable[str]) -> int:
    """Return how many erasures over several databases are under way at these properties.

    A hold that is placed now comes too late for the rows named in them.
    """
    table = tables.intent
    mine = table.c.property.in_(list(codes)), table.c.state == OPEN
    return work.conn.execute(
        select(func.count(func.distinct(table.c.number))).where(*mine)
    ).scalar_one()


def awaited(work: Work, codes: Iterable[str]) -> list[str]:
    """Return the databases that erasures at these properties have waited for since an hour."""
    table = tables.intent
    first = (
        select(func.min(table.c.id))
        .where(
            table.c.state == OPEN,
            table.c.property.in_(list(codes)),
            table.c.begun_at < work.stamp - STALE,
        )
        .group_by(table.c.number)
    )
    ids = list(work.conn.execute(first).scalars())
    names = work.conn.execute(select(table.c.bind).where(table.c.id.in_(ids)).distinct())
    return sorted(name or DEFAULT for name in names.scalars())


DEFAULT = "(default)"
"""What the default database is called where names are shown."""


def findings(work: Work) -> list[Finding]:
    """Return the intents that have been open for more than an hour, by database."""
    table = tables.intent
    rows = work.conn.execute(
        select(table.c.bind, func.count().label("number"), func.min(table.c.begun_at).label("at"))
        .where(table.c.state == OPEN, table.c.begun_at < work.stamp - STALE)
        .group_by(table.c.bind)
        .order_by(table.c.bind)
    )
    request = tables.request
    open_ = select(table.c.id).where(table.c.request == request.c.number, table.c.state == OPEN)
    lost = work.conn.execute(
        select(func.count()).where(request.c.state == State.ERASING.value, ~open_.exists())
    ).scalar_one()
    gone = [Finding(
        "intent-lost", "", "", f"{lost} erasures over several databases have begun, and what was "
        "decided is not there any more.", "Restore guesterase_intent and its boxes from a copy.",
    )] if lost else []  # fmt: skip
    return gone + [
        Finding(
            "intent-open", "", row.bind or DEFAULT, f"{row.number} erasures over several "
            f"databases wait for this one since {row.at:%Y-%m-%d %H:%M} UTC.",
            "See that it can be reached; they go on by themselves.", Severity.WARN,
        )
        for row in rows
    ]  # fmt: skip
