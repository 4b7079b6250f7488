"""What a host declares that would need a join between two databases."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import literal, select

from .crossing import Binds, places_of
from .datamap import DataMap
from .declared import Declared


def spanning(binds: Binds, datamap: DataMap) -> Iterator[tuple[str, str]]:
    """Yield (table, what) of conditions and selects that name tables of two databases.

    :param binds: where the tables lie.
    :param datamap: the resolved data map.
    """
    for name, declared in datamap.tables.items():
        for path in declared.paths:
            if path.select is not None:
                home = path.hops[-1].table if path.hops else declared.table
                lying = {binds.of(home.fullname), binds.of(path.subject.fullname)}
                if len(lying | set(places_of(binds, path.select))) > 1:
                    yield name, f"The select '{path.label}'"
        if len(_where(binds, declared)) > 1:
            yield name, "Its where="


def _where(binds: Binds, declared: Declared) -> set[str]:
    here = {binds.of(declared.name)}
    if declared.policy.where is None:
        return here
    try:
        asked = select(literal(1)).where(declared.policy.where(declared.alias("t0")))
    except Exception:  # the vendor's own code; that it cannot be asked is a finding of its own
        return here
    return here | set(places_of(binds, asked))
