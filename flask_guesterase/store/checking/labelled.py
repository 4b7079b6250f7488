"""What the data map says of each table that binds its rows once it was said."""

from __future__ import annotations

import hashlib

from ...core import rulebook, whence
from ...core.log import canonical
from ...core.rulebook import Line
from ...core.treatment import Retain
from ..mapping.datamap import DataMap
from ..mapping.ways import paths_of


def lines(datamap: DataMap) -> list[Line]:
    """Return a label for every column the law keeps and every category, and where it is asked.

    :param datamap: the resolved data map.
    """
    if "lines" not in datamap.said:
        datamap.said["lines"] = _lines(datamap)
    return list(datamap.said["lines"])


def mark(datamap: DataMap) -> str:
    """Return a mark that changes when one of these lines does.

    :param datamap: the resolved data map.
    """
    if "mark" not in datamap.said:
        told = sorted([*map(str, line.body.values())] for line in lines(datamap))
        datamap.said["mark"] = hashlib.sha256(canonical(told)).hexdigest()
    return str(datamap.said["mark"])


def _lines(datamap: DataMap) -> tuple[Line, ...]:
    found = []
    for name, declared in datamap.tables.items():
        for column, rule in declared.rules.items():
            if isinstance(rule, Retain):
                found.append(rulebook.label(name, column, rule.category))
        if declared.policy.category:
            found.append(rulebook.label(name, "", declared.policy.category))
        if declared.policy.category or declared.retain:
            found += [
                whence.line(name, what, one, path)
                for (what, one), told in paths_of(datamap, declared)
                for path in told
            ]
    return tuple(found)
