"""Policies of several classes that share one table (single-table inheritance), made one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Mapper

from ...core.errors import ONCE
from ...core.finding import Finding
from ...core.policy import Policy
from ...core.treatment import Exempt, Keep, Rule
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
        f"count; let the other classes declare columns only. {ONCE}",
    )]  # fmt: skip


def overreaching(
    atlas: Atlas, declarations: Iterable[tuple[Any, Policy | Exempt]]
) -> Iterator[Finding]:
    """Yield tables about which only classes that are some of their rows declare anything.

    A policy is about a table: without where= the rows of the other classes would go as well.

    :param atlas: every table and mapper of the host.
    :param declarations: what was declared, and about what.
    """
    found: dict[str, list[tuple[Mapper[Any] | None, Policy]]] = {}
    for target, policy in declarations:
        if isinstance(policy, Policy) and not _adds_columns(policy):
            mapper = getattr(target, "__mapper__", None) if isinstance(target, type) else None
            table = target if mapper is None else mapper.local_table
            name = str(getattr(table, "fullname", table))
            found.setdefault(name, []).append((mapper, policy))
    for name, each in found.items():
        mine = [mapper for mapper, _ in each if mapper is not None and mapper.single]
        if len(mine) < len(each) or any(policy.where is not None for _, policy in each):
            continue
        others = sorted(
            other.class_.__name__
            for other in atlas.mappers.get(name, ())
            # A class without an identity of its own has no rows.
            if other.polymorphic_identity is not None and not any(map(other.isa, mine))
        )
        if others:
            yield Finding(
                "class-alone", name, "", f"The policy of {mine[0].class_.__name__} is about the "
                f"whole table, so rows of {', '.join(others)} would go as well.",
                "Give it where=, a condition on the column that tells the classes apart; or "
                "declare the class that all of them inherit from.",
            )


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
