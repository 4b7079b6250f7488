"""Unique indexes of the database in which erased rows would meet."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.finding import Finding, Severity
from ..catalog.shape import LiveTable
from ..mapping.declared import Declared
from ..mapping.made import named
from ..mapping.masks import fixed_value, is_static
from ..mapping.unique import unique_keys


def choice(nullable: bool) -> str:
    """Return which rules may fit a column instead.

    :param nullable: whether it takes NULL.
    """
    other = "redact, placeholder, a constant or a callable that fits the column."
    return f"Choose {'null, ' if nullable else ''}{other}"


def collisions(declared: Declared, found: LiveTable) -> Iterator[Finding]:
    """Yield the columns that a unique index of the database lets hold one value but once.

    A partial one may well have no two erased rows in it, and one over columns that stay as well
    none that agree in those.

    :param declared: the table.
    :param found: the table as the database has it.
    """
    if declared.goes_whole:
        return
    fixed, empty = _alike(declared)
    for key in found.unique:
        parts = [named(part, declared.table) for part in key]
        # Of a part that names no column nobody can say that it is the same in every row.
        if not all(parts):
            continue
        names = set().union(*parts)
        same = fixed | empty if key in found.nulls_equal else fixed
        if key in found.indexes and names <= same:
            for name in sorted(names):
                yield Finding(
                    "rule-misfit", declared.name, name, "The rule cannot fit: every row would get "
                    "the same value and the column is unique.",
                    choice(found.columns[name].nullable),
                )
        elif names & same and not _differs(declared, found, names, same):
            yield _perhaps(declared, names & same, names - same, key in found.indexes)


def _perhaps(declared: Declared, same: set[str], rest: set[str], whole: bool) -> Finding:
    agreeing = f" that agree in {', '.join(sorted(rest))}" if rest else ""
    where = "a unique index" if whole else "a unique index over some of the rows"
    return Finding(
        "rule-misfit", declared.name, ", ".join(sorted(same)), f"Two erased rows{agreeing} would "
        f"be one to {where}: the erasure of the second one is refused.",
        "Choose placeholder, or null where a column takes it, so that they differ.", Severity.WARN,
    )


def _alike(declared: Declared) -> tuple[set[str], set[str]]:
    """Return the columns that get one value in every row some day, and those that get NULL."""
    overwritten = filter(declared.overwrites, declared.rules)
    written = {name: rule for name in overwritten if is_static(rule := declared.written(name))}
    fixed = {
        name for name, rule in written.items()
        if fixed_value(rule, declared.column(name)) is not None
    }  # fmt: skip
    return fixed, written.keys() - fixed


def _differs(declared: Declared, found: LiveTable, names: set[str], same: set[str]) -> bool:
    """Return whether no two erased rows agree in what stays, or the mapping says it already."""
    rest = names - same
    if not rest:
        return names in unique_keys(declared.table)
    if any(declared.overwrites(name) for name in rest):
        return True
    keys = [found.primary_key, *(key for key in found.unique if key in found.indexes)]
    return any(key and rest.issuperset(key) for key in keys)
