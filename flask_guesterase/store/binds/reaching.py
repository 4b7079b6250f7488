"""Which of several databases answer."""

from __future__ import annotations

from dataclasses import replace

from ...core.errors import GuesteraseError
from ...core.finding import Finding
from ..mapping.crossing import Binds
from ..mapping.datamap import DataMap
from ..transaction import transaction


def reachable(binds: Binds) -> tuple[Binds, list[Finding]]:
    """Return the databases that answer, and what is wrong with the others.

    :param binds: where the tables lie.
    """
    found = []
    for name, engine in binds.engines.items():
        try:
            with transaction(engine, write=False):
                continue
        except GuesteraseError as problem:
            found.append(Finding(
                "several-binds", "", name,
                f"The database '{name}' does not answer ({type(problem).__name__}).",
                "Nobody is erased until it does; what was begun waits for it.",
            ))
    down = {finding.column for finding in found}
    engines = {name: engine for name, engine in binds.engines.items() if name not in down}
    places = {table: name for table, name in binds.places.items() if name not in down}
    return Binds(engines, places), found


def without(datamap: DataMap, binds: Binds, there: Binds) -> DataMap:
    """Return a data map without the tables of databases that do not answer.

    :param datamap: the whole.
    :param binds: where all tables lie.
    :param there: the databases that answer.
    """
    gone = binds.places.keys() - there.places.keys()
    if not gone:
        return datamap
    return replace(datamap, tables={n: d for n, d in datamap.tables.items() if n not in gone})
