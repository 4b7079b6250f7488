"""What a vendor declared as a precondition of the hotel, and whether it can be asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from ...core.errors import ONCE, PolicyError
from ...core.finding import Finding, Severity
from ...core.plan import ANOTHER, NEW_STAY
from ...core.policy import Blocker
from ..mapping.datamap import DataMap
from .blockers import OPEN_REQUEST, end_of, shown


def findings(datamap: DataMap, blockers: Iterable[Blocker]) -> list[Finding]:
    """Return which blockers cannot be asked, and which need all that says who is back.

    Nothing is erased until they can be asked.
    """
    wrong = [
        Finding(
            "blocker-unknown",
            "",
            blocker.name,
            f"The blocker cannot be asked: {why}.",
            "Name a declared table, its columns and its owner paths as its policy writes them.",
        )
        for blocker in blockers
        for why in _wrong(datamap, blocker)
    ]
    return wrong + [each for blocker in blockers for each in _all_needed(datamap, blocker)]


def _all_needed(datamap: DataMap, blocker: Blocker) -> Iterator[Finding]:
    """Yield the tables of people that go whole of which a blocker leaves nothing to empty."""
    for name, columns in sorted((blocker.needs or {}).items()):
        declared = datamap.tables.get(name)
        if declared is None or not declared.deletes or name not in datamap.subjects:
            continue
        if declared.erase.keys() <= set(columns):
            yield Finding(
                "blocker-all", name, blocker.name, "It needs all that an erasure empties of a row "
                "that goes whole: who is back in the row meanwhile is known by its own day alone, "
                "and after a request by a stay booked since.",
                "Leave out of needs= a column that has a rule, or give another one a rule.",
                Severity.WARN,
            )


def _wrong(datamap: DataMap, blocker: Blocker) -> Iterator[str]:
    declared = datamap.tables.get(blocker.on)
    if declared is None:
        yield f"no policy is declared for '{blocker.on}'"
        return
    labels = {path.label for path in declared.paths}
    for path in sorted(set(blocker.by) - labels):
        yield f"'{path}' is no owner path of {blocker.on}"
    if blocker.shown and not shown(datamap, blocker):
        yield f"'{blocker.shown}' is no column of {blocker.on} that is kept"
    here = declared.alias("b")
    try:
        blocker.where(here, date(2000, 1, 1))
        end_of(blocker, here)
    except Exception as raised:
        # The vendor's own callable: an unknown column shows as AttributeError, or as anything.
        yield f"its condition or end raises {type(raised).__name__}"
    for name, columns in (blocker.needs or {}).items():
        needs = datamap.tables.get(name)
        if needs is None:
            yield f"it needs '{name}', for which no policy is declared"
            continue
        for column in columns:
            if datamap.atlas.column(needs.table, column) is None:
                yield f"it needs the column '{column}' that {name} does not have"


_NAME = re.compile(r"[a-z][a-z0-9-]{1,29}")
_TAKEN = frozenset({
    ANOTHER, NEW_STAY, OPEN_REQUEST, "grace", "outside-notice", "gap", "referenced", "left",
    "legal-duty",
})  # fmt: skip


def check_name(blocker: Blocker, others: Iterable[Blocker]) -> None:
    """Refuse a name that is no short word, or that means something else already.

    :raises PolicyError: it is.
    """
    if not _NAME.fullmatch(blocker.name):
        raise PolicyError(
            "A blocker's name must be a word of at most 30 small letters, digits and hyphens.",
            "For example in-house or open-folio.",
        )
    if blocker.name in _TAKEN or any(blocker.name == other.name for other in others):
        raise PolicyError(
            f"There is a blocker '{blocker.name}' already.", f"Give this one another name. {ONCE}"
        )
