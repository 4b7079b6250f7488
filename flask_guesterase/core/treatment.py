"""What a vendor says happens to a column, to a row as a whole, or to no row of a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from os import PathLike
from pathlib import PurePath
from typing import Any

from .errors import PolicyError
from .jsonpath import Path, parse
from .kinds import MAPPING, Kind, are_names, check, is_said

_PATH: Kind = "a path of a folder", lambda given: isinstance(given, str | PathLike)


class RowRule(StrEnum):
    """What happens to a row as a whole."""

    OVERWRITE = "overwrite"
    DELETE = "delete"
    LAST_OWNER = "delete-when-last-owner"


overwrite = RowRule.OVERWRITE
delete = RowRule.DELETE
delete_when_last_owner = RowRule.LAST_OWNER


@dataclass(frozen=True)
class Null:
    """Set the column to NULL."""


@dataclass(frozen=True)
class Redact:
    """Replace text by a fixed mark that fits the column."""


@dataclass(frozen=True)
class Placeholder:
    """Replace text by a random, unique, unmailable value within the column's length."""


@dataclass(frozen=True)
class Constant:
    """Replace the value by one fixed value."""

    value: Any


@dataclass(frozen=True)
class Computed:
    """Replace the value by what a callable makes of the old one, row by row."""

    function: Callable[[Any], Any]


@dataclass(frozen=True)
class Mentions:
    """Redact in a text what names the person or reaches them; other people and the rest stay.

    The values are those of the person's own rows as they are when the plan is carried out. Where
    they are gone already, and when the record's own time is over, the whole text goes.
    """


@dataclass(frozen=True)
class Keep:
    """Leave the column alone: it is not personal, or the subject loses nothing by it."""

    reason: str


@dataclass(frozen=True)
class Retain:
    """Keep the column as long as the law of this category asks."""

    category: str
    then: Null | Redact | Placeholder | Constant | None = None


@dataclass(frozen=True)
class File:
    """The column names a file on disk: the file is removed and the name overwritten.

    :param root: folder that a relative name starts from; the file must lie inside it.
    :param then: what the column becomes: null, redact, placeholder or a plain value; it must fit
        the column.
    :param also: files made from it that go with it, beside the file: ``{stem}``, ``{suffix}`` (with
        its dot) and ``{name}`` stand for the file's own; for example ``{stem}.thumb{suffix}`` or
        ``thumbs/{name}``.
    :raises PolicyError: a pattern would name the same file for every guest, or cannot be filled
        in; or `then` cannot replace a name.
    """

    root: str
    then: Any = Null()
    also: Sequence[str] = ()

    def __post_init__(self) -> None:
        check(self, PolicyError, root=_PATH)
        if not are_names(self.also) or not all(_is_pattern(each) for each in self.also):
            raise PolicyError(
                "File(also=...) needs patterns with {stem} or {name}.",
                'For example also=["{stem}.thumb{suffix}"].',
            )
        object.__setattr__(self, "also", tuple(self.also))
        after = as_rule(self.then)
        if not isinstance(after, Null | Redact | Placeholder | Constant):
            raise PolicyError(
                "File(then=...) needs what the column becomes.",
                "Give null, redact, placeholder or a value.",
            )
        object.__setattr__(self, "then", after)

    def names(self, name: str) -> tuple[str, ...]:
        """Return the names of a file and of those made from it.

        :param name: the file as the column names it.
        """
        path = PurePath(name)
        parts = {"stem": path.stem, "suffix": path.suffix, "name": path.name}
        return name, *(str(path.parent / each.format_map(parts)) for each in self.also)


def _is_pattern(pattern: str) -> bool:
    try:
        filled = [pattern.format_map({"stem": s, "suffix": ".x", "name": f"{s}.x"}) for s in "ab"]
    except (ValueError, LookupError, AttributeError):
        return False
    return filled[0] != filled[1]


Part = Null | Redact | Placeholder | Constant | Computed | Keep | Mentions
"""What can happen to a value within a JSON document."""


@dataclass(frozen=True)
class Inside:
    """The column holds JSON, also as text: values within it go, unlisted members stay.

    :param parts: path -> what happens to the values it leads to; the outer one counts where two
        meet.
    :param otherwise: what the column becomes when it holds no JSON; what fits it when None.
    """

    parts: tuple[tuple[Path, Part], ...]
    otherwise: Null | Redact | Constant | None = None

    @property
    def kept(self) -> tuple[Path, ...]:
        """Return the paths to the values that stay."""
        return tuple(path for path, part in self.parts if isinstance(part, Keep))


Rule = Null | Redact | Placeholder | Constant | Computed | Keep | Retain | File | Mentions | Inside

MENTIONS = "mentions"
"""Word of the rule by which only what is said of the person goes from a text."""


def names_only(word: str) -> bool:
    """Return whether a rule takes only what is said of the person, of a document as well.

    :param word: the rule's word; of `inside` each part's stands behind a comma, and a path that
        holds one itself counts as something else.
    """
    kind, _, parts = word.partition(":")
    if kind != "inside":
        return word == MENTIONS
    return all(part.endswith((f"={MENTIONS}", "=keep")) for part in parts.split(","))


null = Null()
redact = Redact()
placeholder = Placeholder()
mentions = Mentions()


def keep(reason: str) -> Keep:
    """Leave a column alone, for a reason that an auditor will read.

    :raises PolicyError: the reason is empty.
    """
    if not is_said(reason):
        raise PolicyError("keep() needs a reason.", "Say why this column may stay.")
    return Keep(reason)


def retain(category: str, then: Any = None) -> Retain:
    """Keep a column as long as the law of `category` asks (for example "guest_register").

    :param category: retention category that the jurisdiction packs know.
    :param then: what the column becomes when it goes, or is sealed: null, redact, placeholder or
        a plain value; what fits the column when left out.
    :raises PolicyError: the category is empty, or `then` cannot replace a value.
    """
    if not is_said(category):
        raise PolicyError(
            "retain() needs a category.", 'Name one, for example "invoice_accounting".'
        )
    after = None if then is None else as_rule(then)
    if after is not None and not isinstance(after, Null | Redact | Placeholder | Constant):
        raise PolicyError(
            "retain(then=...) needs what the column becomes.",
            "Give null, redact or a value; inside and mentions cannot: all of it is retained.",
        )
    return Retain(category, after)


def inside(parts: Mapping[str, Any], otherwise: Any = None) -> Inside:
    """Erase values within JSON by their paths, as ``{"$.a.b": null}``; also JSON in a text column.

    :param parts: path -> null, redact, placeholder, mentions, keep(reason), a plain value or a
        callable; for example ``{"$.contact.email": null, "$.notes[*].text": mentions}``. A path
        that leads nowhere changes nothing.
    :param otherwise: what the column becomes when it holds no valid JSON: null, redact or a
        plain value; null or an empty document, whichever fits, when left out.
    :raises PolicyError: nothing is listed, a path is none, or a rule cannot be used within JSON.
    """
    if not parts or not MAPPING[1](parts):
        raise PolicyError("inside() needs a path.", 'Name one, for example {"$.email": null}.')
    rules = tuple((parse(path), as_rule(rule)) for path, rule in parts.items())
    if any(isinstance(rule, Retain | File | Inside) for _, rule in rules):
        raise PolicyError(
            "retain(), File and inside() are rules of a whole column.",
            "Use null, redact, placeholder, mentions, keep(reason), a value or a callable.",
        )
    after = None if otherwise is None else as_rule(otherwise)
    if after is not None and not isinstance(after, Null | Redact | Constant):
        raise PolicyError(
            "inside(otherwise=...) needs what the column becomes.", "Give null, redact or a value."
        )
    return Inside(rules, after)  # type: ignore[arg-type] # looked at one by one above


@dataclass(frozen=True)
class Exempt:
    """A whole table that holds nobody's data, with the reason."""

    reason: str


def exempt(reason: str) -> Exempt:
    """Declare that a table holds nobody's data.

    :raises PolicyError: the reason is empty.
    """
    if not is_said(reason):
        raise PolicyError("exempt() needs a reason.", "Say why nobody's data can be in it.")
    return Exempt(reason)


_RULES = (Null, Redact, Placeholder, Constant, Computed, Keep, Retain, File, Mentions, Inside)
_UNCALLED = (keep, retain, inside, exempt, *_RULES)


def as_rule(value: Any) -> Rule:
    """Return `value` as a rule: rules stay, callables are applied, anything else is a constant.

    :raises PolicyError: it is a rule of rows or tables, one that was not called, or one in quotes.
    """
    if isinstance(value, _RULES):
        return value
    if isinstance(value, RowRule | Exempt):
        raise PolicyError(
            "A column has a rule that is one of rows or of tables.",
            "Give the Policy rows=..., or register the table as exempt(reason).",
        )
    if any(value is each for each in _UNCALLED):
        # A column would be given what it makes of the guest's own value.
        raise PolicyError(
            f"{value.__name__} is a rule only with what it needs to know.",
            f"Call it, for example {_CALLED.get(value, f'{value.__name__}(...)')}.",
        )
    # A member of the host's own enumeration, and a sentence, are meant as they stand.
    if type(value) is str and _QUOTED.fullmatch(value.strip()):
        # Each guest's value would become that word.
        raise PolicyError(
            "A rule stands in quotes, which make a text of it.",
            "Write it without, for example null in place of 'null'; where that very text is meant, "
            "give a callable that returns it.",
        )
    return Computed(value) if callable(value) else Constant(value)


_QUOTED = re.compile(r"(?i:null)|(redact|placeholder|mentions|keep|retain|inside)(\(.*\))?")
_CALLED = {keep: 'keep("room planning")', retain: 'retain("invoice_accounting")'}
