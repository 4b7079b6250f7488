"""The one way to erase: draw the plan, lock, keep images, overwrite or delete, check by key."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from ...core.deciding import Shape, draw, foretold
from ...core.errors import BlockedError, RetryableError
from ...core.image import Cell
from ...core.plan import (
    Block,
    Decision,
    Key,
    Outcome,
    Person,
    Plan,
    Row,
    Rulings,
    Step,
    key_text,
)
from ..catalog.shape import LiveSchema
from ..checking.fired import fed
from ..checking.gaps import reached, stops, unreadable
from ..mapping.crossing import binds_of
from ..mapping.datamap import DataMap
from ..mapping.links import links, referenced
from ..mapping.masks import Entropy
from ..mapping.proof import stands
from ..mapping.raw import Reader, reader
from ..texts.mentioned import Regions, hand
from ..transaction import alone
from .echo import (
    Watch,
    beside,
    decided,
    is_quiet,
    require_ended,
    require_free,
    require_named,
    watch,
)
from .finder import find
from .shared import spare
from .surgery import Surgery
from .taking import Erased

Found = Mapping[str, Sequence[Row]]
"""Table -> the rows of it that a plan is about."""

Rule = Callable[[Found], Rulings]
"""Answers what keeps parts of the rows that were found: law, holds, preconditions, boxes."""


@dataclass(frozen=True)
class Scope:
    """What a plan is about, so that it can be drawn again in the same transaction.

    :param people: subject rows.
    :param find: returns every row it is about, as the database is now.
    :param rule: answers what keeps parts of those rows; without it, what is retained stays.
    :param block: answers what stands in the way of all of it: preconditions of the hotel.
    :param boxes: whether what is sealed may leave its row: a second copy of the keys exists.
    :param still: answers table -> column -> category of what is not retained any more, but not yet
        free.
    :param regions: property -> country, by which national phone numbers in texts are understood.
    :param over: tables whose rows' own time is over: of their texts nothing stays.
    :param whole: whether `find` returns every row of these people, and no other.
    :param rest: answers what keeps parts of rows that triggers write meanwhile, where `find` does
        not return those.
    :param mine: answers which of such rows are the asked controller's to erase.
    """

    people: tuple[Person, ...]
    find: Callable[[], Found]
    rule: Rule | None = None
    block: Callable[[], Sequence[Block]] | None = None
    boxes: bool = False
    still: Callable[[], Mapping[str, Mapping[str, str]]] = dict
    regions: Regions = field(default_factory=dict)
    over: frozenset[str] = frozenset()
    whole: bool = False
    rest: Rule | None = None
    mine: Callable[[Found], Found] | None = None


def everything(conn: Connection, datamap: DataMap, people: Iterable[Person]) -> Scope:
    """Return the scope of all rows that belong to these people."""
    wanted = tuple(people)
    return Scope(
        wanted, lambda: find(conn, datamap, wanted, unreadable(datamap)), whole=True
    )


def plan(
    conn: Connection,
    datamap: DataMap,
    about: Scope | Iterable[Person],
    live: LiveSchema | None = None,
) -> Plan:
    """Draw a plan from the database as it is now.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param about: subject rows, or a scope.
    :param live: the live database as read, for what it would do by itself.
    """
    scope = about if isinstance(about, Scope) else everything(conn, datamap, about)
    return _draw(conn, datamap, scope, live, scope.find())


def _draw(
    conn: Connection, datamap: DataMap, scope: Scope, live: LiveSchema | None, found: Found
) -> Plan:
    rulings = scope.rule(found) if scope.rule is not None else None
    shapes = {name: _shape(datamap, scope, name) for name in found}
    drawn = draw(shapes, found, scope.people, datamap.version, rulings)
    known = links(datamap, live)
    blocked = referenced(conn, datamap, drawn, known) + reached(conn, datamap, found, known)
    standing = scope.block() if scope.block is not None else ()
    foreseen = _ownable(datamap, scope.people) if standing else ()
    drawn = _with_copies(datamap, scope, live, drawn)
    return replace(drawn, blocked=(*blocked, *standing), foreseen=foreseen)


def _with_copies(
    datamap: DataMap, scope: Scope, live: LiveSchema | None, drawn: Plan
) -> Plan:
    """Return a plan with what it decides about rows that triggers write while it is carried out.

    Nobody has such rows before; undecided, they would stop the erasure each time it is tried.
    """
    changed = {step.decision.table for step in drawn.changing()}
    if live is None or not changed:
        return drawn
    known = {step.decision for step in drawn.steps}
    more = {
        decision
        for name in fed(live, changed, _ownable(datamap, scope.people))
        for decision in foretold(_shape(datamap, scope, name), scope.people[0])
    } - known
    steps = sorted((*drawn.steps, *(Step(each, ()) for each in more)), key=lambda s: s.decision)
    return replace(drawn, steps=tuple(steps), promised=(drawn.promised or frozenset()) | more)


def _ownable(datamap: DataMap, people: Iterable[Person]) -> tuple[str, ...]:
    """Return the tables whose rows can belong to such people."""
    subjects = {table for table, _ in people}
    return tuple(
        name
        for name, declared in datamap.tables.items()
        if any(path.subject.fullname in subjects for path in declared.paths)
    )


def _shape(datamap: DataMap, scope: Scope, name: str) -> Shape:
    """Return the shape of a table in a scope; what goes into a box needs a key to be found by."""
    declared = datamap.tables[name]
    shape = declared.shape
    if still := scope.still().get(name):
        erase = {n: rule for n, rule in shape.erase.items() if n not in still}
        after = {**shape.after, **{n: shape.erase[n] for n in still if n in shape.erase}}
        shape = replace(shape, erase=erase, after=after, retain={**shape.retain, **still})
    lasts = not declared.keyed_by({*declared.erase, *declared.retain})
    if scope.boxes and declared.keyed and lasts:
        shape = replace(shape, seals=SEALED)
    return shape


SEALED = frozenset({"guest_register"})
"""Categories whose columns leave the host's rows at once; fiscal documents stay in place."""


@dataclass(frozen=True)
class Locked:
    """A plan whose rows nobody else can change before this transaction ends.

    :param plan: the plan, drawn once they were locked.
    :param surgery: what carries it out; it holds the rows as they were read under the lock.
    """

    plan: Plan
    surgery: Surgery


def locked(
    conn: Connection,
    datamap: DataMap,
    scope: Scope,
    live: LiveSchema | None = None,
    entropy: Entropy = secrets.token_bytes,
) -> Locked:
    """Lock all rows a plan may change, and draw it.

    :param conn: open transaction; the locks last until it ends.
    :param datamap: the resolved data map.
    :param scope: what the plan is about.
    :param live: the live database as read.
    :param entropy: where the randomness of placeholders comes from.
    :raises RetryableError: rows of the scope changed while they were being locked.
    """
    found = scope.find()
    surgery = Surgery(conn, datamap, live, entropy, Erased())
    if stops(datamap):
        # What a gap reaches may not be there to be locked, or may refuse it.
        drawn = _draw(conn, datamap, scope, live, found)
        if drawn.blocked:
            return Locked(drawn, surgery)
    surgery.hold(found)
    if not alone(conn) and scope.find() != found:
        raise RetryableError(_CHANGED, "Try again; nothing was changed.")
    return Locked(_draw(conn, datamap, scope, live, found), surgery)


_CHANGED = "Rows of this plan changed while they were being locked."


def erase(
    conn: Connection,
    datamap: DataMap,
    approved: Plan,
    live: LiveSchema | None = None,
    entropy: Entropy = secrets.token_bytes,
    scope: Scope | None = None,
) -> Erased:
    """Do what the plan says, in the transaction of `conn`; all of it or, by rollback, nothing.

    :param conn: open transaction; the caller commits it.
    :param datamap: the resolved data map.
    :param approved: the plan, drawn in this transaction.
    :param live: the live database as read.
    :param entropy: where the randomness of placeholders comes from.
    :param scope: what the plan is about, all rows of its people by default; it is drawn again
        once the rows are locked.
    :raises BlockedError: something stands in the way of the plan.
    :raises BusyError: rows of the plan changed while it was being carried out.
    :raises ErasureError: the database did not do what the plan says.
    """
    _free(approved)
    scope = everything(conn, datamap, approved.people) if scope is None else scope
    surgery = Surgery(conn, datamap, live, entropy, Erased())
    surgery.hold(_by_table(approved))
    now = plan(conn, datamap, scope, live)
    if _rows(now) != _rows(approved) or now.blocked:
        raise RetryableError(_CHANGED, "Try again; nothing was changed.")
    return carry_out(Locked(approved, surgery), scope)


def _by_table(drawn: Plan) -> dict[str, list[Row]]:
    """Return the rows that a plan changes, each once."""
    found: dict[str, dict[Key, Row]] = {}
    for step in drawn.changing():
        found.setdefault(step.decision.table, {}).update((row.key, row) for row in step.rows)
    return {name: list(rows.values()) for name, rows in found.items()}


def _free(drawn: Plan) -> None:
    if drawn.blocked:
        raise BlockedError(
            "Something stands in the way of this erasure.",
            "Read the plan: it says what, and in which table.",
            tuple(sorted({block.reason for block in drawn.blocked})),
        )


def carry_out(held: Locked, scope: Scope) -> Erased:
    """Do what a plan says whose rows are locked; all of it or, by rollback, nothing.

    Rows that appear because of it under decisions of the plan (a trigger that copies into a
    declared history table) are erased in a second round.

    :param held: the plan.
    :param scope: what it is about.
    :raises BlockedError: something stands in the way of the plan.
    :raises BusyError: rows of the plan changed while it was being carried out.
    :raises ErasureError: the database did not do what the plan says.
    """
    drawn, surgery = held.plan, held.surgery
    _free(drawn)
    conn, datamap, live = surgery.conn, surgery.datamap, surgery.live
    before = surgery.lock(drawn)
    # Whom texts name is read while their rows still tell it.
    people = frozenset(scope.people)
    known = hand(conn, datamap, drawn, people, surgery.entropy, scope.regions)
    surgery.hand = replace(known, over=scope.over)
    quiet = is_quiet(live)
    # Of several databases one is only rehearsed here: what is written there is not followed.
    followed = scope.rest is not None and not quiet and not binds_of(conn).engines
    watched = watch(surgery, people, drawn) if followed else None
    surgery.carry_out(drawn, before)
    if watched is not None:
        _follow(watched, scope, drawn)
    elif not quiet:
        rest = decided(plan(conn, datamap, scope, live), surgery.moved, drawn)
        if rest.steps:
            surgery.carry_out(rest, surgery.lock(rest))
            surgery.done.later = rest
            left = decided(plan(conn, datamap, scope, live), surgery.moved, drawn, rest)
            require_ended(next((step.decision.table for step in left.steps), None))
    spare(conn, datamap, surgery.done, live)
    return surgery.done


def _follow(watched: Watch, scope: Scope, drawn: Plan) -> None:
    """Erase what triggers wrote of people while something of theirs ended that was kept.

    The policy decides about such rows, as it does when somebody is erased; law and holds do too.
    """
    surgery, new = watched.surgery, _new(watched, scope, drawn)
    if not new:
        return
    require_named(watched, new)
    # What the law still keeps of them stays in its row: the boxes of this plan are counted.
    bounds = replace(scope, rule=scope.rest, boxes=False)
    rest = beside(_draw(surgery.conn, surgery.datamap, bounds, surgery.live, new), drawn)
    require_free(rest)
    surgery.carry_out(rest, surgery.lock(rest))
    surgery.done.rest.append(rest)
    require_ended(next(iter(_new(watched, scope, rest)), None))


def _new(watched: Watch, scope: Scope, done: Plan) -> Found:
    """Return the rows that were written while a plan was carried out, and are in its scope."""
    new = watched.new(done)
    return new if scope.mine is None or not new else scope.mine(new)


def left_of(
    conn: Connection, datamap: DataMap, drawn: Plan, live: LiveSchema | None = None
) -> tuple[Block, ...]:
    """Return what should be gone by a plan that was drawn after it was carried out.

    :return: one block per table, with how many rows; empty when nothing is left.
    """
    left = []
    for step in drawn.changing():
        name, rows = step.decision.table, len(as_before(conn, datamap, step, live))
        if rows:
            left.append(Block(name, "left", rows, f"{rows} rows of {name} are still as before."))
    return tuple(left)


def as_before(
    conn: Connection, datamap: DataMap, step: Step, live: LiveSchema | None = None
) -> list[Key]:
    """Return the keys of the rows of a step that still hold what it is about.

    Without a key of their own, equal rows are as many as they are.
    """
    declared = datamap.declared(step.decision.table)
    reads, keys = reader(conn, declared, live), [row.key for row in step.rows]
    whole = step.decision.outcome is Outcome.DELETE or not step.decision.columns
    read = reads.rows(keys, () if whole else step.decision.columns)
    return [key for key, cells, _ in read if whole or not all(_is_gone(reads, c) for c in cells)]


def _is_gone(reads: Reader, now: Cell) -> bool:
    declared = reads.declared
    return stands(
        declared.written(now.name), declared.column(now.name), now, reads.room(now.name)
    )


def _rows(plan_: Plan) -> set[tuple[Decision, str]]:
    return {(s.decision, key_text(row.key)) for s in plan_.changing() for row in s.rows}
