"""The extension's own data map: what each of its own tables holds, why, and when it goes.

It is to our tables what a policy is to the host's: a column without a line here fails a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .period import Period

RECORDS = Period(years=3)
"""How long a record of what was asked and done outlives its end.

The longest floor that was read for logs of requests and erasures: Turkey's by-law on erasure
Articles 7 and 11, and PIPL Article 56, three years each; California's is 24 months (11 CCR 7101).
Elsewhere no law names a number, and it is the house's own choice under GDPR Article 5(2).
"""

REFUSALS: Mapping[str, Period] = {"HK": Period(years=4)}
"""Country -> how long a refusal is kept where that is longer: Hong Kong, PDPO section 27."""

WEEKS = Period(days=90)
"""How long what only shows that something was done outlives it: sent messages, emptied boxes."""


class What(StrEnum):
    """What a column of ours can hold."""

    SERIAL = "a serial number of ours"
    RANDOM = "a random number of ours"
    PERSON = "the opaque number of a person who acts"
    WORD = "an enumerated word"
    NAME = "a name from the settings or the host's schema"
    TIME = "a day or a time"
    COUNT = "a count or a flag"
    KEY = "the key of a row of the host's, as the host made it"
    MARK = "a keyed mark"
    HASH = "a hash, a public key or a signature"
    SEALED = "ciphertext"
    TEXT = "words, counts, days and marks in one text, without anybody's data"
    FACTS = "words, days and keyed marks of people in one text"


class Weight(StrEnum):
    """How much a value says of a person."""

    NOTHING = "nothing personal"
    LINK = "pseudonymous: it leads to a person for who has the host's data or the key"
    SEALED = "personal, and readable with its key alone"


WEIGHT: Mapping[What, Weight] = {
    **dict.fromkeys(What, Weight.NOTHING),
    What.PERSON: Weight.LINK,
    What.KEY: Weight.LINK,
    What.MARK: Weight.LINK,
    What.FACTS: Weight.LINK,
    What.SEALED: Weight.SEALED,
}
"""Kind of content -> what it says of a person."""


class End(StrEnum):
    """By what the rows of a table of ours go."""

    WORKER = "the worker's next round"
    CASE = "the end of its request"
    AGE = "the sweep, when its time is over"
    KEY = "the day of its key"
    LAW = "the rulebook keeps it as long as the installation"
    JOURNAL = "as long as the journal"
    HOUSE = "as long as the installation"


@dataclass(frozen=True)
class Own:
    """One table of ours.

    :param table: its name without our prefix.
    :param why: what it is needed for.
    :param end: by what its rows go.
    :param ends: when they go, in words.
    :param holds: what -> names of columns, divided by blanks.
    :param sooner: column -> when its content goes, where that is before the row.
    """

    table: str
    why: str
    end: End
    ends: str
    holds: Mapping[What, str]
    sooner: Mapping[str, str] = field(default_factory=dict)

    def columns(self) -> Iterator[tuple[str, What]]:
        """Yield each column with what it holds."""
        for what, names in self.holds.items():
            for name in names.split():
                yield name, what


@dataclass(frozen=True)
class Place:
    """Something of ours that is no table.

    :param name: what it is.
    :param holds: what it holds.
    :param why: what it is needed for.
    :param ends: when it goes.
    """

    name: str
    holds: str
    why: str
    ends: str
