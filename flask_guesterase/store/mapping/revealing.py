"""Tables whose key says who somebody was."""

from __future__ import annotations

from ...core.identity import Kind, kind_of
from ..statements.sql import holds_text
from .datamap import DataMap
from .declared import Declared


def revealing(datamap: DataMap) -> list[str]:
    """Return the tables whose key says who somebody was, and that no row has once it is erased.

    What we wrote down of such a row is told by it for no longer than it has to be.

    :param datamap: the resolved data map.
    """
    return [name for name, each in datamap.tables.items() if _reveals(datamap, each)]


def _reveals(datamap: DataMap, declared: Declared) -> bool:
    if not (declared.deletes or declared.keyed_by(declared.erase)):
        return False
    who = datamap.subjects.get(declared.name)
    named = {*who.contact, *(column.name for column in who.names)} if who is not None else ()
    # A telephone may be a number to the database, and an address be kept as bytes.
    return any(
        holds_text(c.type) or c.name in named or kind_of(c.name) in _PERSONAL
        for c in declared.key
    )


_PERSONAL = frozenset({Kind.EMAIL, Kind.PHONE, Kind.DOCUMENT})
