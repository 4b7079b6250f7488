"""What `check` looks at: the data map, the live database, the keys and the installation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from flask import current_app

from ..core.errors import SealError, SetupError
from ..core.finding import Finding, Severity
from ..core.recipient import Recipient
from ..store import outside, packs, schedule, unnamed, watch
from ..store.binds.reaching import reachable, without
from ..store.drift import drift, drifted
from ..store.explained import unwritable
from ..store.indexing import unindexed
from ..store.live import read as read_live
from ..store.partners import recipients
from ..store.probing import misfits, refused
from ..store.settings import Settings
from ..store.transaction import transaction
from ..store.upgrade import newer, pending
from . import migrate

if TYPE_CHECKING:
    from .extension import Guesterase


def findings(
    extension: Guesterase, declared: Sequence[Recipient], authorized: bool
) -> list[Finding]:
    """Return everything that is wrong, in a fixed order.

    :param extension: the extension, in a context of the application.
    :param declared: other systems that hold copies.
    :param authorized: whether the host said who may do what.
    """
    found = list(extension.datamap.findings)
    binds, down = reachable(extension.binds)
    found += down
    seen = without(extension.datamap, extension.binds, binds)
    with transaction(extension.host.engine(), False, binds) as conn:
        live = read_live(conn, schemas=extension.datamap.schemas())
        found += drift(seen, live) + unindexed(conn, seen, live)
        known = drifted(seen, live)
        found += [*refused(conn, known), *misfits(conn, known, live)]
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
    found += _kept(extension, late)
    found += _installed(extension.settings, declared, authorized)
    return sorted(set(found))


def _kept(extension: Guesterase, late: bool) -> list[Finding]:
    """Return what is wrong with the keys and, where these and our tables are there, the rest.

    :param late: our tables are missing, or of an older version.
    """
    try:
        if not extension.custodian.exists():
            return [Finding(
                "keys-missing", "", "", "The key folder holds no keys.",
                "Run `flask guesterase db upgrade` once, or put the folder back.",
            )]
        if late:
            return []
        with extension.begin(write=False) as office:
            work = office.work
            return [*watch.findings(work), *schedule.findings(work), *unnamed.findings(work)]
    except SealError as problem:
        return [Finding("keys-foreign", "", "", problem.message, problem.hint)]
    except SetupError as problem:
        if not extension.custodian.closed():
            raise
        return [Finding("keys-closed", "", "", problem.message, problem.hint)]


def _installed(
    settings: Settings, declared: Sequence[Recipient], authorized: bool
) -> list[Finding]:
    app = cast(Any, current_app)._get_current_object()
    found = [*migrate.findings(app), *packs.missing(settings)]
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
