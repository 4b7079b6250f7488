"""Policies of several classes that share one table (single-table inheritance), made one."""

from __future__ import annotations

from dataclasses import fields, replace

from sqlalchemy import Table

from ..core.finding import Finding
from ..core.policy import Keep, Policy, Rule
from .paths import Atlas

_FIELDS = tuple(each.name for each in fields(Policy) if each.name != "columns")
_BARE = Policy({})


def joined(
    atlas: Atlas, table: Table, first: Policy, second: Policy
) -> tuple[Policy, list[Finding]]:
    """Return one policy for two classes that share a table, and what they contradict in.

    A class that only adds columns takes everything else from the other.

    :param atlas: every table and mapper of the host.
    :param table: the table.
    :param first: what was declared before.
    :param second: what is declared as well.
    """
    base = second if _adds_columns(first) else first
    whole = replace(base, columns={**first.columns, **second.columns})
    unlike = _unlike(atlas, table, first, second)
    if not unlike:
        return whole, []
    return whole, [Finding(
        "policies-differ", table.fullname, "", "Several policies are declared for this table, "
        f"and they differ in {', '.join(unlike)}.",
        "Declare it once, on one class and for the whole table, with where= for the rows that "
        "count; let the other classes declare columns only.",
    )]  # fmt: skip


def _adds_columns(policy: Policy) -> bool:
    return replace(policy, columns={}) == _BARE


def _unlike(atlas: Atlas, table: Table, first: Policy, second: Policy) -> list[str]:
    """Return the fields, and the columns, about which two policies say different things."""
    found = []
    if not _adds_columns(first) and not _adds_columns(second):
        found = [name for name in _FIELDS if getattr(first, name) != getattr(second, name)]
    one, other = _rules(atlas, table, first), _rules(atlas, table, second)
    return found + [
        f"the rule of {name}"
        for name in sorted(set(one) & set(other))
        if one[name] != other[name]
        and not (isinstance(one[name], Keep) and isinstance(other[name], Keep))
    ]


def _rules(atlas: Atlas, table: Table, policy: Policy) -> dict[str, Rule]:
    found = ((atlas.column(table, name), rule) for name, rule in policy.rules().items())
    return {column.name: rule for column, rule in found if column is not None}
