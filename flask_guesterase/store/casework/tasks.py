"""What people must do by a day: paper to destroy above all, signed with how much it was."""

from __future__ import annotations

import secrets
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, false, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from ...core.errors import InputError, TransitionError, UnknownError
from ...core.events import SYSTEM, PaperDue, TaskDone
from ...core.log import slug
from ...core.permissions import Permission
from .. import tables
from ..access import actors, brake, pulse
from ..access.pulse import Pulse
from ..statements.paging import paged
from ..statements.sql import chunks, skips
from ..work import Work

PAPER = "paper"
"""Kind of the tasks to destroy paper."""

RECIPIENT = "recipient"
"""Kind of the tasks to tell somebody who holds copies."""

NEW_ROOT, OLD_ROOT = "root-new", "root-old"
"""Kinds of the tasks to copy a new root of the keys, and to destroy the copies of an old one."""

REGISTER = "register"
"""Kind of the tasks to look into lines of the guest register that are missed."""

UNDONE = "undone"
"""Kind of the tasks to take an erasure back again that a restored database knows as standing."""

ON_PAPER = frozenset(
    {"correspondence", "guest_register", "identity_document_copy", "invoice_accounting"}
)
"""Retention categories whose records a hotel may hold on paper too."""

PAGE = 50
"""Tasks on a page: a house signs thousands in a year."""

MOST = 1_000_000


def paper(work: Work, ended: Mapping[tuple[str, str], int]) -> int:
    """Ask people to destroy the paper of records that ended, one task a month and category.

    :param work: the open transaction.
    :param ended: property and category -> how many rows ended.
    :return: how many tasks were made, or grew.
    """
    done = 0
    for (code, category), count in sorted(ended.items()):
        place = work.settings.properties.get(code)
        if place is None or category not in ON_PAPER or count < 1:
            continue
        today = _today(work, code)
        expected = _grow(work, f"{code}/{category}/{today:%Y-%m}", count)
        if expected is None:
            _add(work, code, category, today, count)
        work.events.append(
            PaperDue(
                slug(place.controller), code, actor=SYSTEM, counts={"rows": count},
                grounds=(category,),
            )
        )  # fmt: skip
        done += 1
    return done


_GONE = "gone:"
"""What a batch notes of records whose paper is to be destroyed, until a sweep asks for it."""


def note(work: Work, ended: Mapping[tuple[str, str], int]) -> None:
    """Note what ended in this transaction, for `noted`; nobody waits for anybody's count.

    :param work: the open transaction.
    :param ended: property and category -> how many rows ended.
    """
    for (code, category), count in sorted(ended.items()):
        if category in ON_PAPER and count > 0:
            name = _GONE + secrets.token_hex(12)
            pulse.put(work.conn, name, Pulse(work.stamp, f"{count}|{category}|{code}"))


def noted(work: Work) -> dict[tuple[str, str], int]:
    """Return what was noted since it was asked for last, and forget the notes.

    :param work: the open transaction.
    """
    table = tables.pulse
    wanted = select(table.c.name, table.c.note).where(table.c.name.like(f"{_GONE}%"))
    # What another sweep that ends now has read is counted there.
    rows = work.conn.execute(wanted.with_for_update(skip_locked=skips(work.conn))).all()
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        count, category, code = row.note.split("|", 2)
        counts[code, category] = counts.get((code, category), 0) + int(count)
    for part in chunks(row.name for row in rows):
        work.conn.execute(delete(table).where(table.c.name.in_(part)))
    return counts


def _grow(work: Work, name: str, count: int) -> int | None:
    """Add to the open task of this name; return what it is about now, or None without one."""
    table = tables.task
    row = work.conn.execute(
        select(table.c.id, table.c.count.label("expected"))
        .where(_named(name), table.c.done_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    whole: int = (row.expected or 0) + count
    work.conn.execute(update(table).where(table.c.id == row.id).values(count=whole))
    return whole


def _add(work: Work, code: str, category: str, today: date, count: int) -> None:
    table = tables.task
    name = f"{code}/{category}/{today:%Y-%m}"
    before = len(work.conn.execute(select(table.c.id).where(_named(name))).all())
    end = today.replace(day=monthrange(today.year, today.month)[1])
    work.conn.execute(
        insert(table).values(
            controller=slug(work.settings.property(code).controller),
            property=code,
            kind=PAPER,
            name=f"{name}/{before + 1}" if before else name,
            due_on=end.isoformat(),
            count=count,
            made_at=work.stamp,
        )
    )


def _named(name: str) -> ColumnElement[bool]:
    """Return the condition on the tasks of a month: the first, and those after it was signed."""
    column = tables.task.c.name
    later = column.startswith(f"{name}/", autoescape=True)
    return (tables.task.c.kind == PAPER) & or_(column == name, later)


def ask(
    work: Work, code: str, name: str, due_on: date, count: int, controller: str = ""
) -> int:
    """Ask a person to tell somebody who holds copies; return the number of the task.

    An open task of this name grows instead.

    :param work: the open transaction.
    :param code: code of the property.
    :param name: property, recipient and what tells tasks apart, with ``/`` between.
    :param due_on: day by which it should be done.
    :param count: about how many guests it is.
    :param controller: slug of who answers for it; whoever answers for the property when empty.
    """
    table = tables.task
    mine = table.c.kind == RECIPIENT, table.c.name == name
    wanted = select(table.c.id, table.c.done_at).where(*mine).with_for_update()
    row = work.conn.execute(wanted).one_or_none()
    if row is None:
        values = {
            "controller": controller or slug(work.settings.property(code).controller),
            "property": code, "kind": RECIPIENT, "name": name, "due_on": due_on.isoformat(),
            "count": count, "made_at": work.stamp,
        }  # fmt: skip
        try:
            with work.conn.begin_nested():
                made = work.conn.execute(insert(table).values(values))
            return int(cast(Any, made.inserted_primary_key)[0])
        except IntegrityError:
            # Somebody else's transaction asked for it first.
            row = work.conn.execute(wanted).one()
    more: dict[str, Any] = {"count": count, "done_by": None, "done_at": None}
    if row.done_at is None:
        more = {"count": table.c.count + count}
    work.conn.execute(update(table).where(table.c.id == row.id).values(**more))
    return int(row.id)


def house(work: Work, kind: str, name: str, due_on: date) -> int:
    """Ask the people who decide about the law for something of the whole house, once.

    :param work: the open transaction.
    :param kind: kind of the task.
    :param name: what it is about; there is one task of each name.
    :param due_on: day by which it should be done.
    :return: how many tasks were made.
    """
    table = tables.task
    mine = table.c.kind == kind, table.c.name == name
    if work.conn.execute(select(table.c.id).where(*mine)).first() is not None:
        return 0
    work.conn.execute(
        insert(table).values(
            controller="", property="", kind=kind, name=name, due_on=due_on.isoformat(),
            made_at=work.stamp,
        )
    )  # fmt: skip
    return 1


def close_house(work: Work, kind: str, actor: str) -> None:
    """Note who did the open tasks of a kind by another door than their own list.

    :param work: the open transaction.
    :param kind: kind of the tasks.
    :param actor: opaque number of the person.
    """
    table = tables.task
    work.conn.execute(
        update(table)
        .where(table.c.kind == kind, table.c.done_at.is_(None))
        .values(done_by=actor, done_at=work.stamp)
    )


def look_into(work: Work, code: str, name: str, due_on: date, count: int) -> None:
    """Ask people to look into lines of the guest register that vanished.

    :param work: the open transaction.
    :param code: code of the property.
    :param name: property, table and night, with ``/`` between.
    :param due_on: day by which it should be done.
    :param count: how many lines it is.
    """
    work.conn.execute(
        insert(tables.task).values(
            controller=slug(work.settings.property(code).controller),
            property=code,
            kind=REGISTER,
            name=name,
            due_on=due_on.isoformat(),
            count=count,
            made_at=work.stamp,
        )
    )


def take_back(work: Work, number: str, code: str, controller: str, due_on: str) -> None:
    """Ask people to take an erasure back again, which a restored database has forgotten; once.

    :param work: the open transaction.
    :param number: number of the request.
    :param code: code of the property.
    :param controller: who answers for it.
    :param due_on: last day on which it can be taken back, ISO.
    """
    table = tables.task
    mine = table.c.kind == UNDONE, table.c.name == number
    if work.conn.execute(select(table.c.id).where(*mine)).first() is None:
        work.conn.execute(
            insert(table).values(
                controller=slug(controller), property=code, kind=UNDONE, name=number,
                due_on=due_on, made_at=work.stamp,
            )
        )  # fmt: skip


def close(work: Work, id: int, actor: str) -> None:
    """Note who did an open task by another door than its own list.

    :param work: the open transaction.
    :param id: number of the task.
    :param actor: opaque number of the person.
    """
    table = tables.task
    work.conn.execute(
        update(table)
        .where(table.c.id == id, table.c.done_at.is_(None))
        .values(done_by=actor, done_at=work.stamp)
    )


def listed(
    work: Work, by: str | None, done: bool = False, page: int = 0
) -> Sequence[Mapping[str, Any]]:
    """Return tasks, the most urgent or the last signed first: where a person may act.

    :param work: the open transaction.
    :param by: the host's id of who asks; None at a console.
    :param done: the signed ones instead of the open ones.
    :param page: number of a page of `PAGE`, of which one more says that another one follows; 0 for
        all of them.
    :raises InputError: there is no such page.
    """
    table = tables.task
    wanted = select(table, table.c.count.label("expected")).where(
        table.c.done_at.is_not(None) if done else table.c.done_at.is_(None)
    )
    if by is not None:
        places = [code for code in (*work.settings.properties, "") if _may(work, by, code)]
        wanted = wanted.where(table.c.property.in_(places) if places else false())
    order = (table.c.done_at.desc(), table.c.id.desc()) if done else (table.c.due_on, table.c.id)
    rows = work.conn.execute(paged(wanted.order_by(*order), page, PAGE)).all()
    told = _told(work, [row.id for row in rows if row.kind == RECIPIENT])
    return [
        {
            **told.get(row.id, _NOBODY),
            "id": row.id,
            "property": row.property,
            "kind": row.kind,
            "name": row.name,
            "category": row.name.split("/")[1] if "/" in row.name else "",
            "due_on": row.due_on,
            "late": row.done_at is None and row.due_on < _today(work, row.property).isoformat(),
            "count": row.expected,
            "done_by": row.done_by,
            "done_at": row.done_at,
        }
        for row in rows
    ]


def _today(work: Work, code: str) -> date:
    """Return the day at a property; of the house, and of one that is gone, the UTC day."""
    place = work.settings.properties.get(code)
    return work.now.astimezone(ZoneInfo("UTC" if place is None else place.zone)).date()


_NOBODY: Mapping[str, Any] = {"recipient": "", "request": "", "notice": None}


def _told(work: Work, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """Return task -> who is to be told, of which request where it is one alone, and the notice."""
    table = tables.delivery
    found: dict[int, Mapping[str, Any]] = {}
    for part in chunks(ids):
        rows = work.conn.execute(
            select(table.c.task, table.c.recipient, table.c.request, table.c.id)
            .where(table.c.task.in_(part))
            .order_by(table.c.id.desc())
        )
        for row in rows:
            known = found.get(row.task, {"request": row.request or ""})["request"]
            alone = known if known == (row.request or "") else ""
            found[row.task] = {"recipient": row.recipient, "request": alone, "notice": row.id}
    return found


def sign(work: Work, id: int, count: int, by: str) -> None:
    """Sign that a task is done.

    :param work: the open transaction.
    :param id: number of the task.
    :param count: how much it was: sheets, forms, copies.
    :param by: the host's id of who did it.
    :raises UnknownError: there is no such task where they may act.
    :raises InputError: that is no count.
    :raises TransitionError: it was signed before.
    """
    table = tables.task
    wanted = select(table, table.c.count.label("expected")).where(table.c.id == id)
    row = work.conn.execute(wanted.with_for_update()).one_or_none()
    if row is None or not _may(work, by, row.property):
        raise UnknownError("There is no such task.", "Look at the list of tasks.")
    if not 0 <= count <= MOST:
        raise InputError("This is no count.", "Write how much it was, for example 12.")
    if row.done_at is not None:
        raise TransitionError("This task was signed before.", "There is nothing left to do.")
    actor = actors.acting(work, by)
    work.conn.execute(
        update(table)
        .where(table.c.id == id)
        .values(count=count, done_by=actor, done_at=work.stamp)
    )
    counts = {"expected": row.expected or 0, "done": count}
    names = [row.controller] if row.controller else brake.controllers(work)
    work.events += [
        TaskDone(name, row.property, actor=actor, counts=counts, grounds=(row.kind,))
        for name in names
    ]


def _may(work: Work, by: str, code: str) -> bool:
    """Return whether a person may act on a property's tasks; on those of the house, anywhere."""
    places = [code] if code else list(work.settings.properties)
    rights = (Permission.ERASE, Permission.LAW) if code else (Permission.LAW,)
    return any(actors.may(work, by, right, place) for place in places for right in rights)
