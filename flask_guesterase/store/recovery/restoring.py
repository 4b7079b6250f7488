"""An erasure taken back by two people: proposed by one, carried out with the word of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from ...core.canary import KIND
from ...core.errors import (
    BlockedError,
    ErasureError,
    FourEyesError,
    InputError,
    MovedError,
    SetupError,
    TransitionError,
    UnknownError,
)
from ...core.events import RestoreProposed, SubjectRestored
from ...core.image import Images
from ...core.lifecycle import DONE, State
from ...core.log import canonical
from ...core.payload import decode
from ...core.permissions import Permission
from ...core.remembrance import Kind
from ...core.restoring import Report, RestoreGround, Table, read_report
from ...core.seal import Terms
from .. import tables
from ..access import actors, brake
from ..access.sameness import same
from ..boxes import safe, vault
from ..casework.cases import Case, load, step, tell
from ..casework.contacts import end_contact
from ..certificates import certifying, laternotice
from ..certificates.deeds import uncopied
from ..journaling import approvals
from ..lawbook.blockers import today_at
from ..mapping.crossing import HOME, Crossing, at, binds_of
from ..remembrance import remembering, tracing
from ..upkeep import upgrade
from ..work import Work
from . import filesback, undoing, unfound
from .refusal import CAME, Back, Fate, Old
from .reused import reused
from .target import Target
from .together import put_back

PROPOSED, RESTORED, REFUSED = "proposed", "restored", "refused"
"""States: waits for the second person; carried out; nothing came back."""

PURPOSE = "restoration"
"""What the box of the rows that did not come back is kept for."""


def propose(work: Work, number: str, by: str, ground: str) -> int:
    """Propose to take an erasure back, as the first of two people; return the proposal's number.

    A proposal of the request that waits already gives way to it.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who proposes.
    :param ground: one of `core.restoring.RestoreGround`.
    :raises ForbiddenError: they may not restore at its property.
    :raises InputError: there is no such ground.
    :raises TransitionError: there is nothing to restore, or not any more.
    :raises BlockedError: the clock is in doubt, or the database has not caught up after a restore.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.RESTORE, case.property)
    if ground not in {each.value for each in RestoreGround}:
        known = ", ".join(each.value for each in RestoreGround)
        raise InputError("There is no such ground.", f"Use {known}.")
    ready(work, case)
    table = tables.restoration
    work.conn.execute(
        insert(table).values(
            request=case.number, controller=case.controller, property=case.property,
            ground=ground, state=PROPOSED, proposed_by=actor, proposed_at=work.stamp,
        )
    )  # fmt: skip
    made = int(work.conn.execute(
        select(func.max(table.c.id)).where(table.c.request == case.number)
    ).scalar_one())
    # Only now: a number that was read is not given again, as SQLite does with the last one.
    work.conn.execute(delete(table).where(
        table.c.request == case.number, table.c.state == PROPOSED, table.c.id != made
    ))
    tell(work, RestoreProposed, case, actor, grounds=(ground,))
    return made


def _said(work: Work, case: Case, actor: str) -> bool:
    """Return whether the journal knows who proposed: a row can be written by SQL."""
    name = RestoreProposed.name
    # Two people at a console act in one transaction, of which the journal has nothing yet.
    now = [e.actor for e in work.events if (e.number, e.name) == (case.number, name)]
    said = now or [draft.actor for draft in approvals.entries(work, case, (name,))]
    return said[-1:] == [actor]


def ready(work: Work, case: Case) -> str:
    """Return the last day, at the hotel, on which a request can be restored.

    What was kept at first and went later has a safety copy of its own. While there is that of what
    went first it comes back with the rest, and not alone after that: the erasure stands then.

    :raises TransitionError: there is nothing to restore, or not any more.
    :raises BlockedError: the clock is in doubt, or the database has not caught up after a restore.
    :raises SetupError: the register of erasures is not there; or a newer version of the package
        made our tables.
    """
    if case.state not in (*DONE, State.RESTORED) or case.kind == KIND:
        raise TransitionError(
            f"A request that is '{case.state}' cannot be restored.",
            "Only what was erased and checked can be taken back.",
        )
    last = certifying.copied_until(work, case)
    if not last:
        raise TransitionError(
            "No safety copy of this erasure was kept; there is nothing to restore.",
            "None is made where the recovery window is 0 days, of minors, and of what may not be "
            "held.",
        )
    if last < today_at(work.settings, work.now, case.property).isoformat():
        raise TransitionError(
            f"The safety copy of this erasure ended on {last}; nothing can be restored any more.",
            "Its key is destroyed. What the guest wants on file again must be entered anew.",
        )
    if case.state is not State.RESTORED:
        # Of what was taken back what did not come then may still come, part by part.
        last = certifying.first_until(work, case)
        if last < today_at(work.settings, work.now, case.property).isoformat():
            raise TransitionError(
                f"The safety copy of what went first ended on {last}; what went later does not "
                "come back alone.",
                "The erasure stands. What the guest wants on file again must be entered anew.",
            )
    brake.require(work)
    upgrade.require(work.conn)
    remembering.require(work)
    return last


def restore(work: Work, number: str, by: str, read: int | None = None) -> Report:
    """Take an erasure back that somebody else proposed to; all that can come back does.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of the second person.
    :param read: number of the proposal that they read; None for the one that waits.
    :return: what came back and what did not.
    :raises ForbiddenError: they may not restore at its property.
    :raises FourEyesError: they proposed it themselves.
    :raises UnknownError: nobody proposed it.
    :raises MovedError: another proposal took the place of the one that was read.
    :raises TransitionError: there is nothing to restore, or not any more.
    :raises BlockedError: the clock is in doubt, or the database has not caught up after a restore.
    :raises BusyError: somebody else's transaction holds the rows, or a file is being removed.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.RESTORE, case.property)
    wanted = proposal(work, case.number)
    if wanted is None or not _said(work, case, wanted.proposed_by):
        raise UnknownError("Nobody proposed to restore this request.", "Propose it first.")
    if read not in (None, wanted.id):
        raise MovedError("Another proposal took the place of this one.", "Read the new one.")
    if same(work.conn, wanted.proposed_by, actor, work.stamp):
        raise FourEyesError("They proposed it themselves.", "Let somebody else confirm it.")
    ready(work, case)
    backs = _rows(work, case)
    report = replace(_reported(backs), uncopied=uncopied((case.decisions or {}).get("did", ())))
    if any(back.fate in CAME for back in backs):
        report = _undo(work, case, actor, wanted, backs, report)
    else:
        report = replace(report, restored=False)
    ended = {
        "state": RESTORED if report.restored else REFUSED, "confirmed_by": actor,
        "confirmed_at": work.stamp, "report": report.to_json(),
        "box": _sealed(work, case, backs),
    }  # fmt: skip
    table = tables.restoration
    work.conn.execute(update(table).where(table.c.id == wanted.id).values(ended))
    return report


def _undo(
    work: Work, case: Case, actor: str, wanted: Row[Any], backs: Sequence[Back], report: Report
) -> Report:
    """Take back what hangs on the erasure, and say so to everybody who must know."""
    again, waited = case.state is State.RESTORED, case.state is State.PARTIAL
    # Before what whoever removes a file changes when they have its parcel.
    named = unfound.expected(work, backs)
    undoing.rows(work, case, backs)
    undoing.traces(work, case, actor)
    report = replace(
        report,
        files=filesback.take_back(work, case.number),
        unfound=unfound.count(work, case.number, named),
        recipients=undoing.recipients(work, case),
    )
    if not again:
        case = step(work, case, State.RESTORED, ended_at=work.stamp, try_at=None)
        undoing.revoke(work, case, actor)
        laternotice.end(work, case, "later-restored")
        work.remember.append(tracing.undone(case, Kind.RESTORED, wanted.ground))
    tell(work, SubjectRestored, case, actor, report.counts, (wanted.ground,))
    if not again:
        undoing.write_guest(work, case, wanted.ground, backs)
    if waited:
        # Of one that was done it ended with that.
        end_contact(work, case.number)
    return report


# rows


def _rows(work: Work, case: Case) -> list[Back]:
    """Put the rows of every safety copy of a request back, those of the last one first.

    What lies in other databases is committed there last of all but for the default one: what
    fails before that changes nothing, and after a crash between them who restores again finds
    those rows as they were, and goes on.
    """
    known = _done(work, case.number)
    copies = []
    for box in vault.of_request(work.conn, case.number, "recovery"):
        images = decode(vault.unseal(work.conn, work.custodian, [box])[0])
        if any(_kind(images.dialect) != _kind(name) for name in _dialects(work, images)):
            raise ErasureError(
                "The safety copy was made on another kind of database.",
                "Nothing was changed; restore it on the one it was made on.",
            )
        copies += [(images.at, image.order, box, image) for image in images.rows]
    # A large copy lies in several boxes of one moment.
    copies.sort(key=lambda each: each[:3], reverse=True)
    old = [Old(image, box) for *_, box, image in copies]
    new = [each for each in old if each.name not in known]
    backs = [Back(each, Fate.REUSED) for each in reused(work, case.number, new, old)]
    others = {back.old.name for back in backs}
    new = [each for each in new if each.name not in others]
    binds = binds_of(work.conn)
    for name in (HOME, *binds.named(each.image.table for each in new)):
        conn = work.conn.write(name) if isinstance(work.conn, Crossing) and name else work.conn
        mine = [each for each in new if binds.of(each.image.table) == name]
        backs += put_back(conn, work.datamap, work.live(), mine)
        if isinstance(work.conn, Crossing) and name:
            work.conn.ahead(name)
    work.changed |= {back.old.image.table for back in backs if back.fate is Fate.RESTORED}
    return backs + [_before(work, each) for each in old if each.name in known]


def _before(work: Work, old: Old) -> Back:
    """Return that a row came back before; what its table has no column for any more did not."""
    found = work.live().table(old.image.table)
    if found is None:
        return Back(old, Fate.ALREADY, tuple(each.name for each in old.image.columns))
    target = Target(at(work.conn, old.image.table), found, True)
    return Back(old, Fate.ALREADY, target.fits(old.image.columns)[1])


def _dialects(work: Work, images: Images) -> set[str]:
    """Return on which kinds of database the tables of a safety copy lie today."""
    return {at(work.conn, each.table).dialect.name for each in images.rows}


def _kind(dialect: str) -> str:
    return dialect.replace("mysql", "mariadb")


def _done(work: Work, number: str) -> set[tuple[str, int]]:
    """Return the images that came back before: what was done to their rows since is newer."""
    table = tables.restoration
    boxes = select(table.c.box).where(
        table.c.request == number, table.c.state == RESTORED, table.c.box.is_not(None)
    )
    return {
        (box, order)
        for each in work.conn.execute(boxes).scalars().all()
        for box, order in safe.read(work, each)["came"]
    }


def _sealed(work: Work, case: Case, backs: Iterable[Back]) -> str:
    """Seal which rows came back and which did not, until the window ends."""
    came, left = [], []
    for back in backs:
        if back.fate in CAME:
            came.append(list(back.old.name))
        else:
            key = [[c.name, c.form.value, c.value] for c in back.old.image.key]
            left.append([back.old.image.table, key, back.fate.value])
    terms = Terms(case.controller, PURPOSE, certifying.sealed_until(work, case))
    return safe.keep(work, terms, {"came": sorted(came), "left": left}, case.number)


def _reported(backs: Iterable[Back]) -> Report:
    found: dict[str, list[Back]] = {}
    for back in backs:
        found.setdefault(back.old.image.table, []).append(back)
    return Report({name: _table(mine) for name, mine in sorted(found.items())})


def _table(backs: Sequence[Back]) -> Table:
    fates = Counter(back.fate for back in backs)
    return Table(
        fates[Fate.RESTORED],
        fates[Fate.ALREADY],
        {fate.value: n for fate, n in sorted(fates.items()) if fate not in CAME},
        tuple(sorted({name for back in backs if back.fate in CAME for name in back.gone})),
    )


# looking


def proposal(work: Work, number: str) -> Row[Any] | None:
    """Return the proposal of a request that waits for a second person, or None."""
    table = tables.restoration
    return work.conn.execute(
        select(table)
        .where(table.c.request == number, table.c.state == PROPOSED)
        .order_by(table.c.id.desc())
        .limit(1)
    ).one_or_none()


def show(work: Work, number: str, by: str | None = None) -> dict[str, Any]:
    """Return how a request stands: until when it can be restored, proposals, what came back.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who looks; None at a console.
    :raises ForbiddenError: they may not look at this property.
    """
    case = load(work, number)
    if by is not None:
        actors.require(work, by, Permission.VIEW, case.property)
    try:
        until, why = ready(work, case), ""
    except (TransitionError, BlockedError, SetupError) as problem:
        until, why = "", str(problem)
    table = tables.restoration
    rows = work.conn.execute(
        select(table).where(table.c.request == case.number).order_by(table.c.id)
    ).all()
    return {
        "number": case.number, "until": until, "why": why,
        "restorations": [_line(row) for row in rows],
        "files": [
            {"state": state, "problem": problem}
            for state, problem in filesback.standing(work, case.number)
        ],
    }  # fmt: skip


def _line(row: Row[Any]) -> dict[str, Any]:
    report = read_report(row.report) if row.report else None
    return {
        "id": row.id, "ground": row.ground, "state": row.state,
        "proposed_by": row.proposed_by, "proposed_at": row.proposed_at,
        "confirmed_by": row.confirmed_by, "confirmed_at": row.confirmed_at,
        "report": report.as_dict() if report is not None else None,
    }  # fmt: skip


def left(work: Work, number: str, by: str) -> list[dict[str, str]]:
    """Return which rows did not come back, by table, key and reason, while the window lasts.

    :param by: the host's id of who asks; they may restore at its property.
    :raises ForbiddenError: they may not.
    """
    case = load(work, number)
    actors.require(work, by, Permission.RESTORE, case.property)
    table = tables.restoration
    box = work.conn.execute(
        select(table.c.box)
        .where(table.c.request == case.number, table.c.box.is_not(None))
        .order_by(table.c.id.desc())
        .limit(1)
    ).scalar()
    if box is None:
        return []
    return [
        {"table": name, "key": canonical(key).decode(), "reason": why}
        for name, key, why in safe.read(work, box)["left"]
    ]


