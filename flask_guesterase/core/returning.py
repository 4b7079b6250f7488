"""Whether a row that carries something of an erased person is the old life or a new one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

MONTHS = 24
"""Months for which marks of an erased person are kept.

Booking sites let a stay be booked 12 to 16 months ahead and hotels keep old backups, exports and
synchronisation jobs for about a year; after two years what comes back is a new life in all
likelihood, and a mark, which is pseudonymous personal data, has no purpose any more.
"""


NOT_DECIDED = "not-decided"
"""Why of a row that was not covered by what was decided before: a new request is needed."""

PERHAPS_ANOTHER = "perhaps-another"
"""Why of a row of somebody who may be a person of their own, whom nobody approved to erase."""

NEWER = "newer"
"""Why of a row that a restored database may have given to somebody since the erasure."""

ASKED_ANEW = (NOT_DECIDED, PERHAPS_ANOTHER, NEWER)
"""Whys of rows that no word of one person lets go: a new request is needed."""

CHANGED, UNDATED, BARE = "changed", "no-date", "nothing-identifies"
"""Whys of rows of a restored database: some of what identified them agrees; all does, and nothing
says how old they are; nothing identifies them, then or now."""

ASKED_ALONE = (CHANGED, UNDATED, BARE)
"""Whys of rows of a restored database of which one person may say whose they are."""


class Sign(StrEnum):
    """By what an erased person is known again."""

    KEY = "erased-key"
    REFERENCE = "erased-reference"
    CONTACT = "erased-contact"
    RECORD = "erased-record"


class Life(StrEnum):
    """On which side of the erasure something was made."""

    OLD = "old"
    NEW = "new"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What is thought of a row."""

    STRANGER = "stranger"
    RESYNC = "resync"
    LIVES = "lives"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Seen:
    """What is known of a row in which an erased person may be back.

    :param signs: by what they are known: KEY when the row itself is filled again, REFERENCE when
        it carries an external number that was erased, CONTACT for an e-mail address, phone,
        document or loyalty number, RECORD when one of its bookings carries an erased reference.
    :param contradicted: the name speaks against the erased one.
    :param named: there is a name on both sides, so that they could be compared.
    :param doubted: it carries documents, none of which is one that was erased.
    :param own: on which side of the erasure the row was made, by its business date.
    :param records: the same of each booking, or other record, that is theirs.
    :param appeared: it was seen to appear after the erasure; False when it may have been there.
    :param active: something happened to the row, or to a booking of theirs, after the erasure, as
        the policy's clock says.
    :param watched: that it appeared is certain; a sweep cannot always tell a new row from one that
        was written to.
    :param before: their row was there when a sweep read the table before, or is dated well before
        it was seen.
    :param given: all that speaks for them is a number that the database may have given again: a row
        that was made after the erasure has it.
    """

    signs: frozenset[Sign]
    contradicted: bool = False
    named: bool = True
    doubted: bool = False
    own: Life = Life.UNKNOWN
    records: tuple[Life, ...] = ()
    appeared: bool = True
    active: bool = False
    watched: bool = True
    before: bool = False
    given: bool = False

    @property
    def new(self) -> bool:
        """Whether it is certain that the row itself came after the erasure."""
        return self.own is Life.NEW or (self.appeared and self.watched)

    @property
    def apart(self) -> bool:
        """Whether this may be a person of their own, of whom no plan was read and approved.

        Their name or document is another one; or they have but the number; or the request never
        named the row, and nothing shows that it was made after the erasure.
        """
        if self.contradicted or self.doubted or self.numbered:
            return True
        return not (self.new or Sign.KEY in self.signs)

    @property
    def numbered(self) -> bool:
        """Whether nothing but a number speaks for them, and that may be another person's by now."""
        return self.given and not self.named

    @property
    def against(self) -> bool:
        """Whether something shows a new life or another person."""
        return self.contradicted or self.doubted or self.active or Life.NEW in self.records


_FIRM = frozenset({Sign.KEY, Sign.REFERENCE})


def classify(seen: Seen) -> Verdict:
    """Return what is thought of a subject row: old life, new life, another person, or unclear.

    A contact alone with another name is another person's, as when a couple shares a mailbox; where
    no name can be compared, or another document speaks against it, nobody can tell. A booking made
    after the erasure is a new life, and what carries an erased key or reference and shows life
    after the erasure needs a person's look, and so does who has but an erased number, in a row that
    was made since. Who may have been there all along is never taken silently, whatever was written
    into their rows, nor is a contact with a booking of a day nobody knows.

    :param seen: what is known.
    """
    firm = bool(seen.signs & _FIRM)
    if not seen.signs:
        return Verdict.STRANGER
    if seen.contradicted:
        return Verdict.UNCLEAR if firm else Verdict.STRANGER
    if firm and (seen.active or seen.doubted or seen.numbered):
        return Verdict.UNCLEAR
    if Life.NEW in seen.records:
        return Verdict.UNCLEAR if firm else Verdict.LIVES
    here = Sign.KEY in seen.signs or seen.appeared or seen.own is Life.NEW
    if (firm and here) or _is_past(seen):
        return Verdict.RESYNC
    return Verdict.UNCLEAR


def _is_past(seen: Seen) -> bool:
    """Return whether a row known by a contact, or by a booking of theirs, is the old life."""
    if seen.doubted or not set(seen.records) <= {Life.OLD}:
        return False
    brought = seen.new or (seen.own is Life.UNKNOWN and not seen.before)
    if Sign.RECORD in seen.signs and seen.records and brought:
        return True
    # Where a sweep cannot tell a new row from one that was written to, its day can.
    told = seen.own is Life.NEW and not (seen.before or seen.watched)
    came = seen.appeared or told
    return seen.named and came and (seen.own is Life.OLD or bool(seen.records))


def classify_record(signs: Iterable[Sign], owners: Iterable[Verdict | None]) -> Verdict:
    """Return what is thought of a booking or other record that carries an erased key or reference.

    :param signs: KEY or REFERENCE; none is nobody's.
    :param owners: what is thought of whose it is; None for a row that was erased and is empty.
    """
    if not _FIRM & set(signs):
        return Verdict.STRANGER
    if all(owner in (None, Verdict.RESYNC) for owner in owners):
        return Verdict.RESYNC
    return Verdict.UNCLEAR


def life(
    made: Iterable[date | datetime],
    happened: Iterable[date | datetime],
    erased: datetime,
    zone: ZoneInfo,
) -> Life:
    """Return on which side of an erasure a row was made.

    A day that is the day of the erasure says nothing, since nobody knows the hour. What happened
    to a row can show that it is old; it cannot show that it is new, because an old booking may be
    stayed in later.

    :param made: when the row was made, as its policy's clock says; the first counts.
    :param happened: when other things happened to it.
    :param erased: aware time of the erasure.
    :param zone: zone of the property, in which dates are days.
    """
    first = [_side(at, erased, zone) for at in made]
    if Life.OLD in first:
        return Life.OLD
    if first:
        return Life.NEW if set(first) == {Life.NEW} else Life.UNKNOWN
    rest = {_side(at, erased, zone) for at in happened}
    return Life.OLD if rest == {Life.OLD} else Life.UNKNOWN


def active(happened: Iterable[date | datetime], erased: datetime, zone: ZoneInfo) -> bool:
    """Return whether something happened to a row after an erasure.

    :param happened: when things happened to it.
    :param erased: aware time of the erasure.
    :param zone: zone of the property, in which dates are days.
    """
    return any(_side(at, erased, zone) is Life.NEW for at in happened)


def _side(at: date | datetime, erased: datetime, zone: ZoneInfo) -> Life:
    if isinstance(at, datetime):
        aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return Life.OLD if aware <= erased else Life.NEW
    day = erased.astimezone(zone).date()
    if at == day:
        return Life.UNKNOWN
    return Life.OLD if at < day else Life.NEW
