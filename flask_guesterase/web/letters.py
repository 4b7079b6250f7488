"""The texts of messages to guests, in the guest's language; templates that a host may replace."""

from __future__ import annotations

from collections.abc import Mapping

from flask import has_request_context, render_template, url_for

from ..core.errors import SetupError, UnknownError
from ..store.settings import Property
from .current import current
from .language import Language, choose
from .words import word


def render(template: str, lang: str, params: Mapping[str, str]) -> tuple[str, str]:
    """Return subject and body of a message.

    The first line of ``templates/guesterase/mail/TEMPLATE.txt`` is the subject; it never holds
    personal data, since subjects travel and are logged in the clear.

    :param template: name of the text, for example "confirm".
    :param lang: language tag of the guest; the property's language is used when it is unknown.
    :param params: what the text needs: number, property and, by template, token, ground or state.
    :raises SetupError: nobody told the address of the guest pages.
    """
    hotel = _hotel(params.get("property", ""))
    tongue = language_of(lang, params)
    text = render_template(
        f"guesterase/mail/{template}.txt",
        _=tongue.gettext,
        ngettext=tongue.ngettext,
        tongue=tongue,
        word=lambda value: word(tongue, value),
        hotel=hotel,
        page=address,
        **{"token": "", "ground": "", "state": "", **params},
    )
    subject, _, body = text.strip().partition("\n")
    return subject.strip(), body.strip() + "\n"


def language_of(lang: str, params: Mapping[str, str]) -> Language:
    """Return the language a message is written in: the guest's, or else the property's.

    :param lang: language tag of the guest.
    :param params: what the text needs; the property among it.
    """
    hotel = _hotel(params.get("property", ""))
    return Language(choose([lang, hotel.lang]), hotel.zone)


def address(path: str = "") -> str:
    """Return the address of a guest page as guests reach it.

    :param path: path below the guest pages, for example ``case``.
    :raises SetupError: it is not configured and there is no request to take it from.
    """
    base = current.settings.base_url
    if not base and has_request_context():
        base = url_for("guesterase_guest.index", _external=True)
    if not base:
        raise SetupError(
            "The address of the guest pages is not known here.", "Set GUESTERASE_BASE_URL to it."
        )
    return f"{base.rstrip('/')}/{path}"


def _hotel(code: str) -> Property:
    try:
        return current.settings.property(code)
    except UnknownError:
        return next(iter(current.settings.properties.values()))
