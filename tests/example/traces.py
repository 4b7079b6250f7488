"""A person's values looked for in everything a run wrote, however they are written there."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, select

from flask_guesterase.store import tables


def spellings(value: str) -> Iterator[bytes]:
    """Yield the ways in which a text may stand in bytes, whatever is written around it."""
    for text in {value, value.lower(), value.upper()}:
        yield text.encode()
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        yield json.dumps(text)[1:-1].encode()
        yield json.dumps(text)[1:-1].upper().encode()
        yield text.encode("unicode_escape")
        yield repr(text.encode())[2:-1].encode()
        yield quote(text).encode()
        yield quote(text, safe="").lower().encode()
        yield escape(text).encode()
        yield text.encode("ascii", "xmlcharrefreplace")
        yield text.encode().hex().encode()
        yield text.encode().hex().upper().encode()
        yield from _base64(text.encode())


def _base64(raw: bytes) -> Iterator[bytes]:
    """Yield what stands in base64 of any text that holds these bytes, at each of three places."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        start = (0, 2, 3)[before]
        end = (before + len(raw)) * 8 // 6
        if end - start >= 8:
            yield coded[start:end]
            yield coded[start:end].translate(bytes.maketrans(b"+/", b"-_"))


@dataclass
class Traces:
    """What is looked for, and where it was looked for.

    :param values: kind -> value of the person.
    :param seen: heading -> place -> bytes that were written there.
    """

    values: Mapping[str, str]
    seen: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)

    def note(self, heading: str, place: str, written: str | bytes) -> None:
        """Take down what was written somewhere."""
        raw = written.encode("utf-8", "surrogateescape") if isinstance(written, str) else written
        self.seen.setdefault(heading, []).append((place, raw))

    def found(self, headings: Iterable[str] | None = None) -> list[str]:
        """Return where one of the values stands: heading, place and kind, never the value."""
        wanted = [(kind, form) for kind, value in self.values.items() for form in spellings(value)]
        return sorted(
            {
                f"{heading}: {place}: {kind}"
                for heading in headings or self.seen
                for place, raw in self.seen.get(heading, ())
                for kind, form in wanted
                if form in raw
            }
        )


def our_tables(engine: Engine) -> Iterator[tuple[str, bytes]]:
    """Yield every cell of every table of ours, as it is stored."""
    with engine.connect() as conn:
        for name, table in tables.metadata.tables.items():
            for row in conn.execute(select(table)):
                for column, value in row._mapping.items():
                    if value is not None:
                        yield f"{name}.{column}", _raw(value)


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def files(folder: Path, leave: Iterable[str] = ()) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield place, name and content of every file under a folder, but for what is the host's.

    :param leave: first parts of paths that are not ours.
    """
    for path in sorted(folder.rglob("*")):
        place = str(path.relative_to(folder))
        if not place.startswith(tuple(leave)) and path.is_file():
            yield place, place.encode(), path.read_bytes()
