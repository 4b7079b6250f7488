"""The texts of messages to guests, in the guest's language; templates that a host may replace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import has_request_context, url_for
from werkzeug.routing import BuildError

from ...core.answer import Answer, read_answer
from ...core.errors import GuesteraseError, SetupError, UnknownError
from ...core.incidents import Whom
from ...store.incidents.bounced import LETTER
from ...store.messages.outbox import SHOWN
from ...store.settings import Property
from ..current import current
from . import lawwords
from .answers import Told, in_words
from .language import Language, choose
from .rendering import render_template
from .words import word


def render(
    template: str, lang: str, params: Mapping[str, str], shown: bool = False
) -> tuple[str, str]:
    """Return subject and body of a message.

    The first line of ``templates/guesterase/mail/TEMPLATE.txt`` is the subject; it never holds
    personal data, since subjects travel and are logged in the clear.

    :param template: name of the text, for example "confirm".
    :param lang: language tag of the guest; the property's language is used when it is unknown.
    :param params: what the text needs: number, property and, by template, token, ground, state,
        answer, until, reason, what, due or left.
    :param shown: whether staff see it here and print it, so that its links may name the host by
        which they came; what is sent to guests never takes it from a request, which may be
        anybody's.
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
        page=address if shown else configured,
        answer=answer_of(tongue, hotel, params),
        **{**_EMPTY, **{k: v for k, v in params.items() if k != "answer"}},
    )
    subject, _, body = text.strip().partition("\n")
    return subject.strip(), body.strip() + "\n"


_EMPTY = dict.fromkeys(
    (
        "token", "ground", "state", "until", "reason", "reasons", "what", "due", "left",
        "complaint", "about", "outcome", "words", "noticed", "case",
        "number", "alert", "kind", "since", "whom", "lapses", "asker", "later",
    ), "",
)  # fmt: skip


def written(template: str, lang: str, params: Mapping[str, str]) -> dict[str, str]:
    """Return subject, body and language tag of a message, to be read before it is sent."""
    subject, body = render(template, lang, params, current.settings.mail in SHOWN)
    return {"subject": subject, "body": body, "tag": language_of(lang, params).tag}


def of_incident(
    found: Mapping[str, Any], duty: Mapping[str, Any], lang: str
) -> dict[str, str] | None:
    """Return the letter that tells guests of an incident as it would be sent.

    :param found: the incident, as the office shows it.
    :param duty: one of its duties.
    :param lang: language tag of the property.
    :return: None for what goes to an authority, and where nobody proposed a letter.
    """
    if duty["whom"] != Whom.GUESTS or not duty["state"]:
        return None
    params = {
        "number": found["number"], "property": found["property"], "about": found["kind"],
        "words": duty["words"], "noticed": found["noticed_at"].isoformat(),
    }  # fmt: skip
    return written(LETTER, lang, params)


def answer_of(tongue: Language, hotel: Property, params: Mapping[str, str]) -> Told:
    """Return the reasoned answer a message carries, in sentences."""
    text = params.get("answer")
    answer = read_answer(text) if text else Answer(params.get("state", ""))
    return sentences(tongue, hotel, answer)


def sentences(tongue: Language, hotel: Property, answer: Answer) -> Told:
    """Return an answer in sentences, with how to complain by the law at the hotel."""
    return in_words(
        tongue,
        answer,
        lawwords.complaint(tongue, hotel),
        lawwords.cannot_recall(tongue, hotel),
    )


def language_of(lang: str, params: Mapping[str, str]) -> Language:
    """Return the language a message is written in: the guest's, or else the property's.

    :param lang: language tag of the guest.
    :param params: what the text needs; the property among it.
    """
    hotel = _hotel(params.get("property", ""))
    return Language(choose([lang, hotel.lang]), hotel.zone)


def address(path: str = "") -> str:
    """Return the address of a guest page as who reads it here reaches it.

    :param path: path below the guest pages, for example ``case``.
    :raises SetupError: it is not configured and there is no request to take it from.
    """
    if current.settings.base_url or not has_request_context():
        return configured(path)
    try:
        index = url_for("guesterase_guest.index", _external=True)
    except BuildError:
        # They are no part of this application, so that no request says where they are.
        return configured(path)
    return _under(index, path)


def configured(path: str = "") -> str:
    """Return the address of a guest page as the house configured it.

    :param path: path below the guest pages, for example ``case``.
    :raises SetupError: it is not configured.
    """
    base = current.settings.base_url
    if not base:
        raise SetupError(
            "The address of the guest pages is not known here.", "Set GUESTERASE_BASE_URL to it."
        )
    return _under(base, path)


def _under(base: str, path: str) -> str:
    return f"{base.rstrip('/')}/{path}"


def _hotel(code: str) -> Property:
    try:
        return current.settings.property(code)
    except UnknownError:
        return next(iter(current.settings.properties.values()))


def letter(item: dict[str, Any]) -> dict[str, Any]:
    """Return a letter with its text; a file, or a text that cannot be made, has none."""
    if item["kind"] != "message" or not item["template"]:
        return {**item, "subject": "", "body": ""}
    try:
        shown = item["channel"] in SHOWN
        subject, body = render(item["template"], item["lang"], item["params"], shown)
    except GuesteraseError as problem:
        return {**item, "subject": "", "body": str(problem)}
    tag = language_of(item["lang"], item["params"]).tag
    return {**item, "subject": subject, "body": body, "tag": tag}
