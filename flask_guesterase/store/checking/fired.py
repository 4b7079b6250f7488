"""Tables into which triggers write, of which they delete or read, as far as their text says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..catalog.shape import LiveSchema, LiveTrigger

_NAME = r"(?:[`\"\[]?\w+[`\"\]]?\s*\.\s*)*[`\"\[]?(\w+)\b[`\"\]]?"
"""A name without what stands before it: a schema, or the table of a column."""
_WORDS = re.compile(_NAME)

_INTO = re.compile(rf"\binto\s+{_NAME}", re.IGNORECASE)
"""The table that a statement inserts into."""

_TEXTS = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*(?!M?!).*?\*/", re.DOTALL)
_GONE = re.compile(r"\b(?:delete|truncate)\s+(.*?)(?=\bwhere\b|;|\Z)", re.IGNORECASE | re.DOTALL)
"""What a statement that deletes rows says before its condition."""
_ALONE = re.compile(
    rf"(?:(?:low_priority|quick|ignore)\s+)*(?:from|table)?\s*(?:only\s+)?{_NAME}(?!\s*,)",
    re.IGNORECASE,
)
"""The one table of which it deletes rows, where it names one."""

_WRITTEN = re.compile(
    rf"\binto\s+{_NAME}|\bupdate\s+(?:(?:or\s+\w+|low_priority|ignore|only)\s+)*{_NAME}\s+"
    r"(?:(?:as\s+)?[`\"\[]?\w+[`\"\]]?\s+)?(?=set\b)",
    re.IGNORECASE,
)
"""The one table that a statement writes into; whatever is written otherwise counts as read."""
_WHOLE = re.compile(r"\b(?:select|,)\s*(?:\w+\s*\.\s*)?\*|\btable\s+\S", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:into|update|replace|merge)\b", re.IGNORECASE)


def reads(trigger: LiveTrigger, table: str, columns: Iterable[str]) -> list[str]:
    """Return the columns of a table that a trigger reads where it writes something.

    :param trigger: the trigger, of another table.
    :param table: name of the table it may read.
    :param columns: the columns that are asked about.
    """
    body = _TEXTS.sub(" ", trigger.body)
    named = {word.lower() for word in _WORDS.findall(_WRITTEN.sub(" ", body))}
    if table.rpartition(".")[2].lower() not in named or not _WRITES.search(body):
        return []
    words, whole = {word.lower() for word in re.findall(r"\w+", body)}, _WHOLE.search(body)
    return sorted(name for name in columns if whole or name.lower() in words)


def emptied(live: LiveSchema, trigger: LiveTrigger) -> list[str]:
    """Return the tables of which a trigger deletes rows; an index of words is none.

    :param live: the live database as read.
    :param trigger: the trigger.
    """
    bare = {name.rpartition(".")[2].lower() for name in live.tables}
    words = set[str]()
    for said in _GONE.findall(_TEXTS.sub(" ", trigger.body)):
        one = _ALONE.match(said)
        if one is not None and one[1].lower() in bare:
            words.add(one[1].lower())
        else:
            # Of several tables under other names any may lose rows.
            words.update(word.lower() for word in _WORDS.findall(said))
    return sorted(
        name for name, found in live.tables.items()
        if name.rpartition(".")[2].lower() in words and not found.virtual
    )


def fed(live: LiveSchema, tables: Iterable[str], among: Iterable[str]) -> list[str]:
    """Return the tables into which triggers of others write, directly or one through another.

    What a trigger writes through a function or a text it puts together is not seen.

    :param live: the live database as read.
    :param tables: names of the tables whose rows change.
    :param among: names of the tables that are asked about.
    """
    bare: dict[str, set[str]] = {}
    for _, each in live.each():
        for name in each.tables:
            bare.setdefault(name.rpartition(".")[2].lower(), set()).add(name)
    waiting, met = list(tables), set[str]()
    while waiting:
        found = live.table(waiting.pop())
        for trigger in found.triggers if found is not None else ():
            for word in _INTO.findall(trigger.body):
                more = bare.get(word.lower(), set()) - met
                met |= more
                waiting.extend(more)
    return [
        name for name in among
        if (found := live.table(name)) is not None and found.name in met
    ]
