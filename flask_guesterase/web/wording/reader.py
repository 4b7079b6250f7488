"""The language of whoever reads a page: chosen, the host's choice, or the browser's wish."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from flask import (
    current_app,
    g,
    request,
    session,
)

from ..current import current
from .language import LANGUAGES, Language, choose, known, meant

LANG = "guesterase_lang"


def language(zone: str = "") -> Language:
    """Return the language of this request.

    What the reader chose (``?lang=``, kept in the session) comes first, then the host's own
    choice where it uses Flask-Babel, then the browser's wishes, then the language of the hotel
    where there is only one.

    :param zone: IANA time zone that moments are told in from here on.
    """
    found: Language = g.get("guesterase_language") or Language(choose(_wishes()))
    g.guesterase_language = replace(found, zone=zone) if zone else found
    return found if not zone else replace(found, zone=zone)


def theirs(lang: str, zone: str = "") -> Language:
    """Return the language of a guest, for what is handed to them; the reader's when unknown.

    :param lang: code of the language, or empty.
    :param zone: IANA time zone that moments are told in.
    """
    mine = language(zone)
    return replace(mine, code=lang) if lang in LANGUAGES else mine


def _wishes() -> list[str | None]:
    hotels = [hotel.lang for hotel in current.settings.properties.values()]
    only = hotels[0] if len(hotels) == 1 else None
    return [session.get(LANG), _host_choice(), *_browser(), only]


def _browser() -> list[str]:
    return meant(tag for tag, quality in request.accept_languages if quality)


def unmet() -> str:
    """Return the tag the browser asks for first, when no catalog has it and nobody chose yet."""
    first = next(iter(_browser()), "")
    if known(first) or known(session.get(LANG)) or known(_host_choice()):
        return ""
    # A page that answers a form may have no address that can be opened again.
    return first if request.method == "GET" else ""


def said_in(code: str) -> str:
    """Return the address of this page in another language, with all else it was asked for."""
    return "?" + urlencode({**request.args.to_dict(flat=False), "lang": [code]}, doseq=True)


def _host_choice() -> str | None:
    """Return what the host's Flask-Babel would choose, when it has it and was told how."""
    selector = getattr(current_app.extensions.get("babel"), "locale_selector", None)
    chosen = selector() if callable(selector) else None
    return None if chosen is None else str(chosen)
