"""A plan as people read it: three numbers, and the sentences its guest would be told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...core.answer import Answer, staying
from ...core.plan import Outcome
from ...store.deciding.preview import Line, Preview
from ...store.settings import Property
from . import letters
from .answers import Told
from .reader import language


@dataclass(frozen=True)
class Numbers:
    """What a plan comes to.

    :param goes: rows that go or lose something.
    :param stays: rows of which something stays.
    :param waits: things that stand in the way or wait for somebody's word.
    """

    goes: int
    stays: int
    waits: int


def numbers(plan: Preview) -> Numbers:
    """Return the three numbers of a plan."""
    return Numbers(
        sum(line.rows for line in plan.erase),
        sum(line.rows for line in (*plan.retain, *plan.shared)),
        len(plan.blocked) + len(plan.perhaps),
    )


def sentences(hotel: Property, plan: Preview) -> Told:
    """Return what the guest would be told of a plan, in the reader's language."""
    kept = [
        {"until": line.until, "category": line.category, "basis": line.basis}
        for line in plan.retain
    ]
    answer = Answer(
        "sealed",
        went=_tables(plan.erase),
        stays=staying(kept),
        shared=bool(plan.shared),
        partly=_tables(line for line in plan.erase if line.outcome == Outcome.OVERWRITE),
        kept=_tables((*plan.retain, *plan.shared)),
    )
    return letters.sentences(language(zone=hotel.zone), hotel, answer)


def _tables(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(line.table for line in lines)
