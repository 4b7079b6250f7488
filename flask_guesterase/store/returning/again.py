"""Erasing again: rows in which an erased person is back go under the decision made before.

The same engine and the same guards as the first time: law, holds, preconditions and the clock
brake. What was not decided before is nobody's to do here; it is laid before staff.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date
from enum import StrEnum
from typing import Any

from ...core.covering import Decided, decided, uncovered
from ...core.decided import mark
from ...core.errors import KeyMissingError, UnknownError
from ...core.events import SYSTEM, SubjectErasedAgain
from ...core.lifecycle import DONE, State
from ...core.plan import ANOTHER, LEGAL_DUTY, NEEDED, Outcome, Person, Plan, Row, Rulings, Step
from ..access import brake
from ..binds import besides
from ..casework.cases import load, secret
from ..certificates import planning
from ..certificates.deeds import UNASKED, did, unmoved
from ..comeback import marks, sharing
from ..copying import shelved
from ..depth import deepening
from ..erasing import people
from ..erasing.doubles import doubles
from ..erasing.eraser import Found, Scope
from ..erasing.taking import Erased
from ..executing import execution, meanwhile
from ..invented import canaries
from ..lawbook import blockers
from ..lawbook.blockers import today_at
from ..messages import outbox
from ..partners import giving, recipients
from ..recovery.window import Unkept, recover, unkept
from ..requests import waiting
from ..retaining import keeping, remainder
from ..retaining.keeping import Origin
from ..search import queued, sought
from ..search.row import row_of
from ..sweeping import runs
from ..upkeep import upgrade
from ..work import Work
from . import unruled


class Fate(StrEnum):
    """What became of a row in which an erased person seems to be back."""

    OPEN = "open"
    STAFF = "staff"
    ERASED = "erased"
    LIVES = "lives"
    GONE = "gone"


class Noted(StrEnum):
    """How a line stands that is written down as erased once its own row is gone, and not before.

    NEW: all that is theirs goes, but for what a hold keeps, and for the row itself as long as the
    hotel needs a part of it. RESTED: as that kept the row at the last try, only what surely stands
    there yet, or again, is a reason to take what else is theirs.
    """

    NEW = "new"
    RESTED = "rested"


@dataclass(frozen=True)
class Warrant:
    """What was decided before, under which rows may be erased again.

    :param before: tables and columns; None where the law's own ceiling is the decision.
    :param shares: answers whether a living person's shared rows were to be touched.
    :param day: day of the first erasure, from which the recovery window runs; today when None.
    :param held: answers whether a hold that this database has forgotten keeps a plan from being
        carried out.
    :param breaks: answers whether a plan takes what the first erasure kept by a rule that this
        database has forgotten, or that still keeps it.
    """

    before: Decided | None
    shares: Callable[[Person], bool] = lambda person: False
    day: date | None = None
    held: Callable[[Plan], bool] = lambda plan: False
    breaks: Callable[[Plan], bool] = lambda plan: False


@dataclass(frozen=True)
class Again:
    """How an attempt to erase again ended.

    :param fate: ERASED; GONE when there was nothing left to do; OPEN when something stands in
        the way and it must be tried again; STAFF when it was not decided before, or when a
        forgotten hold or rule may keep it.
    :param reasons: what stands in the way, what ends last before the others, or what was not
        decided; `LEGAL_DUTY` of a hold and of a rule.
    :param did: what was done, as `deeds.did` writes it; empty when nothing was.
    :param left: of which rows files stay, as `deeds.unmoved` writes it.
    :param until: ISO day on which all that stands in the way is expected to have ended, if known.
    :param kept: what stays of it that did not before, as `did`.
    """

    fate: Fate
    reasons: tuple[str, ...] = ()
    did: tuple[Mapping[str, Any], ...] = ()
    left: tuple[Mapping[str, Any], ...] = ()
    until: str | None = None
    kept: tuple[Mapping[str, Any], ...] = ()


_DECIDED = (*DONE, State.CHECKING)
_ENDED = DONE - {State.PARTIAL}


def warrant(work: Work, number: str | None) -> Warrant | None:
    """Return what was decided under a request, or None when nothing that still stands was.

    :param work: the open transaction.
    :param number: number of the request; None for what had its time by the law's ceiling.
    """
    if number is None:
        return Warrant(None, lambda person: True)
    try:
        case = load(work, number)
    except UnknownError:
        return None
    said = case.decisions or {}
    if case.state not in _DECIDED or "decisions" not in said:
        return None
    known = frozenset(said.get("people", ()))
    touched = frozenset(said.get("touched", ()))

    def shares(person: Person) -> bool:
        if marks.was_touched(work, person, touched):
            return True
        try:
            return mark(secret(work, case), person) in known
        except KeyMissingError:
            return False

    at = case.erased_at
    day = None if at is None else today_at(work.settings, at.replace(tzinfo=UTC), case.property)
    done = (each for each in said.get("did", ()) if not each.get(UNASKED))
    items = [*said["decisions"], *done]
    return Warrant(decided(items, said.get("foreseen", ())), shares, day)


def again(
    work: Work, origin: Origin, who: Sequence[Person], under: Warrant | None = None,
    noted: Noted | None = None,
) -> Again:
    """Erase rows in which an erased person is back, in this transaction.

    :param work: the open transaction.
    :param origin: on whose behalf: request (None for the law's ceiling), controller, property.
    :param who: table and key of the rows: subject rows with all that belongs to them, or single
        rows of other declared tables.
    :param under: what was decided before; the decision of the request when None.
    :param noted: how the line about a row stands that waits for itself; None where what a hold
        keeps, or the hotel needs, is kept for the request.
    :raises BlockedError: the clock is in doubt, by which floors are judged.
    :raises SetupError: a newer version of the package made our tables.
    :raises BusyError: somebody else's transaction holds the rows.
    :raises ErasureError: the database did not do what the plan says.
    """
    brake.require(work)
    upgrade.require(work.conn)
    under = warrant(work, origin.number) if under is None else under
    if under is None:
        return Again(Fate.STAFF, ("not-decided",))
    if under.before is None and not runs.confirmed(work, origin.property):
        return Again(Fate.OPEN, ("unconfirmed",))
    about = scope(work, origin, who)
    plan = planning.plan(work, about)
    needed = {} if noted is None else _needed(plan, who)
    if needed:
        about = _whole(about, needed)
        plan = planning.plan(work, about)
    held = {} if noted is None else dict.fromkeys(_held(plan, who), LEGAL_DUTY) | needed
    why = tuple(sorted(set(held.values())))
    standing = plan.blocked or execution.all_kept(plan)
    if standing:
        reasons = () if plan.blocked else why
        return Again(
            Fate.OPEN, reasons or waiting.last_first(standing), until=waiting.until(standing)
        )
    stays = unruled.left(work, origin.number, under.before, about, plan)
    if not plan.changing() and not stays:
        return Again(Fate.GONE)
    if under.held(plan):
        return Again(Fate.STAFF, (LEGAL_DUTY,))
    if new := _new(under, plan):
        return Again(Fate.STAFF, new)
    if under.breaks(plan):
        return Again(Fate.STAFF, (LEGAL_DUTY,))
    if held and noted is Noted.RESTED and not planning.left_of(work, plan):
        return Again(Fate.OPEN, why)
    many = doubles(work, plan)
    erased, spared, kept = _carry_out(
        work, origin, about, plan, under.day, frozenset(held), stays
    )
    lost = spared.naming(erased.naming).lost
    done, left = did(plan, many, erased.same, lost), unmoved(erased.others)
    if held:
        return Again(Fate.OPEN, why, tuple(done), tuple(left), kept=tuple(kept))
    return Again(Fate.ERASED, did=tuple(done), left=tuple(left), kept=tuple(kept))


_AS_HELD = (0,)
"""Stands for the holds of a row that stays whole because the hotel needs a part of it."""


def _needed(plan: Plan, who: Iterable[Person]) -> dict[Person, str]:
    """Return those of some rows of which the hotel needs what would go, each with what needs it."""
    among = frozenset(who)
    return {
        place: name
        for step in plan.steps if step.decision.ground.startswith(NEEDED)
        for name in [step.decision.ground.removeprefix(NEEDED)]
        # What another controller needs keeps this one from nothing that is its own to do.
        for row in step.rows if name != ANOTHER
        for place in [(step.decision.table, row.key)] if place in among
    }


def _whole(about: Scope, needed: Collection[Person]) -> Scope:
    """Return a scope in which rows stay whole of which the hotel needs a part.

    What would go of them is what they are known by, and by which a new stay or another person
    shows.
    """
    rule = about.rule

    def ruled(found: Found) -> Rulings:
        rulings = {} if rule is None else dict(rule(found))
        for place in rulings.keys() & needed:
            rulings[place] = replace(rulings[place], held=rulings[place].held or _AS_HELD)
        return rulings

    return replace(about, rule=ruled)


def _held(plan: Plan, who: Iterable[Person]) -> frozenset[Person]:
    """Return those of some rows that stay whole: a hold keeps them, or they are kept as if so."""
    return frozenset(who) & frozenset(
        (step.decision.table, row.key) for step in plan.steps
        if step.decision.outcome is Outcome.HOLD for row in step.rows
    )


def _apart(plan: Plan, held: frozenset[Person]) -> Plan:
    """Return a plan that keeps none of some rows whole, as their lines wait for that."""
    if not held:
        return plan
    return replace(plan, steps=tuple(
        replace(step, rows=tuple(r for r in step.rows if (step.decision.table, r.key) not in held))
        if step.decision.outcome is Outcome.HOLD else step
        for step in plan.steps
    ))


def _measured_no_more(work: Work, origin: Origin) -> None:
    """Begin at the first level again: of files that hold what goes now nobody has said anything."""
    if origin.number is not None:
        with suppress(UnknownError):
            deepening.anew(work, load(work, origin.number, lock=True))


def _seek(work: Work, origin: Origin, erased: Erased) -> None:
    """Let what is left be looked for by value, where the request's check is still to come."""
    if origin.number is None:
        return
    with suppress(UnknownError):
        case = load(work, origin.number)
        if case.state in _ENDED:
            return
        if row_of(work, case.number) is None:
            sought.put(work, case, erased.whole)
        else:
            # Beside what was looked for before: that may be left still.
            queued.more(work, case.number, erased.images)


def _new(under: Warrant, plan: Plan) -> tuple[str, ...]:
    new = uncovered(under.before, plan) if under.before is not None else ()
    if not all(under.shares(person) for person in plan.touched()):
        return (*new, "another person's rows are touched")
    return new


def scope(work: Work, origin: Origin, who: Iterable[Person]) -> Scope:
    """Return the scope of people with all that is theirs, and of single rows of other tables.

    :param work: the open transaction.
    :param origin: on whose behalf: request (None for the law's ceiling), controller, property.
    :param who: table and key of the rows.
    """
    found = tuple(who)
    persons = [each for each in found if each[0] in work.datamap.subjects]
    records = [each for each in found if each[0] not in work.datamap.subjects]
    if not records:
        return planning.scope(work, persons, lock=True, house=origin.property)
    only = {
        (table, key): frozenset({*declared.erase, *declared.retain})
        for table, key in records
        for declared in [work.datamap.declared(table)]
    }
    return alone(work, only)


def alone(work: Work, only: planning.Only) -> Scope:
    """Return the scope of single rows, whoever owns them, as law, holds and hotel bound it.

    :param work: the open transaction.
    :param only: (table, key) -> the columns it is about.
    """
    owners: set[Person] = set()

    def rows() -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for table in sorted({name for name, _ in only}):
            keys = [key for name, key in only if name == table]
            mine = remainder.rows_of(work, work.datamap.declared(table), keys, None)
            owners.update(person for row in mine for person, _ in row.owners)
            if mine:
                found[table] = mine
        return found

    rows()
    standing = blockers.standing(work, owners, lock=True)
    return planning.records(work, Scope((), rows), only, standing)


def _carry_out(
    work: Work, origin: Origin, about: Scope, plan: Plan, day: date | None,
    held: frozenset[Person], stays: tuple[Step, ...],
) -> tuple[Erased, Unkept, Sequence[Mapping[str, Any]]]:
    _measured_no_more(work, origin)
    known = giving.gather(work, origin.property, plan)
    spared = unkept(work, plan)
    shelved.over(work, plan.people)
    invented = canaries.is_one(work, origin.number)
    if not invented:
        # Of what a replay erases the register knows the marks already.
        marks.take(work, origin, plan, outside=origin.number is not None and not work.replaying)
    erased = planning.erase(work, origin, plan, about)
    # What is kept whole of a noted row waits with its line, by which it may turn out to live.
    kept = meanwhile.unwritten(work, origin.number, _apart(plan, held))
    kept = replace(kept, steps=kept.steps + stays)
    keeping.record(work, origin, kept, erased)
    late = meanwhile.note(work, origin.number, (erased.kept(kept), *erased.rest))
    work.changed |= {step.decision.table for step in plan.keeping()}
    recovery = recover(work, origin, spared.strips(erased), day)
    for root, name, until in spared.files(erased, recovery):
        outbox.queue_file(work, origin, root, name, until, erased.owners([(root, name)]))
    # A restored database has forgotten whom it asked to tell whom: then this is the first time.
    first = origin.number is not None and recipients.untold(work, origin.number)
    recipients.queue(work, origin, known, again=not first, invented=invented)
    _seek(work, origin, erased)
    stay = plan.spared()
    gone = [person for person in plan.people if person not in stay]
    # Who waits with their line stands as before: of whom it was decided once more, no look at
    # them would see that they booked anew.
    people.bury_again(work, origin.number, gone, stay - held)
    sharing.note(work, origin.number, plan)
    besides.note(work, origin.number, erased)
    counts = {**erased.counts, "people": len(gone)}
    work.events.append(SubjectErasedAgain(
        origin.controller, origin.property, origin.number or "", SYSTEM, counts
    ))
    return erased, spared, late
