"""The configuration keys, each with its default; there are no others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from flask import Flask, current_app, has_app_context

from ..core.destination import destinations
from ..core.errors import SetupError
from ..store.channels import built_in
from ..store.settings import Property, Settings

_MOST = 100_000
"""More days than a calendar can be counted on from today are a slip of the hand."""

Properties = Iterable[Property] | Callable[[], Iterable[Property]] | None

DEFAULTS: dict[str, Any] = {
    #: Folder of the key files, readable by this application alone; empty means
    #: ``guesterase-keys`` in the instance folder.
    "GUESTERASE_KEYS": "",
    #: Days an erased row can be restored from its sealed copy; 0 means there is no copy.
    "GUESTERASE_RECOVERY_DAYS": 7,
    #: Hours between approval and erasure, in which a request can still be withdrawn.
    "GUESTERASE_GRACE_HOURS": 0,
    #: Where messages go: ``smtp://host:25``, ``smtp+starttls://user:password@host:587``,
    #: ``smtps://…``, ``print`` (a clerk prints them) or ``page`` (demo: shown to staff).
    "GUESTERASE_MAIL": "print",
    #: Address that messages come from; needed by the smtp ways.
    "GUESTERASE_SENDER": "",
    #: Address of the guest pages as guests reach them, for links in messages; needed by the smtp
    #: ways and for SMS. Empty means the address by which staff came, for what they print.
    "GUESTERASE_BASE_URL": "",
    #: Folder of the register of erasures, on another disk than the database, so that a restored
    #: database can be told what it has forgotten; empty means ``guesterase-register`` in the
    #: instance folder.
    "GUESTERASE_REGISTER": "",
    #: Days for which backups of the database are kept; empty means that nobody said.
    "GUESTERASE_BACKUP_DAYS": "",
    #: Places outside that take checkpoints of the journals: ``file:/folder`` on another disk or
    #: mount, ``mailto:address``, ``witness:https://…#KEY`` with the verifier key of
    #: the witness; several with blanks between, or a list.
    "GUESTERASE_CHECKPOINTS": "",
    #: Run the worker in the web process after each change; for demos and tests.
    "GUESTERASE_INLINE": False,
}


def read(app: Flask, properties: Properties, packs: tuple[str, ...] = ()) -> Settings:
    """Read the settings of an application.

    :param app: the host's application.
    :param properties: the hotels, or a callable that returns them.
    :param packs: files of the operator's own jurisdiction packs.
    :raises SetupError: a value has the wrong form.
    """
    values = {key: app.config.get(key, default) for key, default in DEFAULTS.items()}
    unknown = {k for k in app.config if k.startswith("GUESTERASE_")} - set(DEFAULTS)
    if unknown:
        raise SetupError(
            f"Unknown configuration: {', '.join(sorted(unknown))}.",
            f"Known keys are {', '.join(sorted(DEFAULTS))}.",
        )
    hotels = _asked(app, properties) if callable(properties) else properties
    # Said here, or the first to be told would be the worker, and no round of it would come about.
    built_in(str(values["GUESTERASE_MAIL"]), str(values["GUESTERASE_SENDER"]))
    return Settings(
        properties=_known(hotels or [_only(app)]),
        keys=values["GUESTERASE_KEYS"] or os.path.join(app.instance_path, "guesterase-keys"),
        recovery_days=_whole(values, "GUESTERASE_RECOVERY_DAYS"),
        grace_hours=_whole(values, "GUESTERASE_GRACE_HOURS"),
        mail=str(values["GUESTERASE_MAIL"]),
        sender=str(values["GUESTERASE_SENDER"]),
        base_url=str(values["GUESTERASE_BASE_URL"]),
        register=values["GUESTERASE_REGISTER"]
        or os.path.join(app.instance_path, "guesterase-register"),
        backup_days=_days(values, "GUESTERASE_BACKUP_DAYS"),
        checkpoints=destinations(values["GUESTERASE_CHECKPOINTS"] or ""),
        inline=values["GUESTERASE_INLINE"] in (True, 1, "1", "true", "True"),
        packs=packs,
    )


def _asked(app: Flask, properties: Callable[[], Iterable[Property]]) -> Any:
    """Return the hotels that the host names, in a context of the application: it may look there."""
    here = has_app_context() and current_app == app
    # Where the host opened one already, ending another would end what it began.
    with nullcontext() if here else app.app_context():
        hotels: Any = properties()
        # A query that the host returns is run while its context is there.
        return list(hotels) if isinstance(hotels, Iterable) else hotels


def _known(hotels: Any) -> dict[str, Property]:
    """Return code -> hotel."""
    listed: list[Any] = list(hotels) if isinstance(hotels, Iterable) else [None]
    # Of a text the letters are listed, and none of them is a hotel.
    if not all(isinstance(hotel, Property) for hotel in listed):
        raise SetupError(
            "properties= needs a list of Property, or a callable that returns one.",
            'Give [Property("main", "Hotel Linde", "Linde GmbH")].',
        )
    known = {hotel.code: hotel for hotel in listed}
    if len(known) < len(listed):
        raise SetupError("Two properties have the same code.", "Give each a code of its own.")
    return known


def _only(app: Flask) -> Property:
    return Property("main", app.name, app.name)


def _days(values: dict[str, Any], key: str) -> int | None:
    return None if values[key] in ("", None) else _whole(values, key)


def _whole(values: dict[str, Any], key: str) -> int:
    try:
        number = int(values[key])
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number <= _MOST:
        raise SetupError(
            f"{key} must be a whole number, 0 or more and at most {_MOST}.",
            "Correct the configuration.",
        )
    return number
