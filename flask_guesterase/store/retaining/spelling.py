"""By which key a row that we noted is known now: the host may have written its keys in capitals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Table, select

from ...core.holding import Scope
from ...core.plan import Key, key_text
from ..checking.gaps import lacks
from ..erasing import people
from ..erasing.keyform import fitting
from ..mapping.declared import Declared
from ..statements.sql import chunks, folded
from .living import Hold

if TYPE_CHECKING:
    from ..work import Work


def now(work: Work, holds: Sequence[Hold]) -> list[Hold]:
    """Return holds with the keys of their rows as these spell them now.

    Nothing is asked of the database but about rows whose keys are texts.

    :param work: the open transaction.
    :param holds: living holds, by the keys that were noted as they were placed.
    """
    noted: dict[str, dict[str, Key]] = {}
    for hold in holds:
        declared = work.datamap.tables.get(hold.table) if hold.row else None
        if declared is None or not _is_spelt(work, declared):
            continue
        key = people.plain_key(declared, hold.row) if fitting(work, declared)(hold.row) else None
        if key is not None:
            noted.setdefault(hold.table, {})[hold.row] = key
    said = {
        (table, text): new for table, keys in noted.items()
        for text, new in _spelt(work, work.datamap.declared(table), keys).items()
    }  # fmt: skip
    if not said:
        return list(holds)
    return [replace(each, row=said.get((each.table, each.row), each.row)) for each in holds]


def texts(work: Work, hold: Hold, at: Table) -> list[str]:
    """Return by which texts a table of ours may name the row of a hold.

    :param work: the open transaction.
    :param hold: a hold on a row.
    :param at: the table, which names rows by table and key.
    """
    (here,), declared = now(work, [hold]), work.datamap.tables.get(hold.table)
    found = {hold.row, here.row}
    if declared is not None:
        found |= noted(work, declared, [here.row], at).keys()
    return sorted(found)


def _is_spelt(work: Work, declared: Declared) -> bool:
    """Return whether keys of a table are texts, and rows can be asked how they spell theirs.

    A table that the database lacks has none; the rows of others do not wait for it.
    """
    return people.is_spelt(declared) and not lacks(work.whole(), declared.key)


def _spelt(work: Work, declared: Declared, keys: dict[str, Key]) -> dict[str, str]:
    """Return of the keys, as text, those that are spelt otherwise now, with how."""
    known = current(work, declared, keys)
    return {text: key_text(key) for text, key in known.items() if key != keys[text]}


def current(work: Work, declared: Declared, keys: Mapping[str, Key]) -> dict[str, Key]:
    """Return key texts with the keys of their rows as these spell them now, where they are there.

    Nothing is asked of the database but about tables whose keys are texts.

    :param work: the open transaction.
    :param declared: a declared table.
    :param keys: key text -> key, as they were noted.
    """
    found = dict(keys)
    if not keys or not _is_spelt(work, declared):
        return found
    there, exact = people.now(work, declared, keys.values()), set(keys.values())
    # Of two spellings that were noted one may be that of the row.
    known, every = {key_text(key).casefold() for key in there}, not there <= exact
    for text, key in keys.items():
        if key not in there and (every or text.casefold() in known):
            found[text] = next(iter(people.now(work, declared, [key])), key)
    return found


def alike(
    work: Work, declared: Declared, row: str, among: Iterable[Key]
) -> set[Key]:
    """Return those of some keys that were noted of a row, as it is spelt by now or was.

    Nothing is asked of the database where none of them differs in its capitals alone.

    :param work: the open transaction.
    :param declared: the table.
    :param row: key of the row, as text, as it was noted elsewhere.
    :param among: the keys.
    """
    told = {text: key for key in among if (text := key_text(key)).casefold() == row.casefold()}
    found = {told.pop(row)} if row in told else set[Key]()
    if told and _is_spelt(work, declared):
        (here,) = now(work, [Hold(0, Scope.RECORD, "", declared.name, row)])
        known = current(work, declared, told)
        found |= {told[text] for text, key in known.items() if key_text(key) == here.row}
    return found


def in_each(
    work: Work, holds: Sequence[Hold], copies: Collection[Mapping[str, Collection[Key]]]
) -> list[Hold]:
    """Return holds by each key under which their row lies in some copies, or is there by now.

    :param work: the open transaction.
    :param holds: the holds.
    :param copies: of each copy table -> keys of the rows in it.
    """
    known, lying = work.datamap.tables, dict[tuple[str, str], set[Key]]()
    spelt = [each for each in holds if each.row and each.table in known]
    spelt = [each for each in spelt if people.is_spelt(known[each.table])]
    for table in {each.table for each in spelt}:
        for key in {key for each in copies for key in each.get(table, ())}:
            lying.setdefault((table, key_text(key).casefold()), set()).add(key)
    found = dict.fromkeys([*holds, *now(work, spelt)])
    for hold in spelt:
        mine = lying.get((hold.table, hold.row.casefold()), ())
        for key in alike(work, known[hold.table], hold.row, mine):
            found[replace(hold, row=key_text(key))] = None
    return list(found)


def noted(
    work: Work, declared: Declared, texts: Collection[str], at: Table
) -> dict[str, str]:
    """Return by which other texts a table of ours names rows -> the text of the key they have now.

    :param work: the open transaction.
    :param declared: the table of the rows.
    :param texts: keys of its rows, as text, as these spell them now.
    :param at: a table of ours, which names rows by table and key.
    """
    found, exact = dict[str, str](), set(texts)
    if not _is_spelt(work, declared):
        return found
    fits = fitting(work, declared)
    for part in chunks(sorted(exact)):
        wanted = at.c.table_name == declared.name, folded(at.c.row_key, part)
        for text in set(work.conn.execute(select(at.c.row_key).where(*wanted)).scalars()) - exact:
            key = people.plain_key(declared, text) if fits(text) else None
            new = people.now(work, declared, [key]) if key is not None else set[Key]()
            # Where a collation tells capitals apart these are two rows.
            if key not in new and (mine := exact.intersection(map(key_text, new))):
                found[text] = min(mine)
    return found
