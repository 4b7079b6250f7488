"""What the register of erasures is told: rows by keyed marks, and what was decided about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Row, select

from ...core.errors import KeyMissingError
from ...core.image import Cell
from ...core.log import canonical
from ...core.plan import Key, Outcome, Person, Plan, Step, key_text
from ...core.remembrance import Kind, Note, Trace
from ...core.seal import fingerprint
from .. import tables
from ..casework.cases import Case
from ..erasing.carrying import known
from ..journaling.journal import stamp
from ..mapping.raw import reader
from ..retaining.keeping import Origin
from ..work import Work
from . import months
from .remembering import register


def key_of(work: Work, month: str) -> bytes:
    """Return the key of the marks of a month.

    :param month: ``YYYY-MM``.
    :raises KeyMissingError: it was destroyed, because no copy of the database is so old.
    """
    return work.custodian.mortal(months.label(month), "marks")


def own_key(work: Work, month: str) -> bytes:
    """Return the key of a month, made when nothing was marked in that month before.

    A second key for a month would make rows that were marked with the first look gone.

    :param month: ``YYYY-MM``.
    :raises KeyMissingError: it was there and is not any more.
    """
    try:
        return key_of(work, month)
    except KeyMissingError:
        if not _marked(work, month):
            work.custodian.ensure(months.label(month))
        # Another process may have made it, and have used it, in the meantime.
        return key_of(work, month)


def _marked(work: Work, month: str) -> bool:
    file = register(work)
    return file is not None and any(
        line.month == month and line.note.rows for line in file.lines()[0]
    )


def row_mark(key: bytes, table: str, row: Key) -> str:
    """Return the mark of a row.

    :param key: key of the month.
    :param table: name of the table.
    :param row: the row's key.
    """
    return text_mark(key, table, key_text(row))


def text_mark(key: bytes, table: str, text: str) -> str:
    """Return the mark of a row whose key is known as text."""
    return fingerprint(key, "row", f"{table}|{text}")


def people(work: Work, key: bytes, who: Iterable[Person]) -> dict[Person, Trace]:
    """Return who is in subject rows, by marks of what identifies them; those that are there.

    :param work: the open transaction.
    :param key: key of the month.
    :param who: subject rows.
    """
    found = {}
    for person, on_file in known(work.conn, work.datamap, who).items():
        values = {"name": on_file.name}
        values |= {f"contact:{name}": value for name, value in on_file.contacts.items()}
        values |= {f"match:{name}": value for name, value in on_file.values.items()}
        marks = {
            name: fingerprint(key, "value", f"{name}|{_plain(value)}")
            for name, value in values.items()
            if _plain(value)
        }
        found[person] = Trace(person[0], row_mark(key, *person), marks)
    return found


def _plain(value: str) -> str:
    return " ".join(value.casefold().split())


def records(
    work: Work, key: bytes, table: str, keys: Sequence[Key], columns: Iterable[str] = ()
) -> dict[Key, Trace]:
    """Return rows of any table, by marks of what stands in their columns; those that are there.

    :param work: the open transaction.
    :param key: key of the month.
    :param table: name of the table.
    :param keys: keys of the rows.
    :param columns: the columns; all of the table's when empty.
    """
    reads = reader(work.conn, work.datamap.declared(table), work.live())
    names = list(columns) or reads.names()
    return {
        row: Trace(
            table, row_mark(key, table, row), {cell.name: _cell_mark(key, cell) for cell in cells}
        )
        for row, cells in reads.read(list(keys), names).items()
    }


def _cell_mark(key: bytes, cell: Cell) -> str:
    text = canonical([cell.form.value, cell.value]).decode()
    return fingerprint(key, "cell", f"{cell.name}|{text}")


def note(work: Work, origin: Origin, plan: Plan) -> Note | None:
    """Return what the register is told of a plan before it is carried out, or None: nothing.

    :param work: the open transaction, in which the rows are still as they were.
    :param origin: on whose behalf it is carried out.
    :param plan: the plan.
    :raises KeyMissingError: the key of this month's marks is lost, so nothing may be erased.
    """
    if not work.settings.register or not plan.changing():
        return None
    month = work.today[:7]
    key = own_key(work, month)
    held = plan.untouched()
    who = [person for person in plan.people if person not in held]
    rows = list(people(work, key, who).values())
    kind = Kind.INTENT if rows else Kind.ENDED
    if not rows:
        rows = [each for step in plan.changing() for each in _ended(work, key, step)]
    return Note(
        kind,
        origin.controller,
        origin.property,
        origin.number or "",
        tuple(rows),
        tuple(_did(plan)),
        tuple(sorted(row_mark(key, *person) for person in plan.touched())),
        _facts(work, origin),
    )


def _ended(work: Work, key: bytes, step: Step) -> list[Trace]:
    keys = [row.key for row in step.rows]
    columns = () if step.decision.outcome is Outcome.DELETE else step.decision.columns
    return list(records(work, key, step.decision.table, keys, columns).values())


def _did(plan: Plan) -> list[dict[str, Any]]:
    known = {
        (d.table, d.outcome.value, d.columns, d.until)
        for d in (step.decision for step in plan.steps)
    }
    return [
        {"table": table, "outcome": outcome, "columns": list(columns), "until": until}
        for table, outcome, columns, until in sorted(known)
    ]


def _facts(work: Work, origin: Origin) -> Mapping[str, str]:
    """Return of a request what is needed to know it again where the database has forgotten it."""
    if origin.number is None:
        return {}
    table = tables.request
    names = (
        "channel", "lang", "due_on", "received_at", "decided_at", "asked_by", "verified_by",
        "decided_by", "kind",
    )  # fmt: skip
    row = work.conn.execute(
        select(*(table.c[name] for name in names)).where(table.c.number == origin.number)
    ).one_or_none()
    if row is None:
        return {}
    texts = {
        name: stamp(value) if name.endswith("_at") else str(value)
        for name, value in row._mapping.items()
        if value
    }
    return {name: text for name, text in texts.items() if len(text) <= 60}


def held(work: Work, hold: Row[Any]) -> Note:
    """Return what the register is told of a hold that was placed.

    Where the key of this month's marks is lost it names no row: the hold is about the property.

    :param work: the open transaction.
    :param hold: the row of the hold.
    """
    rows: tuple[Trace, ...] = ()
    if hold.row_key:
        with suppress(KeyMissingError):
            mark = text_mark(own_key(work, work.today[:7]), hold.table_name, hold.row_key)
            rows = (Trace(hold.table_name, mark),)
    return Note(
        Kind.HOLD, hold.controller, hold.property, "", rows,
        facts={**_name(hold), "scope": hold.scope},
    )  # fmt: skip


def lifted(hold: Row[Any]) -> Note:
    """Return what the register is told of a hold that was lifted."""
    return Note(Kind.LIFTED, hold.controller, hold.property, facts=_name(hold))


def _name(hold: Row[Any]) -> dict[str, str]:
    return {"hold": f"h{hold.id}:{stamp(hold.placed_at)}"}


def undone(case: Case, kind: Kind, why: str) -> Note:
    """Return what the register is told of a decision that stands no more.

    :param case: the request.
    :param kind: RESTORED when rows were brought back, OVERTURNED when it was taken back.
    :param why: one word.
    """
    return Note(kind, case.controller, case.property, case.number, facts={"why": why})
