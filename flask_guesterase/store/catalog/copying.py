"""Whether a trigger may keep the value that an erasure is about to remove.

The answer fails closed. Uses of the old row that cannot copy it (comparing it, returning it,
deleting by it) are taken out of the body; whatever mention of OLD is left counts as a copy, and
so does any body that builds statements at run time, or calls a function of the host's: told a key
alone, that can read the row where it still stands as it was.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .inborn import INBORN

_I = re.IGNORECASE | re.DOTALL
_NAME = r"(?:\w+|\"[^\"]+\"|`[^`]+`|\[[^\]]+\])"
_QUOTED_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|--[^\n]*|/\*(?!M?!).*?\*/", _I)
# A backslash before a quote, MariaDB's comment that may hold one, PostgreSQL's texts without any.
_UNCLEAR = re.compile(r"[\\#$]")
_DYNAMIC = re.compile(r"\b(?:EXECUTE|PREPARE|CALL)\b", _I)
_WRITES = re.compile(r"\b(?:INSERT|UPDATE|REPLACE|MERGE|COPY)\b", _I)
_CALL = re.compile(r"(\w+)\s*\(")
_CALLED = re.compile(rf"(?:({_NAME})\s*\.\s*)?({_NAME})\s*\(")
# What is written into, or made for one statement, has the names of its columns in brackets.
_LISTED = re.compile(
    rf"\b(?:INTO|INSERT|IGNORE|REPLACE|AS|WITH|RECURSIVE)\s+(?:{_NAME}\s*\.\s*)?{_NAME}\s*\(", _I
)
_ROW = re.compile(r"\b(?:OLD|NEW)\b", _I)
_CONDITION = re.compile(r"\b(?:IF|ELSIF|ELSEIF|WHEN)\b([^;]*?)\bTHEN\b", _I)
_CASE = re.compile(r"\b(?:CASE|WHEN)\b", _I)
_RETURN = re.compile(r"\bRETURN\s+OLD\s*;", _I)
_GIVES = re.compile(r"\b(?:INSERT|UPDATE|REPLACE|MERGE|COPY|RETURNING|INTO)\b", _I)
_DELETE = re.compile(r"\bDELETE\s+FROM\b([^;]*)(?:;|\Z)", _I)
# An FTS5 index with external content is told to forget a row by inserting it (SQLite FTS5 §4.4.3).
_FORGET = re.compile(
    rf"\bINSERT\s+INTO\s+({_NAME})\s*\(\s*\1\s*,[^;()]*\)\s*VALUES\s*\(\s*'delete'\s*,[^;]*;", _I
)
_OLD = re.compile(rf"(?<![\w.])OLD\b(?:\s*\.\s*({_NAME}|\*))?", _I)
_PURE = frozenset(
    {"if", "elsif", "elseif", "and", "or", "not", "in", "exists", "from", "where", "on"}
    | {"coalesce", "ifnull", "nullif", "isnull", "lower", "upper", "trim", "length"}
    | {"char_length", "abs", "date", "cast", "json_valid", "strftime", "row"}
)


def copies_old(
    body: str,
    *,
    table: str,
    events: Collection[str],
    before: bool,
    aliases: Collection[str] = (),
) -> tuple[bool, frozenset[str] | None]:
    """Whether this trigger body may write the old value somewhere, and which columns of it.

    :param body: the statements, without the header; "" when the catalogue hides them.
    :param table: bare name of the table the trigger is on.
    :param events: of INSERT, UPDATE, DELETE.
    :param before: it fires before the change, so that reading its own table reads old values.
    :param aliases: other names of the old rows (PostgreSQL transition tables).
    :returns: the verdict and the columns; None in place of columns means all, or unknown.
    """
    if not {"UPDATE", "DELETE"} & set(events):
        return False, frozenset()
    if not body.strip() or _DYNAMIC.search(body):
        return True, None
    if any(re.search(rf"\b{re.escape(name)}\b", body, _I) for name in aliases):
        return True, None
    if before and _WRITES.search(body) and _reads(body, table):
        return True, None
    plain = _without_comments(body)
    if _ROW.search(body) and _calls(plain):
        return True, None
    mentions = list(_OLD.finditer(_without_harmless(plain)))
    names = [found.group(1) for found in mentions]
    if any(name is None or name == "*" for name in names):
        return True, None
    return bool(mentions), frozenset(name.strip('"`[]') for name in names)


def _reads(body: str, table: str) -> bool:
    pattern = rf"\b(?:FROM|JOIN)\s+[\w.\"`]*?\b{re.escape(table)}\b"
    return any(
        not re.search(r"DELETE\s+$", body[: found.start()], _I)
        for found in re.finditer(pattern, body, _I)
    )


def _calls(body: str) -> bool:
    """Whether a function is called that does not come with the engine."""
    # Where it is unclear at which quote a text ends, its words count as well.
    bare = body if _UNCLEAR.search(body) else _QUOTED_OR_COMMENT.sub(_emptied, body)
    calls = _CALLED.findall(_LISTED.sub(" , (", bare))
    return any(
        schema.strip('"').lower() not in ("", "pg_catalog") or name.lower() not in INBORN
        for schema, name in calls
    )


def _emptied(found: re.Match[str]) -> str:
    return "''" if found.group().startswith("'") else found.group()


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
