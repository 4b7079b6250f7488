"""Our own rows compared with what the journal says of them: what was changed past us shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Row, func, select

from ...core.errors import KeyMissingError
from ...core.events import CopyConfirmed, ErasureApproved
from ...core.finding import Finding, Severity
from ...core.lifecycle import State
from ...core.log import canonical, slug
from .. import tables
from ..access import brake, pulse
from ..boxes import boxing
from ..casework.cases import Case, load
from ..census import told
from ..executing import settling
from ..journaling import approvals, binding
from ..journaling.audit import Problem
from ..journaling.signers import signers
from ..journaling.vanished import put_back, unended, vanished
from ..keys import copies
from ..lawbook.blockers import today_at
from ..remembrance import remembering
from ..retaining import keeping, law, vouching
from ..sweeping import runs
from ..unit import HasWork, Run
from ..work import Work

_RUNNING = (State.APPROVED, State.WAITING)
_BATCH = 500
"""Sealed lines that one transaction looks through."""


@dataclass(frozen=True)
class _Difference:
    """Something of ours that is not what the journal says.

    :param kind: a word of `_WHAT`.
    :param place: which one, where there are several.
    :param controller: slug of the controller it is about; empty for all of the house.
    """

    kind: str
    place: str = ""
    controller: str = ""


def findings(work: Work) -> list[Finding]:
    """Return where our own tables are not what the journal says they are.

    :param work: an open transaction; a read-only one is enough.
    """
    return [
        Finding(
            "records-differ", each.kind, each.place, _WHAT[each.kind],
            "Somebody wrote into the database past us: look at who can, and put a backup beside "
            "it.",
            Severity.WARN,
        )
        for each in _differences(work)
    ]  # fmt: skip


def problems(work: Work) -> list[Problem]:
    """Return the same as what does not fit a journal; what is all of the house's has no controller.

    Requests that are gone are among it, which no night has the time to look for.

    :param work: an open transaction; a read-only one is enough.
    """
    found = [*_differences(work)]
    if not remembering.forgetful(work):
        found += [_Difference("requests", *each) for each in unended(work)]
    return [
        Problem(
            "records-differ", each.controller, None, None,
            f"{_WHAT[each.kind]} ({each.place})" if each.place else _WHAT[each.kind],
        )
        for each in found
    ]  # fmt: skip


def _differences(work: Work) -> Iterator[_Difference]:
    # In a restored database what people do waits for its place in the journals until a replay.
    if not remembering.forgetful(work):
        yield from _unsaid(work)
    for id, controller in _kept(work):
        yield _Difference("kept", str(id), slug(controller))


def _unsaid(work: Work) -> Iterator[_Difference]:
    """Yield what stands in our rows and is not what the journals say."""
    for word in (binding.HOLDS, binding.RULES):
        if binding.strayed(work, word) or binding.differed(work, word):
            yield _Difference(word)
    for case in _forged(work):
        yield _Difference("approvals", case.number, slug(case.controller))
    for name in _unknown_actors(work):
        yield _Difference("actors", name)
    for name in _foreign_keys(work):
        yield _Difference("keys", name, name)
    if not _copied(work):
        yield _Difference("copy")
    for number, controller in vanished(work):
        yield _Difference("numbered", number, controller)


def _foreign_keys(work: Work) -> list[str]:
    """Return the journals that another signing key signs than those in the key folder."""
    # Twice: another key may be put into force between a look at a journal and one at the folder.
    return [
        name for name in brake.controllers(work) if _foreign(work, name) and _foreign(work, name)
    ]


def _foreign(work: Work, controller: str) -> bool:
    tree = tables.tree
    mine = select(tree).where(tree.c.controller == controller).order_by(tree.c.epoch.desc())
    row = work.conn.execute(mine.limit(1)).first()
    return row is not None and not work.custodian.signs(signers(work.conn, row)[-1][1].hex())


def _copied(work: Work) -> bool:
    """Return whether the journal knows of the two people who confirmed a copy of the keys."""
    known = pulse.look(work.conn, copies.NAME)
    if known is None or known.second is None:
        return True
    return any(
        copies.tells(entry, known)
        for name in brake.controllers(work)
        for entry in told.backwards(work, name, {CopyConfirmed.name})
    )


_WHAT = {
    binding.HOLDS: "Holds and freezes are not those that the journal knows of.",
    binding.RULES: "Lines of the rulebook are not those that the journal knows of.",
    "approvals": "The journal knows of no such approval by two people.",
    "actors": "The journal names a person whose number is not in our tables any more.",
    "keys": "The keys in the folder are not those that sign this journal.",
    "copy": "The journal does not know who confirmed the copy of the keys.",
    "kept": "A kept line, its box or its last day is not as the law and the record have it.",
    "numbered": "An incident, a complaint, a disclosure or a review ended, or is gone, and the "
    "journal knows of nobody who did that.",
    "requests": "A request is gone, and the journal knows of nobody who ended it.",
}


def _forged(work: Work) -> list[Case]:
    table = tables.request
    numbers = work.conn.execute(
        select(table.c.number)
        .where(
            table.c.state.in_([state.value for state in _RUNNING])
        )
        .order_by(table.c.id)
    ).scalars()
    found = []
    for number in numbers.all():
        case = load(work, number)
        # One that went on meanwhile needs no approval any more.
        if case.state in _RUNNING and _is_forged(work, case):
            found.append(case)
    return found


def _is_forged(work: Work, case: Case) -> bool:
    """Return whether a request has an approval of which the journal does not know."""
    try:
        return approvals.standing(work, case) is None
    except KeyMissingError:
        # Nobody can tell by what it was marked with; that its key is gone is told by itself.
        return False


def _unknown_actors(work: Work) -> list[str]:
    """Return numbers of people that approvals name and our table does not have.

    Of whom only entries tell that were put back, the restored database has nothing.
    """
    table = tables.entry
    approvals = table.c.action == ErasureApproved.name
    there = {f"a{n}" for n in work.conn.execute(select(tables.actor.c.number)).scalars()}
    # Few people approve, for years: the engine says who did, and no approval is read here.
    begins = func.substr(table.c.body, len(_APPROVED) + 1, _LONGEST)
    named = work.conn.execute(select(begins).where(approvals).distinct()).scalars()
    missing = {text.partition('"')[0] for text in named} - there
    missing = {name for name in missing if name.startswith("a")}
    lost = put_back(work) if missing else set()
    found = []
    for name in sorted(missing):
        mine = select(table.c.controller, table.c.epoch, table.c.position).where(
            approvals, table.c.body.startswith(f'{_APPROVED}{name}"', autoescape=True)
        )
        if any(tuple(row) not in lost for row in work.conn.execute(mine).all()):
            found.append(name)
    return found


_APPROVED = canonical({"action": ErasureApproved.name, "actor": ""}).decode()[:-2]
"""What the entry of an approval begins with, up to the number of the person."""

_LONGEST = 12
"""Characters of such a number and of the constant ones that follow: not those of the time."""


def unfit(run: Run) -> list[tuple[int, str]]:
    """Return number and controller of sealed lines whose box is not under the terms of the law.

    Each page of them is read in a transaction of its own: there may be many, and on SQLite nobody
    else writes meanwhile.

    :param run: runs a unit of work.
    """
    return _through(lambda after: run(partial(_page, after)))


def _kept(work: Work) -> Sequence[tuple[int, str]]:
    """Return the same of all lines at once, where nobody has looked them through a moment ago."""
    return _through(partial(_read, work)) if work.unfit is None else work.unfit


_Page = tuple[list[tuple[int, str]], int | None]
"""Lines that do not fit, and the number after which to go on, or None at the end."""


def _through(read: Callable[[int], _Page]) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    last: int | None = 0
    while last is not None:
        lines, last = read(last)
        found += lines
    return found


def _page(after: int, office: HasWork) -> _Page:
    return _read(office.work, after)


def _read(work: Work, after: int) -> _Page:
    """Look through a page of sealed lines; return those that do not fit, and where to go on."""
    kept, box = tables.kept, tables.box
    lines = work.conn.execute(
        select(
            kept, box.c.id.label("there"), box.c.label.label("box_label"),
            box.c.last_day.label("box_day"), box.c.forgotten_at,
        )
        .outerjoin(box, box.c.id == kept.c.box)
        .where(kept.c.id > after, kept.c.mode == law.SEALED, kept.c.ended_at.is_(None))
        .order_by(kept.c.id)
        .limit(_BATCH)
    ).all()  # fmt: skip
    waits = _unsettled(work)
    found = [(line.id, line.controller) for line in lines if not _fits(work, line, waits)]
    return found, lines[-1].id if len(lines) == _BATCH else None


def _unsettled(work: Work) -> bool:
    """Return whether rules changed since all boxes were judged by them: the next sweep does it."""
    looked = pulse.look(work.conn, settling.LOOKED) is not None
    return looked and bool(runs.unseen(work, settling.LOOKED))


def _fits(work: Work, line: Row[tuple[object, ...]], waits: bool) -> bool:
    said = vouching.bound(work, line)
    verdict = settling.verdict(work, line)
    over = not verdict.kept(today_at(work.settings, work.now, line.property))
    if not said or line.there is None or (line.forgotten_at is not None and not over):
        return False
    if over or line.forgotten_at is not None:
        return True
    terms = keeping.terms_of(work, line.controller, line.property, line.until)
    reason = law.reason(verdict)
    held = line.box_label.startswith("hold:")
    # Under that of no day it waits for the key of its day, which is lost.
    homes = terms.label, keeping.open_label(line.controller)
    same = line.box_day == terms.last_day and (held or line.box_label in homes)
    late = waits or (line.until or "") >= (reason.until or "")
    # What does not open gets no later day.
    return same and (late or boxing.is_lost(work.conn, work.custodian, line.box_label))
