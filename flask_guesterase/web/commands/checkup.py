"""What `check` looks at: the data map, the live database, the keys and the installation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol, cast
from urllib.parse import unquote, urlsplit

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.routing import BuildError

from ...core.errors import GuesteraseError, SealError, SetupError
from ...core.finding import Finding, Severity
from ...core.recipient import Recipient
from ...store.binds.reaching import leave_out, reachable, without
from ...store.checking import unplaced
from ...store.checking.drift import drift, drifted
from ...store.checking.indexing import unindexed
from ...store.checking.live import read as read_live
from ...store.erasing.explained import unwritable
from ...store.erasing.probing import misfits, ownerless, refused, unasked
from ...store.hiding import miskeyed, unnamed
from ...store.keys.custodian import FolderCustodian
from ...store.lawbook import packs, schedule
from ...store.mapping.crossing import Binds
from ...store.mapping.datamap import DataMap
from ...store.mapping.host import Host
from ...store.office import Office
from ...store.partners import recipients
from ...store.release.outside import behind
from ...store.remembrance import remembering
from ...store.requests import outside
from ...store.returning import undecided
from ...store.settings import Settings
from ...store.transaction import transaction
from ...store.upkeep import watch
from ...store.upkeep.upgrade import newer, pending
from .. import migrate


class Looked(Protocol):
    """What is looked at of the extension, in a context of its application."""

    @property
    def host(self) -> Host:
        """Return the host."""
        ...

    @property
    def settings(self) -> Settings:
        """Return the settings."""
        ...

    @property
    def custodian(self) -> FolderCustodian:
        """Return who holds the keys."""
        ...

    @property
    def datamap(self) -> DataMap:
        """Return the data map."""
        ...

    @property
    def binds(self) -> Binds:
        """Return where tables lie besides the default database."""
        ...

    def begin(self, write: bool = True) -> AbstractContextManager[Office]:
        """Open the office in a transaction."""
        ...


def findings(
    extension: Looked, declared: Sequence[Recipient], authorized: bool
) -> list[Finding]:
    """Return everything that is wrong, in a fixed order.

    :param extension: the extension, in a context of the application.
    :param declared: other systems that hold copies.
    :param authorized: whether the host said who may do what.
    """
    found = list(extension.datamap.findings)
    found += unplaced.findings(extension.datamap, extension.settings)
    binds, down = reachable(extension.binds)
    found += down
    seen = without(extension.datamap, extension.binds, binds)
    with transaction(extension.host.engine(), False, binds) as conn:
        live = read_live(conn, schemas=extension.datamap.schemas())
        found += drift(seen, live) + unindexed(conn, seen, live)
        known = drifted(seen, live)
        found += [*refused(conn, known), *unasked(conn, known), *misfits(conn, known, live)]
        found += ownerless(conn, known)
        found += unwritable(conn, known, live)
        late, ahead = pending(conn), newer(conn)
    if late:
        what, cure = (
            ("Our tables were made by a newer version of this package.",
             "Install that version, or a newer one, wherever this application runs.")
            if ahead else
            ("Our tables are missing or of an older version.", "Run `flask guesterase db upgrade`.")
        )
        found.append(Finding("tables-pending", "", "", what, cure))
    found += _kept(extension, late, known, {each.column for each in down})
    found += _installed(extension.settings, declared, authorized)
    found += _shown(extension)
    # What mapping and database say in the same words is one thing, with the first hint; of a
    # warning and what stops erasures the latter is told.
    found.sort(key=lambda each: each.severity)
    once = {(each.id, each.place, each.message): each for each in reversed(found)}
    return sorted(once.values())


def _kept(
    extension: Looked, late: bool, seen: DataMap, away: Collection[str]
) -> list[Finding]:
    """Return what is wrong with the keys and, where these and our tables are there, the rest.

    :param late: our tables are missing, or of an older version.
    :param seen: the data map with what the live database adds, as far as its databases answer.
    :param away: the databases that do not.
    """
    try:
        if not extension.custodian.exists():
            return [Finding(
                "keys-missing", "", "", "The key folder holds no keys.",
                "Run `flask guesterase db upgrade` once, or put the folder back.",
            )]
        if late:
            return []
        _notice(extension, away)
        with extension.begin(write=False) as office:
            work = office.work
            leave_out(work.conn, away)
            told = [*watch.findings(work), *schedule.findings(work), *unnamed.findings(work)]
            return told + miskeyed.findings(work, seen) + undecided.findings(work)
    except SealError as problem:
        return [Finding("keys-foreign", "", "", problem.message, problem.hint)]
    except SetupError as problem:
        if not extension.custodian.closed():
            raise
        return [Finding("keys-closed", "", "", problem.message, problem.hint)]


def _notice(extension: Looked, away: Collection[str]) -> None:
    """Let a database that was restored note it, before anything is written behind what it lost.

    Where it lost no erasure the register says nothing, and no page reads the folders outside.
    """
    with suppress(GuesteraseError, SQLAlchemyError):
        with extension.begin(write=False) as office:
            new = not remembering.forgetful(office.work) and behind(office.work)
        if new:
            with extension.begin() as office:
                leave_out(office.work.conn, away)
                remembering.notice(office.work)


def _installed(
    settings: Settings, declared: Sequence[Recipient], authorized: bool
) -> list[Finding]:
    app = cast(Any, current_app)._get_current_object()
    found = [*migrate.findings(app), *packs.missing(settings), *_for_demos(app, settings)]
    found += _elsewhere(app, settings)
    found += recipients.mute(declared, settings) + outside.untold(settings)
    if not authorized:
        found.append(Finding(
            "authorize-missing", "", "", "The host never said who may do what.",
            "Pass authorize= to Guesterase(...).", Severity.WARN,
        ))
    if "guesterase_staff" in app.blueprints and getattr(app, "login_manager", None) is None:
        found.append(Finding(
            "authorize-missing", "", "", "The host has no login manager, so nobody can be known.",
            "Install Flask-Login's LoginManager in the application.", Severity.WARN,
        ))
    for hotel in settings.properties.values():
        if not hotel.contact:
            found.append(Finding(
                "contact-missing", "", hotel.code, "The property names no address a guest "
                "can write to.", "Give its Property a contact=.", Severity.WARN,
            ))
    return found


def _shown(extension: Looked) -> Iterator[Finding]:
    """Yield a finding for each engine whose errors show what its statements were given."""
    app = cast(Any, current_app)
    if app.testing or app.debug:
        return
    for name, engine in {"": extension.host.engine(), **extension.binds.engines}.items():
        if not engine.hide_parameters:
            yield Finding(
                "parameters-shown", "", name, "What statements are given, names and addresses of "
                "guests among it, stands in errors of this engine and in its log.",
                "Create it with hide_parameters=True; with Flask-SQLAlchemy: "
                'SQLAlchemy(engine_options={"hide_parameters": True}).',
                Severity.WARN,
            )


def _for_demos(app: Flask, settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each setting of a demo, where nobody tests or mends the application."""
    if app.testing or app.debug:
        return
    if settings.inline:
        yield Finding(
            "demo-setting", "", "GUESTERASE_INLINE", "What a form asks for is looked for while "
            "its sender waits: the time it takes tells strangers whether somebody is on file.",
            "Take GUESTERASE_INLINE away: rounds that the traffic wakes, or `flask guesterase "
            "worker`, do the work.",
            Severity.WARN,
        )
    if settings.mail == "page":
        yield Finding(
            "demo-setting", "", "GUESTERASE_MAIL", "What is written to guests reaches none of "
            "them: it is shown to staff alone.",
            "Set GUESTERASE_MAIL to a mail server, or to print.", Severity.WARN,
        )


def _elsewhere(app: Flask, settings: Settings) -> Iterator[Finding]:
    """Yield a finding where letters link to another place than that of the guest pages."""
    try:
        # With a subdomain it is a whole address.
        pages = unquote(urlsplit(app.url_map.bind("").build("guesterase_guest.index")).path)
    except BuildError:
        # They are no part of this application, or lie where a request alone can say.
        return
    path = unquote(urlsplit(settings.base_url).path).rstrip("/")
    if settings.base_url and not path.endswith(pages.rstrip("/")):
        yield Finding(
            "pages-elsewhere", "", "GUESTERASE_BASE_URL", "Links in letters begin with another "
            f"path than {pages}, under which this application has the guest pages.",
            "Let it end with their prefix, for example https://hotel.example/privacy.",
            Severity.WARN,
        )
