"""The extension: what a vendor installs, and the one door to the office."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar, cast
from weakref import WeakSet

from flask import Flask, current_app, has_app_context, has_request_context
from flask_login import current_user
from sqlalchemy import Connection, Engine
from sqlalchemy.event import listen
from sqlalchemy.exc import SQLAlchemyError

from ..core.backup import Backup
from ..core.course import Training
from ..core.errors import GuesteraseError, InputError, SetupError, UnknownError
from ..core.finding import Finding
from ..core.kinds import CALLABLE, MAPPING, TEXT, Kind, maybe, need
from ..core.minimal import Review
from ..core.plan import Person
from ..store import (
    installation,
    minimal,
    preconditions,
    spoken,
    veil,
)
from ..store.binds import forward
from ..store.binds.crossing import Binds
from ..store.channels import Channel, built_in
from ..store.claiming import Pressure
from ..store.clocks import clock_findings
from ..store.comeback import guard
from ..store.comeback.lookout import Side
from ..store.connection import one
from ..store.coverage import coverage
from ..store.custodian import FolderCustodian
from ..store.datamap import DataMap, resolve
from ..store.finder import erased_before
from ..store.gone import shell
from ..store.host import Host
from ..store.invented import hatching
from ..store.invented.scratch import clear, scratch
from ..store.noted import Refusal
from ..store.office import Office
from ..store.partners import giving
from ..store.pruning import Wish, prune
from ..store.release.place import Place
from ..store.release.places import places
from ..store.release.releasing import release as released
from ..store.remembrance.replay import Survey
from ..store.remembrance.replay import replay as replayed
from ..store.report import Report, SweepReport
from ..store.roots import Roots
from ..store.settings import Settings
from ..store.sweep import Limits, NightAudit
from ..store.sweep import sweep as swept
from ..store.ticked import person_of
from ..store.transaction import again, transaction
from ..store.upgrade import pending
from ..store.work import Holidays, Work
from ..store.worker import NOT_DELIVERING
from ..store.worker import work as round_of
from . import checkup, config, migrate, rights, rounds, sessions
from .cli import guesterase_cli
from .current import NAME
from .declaring import Declaring
from .letters import render
from .reviewing import Reviews, announce_review
from .rights import May
from .signals import announce
from .teardown import Bell

_log = logging.getLogger("flask_guesterase")
_Result = TypeVar("_Result")

_FLASK: Kind = "the Flask application", lambda given: isinstance(given, Flask)
_PERSON: Kind = (
    "the host's user object, or its id as a text",
    lambda given: isinstance(given, str) or hasattr(given, "get_id"),
)
_SECONDS: Kind = (
    "a number of seconds",
    lambda given: isinstance(given, int | float) and not isinstance(given, bool),
)


@dataclass
class _State:
    """What belongs to one application."""

    extension: Guesterase
    settings: Settings
    custodian: FolderCustodian
    datamap: DataMap | None = None
    watching: object = None
    mapping: tuple[tuple[int, int], DataMap] | None = None
    belongs: bool = False
    binds: tuple[Engine, Binds] | None = None
    bell: Bell | None = None
    reviews: Reviews | None = None


class Guesterase(Declaring):
    """Erase guests from an application that was there before.

    :param db: Flask-SQLAlchemy or Flask-SQLAlchemy-Lite extension, or a scoped session.
    :param authorize: answers ``(user, permission, property)``; nobody may do anything without it.
    :param models: declarative bases, registries or MetaData when `db` does not know them.
    :param properties: the hotels, or a callable that returns them, called once by `init_app` in a
        context of the application; one by default.
    :param channels: name -> channel, for example "sms", besides mail and print.
    :param holidays: callable taking a property's code and a year, returning the days that are no
        working days there; weekends need not be named.
    :param night_audit: callable taking a property's code, returning whether its night audit runs;
        no sweep erases there meanwhile.
    :param pressure: callable returning whether the application needs its database for itself just
        now; sweeps take smaller batches and rest between them meanwhile.
    :param packs: files of the operator's own jurisdiction packs.
    :param roots: a key service that holds the roots of the keys; the key folder does by default.
    :param teardown: seconds between two rounds of background work that the host's traffic wakes;
        five minutes by default, outside of tests; 0 for none.
    :param training: what becomes of an act without the training for it: ``warn`` tells and
        records it, ``block`` refuses too what can wait, ``off`` asks nobody.
    :raises SetupError: `db` opens sessions and is none, there is no such word for `training`, or
        `authorize` cannot be asked, or something else is of another kind.
    """

    _now = staticmethod(partial(datetime.now, UTC))

    def __init__(
        self,
        db: Any,
        *,
        authorize: May | None = None,
        models: Any = None,
        properties: config.Properties = None,
        channels: dict[str, Channel] | None = None,
        holidays: Holidays | None = None,
        night_audit: NightAudit | None = None,
        pressure: Pressure | None = None,
        packs: Iterable[str] = (),
        roots: Roots | None = None,
        teardown: float | None = None,
        training: str = Training.WARN,
    ) -> None:
        super().__init__()
        for name, given, kind in (
            ("channels", channels, maybe(MAPPING)), ("holidays", holidays, maybe(CALLABLE)),
            ("night_audit", night_audit, maybe(CALLABLE)), ("pressure", pressure, maybe(CALLABLE)),
            ("teardown", teardown, maybe(_SECONDS)), ("training", training, TEXT),
        ):  # fmt: skip
            need(given, kind, f"Guesterase({name}=...)", SetupError)
        self.host = Host(db, models)
        self.channels = dict(channels or {})
        self._authorize = authorize
        self._properties = properties
        self._holidays = holidays
        self._night_audit = night_audit
        self._pressure = pressure
        if isinstance(packs, str | bytes) or not isinstance(packs, Iterable):
            raise SetupError(
                "Guesterase(packs=...) needs a list of files.",
                'Give packs=["house.toml"].',
            )
        self._packs = tuple(map(str, packs))
        self.roots = roots
        self._teardown = teardown
        self._apps: WeakSet[Flask] = WeakSet()
        if authorize is not None and not callable(authorize):
            raise SetupError(
                "Guesterase(authorize=...) cannot be asked.",
                "Pass a callable that takes user, permission and property.",
            )
        if training not in {each.value for each in Training}:
            raise SetupError("There is no such training.", "Pass 'warn', 'block' or 'off'.")
        self.training = Training(training)

    def shares(self, identifier: str) -> bool:
        """Return whether a host's user id is a login that several people share."""
        user = self.user(identifier) if self._shared is not None else None
        return user is not None and self._shared is not None and bool(self._shared(user))

    def _own_row(self, identifier: str) -> Person | None:
        try:
            return person_of(self.datamap, self.user(identifier))
        except UnknownError:
            return None

    def ask_backups(self) -> None:
        """Ask the host for its backups and write down what it says; what it raises is logged."""
        if self._backups is None:
            return
        try:
            for each in self._backups():
                self.run(partial(_reported, each))
        except Exception as problem:
            # The host's own code: whatever it raises, the night goes on, and its text is not kept.
            _log.error("guesterase: %s while asked for backups", type(problem).__name__)

    def review_record(
        self, instance: Any, reviewer: Any = None, property: str = "", count: bool = True
    ) -> Review:
        """Review a record that is made: whether it holds more than the stay needs.

        It reads nothing and raises nothing, so that a check-in never waits for it; what it remarks
        is told with the signal ``record-reviewed``, and counted by day after the host's commit.

        :param instance: an object of the host's mapping, for example a guest who checks in.
        :param reviewer: who looked at it, the host's user or their id; kept nowhere.
        :param property: code of the property; read from the record when empty.
        :param count: whether it counts; not for a look before the record is made.
        """
        app = cast(Any, current_app)._get_current_object()
        try:
            state = self._state()
            reviews = cast(Reviews, state.reviews)
            known = minimal.Known(self._mapping(state), state.settings, reviews.backup)
            found = minimal.review(known, instance, property, reviewer is not None)
            if count and found.property in state.settings.properties:
                reviews.after(instance, found, partial(self._counted, app, reviews))
        except Exception as problem:
            _log.warning("guesterase: %s while a record was reviewed", type(problem).__name__)
            return Review("", property, problem=type(problem).__name__)
        announce_review(app, found)
        return found

    def review_inserts(self, *models: type[Any]) -> None:
        """Review each new row of these models when it is flushed, without a call of the host's.

        :param models: mapped classes.
        """
        for model in models:
            listen(model, "after_insert", self._inserted)

    def _inserted(self, mapper: Any, connection: Any, instance: Any) -> None:
        if has_app_context() and NAME in current_app.extensions:
            here = current_user if has_request_context() else None
            known = here if here and here.is_authenticated else None
            self.review_record(instance, known)

    def _counted(self, app: Flask, reviews: Reviews) -> None:
        # A test wants to decide when something is written; see `settle_reviews`.
        if not app.testing:
            reviews.write_soon(app, self.run)

    def settle_reviews(self) -> None:
        """Write down what reviews counted in this process, and wait for it."""
        reviews = cast(Reviews, self._state().reviews)
        reviews.settle()
        reviews.write(self.run)

    def send_canaries(self, at_once: bool = False) -> dict[str, str]:
        """Send the invented guests that are due, and look again for the last ones.

        :param at_once: do not wait until it is time again.
        :return: property -> what became of it, where there was something to do.
        """
        done = {}
        for code, canary in sorted(self._canaries.items()):
            hatching.again(self.run, canary)
            drill = partial(scratch, self.run, canary, self.host.engine())
            state = hatching.send(self.run, self.host, canary, drill, at_once)
            if state:
                done[code] = state
        return done

    def init_app(self, app: Flask) -> None:
        """Install the extension in an application.

        :raises SetupError: it is installed already, or a configuration value is wrong, or it is
            no application.
        """
        need(app, _FLASK, "init_app(...)", SetupError)
        if NAME in app.extensions:
            raise SetupError(
                "This application has a Guesterase already.", "Call init_app once for each app."
            )
        settings = config.read(app, self._properties, self._packs)
        state = _State(self, settings, FolderCustodian(settings.keys, roots=self.roots))
        state.reviews = Reviews(settings)
        state.watching = sessions.install(app, self.erased)
        app.extensions[NAME] = state
        migrate.install(app)
        app.cli.add_command(guesterase_cli)
        veil.install(self.host, self._declared)
        self._apps.add(app)
        guard.install(self.host, self._side)
        state.bell = rounds.install(self, app, self._teardown)

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

    def _side(self) -> Side | None:
        """Return what the guard must know of the application at work, or of the only one."""
        here = cast(Any, current_app)._get_current_object() if has_app_context() else None
        apps = [here] if here is not None else list(self._apps)
        state = apps[0].extensions.get(NAME) if len(apps) == 1 else None
        if state is None or state.extension is not self:
            return None
        try:
            pool = self.host.engine().pool
        except SetupError:
            return None
        return Side(pool, state.settings, self._mapping(state), state.custodian, self._now)

    def _mapping(self, state: _State) -> DataMap:
        """Return the data map as it is so far: models may still be imported or registered."""
        if state.datamap is not None:
            return state.datamap
        seen = (len(self._declared), len(self.host.mapped()))
        if state.mapping is None or state.mapping[0] != seen:
            declared = [*self.host.declarations(), *self._declared]
            found = resolve(declared, self.host.tables(), self.host.mappers())
            state.mapping = (seen, found)
        return state.mapping[1]

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
                )
                office = Office(work)
                yield office
                office.close()
        except GuesteraseError:
            if refused:
                self._journal(refused)
            raise
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
            with self.begin() as office:
                office.journal_refusals(refused)
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

    def work(self) -> Report:
        """Do one round of everything that is due: intake, erasures, messages, files, keys."""
        with one(self.host.engine()):
            return round_of(self.run, render, self._every_channel())

    def deliver(self) -> Report:
        """Send messages, remove files and tell recipients that are due, and nothing else."""
        with one(self.host.engine()):
            return round_of(self.run, render, self._every_channel(), NOT_DELIVERING)

    def sweep(
        self,
        confirm_by: str | None = None,
        *,
        seconds: float | None = None,
        rows: int | None = None,
        join: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> SweepReport:
        """Erase what is due because its day has come, where a person confirmed what that is.

        :param confirm_by: the host's id of who confirms what the last sweep showed, or None.
        :param seconds: how long it may begin further batches; the rest stays due.
        :param rows: how many rows it may erase by their day.
        :param join: take part in erasing while another sweep leads.
        :param progress: told after each batch how many rows it had.
        :raises SweepingError: another sweep is at work, and this one was not to join it.
        """
        limits = Limits(seconds, rows, join, self._pressure, progress)
        self.ask_backups()
        channels = self._every_channel()
        with one(self.host.engine()):
            report = swept(self.run, render, channels, confirm_by, self._night_audit, limits)
        with report.trying("canary"):
            clear(self.host.engine())
        if self._canaries and not (report.doubt or report.joined or report.stopped):
            with report.trying("canary"):
                report.add("canary", len(self.send_canaries()))
        return report

    def replay(self, checkpoints: Iterable[str] = ()) -> Survey:
        """Carry out again what a restored database has forgotten; return what was done.

        :param checkpoints: signed checkpoints of the journals, brought from where they were kept.
        :raises InputError: one of them is no checkpoint of this house.
        :raises SetupError: no register is kept, or it is not where it was.
        """
        return replayed(self.run, tuple(checkpoints))

    def release(self, note: Callable[[str, str], None]) -> int:
        """Bring the checkpoints of the journals to the places outside now; return how many arrived.

        :param note: told the way to a place that could not be reached, and what went wrong.
        :raises BlockedError: this database was restored and has not caught up.
        """
        return released(self.run, note, at_once=True)

    def prune(self, what: Wish) -> int:
        """Take old entries out of a journal that two people may have taken out.

        :param what: what `Office.prune` returned.
        :return: how many went.
        :raises TamperedError: the journal does not prove itself; nothing goes then.
        """
        return prune(self.run, what)

    def _places(self) -> tuple[Place, ...]:
        named = self.settings.checkpoints
        return places(named, self._every_channel() if named else {}, self._destinations)

    def _every_channel(self) -> dict[str, Channel]:
        settings = self.settings
        return {**built_in(settings.mail, settings.sender), **self.channels}

    @contextmanager
    def books(self, user: Any, property: str) -> Iterator[None]:
        """Let somebody read and correct, in this block, what the law keeps in place.

        Open it before the session writes; nest blocks for several properties.

        :param user: the host's user object, or its id.
        :param property: code of the property whose books are opened.
        :raises ForbiddenError: they have no permission "books" there.
        :raises InputError: it is neither a user nor the id of one.
        """
        need(user, _PERSON, "books(user, property)", InputError)
        by = user if isinstance(user, str) else str(user.get_id())
        with self.begin() as office:
            office.open_books(property, by)
        with veil.opened(self.host, property):
            yield

    def objects(self, contact: str, property: str = "") -> bool:
        """Return whether the owner of a contact does not want advertising: ask before you write.

        :param contact: e-mail address or phone number.
        :param property: code of the property that wants to write; any when empty.
        """
        with self.begin(write=False) as office:
            return office.objects(contact, property)

    def check(self) -> list[Finding]:
        """Return everything that is wrong: data map, live database and installation."""
        return checkup.findings(self, self._recipients, self._authorize is not None)

    def erased(self, row: Any) -> bool:
        """Return whether an object of the host's mapping is a person that was erased.

        It costs a statement only where the row holds nothing and no mark tells why.

        :param row: the object, for example the user a session names; anything else is nobody.
        """
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
        """Return the host's user object with this id, by its Flask-Login user loader, or None."""
        return rights.user(identifier, self.host.unblock)

    def may(self, identifier: str, permission: str, property_: str) -> bool:
        """Return whether the host grants a permission; anything but a plain True is a no.

        :param identifier: the host's id of the person.
        :param permission: for example "approve".
        :param property_: code of the property.
        """
        return rights.may(self._authorize, self.user, identifier, permission, property_)

    def _state(self) -> _State:
        try:
            return cast(_State, current_app.extensions[NAME])
        except KeyError:
            raise SetupError(
                "This application has no Guesterase.", "Did you forget to call init_app?"
            ) from None


def _reported(backup: Backup, office: Office) -> None:
    office.report_backup(backup.at, backup.kind, backup.hours)
