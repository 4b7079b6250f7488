"""An erasure looked at again, in a transaction of its own; its end state, and its certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core.certificate import CONTENT_MARK, Left
from ...core.errors import TransitionError
from ...core.events import SYSTEM, CheckCompleted
from ...core.lifecycle import DONE, State
from ...core.plan import Plan
from ..casework.cases import Case, load, step, tell
from ..casework.contacts import end_contact
from ..certificates import beside, certifying, laternotice, planning, reply, staying
from ..certificates.deeds import added, did
from ..certificates.restated import restated
from ..comeback import owing
from ..depth import deepening, refresh
from ..erasing import people
from ..erasing.doubles import doubles
from ..messages import unremoved
from ..messages.post import write
from ..search import residue, sought
from ..work import Work
from . import meanwhile

Check = Callable[[Work, Case, Plan], Sequence[Left]]
"""Looks for what should be gone by today's plan, and returns what is left."""


def by_key(work: Work, case: Case, drawn: Plan) -> Sequence[Left]:
    """Look again for the rows of the erased people, by the same paths as the plan."""
    return [
        Left(block.table, block.rows, block.reason) for block in planning.left_of(work, drawn)
    ]


CHECKS: dict[str, Check] = {"check-by-key": by_key, residue.EVERYTHING: residue.by_value}
"""Evidence word -> check; all of them run before a request is done."""


def check(work: Work, number: str) -> State:
    """Look for everything again, in a transaction of its own, and set the end state.

    ERASED when nothing remains, SEALED when the law keeps something, PARTIAL when something is
    left that should not be, or a row came back of which nothing is settled yet. Rows shared with
    another living person do not make it less erased. As long as a file is being removed, or is
    tried again, it goes on being checked; of what is PARTIAL, as long as one is to be. One whose
    folder has been away for days is left.

    :param work: the open transaction.
    :param number: number of the request.
    :return: the state, also when somebody else checked it before.
    :raises TransitionError: nothing was erased yet.
    """
    case = load(work, number, lock=True)
    if case.state in DONE and case.state is not State.PARTIAL:
        return case.state
    if case.state not in (State.CHECKING, State.PARTIAL):
        raise TransitionError("Nothing was erased yet.", "Erase first.")
    if unremoved.removing(work, [case.number], queued=case.state is State.PARTIAL):
        return case.state
    who = owing.settled(work, case.number, people.taken(work, case.number))
    drawn = planning.plan(work, who, case.property)
    left = [item for look in CHECKS.values() for item in look(work, case, drawn)]
    left += [*refresh.stale(case), *owing.left(work, case.number), *_files(work, case)]
    if case.state is State.PARTIAL and left:
        return State.PARTIAL
    decisions = _looked(work, case, left)
    late = meanwhile.keep(work, case, drawn)
    decisions["did"] = added(decisions.get("did", ()), did(late, doubles(work, late)))
    others = staying.lines(work, "", beside.of(decisions))
    every = _with(decisions, others)
    last, end = _last(every), _end(every)
    if end is State.PARTIAL or case.state is State.PARTIAL:
        # What was left says that less was reached; what was cured since is in no measurement.
        decisions = deepening.noted(decisions, None)
    if end is State.SEALED and (kept := laternotice.keep(work, case, last)):
        decisions[laternotice.WISH] = kept
    then = case.state is not State.PARTIAL
    told = _with(decisions, others) if then else restated(work, case.number, decisions)
    said = certifying.content(work, case, end, told)
    path = [State.CHECKING] if case.state is State.PARTIAL else []
    ended = work.stamp if end is not State.PARTIAL else None
    later = deepening.again(work, decisions) if ended else None
    case = step(work, case, *path, end, decisions=decisions, ended_at=ended, try_at=later)
    counts = {"left": sum(item.rows for item in left)}
    tell(work, CheckCompleted, case, SYSTEM, counts, (end.value,), {CONTENT_MARK: said.mark()})
    certifying.certify(work, case, said)
    write(work, case, "done", reply.done(work, case, said), f":{end.value}")
    if end is not State.PARTIAL:
        end_contact(work, case.number)
        laternotice.note_kept(work, case.number)
        sought.end(work, case, decisions.get("recovery", ""))
    return end


def _looked(work: Work, case: Case, left: Sequence[Left]) -> dict[str, Any]:
    """Return the decisions of a request with what was looked for, how far, and what is left."""
    searched = residue.evidence(work, case.number)
    return {
        **(case.decisions or {}),
        "left": [
            {"table": item.table, "rows": item.rows, "reason": item.reason} for item in left
        ],
        "checks": [
            *(word for word in CHECKS if word != residue.EVERYTHING), *searched["evidence"]
        ],
        "unsearched": searched["unsearched"],
        "shared": searched["shared"],
    }  # fmt: skip


def _with(decisions: Mapping[str, Any], others: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return decisions in which what others sealed of the same rows stays as well."""
    return {**decisions, "did": [*decisions.get("did", ()), *others]}


def _last(decisions: Mapping[str, Any]) -> str:
    """Return the last day of what stays, as far as one is known."""
    kept = (i for i in decisions.get("did", ()) if i["outcome"] in staying.OUTCOMES)
    return max((str(item["until"]) for item in kept), default="")


FILE_STAYS = "file-stays"
"""Why something counts as left: a file could not be removed."""


def _files(work: Work, case: Case) -> list[Left]:
    files = unremoved.staying(work, case.number)
    return [Left("files", files, FILE_STAYS)] if files else []


def _end(decisions: Mapping[str, Any]) -> State:
    if decisions["left"]:
        return State.PARTIAL
    kept = any(item["outcome"] in staying.OUTCOMES for item in decisions.get("did", ()))
    return State.SEALED if kept else State.ERASED
