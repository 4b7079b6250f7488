"""Where the live database differs from the data map, or would act on its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Column

from ...core.finding import Finding, Severity
from ...core.treatment import Keep, Placeholder, Redact, RowRule
from ..catalog.shape import LiveSchema, LiveTable
from ..mapping.datamap import DataMap
from ..mapping.declared import UNRULED, Declared
from ..mapping.links import Link, links, spelled
from ..mapping.made import named
from ..mapping.masks import beneath
from ..memory import by_identity
from ..statements.sql import holds_text
from .colliding import collisions
from .fitting import fits
from .fulltext import text_indexes
from .heirs import beyond, follows
from .pointing import dangling
from .triggers import fired


@by_identity
def drifted(datamap: DataMap, live: LiveSchema) -> DataMap:
    """Return the data map with what the live database adds to its findings."""
    return datamap.with_findings(drift(datamap, live))


def drift(datamap: DataMap, live: LiveSchema) -> list[Finding]:
    """Return what the live database has or does that the data map does not know.

    :param datamap: the resolved data map.
    :param live: the database as read.
    """
    findings = [*_stale(datamap, live), *_updates(datamap, live), *dangling(datamap, live)]
    for bind, each in live.each():
        findings += _drift(datamap.within(live.places, bind), each, live)
    return findings


def _drift(datamap: DataMap, live: LiveSchema, whole: LiveSchema) -> list[Finding]:
    findings = list(_database(live))
    names = spelled(datamap, live)
    wanted = {found for found, name in names.items() if name in datamap.tables}
    known = wanted | {found for found, name in names.items() if name in datamap.exempt}
    for name, each in live.tables.items():
        if name not in names and not _is_nobodys(each):
            findings += _unmapped(live, each, wanted, known)
    for declared in datamap.tables.values():
        found = live.table(declared.name)
        if found is None:
            findings.append(Finding(
                "table-missing", declared.name, "", "The table is declared but not there.",
                "Run the host's migrations, or remove the declaration.",
            ))
        else:
            findings += _columns(declared, found)
            findings += _known_by(datamap, declared, found)
            findings += _inexact(declared, found, live.dialect)
            findings += [*_promised(declared, live), *_believed(declared, live)]
            findings += _acts(declared, found, live, known)
            moves = _moves(declared, found, live)
            findings += fired(declared, found, live, whole, datamap, moves)
    return findings


def _stale(datamap: DataMap, live: LiveSchema) -> Iterator[Finding]:
    for name in datamap.exempt:
        if name not in datamap.atlas.tables and live.table(name) is None:
            yield Finding(
                "table-unknown", name, "", "An exemption names a table that is not there.",
                "Correct the name, or remove the stale exemption.",
            )


def _is_nobodys(table: LiveTable) -> bool:
    """Return whether a live table keeps nothing of its own, or is a tool's."""
    if table.name.rpartition(".")[2] in _TOOLS:
        return True
    return table.view or table.shadow or table.partition_of is not None


_TOOLS = frozenset({"alembic_version"})


def _database(live: LiveSchema) -> Iterator[Finding]:
    if live.read_only:
        yield Finding(
            "database-read-only", "", "", "This server or session refuses changes.",
            "Point the application at the primary server.",
        )
    if not live.triggers_known:
        yield Finding(
            "triggers-unknown", "", "", "This role may not see triggers.",
            "GRANT TRIGGER, or look at them as an administrator.", Severity.WARN,
        )


def _unmapped(
    live: LiveSchema, table: LiveTable, wanted: set[str], known: set[str]
) -> Iterator[Finding]:
    name = table.name
    code = "table-uncovered" if _points_at(live, name, wanted) else "table-unclassified"
    if follows(live, table, known):
        yield from beyond(live, table, code)
        return
    yield Finding(
        code, name, "",
        "The table exists only in the database and nothing is declared about it.",
        f'Declare it: register("{name}", exempt(reason)), or a Policy for a reflected Table.',
    )


def _points_at(live: LiveSchema, name: str, wanted: set[str]) -> bool:
    seen: set[str] = set()
    todo = [name]
    while todo:
        here = live.table(todo.pop())
        if here is None or here.name in seen:
            continue
        seen.add(here.name)
        for fk in here.foreign_keys:
            if fk.target in wanted:
                return True
            todo.append(fk.target)
    return False


def _columns(declared: Declared, found: LiveTable) -> Iterator[Finding]:
    mapped = {c.name for c in declared.table.c}
    for name in sorted(c.name for c in declared.table.c if not c.system):
        if found.column(name) is None:
            yield Finding(
                "column-missing", declared.name, name, "The column is mapped but not there.",
                "Run the host's migrations.",
            )
    folded = {n.lower() for n in mapped} if found.folds else mapped
    for name, live_column in found.columns.items():
        if (name.lower() if found.folds else name) in folded:
            continue
        if declared.goes_whole:
            continue
        if live_column.generated:
            continue
        yield Finding(
            "column-unmapped", declared.name, name, "The column exists only in the database.",
            "Map it and give it a rule, or drop it.",
        )
    for name in filter(declared.overwrites, declared.rules):
        at, rule = found.column(name), declared.written(name)
        if at is None:
            continue
        why = fits(rule, declared.column(name), at.nullable, at.length)
        if _LISTED.match(at.type) and isinstance(beneath(rule), Redact | Placeholder):
            why = "the column takes only what its list names"
        if _NATIVE.fullmatch(at.type) and isinstance(beneath(rule), Redact | Placeholder) and (
            holds_text(declared.column(name).type)
        ):
            why = "to the database the column holds no text"
        if at.generated:
            why = "the database computes the column by itself"
        if why:
            yield Finding(
                "rule-misfit", declared.name, name, f"The rule cannot fit: {why}.",
                UNRULED if at.generated
                else "Choose a rule that fits the column as it is in the database.",
            )
    yield from collisions(declared, found)
    yield from _large_objects(declared, found)


def _known_by(datamap: DataMap, declared: Declared, found: LiveTable) -> Iterator[Finding]:
    """Yield what people are known by alone, and only the database says that it computes it."""
    if (who := datamap.subjects.get(declared.name)) is None:
        return
    match = {c.name for c in who.match.values() if isinstance(c, Column)}
    for named_so in ({c.name for c in who.names}, match | set(who.contact)):
        made = {n for n in named_so if (at := found.column(n)) is not None and at.generated}
        # A number that the database counts is none of these.
        plain = (declared.column(n) for n in made if made == named_so)
        for name in sorted(c.name for c in plain if c.computed is None and holds_text(c.type)):
            yield Finding(
                "match-unknown", declared.name, name, "Subject names a column that the database "
                "computes, and the mapping does not say so: who was erased is neither looked for "
                "by its value, nor known by it when they come back.",
                "Map it with Computed(...); where it is made of what goes, name that in its place.",
            )


def _inexact(declared: Declared, found: LiveTable, dialect: str) -> Iterator[Finding]:
    """Yield the columns by which no row of a table without a key is known once read or written."""
    for column in declared.key if not declared.keyed else ():
        at = found.column(column.name)
        if at is not None and at.generated and declared.erase and not declared.goes_whole:
            yield Finding(
                "rule-misfit", declared.name, column.name, "The table has no key, and the database "
                "computes this column, which the mapping does not say: a row would be another one "
                "once it is overwritten.", "Map the column with Computed(...), or leave it out.",
            )
        if at is not None and at.type.lower().startswith(_INEXACT.get(dialect, "-")):
            yield Finding(
                "rule-misfit", declared.name, column.name, "The table has no key, and this type "
                "of column cannot tell its rows apart.",
                'Give the table a key, or its mapper one: {"primary_key": [...]}.',
            )


_LISTED = re.compile(r"(?:enum|set)\(", re.IGNORECASE)
"""Types of MariaDB that name their values."""

_NATIVE = re.compile(r"inet[46]?|cidr|macaddr8?|uuid", re.IGNORECASE)
"""Types of the servers that a host may well map as text, and that take but texts of one form."""

_INEXACT = {"mariadb": "float", "postgresql": "real"}
"""Fractions of four bytes, which a driver reads as others of eight."""


def _promised(declared: Declared, live: LiveSchema) -> Iterator[Finding]:
    """Yield owner paths over columns that are one row's by the mapping alone.

    By such a path a row has one owner, so nobody looks for another one. What the mapping calls a
    row's key is believed: partitions have a longer one.
    """
    alone = len(declared.paths) == 1 and declared.paths[0].to_one
    for path in declared.paths if alone else ():
        for hop in path.hops:
            there = live.table(hop.table.fullname)
            names = {column.name for column in hop.target}
            own = {column.name for column in hop.table.primary_key}
            believed = bool(own) and own <= names
            if there is None or there.view or believed or _is_unique(there, names):
                continue
            yield Finding(
                "unique-missing", declared.name, path.label, "This owner path counts on "
                f"{', '.join(sorted(names))} of {there.name} being one row's, and the database "
                "has no such key.",
                "Give the table that unique index, or take the promise off the mapping.",
            )


def _believed(declared: Declared, live: LiveSchema) -> Iterator[Finding]:
    """Yield tables whose rows are known by a key that is one by the mapping alone."""
    there = live.table(declared.name)
    names = {column.name for column in declared.key}
    if there is None or not declared.keyed or _is_unique(there, names):
        return
    # The key of a partitioned table is longer than what the rows are numbered by.
    if not (there.view or there.virtual or there.partitioned):
        yield Finding(
            "unique-missing", declared.name, ", ".join(sorted(names)), "The mapping knows rows by "
            "this key, and the database lets two rows have the same one: the erasure of such a "
            "row is refused.", "Give the table that key or a unique index, or map it with more "
            "columns as its primary_key.", Severity.WARN,
        )


def _is_unique(found: LiveTable, names: set[str]) -> bool:
    """Return whether no two rows agree in these columns; a partial index says that of some."""
    wanted = {name.lower() for name in names} if found.folds else names
    keys = [found.primary_key, *(key for key in found.unique if key in found.indexes)]
    spelled = [{n.lower() for n in key} if found.folds else set(key) for key in keys]
    return any(key <= wanted for key in spelled if key)


def _large_objects(declared: Declared, found: LiveTable) -> Iterator[Finding]:
    """Yield the columns that only name what is to go: on PostgreSQL the object has its own life."""
    events = {"UPDATE", *(["DELETE"] if declared.deletes else [])}
    removed = {each.body for each in found.triggers if events <= each.events}
    for name, column in found.columns.items():
        goes = declared.deletes or (
            name in declared.rules and not isinstance(declared.written(name), Keep)
        )
        if goes and _LARGE.fullmatch(column.type) and f"lo_manage {name}" not in removed:
            yield Finding(
                "large-object", declared.name, name, "The column holds the number of a large "
                "object, which would stay in the database when the number goes.",
                "CREATE EXTENSION lo, and CREATE TRIGGER ... BEFORE UPDATE OR DELETE ON this table "
                f"FOR EACH ROW EXECUTE FUNCTION lo_manage({name}).",
            )


_LARGE = re.compile(r"(?:oid|(?:\w+\.)?lo)")
"""Types of PostgreSQL by which a large object is named."""


def _acts(
    declared: Declared, found: LiveTable, live: LiveSchema, known: set[str]
) -> Iterator[Finding]:
    yield from _flags(declared, found)
    yield from text_indexes(declared, found, live)
    if not declared.deletes:
        return
    for fk in live.incoming(declared.name):
        if fk.on_delete in _ACTIONS and fk.table not in known:
            yield Finding(
                "cascade", declared.name, fk.table, f"Deleting here makes the database "
                f"{_ACTIONS[fk.on_delete]} rows of {fk.table}, which is not declared.",
                "Declare that table, so that the plan names what happens to its rows.",
            )


def _updates(datamap: DataMap, live: LiveSchema) -> Iterator[Finding]:
    """Yield the foreign keys that carry what an erasure writes into columns that stay."""
    for link in links(datamap, live):
        parent = datamap.tables.get(link.parent)
        if parent is None or link.on_update not in _ACTIONS:
            continue
        for number, name in enumerate(link.targets):
            carried = link.on_update == "CASCADE"
            changed = link.columns[number : number + 1] if carried else link.columns
            if not parent.overwrites(name) or _lets_go(datamap, link, changed):
                continue
            yield Finding(
                "cascade-update", parent.name, name, f"Overwriting this column makes the database "
                f"change {', '.join(changed)} of {link.child}, which no rule there lets go.",
                f"Take ON UPDATE {link.on_update} off that foreign key, or give the other column "
                "a rule by which it goes as well.",
            )


def _lets_go(datamap: DataMap, link: Link, changed: Iterable[str]) -> bool:
    """Return whether columns that the database would change go by their own rules as well."""
    child = datamap.tables.get(link.child)
    if child is None:
        return False
    return child.goes_whole or all(name in child.erase for name in changed)


_ACTIONS = {"CASCADE": "delete", "SET NULL": "change", "SET DEFAULT": "change"}


def _flags(declared: Declared, found: LiveTable) -> Iterator[Finding]:
    if found.row_security:
        yield Finding(
            "row-security", declared.name, "", "Row-level security hides rows from this role.",
            "Use a role that sees every row (the owner, or BYPASSRLS).",
        )
    if found.versioned and declared.policy.history is not RowRule.DELETE:
        yield Finding(
            "versioned", declared.name, "", "The engine keeps every old version of these rows.",
            "Say history=delete in its Policy, so that each erasure ends the history of the whole "
            "table, or drop system versioning for it.",
        )
    if found.view:
        yield Finding(
            "view", declared.name, "", "This is a view; what it shows lies elsewhere.",
            "Declare the tables under it.",
        )
    if not found.savepoints:
        yield Finding(
            "savepoint-refused", declared.name, "", "Whoever read these rows can set no savepoint "
            "in that transaction, so they are not read, and nobody is erased.",
            "Use a transactional engine for this table (InnoDB).",
        )
    elif not found.transactional:
        yield Finding(
            "not-transactional", declared.name, "", "A rollback would not take changes back.",
            "Use a transactional engine for this table (InnoDB).",
        )
    if found.partitioned:
        yield Finding(
            "partitioned", declared.name, "", "The rows lie in partitions.",
            "Nothing to do unless partitions are detached and kept.", Severity.WARN,
        )
    for name in found.copied_by:
        yield Finding(
            "materialised", declared.name, name, "A materialised view holds a copy of these rows.",
            "It is refreshed after each erasure; let this account own it, and keep what it costs "
            "in mind.", Severity.WARN,
        )


def _moves(declared: Declared, found: LiveTable, live: LiveSchema) -> bool:
    """Return whether an erased row may lie in another partition than before.

    PostgreSQL deletes it then where it was, and inserts it there.
    """
    stored = [found]
    for each in stored:
        stored += [part for part in live.tables.values() if part.partition_of == each.name]
    return any(named(part.placed_by, declared.table) & set(declared.erase) for part in stored)
