"""What was compiled once, or is asked for by nobody, is not compiled anew: a plugin of the tests.

A thousand tests make an engine each, and each would compile the same statements. A process of a
hotel has one engine, whose cache does what this one does for all of them. Hundreds make an
application each, with hundreds of addresses, of which a test asks for few. Each connection to
MariaDB would read the system's certificates, and need none.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pymysql.connections import Connection as MySQLConnection
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache
from werkzeug.routing.rules import Rule, RulePart

_KEPT: LRUCache[Any, Any] = LRUCache(4_000)
_TELLING = (
    "paramstyle", "label_length", "_json_serializer", "_json_deserializer", "is_mariadb",
    "use_insertmanyvalues", "insertmanyvalues_page_size", "supports_native_boolean",
)  # fmt: skip
"""What a host may choose and what compiling asks for."""


class Shared:
    """The cache of one engine: the same as that of each engine of its kind.

    :param dialect: the engine's.
    """

    def __init__(self, dialect: Any) -> None:
        self._kind = (type(dialect), *(getattr(dialect, name, None) for name in _TELLING))

    def get(self, key: Any, default: Any = None) -> Any:
        """Return what was compiled under a key, whose first part is the dialect."""
        return _KEPT.get((self._kind, *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        _KEPT[(self._kind, *key[1:])] = compiled

    def clear(self) -> None:
        """Forget nothing: others may use it."""


_made = Engine.__init__


def _make(
    self: Engine,
    pool: Any,
    dialect: Any,
    url: Any,
    logging_name: Any = None,
    echo: Any = None,
    query_cache_size: int = 500,
    execution_options: Any = None,
    hide_parameters: bool = False,
) -> None:
    # `create_engine` reads from these names what an engine takes.
    _made(
        self, pool, dialect, url, logging_name, echo, query_cache_size, execution_options,
        hide_parameters,
    )  # fmt: skip
    if query_cache_size:
        self._compiled_cache = Shared(dialect)


Engine.__init__ = _make


_compile_builder = Rule._compile_builder


def _later(self: Rule, append_unknown: bool = True) -> Callable[..., Any]:
    """Return what makes an address, compiled when it is asked for the first time."""
    made: list[Callable[..., Any]] = []

    def build(rule: Rule, *values: Any, **named: Any) -> Any:
        if not made:
            made.append(_compile_builder(self, append_unknown))
        return made[0](rule, *values, **named)

    return build


Rule._compile_builder = _later


_parse_rule = Rule._parse_rule
_parsed: dict[tuple[Any, ...], tuple[list[RulePart], list[Any], list[tuple[Any, ...]]]] = {}


def _read(self: Rule, text: str) -> Iterator[RulePart]:
    """Return the parts of an address, taken apart once for all applications with these words."""
    key = (text, *self.map.converters.items())
    if key not in _parsed:
        _parsed[key] = _recorded(self, text)
        yield from _parsed[key][0]
        return
    parts, trace, asked = _parsed[key]
    self._trace.extend(trace)
    for name, *rest in asked:
        self._converters[name] = self.get_converter(name, *rest)
        self.arguments.add(name)
    yield from parts


def _recorded(rule: Rule, text: str) -> tuple[list[RulePart], list[Any], list[tuple[Any, ...]]]:
    asked: list[tuple[Any, ...]] = []
    before, known = len(rule._trace), rule.get_converter

    def asking(*given: Any) -> Any:
        asked.append(given)
        return known(*given)

    rule.get_converter = asking
    try:
        parts = list(_parse_rule(rule, text))
    finally:
        del rule.get_converter
    return parts, rule._trace[before:], asked


Rule._parse_rule = _read


_context = MySQLConnection._create_ssl_ctx
_contexts: list[ssl.SSLContext] = []


def _once(self: MySQLConnection[Any], given: Mapping[str, Any]) -> ssl.SSLContext:
    """Return what a connection asks a server for TLS with, read from files once."""
    if given:
        return _context(self, given)
    if not _contexts:
        _contexts.append(_context(self, given))
    return _contexts[0]


MySQLConnection._create_ssl_ctx = _once
