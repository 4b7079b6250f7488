"""Everything that can go wrong, as one tree.

GuesteraseError
├── SetupError             the installation is incomplete: tables, keys, configuration
├── PolicyError            the data map is wrong; .findings says where
│   ├── GapError           this erasure reaches a gap of the data map and waits
│   └── PackError          a jurisdiction pack cannot be used; .problems says what, by line
├── InputError             what was asked for cannot be understood
│   └── MatchError         a match that names nobody it could mean
├── UnknownError           no such request, table, row or person
│   └── LiftedError        a hold or a freeze that was lifted already
├── TokenError             the link or code is unknown, used or expired
├── ForbiddenError         the host did not grant this
│   ├── FourEyesError      the same person may not do both steps
│   ├── VeiledError        a column that is kept in place is named without opened books
│   └── LimitError         too many attempts
├── TransitionError        the request is not in a state that allows this
├── MovedError             the decision that was approved is not today's; .differences
├── BlockedError           a hold or a precondition of the hotel forbids it now
├── BusyError              somebody else's transaction holds what is needed
│   ├── FullError          the disk of the database is full
│   ├── RetryableError     the unit may succeed when run again from its beginning
│   ├── UnsureError        nobody knows whether it was committed: all of it was, or nothing
│   └── SweepingError      another sweep is at work, which takes up what is due
├── ErasureError           the database did not do what the plan says; nothing was changed
├── DeliveryError          a message or a file could not be dealt with; it is tried again
│   ├── AwayError          a folder of files is away, as one whose share is not mounted
│   └── BehindError        a witness has seen another number of entries; .size
├── SealError              a box or a key cannot be opened
│   ├── ClosedError        a key is there and cannot be read now; it is waited for
│   └── KeyMissingError    a key file is not where it should be
└── TamperedError          the journal does not prove itself; .index
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .finding import Finding
    from .problem import Problem


ONCE = "Declare it beside a factory of applications, which may run more than once, not in it."
"""The next step where something was declared a second time."""


class GuesteraseError(Exception):
    """Anything this package raises on purpose.

    :param message: the cause, in words of the person who caused it, without personal data.
    :param hint: the next step.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message if not hint else f"{message} {hint}")
        self.message = message
        self.hint = hint


class SetupError(GuesteraseError):
    """The installation is incomplete: tables, keys or configuration are missing."""


class PolicyError(GuesteraseError):
    """The data map is wrong; `findings` says where and how to cure it."""

    def __init__(self, message: str, hint: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(message, hint)
        self.findings = tuple(findings)


class GapError(PolicyError):
    """This erasure reaches a gap of the data map; it waits until the gap is closed."""


class PackError(PolicyError):
    """A jurisdiction pack cannot be used; `problems` says what is wrong with it, by line."""

    def __init__(self, message: str, hint: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message, hint)
        self.problems = tuple(problems)


class InputError(GuesteraseError):
    """What was asked for cannot be understood; nothing was changed.

    :param fields: problem per field name, when it came through a form.
    """

    def __init__(
        self, message: str, hint: str = "", fields: dict[str, list[str]] | None = None
    ) -> None:
        super().__init__(message, hint)
        self.fields = fields or {}


class MatchError(InputError):
    """A match is empty, malformed or names a key by which nobody can be found."""


class UnknownError(GuesteraseError):
    """There is no such request, table, row or person."""

    unnamed = False
    """Whether it is a property that the settings do not name, or name no more."""


class LiftedError(UnknownError):
    """A hold or a freeze was lifted already; only who may know of it is told so."""


class TokenError(GuesteraseError):
    """The link or code is unknown, was used before, or has expired."""


class ForbiddenError(GuesteraseError):
    """The host did not grant this person this permission at this property."""

    elsewhere = False
    """Whether they may do nothing at all there, and so are not told that there is such a thing."""


class FourEyesError(ForbiddenError):
    """Whoever filed or verified a request does not approve it."""


class VeiledError(ForbiddenError):
    """A statement or a change names what is kept in place, and the books are not open."""


class LimitError(ForbiddenError):
    """Too many attempts; the same question may be asked again later.

    :param seconds: after this time at the latest, or 0 where that is not known.
    """

    def __init__(self, message: str, hint: str = "", seconds: int = 0) -> None:
        super().__init__(message, hint)
        self.seconds = seconds


class TransitionError(GuesteraseError):
    """The request is not in a state that allows this step.

    :param anew: a request of its own is needed.
    """

    def __init__(self, message: str, hint: str = "", anew: bool = False) -> None:
        super().__init__(message, hint)
        self.anew = anew


class MovedError(GuesteraseError):
    """The decision that was approved is not the decision of today.

    :param differences: the decisions that are new, as readable lines.
    """

    def __init__(self, message: str, hint: str = "", differences: Sequence[str] = ()) -> None:
        super().__init__(message, hint)
        self.differences = tuple(differences)


class BlockedError(GuesteraseError):
    """A hold or a precondition of the hotel forbids erasure now; `reasons` names them."""

    def __init__(self, message: str, hint: str = "", reasons: Sequence[str] = ()) -> None:
        super().__init__(message, hint)
        self.reasons = tuple(reasons)


class BusyError(GuesteraseError):
    """Another transaction, perhaps the host's own, holds what is needed."""

    away = False
    """Whether the database did not answer, or let nobody in: to ask again may take minutes."""


class FullError(BusyError):
    """The disk of the database is full; what is due is done once there is room."""


class RetryableError(BusyError):
    """Two transactions met (deadlock, serialisation); the whole unit may be run again."""


class UnsureError(BusyError):
    """The database did not say whether something was done: it was, or nothing of it."""


class SweepingError(BusyError):
    """Another sweep is at work, which takes up what is due."""


class ErasureError(GuesteraseError):
    """The database did not do what the plan says; everything was rolled back."""


class DeliveryError(GuesteraseError):
    """A message or a file could not be dealt with; it stays queued and is tried again."""


class AwayError(DeliveryError):
    """A folder of files is not there, or is as one whose share is not mounted; it is waited for."""


class BehindError(DeliveryError):
    """A witness has seen another number of entries than a proof begins at; `size` says it."""

    def __init__(self, size: int) -> None:
        super().__init__(
            f"The witness has seen {size} entries.", "Prove the checkpoint from that size."
        )
        self.size = size


class SealError(GuesteraseError):
    """A box or a key cannot be opened."""


class ClosedError(SealError):
    """A key is there and cannot be read now; what needs it waits, and is not given up."""


class KeyMissingError(SealError):
    """A key file is not where it should be."""


class TamperedError(GuesteraseError):
    """The journal does not prove itself.

    :param index: the first entry that does not fit, counted from 0, or None.
    """

    def __init__(self, message: str, hint: str = "", index: int | None = None) -> None:
        super().__init__(message, hint)
        self.index = index
