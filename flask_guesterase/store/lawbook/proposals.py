"""Who proposed a line of the rulebook, as the journal has it: a row can be written by SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from ...core.events import RuleProposed
from ...core.log import slug
from ..census.told import backwards
from ..journaling.journal import stamp
from ..work import Work
from . import rulebook, rulerows


def journaled(work: Work, row: Row[Any]) -> bool:
    """Return whether the journal knows that who stands in a row proposed just this line, and when.

    :param work: the open transaction.
    :param row: the line's row.
    """
    if row.proposed_at is None:
        return False
    mark, at = rulerows.line_of(row).mark, stamp(row.proposed_at)
    wanted = at, row.proposed_by, mark
    # Two people at a console act in one transaction, of which the journal has nothing yet.
    now = (e for e in work.events if e.name == RuleProposed.name)
    if any((stamp(work.now), e.actor, e.marks.get("rule")) == wanted for e in now):
        return True
    for name in rulebook.controllers(work, row.property):
        for entry in backwards(work, slug(name), {RuleProposed.name}):
            said = entry.draft
            if (said.at, said.actor, said.marks.get("rule")) == wanted:
                return True
            if said.at < at:
                break
    return False
