"""Which gaps of the data map a plan reaches: it waits until they are closed, others do not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, FromClause, and_, func, select

from ...core.finding import Finding, Severity
from ...core.plan import Block, Key, Row
from ..mapping.datamap import DataMap
from ..mapping.declared import Declared
from ..mapping.links import Link, is_apart, pointed
from ..memory import by_identity
from ..statements.sql import among, parts

GAP = "gap"

_HARMLESS = frozenset({"migrate-filter", "table-unknown"})
_EVERYWHERE = frozenset(
    {
        "blocker-unknown",
        "database-read-only",
        "path-unclear",
        "policies-differ",
        "subject-missing",
        "several-binds",
        "row-security",
    }
)
"""Nobody can say whom these do not reach: row-level security hides whose rows there are, and
relationships and policies that cannot be followed do not tell it."""

_HIDING = frozenset({"table-missing", "several-binds", "condition-unknown", "savepoint-refused"})

_OWNERLESS = frozenset({"owner-missing", "path-unknown", "path-endless"})

Found = Mapping[str, Sequence[Row]]


@by_identity
def unreadable(datamap: DataMap) -> frozenset[str]:
    """Return the declared tables whose rows cannot be looked for.

    Something is not there, a condition cannot be asked, or rows without a key hold what cannot be
    compared.
    """
    tables = {f.table for f in datamap.findings if f.id in _HIDING and f.table}
    columns = {(f.table, f.column) for f in datamap.findings if f.id == "column-missing"}

    def is_there(declared: Declared) -> bool:
        needed = {(c.table.fullname, c.name) for c in read_for_owners(declared)}
        lost = any(place in columns or place[0] in tables for place in needed)
        return not lost and not declared.blurred

    return frozenset(name for name, d in datamap.tables.items() if not is_there(d))


@by_identity
def missing(datamap: DataMap) -> frozenset[tuple[str, str]]:
    """Return what is declared and not in the database: table and column, or "" for a whole table.

    :param datamap: the data map with all its findings.
    """
    gone = ("column-missing", "table-missing")
    return frozenset((f.table, f.column) for f in datamap.findings if f.id in gone)


def lacks(datamap: DataMap, columns: Iterable[Column[Any]]) -> bool:
    """Return whether the database does not have some of the columns of the host's tables.

    :param datamap: the data map with all its findings.
    :param columns: the columns, of whatever tables.
    """
    gone = missing(datamap)
    return any(gone & {(c.table.fullname, ""), (c.table.fullname, c.name)} for c in columns)


def read_for_owners(declared: Declared) -> list[Column[Any]]:
    """Return the columns by which a table's rows and their owners are found."""
    hops = [hop for path in declared.paths for hop in path.hops]
    return [*declared.key, *(column for hop in hops for column in (*hop.source, *hop.target))]


def stops(datamap: DataMap) -> bool:
    """Return whether there is a gap at all that a plan may reach."""
    return any(
        finding.severity is Severity.STOP and finding.id not in _HARMLESS
        for finding in datamap.findings
    )


def reached(
    conn: Connection, datamap: DataMap, found: Found, known: Sequence[Link]
) -> list[Block]:
    """Return the gaps that these rows reach.

    :param conn: open transaction.
    :param datamap: the data map with all its findings.
    :param found: table -> the rows of the people of the plan.
    :param known: the foreign keys.
    """
    hidden = unreadable(datamap)
    blocks = []
    for finding in datamap.findings:
        if finding.severity is not Severity.STOP or finding.id in _HARMLESS:
            continue
        rows = _rows(conn, datamap, found, known, finding)
        if rows or finding.id in _EVERYWHERE or finding.table in hidden or (
            finding.id in _OWNERLESS and not _is_linked(finding.table, known)
        ):
            blocks.append(Block(
                finding.table, GAP, rows, f"{finding.id} {finding.place}: {finding.message}",
            ))
    return blocks


def _rows(
    conn: Connection, datamap: DataMap, found: Found, known: Sequence[Link], finding: Finding
) -> int:
    """Count the rows of a finding's table that belong to these people, or may."""
    name = finding.table
    if name in found:
        return len(found[name])
    if name in unreadable(datamap):
        return 0
    ends = [link for link in known if link.child == name and link.parent in found]
    if name in datamap.tables:
        return _pointing(conn, datamap, found, ends) if finding.id in _OWNERLESS else 0
    starts = [link for link in known if link.parent == name and link.child in found]
    return _pointing(conn, datamap, found, ends) + _pointed_at(conn, datamap, found, starts)


def _is_linked(name: str, known: Iterable[Link]) -> bool:
    """Return whether a table points anywhere, so that one can see whom it may belong to."""
    return any(link.child == name for link in known)


def _pointing(
    conn: Connection, datamap: DataMap, found: Found, ends: Iterable[Link]
) -> int:
    """Count rows that point at rows found."""
    count = 0
    for link in ends:
        parent = datamap.declared(link.parent)
        child = link.source().alias("c")
        target = parent.table.alias("p")
        if is_apart(conn, datamap, link):
            count += _pointing_apart(conn, datamap, link, found[link.parent])
            continue
        pairs = zip(link.columns, link.targets, strict=True)
        joined = child.join(
            target, and_(*(target.c[parent.column(b).key] == child.c[a] for a, b in pairs))
        )
        count += _count(conn, joined, [target.c[c.key] for c in parent.key], found[link.parent])
    return count


def _pointing_apart(
    conn: Connection, datamap: DataMap, link: Link, rows: Collection[Row]
) -> int:
    """Count rows of another database that point at rows found."""
    child = datamap.atlas.tables[link.child].alias("c")
    names = {c.name: c for c in child.c}
    here = [names[n] for n in link.columns]
    count = 0
    for part in parts(sorted({row.key for row in rows}, key=str)):
        values = pointed(conn, datamap.declared(link.parent), link, part)
        wanted = select(func.count()).select_from(child).where(among(here, values))
        count += conn.execute(wanted).scalar_one()
    return count


def _pointed_at(
    conn: Connection, datamap: DataMap, found: Found, starts: Iterable[Link]
) -> int:
    """Count rows found that point at a table nobody declared."""
    count = 0
    for link in starts:
        child = datamap.declared(link.child)
        source = child.table.alias("c")
        full = and_(*(source.c[child.column(n).key].is_not(None) for n in link.columns))
        count += _count(
            conn, source, [source.c[c.key] for c in child.key], found[link.child], full
        )
    return count


def _count(
    conn: Connection, source: FromClause, key: Sequence[Any], rows: Collection[Row], *more: Any
) -> int:
    keys: list[Key] = sorted({row.key for row in rows}, key=str)
    return sum(
        conn.execute(
            select(func.count()).select_from(source).where(among(key, part), *more)
        ).scalar_one()
        for part in parts(keys)
    )
