"""What a vendor declares about a table: which columns go, which stay, and whose rows they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from os import PathLike
from pathlib import PurePath
from typing import Any

from .errors import PolicyError
from .jsonpath import Path, parse
from .kinds import (
    CALLABLE,
    MAPPING,
    NAME,
    NAMES,
    TEXT,
    Kind,
    are_names,
    check,
    either,
    is_said,
    maybe,
)

_PATH: Kind = "a path of a folder", lambda given: isinstance(given, str | PathLike)
_NAMED = either(TEXT, NAMES)


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


Rule = Null | Redact | Placeholder | Constant | Computed | Keep | Retain | File | Mentions | Inside

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
            "retain(then=...) needs what the column becomes.", "Give null, redact or a value."
        )
    return Retain(category, after)


def inside(parts: Mapping[str, Any], otherwise: Any = None) -> Inside:
    """Erase values within a JSON column, or within JSON that stands in a text column.

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


_PAIRS: Kind = (
    "a mapping of this table's columns to the other's",
    lambda given: bool(given) and MAPPING[1](given) and are_names(list(given.values())),
)


@dataclass(frozen=True)
class Equal:
    """An owner path without a foreign key: rows whose columns equal those of another table.

    :param columns: this table's columns -> columns of `to`; for example
        ``Equal({"booking_number": "number"}, to="bookings")``.
    :param to: name of a declared table; its own owners are the owners of these rows.
    :param fold: compare text without regard to case. Empty values, ``0`` and what an erasure
        writes into either column match nobody.
    :raises PolicyError: no columns are given, or anything but names.
    """

    columns: Mapping[str, str]
    to: str
    fold: bool = False

    def __post_init__(self) -> None:
        check(self, PolicyError, columns=_PAIRS, to=NAME)

    def __hash__(self) -> int:
        return hash((tuple(sorted(self.columns.items())), self.to, self.fold))


Via = str | Equal | Callable[..., Any]
"""One owner path: a dotted path of relationships or foreign-key columns, an `Equal`, or a
callable that takes the table and returns a ``select()`` of two tuples: this table's primary key,
then the primary key of the subject table."""


_FOUND: Kind = (
    "a list of columns, or key -> column or callable",
    lambda given: not isinstance(given, Mapping)
    or all(isinstance(each, str) or callable(each) for each in given.values()),
)


@dataclass(frozen=True)
class Subject:
    """The rows that stand for a person, and how a person is found in them.

    :param match: columns by which a person can be found, or key -> column, or key -> callable
        taking the table and the value and returning a condition.
    :param name: column, or columns, that hold the person's name.
    :param contact: columns that hold a contact the person can prove: the column's name tells its
        kind unless a mapping column -> "email" | "phone" is given.
    :param property: column that holds the code of the property the row belongs to, or None when
        the host is one property.
    :raises PolicyError: columns are given as one text, or a contact is of no kind there is.
    """

    match: Sequence[str] | Mapping[str, str | Callable[..., Any]]
    name: str | Sequence[str] = ()
    contact: Sequence[str] | Mapping[str, str] = ()
    property: str | None = None

    def __post_init__(self) -> None:
        # A text is a sequence as well: each of its letters would be taken for a column.
        if not are_names(self.match) or not are_names(self.contact):
            raise PolicyError(
                "Subject(match=..., contact=...) needs lists of columns.",
                'For example match=["email", "phone"].',
            )
        check(self, PolicyError, match=_FOUND, name=_NAMED, property=maybe(TEXT))
        kinds = self.contact.values() if isinstance(self.contact, Mapping) else ()
        if not _CONTACTS.issuperset(kinds):
            raise PolicyError(
                "Subject(contact=...) names a kind of contact that is none.",
                'Give column -> "email" or "phone".',
            )


@dataclass(frozen=True)
class Register:
    """Which columns of a table are a line of the guest register, so that it can be found sealed.

    :param room: column of the room.
    :param first_night: column of the first night.
    :param last_night: column of the last night.
    :param name: column, or columns, of the guest's name.
    :param document: column of the document's number.
    :param reported: column that tells when it was reported to the authority, or empty.
    :raises PolicyError: one of them is no name.
    """

    room: str
    first_night: str
    last_night: str
    name: str | Sequence[str]
    document: str
    reported: str = ""

    def __post_init__(self) -> None:
        nights = {"room": NAME, "first_night": NAME, "last_night": NAME, "document": NAME}
        check(self, PolicyError, **nights, name=_NAMED, reported=TEXT)


_NEEDS: Kind = (
    "a mapping of tables to lists of columns",
    lambda given: MAPPING[1](given) and all(map(are_names, given.values())),
)


@dataclass(frozen=True)
class Blocker:
    """A precondition of the hotel, as a predicate over rows of a declared table.

    :param name: one word, for example ``in-house`` or ``open-folio``.
    :param on: name of the declared table; a person is blocked by rows that belong to them.
    :param where: callable taking that table and today's date at the property, returning the
        condition under which a row blocks.
    :param needs: table -> the columns it needs; everything else goes at once. None means it needs
        everything of the person.
    :param until: callable taking the table and returning the expression of the day on which it
        is expected to end, or that and a timedelta to add; None when nobody knows.
    :param by: owner paths (as the policy of `on` writes them) whose owners are blocked; all when
        empty. Who only stays under a booking need not wait for its bill.
    :raises PolicyError: a part of it is of another kind, or it has no name.
    """

    name: str
    on: str
    where: Callable[..., Any]
    needs: Mapping[str, Sequence[str]] | None = None
    until: Callable[..., Any] | None = None
    by: Sequence[str] = ()

    def __post_init__(self) -> None:
        check(
            self, PolicyError, name=NAME, on=NAME, where=CALLABLE,
            needs=maybe(_NEEDS), until=maybe(CALLABLE), by=NAMES,
        )  # fmt: skip


@dataclass(frozen=True)
class Policy:
    """What happens to the rows of one table when a person they belong to is erased.

    :param columns: column -> rule. A plain value means a constant, a callable is applied row by
        row; where rows go by day it makes of what it made the same, or each sweep applies it anew.
        Every column needs a rule, save keys that link rows and columns nobody can fill.
    :param subject: given when rows of this table stand for a person.
    :param via: owner path or paths; or path -> the columns that are that owner's alone, when a
        row has owners in several parts.
    :param rows: what happens to the row as a whole.
    :param where: callable taking the table and returning the condition under which a row counts;
        for tables that hold guests and others.
    :param category: retention category of the rows.
    :param clock: event (see `core.rule.EVENTS`) -> path of the column that dates it, or
        callable taking the table and returning the expression, or several of these, of which the
        latest date counts; a plain path dates the document.
    :param facts: what a rule of law may ask (nationality, birth, role, outcome ...) -> path of a
        column, or callable taking the table and returning an expression.
    :param place: path of the column that holds the property's code; when empty, a column named
        as the subject's, or the owner's property.
    :param register: given when rows of this table are lines of the guest register.
    :param zone: time zone (IANA name) of the table's naive date-times.
    :param triggers: trigger name -> why it may fire while this table is being erased.
    :param source: where the data come from, in words for the guest's copy; from the guest, or from
        whoever booked, when empty.
    :param joint: columns that each owner of a shared row may have in a copy, besides their own:
        the days of a stay, for example.
    :param apart: columns about somebody else, the clerk who acted for example: never in a copy.
    :param history: ``delete`` when each erasure ends the history that the engine keeps of this
        table (MariaDB system versioning): of all its rows, for no one row's can be ended alone.
    :param optional: columns that a stay does not need; one that is filled when a record is made is
        remarked on by `Guesterase.review_record`, and nothing else comes of it.
    :raises PolicyError: a part of it is of a kind that says nothing, a rule that is not called for
        example.
    """

    columns: Mapping[str, Any]
    subject: Subject | None = None
    via: Via | Sequence[Via] | Mapping[Any, Sequence[str]] | None = None
    rows: RowRule = RowRule.OVERWRITE
    where: Callable[..., Any] | None = None
    category: str = ""
    clock: str | Callable[..., Any] | Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""
    register: Register | None = None
    zone: str = ""
    triggers: Mapping[str, str] = field(default_factory=dict)
    history: RowRule | None = None
    optional: Sequence[str] = ()
    source: str = ""
    joint: Sequence[str] = ()
    apart: Sequence[str] = ()

    def __post_init__(self) -> None:
        # What is wrong here is told where it was written, and never to a check-in.
        columns: Any = self.columns
        if not isinstance(columns, Mapping) or not are_names(columns):
            raise PolicyError(
                "Policy(columns) needs the name of each column and its rule.",
                'For example {"email": placeholder, "vip": keep("room planning")}.',
            )
        self.rules()
        if not isinstance(self.subject, Subject | None):
            raise PolicyError("Policy(subject=...) needs a Subject.", "Give Subject(match=[...]).")
        if not _is_way(self.via):
            raise PolicyError(
                "Policy(via=...) is no owner path.",
                'Give a path such as "booking.guest", an Equal, a callable, a list of these, or '
                "a path -> list of the columns that are that owner's alone.",
            )
        if not (self.where is None or callable(self.where)):
            raise PolicyError(
                "Policy(where=...) needs a callable.", 'Give lambda table: table.c.role == "guest".'
            )
        if not (isinstance(self.clock, str | Mapping | None) or callable(self.clock)):
            raise PolicyError("Policy(clock=...) is no clock.", "Give event -> path of a column.")
        for name in ("optional", "joint", "apart"):
            if not are_names(getattr(self, name)):
                raise PolicyError(f"Policy({name}=...) needs a list of columns.", 'Give ["..."].')
        check(
            self, PolicyError, category=TEXT, place=_PLACE, zone=TEXT, source=TEXT,
            triggers=MAPPING, facts=_DATED, register=_LINES,
        )  # fmt: skip
        if isinstance(self.clock, Mapping):
            check(self, PolicyError, clock=_DATED)
        # They are compared by identity: a text of the same spelling would be one rule here and
        # another there.
        object.__setattr__(self, "rows", _row_rule(self.rows))
        if self.history is not None:
            object.__setattr__(self, "history", _row_rule(self.history))

    def rules(self) -> dict[str, Rule]:
        """Return column -> rule, plain values and callables wrapped."""
        return {name: as_rule(value) for name, value in self.columns.items()}


_CONTACTS = frozenset({"email", "phone"})
_PLACE = maybe(either(TEXT, CALLABLE))
_LINES: Kind = "a Register, or None", lambda given: isinstance(given, Register | None)


def _is_read(given: Any) -> bool:
    """Return whether this says where something is read: a path, a callable, or several."""
    several = isinstance(given, Sequence) and not isinstance(given, bytes)
    return (
        isinstance(given, str) or callable(given) or (several and all(map(_is_read, given)))
    )


_DATED: Kind = (
    "a mapping of words to paths of columns or callables",
    lambda given: MAPPING[1](given) and all(map(_is_read, given.values())),
)


def _is_way(via: Any) -> bool:
    """Return whether something is an owner path, several of them, or none."""
    if isinstance(via, Mapping):
        return all(_is_path(path) and are_names(columns) for path, columns in via.items())
    if isinstance(via, Sequence) and not isinstance(via, str | bytes):
        return all(map(_is_path, via))
    return via is None or _is_path(via)


def _is_path(via: Any) -> bool:
    # A class can be called as well, and a model is what somebody means who names one.
    return isinstance(via, str | Equal) or (callable(via) and not isinstance(via, type))


def _row_rule(given: Any) -> RowRule:
    try:
        return RowRule(given)
    except ValueError:
        raise PolicyError(
            "There is no such rule for rows.",
            "Use overwrite, delete or delete_when_last_owner of flask_guesterase.",
        ) from None


_RULES = (Null, Redact, Placeholder, Constant, Computed, Keep, Retain, File, Mentions, Inside)
_UNCALLED = (keep, retain, inside, exempt, *_RULES)


def as_rule(value: Any) -> Rule:
    """Return `value` as a rule: rules stay, callables are applied, anything else is a constant.

    :raises PolicyError: it is a rule of rows or tables, or one that was not called.
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
    return Computed(value) if callable(value) else Constant(value)


_CALLED = {keep: 'keep("room planning")', retain: 'retain("invoice_accounting")'}
