"""Who else holds copies of a guest: what each is told, and what each answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from .errors import PolicyError
from .kinds import TEXT, TIME, Kind, are_names, check, is_said, maybe
from .plan import Person

RAW = "raw"
"""Format of an identity that is given as it is on file."""


class Said(StrEnum):
    """What came of one try to tell a recipient."""

    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    LATER = "later"


@dataclass(frozen=True)
class Answer:
    """What a recipient answered at once.

    :param said: SENT when it took the notice, which is not yet an acknowledgement; DONE when its
        copies are gone; REFUSED when another try would be no use; LATER when one may be.
    :param problem: an enumerated word for REFUSED and LATER, for example ``http-503``; never a
        text of the recipient's, which may quote what it was sent.
    """

    said: Said
    problem: str = ""


@dataclass(frozen=True)
class Identity:
    """One value by which a recipient knows the guest.

    :param type: what it is, for example ``email`` or ``booking``.
    :param value: the value as it was on file.
    :param format: how the value is written; always ``raw``, since a hash without a key is guessed.
    """

    type: str
    value: str
    format: str = RAW


@dataclass(frozen=True)
class Notice:
    """What one recipient is told about one erasure, and nothing else.

    :param reference: the same at every try, and all a recipient needs to answer; tells nothing.
    :param recipient: name of the recipient.
    :param controller: slug of who answers for the data.
    :param property: code of the property.
    :param on: day of the erasure, ``YYYY-MM-DD``.
    :param identities: the values this recipient is declared to be given.
    :param rows: keys of the erased subject rows; given to callables of the host alone.
    :param callback: address for the recipient's later answer, or empty.
    :param sign: signs bytes with the house's key for recipients, returning 64 bytes.
    """

    reference: str
    recipient: str
    controller: str
    property: str
    on: str
    identities: tuple[Identity, ...] = field(default=(), repr=False)
    rows: tuple[Person, ...] = field(default=(), repr=False)
    callback: str = ""
    sign: Callable[[bytes], bytes] | None = field(default=None, repr=False)


class Adapter(Protocol):
    """Tells one other system."""

    def tell(self, notice: Notice, /) -> Answer | str:
        """Tell it, and return what it answered, or one word of `Said`; raising means "later".

        It is called at least once for a notice, outside any transaction, and may be called again
        with the same `Notice.reference`.
        """
        ...


@dataclass(frozen=True)
class ByHand:
    """A person tells this recipient, and signs that they did.

    :param instruction: who to call and what to ask; staff read it, so it names no guest.
    """

    instruction: str


def by_hand(instruction: str) -> ByHand:
    """Let a person tell a recipient: who to call, and what to ask.

    :raises PolicyError: the instruction is empty.
    """
    if not is_said(instruction):
        raise PolicyError("by_hand() needs an instruction.", "Say who to call and what to ask.")
    return ByHand(instruction)


@dataclass(frozen=True)
class InHouse:
    """A callable of the host's own, run by the worker after the commit.

    :param function: takes the `Notice`; its copies count as gone when it returns.
    """

    function: Callable[[Notice], object]

    def tell(self, notice: Notice, /) -> Answer:
        """Run it."""
        self.function(notice)
        return Answer(Said.DONE)


_ADAPTER: Kind = (
    "a Webhook, by_hand(...), an object with tell(notice), or a callable",
    lambda given: isinstance(given, ByHand) or hasattr(given, "tell") or callable(given),
)
_COLUMNS: Kind = (
    "types with table.column, or a list of these",
    lambda given: all(isinstance(each, str) or are_names(each) for each in given.values()),
)


@dataclass(frozen=True)
class Recipient:
    """Another system, or a person outside it, that holds copies of guests' data.

    :param name: one word, for example ``channel-manager``; it stands on certificates.
    :param adapter: a `Webhook`, `by_hand(...)`, an object with ``tell(notice)``, or a callable of
        the host's own that takes the notice.
    :param gives: the only values it is given: names of match keys or contacts of the subject
        tables, or type -> ``table.column``, or several.
    :param property: code of the property whose guests it knows, or None for all.
    :param due: time after which an answer that is missing is late.
    :raises PolicyError: the name is no word, or nothing is given to a system that needs something.
    """

    name: str
    adapter: Adapter | ByHand | Callable[[Notice], object]
    gives: Sequence[str] | Mapping[str, str | Sequence[str]] = ()
    property: str | None = None
    due: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        check(
            self, PolicyError, name=TEXT, adapter=_ADAPTER, property=maybe(TEXT), due=TIME,
        )  # fmt: skip
        if not _NAME.fullmatch(self.name):
            raise PolicyError(
                "A recipient's name must be a word of at most 40 small letters, digits and "
                "hyphens.",
                "For example channel-manager.",
            )
        if not are_names(self.gives) or not all(_NAME.fullmatch(each) for each in self.gives):
            raise PolicyError(
                "What a recipient is given must be a list of words.",
                'For example gives=["email", "phone"].',
            )
        if isinstance(self.gives, Mapping):
            check(self, PolicyError, gives=_COLUMNS)
        if self.due <= timedelta():
            raise PolicyError("An answer is due after some time.", "Give due=timedelta(days=7).")
        if getattr(self.adapter, "needs_identities", False) and not self.gives:
            raise PolicyError(
                f"'{self.name}' is given nothing by which it could know a guest.",
                'Name what it may be given, for example gives=["email"].',
            )

    def manual(self) -> bool:
        """Return whether a person tells it."""
        return isinstance(self.adapter, ByHand)

    def system(self) -> Adapter | None:
        """Return the adapter that tells it, or None where a person does."""
        if isinstance(self.adapter, ByHand):
            return None
        if hasattr(self.adapter, "tell"):
            return self.adapter
        return InHouse(self.adapter)

    def instruction(self) -> str:
        """Return what a person is to do, empty where a system is told."""
        return self.adapter.instruction if isinstance(self.adapter, ByHand) else ""

    def wants_rows(self) -> bool:
        """Return whether it is code of the host, which is given the keys of the rows."""
        return isinstance(self.system(), InHouse)

    def given(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield each type it is given, with the columns that hold it; none means: by its name."""
        if not isinstance(self.gives, Mapping):
            yield from ((each, ()) for each in self.gives)
            return
        for type_, columns in self.gives.items():
            yield type_, (columns,) if isinstance(columns, str) else tuple(columns)

    def concerns(self, property_: str) -> bool:
        """Return whether it knows guests of a property (code)."""
        return self.property in (None, property_)


_NAME = re.compile(r"(?=.{1,40}\Z)(?!.*[0-9]{9})[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")


class Stage(StrEnum):
    """How far a recipient got with one erasure."""

    QUEUED = "queued"
    SENT = "sent"
    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    DONE = "done"
    FAILED = "failed"


FINAL = frozenset({Stage.ACKNOWLEDGED, Stage.DONE})
"""Only these mean that the copies are gone: a system said so, or a person signed it."""

OPEN = frozenset(Stage) - FINAL

_RANK = {
    Stage.QUEUED: 0, Stage.FAILED: 0, Stage.SENT: 1, Stage.RECEIVED: 1,
    Stage.ACKNOWLEDGED: 2, Stage.DONE: 2,
}  # fmt: skip


def reached(stages: Sequence[str]) -> int:
    """Return how far all of several recipients got: 0 not told, 1 all told, 2 all gone there."""
    return min((_RANK[Stage(stage)] for stage in stages), default=0)
