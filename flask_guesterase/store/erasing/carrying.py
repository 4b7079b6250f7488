"""Who carries a value that somebody gave: rows of people, found by mailbox, number or name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    FromClause,
    Select,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.exc import StatementError

from ...core.errors import GapError, GuesteraseError, MatchError
from ...core.identity import Kind, kind_of, same, spellings
from ...core.plan import Key, Person, by_table, key_text
from .. import tables
from ..mapping.crossing import at
from ..mapping.datamap import Contacts, DataMap
from ..mapping.declared import Declared
from ..statements.failure import is_misfit
from ..statements.sql import among, asked, folded, host_values, is_text, parts


@dataclass(frozen=True)
class Candidate:
    """A subject row that carries what was asked for.

    :param person: subject table and key.
    :param name: the name on file, parts joined by a space.
    :param contacts: contact column -> value on file, empty ones left out.
    :param property: code of the property the row belongs to, or an empty string.
    :param values: match key -> value on file, for keys that are columns.
    """

    person: Person
    name: str
    contacts: Mapping[str, str]
    property: str
    values: Mapping[str, str]


def candidates(
    conn: Connection,
    datamap: DataMap,
    key: str,
    value: str,
    property_: str | None,
    region: str = "",
) -> list[Candidate]:
    """Return the subject rows that carry a value under a match key.

    :param key: match key, as `Subject` names it.
    :param value: what was asked for, in any spelling.
    :param property_: code of the property asked, or None for all.
    :param region: ISO country code that gives national phone numbers a meaning.
    :raises MatchError: the key is unknown, the value could be anybody's, or no column that is
        looked into can hold it.
    :raises GapError: nobody was found, and rows of a table that knows the key cannot be told
        apart; or one was found whose key cannot be written down.
    """
    datamap.check_key(key)
    found, held = list[Candidate](), False
    misfit: GuesteraseError | None = None
    for name, contacts in datamap.subjects.items():
        wanted = contacts.match.get(key)
        if wanted is None:
            continue
        declared = datamap.tables[name]
        if declared.blurred:
            # No plan is carried out meanwhile; whom other tables know can be written down.
            misfit = GapError(
                f"Nobody can be looked for in {name}: its rows cannot be told apart.",
                "`flask guesterase check` names the column.",
            )
            continue
        table = declared.alias("s")
        conditions = _carries(table, wanted, key, value, region)
        try:
            read = _read(conn, declared, contacts, table, conditions, property_)
            held = True
            _fit(conn, name, read)
            kind = kind_of(key)
            told = isinstance(wanted, Column) and _is_told(kind, [wanted])
            found += [c for c in read if not told or same(kind, value, c.values.get(key, ""))]
        except MatchError as problem:
            # Another table's column may hold it.
            misfit = misfit or problem
    if misfit is not None and (not held or (isinstance(misfit, GapError) and not found)):
        raise misfit
    return found


def _fit(conn: Connection, table: str, read: Iterable[Candidate]) -> None:
    """Refuse rows whose key is too long to be written down: none of a person's may be passed over.

    :raises GapError: there is one.
    """
    most: int = tables.subject.c.row_key.type.length  # type: ignore[attr-defined]
    # SQLite holds no text to its length.
    if conn.dialect.name != "sqlite" and any(len(key_text(c.person[1])) > most for c in read):
        raise GapError(
            f"A row of {table} is known by a key that is too long to be written down.",
            'Give the table a short key, or its mapper one: {"primary_key": [...]}.',
        )


def carriers(
    conn: Connection, datamap: DataMap, kind: str, value: str, regions: Collection[str] = ("",)
) -> set[Person]:
    """Return the subject rows that carry a value as a contact or under a match key of its kind.

    :param kind: a `core.identity.Kind`.
    :param value: as somebody wrote it.
    :param regions: ISO country codes of those who may have written it down, for phone numbers.
    :raises MatchError: the value could be anybody's.
    """
    return {each.person for each in sharing(conn, datamap, kind, value, regions)}


def sharing(
    conn: Connection, datamap: DataMap, kind: str, value: str, regions: Collection[str] = ("",)
) -> Iterator[Candidate]:
    """Yield the subject rows of `carriers`, each with what is on file.

    :param kind: a `core.identity.Kind`.
    :param value: as somebody wrote it.
    :param regions: ISO country codes of those who may have written it down, for phone numbers.
    :raises MatchError: the value could be anybody's.
    """
    for name, contacts in datamap.subjects.items():
        declared = datamap.tables[name]
        table = declared.alias("s")
        columns = {c.name: c for key, c in contacts.match.items()
                   if isinstance(c, Column) and kind_of(key) == kind}  # fmt: skip
        columns |= {c: declared.column(c) for c, is_ in contacts.contact.items() if is_ == kind}
        if columns and not declared.blurred:
            each_ = (_carries(table, c, kind, value, r) for c in columns.values() for r in regions)
            conditions = [or_(*ways) for ways in zip(*each_, strict=True)]
            told = _is_told(kind, columns.values())
            try:
                read = _read(conn, declared, contacts, table, conditions, None)
            except MatchError:
                # Another table's column may hold it.
                continue
            yield from (
                each for each in read
                if not told or any(
                    same(kind, value, text)
                    for text in (*each.contacts.values(), *each.values.values())
                )
            )


def _is_told(kind: str | None, columns: Iterable[Column[Any]]) -> bool:
    """Return whether what was found is compared once more as it is on file.

    MariaDB takes "josé@" for "jose@", which is another person's mailbox.
    """
    return kind == Kind.EMAIL and all(is_text(column.type) for column in columns)


def known(
    conn: Connection, datamap: DataMap, people: Iterable[Person]
) -> dict[Person, Candidate]:
    """Return what is on file for these subject rows, those that are still there."""
    result = {}
    for name, keys in by_table(people).items():
        declared = datamap.declared(name)
        contacts = datamap.subjects[name]
        for part in parts(keys):
            statement, given = _on_file(declared, contacts, part)
            for one in _told(declared, contacts, conn.execute(statement, given)):
                result[one.person] = one
    return result


def _on_file(
    declared: Declared, contacts: Contacts, keys: Sequence[Key]
) -> tuple[Select[Any], dict[str, Any] | None]:
    """Return the select of what is on file under these keys, and its parameters."""
    table = declared.alias("s")

    def made() -> tuple[Select[Any], list[ColumnElement[Any]]]:
        return _select(declared, contacts, table), [table.c[c.key] for c in declared.key]

    if declared.policy.where is None:
        return asked(declared.said, ("on-file", *_shown(declared, contacts)), made, keys)
    # What the host says may be another condition each time.
    statement, columns = made()
    return statement.where(among(columns, keys)), None


def _carries(
    table: FromClause, wanted: Any, key: str, value: str, region: str
) -> list[ColumnElement[bool]]:
    """Return the condition, and which one is asked where the column knows no letters like these."""
    if not isinstance(wanted, Column):
        return [_asked(wanted, table, key, value)]
    kind = kind_of(key)
    ways = [sorted(spellings(kind, value, region))]
    sent = [text for text in ways[0] if text.isascii()]
    if kind is Kind.EMAIL and sent and sent != ways[0]:
        ways.append(sent)
    return [_spelt(table.c[wanted.key], kind, value, texts) for texts in ways]


def _spelt(
    column: ColumnElement[Any], kind: Kind | None, value: str, texts: Sequence[str]
) -> ColumnElement[bool]:
    if not is_text(column.type):
        return or_(false(), *(column == v for v in host_values(column.type, [value, *texts])))
    if kind is Kind.PHONE:
        bare: ColumnElement[Any] = column
        for mark in (" ", "-", "(", ")", ".", "/"):
            bare = func.replace(bare, mark, "")
        return bare.in_(texts)
    return folded(column, texts)


def _asked(
    wanted: Callable[..., Any], table: FromClause, key: str, value: str
) -> ColumnElement[bool]:
    """Return the vendor's own condition; what it says about the value is not passed on."""
    try:
        condition: ColumnElement[bool] = wanted(table, value)
    except Exception as raised:
        raise MatchError(
            f"This value cannot be looked for as '{key}' ({type(raised).__name__}).",
            "Look at its spelling.",
        ) from None
    return condition


def inquire(
    conn: Connection, table: str, statement: Select[Any], *others: Select[Any]
) -> CursorResult[Any]:
    """Return the rows of a question about a value that anybody may have typed.

    :param conn: open connection.
    :param table: the table that is asked.
    :param statement: the question.
    :param others: what is asked instead where the column cannot hold the value.
    :raises MatchError: the column cannot hold it, so nobody is on file under it.
    """
    there = at(conn, table)
    # After an error PostgreSQL answers nothing more of the transaction.
    nested = there.dialect.name == "postgresql"
    try:
        with there.begin_nested() if nested else nullcontext():
            return conn.execute(statement)
    except StatementError as raised:
        if not is_misfit(raised):
            raise
    if others:
        return inquire(conn, table, *others)
    raise MatchError("Nobody can be on file under this value.", "Look at its spelling.")


def _read(
    conn: Connection,
    declared: Declared,
    contacts: Contacts,
    table: FromClause,
    conditions: Sequence[ColumnElement[bool]],
    property_: str | None,
) -> list[Candidate]:
    statement = _select(declared, contacts, table)
    if property_ is not None and contacts.property is not None:
        statement = statement.where(table.c[contacts.property.key] == property_)
    questions = [statement.where(condition) for condition in conditions]
    return _told(declared, contacts, inquire(conn, declared.name, *questions))


def _select(declared: Declared, contacts: Contacts, table: FromClause) -> Select[Any]:
    """Return the select of what is on file, with the host's own condition where there is one."""
    shown = _shown(declared, contacts)
    statement = select(
        *(table.c[c.key] for c in declared.key),
        *(table.c[c.key].label(label) for label, c in shown),
    )
    where = declared.policy.where
    return statement.where(where(table)) if where is not None else statement


def _shown(declared: Declared, contacts: Contacts) -> list[tuple[str, Column[Any]]]:
    """Return what is read of somebody, each column with its label."""
    ways = [c for c in contacts.match.values() if isinstance(c, Column)]
    contact = [declared.column(name) for name in contacts.contact]
    parts_ = {"n": contacts.names, "c": contact, "m": ways}
    shown = [(f"{word}{i}", c) for word, each in parts_.items() for i, c in enumerate(each)]
    return shown + ([("property_", contacts.property)] if contacts.property is not None else [])


def _told(
    declared: Declared, contacts: Contacts, rows: Iterable[Any]
) -> list[Candidate]:
    match = [k for k, c in contacts.match.items() if isinstance(c, Column)]
    width = len(declared.key)
    result = []
    for row in rows:
        values = row._mapping
        result.append(
            Candidate(
                (declared.name, tuple(row)[:width]),
                " ".join(str(v) for i in range(len(contacts.names)) if (v := values[f"n{i}"])),
                {n: str(v) for i, n in enumerate(contacts.contact) if (v := values[f"c{i}"])},
                str(values["property_"]).strip() if contacts.property is not None else "",
                {k: str(v) for i, k in enumerate(match) if (v := values[f"m{i}"])},
            )
        )
    return result
