"""Figures that others publish: entered with source and day, shown beside ours, never mixed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, or_, select, update

from ...core.errors import InputError, TransitionError, UnknownError
from ...core.events import PublishedEntered, PublishedWithdrawn
from ...core.log import slug
from ...core.monthly import Measure
from ...core.own import RECORDS
from ...core.period import months_after
from ...core.permissions import Permission
from ...core.seal import Terms
from .. import tables
from ..access import actors
from ..boxes import safe
from ..casework.cases import day_at
from ..work import Work
from . import records

LARGEST = 1_000_000
"""The largest figure that is believed."""


@dataclass(frozen=True)
class Figure:
    """A figure that somebody else published.

    :param property: code of the property that compares itself.
    :param measure: one of `core.monthly.Measure`.
    :param value: the figure, whole.
    :param house: who published it, an organisation.
    :param source: where it stands.
    :param on: the day it was published.
    """

    property: str
    measure: str
    value: int
    house: str
    source: str
    on: date


def enter(work: Work, given: Figure, by: str) -> int:
    """Enter a figure of somebody else; return its number. It is never changed, only withdrawn.

    :param work: the open transaction.
    :param given: the figure.
    :param by: the host's id of who enters it.
    :raises ForbiddenError: they may not hold reviews at this property.
    :raises InputError: there is no such measure, no source, the figure is none, or its day lies
        ahead.
    """
    hotel = work.settings.property(given.property)
    actor = actors.allow(work, by, Permission.IMPROVE, hotel.code)
    known = [each.value for each in Measure]
    if given.measure not in known:
        raise InputError("There is no such measure.", f"Use {', '.join(known)}.")
    if not 0 <= given.value <= LARGEST:
        raise InputError("This is no such figure.", "Give a whole number that is not negative.")
    if not given.house.strip() or not given.source.strip():
        raise InputError("A figure without a source says nothing.", "Say who published it, where.")
    if given.on > day_at(hotel, work.now):
        raise InputError("This day lies ahead.", "Give the day on which it was published.")
    controller = slug(hotel.controller)
    ends = months_after(work.now.date(), 12 * RECORDS.years).isoformat()
    said = {"house": given.house.strip(), "source": given.source.strip()}
    box = safe.keep(work, Terms(controller, records.PURPOSE, ends), said)
    done = work.conn.execute(
        insert(tables.published).values(
            controller=controller, property=hotel.code, measure=given.measure,
            value=given.value, published_on=given.on.isoformat(), box=box,
            made_by=actor, made_at=work.stamp,
        )
    )  # fmt: skip
    work.events.append(PublishedEntered(controller, hotel.code, "", actor, {}, (given.measure,)))
    return int(done.inserted_primary_key[0])  # type: ignore[index] # a table with a serial has one


def withdraw(work: Work, id: int, by: str) -> None:
    """Take a figure of somebody else out; reviews that were opened before still show it.

    :raises UnknownError: there is none for them.
    :raises TransitionError: it was taken out before.
    """
    table = tables.published
    row = work.conn.execute(select(table).where(table.c.id == id).with_for_update()).one_or_none()
    if row is None or not actors.may(work, by, Permission.IMPROVE, row.property):
        raise UnknownError("There is no such figure.", "Look at the list again.")
    if row.withdrawn_at is not None:
        raise TransitionError("This figure was taken out before.", "There is nothing left to do.")
    actor = actors.acting(work, by)
    work.conn.execute(
        update(table).where(table.c.id == id).values(withdrawn_by=actor, withdrawn_at=work.stamp)
    )
    work.events.append(
        PublishedWithdrawn(row.controller, row.property, "", actor, {}, (row.measure,))
    )


def listed(work: Work, codes: Sequence[str], at: datetime | None = None) -> list[dict[str, Any]]:
    """Return the figures of others for properties, by measure, the newest of each first.

    :param work: the open transaction.
    :param codes: codes of the properties.
    :param at: as they were known at this moment, naive UTC; now if None.
    """
    table = tables.published
    wanted = select(table).where(table.c.property.in_(codes))
    if at is None:
        wanted = wanted.where(table.c.withdrawn_at.is_(None))
    else:
        kept = or_(table.c.withdrawn_at.is_(None), table.c.withdrawn_at > at)
        wanted = wanted.where(table.c.made_at <= at, kept)
    rows = work.conn.execute(
        wanted.order_by(table.c.measure, table.c.published_on.desc(), table.c.id)
    ).all()
    return [
        {
            "id": row.id, "property": row.property, "measure": row.measure, "value": row.value,
            "on": row.published_on, **_said(work, row.box),
        }
        for row in rows
    ]  # fmt: skip


def _said(work: Work, box: str | None) -> dict[str, str]:
    said = records.words(work, box)
    return {"house": said.get("house", ""), "source": said.get("source", "")}
