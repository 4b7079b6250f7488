"""Tables into which triggers write, of which they delete or read, as far as their text says."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from ..catalog.called import NAME
from ..catalog.copying import copies_old
from ..catalog.shape import LiveSchema, LiveTrigger

_NAME = r"(?:[`\"\[]?\w+[`\"\]]?\s*\.\s*)*[`\"\[]?(\w+)\b[`\"\]]?"
"""A name without what stands before it: a schema, or the table of a column."""
_WORDS = re.compile(_NAME)

_INTO = re.compile(
    r"\b(?:(?:insert|replace)(?:\s+(?:low_priority|delayed|high_priority|ignore))*(?:\s+into)?|into)"
    rf"\s+{_NAME}",
    re.IGNORECASE,
)
"""The table that a statement inserts into; MariaDB needs no INTO."""

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
_PLACED = re.compile(
    # Behind the KEY of ON DUPLICATE KEY UPDATE stands a column.
    r"(?<!\w)(?<!key\s)(insert|replace|merge|update)"
    r"(?:\s+(?:or\s+\w+|low_priority|delayed|high_priority|ignore|only|into))*"
    rf"\s+(?:({NAME})\s*\.\s*)?({NAME})",
    re.IGNORECASE,
)
"""The table that a statement writes into, and the schema before it, where one stands there."""
_JOINED = re.compile(r"(?<!\w)(?<!key\s)update\s+([^;]*?)\bset\b([^;]*)", re.IGNORECASE)
"""What a statement of MariaDB changes, tables and columns: one of several tables, or each."""
_SET = re.compile(rf"(?:^|,)\s*(?:(?:{NAME}\s*\.\s*)?({NAME})\s*\.\s*)?{NAME}\s*=")
_KEY = r"(?:low_priority|quick|ignore|from|using|table|only|(?:straight_)?join)"
_LEADS = rf"(?:{_KEY}|as|on|set|left|right|inner|outer|cross|natural)(?![\w$])"
_STANDS = re.compile(
    rf"(?:^|[,(]|(?<!\w){_KEY}(?!\w))(?:\s|\(|(?<!\w){_KEY}(?!\w))*"
    rf"(?:({NAME})\s*\.\s*)?(?!{_LEADS})({NAME})(?![\w$]|\s*\()"
    rf"(?=(?:\s+(?:as\s+)?(?!{_LEADS})({NAME}))?)",
    re.IGNORECASE,
)
"""A name where tables stand, the schema before it and the other name behind it, where there are."""
_AMONG = re.compile(
    r"\s*(?:from\s)?(.*?)(?<!\w)(?:from|using)(?!\w)(.*)", re.IGNORECASE | re.DOTALL
)
"""The tables of which rows are deleted, and all those that are looked into for it."""
_CLOSED = re.compile(
    rf"(?:(^|[,(]|(?<!\w){_KEY}(?!\w))\s*)?\((\s*(?:select|with|values)\b)?([^()]*)\)",
    re.IGNORECASE,
)
"""What stands in brackets that hold none: tables where tables stand, or a list, or what is read."""
_BEHIND = re.compile(r"\)|\(\s*select\b|(?<!\w)(?:returning|order\s+by|limit)(?!\w)", re.IGNORECASE)
"""Where a statement that deletes rows has named its tables."""
_ROWS = frozenset({"old", "new"})
_MARIADB_TEXTS = re.compile(
    r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"|#[^\n]*|--\s[^\n]*|/\*(?!M?!).*?\*/", re.DOTALL
)
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


def emptied(live: LiveSchema, whole: LiveSchema, trigger: LiveTrigger) -> list[str]:
    """Return the tables of which a trigger deletes rows; an index of words is none.

    :param live: the database of the trigger as read.
    :param whole: it and all others.
    :param trigger: the trigger.
    """
    bare = {name.rpartition(".")[2].lower() for name in live.tables}
    words, far = set[str](), set[str]()
    for said in _GONE.findall(_TEXTS.sub(" ", trigger.body)):
        one = _ALONE.match(said)
        if one is not None and one[1].lower() in bare:
            words.add(one[1].lower())
        else:
            # Of several tables under other names any may lose rows.
            words.update(word.lower() for word in _WORDS.findall(said))
    for said in _GONE.findall(_plain(live, trigger)):
        far |= _unread(live, whole, _losing(said, live.dialect == "mariadb"))
    return sorted(far.union(
        name for name, found in live.tables.items()
        if name.rpartition(".")[2].lower() in words and not found.virtual
    ))


def beyond(live: LiveSchema, whole: LiveSchema, trigger: LiveTrigger) -> list[str]:
    """Return the tables into which a trigger writes by name that lie in a schema nobody read.

    :param live: the database of the trigger as read.
    :param whole: it and all others; triggers of MariaDB reach those of their server.
    :param trigger: the trigger.
    """
    mariadb = live.dialect == "mariadb"
    body = " ".join(_plain(live, trigger).split())
    parts = _parts(live, whole)
    joined = (each for each in _joined(body) if each[0])
    found = _unread(live, whole, joined) if mariadb else set[str]()
    for verb, *said in _PLACED.findall(body):
        schema, name = (_spelt(part, live) for part in said)
        if schema == "pg_temp" or not (schema or verb.lower() == "insert"):
            continue
        places = [f"{each}.{name}" for each in ([schema] if schema else trigger.path)]
        if not any(part.table(place) for part in parts for place in places):
            # A bare name may be that of a temporary table too.
            found.update(places if schema else [
                place for each, place in zip(trigger.path, places, strict=True)
                if each in live.elsewhere
            ][:1])
    return sorted(found)


def _plain(live: LiveSchema, trigger: LiveTrigger) -> str:
    texts = _MARIADB_TEXTS if live.dialect == "mariadb" else _TEXTS
    return texts.sub(" ", trigger.body)


def _joined(body: str) -> Iterator[tuple[str, str]]:
    """Yield the tables that a statement changes beside the one it names first, and their schemas.

    Of one without a schema before it that is empty.
    """
    for tables, columns in _JOINED.findall(body):
        changed = {name.strip("`").lower() for name in _SET.findall(_open(columns))}
        for schema, name, other in _all_in(_open(tables)):
            # A column without its table may be of any.
            if "" in changed or {name.strip("`").lower(), other.strip("`").lower()} & changed:
                yield schema, name


def _losing(said: str, joins: bool) -> Iterator[tuple[str, str]]:
    """Yield the tables of schemas of which a statement deletes rows.

    :param joins: it may do so by names that stand behind USING or FROM; elsewhere these are read.
    """
    said = _BEHIND.split(_open(said))[0]
    several = _AMONG.match(said)
    lost, among = several.groups() if several is not None and several[1].strip() else (said, "")
    meant = {word.lower() for word in _WORDS.findall(lost)}
    for schema, name, _ in _standing_in(lost):
        yield schema, name
    for schema, name, other in _standing_in(among if joins else ""):
        if {name.strip("`").lower(), other.strip("`").lower()} & meant:
            yield schema, name


def _standing_in(said: str) -> Iterator[tuple[str, str, str]]:
    """Yield schema, name and other name of tables that stand with their schema in a statement."""
    return (each for each in _all_in(said) if each[0])


def _all_in(said: str) -> Iterator[tuple[str, str, str]]:
    """Yield schema, name and other name of tables in a statement; the schema is empty if none."""
    found = _STANDS.findall(said.replace("{", "(").replace("}", ")"))
    tables = _ROWS.union(each.lower() for _, *names in found for each in names)
    return ((s, name, other) for s, name, other in found if s.lower() not in tables or not s)


def _open(said: str) -> str:
    """Return a statement without arguments, values and what is selected: these are only read.

    Brackets around tables are curly ones in it.
    """
    def less(found: re.Match[str]) -> str:
        lead, reads, inner = found.groups()
        return f"{lead or ''} {{{inner if lead is not None and not reads else ''}}}"

    while (left := _CLOSED.sub(less, said)) != said:
        said = left
    return said


def _parts(live: LiveSchema, whole: LiveSchema) -> list[LiveSchema]:
    """Return the databases that a trigger reaches; those of MariaDB reach all of their server."""
    return [each for _, each in whole.each()] if live.dialect == "mariadb" else [live]


def _unread(
    live: LiveSchema, whole: LiveSchema, named: Iterable[tuple[str, str]]
) -> set[str]:
    """Return those tables of schemas that lie in one nobody read."""
    places = {".".join(_spelt(part, live) for part in pair) for pair in named}
    parts = _parts(live, whole)
    return {
        place for place in places
        if not place.startswith("pg_temp.") and not any(part.table(place) for part in parts)
    }


def onward(live: LiveSchema, trigger: LiveTrigger, among: Iterable[str]) -> list[str]:
    """Return the tables into which a trigger inserts, directly or through triggers of those.

    :param live: the live database as read.
    :param trigger: the trigger.
    :param among: names of the tables that are asked about.
    """
    said = _into(trigger.body)
    first = [name for name in among if name.rpartition(".")[2].lower() in said]
    return sorted({*first, *fed(live, first, among)})


def written(live: LiveSchema, trigger: LiveTrigger, among: Iterable[str]) -> list[str]:
    """Return the tables into which a trigger writes in whatever way, directly or through theirs.

    :param live: the live database as read.
    :param trigger: the trigger.
    :param among: names of the tables that are asked about.
    """
    body, own = " ".join(_plain(live, trigger).split()), live.table(trigger.table)
    put = [(schema, name) for _, schema, name in _PLACED.findall(body)]
    put += _joined(body) if live.dialect == "mariadb" else ()
    said = {(_spelt(schema, live).lower(), _spelt(name, live).lower()) for schema, name in put}
    places = trigger.path or (own.schema if own is not None else "", live.default_schema)

    def is_meant(name: str) -> bool:
        found, bare = live.table(name), name.rpartition(".")[2].lower()
        schema = found.schema if found is not None else ""
        # A name without a schema may be met in one that the session alone knows.
        near = schema in places or not any(live.table(f"{each}.{bare}") for each in places)
        return (schema.lower(), bare) in said or (near and ("", bare) in said)

    first = [name for name in among if is_meant(name)]
    return sorted({*first, *fed(live, first, among)})


def given(trigger: LiveTrigger) -> LiveTrigger:
    """Return a trigger with what it copies of the row that goes in, in place of what was there.

    :param trigger: the trigger, on INSERT.
    """
    body, table = re.sub(r"\bnew\b", "OLD", trigger.body, flags=re.I), trigger.table
    told = copies_old(
        body, table=table.rpartition(".")[2], events={"UPDATE"}, before=False,
        made=lambda _: False,
    )
    return replace(trigger, copies_old=told.copies_old, old_columns=told.old_columns)


def _spelt(part: str, live: LiveSchema) -> str:
    """Return a name as the catalogue has it: PostgreSQL folds what stands in no quotes."""
    if part[:1] in ("`", '"', "["):
        return part[1:-1].replace(part[0] * 2, part[0])
    return part.lower() if live.dialect == "postgresql" else part


def fed(live: LiveSchema, tables: Iterable[str], among: Iterable[str]) -> list[str]:
    """Return the tables into which triggers of others insert, directly or one through another.

    What a trigger writes through a function or a text it puts together is not seen.

    :param live: the live database as read.
    :param tables: names of the tables whose rows change.
    :param among: names of the tables that are asked about.
    """
    return _met(live, tables, among, lambda body, _: _into(body))


def named(live: LiveSchema, tables: Iterable[str], among: Iterable[str]) -> list[str]:
    """Return the tables that triggers of others name, directly or one through another.

    Whatever form a statement has that writes into one, it names it. What a trigger writes through
    a function, a view or a text it puts together is not seen.

    :param live: the live database as read.
    :param tables: names of the tables whose rows change.
    :param among: names of the tables that are asked about.
    """
    return _met(live, tables, among, _standing)


def _into(body: str) -> set[str]:
    return {word.lower() for word in _INTO.findall(body)}


def _standing(body: str, bare: Collection[str]) -> set[str]:
    """Return the names that stand in a text, each as a whole."""
    text = body.lower()
    there = (name for name in bare if name in text)
    return {name for name in there if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)}


def _met(
    live: LiveSchema, tables: Iterable[str], among: Iterable[str],
    says: Callable[[str, Collection[str]], set[str]],
) -> list[str]:
    """Return the tables of which triggers tell, directly or one through another.

    :param says: answers which names a trigger's text tells of; it is given all there are.
    """
    bare: dict[str, set[str]] = {}
    waiting, met = list(tables), set[str]()
    while waiting:
        found = live.table(waiting.pop())
        for trigger in found.triggers if found is not None else ():
            bare = bare or _bare(live)
            for word in says(trigger.body, bare.keys()):
                more = bare.get(word, set()) - met
                met |= more
                waiting.extend(more)
    return [
        name for name in among
        if met and (found := live.table(name)) is not None and found.name in met
    ]


def _bare(live: LiveSchema) -> dict[str, set[str]]:
    """Return name of a table without its schema, in small letters -> the tables called so."""
    found: dict[str, set[str]] = {}
    for _, each in live.each():
        for name in each.tables:
            found.setdefault(name.rpartition(".")[2].lower(), set()).add(name)
    return found
