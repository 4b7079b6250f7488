"""The extension: what a vendor installs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast
from weakref import WeakSet

from flask import Flask, current_app, has_app_context
from sqlalchemy.event import listen

from ..core.course import Training
from ..core.errors import SetupError
from ..core.kinds import CALLABLE, MAPPING, TEXT, Kind, maybe, need
from ..core.minimal import Review
from ..store.comeback import guard
from ..store.comeback.idle import Nowhere
from ..store.comeback.lookout import Side
from ..store.deciding import minimal
from ..store.hiding import veil
from ..store.keys.custodian import FolderCustodian
from ..store.keys.roots import Roots
from ..store.mapping.datamap import DataMap, resolve
from ..store.mapping.host import Host
from ..store.messages.channels import PHONES, Channel
from ..store.sweep import NightAudit
from ..store.sweeping.claiming import Pressure
from ..store.work import Holidays
from . import migrate
from .commands.cli import guesterase_cli
from .entrance import NAME, State, erased_here, here, state_of
from .installed import Installed
from .joining import config, rounds, sessions
from .joining.reviewing import Reviews, announce_review
from .joining.rights import May, logged_in
from .wording.letters import render

_log = logging.getLogger("flask_guesterase")

_FLASK: Kind = "the Flask application", lambda given: isinstance(given, Flask)
_SECONDS: Kind = (
    "a number of seconds",
    lambda given: isinstance(given, int | float) and not isinstance(given, bool),
)


class Guesterase(Installed):
    """Erase guests from an application that was there before.

    :param db: Flask-SQLAlchemy or Flask-SQLAlchemy-Lite extension, or a scoped session.
    :param authorize: answers ``(user, permission, property)``; nobody may do anything without it.
    :param models: declarative bases, registries or MetaData when `db` does not know them.
    :param properties: the hotels, or a callable that returns them, called once by `init_app` in a
        context of the application; one by default.
    :param channels: name -> channel, besides mail and print: "sms" reaches telephone numbers.
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

    _render = staticmethod(render)

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
        self._heard: dict[type[Any], Callable[..., None]] = {}
        if authorize is not None and not callable(authorize):
            raise SetupError(
                "Guesterase(authorize=...) cannot be asked.",
                "Pass a callable that takes user, permission and property.",
            )
        if training not in {each.value for each in Training}:
            raise SetupError("There is no such training.", "Pass 'warn', 'block' or 'off'.")
        self.training = Training(training)

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
        settings = config.read(app, self._properties, self._packs, PHONES in self.channels)
        state = State(self, settings, FolderCustodian(settings.keys, roots=self.roots))
        state.reviews = Reviews(settings)
        state.watching = sessions.install(app, erased_here)
        app.extensions[NAME] = state
        migrate.install(app)
        app.cli.add_command(guesterase_cli)
        veil.install(self.host, self._declared)
        self._apps.add(app)
        guard.install(self.host, self._sides, at_work)
        state.bell = rounds.install(self, app, self._teardown)

    def _sides(self) -> list[Side]:
        """Return what the guard must know of the application at work, or else of every one.

        At work is one that has a Guesterase: the host may use its session in another one's context.
        """
        app: Any = at_work()
        own = NAME in getattr(app, "extensions", ())
        found = [state_of(each) for each in ([app] if own else list(self._apps))]
        states = [state for state in found if state is not None and state.extension is self]
        if not states:
            return []
        try:
            pool = self.host.engine().pool
        except SetupError:
            return []
        return [
            Side(pool, each.settings, self._mapping(each), each.custodian, self._now, own)
            for each in states
        ]

    def _mapping(self, state: State) -> DataMap:
        """Return the data map as it is so far: models may still be imported or registered."""
        if state.datamap is not None:
            return state.datamap
        seen = (len(self._declared), len(self.host.mapped()))
        if state.mapping is None or state.mapping[0] != seen:
            declared = [*self.host.declarations(), *self._declared]
            found = resolve(declared, self.host.tables(), self.host.mappers())
            state.mapping = (seen, found)
        return state.mapping[1]

    def review_record(
        self, instance: Any, reviewer: Any = None, property: str = "", count: bool = True
    ) -> Review:
        """Review a record that is made: whether it holds more than the stay needs.

        It reads nothing and raises nothing, so that a check-in never waits for it; what it remarks
        is told with the signal ``record-reviewed``, and counted by day after the host's commit, in
        the application at work, whichever Guesterase was asked.

        :param instance: an object of the host's mapping, for example a guest who checks in.
        :param reviewer: who looked at it, the host's user or their id; kept nowhere.
        :param property: code of the property; read from the record when empty.
        :param count: whether it counts; not for a look before the record is made.
        """
        if not has_app_context():
            # Whose settings and signals would these be? A job of the host's goes on all the same.
            _log.warning("guesterase: a record was reviewed where no application is at work")
            return Review("", property, problem=RuntimeError.__name__)
        extension = cast(Guesterase, here() or self)
        return extension._review(instance, lambda: reviewer, property, count)

    def _review(
        self, instance: Any, reviewer: Callable[[], Any], property: str, count: bool
    ) -> Review:
        app = cast(Any, current_app)._get_current_object()
        try:
            state = self._state()
            reviews = cast(Reviews, state.reviews)
            known = minimal.Known(self._mapping(state), state.settings, reviews.backup)
            found = minimal.review(known, instance, property, reviewer() is not None)
            if count and found.property in state.settings.properties:
                reviews.after(instance, found, partial(self._counted, app, reviews))
        except Exception as problem:
            _log.warning("guesterase: %s while a record was reviewed", type(problem).__name__)
            return Review("", property, problem=type(problem).__name__)
        announce_review(app, found)
        return found

    def review_inserts(self, *models: type[Any]) -> None:
        """Review each new row of these models when it is flushed, without a call of the host's.

        :param models: mapped classes, or classes from which they come.
        """
        for model in models:
            if model not in self._heard:
                hear = partial(self._inserted, model)
                listen(model, "after_insert", hear, propagate=True)
                self._heard[model] = hear

    def _inserted(self, model: type[Any], mapper: Any, connection: Any, instance: Any) -> None:
        # Of a class and one from which it comes, the one that was named first speaks for a row.
        mine = next(each for each in self._heard if isinstance(instance, each)) is model
        if mine and has_app_context() and here() is self:
            self._review(instance, logged_in, "", count=True)

    def _counted(self, app: Flask, reviews: Reviews) -> None:
        # A test wants to decide when something is written; see `settle_reviews`.
        if not app.testing:
            reviews.write_soon(app, self.run)

    def settle_reviews(self) -> None:
        """Write down what reviews counted in this process, and wait for it."""
        reviews = cast(Reviews, self._state().reviews)
        reviews.settle()
        reviews.write(self.run)


def at_work() -> object:
    """Return the application at work, for the guard."""
    return cast(Any, current_app)._get_current_object() if has_app_context() else Nowhere
