"""What was kept of somebody, found again in the host's tables as they are now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row as Line
from sqlalchemy import or_, select

from ...core.errors import UnknownError
from ...core.plan import Key, Person, Plan, Row, by_table, key_text
from .. import tables
from ..erasing import keyform, people
from ..erasing.eraser import Scope
from ..erasing.finder import buried, erased_before, find, owners
from ..erasing.traces import holding, tells
from ..mapping.declared import Declared
from ..statements.sql import MANY, among, chunks, one_of, parts
from ..work import Work
from . import holds, keeping, spelling


def scope(
    work: Work, only: dict[tuple[str, Key], frozenset[str]], who: frozenset[Person] | None,
    held: keeping.Since | None = None,
) -> Scope:
    """Return the scope of these rows, as their owners are now.

    :param work: the open transaction.
    :param only: (table, key) -> the columns it is about.
    :param who: the people they are erased for; None when nobody asked.
    :param held: since when a hold kept the whole of rows that nobody asked about.
    """
    mine = by_table(only)

    def find() -> dict[str, list[Row]]:
        found = {}
        for table, keys in mine.items():
            rows = rows_of(work, work.datamap.declared(table), keys, who)
            if held:
                rows = _of_gone(work, table, rows, held)
            if rows:
                found[table] = rows
        return found

    return Scope(tuple(sorted(who or (), key=lambda p: (p[0], key_text(p[1])))), find)


def rows_of(
    work: Work, declared: Declared, keys: Sequence[Key], who: frozenset[Person] | None
) -> list[Row]:
    """Return rows that are still there, with their owners and the living others.

    :param work: the open transaction.
    :param declared: their table.
    :param keys: their keys.
    :param who: the people they are erased for; None when the record itself has ended, which is
        then nobody's to keep.
    """
    columns = [declared.table.c[c.key] for c in declared.key]
    there = [
        tuple(row)
        for part in parts(keys)
        for row in work.conn.execute(select(*columns).where(among(columns, part)))
    ]
    known = owners(work.conn, work.datamap, declared, there)
    if who is None:
        return [Row(key, frozenset(known.get(key, ()))) for key in there]
    strangers = {p for each in known.values() for p, _ in each} - who
    living = strangers - erased_before(work.conn, work.datamap, strangers)
    return [
        Row(
            key,
            frozenset(o for o in known.get(key, ()) if o[0] in who),
            frozenset(o for o in known.get(key, ()) if o[0] in living),
        )
        for key in there
    ]


def _of_gone(
    work: Work, table: str, rows: Sequence[Row], held: keeping.Since
) -> list[Row]:
    """Return rows as theirs who were erased while a hold kept them; whoever lives is another.

    What ran out by itself, while nobody was erased, is nobody's to keep; but a row that is
    somebody's by now who lives goes on its own day, as the next look finds it. Whose it is counts
    as its last hold is lifted: the host may give it back until then.
    """
    erased = buried(work.conn, {person for row in rows for person, _ in row.owners})
    shells = erased_before(work.conn, work.datamap, erased)
    found, living = list[Row](), dict[Key, Row]()
    for row in rows:
        at = held.get((table, row.key))
        if at is None:
            found.append(Row(row.key, row.owners))
            continue
        went = {person for person, _ in row.owners if person in erased and erased[person] >= at}
        others = frozenset(each for each in row.owners if each[0] not in went | shells)
        if went or not others:
            found.append(Row(row.key, row.owners - others, others))
        else:
            living[row.key] = Row(row.key, row.owners)
    still = holds.held(work, table, living) if living else {}
    return [*found, *(row for key, row in living.items() if key in still)]


def kept_columns(
    work: Work, lines: Iterable[Line[Any]], keys: Mapping[int, Sequence[Key]]
) -> dict[tuple[str, Key], frozenset[str]]:
    """Return (table, key) -> the columns that were kept."""
    only: dict[tuple[str, Key], frozenset[str]] = {}
    for line in lines:
        columns = columns_of(work, line) or _all(work, line.table_name)
        for key in keys[line.id]:
            place = line.table_name, key
            only[place] = only.get(place, frozenset()) | columns
    return only


def whole(
    work: Work, lines: Iterable[Line[Any]], only: Mapping[tuple[str, Key], frozenset[str]],
    drawn: Plan,
) -> dict[tuple[str, Key], frozenset[str]]:
    """Return all that goes of rows that go whole, once the last that was kept of them does.

    One that stayed would count as somebody living, and what has no rule would never go.

    :param work: the open transaction.
    :param lines: rows of our table.
    :param only: (table, key) -> the columns of those that were kept.
    :param drawn: the plan about these columns.
    """
    stays = {(step.decision.table, row.key) for step in drawn.keeping() for row in step.rows}
    found, ids = dict[tuple[str, Key], frozenset[str]](), [line.id for line in lines]
    for table, keys in by_table(only.keys() - stays).items():
        declared = work.datamap.declared(table)
        if not (declared.goes_whole or (declared.deletes and table in work.datamap.subjects)):
            continue
        besides = _kept_besides(work, declared, keys, ids)
        keys = [key for key in keys if key_text(key) not in besides]
        for columns in {only[table, key] for key in keys}:
            mine = [key for key in keys if only[table, key] == columns]
            rest = declared.erase.keys() - columns
            told = [name for name in rest if tells(declared, [name])]
            # Whoever the host wrote into it since then stays.
            full = holding(work.conn, declared, mine, told, whole=False)
            every = columns | rest
            found |= {(table, key): every for key in mine if rest and key not in full}
    return found


def _kept_besides(
    work: Work, declared: Declared, keys: Iterable[Key], ids: Collection[int]
) -> set[str]:
    """Return the keys, as text, of rows of which other rows of our table keep something."""
    kept, found = tables.kept.c, set[str]()
    # What was kept before the host wrote its keys in capitals is noted under the former.
    texts = set(map(key_text, keys))
    former = spelling.noted(work, declared, texts, tables.kept)
    for part in chunks(sorted(texts | former.keys()), MANY):
        mine = kept.table_name == declared.name, one_of(kept.row_key, part)
        lasting = select(kept.id, kept.row_key).where(*mine, kept.ended_at.is_(None))
        rows = work.conn.execute(lasting).all()
        found |= {former.get(row.row_key, row.row_key) for row in rows if row.id not in ids}
    return found


def keys_of(work: Work, line: Line[Any], who: frozenset[Person] | None) -> list[Key] | None:
    """Return the keys of a kept row as they are now, or None where nobody can say: then it stays.

    So does one of which only that is kept which no rule takes, as long as something stands there.
    """
    named = columns_of(work, line)
    if named is not None:
        return standing(work, line, who, named)
    if not is_left(work, line):
        return None
    left = unruled(work, line)
    there = standing(work, line, who, left)
    return None if there is None or filled(work, line.table_name, there, left) else []


def standing(
    work: Work, line: Line[Any], who: frozenset[Person] | None, columns: frozenset[str]
) -> list[Key] | None:
    """Return the keys that hold these columns of a kept row now, or None where nobody can say.

    A row without a key of its own is another one once a column of it changed, and so is one whose
    key was to go, or was changed by the host; it is found by whose it is, as long as somebody
    asked. Under a key of another form than today's keys have it is not gone because none has it.

    :param work: the open transaction.
    :param line: row of our table, of a table that is declared.
    :param who: the people of its request; None without one.
    :param columns: the columns it stands for today.
    """
    declared = work.datamap.declared(line.table_name)
    noted = bool(declared.keyed and line.row_key)
    # The host gave its keys another form: the row may be there, and be called otherwise.
    lost = noted and not keyform.fitting(work, declared)(line.row_key)
    there = _there(work, declared, line.row_key) if noted and not lost else []
    if there or (noted and not lost and who is None):
        return there
    if who is None:
        return None
    rows = find(work.conn, work.datamap, who, set(work.datamap.tables) - {declared.name})
    others = _noted(work, line) if noted else frozenset()
    keys = [row.key for row in rows.get(declared.name, ()) if key_text(row.key) not in others]
    if columns and columns <= unruled(work, line):
        return filled(work, declared.name, keys, columns) or (None if lost else [])
    told = sorted(columns or _all(work, declared.name))
    full = sorted(holding(work.conn, declared, keys, told), key=key_text)
    return full if full or not lost else None


def filled(work: Work, table: str, keys: Sequence[Key], columns: Iterable[str]) -> list[Key]:
    """Return which rows have a value in one of these columns, which need have no rule.

    :param work: the open transaction.
    :param table: name of their table, which is declared.
    :param keys: their keys.
    :param columns: names of columns that the table has.
    """
    declared = work.datamap.declared(table)
    full = or_(*(declared.column(name).is_not(None) for name in sorted(columns)))
    key = [declared.table.c[c.key] for c in declared.key]
    rows = (
        row
        for part in parts(keys)
        for row in work.conn.execute(select(*key).where(among(key, part), full))
    )
    return sorted(map(tuple, rows), key=key_text)


def columns_of(work: Work, line: Line[Any]) -> frozenset[str] | None:
    """Return the columns that a kept row stands for today, or None where nobody can say.

    A column that is not there any more was renamed or dropped, and which took its place is not
    written down: all that is kept under the same category today, or all that goes, stands for it.
    One that is there, and that no rule takes today, does not go.
    """
    declared = work.datamap.tables.get(line.table_name)
    if declared is None:
        return None
    named, left = frozenset(json.loads(line.columns)), unruled(work, line)
    there = named & {column.name for column in declared.table.c}
    if there == named:
        return named - left or (None if left else named)
    if not line.category:
        return _all(work, declared.name)
    return there - left | {n for n, c in declared.retain.items() if c == line.category} or None


def unruled(work: Work, line: Any) -> frozenset[str]:
    """Return the columns of a kept row that today's policy leaves where they are, without an end.

    :param work: the open transaction.
    :param line: row of our table.
    """
    declared = work.datamap.tables.get(line.table_name)
    return frozenset() if declared is None else without_rule(declared, json.loads(line.columns))


def without_rule(declared: Declared, names: Iterable[str]) -> frozenset[str]:
    """Return those of some columns that a table has and its policy leaves where they are.

    :param declared: the table; none, where its rows go whole.
    :param names: names of the columns, also of such as it does not have any more.
    """
    if declared.deletes:
        return frozenset()
    named = {column.name for column in declared.table.c}.intersection(names)
    return frozenset(named - declared.erase.keys() - declared.retain.keys())


def is_left(work: Work, line: Any) -> bool:
    """Return whether of a kept row only that is kept by now which no rule takes.

    :param work: the open transaction.
    :param line: row of our table.
    """
    left = unruled(work, line)
    return bool(left) and left == frozenset(json.loads(line.columns))


def _there(work: Work, declared: Declared, text: str) -> list[Key]:
    """Return the key that was noted, if a row has it, as the row spells it now."""
    try:
        key = people.read_key(work, declared.name, text)
    except UnknownError:
        return []
    return list(people.now(work, declared, [key]))


def _noted(work: Work, line: Line[Any]) -> frozenset[str]:
    """Return the keys by which other rows of its table are kept for the same request."""
    kept = tables.kept
    mine = kept.c.request == line.request, kept.c.table_name == line.table_name
    found = select(kept.c.row_key).where(*mine, kept.c.id != line.id, kept.c.ended_at.is_(None))
    return frozenset(work.conn.execute(found).scalars())


def _all(work: Work, table: str) -> frozenset[str]:
    declared = work.datamap.declared(table)
    return frozenset({*declared.erase, *declared.retain})


def is_same(work: Work, lines: Sequence[Line[Any]], plan: Plan) -> bool:
    """Return whether a plan keeps exactly what is written down, for the same reasons."""
    before = {
        (line.table_name, line.row_key, line.mode, line.category, line.until or "", line.open)
        for line in lines
    }
    return before == keeping.outline(work, plan)
