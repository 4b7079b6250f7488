"""The configuration keys, each with its default; there are no others."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, has_app_context

from ...core.destination import destinations
from ...core.errors import SetupError
from ...store.messages.channels import built_in
from ...store.settings import Property, Settings
from ..wording.language import LANGUAGES, is_language

_MOST = 100_000
"""More days than a calendar can be counted on from today are a slip of the hand."""

Properties = Iterable[Property] | Callable[[], Iterable[Property]] | None

DEFAULTS: dict[str, Any] = {
    #: Folder of the key files by its whole path, readable by this application alone; empty means
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
    #: Address of the guest pages as guests reach them, with ``https://``, for links in messages;
    #: needed by the smtp ways and for a channel ``sms``. Empty means the address by which staff
    #: came, for what they print.
    "GUESTERASE_BASE_URL": "",
    #: Folder of the register of erasures by its whole path, on another disk than the database, so
    #: that a restored database can be told what it has forgotten; empty means
    #: ``guesterase-register`` in the instance folder.
    "GUESTERASE_REGISTER": "",
    #: Days for which backups of the database are kept; empty means that nobody said.
    "GUESTERASE_BACKUP_DAYS": "",
    #: Places outside that take checkpoints of the journals: ``file:/folder`` on another disk or
    #: mount, ``mailto:address``, ``witness:https://…#KEY`` with the verifier key of
    #: the witness; several with blanks between, or a list.
    "GUESTERASE_CHECKPOINTS": "",
    #: Run the worker in the web process after each change; for demos and tests: the time it takes
    #: tells strangers whether somebody is on file.
    "GUESTERASE_INLINE": False,
}


def read(
    app: Flask, properties: Properties, packs: tuple[str, ...] = (), texts: bool = False
) -> Settings:
    """Read the settings of an application.

    :param app: the host's application.
    :param properties: the hotels, or a callable that returns them.
    :param packs: files of the operator's own jurisdiction packs.
    :param texts: whether the host has a channel of its own for telephone numbers.
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
    base_url = _address(values, "GUESTERASE_BASE_URL")
    # Said here, or the first to be told would be the worker, and no round of it would come about.
    mail = str(values["GUESTERASE_MAIL"])
    sent = built_in(mail, str(values["GUESTERASE_SENDER"])) or (texts and mail != "page")
    if sent and not base_url:
        raise SetupError(
            "Links in messages need the address of the guest pages.",
            "Set GUESTERASE_BASE_URL to it, for example https://hotel.example/privacy.",
        )
    return Settings(
        properties=_known(hotels or [_only(app)]),
        keys=_folder(app, values, "GUESTERASE_KEYS", "guesterase-keys"),
        recovery_days=_whole(values, "GUESTERASE_RECOVERY_DAYS"),
        grace_hours=_whole(values, "GUESTERASE_GRACE_HOURS"),
        mail=mail,
        sender=str(values["GUESTERASE_SENDER"]),
        base_url=base_url,
        texts=texts,
        register=_folder(app, values, "GUESTERASE_REGISTER", "guesterase-register"),
        backup_days=_days(values, "GUESTERASE_BACKUP_DAYS"),
        checkpoints=destinations(values["GUESTERASE_CHECKPOINTS"] or ""),
        inline=_switch(values, "GUESTERASE_INLINE"),
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
    for hotel in listed:
        if hotel.lang and not is_language(hotel.lang):
            raise SetupError(
                f"Property(lang=...) of {hotel.code} is no language that is known here.",
                f"Letters are written in {', '.join(sorted(LANGUAGES))}; in English for any other.",
            )
    known = {hotel.code: hotel for hotel in listed}
    if len(known) < len(listed):
        raise SetupError("Two properties have the same code.", "Give each a code of its own.")
    return known


def _only(app: Flask) -> Property:
    return Property("main", app.name, app.name)


def _folder(app: Flask, values: dict[str, Any], key: str, name: str) -> str:
    """Return a folder by its whole path: a part of one is another folder where cron starts."""
    given = values[key]
    if given in ("", None):
        return os.path.join(app.instance_path, name)
    if not isinstance(given, str | os.PathLike) or not os.path.isabs(given) or (
        os.path.isfile(given)
    ):
        raise SetupError(
            f"{key} is no whole path of a folder.",
            f"Give it from the root of the disk, for example /srv/{name}, so that it is the same "
            "folder wherever a command is started.",
        )
    return os.fspath(given)


def _address(values: dict[str, Any], key: str) -> str:
    given = str(values[key] or "")
    try:
        parts = urlsplit(given)
        _ = parts.port
        # A path is put behind it: behind a question, a place in a page or a blank it is none.
        plain = not re.search(r"[\s?#]", given)
        fits = not given or (parts.scheme in ("http", "https") and bool(parts.hostname) and plain)
    except ValueError:
        fits = False
    if not fits:
        raise SetupError(
            f"{key} is no address that a guest can open.",
            "Give it with https:// and a host, and nothing behind the path, for example "
            "https://hotel.example/privacy.",
        )
    return given


_OFF = (False, "0", "false", "False", "", None)
_ON = (True, "1", "true", "True")


def _switch(values: dict[str, Any], key: str) -> bool:
    if values[key] not in (*_ON, *_OFF):
        raise SetupError(f"{key} is neither on nor off.", "Give it True or False.")
    return values[key] in _ON


def _days(values: dict[str, Any], key: str) -> int | None:
    return None if values[key] in ("", None) else _whole(values, key)


def _whole(values: dict[str, Any], key: str) -> int:
    given = values[key]
    # False is not said of days, and of 7.5 of them the half would be forgotten.
    slip = isinstance(given, bool) or (isinstance(given, float) and not given.is_integer())
    try:
        number = -1 if slip else int(given)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number <= _MOST:
        raise SetupError(
            f"{key} must be a whole number, 0 or more and at most {_MOST}.",
            "Correct the configuration.",
        )
    return number
