"""Invented guests as rows: who switched them on, what is theirs, and what may go with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select, update

from ...core.canary import KIND, Canary, Invented, Sighting
from ...core.errors import ErasureError, SealError, UnknownError
from ...core.events import SYSTEM, CanaryLooked, CanarySwitched
from ...core.finding import Finding, Severity
from ...core.log import canonical, slug
from ...core.permissions import Permission
from ...core.plan import Person, Plan, key_text
from ...core.seal import Terms
from .. import tables
from ..access import actors, firsts, pulse
from ..access.pulse import Pulse
from ..boxes import safe
from ..casework.cases import Case
from ..work import Work

BORN, WAITING, GONE, BACK, STOPPED, ENDED = (
    "born", "waiting", "gone", "back", "stopped", "ended",
)  # fmt: skip
"""States: booked; its erasure waits; looked for and seen nowhere; seen; not erased; over."""

LASTING = timedelta(hours=24)
"""How long the first person's word waits for the second one's."""

BOX_DAYS = 400

_ON = "on"


@dataclass(frozen=True)
class Bird:
    """One invented guest.

    :param id: its number.
    :param request: number of its request, or None before it has one.
    :param state: where it stands.
    :param invented: who it says it is.
    :param rows: table and key, as text, of every row that was made for it.
    :param people: those of them that stand for the guest, once they are committed.
    """

    id: int
    request: str | None
    state: str
    invented: Invented
    rows: frozenset[tuple[str, str]] = frozenset()
    people: frozenset[tuple[str, str]] = frozenset()


def _name(code: str) -> str:
    return f"canary-{code}"[:40]


def switch(work: Work, code: str, by: str) -> bool:
    """Let invented guests go through a property, once two people said so.

    They are the two pairs of eyes for each of them: what is erased is nobody's, and only that.

    :param work: the open transaction.
    :param code: code of the property.
    :param by: the host's id of who says it.
    :return: whether that was the second person.
    :raises ForbiddenError: they may not decide about the law at this property.
    :raises FourEyesError: they were the first person.
    """
    place = work.settings.property(code)
    actor = actors.allow(work, by, Permission.LAW, code)
    before = pulse.look(work.conn, _name(code), lock=True)
    if before is not None and before.second is not None:
        return True
    mine = Pulse(work.stamp, _ON, actor)
    if before is None or not firsts.second(work, _name(code), before, mine, LASTING):
        firsts.say(work, _name(code), mine)
        return False
    pulse.put(work.conn, _name(code), replace(before, at=work.stamp, second=actor))
    work.events.append(
        CanarySwitched(slug(place.controller), code, actor=actor, grounds=("on",))
    )
    return True


def stop(work: Work, code: str, by: str) -> None:
    """Let no more invented guests go through a property; one person is enough.

    :raises ForbiddenError: they may not decide about the law at this property.
    """
    place = work.settings.property(code)
    actor = actors.allow(work, by, Permission.LAW, code)
    if pulse.look(work.conn, _name(code), lock=True) is not None:
        pulse.take(work.conn, _name(code))
        work.events.append(
            CanarySwitched(slug(place.controller), code, actor=actor, grounds=("off",))
        )


def approvers(work: Work, code: str) -> tuple[str, str] | None:
    """Return the two people who switched canaries on at a property, or None while they are off."""
    found = pulse.look(work.conn, _name(code))
    if found is None or found.by is None or found.second is None:
        return None
    return found.by, found.second


def listed(work: Work, by: str | None) -> list[dict[str, Any]]:
    """Return how canaries stand, the newest first, where a person decides about the law.

    :param by: the host's id of who asks; None at a console.
    """
    codes = [
        code
        for code in work.settings.properties
        if by is None or actors.may(work, by, Permission.LAW, code)
    ]
    table = tables.canary
    rows = work.conn.execute(
        select(table).where(table.c.property.in_(codes)).order_by(table.c.id.desc()).limit(100)
    ).all()
    return [
        {
            "id": row.id,
            "property": row.property,
            "number": row.request,
            "state": row.state,
            "born_at": row.born_at,
            "looked_at": row.looked_at,
            "seen": json.loads(row.found) if row.found else {},
        }
        for row in rows
    ]


def on(work: Work) -> dict[str, bool]:
    """Return property -> whether canaries are on; False while one person's word waits."""
    names = {code: _name(code) for code in work.settings.properties}
    there = pulse.look_at(work.conn, *names.values())
    found = {code: there[name] for code, name in names.items() if name in there}
    return {
        code: said.by is not None and said.second is not None
        for code, said in found.items()
        if said.second is not None or work.stamp - said.at <= LASTING
    }


def said_first(work: Work, by: str) -> list[str]:
    """Return the properties of which a person said it first, and another one must say so."""
    return [
        code
        for code, both in on(work).items()
        if not both and firsts.waits_for_another(work, _name(code), by, LASTING)
    ]


def newest(work: Work, code: str) -> Any:
    """Return the newest row of a property that is not over, locked, or None."""
    table = tables.canary
    return work.conn.execute(
        select(table)
        .where(table.c.property == code, table.c.state.not_in([ENDED]))
        .order_by(table.c.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def open_rows(work: Work, code: str) -> Sequence[Any]:
    """Return the rows of a property's canaries that are not over."""
    table = tables.canary
    mine = select(table).where(table.c.property == code, table.c.state != ENDED)
    return work.conn.execute(mine).all()


def begin(work: Work, canary: Canary, invented: Invented) -> int:
    """Write down that an invented guest is about to be, before there is any; return its number."""
    place = work.settings.home(canary.property)
    box = _seal(work, place.controller, invented, ())
    done = work.conn.execute(
        insert(tables.canary).values(
            property=canary.property, box=box, state=BORN, born_at=work.stamp
        )
    )
    return int(done.inserted_primary_key[0])  # type: ignore[index] # a table with a serial has one


def _seal(
    work: Work,
    controller: str,
    invented: Invented,
    rows: Iterable[tuple[str, str]],
    people: Iterable[tuple[str, str]] = (),
) -> str:
    ends = (work.now.date() + timedelta(days=BOX_DAYS)).isoformat()
    value = {
        "values": invented.as_dict(),
        "rows": sorted(map(list, rows)),
        "people": sorted(map(list, people)),
    }
    return safe.keep(work, Terms(slug(controller), KIND, ends), value)


def bird(work: Work, row: Any) -> Bird | None:
    """Return the canary a row stands for, or None when its values are gone."""
    try:
        value = safe.read(work, row.box) if row.box else None
    except (SealError, UnknownError):
        value = None
    if value is None:
        return None
    rows, people = (
        frozenset((table, key) for table, key in value.get(name, ())) for name in ("rows", "people")
    )
    return Bird(row.id, row.request, row.state, Invented(**value["values"]), rows, people)


def booked(
    work: Work, id: int, invented: Invented, rows: Iterable[tuple[str, str]], who: Iterable[Person]
) -> None:
    """Write down which rows are made for a canary, in the transaction that makes them.

    Whatever happens after their commit, they are known to be nobody's, and go.
    """
    people = [(name, key_text(key)) for name, key in who]
    _rebox(work, id, invented, rows, people)


def made(
    work: Work, id: int, number: str, invented: Invented, rows: Iterable[tuple[str, str]]
) -> None:
    """Write down which rows were made for a canary, and the request that lets them go."""
    _rebox(work, id, invented, rows, ())
    note(work, id, request=number, state=WAITING)


def anew(work: Work, bird: Bird, who: Iterable[Person]) -> None:
    """Write down that a canary which was stopped is to be asked for again.

    :param work: the open transaction.
    :param bird: the canary, as it was stopped.
    :param who: the people that stand for it.
    """
    booked(work, bird.id, bird.invented, bird.rows, who)
    note(work, bird.id, request=None, state=BORN)


def _rebox(
    work: Work,
    id: int,
    invented: Invented,
    rows: Iterable[tuple[str, str]],
    people: Iterable[tuple[str, str]],
) -> None:
    row = work.conn.execute(select(tables.canary).where(tables.canary.c.id == id)).one()
    controller = work.settings.home(row.property).controller
    safe.drop(work, row.box)
    note(work, id, box=_seal(work, controller, invented, rows, people))


def note(work: Work, id: int, **values: Any) -> None:
    """Write something about a canary down."""
    work.conn.execute(update(tables.canary).where(tables.canary.c.id == id).values(**values))


def end(work: Work, rows: Sequence[Any]) -> None:
    """End canaries: their values are not needed any more."""
    for row in rows:
        safe.drop(work, row.box)
        note(work, row.id, box=None, state=ENDED, ended_at=work.stamp)


def tell(work: Work, id: int, seen: Sighting) -> None:
    """Write down where a canary was seen, and note it in the journal."""
    row = work.conn.execute(select(tables.canary).where(tables.canary.c.id == id)).one()
    state = BACK if seen.back else GONE
    found = canonical(seen.as_dict()).decode()
    note(work, id, state=state, looked_at=work.stamp, found=found)
    counts = {
        name: sum(places.values())
        for name, places in seen.as_dict().items()
        if isinstance(places, Mapping)
    }
    place = work.settings.home(row.property)
    work.events.append(CanaryLooked(
        slug(place.controller), place.code, row.request or "", SYSTEM,
        counts | {"left": seen.left}, (state,),
    ))  # fmt: skip


def require(work: Work, case: Case, plan: Plan) -> None:
    """Go on only when nothing goes with a canary but the rows that were made for it.

    Whatever was attached to it since, by a merge of profiles or by somebody who wanted a record
    to be gone, is not erased without two people who read what it is.

    :param work: the open transaction.
    :param case: the request, of any kind.
    :param plan: what would be done now.
    :raises ErasureError: another row would go, or it cannot be told which rows are the canary's.
    """
    if case.kind != KIND:
        return
    table = tables.canary
    row = work.conn.execute(select(table).where(table.c.request == case.number)).one_or_none()
    known = None if row is None else bird(work, row)
    if known is None or not _only(plan, known.rows):
        raise ErasureError(
            "This would erase rows that were not made for the canary; nothing was changed.",
            "Look at what was attached to the invented guest, and file a request of its own.",
        )


def _only(plan: Plan, rows: frozenset[tuple[str, str]]) -> bool:
    who = set(plan.people)
    return all(
        (step.decision.table, key_text(row.key)) in rows
        and {person for person, _ in row.owners} <= who
        and not row.others
        for step in plan.steps
        for row in step.rows
    ) and all((name, key_text(key)) in rows for name, key in plan.people)


def is_one(work: Work, number: str | None) -> bool:
    """Return whether a request is an invented guest's; None is nobody's."""
    table = tables.request
    mine = select(table.c.id).where(table.c.number == number, table.c.kind == KIND)
    return number is not None and work.conn.execute(mine).first() is not None


def rows_of(plan: Plan) -> set[tuple[str, str]]:
    """Return table and key, as text, of every row a plan names, people included."""
    return {
        *((s.decision.table, key_text(row.key)) for s in plan.steps for row in s.rows),
        *((name, key_text(key)) for name, key in plan.people),
    }


def strangers(plan: Plan, who: Sequence[Person]) -> bool:
    """Return whether a plan names rows that are somebody else's too."""
    mine = set(who)
    return any(
        row.others or {person for person, _ in row.owners} - mine
        for step in plan.steps
        for row in step.rows
    )


def _wrong(work: Work, row: Any) -> bool:
    """Return whether a canary was seen or stopped, or whoever made it died over it."""
    lost: bool = row.state == BORN and work.stamp - row.born_at > LASTING
    return row.state in (BACK, STOPPED) or lost


def findings(work: Work) -> list[Finding]:
    """Return where the newest canary of a property was seen, or that it could not be erased."""
    found = []
    table = tables.canary
    for code in sorted(work.settings.properties):
        row = work.conn.execute(
            select(table).where(table.c.property == code).order_by(table.c.id.desc()).limit(1)
        ).one_or_none()
        if row is not None and _wrong(work, row):
            what = "came back" if row.state == BACK else "could not be erased"
            found.append(Finding(
                "canary-back", "", code, f"An invented guest {what}, as a real one would.",
                "Look where with `flask guesterase canary`, and close that way.", Severity.WARN,
            ))
    return found
