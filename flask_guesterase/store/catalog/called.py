"""Which functions a trigger calls that somebody made, which the server's catalogue tells.

Told a key alone, such a function can read the row where it still stands as it was, and nobody
looks into it. SQLite has none that SQL defines; what an application gives its own connection is
code of the host's like all of its code, which nobody looks into either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ..statements.failure import number
from .inborn import GRAMMAR, PLACES, TOUCHING, WORDS

NAME = r"(?:[\w$]+|\"(?:[^\"]|\"\")+\"|`(?:[^`]|``)+`|\[[^\]]+\])"
"""A name in SQL, in the quotes of any engine."""

_GAP = r"(?:\s|/\*(?:(?!\*/).)*\*/|--[^\n]*\n)*"
_CALLED = re.compile(rf"(?:({NAME})\s*\.\s*)?({NAME})({_GAP})\(", re.DOTALL)
# What is written into, or made for one statement, has the names of its columns in brackets.
_LISTED = re.compile(
    rf"\b(?:INTO|INSERT|IGNORE|REPLACE|AS|WITH|RECURSIVE)\s+(?:{NAME}\s*\.\s*)?{NAME}\s*\(",
    re.IGNORECASE,
)

# What an extension brings in C is taken for the server's. What it brings otherwise may write.
_POSTGRESQL = text("""
    SELECT n.nspname, p.proname
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE p.oid >= :first AND (
        (p.provolatile = 'v' AND l.lanname NOT IN ('c', 'internal')) OR NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
              AND d.deptype = 'e'))
""")
FIRST = 16384
"""First object of PostgreSQL that did not come with the server."""

# Functions of the server and of common extensions that run a text as a statement, read a table by
# its name, write one down as a file or object, or reach another server.
_REACHING = re.compile(
    r"(?:query|table|schema|database|cursor)_to_xml\w*|ts_stat|ts_rewrite|xpath_table|connectby"
    r"|crosstab\w*|dblink\w*|http\w*|run_command_on_\w+|pg_background_\w+|schedule\w*"
    r"|lo_(?:put|from_bytea|import\w*|export)|lowrite|pg_file_write"
)

# Everybody may read it. What an account may see of the routines is less than what a trigger calls,
# which acts with the rights of whoever made it.
_MARIADB = text("SELECT LOWER(`FUNCTION`) FROM information_schema.SQL_FUNCTIONS")
_NO_SUCH_TABLE = 1109


class Call(NamedTuple):
    """What stands before a bracket.

    :param schema: what it is qualified with, "" if nothing.
    :param name: its name, both in small letters.
    :param quoted: it stands in quotes, so that it is no word of the language.
    :param apart: something stands between it and the bracket.
    """

    schema: str
    name: str
    quoted: bool
    apart: bool


Made = Callable[[Call], bool]
"""Answers whether somebody made the function that is called."""


def calls(body: str) -> Iterator[Call]:
    """Yield what may be called in a trigger's text, words of the language included.

    :param body: the statements; what a text says in them counts as well.
    """
    for schema, name, gap in _CALLED.findall(_LISTED.sub(" , (", body)):
        yield Call(_bare(schema), _bare(name), not re.match(r"[\w$]", name), bool(gap))


def _bare(name: str) -> str:
    quote = name[:1]
    inner = name[1:-1].replace(quote * 2, quote) if quote in ('"', "`") and quote else name
    return inner.strip("[]").lower()


def sqlite(_: Call) -> bool:
    """Answer that nobody made it."""
    return False


def postgresql(conn: Connection) -> Made:
    """Return what knows the functions of all schemas that neither server nor extension brought.

    :param conn: an open connection.
    """
    rows = conn.execute(_POSTGRESQL, {"first": FIRST})
    made = {(schema.lower(), name.lower()) for schema, name in rows}
    names = {name for _, name in made}

    def answer(call: Call) -> bool:
        known = (call.schema, call.name) in made if call.schema else call.name in names
        return known or _REACHING.fullmatch(call.name) is not None

    return answer


def _mariadbs(conn: Connection) -> frozenset[str]:
    """Return the functions that a server names as its own; few of those that name none yet."""
    try:
        return PLACES | GRAMMAR.union(conn.scalars(_MARIADB))
    except DBAPIError as problem:
        if number(problem) != _NO_SUCH_TABLE:
            raise
        return PLACES | GRAMMAR


def mariadb(conn: Connection) -> Made:
    """Return what takes each function for made that the server does not name as its own.

    :param conn: an open connection.
    """
    own = cache(partial(_mariadbs, conn))

    def answer(call: Call) -> bool:
        if call.schema or call.quoted or (call.apart and call.name in TOUCHING):
            return True
        return call.name not in WORDS and call.name not in own()

    return answer
