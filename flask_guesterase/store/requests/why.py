"""Why a row is as it is: what is declared, whose it is, what keeps it, which request touched it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from ...core.errors import InputError, UnknownError
from ...core.plan import Key, Person, key_text
from ...core.treatment import Keep, RowRule
from .. import tables
from ..erasing import keyed
from ..erasing.finder import owners
from ..erasing.people import EXPIRED
from ..mapping.declared import Declared, rule_word
from ..retaining import telling
from ..work import Work
from .bygone import ENDED


def why(work: Work, table: str, text: str) -> str:
    """Return a paragraph that explains what happens, or happened, to one row.

    :param work: the open transaction.
    :param table: name of the table.
    :param text: key of the row; parts of a composite key divided by ``|``.
    :raises UnknownError: nothing is declared about the table, or there is no such row.
    :raises InputError: the text is not a key of this table.
    """
    exempt = work.datamap.exempt.get(table)
    if exempt is not None:
        return f"{table} is exempt: {exempt.reason}. No erasure touches it."
    declared = work.datamap.declared(table)
    key = _row(work, declared, text)
    people = owners(work.conn, work.datamap, declared, [key]).get(key, set())
    return " ".join(
        [
            *_rules(declared),
            *_people(declared, people),
            *telling.told(work, declared, key, people),
            *_requests(work, {person for person, _ in people}),
        ]
    )


def _row(work: Work, declared: Declared, text: str) -> Key:
    """Return the key as the database gives it, once the row is known to be there."""
    known = keyed.meant(work, declared, text)
    if not known:
        names = "|".join(column.name for column in declared.key)
        raise InputError(f"This is not a key of {declared.name}.", f"Give {names}.")
    found = (keyed.there(work, declared, key) for key in known)
    row = next((each for each in found if each is not None), None)
    if row is None:
        raise UnknownError(
            f"There is no such row in {declared.name}.", "It may have been deleted as planned."
        )
    return row


_ROWS = {
    RowRule.OVERWRITE: "the row stays",
    RowRule.DELETE: "the row is deleted",
    RowRule.LAST_OWNER: "the row is deleted with its last owner",
}


def _rules(declared: Declared) -> list[str]:
    said = [f"When its owner is erased, {_ROWS[declared.policy.rows]}."]
    gone = [f"{name} ({rule_word(rule)})" for name, rule in sorted(declared.erase.items())]
    law = [f"{name} ({category})" for name, category in sorted(declared.retain.items())]
    kept = [
        f"{name} ({rule.reason})"
        for name, rule in sorted(declared.rules.items())
        if isinstance(rule, Keep)
    ]
    if gone:
        said.append(f"Overwritten: {', '.join(gone)}.")
    if kept:
        said.append(f"Kept: {', '.join(kept)}.")
    if law:
        said.append(f"Kept by law: {', '.join(law)}.")
    return said


def _people(declared: Declared, people: set[tuple[Person, int]]) -> list[str]:
    if not people:
        return ["It belongs to nobody, so no erasure reaches it."]
    paths = sorted({declared.paths[index].label or "itself" for _, index in people})
    count = len({person for person, _ in people})
    return [f"It belongs to {count} subject row{'s' if count > 1 else ''}, by {', '.join(paths)}."]


def _requests(work: Work, people: set[Person]) -> Sequence[str]:
    subject, request = tables.subject, tables.request
    said = []
    for table, key in sorted(people, key=lambda p: (p[0], key_text(p[1]))):
        rows = work.conn.execute(
            select(
                request.c.number, request.c.state, request.c.property, subject.c.standing,
                subject.c.erased_at,
            )
            .join(subject, subject.c.request == request.c.number)
            .where(subject.c.table_name == table, subject.c.row_key == key_text(key))
            .order_by(request.c.id)
        )
        for row in rows:
            at = row.erased_at
            erased = f", erased on {telling.on(work, row, at)}" if at else ""
            said.append(f"Request {row.number} ({row.state}): {row.standing}{erased}.")
        ended = work.conn.execute(
            select(subject.c.request, subject.c.erased_at).where(
                subject.c.table_name == table,
                subject.c.row_key == key_text(key),
                subject.c.request.in_([EXPIRED, ENDED]),
            )
        )
        for gone in ended:
            by = "without a request" if gone.request == EXPIRED else "by a request that has ended"
            said.append(f"Whom it belonged to went {by}, on {gone.erased_at.date()}.")
    return said or ["No request names its owners."]
