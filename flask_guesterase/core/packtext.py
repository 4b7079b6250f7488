"""Reading a TOML text so that whatever is wrong with it can be told by its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from .errors import InputError
from .period import Period, period
from .problem import Problem

_HEADER = re.compile(r"\s*\[\[?\s*([\w.\-]+)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*["']?([\w\-]+)["']?\s*[.=]""")
_AGE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_AT_LINE = re.compile(r"at line (\d+)")
_QUOTES = ('"""', "'''")

Word = TypeVar("Word", bound=StrEnum)


@dataclass
class Section:
    """Where a table of the text begins, and where its keys stand.

    :param line: line of its header; 1 for the head of the text.
    :param keys: key -> line.
    """

    line: int = 1
    keys: dict[str, int] = field(default_factory=dict)


def sections(text: str) -> dict[str, list[Section]]:
    """Return name of a table -> where each of that name stands, in order; "" is the head."""
    here = Section()
    found: dict[str, list[Section]] = {"": [here]}
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not inside:
            if header := _HEADER.match(line):
                here = Section(number)
                found.setdefault(header[1], []).append(here)
            elif key := _KEY.match(line):
                here.keys.setdefault(key[1], number)
        for mark in _QUOTES:
            if inside in ("", mark) and line.count(mark) % 2:
                inside = "" if inside else mark
                break
    return found


def parsed(text: str, problems: list[Problem]) -> dict[str, Any]:
    """Return what a TOML text says, or nothing and a problem with the line that breaks it."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        line = int(at[1]) if at else max(len(text.splitlines()), 1)
        problems.append(Problem(line, f"This is not TOML: {error}"))
        return {}


@dataclass
class Table:
    """One table of the text: gives its values, and notes each that cannot be used.

    :param values: what the text says.
    :param section: where it stands.
    :param problems: where problems are noted.
    """

    values: Mapping[str, Any]
    section: Section
    problems: list[Problem]

    def wrong(self, key: str, message: str, warning: bool = False) -> None:
        """Note a problem at a key, or at the head of the table where the key is missing."""
        line = self.section.keys.get(key, self.section.line)
        self.problems.append(Problem(line, message, warning))

    def only(self, names: Iterable[str]) -> None:
        """Note every key that is none of these names."""
        known = sorted(names)
        for key in self.values:
            if key not in known:
                self.wrong(key, f"'{key}' is no key here; known are: {', '.join(known)}.")

    def text(self, key: str, needed: bool = True) -> str:
        """Return a text that is not blank."""
        value = self.values.get(key, "")
        if not isinstance(value, str):
            self.wrong(key, f"'{key}' must be a text.")
            return ""
        if needed and not value.strip():
            self.wrong(key, f"'{key}' is missing.")
        return value.strip()

    def flag(self, key: str) -> bool:
        """Return true or false; false where it is missing."""
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            self.wrong(key, f"'{key}' must be true or false.")
        return value is True

    def words(self, key: str, known: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return a list of texts, each of them known where there is a list of such."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            self.wrong(key, f"'{key}' must be a list of texts.")
            return ()
        names = None if known is None else sorted(known)
        for word in value:
            if names is not None and word not in names:
                self.wrong(key, f"'{word}' is unknown in '{key}'; known are: {', '.join(names)}.")
        return tuple(value)

    def day(self, key: str, needed: bool = False) -> date | None:
        """Return a day, written as TOML's own date or as text."""
        value = self.values.get(key)
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                value = ""
        if value is not None or needed:
            self.wrong(key, f"'{key}' must be a day, YYYY-MM-DD.")
        return None

    def period(self, key: str, needed: bool = False, working: bool = False) -> Period | None:
        """Return a period; working days only where they are allowed."""
        value = self.values.get(key)
        if value is None:
            if needed:
                self.wrong(key, f"'{key}' is missing.")
            return None
        try:
            found = period(value if isinstance(value, str) else "")
        except InputError as error:
            self.wrong(key, f"'{key}': {error.message} {error.hint}")
            return None
        if found.working and not working:
            self.wrong(key, f"'{key}': working days count answers, not how long a record stays.")
        return found

    def choice(self, key: str, kind: type[Word], usual: Word, barred: Iterable[Word] = ()) -> Word:
        """Return one of the words of a kind.

        :param key: the key.
        :param kind: the enumeration.
        :param usual: what is returned after a problem.
        :param barred: words of the kind that may not be used here.
        """
        allowed = [word.value for word in kind if word not in tuple(barred)]
        value = self.values.get(key)
        if value in allowed:
            return kind(value)
        said = f"'{key}' is missing" if value is None else f"'{value}' is unknown in '{key}'"
        self.wrong(key, f"{said}; known are: {', '.join(allowed)}.")
        return usual

    def say(self, key: str, check: Callable[[str], bool], wanted: str) -> str:
        """Return a text of a certain form."""
        value = self.text(key)
        if value and not check(value):
            self.wrong(key, f"'{key}' must be {wanted}.")
        return value

    def age(self) -> str:
        """Return how old a copy is; often only its month or year is known."""
        return self.say(
            "as_of", lambda t: bool(_AGE.fullmatch(t)), "YYYY-MM-DD, YYYY-MM or YYYY"
        )
