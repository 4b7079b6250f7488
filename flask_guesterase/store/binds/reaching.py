"""Which of several databases answer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection, text

from ...core.errors import GuesteraseError
from ...core.finding import Finding
from ..mapping.crossing import Binds, Crossing
from ..mapping.datamap import DataMap
from ..transaction import transaction


def silent(binds: Binds) -> dict[str, str]:
    """Return the other databases that do not answer -> the class of the error.

    :param binds: where the tables lie.
    """
    found = {}
    for name, engine in binds.engines.items():
        try:
            with transaction(engine, write=False) as conn:
                if engine.dialect.name == "sqlite":
                    # A file is not opened before something is read from it.
                    conn.execute(_FILE)
        except GuesteraseError as problem:
            found[name] = type(problem).__name__
    return found


_FILE = text("SELECT count(*) FROM sqlite_master")


def leave_out(conn: Connection, names: Collection[str] | None = None) -> Collection[str]:
    """Go on without the databases that do not answer: what asks them waits for nothing any more.

    :param conn: an open transaction.
    :param names: those that did not answer a moment ago; None lets each be tried, once.
    :return: their names.
    """
    if not isinstance(conn, Crossing):
        return ()
    if conn.away is None:
        conn.away = frozenset(silent(conn.binds) if names is None else names)
    return conn.away


def reachable(binds: Binds) -> tuple[Binds, list[Finding]]:
    """Return the databases that answer, and what is wrong with the others.

    :param binds: where the tables lie.
    """
    found = [
        Finding(
            "several-binds", "", name, f"The database '{name}' does not answer ({problem}).",
            "Nobody is erased until it does; what was begun waits for it.",
        )
        for name, problem in silent(binds).items()
    ]  # fmt: skip
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
