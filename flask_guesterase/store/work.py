"""What every use case is given: one open transaction, and what it may rely on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from ..core.census import Departure
from ..core.course import Training
from ..core.events import Event
from ..core.holding import HoldQuery
from ..core.plan import Person
from ..core.policy import Blocker
from ..core.recipient import Recipient
from ..core.remembrance import Note
from ..core.rule import Rule
from ..core.rulebook import Line
from ..core.whence import Paths
from .access.boots import Boot, unread
from .catalog.shape import LiveSchema
from .checking.drift import drifted
from .checking.live import known
from .keys.custodian import FolderCustodian
from .mapping.datamap import DataMap
from .noted import Refusal
from .release.place import Place
from .settings import Settings

Authorize = Callable[[str, str, str], bool]
"""Answers whether a user (id) has a permission at a property (code)."""

Shared = Callable[[str], bool]
"""Answers whether a user (id) is a login that several people share."""


def nobodys(user: str) -> bool:
    """Answer for a host that never said which logins several people share: none."""
    return False


Own = Callable[[str], Person | None]
"""Answers which row of a table of people a user (id) is, where users are such rows."""


def nobody(user: str) -> Person | None:
    """Answer for a host whose users are no rows of a table of people."""
    return None


Holidays = Callable[[str, int], Iterable[date]]
"""Answers which days of a year are no working days at a property (code), weekends aside."""


@dataclass
class Work:
    """What every use case is given: one open transaction and what it may rely on.

    :param conn: connection with an open transaction; nobody but `begin` commits it.
    :param now: aware UTC time, the same for the whole transaction.
    :param settings: the operator's settings.
    :param datamap: the resolved data map.
    :param custodian: who holds the keys.
    :param authorize: the host's answer to who may do what; denies by default.
    :param events: what happened, journaled last and announced after the commit.
    :param after: callables to run after the commit.
    :param remember: what must outlive the database, written to the register before the commit.
    :param replaying: whether erasures are carried out again that this database has forgotten.
    :param changed: host tables whose rows were changed.
    :param journaled: how many of the events are in the journal already.
    :param blockers: preconditions of the hotel.
    :param holidays: the host's answer to which days of a year are no working days at a property.
    :param queries: name -> query of the host by which rows can be held.
    :param recipients: who else holds copies and is told.
    :param places: places outside that take checkpoints.
    :param rules: property -> rules of retention in force, as read in this transaction.
    :param labels: (table, column) -> categories that bind it, once they were read.
    :param paths: table -> where the law reads its rows, once the labels were read.
    :param departures: lines that left the guest register lawfully.
    :param bound: kinds of our own rows that changed and that the journal vouches for.
    :param held: numbers of the holds that lived when an erasure was drawn; None where none was.
    :param ruled: which rules were in force as they were first read; None where they were not.
    :param inherited: law -> lines with which a new code under it begins, once they were read.
    :param judged: property -> the rules in force as they were first read; of none, what labels say.
    :param planned: tables that what is erased was decided about.
    :param filed: file whose row was erased -> what is to be known of it when it is removed: what
        else such rows name, and of how many of them it is the first.
    :param begun: erasures over several databases that begin with this transaction's commit.
    :param refused: what was refused, journaled when this is rolled back for it.
    :param training: what becomes of an act without the training for it.
    :param shared: the host's answer to which logins several people share; these never act.
    :param own: which row of a table of people a user is.
    :param boot: tells how long the machine runs whose clock `now` is, where that is known.
    :param unfit: number and controller of sealed lines that do not fit what the law says, where
        they were looked through in transactions before this one.
    """

    conn: Connection
    now: datetime
    settings: Settings
    datamap: DataMap
    custodian: FolderCustodian
    authorize: Authorize
    events: list[Event] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    remember: list[Note] = field(default_factory=list)
    replaying: bool = False
    changed: set[str] = field(default_factory=set)
    journaled: int = 0
    blockers: tuple[Blocker, ...] = ()
    holidays: Holidays | None = None
    queries: Mapping[str, HoldQuery] = field(default_factory=dict)
    recipients: tuple[Recipient, ...] = ()
    places: tuple[Place, ...] = ()
    rules: dict[str, tuple[Rule, ...]] = field(default_factory=dict)
    labels: Mapping[tuple[str, str], tuple[str, ...]] | None = None
    paths: Mapping[str, Paths] = field(default_factory=dict)
    departures: list[Departure] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)
    held: frozenset[int] | None = None
    ruled: str | None = None
    inherited: dict[tuple[object, ...], tuple[Line, ...]] = field(default_factory=dict)
    judged: dict[str, Any] = field(default_factory=dict)
    planned: set[str] = field(default_factory=set)
    filed: dict[tuple[str, str], dict[str, list[Any]]] = field(default_factory=dict)
    begun: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    training: Training = Training.OFF
    shared: Shared = nobodys
    own: Own = nobody
    boot: Callable[[], Boot | None] = unread
    unfit: Sequence[tuple[int, str]] | None = None
    _live: LiveSchema | None = None
    _whole: DataMap | None = None

    def over(self, conn: Connection, settings: Settings | None = None) -> Work:
        """Return the same installation over another connection, with nothing done on it yet.

        :param conn: connection with an open transaction.
        :param settings: other settings, for a database that is a copy.
        """
        return Work(
            conn, self.now, settings or self.settings, self.datamap, self.custodian,
            self.authorize, blockers=self.blockers, holidays=self.holidays, queries=self.queries,
            recipients=self.recipients, shared=self.shared, own=self.own,
            boot=self.boot,
        )  # fmt: skip

    def live(self) -> LiveSchema:
        """Return the live database, read once in this transaction."""
        if self._live is None:
            self._live = known(self.conn, schemas=self.datamap.schemas())
        return self._live

    def read_anew(self) -> None:
        """Let the live database be read again by whoever asks for it next."""
        self._live = self._whole = None

    def whole(self) -> DataMap:
        """Return the data map with what the live database adds to its findings."""
        if self._whole is None:
            self._whole = drifted(self.datamap, self.live())
        return self._whole

    @property
    def stamp(self) -> datetime:
        """Return the time of this transaction as our tables keep it: UTC without a zone."""
        return self.now.replace(tzinfo=None, microsecond=0)

    @property
    def today(self) -> str:
        """Return the UTC day of this transaction, ISO."""
        return self.now.date().isoformat()
