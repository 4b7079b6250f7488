"""What a search found of values that have ended since: told on, until somebody says they looked."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from ...core.errors import SealError, UnknownError
from ...core.events import FindGone
from ...core.lifecycle import State
from ...core.log import canonical
from ...core.permissions import Permission
from ..access import actors
from ..casework.cases import Case, load, tell
from ..work import Work
from . import sought
from .row import row_of, write

ENDED, LOOKED = "earlier values (they had ended)", "a person looked"
"""What is not searched for because nobody can, and why a place is named as not searched."""

_NOTHING: dict[str, Any] = {
    "left": [], "perhaps": [], "unsearched": [], "shared": 0, "back": 0, "settled": [],
}  # fmt: skip


def carried(found: str | None) -> dict[str, Any]:
    """Return what a search said, as what is told on beside other values that are looked for now.

    :param found: what was written down; None where nobody looked.
    """
    said = json.loads(found) if found else _NOTHING
    over = {name: everything(said, name) for name in ("left", "perhaps")}
    return {**said, "left": [], "perhaps": [], "over": over}


def kept(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of it another search leaves as it is: it is not about those values."""
    return {name: said[name] for name in ("over", "gone") if name in said}


def looked(said: Mapping[str, Any]) -> bool:
    """Return whether a search was made, of whatever values."""
    return "rows" in said


def everything(said: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Return what was found of all values, those that have ended too.

    :param said: what was written down.
    :param name: ``left`` or ``perhaps``.
    """
    return [*said[name], *said.get("over", {}).get(name, ())]


def unsearched(said: Mapping[str, Any]) -> list[str]:
    """Return what was not searched: places, values that had ended, and where people looked."""
    ended = [ENDED] if "over" in said else []
    return [*said["unsearched"], *ended, *(f"{at} ({LOOKED})" for at in said.get("gone", ()))]


def readable(work: Work, box: str | None) -> bool:
    """Return whether the values in a box are there, or will be once their key can be read."""
    try:
        return sought.values(work, box) is not None
    except SealError:
        return True


def ended(work: Work, case: Case, row: Any) -> list[dict[str, Any]]:
    """Return what is left of a request and cannot be looked for: nobody but people can tell.

    :param work: the open transaction.
    :param case: the request.
    :param row: the row of its search.
    """
    if case.state is not State.PARTIAL:
        return []
    said = json.loads(row.found) if readable(work, row.box) else carried(row.found)
    return list(said.get("over", {}).get("left", ()))


def gone(work: Work, number: str, by: str, places: Collection[str]) -> int:
    """Note that somebody looked at places and what was found there is gone; return how many.

    As long as its values are there the search answers that.

    :param work: the open transaction.
    :param number: number of the request.
    :param by: the host's id of who says so.
    :param places: table and column, as shown.
    :raises ForbiddenError: they may not verify at this property.
    :raises SealError: the values may be read again.
    :raises UnknownError: nothing is left there whose values have ended.
    """
    case = load(work, number, lock=True)
    actor = actors.allow(work, by, Permission.VERIFY, case.property)
    wanted = set(places)
    row = row_of(work, case.number, lock=True)
    said = {} if row is None or case.state is not State.PARTIAL else _over(work, row)
    left = said.get("over", {}).get("left", ())
    if not wanted or not wanted <= {item["place"] for item in left}:
        raise UnknownError(
            "Nothing is left there whose values have ended.", "Look at the request again."
        )
    said["over"]["left"] = [item for item in left if item["place"] not in wanted]
    said["gone"] = sorted({*said.get("gone", ()), *wanted})
    write(work, case.number, found=canonical(said).decode())
    tell(work, FindGone, case, actor, {"places": len(wanted)})
    return len(wanted)


def _over(work: Work, row: Any) -> dict[str, Any]:
    if sought.values(work, row.box) is None:
        return carried(row.found)
    return dict(json.loads(row.found)) if row.found else {}
