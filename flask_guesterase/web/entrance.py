"""The one door to the office, in an application that has the extension."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, Pool
from sqlalchemy.exc import SQLAlchemyError

from ..core.course import Training
from ..core.errors import BusyError, GuesteraseError, InputError, SetupError, UnknownError
from ..core.finding import Finding
from ..core.kinds import Kind, need
from ..core.plan import Person
from ..store.access import boots
from ..store.binds import forward
from ..store.checking import spoken
from ..store.checking.coverage import coverage
from ..store.erasing.finder import erased_before
from ..store.erasing.gone import shell
from ..store.hiding import veil
from ..store.keys import installation
from ..store.keys.custodian import FolderCustodian
from ..store.keys.roots import Roots
from ..store.lawbook import preconditions
from ..store.lawbook.clocks import clock_findings
from ..store.mapping.crossing import Binds
from ..store.mapping.datamap import DataMap, resolve
from ..store.mapping.host import Host
from ..store.messages.channels import Channel, Render, built_in
from ..store.noted import Refusal
from ..store.office import Office
from ..store.partners import giving
from ..store.release.place import Place
from ..store.release.places import places
from ..store.requests.ticked import person_of
from ..store.settings import Settings
from ..store.sweep import NightAudit
from ..store.sweeping.claiming import Pressure
from ..store.transaction import again, transaction
from ..store.upkeep.upgrade import pending
from ..store.work import Holidays, Work
from .anew import committed
from .joining import rights
from .joining.declaring import Declaring
from .joining.reviewing import Reviews
from .joining.rights import May
from .joining.signals import announce
from .joining.teardown import Bell

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

NAME = "guesterase"
"""Key of the extension in ``app.extensions``."""

_log = logging.getLogger("flask_guesterase")
_Result = TypeVar("_Result")

_PERSON: Kind = (
    "the host's user object, or its id as a text",
    lambda given: isinstance(given, str) or hasattr(given, "get_id"),
)
_ENGINES: Kind = (
    "a list of engines",
    lambda given: isinstance(given, Sequence)
    and all(isinstance(getattr(each, "pool", None), Pool) for each in given),
)


@dataclass
class State:
    """What belongs to one application."""

    extension: Entrance
    settings: Settings
    custodian: FolderCustodian
    datamap: DataMap | None = None
    watching: object = None
    mapping: tuple[tuple[int, int], DataMap] | None = None
    belongs: bool = False
    binds: tuple[Engine, Binds] | None = None
    bell: Bell | None = None
    reviews: Reviews | None = None


def state_of(app: Flask) -> State | None:
    """Return what belongs to an application, or None where it has no Guesterase.

    :param app: the application, or what stands for the one at work.
    """
    return cast(State | None, app.extensions.get(NAME))


class Entrance(Declaring):
    """How a process gets into the office: whose settings, keys, database and users it works with.

    Whatever is given to `Guesterase` stands here by name; how it gets into an application does not.
    """

    host: Host
    channels: dict[str, Channel]
    roots: Roots | None
    training: Training
    _authorize: May | None
    _holidays: Holidays | None
    _night_audit: NightAudit | None
    _pressure: Pressure | None
    _render: Render
    _now = staticmethod(partial(datetime.now, UTC))

    @property
    def settings(self) -> Settings:
        """Return the settings of the current application."""
        return self._state().settings

    @property
    def custodian(self) -> FolderCustodian:
        """Return who holds the keys of the current application."""
        return self._state().custodian

    @property
    def datamap(self) -> DataMap:
        """Return the data map, resolved when it is first needed."""
        state = self._state()
        if state.datamap is None:
            state.datamap = resolve(
                [*self.host.declarations(), *self._declared],
                self.host.tables(),
                self.host.mappers(),
                self._check_map,
            )
        return state.datamap

    @property
    def binds(self) -> Binds:
        """Return where the host's tables lie besides its default database."""
        state, engine = self._state(), self.host.engine()
        if state.binds is None or state.binds[0] is not engine:
            state.binds = engine, self.host.binds()
        return state.binds[1]

    def _check_map(self, datamap: DataMap) -> list[Finding]:
        findings = coverage(datamap) + clock_findings(datamap) + spoken.findings(datamap)
        findings += preconditions.findings(datamap, self._blockers)
        findings += giving.findings(datamap, self._recipients)
        return findings + self.host.findings(datamap)

    @contextmanager
    def begin(self, write: bool = True) -> Iterator[Office]:
        """Open the office in one transaction of its own; it is committed at the end.

        :param write: False promises to only read; nothing is kept.
        :raises BusyError: the host's own transaction stands in the way.
        """
        app = cast(Any, current_app)._get_current_object()
        refused: list[Refusal] = []
        try:
            with transaction(self.host.engine(), write, self.binds) as conn:
                self._own_keys(conn)
                work = Work(
                    conn,
                    self._now(),
                    self.settings,
                    self.datamap,
                    self.custodian,
                    self.may,
                    blockers=tuple(self._blockers),
                    holidays=self._holidays,
                    queries=dict(self._queries),
                    recipients=tuple(self._recipients),
                    places=self._places(),
                    training=self.training,
                    refused=refused,
                    shared=self.shares,
                    own=self._own_row,
                    boot=boots.read,
                )
                office = Office(work)
                yield office
                office.close()
        except GuesteraseError:
            if refused:
                self._journal(refused)
            raise
        if write:
            committed()
        if work.changed:
            self.host.expire(work.changed)
        for effect in work.after:
            effect()
        for event in work.events:
            announce(app, event)
        for number in work.begun:
            problem = forward.tried(self.run, number)
            if problem:
                _log.warning("guesterase: %s while %s was carried on", problem, number)

    def _journal(self, refused: list[Refusal]) -> None:
        """Journal what was refused, now that it is rolled back; what was refused stays so."""
        try:
            # Whoever wants to try unseen would only have to keep the database busy.
            again(lambda: self.run(lambda o: o.journal_refusals(refused)), met=BusyError)
        except (GuesteraseError, SQLAlchemyError) as problem:
            _log.error("guesterase: %s while a refusal was journaled", type(problem).__name__)

    def _own_keys(self, conn: Connection) -> None:
        """Make sure, once in a process, that the key folder belongs to this database.

        :raises KeyMissingError: it is of another installation.
        """
        state = self._state()
        if not state.belongs and state.custodian.exists() and not pending(conn):
            installation.require(conn, state.custodian)
            state.belongs = True

    def run(self, unit: Callable[[Office], _Result]) -> _Result:
        """Run a unit of work in a transaction, and again after a deadlock.

        :param unit: callable that takes the office; it may be called more than once.
        """

        def once() -> _Result:
            with self.begin() as office:
                return unit(office)

        return cast(_Result, again(once))

    def _places(self) -> tuple[Place, ...]:
        named = self.settings.checkpoints
        return places(named, self._every_channel() if named else {}, self._destinations)

    def _every_channel(self) -> dict[str, Channel]:
        settings = self.settings
        return {**built_in(settings.mail, settings.sender), **self.channels}

    @contextmanager
    def books(
        self, user: Any, property: str, engines: Sequence[Engine | AsyncEngine] = ()
    ) -> Iterator[None]:
        """Let somebody read and correct, in this block, what the law keeps in place.

        Open it before the session writes; nest blocks for several properties.

        :param user: the host's user object, or its id.
        :param property: code of the property whose books are opened.
        :param engines: by which else your sessions reach this database: asynchronous ones, those of
            other accounts, and replicas that a session picks at random, or by what it did or was
            told before.
        :raises ForbiddenError: they have no permission "books" there.
        :raises InputError: it is neither a user nor the id of one, or these are no engines.
        """
        need(user, _PERSON, "books(user, property)", InputError)
        need(engines, _ENGINES, "books(..., engines=...)", InputError)
        by = user if isinstance(user, str) else str(user.get_id())
        # Made before the journal says so: an opening of which no engine can be told is none.
        block = veil.opened(self.host, property, engines)
        with self.begin() as office:
            office.open_books(property, by)
        with block:
            yield

    def objects(self, contact: str, property: str = "") -> bool:
        """Return whether the owner of a contact does not want advertising: ask before you write.

        :param contact: e-mail address or phone number.
        :param property: code of the property that wants to write; any when empty.
        """
        with self.begin(write=False) as office:
            return office.objects(contact, property)

    def erased(self, row: Any) -> bool:
        """Return whether an object of the host's mapping is a person that was erased.

        It costs a statement only where the row holds nothing and no mark tells why. The application
        at work answers: a loader that several share may have hold of another one's Guesterase.

        :param row: the object, for example the user a session names; anything else is nobody.
        """
        return erased_here(row)

    def _is_gone(self, row: Any) -> bool:
        try:
            found = shell(self.datamap, row)
            if found is None or found.marked:
                return found is not None
            with transaction(self.host.engine(), False, self.binds) as conn:
                return bool(erased_before(conn, self.datamap, {found.person}))
        except (GuesteraseError, SQLAlchemyError) as problem:
            # A gap of ours never keeps anybody out.
            _log.error("guesterase: %s while a session was looked at", type(problem).__name__)
            return False

    def user(self, identifier: str) -> Any:
        """Return the host's user object with this id, by its Flask-Login user loader, or None.

        Who was erased is nobody: neither calls with a token nor commands pass where sessions end.

        :param identifier: the host's id of the person.
        """
        return rights.user(identifier, self.host.unblock, erased_here)

    def may(self, identifier: str, permission: str, property_: str) -> bool:
        """Return whether the host grants a permission; anything but a plain True is a no.

        :param identifier: the host's id of the person.
        :param permission: for example "approve".
        :param property_: code of the property.
        """
        return rights.may(self._authorize, self.user, identifier, permission, property_)

    def shares(self, identifier: str) -> bool:
        """Return whether a host's user id is a login that several people share."""
        user = self.user(identifier) if self._shared is not None else None
        return user is not None and self._shared is not None and bool(self._shared(user))

    def _own_row(self, identifier: str) -> Person | None:
        try:
            return person_of(self.datamap, self.user(identifier))
        except UnknownError:
            return None

    def _state(self) -> State:
        state = state_of(current_app)
        if state is None:
            raise SetupError(
                "This application has no Guesterase.", "Did you forget to call init_app?"
            )
        if state.extension is not self:
            # What it would do here goes by what was declared for another application.
            raise SetupError(
                "This application has another Guesterase than the one that was asked.",
                "Ask app.extensions['guesterase'].extension, or install one Guesterase in both.",
            )
        return state


def erased_here(row: Any) -> bool:
    """Return whether an object of the host's mapping was erased, by the application at work.

    Several applications of one process may share a login manager: each goes by its own database.

    :param row: the object.
    """
    extension = here()
    return extension is not None and extension._is_gone(row)


def here() -> Entrance | None:
    """Return what is installed in the application at work, or None where nothing is."""
    state = state_of(current_app)
    return None if state is None else state.extension
