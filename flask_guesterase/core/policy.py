"""What a vendor declares about a table: which columns go, which stay, and whose rows they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import PolicyError
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
    maybe,
)
from .treatment import RowRule, Rule, as_rule

_NAMED = either(TEXT, NAMES)

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
    :param shown: column of `on` by which staff know such a row, the number of a booking for
        example; its rule is `keep`, or that of what it points at. The key when empty.
    :raises PolicyError: a part of it is of another kind, or it has no name.
    """

    name: str
    on: str
    where: Callable[..., Any]
    needs: Mapping[str, Sequence[str]] | None = None
    until: Callable[..., Any] | None = None
    by: Sequence[str] = ()
    shown: str = ""

    def __post_init__(self) -> None:
        check(
            self, PolicyError, shown=TEXT, name=NAME, on=NAME, where=CALLABLE,
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
        column, or callable taking the table and returning an expression; of several rows that it
        leads to, each is asked.
    :param place: path of the column that holds the property's code, or callable taking the table
        and returning an expression, of several rows what all say alike; when empty, a column named
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
    place: str | Callable[..., Any] = ""
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
