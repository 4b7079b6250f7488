"""The rulebook in its table: what binds each property, and each column, whoever edits the sources.

Sources are the packs of a property's chain and the data map's categories. Whatever they said once
is a row here and binds until people let it go; see `core.reconciling`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, update

from ...core import rulebook, whence
from ...core.events import RulesChanged
from ...core.reconciling import DAYS, Changes, adopted, reconcile
from ...core.rule import Rule
from ...core.rulebook import Line, LineKind, LineState
from .. import tables
from ..access import brake, pulse
from ..access.pulse import Pulse
from ..casework.cases import day_at
from ..journaling import binding
from ..mapping.days import last_utc_day
from ..statements.sql import MANY, chunks
from ..transaction import writes
from . import former
from .blockers import today_at
from .rulerows import (
    LABELS,
    NOBODY,
    Told,
    add,
    change,
    forget,
    known,
    line_of,
    line_told,
    lines_of,
    pulse_name,
    told_by,
)
from .sources import lines_said, source_mark

if TYPE_CHECKING:
    from ..settings import Settings
    from ..work import Work

Labels = Mapping[tuple[str, str], tuple[str, ...]]


def in_force(work: Work, code: str) -> tuple[Rule, ...]:
    """Return the rules that bind records of a property today, those that are leaving included.

    :param work: the open transaction.
    :param code: code of the property.
    :raises UnknownError: there is no such property.
    """
    work.settings.property(code)
    rules = rulebook.rules(book(work, code), today(work))
    work.judged.setdefault(code, rules)
    return rules


def coming(work: Work, code: str) -> tuple[Rule, ...]:
    """Return the rules that people let act from a day that is still to come, with that day.

    :param work: the open transaction.
    :param code: code of the property.
    """
    return tuple(
        replace(line.rule(), acts_on=line.acts_on)
        for line in book(work, code)
        if line.state is LineState.COMING and line.kind is not LineKind.LABEL
        and line.acts_on is not None and not line.acts(today(work))
    )  # fmt: skip


def all_in_force(work: Work, codes: Collection[str]) -> dict[str, tuple[Rule, ...]]:
    """Return the rules that bind records of each property today, read in a few statements.

    :param work: the open transaction.
    :param codes: codes of properties.
    :raises UnknownError: there is no such property.
    """
    rows: dict[str, list[Row[Any]]] = {}
    for part in chunks(codes, MANY):
        rows |= _fresh(work, part)
    found = {}
    for code in codes:
        if code not in rows:
            # What was not looked at since its sources changed is written down first.
            found[code] = in_force(work, code)
            continue
        found[code] = _said(work, code, rows[code])
    return found


@lru_cache(256)
def _told(lines: tuple[Told, ...], day: date) -> tuple[Rule, ...]:
    """Return the rules that lines make on a day, made once: hotels under one law have the same."""
    return rulebook.rules(map(line_told, lines), day)


def _fresh(work: Work, codes: Sequence[str]) -> dict[str, list[Row[Any]]]:
    """Return code -> rows of its lines, of those whose lines are what their sources make them."""
    seen = _seen_at(work, codes)
    rows: dict[str, list[Row[Any]]] = {code: [] for code in codes}
    alone = len(work.settings.properties) == 1
    # What a former code of a hotel that is alone binds is seen by reading every line.
    for row in lines_of(work.conn, [] if alone else codes):
        rows.setdefault(row.property, []).append(row)
    gone = alone and not rows.keys() <= {LABELS, *work.settings.properties}
    return {
        code: rows[code] for code in codes
        if _is_made(work, code, seen.get(pulse_name(code))) and not (gone and code)
    }  # fmt: skip


def read(work: Work, *codes: str) -> None:
    """Read the labels and the rules of properties at once, where neither was read yet.

    :param work: the open transaction.
    :param codes: codes of properties; where there is no such one, nothing is read.
    """
    if work.labels is not None or work.rules or not work.settings.properties.keys() >= set(codes):
        return
    parts = chunks([LABELS, *codes], MANY)
    rows = {code: mine for part in parts for code, mine in _fresh(work, part).items()}
    if LABELS in rows:
        _keep_labels(work, [*map(line_of, rows[LABELS])])
    # Where one is to be written down first, all others are forgotten once more.
    if rows.keys() >= set(codes):
        work.rules.update({code: _said(work, code, rows[code]) for code in codes})


def again(work: Work) -> dict[str, Any]:
    """Return what `Work.judged` would be by now, without what its sources make anew."""
    rows: dict[str, list[Row[Any]]] = {}
    for part in chunks(sorted(work.judged), MANY):
        rows |= _fresh(work, part)
    return {code: _said(work, code, mine) for code, mine in rows.items() if code in work.judged}


def _said(work: Work, code: str, rows: Sequence[Row[Any]]) -> Any:
    """Return the rules that the rows of a property make today; of the labels, what they say."""
    if not code:
        return _labelled(work, [*map(line_of, rows)])
    rules = _told(tuple(map(told_by, rows)), today(work))
    work.judged.setdefault(code, rules)
    return rules


def _labelled(work: Work, lines: Sequence[Line]) -> tuple[Labels, dict[str, whence.Paths]]:
    return rulebook.labels(lines, today(work)), whence.paths(lines, today(work))


def labels(work: Work, table: str, column: str) -> tuple[str, ...]:
    """Return the categories a column is kept under, an old one included that may not end yet.

    A column the data map does not retain any more may still have one. As long as there are
    several, the record stays until the last of their ceilings.

    :param work: the open transaction.
    :param table: name of the table.
    :param column: name of the column; of a policy's own category, empty.
    """
    return all_labels(work).get((table, column), ())


def all_labels(work: Work) -> Labels:
    """Return (table, column) -> the categories that bind it, read once in a transaction."""
    if work.labels is None:
        return _keep_labels(work, book(work, LABELS))
    return work.labels


def _keep_labels(work: Work, lines: Sequence[Line]) -> Labels:
    work.labels, work.paths = said = _labelled(work, lines)
    work.judged.setdefault(LABELS, said)
    return work.labels


def paths(work: Work, table: str) -> whence.Paths:
    """Return where the law reads rows of a table: by what is declared, and was until lately.

    :param work: the open transaction.
    :param table: name of the table.
    """
    all_labels(work)
    return work.paths.get(table, {})


def today(work: Work) -> date:
    """Return the UTC day on which lines are looked at."""
    return work.now.date()


def begins(work: Work, code: str) -> date:
    """Return the day with which thirty days begin: the property's, which may be tomorrow by now.

    What stays until then is judged by that day.

    :param work: the open transaction.
    :param code: code of the property; of the labels there is none.
    """
    utc = today(work)
    return max(utc, today_at(work.settings, work.now, code)) if code else utc


def allowed_from(work: Work, code: str) -> date:
    """Return the UTC day from which a shortening acts that is allowed now.

    The thirtieth day has begun at the property by then; for a label, at each of them.

    :param work: the open transaction.
    :param code: code of the property, or of the labels.
    """
    hotel, days = work.settings.properties.get(code), timedelta(days=DAYS - 1)
    hotels = [hotel] if hotel is not None else list(work.settings.properties.values())
    last = max(last_utc_day(day_at(each, work.now) + days, each.zone) for each in hotels)
    return last + timedelta(days=1)


def book(work: Work, code: str) -> list[Line]:
    """Return the lines of a property, or of the labels, as the sources make them today.

    Nothing is written unless the sources changed since they were last looked at.
    """
    if not _is_fresh(work, code, _seen_at(work, [code]).get(pulse_name(code))):
        if writes(work.conn):
            _sync(work, code)
        else:
            return drawn(work, code)
    return known(work.conn, code)


def _seen_at(work: Work, codes: Collection[str]) -> dict[str, Pulse]:
    """Return what stands of the sources of properties, before any of their lines is read."""
    seen = pulse.look_at(work.conn, binding.RULED, *map(pulse_name, codes))
    binding.ruled(work, seen)
    return seen


def _is_fresh(work: Work, code: str, seen: Pulse | None) -> bool:
    """Return whether the lines of a property are what its sources make them."""
    return _is_made(work, code, seen) and not former.codes(work.conn, work.settings, code)


def _is_made(work: Work, code: str, seen: Pulse | None) -> bool:
    return seen is not None and seen.note == source_mark(work.settings, work.datamap, code)


def sync(work: Work) -> Changes:
    """Reconcile every property and the labels with their sources; return what changed.

    :param work: the open transaction.
    """
    done = [_sync(work, code) for code in (LABELS, *sorted(work.settings.properties))]
    return Changes(
        tuple(line for changes in done for line in changes.added),
        tuple(line for changes in done for line in changes.moved),
        tuple(line for changes in done for line in changes.ended),
    )


def drawn(work: Work, code: str) -> list[Line]:
    """Return the lines as a reconciliation would leave them; nothing is written."""
    bound = _bound(work, code)
    return _changes(work, code, bound).apply(bound)


def _changes(work: Work, code: str, bound: list[Line]) -> Changes:
    first = not bound and former.is_first(work.conn, work.settings, code)
    sources = lines_said(work.conn, work.settings, work.datamap, code)
    return reconcile(bound, sources, today(work), first, begins(work, code))


def _bound(work: Work, code: str) -> list[Line]:
    """Return the lines of a property that have not ended, those of its former codes included."""
    own, old = _both(work.conn, work.settings, code)
    if not own and not old and former.is_first(work.conn, work.settings, code):
        return former.inherited(work, code)
    return _adopted(work, code, (own, old)).apply([*own, *old])


def _adopted(work: Work, code: str, both: tuple[list[Line], list[Line]]) -> Changes:
    return adopted(*both, today(work), begins(work, code))


def _both(conn: Connection, settings: Settings, code: str) -> tuple[list[Line], list[Line]]:
    old = former.codes(conn, settings, code)
    return known(conn, code), [line for each in old for line in known(conn, each)]


def _adopt(work: Work, code: str) -> None:
    """Put the lines of a property's former codes under the code it has now, none of them twice."""
    old = former.codes(work.conn, work.settings, code)
    if not old:
        return
    changes = _adopted(work, code, _both(work.conn, work.settings, code))
    for line in changes.ended:
        change(work, replace(line, state=LineState.ENDED), ended_at=work.stamp)
    for line in changes.moved:
        # People allowed it for other rows than those it would end now.
        change(work, line, **(NOBODY if line.state is LineState.COMING else {}))
    for line in changes.added:
        add(work, code, line)
    table = tables.rule
    forget(work)
    work.conn.execute(update(table).where(table.c.property.in_(old)).values(property=code))


def _sync(work: Work, code: str) -> Changes:
    name = pulse_name(code)
    if pulse.look(work.conn, name, lock=True) is None:
        # Two processes that begin a rulebook at once take turns on this row.
        pulse.put(work.conn, name, Pulse(work.stamp))
        pulse.look(work.conn, name, lock=True)
    _adopt(work, code)
    begun = [] if known(work.conn, code) else _bound(work, code)
    for line in begun:
        add(work, code, line)
    changes = _changes(work, code, known(work.conn, code))
    _write(work, code, changes)
    changes = replace(changes, added=(*begun, *changes.added))
    _tell(work, code, changes)
    mark = source_mark(work.settings, work.datamap, code)
    pulse.put(work.conn, name, Pulse(work.stamp, mark))
    return changes


def _write(work: Work, code: str, changes: Changes) -> None:
    before = {line.id: line for line in known(work.conn, code)}
    for line in changes.added:
        add(work, code, line)
    for line in changes.moved:
        old = before[line.id]
        more: dict[str, Any] = {}
        if line.signed and not old.signed:
            more["signed_at"] = work.stamp
        if line.state is not old.state:
            leaves = line.state is LineState.LEAVING
            more |= {"gone_at": work.stamp} if leaves else NOBODY
        change(work, line, **more)
    for line in changes.ended:
        change(work, replace(line, state=LineState.ENDED), ended_at=work.stamp)


def _tell(work: Work, code: str, changes: Changes) -> None:
    new = [*changes.added, *changes.moved]
    told = {
        "added": len(changes.added),
        "leaving": sum(line.state is LineState.LEAVING for line in new),
        "coming": sum(line.state is LineState.COMING for line in new),
        "ended": len(changes.ended),
    }
    counts = {name: count for name, count in told.items() if count}
    if counts:
        for controller in controllers(work, code):
            work.events.append(RulesChanged(controller, code, counts=counts))


def controllers(work: Work, code: str) -> list[str]:
    """Return whose journal a line goes to: the property's, or everybody's where it is a label."""
    return [work.settings.property(code).controller] if code else brake.controllers(work)
