"""Runs of the sweep: one at a time, what each would erase, and who confirmed that.

A sweep erases at a property only what a person saw who may decide about its law: the first run,
and the first after any change of the data map, of a pack or of a rule, shows and erases nothing.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update

from ...core.brake import stale
from ...core.errors import MovedError, SweepingError, TransitionError
from ...core.events import SYSTEM, SweepConfirmed, SweepDone
from ...core.log import canonical, slug, word
from ...core.permissions import Permission
from .. import tables
from ..access import actors, brake, pulse
from ..access.pulse import Pulse
from ..census import told
from ..upkeep import upgrade
from ..work import Work
from . import backlog, basis, halting

SWEEP, PREVIEW, ASKED = "sweep", "preview", "sweep-asked"
LEASE = timedelta(minutes=10)
"""How long a sweep that says nothing is believed to be at work."""
_SAYS = LEASE / 20
"""How often it says so at most."""
NIGHTLY = timedelta(hours=25)
"""How long after a sweep nobody waits for a nightly job any more."""

_Said = tuple[object, str, str | None]
"""Property, person and mark of the rules of what was confirmed."""


@dataclass(frozen=True)
class Preview:
    """What a sweep would erase at one property under the rules it was drawn by.

    :param id: number of the run.
    :param property: code of the property.
    :param at: naive UTC, when it was drawn.
    :param rows: table, category, rows and the last day of what would go.
    :param confirmed_by: opaque number of who confirmed it, as a journal knows, or None.
    :param current: the rules are still the same.
    """

    id: int
    property: str
    at: datetime
    rows: Sequence[Mapping[str, Any]]
    confirmed_by: str | None
    current: bool


def start(work: Work) -> str:
    """Begin a sweep and return its token.

    :raises SweepingError: another one is at work, or began at the same moment.
    """
    running = pulse.look(work.conn, SWEEP, lock=True)
    mine = Pulse(work.stamp, secrets.token_hex(8))
    free = running is None or abs(work.stamp - running.at) >= LEASE
    if not (free and pulse.change(work.conn, SWEEP, running, mine)):
        raise SweepingError(
            "Another sweep is at work.", "Wait for its end; it takes up what is due."
        )
    return mine.note


def ask(work: Work, by: str) -> None:
    """Let the next round in the background sweep, though it is not time.

    :param work: the open transaction.
    :param by: the host's id of who asks.
    :raises ForbiddenError: they may not decide about the law at any property.
    """
    pulse.put(work.conn, ASKED, Pulse(work.stamp, by=brake.lawyer(work, by)))


def asked(work: Work) -> bool:
    """Return whether somebody asked for a sweep, and none that began since came to its end."""
    return pulse.look(work.conn, ASKED) is not None


_MINE = tables.pulse.c
_LEASE = select(_MINE.at, _MINE.note).where(_MINE.name == SWEEP).with_for_update()
_AND_REVISION = _LEASE.add_columns(upgrade.NOTED.label("revision"))


def go_on(work: Work, token: str) -> None:
    """Say that a sweep is still at work, over tables that this version knows.

    :raises SetupError: a newer version of the package has upgraded them.
    :raises SweepingError: it was silent for so long that another one began.
    """
    # In one statement: each transaction of a sweep begins with it.
    noted = upgrade.noted(work.conn)
    running = work.conn.execute(_AND_REVISION if noted else _LEASE).one_or_none()
    if running is None:
        upgrade.require(work.conn)
    elif noted:
        upgrade.judge(running.revision)
    if running is None or running.note != token:
        raise SweepingError("Another sweep began meanwhile.", "This one ends here.")
    if abs(work.stamp - running.at) >= _SAYS:
        pulse.put(work.conn, SWEEP, Pulse(work.stamp, token))


def stop(work: Work, token: str) -> None:
    """End a sweep, whatever became of it, so that the next one need not wait."""
    running = pulse.look(work.conn, SWEEP, lock=True)
    if running is not None and running.note == token:
        pulse.take(work.conn, SWEEP)


def finish(work: Work, started: datetime, counts: Mapping[str, int]) -> None:
    """Write down that a sweep came to its end.

    :param work: the open transaction.
    :param started: naive UTC.
    :param counts: what it did.
    """
    word = pulse.look(work.conn, ASKED)
    if word is not None and word.at <= started:
        pulse.take(work.conn, ASKED)
    rules = basis.whole(work)
    work.conn.execute(
        insert(tables.run).values(
            kind=SWEEP, property="", mark=rules, started_at=started, ended_at=work.stamp,
            counts=canonical(counts).decode(),
        )
    )  # fmt: skip
    marks = {"rules": rules}
    work.events += [
        SweepDone(name, actor=SYSTEM, counts=counts, marks=marks)
        for name in brake.controllers(work)
    ]


def unseen(work: Work, name: str) -> str:
    """Return a hash of what decides what goes, or nothing when a look by it came to its end.

    A sweep may end although a look of it did not, so each kind of look is noted by itself.

    :param work: the open transaction.
    :param name: kind of the look.
    """
    seen, now = pulse.look(work.conn, name), basis.whole(work)
    return "" if seen is not None and seen.note == now else now


def see(work: Work, name: str, mark: str) -> None:
    """Note that a look came to its end.

    :param work: the open transaction.
    :param name: kind of the look.
    :param mark: what `unseen` returned when it began.
    """
    pulse.put(work.conn, name, Pulse(work.stamp, mark))


def show(work: Work, code: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write down what a sweep would erase at a property by today's rules; return its number.

    :param work: the open transaction.
    :param code: code of the property.
    :param rows: table, category, rows, until_before.
    """
    table, told = tables.run, json.dumps([dict(row) for row in rows], default=str)
    last = _last(work, code)
    values = {"started_at": work.stamp, "ended_at": work.stamp, "counts": told}
    if last is not None and last.mark == basis.mark(work, code):
        work.conn.execute(update(table).where(table.c.id == last.id).values(values))
        return int(last.id)
    made = work.conn.execute(
        insert(table).values(kind=PREVIEW, property=code, mark=basis.mark(work, code), **values)
    )
    return int(made.inserted_primary_key[0])  # type: ignore[index] # a table with a serial has one


def previews(work: Work, codes: Iterable[str]) -> list[Preview]:
    """Return what the last previews of properties showed, of those that have one.

    :param work: the open transaction.
    :param codes: codes of the properties; the previews come in this order.
    """
    vouched = frozenset(_vouched(work))
    found = [_preview(work, code, vouched) for code in codes]
    return [preview for preview in found if preview is not None]


def _preview(work: Work, code: str, vouched: Iterable[_Said]) -> Preview | None:
    row = _last(work, code)
    if row is None:
        return None
    by, same = row.confirmed_by, row.mark == basis.mark(work, code)
    # What our row says alone, and no journal, is nobody's word: it can be given anew.
    if by is not None and (word(code), by, row.mark) not in vouched:
        by = None
    return Preview(row.id, code, row.started_at, json.loads(row.counts), by, same)


def confirmed(work: Work, code: str) -> bool:
    """Return whether a person confirmed what a sweep erases at a property by today's rules."""
    last = _preview(work, code, _vouched(work))
    return last is not None and last.current and last.confirmed_by is not None


def confirmed_marks(work: Work) -> dict[str, str]:
    """Return property -> mark of today's rules, where a person confirmed what goes by them.

    :param work: the open transaction.
    """
    table = tables.run
    newest = select(func.max(table.c.id)).where(table.c.kind == PREVIEW).group_by(table.c.property)
    rows = work.conn.execute(
        select(table.c.property, table.c.mark, table.c.confirmed_by).where(table.c.id.in_(newest))
    ).all()
    marks = basis.everywhere(work)
    said = {
        row.property: (word(row.property), row.confirmed_by, row.mark)
        for row in rows
        if row.confirmed_by is not None and marks.get(row.property) == row.mark
    }
    if not said:
        return {}
    vouched = set(_vouched(work))
    return {code: marks[code] for code in marks if said.get(code) in vouched}


def _vouched(work: Work) -> Iterator[_Said]:
    """Yield what the journals know was confirmed, the newest of each first."""
    for name in brake.controllers(work):
        for entry in told.backwards(work, name, {SweepConfirmed.name}):
            draft = entry.draft
            yield draft.facts.get("property"), draft.actor, draft.marks.get("rules")


def confirm(work: Work, by: str, ids: Sequence[int] | None = None) -> list[str]:
    """Confirm what the last previews showed; later sweeps under the same rules run by themselves.

    :param work: the open transaction.
    :param by: the host's id of who confirms.
    :param ids: numbers of the previews that were read; None for the newest ones.
    :return: the properties that are confirmed now and were not before.
    :raises ForbiddenError: they may not decide about the law at any property.
    :raises MovedError: the rules changed since, or there is a newer preview.
    :raises TransitionError: somebody confirmed what was read before.
    """
    places = work.settings.properties
    mine = [code for code in places if actors.may(work, by, Permission.LAW, code)]
    actor = brake.lawyer(work, by)
    for code in sorted(mine):
        # Who confirms the same at this moment is done before it is read.
        _last(work, code, lock=True)
    shown = previews(work, mine)
    if ids is not None:
        _read(shown, ids)
        shown = [preview for preview in shown if preview.id in ids]
    open_ = [preview for preview in shown if not preview.confirmed_by]
    require_current(open_)
    for preview in open_:
        table = tables.run
        work.conn.execute(
            update(table).where(table.c.id == preview.id).values(confirmed_by=actor)
        )
        controller = slug(places[preview.property].controller)
        work.events.append(
            SweepConfirmed(
                controller, preview.property, actor=actor,
                marks={"rules": basis.mark(work, preview.property)},
            )
        )  # fmt: skip
    return [preview.property for preview in open_]


def doubt_confirmed(work: Work) -> None:
    """Let people confirm anew what sweeps erase: a restored database may have forgotten rules.

    :param work: the open transaction.
    """
    table = tables.run
    said = table.c.kind == PREVIEW, table.c.confirmed_by.is_not(None)
    work.conn.execute(update(table).where(*said).values(confirmed_by=None))


def require_current(read: Iterable[Preview]) -> None:
    """Go on only where what previews show is what would go.

    :param read: previews.
    :raises MovedError: the rules changed since one of them was drawn.
    """
    if any(not preview.current for preview in read):
        raise MovedError(
            "The rules changed since the preview.", "Run a sweep, and read the new preview."
        )


def _read(shown: Sequence[Preview], ids: Sequence[int]) -> None:
    if not set(ids) <= {preview.id for preview in shown}:
        raise MovedError("This preview is not the newest one.", "Read the new one.")
    if any(preview.confirmed_by for preview in shown if preview.id in ids):
        raise TransitionError("Somebody confirmed this preview before.", "Nothing is left to do.")


def last_sweep(work: Work) -> Mapping[str, Any] | None:
    """Return when the last sweep came to its end and what it did, or None."""
    table = tables.run
    row = work.conn.execute(
        select(table.c.started_at, table.c.ended_at, table.c.counts)
        # A sweep is of no property, and only with one an index has them in their order.
        .where(table.c.kind == SWEEP, table.c.property == "", table.c.ended_at.is_not(None))
        .order_by(table.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return {"started": row.started_at, "ended": row.ended_at, "counts": json.loads(row.counts)}


def status(work: Work, by: str | None) -> dict[str, Any]:
    """Return how the sweep stands, for the properties whose law a person may decide about.

    :param work: the open transaction.
    :param by: the host's id of who asks; None at a console, for all properties.
    :raises ForbiddenError: they may not decide about the law at any property.
    """
    if by is not None:
        brake.require_lawyer(work, by)
    places = [
        code
        for code in sorted(work.settings.properties)
        if by is None or actors.may(work, by, Permission.LAW, code)
    ]
    return {
        "last": last_sweep(work),
        "stale": is_stale(work),
        "asked": asked(work),
        "doubt": brake.doubted(work),
        "first_word": brake.proposed(work),
        "previews": previews(work, places),
    }


def wanted(work: Work) -> bool:
    """Return whether a sweep should begin although no job began one.

    That is where the last one ended so long ago that no nightly job will come any more, where one
    that was bounded left rows that may go by confirmed rules, and where a person asked for one.
    """
    last = last_sweep(work)
    if asked(work) or last is None or work.stamp - last["ended"] >= NIGHTLY:
        return True
    places = list(confirmed_marks(work))
    return not halting.halted(work.conn) and backlog.ready(work, places)


def is_stale(work: Work) -> bool:
    """Return whether no sweep ended for 36 hours since there is something to sweep for."""
    last = last_sweep(work)
    since = last["ended"] if last is not None else brake.began(work.conn)
    return since is not None and stale(work.stamp, since)


def _last(work: Work, code: str, lock: bool = False) -> Any:
    table = tables.run
    newest = (
        select(table)
        .where(table.c.kind == PREVIEW, table.c.property == code)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    return work.conn.execute(newest.with_for_update() if lock else newest).one_or_none()
