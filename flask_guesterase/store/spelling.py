"""What a text of SQL names, by its words: good for what hosts write, no wall against intent."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_APART = re.compile(r"(--[^\n]*|/\*.*?\*/)|'(?:[^']|'')*'", re.DOTALL)
_ESCAPED = re.compile(r"(--[^\n]*|/\*.*?\*/)|'(?:[^'\\]|''|\\.)*'", re.DOTALL)
_COPIED = re.compile(
    r"\s*create\s+(?:\w+\s+)*?(?:table|materialized)\b.*\bselect\b", re.IGNORECASE | re.DOTALL
)
_STRUCTURE = re.compile(r"\s*(create|alter|drop|comment|grant|revoke|truncate)\b", re.IGNORECASE)
_NEW_ROW = re.compile(r"\s*insert\b", re.IGNORECASE)
_MORE = re.compile(r"\b(select|conflict|duplicate|returning)\b", re.IGNORECASE)
_STAR = re.compile(
    r"(?:\b(?:select|distinct|all|returning|straight_join|high_priority|sql_no_cache"
    r"|sql_calc_found_rows)\s+|,\s*|\bdistinct\s+on\s*\(.*?\)\s*)\*",
    re.IGNORECASE | re.DOTALL,
)
_TABLE = re.compile(
    r"(?:^|\(|\b(?:union|all|except|intersect|as)\b)\s*table\s+(?:only\s+)?([\w\"`.]+)",
    re.IGNORECASE,
)
_QUOTE = r"[\"`\[\]]?"


def spelled(
    text: str,
    columns: Mapping[str, Collection[str]],
    here: Collection[str] = (),
    loads: bool = False,
) -> dict[str, set[str]]:
    """Return the columns that a text of SQL names, per table.

    :param text: SQL, whole or a part.
    :param columns: table -> the columns that are looked for.
    :param here: tables of the statement around a part.
    :param loads: the text's rows become instances: a star is no name.
    """
    found: dict[str, set[str]] = {}
    # Some databases take a backslash in a value for itself, others for the mark of what follows.
    for apart in (_APART, _ESCAPED) if "\\" in text else (_APART,):
        # A comment is a blank; a value stays one, so that a star behind it multiplies.
        plain = apart.sub(lambda match: " " if match[1] else " '' ", text)
        for table, names in _spelled(plain, columns, here, loads).items():
            found.setdefault(table, set()).update(names)
    return found


def _spelled(
    plain: str, columns: Mapping[str, Collection[str]], here: Collection[str], loads: bool
) -> dict[str, set[str]]:
    """Return what a text without comments and values names."""
    structure = _STRUCTURE.match(plain) and not _COPIED.match(plain)
    if structure or (_NEW_ROW.match(plain) and not _MORE.search(plain)):
        return {}
    found: dict[str, set[str]] = {}
    for table, wanted in columns.items():
        bare = table.rpartition(".")[2]
        if table not in here and not _word(bare).search(plain):
            continue
        owners = {bare.lower(), *_aliases(plain, bare)}
        hit = {name for name in wanted if _names(plain, name, owners)}
        if not loads and _star(plain, owners):
            hit |= set(wanted)
        if hit:
            found[table] = hit
    return found


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _aliases(text: str, table: str) -> set[str]:
    """Return what follows the table's name; a keyword among it does no harm."""
    pattern = rf"(?<!\w){re.escape(table)}{_QUOTE}\s+(?:as\s+)?{_QUOTE}(\w+)"
    return {word.lower() for word in re.findall(pattern, text, re.IGNORECASE)}


def _names(text: str, column: str, owners: Collection[str]) -> bool:
    """Return whether a column is named, bare or as one of the table's own."""
    pattern = rf"(?:(\w+){_QUOTE}\s*\.\s*)?{_QUOTE}(?<!\w){re.escape(column)}(?!\w)"
    return any(
        not owner or owner.lower() in owners
        for owner in re.findall(pattern, text, re.IGNORECASE)
    )


def _star(text: str, owners: Collection[str]) -> bool:
    qualified = re.findall(rf"(\w+){_QUOTE}\s*\.\s*\*", text)
    whole = [name.strip('"`').rpartition(".")[2].strip('"`') for name in _TABLE.findall(text)]
    return bool(_STAR.search(text)) or any(each.lower() in owners for each in qualified + whole)
