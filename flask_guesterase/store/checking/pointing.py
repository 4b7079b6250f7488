"""Foreign keys of the database that would refuse what an erasure writes."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.finding import Finding
from ...core.treatment import Constant, Null, Placeholder, Redact
from ..catalog.shape import LiveSchema
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.links import Link, links
from ..mapping.masks import beneath


def dangling(datamap: DataMap, live: LiveSchema) -> Iterator[Finding]:
    """Yield the columns whose rule would leave a foreign key that points at nothing.

    :param datamap: the resolved data map.
    :param live: the database as read; what it does not enforce refuses nothing.
    """
    for link in links(datamap, live):
        if link.enforced:
            yield from _invented(datamap, link)
            yield from _left_behind(datamap, link)
            yield from _halved(datamap, link)


def _invented(datamap: DataMap, link: Link) -> Iterator[Finding]:
    """Yield columns that point at a row, and are given what no row has."""
    child = datamap.tables.get(link.child)
    if child is None or child.goes_whole or _lets_go(child, link):
        return
    for name in link.columns:
        rule = beneath(child.written(name)) if name in child.rules else None
        if isinstance(rule, Redact | Placeholder):
            yield Finding(
                "rule-misfit", child.name, name, f"The rule cannot fit: the column points at "
                f"{link.parent}, where no row has what is written.",
                "Let it go with null, or give it keep(reason) where the key names nobody.",
            )


def _left_behind(datamap: DataMap, link: Link) -> Iterator[Finding]:
    """Yield columns that are overwritten while other rows go on pointing at what they held."""
    parent, child = datamap.tables.get(link.parent), datamap.tables.get(link.child)
    if parent is None or link.follows or parent.goes_whole:
        return
    if child is not None and (child.goes_whole or _lets_go(child, link)):
        return
    for name in link.targets:
        if parent.overwrites(name):
            yield Finding(
                "rule-misfit", parent.name, name, f"The rule cannot fit: rows of {link.child} "
                f"point at this column ({', '.join(link.columns)}) and keep what they hold.",
                "Let their column go with null, or give this one keep(reason).",
            )


def _halved(datamap: DataMap, link: Link) -> Iterator[Finding]:
    """Yield columns that stay in a key of which others go, where it is whole or not there."""
    child = datamap.tables.get(link.child)
    if child is None or not link.full or child.goes_whole or not _lets_go(child, link):
        return
    stay = [name for name in link.columns if name not in child.erase]
    if stay:
        yield Finding(
            "rule-misfit", child.name, ", ".join(stay), f"The rule cannot fit: the key that points "
            f"at {link.parent} takes NULL in all of its columns or in none (MATCH FULL).",
            "Let each of its columns go with null, or none.",
        )


def _lets_go(child: Declared, link: Link) -> bool:
    """Return whether rows point at nothing any more: one empty column of a key is enough."""
    rules = (beneath(child.erase[name]) for name in link.columns if name in child.erase)
    return any(isinstance(rule, Null) or rule == Constant(None) for rule in rules)
