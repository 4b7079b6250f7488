"""Plans as the law, holds and the hotel bound them: drawn, carried out, looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from ...core.plan import Block, Key, Person, Plan, Rulings
from ..binds import intents
from ..casework import purview
from ..census import departing
from ..erasing import eraser, shared
from ..erasing.eraser import Locked, Scope
from ..erasing.taking import Erased
from ..journaling import binding
from ..keys import copies
from ..lawbook import blockers, rulebook
from ..remembrance import tracing
from ..retaining import law
from ..retaining.keeping import Origin
from ..work import Work

Only = Mapping[tuple[str, Key], frozenset[str]]
"""(Table, key) -> the columns a plan is about."""


def scope(
    work: Work, people: Iterable[Person], lock: bool = False,
    known: Sequence[blockers.Found] | None = None, house: str = "",
) -> Scope:
    """Return the scope of everything of these people, as the law and the hotel bound it.

    :param work: the open transaction.
    :param people: subject rows.
    :param lock: keep others from changing what may block until the transaction ends.
    :param known: what stands in their way, where that was asked in this transaction and nobody
        else can have changed it since.
    :param house: code of the property that was asked: rows of other controllers are not its to
        erase; all of them when empty.
    """
    about = eraser.everything(work.conn, work.whole(), people)
    if purview.foreign(work, house):
        every = about.find
        about = replace(
            about, find=lambda: purview.planned(work, house, every(), about.people), whole=False
        )
    return bounded(work, about, lock, known=known, house=house)


def bounded(
    work: Work, about: Scope, lock: bool = False, only: Only | None = None,
    known: Sequence[blockers.Found] | None = None, house: str = "",
    also: Sequence[blockers.Found] = (),
) -> Scope:
    """Return a scope bounded by law, boxes, holds, and preconditions of its people.

    :param work: the open transaction.
    :param about: what a plan is about; without people, those count whose its rows are.
    :param lock: keep others from changing what may block until the transaction ends.
    :param only: the columns it is about, where it is not about all.
    :param known: what stands in their way, where that cannot have changed.
    :param house: code of the property that was asked, where others may need a profile.
    :param also: what stands in their way besides.
    """

    asked: list[blockers.Found] = []

    def rule(found: eraser.Found) -> Rulings:
        rulebook.read(work, house)
        theirs = found if about.whole else None
        # What nobody asked for is about no people, and the hotel may need its owners all the same.
        people = about.people or owners(found)
        asked[:] = blockers.standing(work, people, lock, theirs) if known is None else known
        asked.extend([*purview.needed(work, house, people), *also])
        return law.rulings(work, found, asked, only)

    def block() -> tuple[Block, ...]:
        return blockers.blocks(asked)

    def rest(found: eraser.Found) -> Rulings:
        return law.rulings(work, found, asked)

    bounds = replace(_boxed(work, about), rule=rule, block=block)
    return bounds if only is None else replace(bounds, rest=rest, mine=_mine(work, house))


def _mine(work: Work, house: str) -> Callable[[eraser.Found], eraser.Found]:
    """Return what answers which rows are the controller's to erase that was asked."""
    return lambda found: purview.part(work, house, found).mine


def owners(found: eraser.Found) -> frozenset[Person]:
    """Return whose rows are.

    :param found: table -> rows.
    """
    return frozenset(person for rows in found.values() for row in rows for person, _ in row.owners)


def records(
    work: Work, about: Scope, only: Only, standing: Sequence[blockers.Found] = (),
    house: str = "",
) -> Scope:
    """Return a scope of records whose own time is over: only what needs them still blocks.

    :param work: the open transaction.
    :param about: what a plan is about.
    :param only: the columns it is about.
    :param standing: preconditions of the hotel that stand for the owners.
    :param house: code of the property they lie at, where it is known.
    """

    def rule(found: eraser.Found) -> Rulings:
        return law.rulings(work, found, standing, only)

    def rest(found: eraser.Found) -> Rulings:
        return law.rulings(work, found, standing)

    return replace(_boxed(work, about), rule=rule, rest=rest, mine=_mine(work, house))


def _boxed(work: Work, about: Scope) -> Scope:
    regions = {code: hotel.country for code, hotel in work.settings.properties.items()}
    # Asked under the locks, as everything else that keeps something.
    still = cache(lambda: law.relabelled(work))
    # What is sealed may leave its row where a second copy of the keys is confirmed.
    return replace(about, boxes=copies.confirmed(work), still=still, regions=regions)


def plan(work: Work, about: Scope | Iterable[Person], house: str = "") -> Plan:
    """Draw the plan for these subject rows, or this scope, from the database as it is now.

    :param work: the open transaction.
    :param about: subject rows, or a scope.
    :param house: code of the property that was asked, where it is not a scope.
    """
    bounds = about if isinstance(about, Scope) else scope(work, about, house=house)
    return eraser.plan(work.conn, work.whole(), bounds, work.live())


def locked(work: Work, about: Scope) -> Locked:
    """Lock all rows a plan of this scope may change, and draw it.

    :raises RetryableError: rows of the scope changed while they were being locked.
    """
    binding.draw(work)
    return eraser.locked(work.conn, work.whole(), about, work.live())


def erase(
    work: Work, origin: Origin, drawn: Plan | Locked, about: Scope | None = None
) -> Erased:
    """Carry out a plan that was drawn in this transaction; the register is told of it.

    :param work: the open transaction.
    :param origin: on whose behalf.
    :param drawn: the plan; one whose rows are locked is not drawn again.
    :param about: what it is about, everything of its people by default.
    """
    held = drawn if isinstance(drawn, Locked) else None
    drawn = drawn.plan if isinstance(drawn, Locked) else drawn
    # A plan whose rows are not locked yet is drawn again once they are.
    binding.draw(work)
    work.planned |= {step.decision.table for step in drawn.steps}
    remembered = tracing.note(work, origin, drawn)
    bounds = about or scope(work, drawn.people, lock=True, house=origin.property)
    erased = intents.erase(work, origin, held or drawn, bounds)
    work.changed |= set(erased.counts)
    work.filed |= shared.filed(erased)
    departing.note(work, origin.property, origin.number or "", drawn, erased)
    if remembered is not None:
        work.remember.append(remembered)
    return erased


def left_of(work: Work, drawn: Plan) -> tuple[Block, ...]:
    """Return what should be gone by a plan that was drawn after it was carried out.

    :param work: the open transaction.
    :param drawn: the plan.
    """
    return eraser.left_of(work.conn, work.whole(), drawn, work.live())
