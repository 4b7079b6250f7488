"""Whether the rows that are taken for a request are those the journal knows of.

A subject row can be written by whoever reaches the database, beside those that were found or that
a person took; so each entry that says whose rows are meant has a mark of all of them.
"""

from __future__ import annotations

import hmac

from ...core.errors import TransitionError
from ...core.events import DataCopyRequested, ErasureRequested, SubjectTaken
from ...core.log import canonical
from ...core.seal import fingerprint
from ...core.standing import Standing
from ..casework.cases import Case, secret
from ..erasing import people
from ..journaling import approvals
from ..work import Work

ROWS = "rows"
"""Mark of an entry: the rows that are taken from then on, under the key of the case."""

_SAID = (ErasureRequested.name, DataCopyRequested.name, SubjectTaken.name)


def marks(work: Work, case: Case) -> dict[str, str]:
    """Return the mark of the rows that are taken for a request; it dies with the request's key.

    :param work: the open transaction.
    :param case: the request.
    """
    taken = people.subjects(work, case.number, Standing.TAKEN)
    told = canonical(sorted([each.table, each.key] for each in taken))
    return {ROWS: fingerprint(secret(work, case), ROWS, told.decode())}


def require(work: Work, case: Case) -> None:
    """Go on only when the rows that are taken are those that the newest entry of them means.

    :param work: the open transaction.
    :param case: the request, locked.
    :raises TransitionError: somebody wrote or took away a row past us.
    """
    said = _newest(work, case)
    if said is not None and not hmac.compare_digest(said, marks(work, case)[ROWS]):
        raise TransitionError(
            "The rows taken for this request are not those that the journal knows of.",
            "Somebody wrote into the database past us. Withdraw the request and file a new one.",
        )


def _newest(work: Work, case: Case) -> str | None:
    """Return the mark of what was said last, or None where no entry has one.

    An entry needs no key: one without a mark, after one that has it, is somebody else's.
    """
    # What was said in this transaction is not in the journal yet.
    mine = [e for e in work.events if e.number == case.number and e.name in _SAID]
    told = [e.marks for e in mine] or [e.marks for e in approvals.entries(work, case, _SAID)]
    return told[-1].get(ROWS, "") if any(ROWS in each for each in told) else None
