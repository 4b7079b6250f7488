"""Staff page of the set-up: ten questions, answered with what to print and what to put where.

Nothing is changed and nothing is kept: what is asked for stands in the deployment's settings, which
whoever runs the system sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask import make_response, request
from marshmallow import ValidationError, fields, pre_load, validates_schema
from marshmallow.validate import Range
from werkzeug.wrappers import Response as AnyResponse

from ...core.deadlines import USUAL
from ...core.destination import destinations
from ...core.errors import InputError, SetupError
from ...core.pack import Level, Pack
from ...core.permissions import Permission
from ...store.failures import emergency
from ...store.lawbook import packs
from ...store.lawbook.schedule import Entry, Term
from ...store.messages.channels import PHONES
from ...store.settings import Property, Settings
from ..current import current
from ..forms import schemas
from ..forms.fields import one_of, said, typed
from ..pages import no_fields
from ..staffpages.desk import me, must, staff_pages, today
from ..wording import lawwords, terms
from ..wording.cited import cited
from ..wording.instructions import CASES
from ..wording.language import N_, Language
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.trouble import ROLES
from ..wording.words import word
from .emergency import duties

FOREIGN: dict[str, str] = {
    "some": N_("from here and from abroad"),
    "only": N_("from abroad only"),
    "none": N_("from here only"),
}
"""Where guests come from; some laws have rules for guests from abroad alone."""

WAYS: dict[str, tuple[str, str]] = {
    "print": (N_("a clerk prints them"), "print"),
    "smtp": (N_("by e-mail, over the hotel's mail server"), "smtp+starttls://USER:SECRET@HOST:587"),
}
"""How messages leave -> its words, and what GUESTERASE_MAIL says; a secret is never typed here."""

_PLACES = N_("Each place is file:/folder, mailto:address or witness:https://address#key.")
_DAYS = N_("Please give a whole number of days.")


class Prepared(schemas.Offered):
    """The ten answers."""

    property = typed(required=True)
    law = typed(required=True)
    foreign = one_of(FOREIGN)
    officer = typed()
    deputy = typed()
    mail = one_of(WAYS)
    keys = typed()
    register = typed()
    checkpoints = typed()
    backups = fields.Integer(
        load_default=None, allow_none=True, validate=Range(min=0, max=99_999, error=_DAYS),
        error_messages=said(_DAYS),
    )  # fmt: skip

    @pre_load
    def unset(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Take an empty number as none."""
        return {name: value for name, value in data.items() if name != "backups" or value}

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Read the places outside."""
        try:
            destinations(data["checkpoints"])
        except SetupError:
            raise ValidationError({"checkpoints": [_PLACES]}) from None


@staff_pages.get("/setup")
def setup() -> str:
    """Ask the ten questions, with what is set today as answers."""
    hotels = must(Permission.LAW)
    chosen = request.args.get("property", "")
    hotel = next((hotel for hotel in hotels if hotel.code == chosen), hotels[0])
    settings = current.settings
    values = {
        "property": hotel.code,
        "law": _law_of(hotel),
        "foreign": "some",
        "officer": hotel.officer,
        "deputy": hotel.deputy,
        "mail": "smtp" if settings.mail.startswith("smtp") else "print",
        "keys": settings.keys,
        "register": settings.register,
        "checkpoints": " ".join(_plain(place.way, place.target) for place in settings.checkpoints),
        "backups": "" if settings.backup_days is None else settings.backup_days,
    }
    return _form(hotels, values, {})


@staff_pages.post("/setup")
def set_up() -> AnyResponse | str:
    """Answer with a schedule, a paragraph, an emergency sheet, and what to put where."""
    hotels = must(Permission.LAW)
    if "again" in request.form:
        return _form(hotels, request.form, {})
    try:
        asked = Prepared(property=[each.code for each in hotels], law=_laws())
        given = schemas.read(asked, request.form)
    except InputError as problem:
        return make_response(_form(hotels, request.form, no_fields(problem)), 422)
    hotel = current.settings.property(given["property"])
    pack = _laws()[given["law"]]
    region = pack.code if pack.level is Level.REGION else ""
    place = replace(
        hotel, country=pack.country, region=region, officer=given["officer"],
        deputy=given["deputy"],
    )  # fmt: skip
    settings = replace(
        current.settings,
        properties={**current.settings.properties, place.code: place},
        keys=given["keys"], register=given["register"], backup_days=given["backups"],
        checkpoints=destinations(given["checkpoints"]),
    )  # fmt: skip
    with current.begin(write=False) as office:
        entries = [_among(each, given["foreign"]) for each in office.foreseen(place, me())]
        stays = office.declared_kept()
    tongue = language(zone=hotel.zone)
    plan = emergency.plan(settings, place)
    return render_template(
        "guesterase/staff/setupsheet.html",
        hotel=place,
        answers=[(name, "" if value is None else value) for name, value in given.items()],
        lines=list(_lines(hotel, place, given)),
        advice=list(_advice(place, given)),
        entries=terms.shown(tongue, entries),
        stays=stays,
        floors=list(_floors(tongue, entries)),
        answer=_answer(tongue, settings, place),
        address=settings.base_url,
        recovery_days=settings.recovery_days,
        plan=plan,
        mark=plan.fingerprint(),
        today=today(hotel),
        backups=(),
        complaint=lawwords.complaint(tongue, place),
        duties=duties(tongue, settings, place),
        cases=CASES,
        roles=ROLES,
    )


def _form(hotels: list[Property], values: Any, problems: Mapping[str, Any]) -> str:
    tongue = language()
    laws = {code: cited(tongue, pack.name) + tongue.aside(code) for code, pack in _laws().items()}
    return render_template(
        "guesterase/staff/setup.html",
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        law_options=sorted(laws.items(), key=lambda law: law[0]),
        foreign_options=[(key, tongue.gettext(text)) for key, text in FOREIGN.items()],
        mail_options=[(key, tongue.gettext(text)) for key, (text, _) in WAYS.items()],
        texts=current.settings.texts,
    )


def _laws() -> dict[str, Pack]:
    """Return the packs under which a hotel can stand: of a country, or of a part of one."""
    known = packs.load(current.settings.packs)
    return {code: pack for code, pack in known.items() if pack.level is not Level.BLOC}


def _law_of(hotel: Property) -> str:
    chain = packs.chain(packs.load(current.settings.packs), hotel)
    return next((pack.code for pack in chain if pack.level is not Level.BLOC), "")


def _plain(way: str, target: str) -> str:
    return f"{way}:{target}"


def _among(entry: Entry, foreign: str) -> Entry:
    """Leave out the periods that bind only guests the house does not have."""
    if foreign == "some":
        return entry
    wanted = foreign == "only"

    def counts(term: Term) -> bool:
        return term.when.get("foreign", wanted) is wanted

    return replace(
        entry,
        floors=tuple(term for term in entry.floors if counts(term)),
        ceilings=tuple(term for term in entry.ceilings if counts(term)),
    )


def _lines(
    hotel: Property, place: Property, given: Mapping[str, Any]
) -> Iterator[tuple[str, bool]]:  # fmt: skip
    """Yield what goes into the host's own configuration, and whether it stands there already."""
    settings = current.settings
    for name in ("country", "region", "officer", "deputy", "overseer"):
        value = getattr(place, name)
        if value or getattr(hotel, name):
            yield f"Property({place.code!r}, …, {name}={value!r})", value == getattr(hotel, name)
    way = WAYS[given["mail"]][1]
    yield f"GUESTERASE_MAIL = {way!r}", settings.mail.startswith(way.partition(":")[0][:4])
    if settings.texts:
        yield f"Guesterase(…, channels={{{PHONES!r}: …}})", True
    outside = [_plain(each.way, each.target) for each in settings.checkpoints]
    for key, value, now in (
        ("KEYS", given["keys"], settings.keys),
        ("REGISTER", given["register"], settings.register),
        ("CHECKPOINTS", given["checkpoints"], " ".join(outside)),
        ("BACKUP_DAYS", given["backups"], settings.backup_days),
    ):
        if value not in ("", None) or now not in ("", None):
            yield f"GUESTERASE_{key} = {'' if value is None else value!r}", value == now


def _advice(place: Property, given: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is missing or unwise in the answers."""
    keys, register = given["keys"].rstrip("/"), given["register"].rstrip("/")
    if not given["officer"]:
        yield N_("Nobody decides: name a privacy officer, or requests wait for ever.")
    if place.deputy in ("", place.officer) and not place.overseer:
        yield N_(
            "Nobody is second: what one person filed or proposed, another must approve. A house of"
            " one names somebody outside, who is told and can stop it (Property, overseer)."
        )
    if keys and register and keys.rpartition("/")[0] == register.rpartition("/")[0]:
        yield N_("Keys and register lie in one folder: put the register on another disk.")
    if not given["checkpoints"]:
        yield N_(
            "No checkpoint leaves the house: whoever runs the server could rewrite the journal."
        )
    if given["backups"] is None:
        yield N_(
            "Nobody said how long backups are kept: no certificate can say when they are gone."
        )


def _floors(tongue: Language, entries: list[Entry]) -> Iterator[tuple[str, str]]:
    """Yield each category that a law makes the house keep, and how long, for guests to read."""
    told: dict[str, list[str]] = {}
    for entry in entries:
        spans = told.setdefault(entry.category, [])
        for term in entry.floors:
            # Where nobody knows how long, guests need not read from when.
            span = terms.span(tongue, term) if term.length else terms.length(tongue, "")
            if span not in spans:
                spans.append(span)
    for category, spans in told.items():
        if spans:
            yield word(tongue, category), tongue.clauses(spans)


def _answer(tongue: Language, settings: Settings, place: Property) -> str:
    chain = packs.chain(packs.load(settings.packs), place)
    found = next((pack.answering for pack in chain if pack.answering is not None), None)
    if found is None:
        return terms.length(tongue, str(USUAL.answer))
    # One promise for both: the period that ends first.
    both = (found.answer, found.for_copy().answer)
    return terms.length(tongue, str(min(both, key=lambda each: each.after(date.min))))
