"""What the database itself will do or refuse when rows go: foreign keys, mapped and live."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    ForeignKeyConstraint,
    FromClause,
    TableClause,
    and_,
    column,
    func,
    select,
    table,
)

from ...core.plan import Block, Key, Outcome, Plan, key_text
from ...core.treatment import Null
from ..catalog.shape import LiveSchema, LiveTable
from ..memory import by_identity
from ..statements.sql import among, parts
from .crossing import binds_of
from .datamap import DataMap
from .declared import Declared


@dataclass(frozen=True, order=True)
class Link:
    """One foreign key: rows of `child` point at rows of `parent`.

    :param child: table that holds the key.
    :param columns: its columns.
    :param parent: table they point at.
    :param targets: the columns they point at.
    :param action: what the database does when the parent row goes.
    :param on_update: what the database, as read, does when the columns pointed at change.
    :param enforced: whether the database, as read, refuses a key that points at nothing.
    :param schema: the schema in the name of `child`, empty where it has none: a name may have dots.
    :param full: whether its columns, as read, are all NULL or none is (MATCH FULL).
    """

    child: str
    columns: tuple[str, ...]
    parent: str
    targets: tuple[str, ...]
    action: str = "NO ACTION"
    on_update: str = "NO ACTION"
    enforced: bool = False
    schema: str = ""
    full: bool = False

    @property
    def follows(self) -> bool:
        """Return whether the database changes the key by itself when what it points at changes."""
        return self.on_update in ("CASCADE", "SET NULL", "SET DEFAULT")

    def source(self) -> TableClause:
        """Return the table of the key, with its columns alone; nobody need have mapped it."""
        bare = self.child.removeprefix(f"{self.schema}.") if self.schema else self.child
        return table(bare, *(column(n) for n in self.columns), schema=self.schema or None)


@by_identity
def links(datamap: DataMap, live: LiveSchema | None) -> tuple[Link, ...]:
    """Return every foreign key, from the live database where it was read, else as mapped."""
    found: dict[tuple[str, tuple[str, ...], str], Link] = {}
    for each in datamap.atlas.tables.values():
        for constraint in each.constraints:
            if isinstance(constraint, ForeignKeyConstraint):
                link = _mapped(constraint)
                if live is not None and not _is_there(link, live):
                    continue
                if live is not None and _crosses(link, live):
                    link = replace(link, action="NO ACTION")
                found[link.child, link.columns, link.parent] = link
    for link in _read_all(datamap, live) if live is not None else ():
        found[link.child, link.columns, link.parent] = link
    return tuple(sorted(found.values()))


def spelled(datamap: DataMap, live: LiveSchema) -> dict[str, str]:
    """Return name in the database -> name as it was mapped or declared, where that is known."""
    names = (*datamap.atlas.tables, *datamap.exempt)
    return {found.name: name for name in names if (found := live.table(name)) is not None}


def _read_all(datamap: DataMap, live: LiveSchema) -> Iterator[Link]:
    for bind, each in live.each():
        yield from _read(datamap.within(live.places, bind), each)


def _read(datamap: DataMap, live: LiveSchema) -> Iterator[Link]:
    """Yield the foreign keys of the live database, in the spelling of the mapping."""
    names = spelled(datamap, live)

    def columns(table: str, wanted: Iterable[str]) -> tuple[str, ...]:
        mapped = datamap.atlas.tables.get(names.get(table, table))
        known = {c.name.lower(): c.name for c in mapped.c} if mapped is not None else {}
        return tuple(known.get(n.lower(), n) if live.folds else n for n in wanted)

    def schema(of: LiveTable) -> str:
        mapped = datamap.atlas.tables.get(names.get(of.name, ""))
        if mapped is not None:
            return mapped.schema or ""
        return of.schema if of.name.startswith(f"{of.schema}.") else ""

    for live_table in live.tables.values():
        for fk in live_table.foreign_keys:
            yield Link(
                names.get(fk.table, fk.table),
                columns(fk.table, fk.columns),
                names.get(fk.target, fk.target),
                columns(fk.target, fk.target_columns),
                fk.on_delete,
                fk.on_update,
                fk.enforced,
                schema(live_table),
                fk.full,
            )


def _crosses(link: Link, live: LiveSchema) -> bool:
    """Return whether a mapped key leads to another database, which then does nothing about it."""
    return live.places.get(link.child, "") != live.places.get(link.parent, "")


def _is_there(link: Link, live: LiveSchema) -> bool:
    """Return whether the database has both tables of a mapped key, and their columns."""
    for name, columns in ((link.child, link.columns), (link.parent, link.targets)):
        found = live.table(name)
        if found is None or any(found.column(c) is None for c in columns):
            return False
    return True


def _mapped(constraint: ForeignKeyConstraint) -> Link:
    elements = constraint.elements
    return Link(
        elements[0].parent.table.fullname,
        tuple(e.parent.name for e in elements),
        elements[0].column.table.fullname,
        tuple(e.column.name for e in elements),
        (constraint.ondelete or "NO ACTION").upper(),
        schema=elements[0].parent.table.schema or "",
    )


def children_first(names: Iterable[str], known: Sequence[Link]) -> list[str]:
    """Return the tables so that those pointing at others come before them.

    Tables that point at each other in a circle come in the order of their names.
    """
    waiting = sorted(set(names))
    order: list[str] = []
    while waiting:
        pointed = {k.parent for k in known if k.child in waiting and k.child != k.parent}
        free = [name for name in waiting if name not in pointed] or waiting[:1]
        order += free
        waiting = [name for name in waiting if name not in free]
    return order


def circular(name: str, deleting: Iterable[str], known: Sequence[Link]) -> list[Link]:
    """Return the keys of a table that point, by any way, back at it among deleted tables."""
    inside = set(deleting)
    reach: dict[str, set[str]] = {}
    for link in known:
        if link.child in inside and link.parent in inside:
            reach.setdefault(link.child, set()).add(link.parent)

    def leads_back(start: str) -> bool:
        seen, todo = set(), [start]
        while todo:
            here = todo.pop()
            if here == name:
                return True
            if here not in seen:
                seen.add(here)
                todo += reach.get(here, ())
        return False

    return [
        k for k in known if k.child == name and k.parent in inside and leads_back(k.parent)
    ]


def referenced(
    conn: Connection, datamap: DataMap, plan: Plan, known: Sequence[Link]
) -> list[Block]:
    """Return what still points, outside the plan, at rows or values that would go.

    :param conn: open transaction.
    :param datamap: the resolved data map.
    :param plan: the plan as drawn.
    :param known: the foreign keys.
    """
    deleted = _keys(plan, Outcome.DELETE)
    blocks = []
    for link in known:
        keys = deleted.get(link.parent)
        if keys and (rows := _strangers(conn, datamap, plan, link, keys, deleted)):
            verb = {"CASCADE": "would be deleted by the database itself",
                    "SET NULL": _CHANGED, "SET DEFAULT": _CHANGED}
            what = verb.get(link.action, _POINTING)
            blocks.append(Block(
                link.child, "referenced", rows,
                f"{rows} rows of {link.child} ({', '.join(link.columns)}) {what}, because rows "
                f"of {link.parent} are to be deleted.",
            ))
        again, columns = _rewritten(plan, link) if link.enforced else ([], set())
        # A cascade carries the new value on, also into what a hold, a need or the law keeps.
        kept = _kept(plan, link.child, columns) if link.on_update == "CASCADE" else None
        if kept is not None and not kept:
            continue
        if again and (rows := _strangers(conn, datamap, plan, link, again, deleted, kept)):
            what = _CHANGED if link.follows else _POINTING
            blocks.append(Block(
                link.child, "referenced", rows,
                f"{rows} rows of {link.child} ({', '.join(link.columns)}) {what}, because "
                f"{', '.join(link.targets)} of rows of {link.parent} is to be overwritten.",
            ))
    return blocks


_CHANGED, _POINTING = "would be changed by the database itself", "still point at them"
_WRITES = frozenset({Outcome.OVERWRITE, Outcome.SEAL})


def _rewritten(plan: Plan, link: Link) -> tuple[list[Key], set[str]]:
    """Return the keys of rows in which what a foreign key points at is overwritten.

    And the columns of the key that hold what is overwritten there.
    """
    keys, columns = list[Key](), set[str]()
    for step in plan.steps:
        decision = step.decision
        if decision.table != link.parent or decision.outcome not in _WRITES:
            continue
        pairs = zip(link.columns, link.targets, strict=True)
        if mine := {name for name, target in pairs if target in decision.columns}:
            columns |= mine
            keys += [row.key for row in step.rows]
    return keys, columns


def _keys(plan: Plan, outcome: Outcome) -> dict[str, list[Key]]:
    keys: dict[str, list[Key]] = {}
    for step in plan.steps:
        if step.decision.outcome is outcome:
            keys.setdefault(step.decision.table, []).extend(row.key for row in step.rows)
    return keys


def _strangers(
    conn: Connection,
    datamap: DataMap,
    plan: Plan,
    link: Link,
    keys: Sequence[Key],
    deleted: Mapping[str, Sequence[Key]],
    only: Set[str] | None = None,
) -> int:
    """Count rows that point at these rows and neither go nor let go of them.

    :param only: texts of the keys of rows that count; all when None.
    """
    child = datamap.tables.get(link.child)
    free = {key_text(key) for key in deleted.get(link.child, ())}
    if child is not None:
        free |= _letting_go(child, plan, link)
    parent = datamap.declared(link.parent)
    target = parent.table.alias("parent")
    apart = is_apart(conn, datamap, link)
    if child is None and apart:
        source: FromClause = datamap.atlas.tables[link.child].alias("child")
        by_name = {c.name: c for c in source.c}
        here = [by_name[n] for n in link.columns]
        heads: list[ColumnElement[Any]] = [func.count()]
    elif child is None:
        source = link.source().alias("child")
        here = [source.c[n] for n in link.columns]
        heads = [func.count()]
    else:
        source = child.table.alias("child")
        here = [source.c[child.column(n).key] for n in link.columns]
        heads = [source.c[c.key] for c in child.key]
    there = [target.c[parent.column(n).key] for n in link.targets]
    # SQLite compares by the collation of what stands first, a foreign key by its target's.
    joined = source.join(target, and_(*(b == a for a, b in zip(here, there, strict=True))))
    count = 0
    for part in parts(keys):
        ends = [target.c[c.key] for c in parent.key]
        wanted = select(*heads).select_from(joined).where(among(ends, part))
        if apart:
            values = pointed(conn, parent, link, part)
            wanted = select(*heads).select_from(source).where(among(here, values))
        rows = conn.execute(wanted)
        if child is None:
            count += rows.scalar_one()
        else:
            texts = [key_text(tuple(row)) for row in rows]
            count += sum(t not in free and (only is None or t in only) for t in texts)
    return count


def is_apart(conn: Connection, datamap: DataMap, link: Link) -> bool:
    """Return whether a key leads from one database to another."""
    binds = binds_of(conn)
    return link.child in datamap.atlas.tables and binds.of(link.child) != binds.of(link.parent)


def pointed(conn: Connection, parent: Declared, link: Link, keys: Sequence[Key]) -> list[Key]:
    """Return the values by which rows in another database can point at these rows.

    :param conn: open transaction.
    :param parent: their table.
    :param link: the key that leads to them.
    :param keys: their keys.
    """
    table = parent.table.alias("parent")
    there = [table.c[parent.column(n).key] for n in link.targets]
    ends = [table.c[c.key] for c in parent.key]
    rows = conn.execute(select(*there).where(among(ends, keys)))
    return [key for row in rows if None not in (key := tuple(row))]


def _letting_go(child: Declared, plan: Plan, link: Link) -> set[str]:
    nulled = {
        name for name in link.columns if isinstance(child.rules.get(name), Null)
    }
    if not nulled:
        return set()
    return {
        key_text(row.key)
        for step in plan.steps
        if step.decision.table == link.child
        and step.decision.outcome is Outcome.OVERWRITE
        and nulled & set(step.decision.columns)
        for row in step.rows
    }


def _kept(plan: Plan, name: str, columns: Set[str]) -> set[str]:
    """Return the texts of the keys of rows of which a plan keeps any of these columns as it is.

    Under a hold the whole row stays, also what no rule is about.
    """
    return {
        key_text(row.key)
        for step in plan.steps
        if step.decision.table == name and (
            step.decision.outcome is Outcome.HOLD
            or (step.decision.outcome is Outcome.RETAIN and columns & set(step.decision.columns))
        )
        for row in step.rows
    }
