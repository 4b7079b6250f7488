"""A hold is placed: on a row, on a person, or on what a query of the host names."""

from __future__ import annotations

from sqlalchemy import select

from ...core.errors import ForbiddenError, InputError, SealError, UnknownError
from ...core.events import HoldPlaced
from ...core.holding import HOLD, Cause, Scope, Wanted
from ...core.log import slug
from ...core.permissions import Permission
from ...core.plan import Key, key_text
from ...core.seal import Terms
from ...core.standing import Standing
from .. import tables
from ..access import actors
from ..boxes import safe
from ..casework.cases import load
from ..erasing import keyed, people
from ..lawbook.clocks import places_of
from ..mapping.declared import Declared
from ..retaining import heldqueries
from ..retaining.keeping import FOREVER
from ..retaining.living import Hold
from ..settings import Property
from ..work import Work
from . import heldkeys, heldlost, heldrows, reach


def place(work: Work, wanted: Wanted, by: str) -> int:
    """Place a hold; return its number.

    An erasure that is running ends first, or begins anew and finds the hold, as those after it do.

    :param work: the open transaction.
    :param wanted: what is to be held, and why.
    :param by: the host's id of the person.
    :raises ForbiddenError: they may not place holds at the property of the query, or anywhere.
    :raises InputError: scope, reason, query or day mean nothing.
    :raises UnknownError: there is no such row, table or property; a row of a property at which
        they may not place holds is none to them.
    """
    if not any(actors.may(work, by, Permission.HOLD, c) for c in work.settings.properties):
        raise ForbiddenError(
            "This needs the permission 'hold' at a property.",
            "Ask whoever gives permissions at your hotel.",
        )
    _understand(work, wanted)
    heldrows.wait(work)
    row, places = _row_of(work, wanted)
    known = [code for code in places if code in work.settings.properties]
    # A row of a property nobody runs any more can be held by whoever may at the one they name.
    codes = known or [work.settings.property(wanted.property).code]
    if row and not all(actors.may(work, by, Permission.HOLD, code) for code in codes):
        raise _no_row(work.datamap.declared(wanted.table))
    actor = ""
    for code in codes:
        actor = actors.allow(work, by, Permission.HOLD, code)
    place_ = work.settings.property(codes[0])
    values = {
        "scope": wanted.scope,
        "table_name": _table_of(work, wanted),
        "row_key": row or None,
        "query": wanted.query or None,
        "silent": wanted.silent,
        "why": wanted.why,
        "review_on": heldrows.day(wanted.review_on) if wanted.review_on else None,
    }
    id = heldrows.put(work, HOLD, place_, actor, values)
    if wanted.scope == Scope.QUERY:
        heldqueries.note(work, id, work.queries[wanted.query])
    # Of a hold that names a place, or what a query does, no row can be missed.
    heldlost.note(work, Hold(id, wanted.scope, place_.code, wanted.table, row))
    if wanted.reference:
        _seal(work, id, place_, wanted.reference)
    boxes = heldrows.wrap(work, id)
    grounds = (wanted.why, *heldrows.silence(wanted.silent))
    heldrows.tell(work, HoldPlaced, place_, actor, {"boxes": boxes}, grounds)
    return id


def _understand(work: Work, wanted: Wanted) -> None:
    scopes = [Scope.SUBJECT.value, Scope.RECORD.value, Scope.QUERY.value]
    if wanted.scope not in scopes:
        raise InputError("There is nothing of this kind to hold.", f"Use {', '.join(scopes)}.")
    causes = [cause.value for cause in Cause]
    if wanted.why not in causes:
        raise InputError("There is no such reason for a hold.", f"Use {', '.join(causes)}.")
    if wanted.scope == Scope.QUERY and wanted.query not in work.queries:
        raise InputError(
            "The host registered no such query.", f"Known are: {', '.join(sorted(work.queries))}."
        )
    if wanted.scope == Scope.QUERY:
        work.datamap.declared(work.queries[wanted.query].on)
    if wanted.scope == Scope.SUBJECT and wanted.table not in work.datamap.subjects:
        raise InputError("Rows of this table are nobody.", "Hold the record instead.")
    if wanted.review_on:
        heldrows.day(wanted.review_on)


def _table_of(work: Work, wanted: Wanted) -> str:
    if wanted.scope == Scope.QUERY:
        return work.queries[wanted.query].on
    return wanted.table


def _row_of(work: Work, wanted: Wanted) -> tuple[str, list[str]]:
    """Return the key text of the row, locked, and the properties it may belong to."""
    if wanted.scope == Scope.QUERY:
        return "", [wanted.property]
    declared = work.datamap.declared(wanted.table)
    for key in keyed.meant(work, declared, wanted.key):
        row = keyed.there(work, declared, key, lock=True)
        if row is not None:
            own = places_of(work.conn, work.datamap, work.settings, declared, [row]).get(row)
            return key_text(row), [own or wanted.property]
        if places := _remembered(work, wanted.table, key):
            return key_text(key), places
    raise _no_row(declared)


def _no_row(declared: Declared) -> UnknownError:
    """Return the same of what is not there, of what is no key, and of a row of another hotel's."""
    key = "|".join(column.name for column in declared.key)
    return UnknownError(
        f"There is no such row in {declared.name}.",
        f"Its key is written {key}; it may have been deleted as planned.",
    )


def _remembered(work: Work, table: str, key: Key) -> list[str]:
    """Return the properties at which a row that is gone is still kept, or was erased.

    :raises SealError: nobody can tell, because a safety copy cannot be read now.
    """
    kept, subject, request = tables.kept, tables.subject, tables.request
    text, (copied, closed) = key_text(key), reach.in_copies(work, table, key)
    wanted = (
        select(kept.c.property).where(
            kept.c.table_name == table, kept.c.row_key == text, kept.c.ended_at.is_(None)
        ),
        select(request.c.property)
        .join(subject, subject.c.request == request.c.number)
        .where(subject.c.table_name == table, subject.c.row_key == text),
        select(request.c.property).where(request.c.number.in_(copied)),
    )
    found = sorted({code for each in wanted for code in work.conn.execute(each).scalars()})
    if closed and not found:
        raise SealError(
            "This row is gone, and a safety copy that may hold it cannot be read now.",
            "Freeze the property, then look at what `flask guesterase check` says of the keys.",
        )
    return found


def rows_of(work: Work, number: str, by: str) -> list[tuple[str, str]]:
    """Return (table, key text) of the people a request is about, to place a hold on each.

    :raises ForbiddenError: they may not place holds at its property.
    """
    case = load(work, number)
    actors.require(work, by, Permission.HOLD, case.property)
    return [(s.table, s.key) for s in people.subjects(work, case.number, Standing.TAKEN)]


def _seal(work: Work, id: int, hotel: Property, reference: str) -> None:
    terms = Terms(slug(hotel.controller), HOLD, FOREVER, heldkeys.label(id))
    heldrows.write(work, id, box=safe.keep(work, terms, reference))
