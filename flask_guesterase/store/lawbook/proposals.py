"""Who proposed a line of the rulebook, as the journal has it: a row can be written by SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Row

from ...core.events import RuleProposed
from ...core.log import Draft, slug, word
from ..census.told import backwards
from ..journaling.journal import drafts, stamp
from ..work import Work
from . import rulebook, rulerows


def tells(work: Work, row: Row[Any]) -> Callable[[Draft], bool]:
    """Return what answers whether an entry says that who stands in a row proposed it then.

    :param work: an open transaction.
    :param row: the line's row, with what somebody proposed.
    """
    # Not the mark that stands in the row: beside it may stand another period by now.
    wanted = stamp(row.proposed_at), row.proposed_by, rulerows.line_of(row).mark
    # A hotel that is alone may have had another code.
    others = {word(code) for code in work.settings.properties if code != row.property}

    def told(said: Draft) -> bool:
        here = said.facts.get("property") not in others
        return here and (said.at, said.actor, said.marks.get("rule")) == wanted

    return told


def journaled(work: Work, row: Row[Any]) -> bool:
    """Return whether the journal knows that who stands in a row proposed just this line, and when.

    :param work: the open transaction.
    :param row: the line's row.
    """
    if row.proposed_at is None:
        return False
    told = tells(work, row)
    # Two people at a console act in one transaction, of which the journal has nothing yet.
    now = drafts((e for e in work.events if e.name == RuleProposed.name), work.now)
    return any(map(told, now)) or any(
        told(entry.draft)
        for name in rulebook.controllers(work, row.property)
        for entry in backwards(work, slug(name), {RuleProposed.name})
    )
