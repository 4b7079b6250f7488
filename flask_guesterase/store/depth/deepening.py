"""How deep erasures reach: measured before they are certified, and again until it is enough.

What a certificate says of files and logs was measured on this database after that erasure; what
changes rows later begins at the first level again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from sqlalchemy import select

from ...core.certificate import CONTENT_MARK, Level
from ...core.depth import Evidence, Reached
from ...core.errors import BusyError, GuesteraseError, SealError, UnknownError
from ...core.events import SYSTEM, LevelReached
from ...core.image import Form
from ...core.lifecycle import State
from ...core.payload import decode
from .. import tables
from ..boxes import vault
from ..casework.cases import Case, load, step, tell
from ..certificates import certifying
from ..certificates.restated import restated
from ..mapping.crossing import binds_of
from ..unit import HasWork, Run
from ..work import Work
from . import sqlite
from .changed import Changed, changed

TOGETHER = 200
"""Requests whose values are looked for in one reading of the files."""

ENDED = (State.ERASED, State.SEALED)


def after(run: Run, numbers: Sequence[str]) -> None:
    """Measure how far erasures reach that were carried out just now, and note it.

    Between the erasing transaction and the one that certifies, with no transaction open. SQLite is
    rewritten here where it is small and free; the other engines only when asked (see `physical`).

    :param run: runs a unit of work.
    :param numbers: requests that were erased and are not certified yet.
    """
    if not numbers:
        return
    reached = measured(run, numbers, sqlite.INLINE)
    run(partial(_note, reached))


def retry(run: Run, most: int | None = sqlite.NIGHTLY) -> int:
    """Measure again where less was reached than can be; each gain is a supplement.

    :param run: runs a unit of work.
    :param most: bytes up to which a file is rewritten; None for no bound.
    :return: how many certificates got one.
    """
    done, last = 0, 0
    while True:
        last, numbers = run(partial(_shallow, last))
        if not numbers:
            return done
        before = run(partial(_went, numbers))
        reached = measured(run, numbers, most)
        for number in numbers:
            # A property that was taken out of the settings certifies nothing until it is back.
            with suppress(UnknownError):
                done += run(partial(_deepened, number, reached[number], before.get(number)))


def nightly(run: Run, changed: bool) -> int:
    """Rewrite the file of a database whose rows went, also where no certificate waits for it.

    :param run: runs a unit of work.
    :param changed: whether rows went by themselves in this sweep.
    :return: how many certificates got a supplement.
    """
    if not changed or run(partial(_shallow, 0))[1]:
        return retry(run)
    engine = run(lambda office: office.work.conn.engine)
    if engine.dialect.name == "sqlite":
        sqlite.clean(engine, {}, sqlite.NIGHTLY)
    return 0


def measured(run: Run, numbers: Sequence[str], most: int | None) -> dict[str, Reached]:
    """Let the engine let go of what was erased, as far as it may now, and measure it.

    :param run: runs a unit of work.
    :param numbers: requests that were erased.
    :param most: bytes up to which a file is rewritten; None for no bound.
    :return: number -> how far it reaches, and why.
    """
    conn = run(lambda office: office.work.conn)
    engine = conn.engine
    # Files of several databases are not measured together, so that less is claimed of them.
    if engine.dialect.name != "sqlite" or binds_of(conn).engines:
        return dict.fromkeys(numbers, Reached(evidence=(Evidence.WAITS,)))
    try:
        return sqlite.clean(engine, run(partial(_values, numbers)), most)
    except BusyError:
        return dict.fromkeys(numbers, Reached(evidence=(Evidence.BUSY,)))
    except (GuesteraseError, OSError):
        # An erasure is certified whatever its files say: less is claimed then.
        return dict.fromkeys(numbers, Reached(evidence=(Evidence.UNREAD,)))


def _values(numbers: Iterable[str], office: HasWork) -> dict[str, list[str]]:
    return {number: values(office.work, number) for number in numbers}


def values(work: Work, number: str) -> list[str]:
    """Return texts that an erasure removed, as long as they are sealed; empty afterwards.

    :param work: the open transaction.
    :param number: number of the request.
    :raises SealError: they are sealed, and their key cannot be read now.
    """
    boxes = vault.of_request(work.conn, number, "recovery")
    try:
        payloads = vault.unseal(work.conn, work.custodian, boxes)
    except SealError:
        vault.require_lost(work.conn, work.custodian, boxes)
        return []
    cells = (cell for each in payloads for row in decode(each).rows for cell in row.columns)
    return sorted({cell.value for cell in cells if cell.form is Form.TEXT})


def _note(reached: Mapping[str, Reached], office: HasWork) -> None:
    work = office.work
    for number, depth in sorted(reached.items()):
        case = load(work, number, lock=True)
        if case.state is State.CHECKING:
            step(work, case, decisions=noted(case.decisions or {}, depth))


def noted(decisions: Mapping[str, Any], depth: Reached | None) -> dict[str, Any]:
    """Return what was decided and done, with how far it reaches; None takes that out."""
    rest = {name: value for name, value in decisions.items() if name != "depth"}
    if depth is None:
        return rest
    words = [word.value for word in depth.evidence]
    return {**rest, "depth": {"level": depth.level.value, "evidence": words}}


def anew(work: Work, case: Case) -> None:
    """Note that rows went under an ended request now, of which nobody has measured anything.

    :param work: the open transaction.
    :param case: the request, locked.
    """
    if case.state in ENDED and "depth" in (case.decisions or {}):
        decisions = noted(case.decisions or {}, None)
        step(work, case, decisions=decisions, try_at=again(work, decisions))


def again(work: Work, decisions: Mapping[str, Any]) -> Any:
    """Return when the sweep shall measure a request again that ends now, or None for never."""
    depth = certifying.depth_of(decisions)
    enough = depth.level >= Level.LOGS or Evidence.NO_FILE in depth.evidence
    alone = work.conn.dialect.name == "sqlite" and not binds_of(work.conn).engines
    return work.stamp if alone and not enough else None


def _shallow(last: int, office: HasWork) -> tuple[int, list[str]]:
    table = tables.request
    rows = office.work.conn.execute(
        select(table.c.id, table.c.number)
        .where(
            table.c.state.in_([state.value for state in ENDED]),
            table.c.try_at.is_not(None),
            table.c.id > last,
        )
        .order_by(table.c.id)
        .limit(TOGETHER)
    ).all()
    return (rows[-1].id if rows else last), [row.number for row in rows]


def _went(numbers: Iterable[str], office: HasWork) -> dict[str, Changed]:
    return changed(office.work, numbers)


def _deepened(number: str, depth: Reached, before: Changed | None, office: HasWork) -> int:
    """Issue a supplement, unless something went under the request since it was measured."""
    case = load(office.work, number, lock=True)
    if changed(office.work, [number]).get(number) != before:
        return 0
    return int(deepen(office.work, case, depth))


def deepen(work: Work, case: Case, depth: Reached) -> bool:
    """Issue a supplement to a certificate when more was reached than it says.

    :param work: the open transaction.
    :param case: the request, locked.
    :param depth: what was measured since its rows were erased, and since some of them ended.
    :return: whether there is one now.
    """
    before = certifying.depth_of(case.decisions or {})
    if case.state not in ENDED or depth.level <= before.level:
        return False
    decisions = noted(case.decisions or {}, depth)
    said = certifying.content(work, case, case.state, restated(work, case.number, decisions))
    case = step(work, case, decisions=decisions, try_at=again(work, decisions))
    marks = {CONTENT_MARK: said.mark()}
    tell(work, LevelReached, case, SYSTEM, {}, (depth.level.value,), marks)
    certifying.certify(work, case, said)
    return True
