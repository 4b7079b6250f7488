"""What a text of SQL names, by its words: good for what hosts write, no wall against intent."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

_APART = re.compile(r"(--[^\n]*|/\*.*?\*/)|'(?:[^']|'')*'", re.DOTALL)
_ESCAPED = re.compile(r"(--[^\n]*|/\*.*?\*/)|'(?:[^'\\]|''|\\.)*'", re.DOTALL)
_COPIED = re.compile(
    r"\s*create\s+(?:\w+\s+)*?(?:table|materialized)\b.*\bselect\b", re.IGNORECASE | re.DOTALL
)
_STRUCTURE = re.compile(r"\s*(create|alter|drop|comment|grant|revoke|truncate)\b", re.IGNORECASE)
_NEW_ROW = re.compile(r"\s*insert\b", re.IGNORECASE)
_REPLACED = re.compile(
    r"\s*(?:insert\s+or\s+)?replace\s+(?:(?:low_priority|delayed|into)\s+)*"
    r"(?:\w+\s*\.\s*)*(\w+)",
    re.IGNORECASE,
)
_MORE = re.compile(r"\b(select|conflict|duplicate|returning)\b", re.IGNORECASE)
_STAR = re.compile(
    r"(?:\b(?:select|distinct|all|returning|straight_join|high_priority|sql_no_cache"
    r"|sql_calc_found_rows)\s+|,\s*|\bdistinct\s+on\s*\(.*?\)\s*)\*",
    re.IGNORECASE | re.DOTALL,
)
_TABLE = re.compile(
    r"(?:^|\(|\b(?:union|all|except|intersect|as)\b)\s*table\s+(?:only\s+)?"
    r"(?:\w+\s*\.\s*)*(\w+)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'"([^"]*)"|`([^`]*)`|(?<![\w\])])\[([A-Za-z_][\w ]*)\]')
_PARAMETER = re.compile(r"(?<![:\w\\]):\w+(?![:\w])")
_TESTED = re.compile(
    r"(\bexists\s*\(\s*select\s+(?:(?:distinct|all)\s+)?)\*(?=\s+from\b)", re.IGNORECASE
)
_INNERMOST = re.compile(r"\(([^()]*)\)")
_WORD = re.compile(r"[\w$]+|[^\s\w]")
_PLACES = {
    **dict.fromkeys(("select", "returning", "where", "on", "set", "when", "then"), "value"),
    **dict.fromkeys(("from", "join", "update", "using", "table", "into", "with"), "source"),
    **dict.fromkeys(("by", "having", "limit", "offset", "values", "insert", "delete"), "other"),
}
"""A word of SQL -> what stands behind it: values, where rows come from, or neither."""
_BEFORE_VALUE = frozenset({
    "", "(", ",", "select", "distinct", "all", "returning", "where", "on", "set", "and", "or",
    "not", "when", "then", "else", "=", "<", ">", "+", "-", "*", "/", "|",
})
_BEFORE_SOURCE = frozenset({"from", "join", "lateral", "using", "only", "into", "table", "with"})
_NO_ALIAS = frozenset({
    *_PLACES, "as", "left", "right", "inner", "outer", "cross", "natural", "full", "order",
    "group", "union", "except", "intersect", "for", "window", "and", "or", "use", "force",
    "ignore", "fetch", "tablesample", "straight_join", "partition",
})


def spelled(
    text: str,
    columns: Mapping[str, Collection[str]],
    here: Collection[str] = (),
    loads: bool = False,
    taken: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> dict[str, set[str]]:
    """Return the columns that a text of SQL names, per table.

    :param text: SQL, whole or a part.
    :param columns: table -> the columns that are looked for.
    :param here: tables of the statement around a part.
    :param loads: the text's rows become instances: a star is no name.
    :param taken: table -> words that mean something else where they are that table's name.
    """
    found: dict[str, set[str]] = {}
    # Some databases take a backslash in a value for itself, others for the mark of what follows.
    for apart in (_APART, _ESCAPED) if "\\" in text else (_APART,):
        # A comment is a blank; a value stays one, so that a star behind it multiplies.
        plain = apart.sub(lambda match: " " if match[1] else " '' ", text)
        for table, names in _spelled(_plain(plain), columns, here, loads, taken).items():
            found.setdefault(table, set()).update(names)
    return found


def mentioned(text: str, tables: Iterable[str]) -> set[str]:
    """Return the tables whose names stand in a text."""
    plain = _plain(text)
    return {each for each in tables if _word(_bare(each)).search(plain)}


def plain_word(name: str) -> str:
    """Return a name as one word, so that it needs no quotes."""
    return re.sub(r"[^\w$.]", "_", name)


def _plain(text: str) -> str:
    """Return a text without its parameters, quotes, and stars that only ask whether rows exist."""
    text = _TESTED.sub(r"\g<1>1", _PARAMETER.sub(" 0 ", text))
    return _QUOTED.sub(
        lambda match: f" {plain_word(match[1] or match[2] or match[3] or '')} ", text
    )


def _bare(table: str) -> str:
    return plain_word(table.rpartition(".")[2])


def _spelled(
    plain: str,
    columns: Mapping[str, Collection[str]],
    here: Collection[str],
    loads: bool,
    taken: Mapping[str, Collection[str]],
) -> dict[str, set[str]]:
    """Return what a text without comments and values names."""
    structure = _STRUCTURE.match(plain) and not _COPIED.match(plain)
    replaced = _REPLACED.match(plain)
    if structure or (not replaced and _NEW_ROW.match(plain) and not _MORE.search(plain)):
        return {}
    found: dict[str, set[str]] = {}
    lowered = plain.lower()
    for table, wanted in columns.items():
        bare = _bare(table)
        # Most texts have nothing of a name, which is quickly seen.
        absent = bare.lower() not in lowered or not _word(bare).search(plain)
        if table not in here and absent:
            continue
        owners = {bare.lower(), *_aliases(plain, bare)}
        hit = {name for name in wanted if _names(plain, plain_word(name), owners)}
        rows = owners - {plain_word(word).lower() for word in taken.get(table, ())} - _NO_ALIAS
        if replaced and replaced[1].lower() == bare.lower():
            # The whole row gives way to another.
            hit = set(wanted)
        if not loads and (_star(plain, owners) or _row(plain, rows, table in here)):
            hit |= set(wanted)
        if hit:
            found[table] = hit
    return found


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _aliases(text: str, table: str) -> set[str]:
    """Return what follows the table's name; a keyword among it does no harm."""
    pattern = rf"(?<!\w){re.escape(table)}\s+(?:as\s+)?(\w+)"
    return {word.lower() for word in re.findall(pattern, text, re.IGNORECASE)}


def _names(text: str, column: str, owners: Collection[str]) -> bool:
    """Return whether a column is named, bare or as one of the table's own."""
    pattern = rf"(?:(\w+)\s*\.\s*)?(?<!\w){re.escape(column)}(?!\w)"
    return any(
        not owner or owner.lower() in owners
        for owner in re.findall(pattern, text, re.IGNORECASE)
    )


def _star(text: str, owners: Collection[str]) -> bool:
    qualified = re.findall(r"(\w+)\s*\.\s*\*", text)
    whole = _TABLE.findall(text)
    return any(each.lower() in owners for each in qualified + whole) or bool(
        _STAR.search(_narrowed(text, owners))
    )


def _narrowed(text: str, owners: Collection[str]) -> str:
    """Return a text without the parts in parentheses that have nothing to do with a table."""

    def part(match: re.Match[str]) -> str:
        words = {word.lower() for word in re.findall(r"\w+", match[1])}
        return f"\1{match[1] if words & set(owners) else '0'}\2"

    before = ""
    while before != text:
        before, text = text, _INNERMOST.sub(part, text)
    return text.replace("\1", "(").replace("\2", ")")


def _row(text: str, owners: Collection[str], part: bool) -> bool:
    """Return whether a table's name or alias stands where a value does: for whole rows.

    :param part: the text is a part of a statement with that table.
    """
    reading = _Rows(owners, "value" if part else "other")
    words = [word.lower() for word in _WORD.findall(text)]
    for word, after in zip(words, [*words[1:], ""], strict=True):
        reading.take(word, after)
    return reading.found(part)


class _Rows:
    """Reads words of SQL for names of tables that stand for whole rows."""

    def __init__(self, owners: Collection[str], place: str) -> None:
        self.owners, self.place = frozenset(owners), place
        self.stack: list[str] = []
        self.last = ["", ""]
        self.sources: set[str] = set()
        self.labels: set[str] = set()
        self.hits: list[tuple[str, str]] = []

    def take(self, word: str, after: str) -> None:
        """Read one word, or one sign.

        :param after: the word behind it.
        """
        earlier, before = self.last
        self.last = [before, word]
        if word == "(":
            self._open(before)
        elif word == ")":
            self.place = self.stack.pop() if self.stack else self.place
        elif word in _PLACES and (word, before) != ("from", "distinct"):
            self.place = _PLACES[word]
        elif before == "as" and self.place != "source":
            self.labels.add(word)
        elif word in self.owners:
            self._name(word, earlier, before, after)

    def _name(self, word: str, earlier: str, before: str, after: str) -> None:
        if self.place == "source":
            self.sources.add(word)
        # Else a function of that name, a column of the table, a test whether there is a row.
        elif self.place == "value" and before in _BEFORE_VALUE and after not in ("(", ".", "is"):
            self.hits.append((word, earlier if before == "(" else ""))

    def _open(self, before: str) -> None:
        self.stack.append(self.place)
        if self.place == "source" and re.match(r"\w", before) and before not in _BEFORE_SOURCE:
            # Of a function, or of the columns that are written or named anew.
            self.place = "other"

    def found(self, part: bool) -> bool:
        """Return whether one of the names stood for whole rows."""
        return any(
            (part or self.sources)
            and function != "count"
            and (word not in self.labels or "json" in function or "row" in function)
            for word, function in self.hits
        )
