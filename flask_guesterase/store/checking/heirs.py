"""Tables of PostgreSQL that inherit: what is done to the table above reaches their rows as well."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ...core.finding import Finding
from ..catalog.shape import LiveSchema, LiveTable


def follows(live: LiveSchema, table: LiveTable, known: Collection[str]) -> bool:
    """Return whether something is declared about each table that a table inherits from.

    :param live: the live database.
    :param table: the table.
    :param known: tables about which something is declared, as the database spells them.
    """
    above = [live.tables[name] for name in table.heir_of]
    return bool(above) and all(
        each.name in known or follows(live, each, known) for each in above
    )


def beyond(live: LiveSchema, table: LiveTable, code: str) -> Iterator[Finding]:
    """Yield what a table that inherits has of its own, which no statement above it reaches.

    :param live: the live database.
    :param table: the table.
    :param code: which kind of finding it is to be.
    """
    seen = {column for name in table.heir_of for column in live.tables[name].columns}
    own = [name for name in table.columns if name not in seen]
    above = ", ".join(table.heir_of)
    if own:
        yield Finding(
            code, table.name, "", f"It inherits from {above}: what is declared there reaches its "
            f"rows, but not what it has of its own ({', '.join(own)}).",
            f'Move it to {above} and give it a rule, or declare register("{table.name}", '
            "exempt(reason)) when nobody's data can be in it.",
        )
