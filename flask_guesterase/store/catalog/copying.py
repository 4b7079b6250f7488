"""Whether a trigger may keep the value that an erasure is about to remove.

The answer fails closed. Uses of the old row that cannot copy it (comparing it, returning it,
deleting by it) are taken out of the body; whatever mention of OLD is left counts as a copy, and
so does any body that builds statements at run time, or calls a function that somebody made.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from .called import NAME, Made, calls

_I = re.IGNORECASE | re.DOTALL
_QUOTED_OR_COMMENT = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|--[^\n]*|/\*(?!M?!).*?\*/", _I
)
_TEXT = re.compile(r"'(?:[^']|'')*'")
# A backslash before a quote, MariaDB's comment that may hold one, PostgreSQL's texts without any.
_UNCLEAR = re.compile(r"[\\#$]")
# The last one is a name of PostgreSQL's whose letters may be numbers.
_DYNAMIC = re.compile(r"\b(?:(?:EXECUTE|PREPARE|CALL)\b|U&\")", _I)
_WRITES = re.compile(r"\b(?:INSERT|UPDATE|REPLACE|MERGE|COPY)\b", _I)
_CALL = re.compile(r"(\w+)\s*\(")
_ROW = re.compile(r"\b(?:OLD|NEW)\b", _I)
_CONDITION = re.compile(r"\b(?:IF|ELSIF|ELSEIF|WHEN)\b([^;]*?)\bTHEN\b", _I)
_CASE = re.compile(r"\b(?:CASE|WHEN)\b", _I)
_RETURN = re.compile(r"\bRETURN\s+OLD\s*;", _I)
_GIVES = re.compile(r"\b(?:INSERT|UPDATE|REPLACE|MERGE|COPY|RETURNING|INTO)\b", _I)
_DELETE = re.compile(r"\bDELETE\s+FROM\b([^;]*)(?:;|\Z)", _I)
# An FTS5 index with external content is told to forget a row by inserting it (SQLite FTS5 §4.4.3).
_FORGET = re.compile(
    rf"\bINSERT\s+INTO\s+({NAME})\s*\(\s*\1\s*,[^;()]*\)\s*VALUES\s*\(\s*'delete'\s*,[^;]*;", _I
)
_OLD = re.compile(rf"(?<![\w.])OLD\b(?:\s*\.\s*({NAME}|\*))?", _I)
_PURE = frozenset(
    {"if", "elsif", "elseif", "and", "or", "not", "in", "exists", "from", "where", "on"}
    | {"coalesce", "ifnull", "nullif", "isnull", "lower", "upper", "trim", "length"}
    | {"char_length", "abs", "date", "cast", "json_valid", "strftime", "row"}
)


class Told(NamedTuple):
    """What a trigger's text tells.

    :param copies_old: the old value may be written somewhere.
    :param old_columns: which columns of it; None means all, or unknown.
    :param calls: the function somebody made for which that is unclear; "" where it is not for one.
    """

    copies_old: bool
    old_columns: frozenset[str] | None
    calls: str = ""


def copies_old(
    body: str,
    *,
    table: str,
    events: Collection[str],
    before: bool,
    made: Made,
    aliases: Collection[str] = (),
) -> Told:
    """Return whether this trigger body may write the old value somewhere, and which of it.

    :param body: the statements, without the header; "" when the catalogue hides them.
    :param table: bare name of the table the trigger is on.
    :param events: of INSERT, UPDATE, DELETE.
    :param before: it fires before the change, so that reading its own table reads old values.
    :param made: answers whether somebody made a function that is called.
    :param aliases: other names of the old rows (PostgreSQL transition tables).
    """
    if not {"UPDATE", "DELETE"} & set(events):
        return Told(False, frozenset())
    if not body.strip() or _DYNAMIC.search(body):
        return Told(True, None)
    if any(re.search(rf"\b{re.escape(name)}\b", body, _I) for name in aliases):
        return Told(True, None)
    if before and _WRITES.search(body) and _reads(body, table):
        return Told(True, None)
    plain = _without_comments(body)
    called = _called(plain, made) if _ROW.search(body) else ""
    if called:
        return Told(True, None, called)
    mentions = list(_OLD.finditer(_without_harmless(plain)))
    names = [found.group(1) for found in mentions]
    if any(name is None or name == "*" for name in names):
        return Told(True, None)
    return Told(bool(mentions), frozenset(name.strip('"`[]') for name in names))


def is_built(body: str) -> bool:
    """Return whether a trigger's text runs what it puts together, or a procedure: none can read it.

    :param body: the statements, without the header.
    """
    plain = _without_comments(body)
    return _DYNAMIC.search(plain if _UNCLEAR.search(plain) else _TEXT.sub("''", plain)) is not None


def _reads(body: str, table: str) -> bool:
    pattern = rf"\b(?:FROM|JOIN)\s+[\w.\"`]*?\b{re.escape(table)}\b"
    return any(
        not re.search(r"DELETE\s+$", body[: found.start()], _I)
        for found in re.finditer(pattern, body, _I)
    )


def _called(body: str, made: Made) -> str:
    """Return the first function of these that somebody made, "" if nobody did."""
    # Where it is unclear at which quote a text ends, its words count as well.
    bare = body if _UNCLEAR.search(body) else _QUOTED_OR_COMMENT.sub(_emptied, body)
    found = next((call for call in calls(bare) if made(call)), None)
    return "" if found is None else ".".join(filter(None, (found.schema, found.name)))


def _emptied(found: re.Match[str]) -> str:
    """Nothing in quotes, unless it names what is called."""
    text, after = found.group(), found.string[found.end() :].lstrip()
    if text.startswith("'"):
        return "''"
    return text if after.startswith((".", "(")) else " "


def _without_comments(body: str) -> str:
    """Comments go unless it is unclear where a string ends."""
    if _UNCLEAR.search(body):
        return body
    return _QUOTED_OR_COMMENT.sub(
        lambda found: " " if found.group().startswith(("--", "/*")) else found.group(), body
    )


def _without_harmless(body: str) -> str:
    body = _RETURN.sub(" ; ", body)
    body = _FORGET.sub(" ; ", body)
    body = _CONDITION.sub(_unless_called, body)
    return _DELETE.sub(_unless_called, body)


def _unless_called(found: re.Match[str]) -> str:
    """Nothing, unless a function that nobody looked into is called inside."""
    calls = {name.lower() for name in _CALL.findall(found.group(1))}
    # A function of this name goes as far as the THEN of what follows it.
    unclear = _GIVES.search(found.group(1)) or _CASE.search(found.group(1)) or calls - _PURE
    return found.group() if unclear else " ; "
