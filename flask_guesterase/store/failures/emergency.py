"""The emergency plan as it is today, who printed it last, and whether it must be printed again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from ...core.alert import AlertKind, Cause
from ...core.emergency import Call, EmergencyPlan, Lies, Role, Where
from ...core.errors import MovedError
from ...core.events import EmergencyPrinted
from ...core.log import slug
from ...core.permissions import Permission
from ..access import actors, pulse
from ..access.pulse import Pulse
from ..lawbook import packs
from ..settings import Property, Settings
from ..work import Work

NEVER, CHANGED = "never-printed", "plan-changed"
"""Why a plan must be printed."""

_LONGEST = 40


def plan(settings: Settings, hotel: Property) -> EmergencyPlan:
    """Return the emergency plan of a property as it is today."""
    given = dict(hotel.calls)
    said = {Role.OFFICER.value: hotel.officer, Role.DEPUTY.value: hotel.deputy}
    how = {role.value: _both(given.get(role.value, ""), said.get(role.value, "")) for role in Role}
    chain = packs.chain(packs.load(settings.packs), hotel)
    return EmergencyPlan(
        hotel.code,
        hotel.name,
        hotel.controller,
        tuple(Call(role, text) for role, text in how.items() if text),
        tuple(_places(settings)),
        tuple(f"{pack.code} {pack.as_of}" for pack in chain),
    )


def _both(*parts: str) -> str:
    return ", ".join(dict.fromkeys(filter(None, parts)))


def _places(settings: Settings) -> Iterator[Where]:
    named = ((Lies.KEYS, settings.keys), (Lies.REGISTER, settings.register))
    outside = ((Lies.CHECKPOINT, _plain(place.name)) for place in settings.checkpoints)
    for what, place in (*named, *outside, (Lies.PAGES, _plain(settings.base_url))):
        if place:
            yield Where(what.value, place)


def _plain(address: str) -> str:
    """Return an address without the name and password that it may hold."""
    way, colon, rest = address.partition(":")
    if way in ("witness", "http", "https"):
        url = rest if way == "witness" else address
        parts = urlsplit(url)
        bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
        return f"witness{colon}{bare}" if way == "witness" else bare
    return address


def printed(work: Work, code: str) -> Pulse | None:
    """Return when and by whom the plan of a property was printed last; the note is which one."""
    return pulse.look(work.conn, _name(code))


def note_printed(work: Work, code: str, by: str, fingerprint: str) -> None:
    """Note that somebody printed the plan of a property.

    :param work: the open transaction.
    :param code: code of the property.
    :param by: the host's id of the person.
    :param fingerprint: that of the plan they printed.
    :raises ForbiddenError: they may neither watch nor report there.
    :raises MovedError: the plan says something else meanwhile.
    """
    hotel = work.settings.property(code)
    if not actors.may(work, by, Permission.REPORT, code):
        actors.require(work, by, Permission.WATCH, code)
    if plan(work.settings, hotel).fingerprint() != fingerprint:
        raise MovedError("The plan changed meanwhile.", "Open it again, then print it.")
    actor = actors.acting(work, by)
    pulse.put(work.conn, _name(code), Pulse(work.stamp, fingerprint, actor))
    work.events.append(
        EmergencyPrinted(slug(hotel.controller), code, actor=actor, marks={"plan": fingerprint})
    )


def why(work: Work, hotel: Property) -> str:
    """Return why the plan of a property must be printed, or an empty string."""
    last = printed(work, hotel.code)
    if last is None:
        return NEVER
    return "" if last.note == plan(work.settings, hotel).fingerprint() else CHANGED


def causes(work: Work) -> Iterator[Cause]:
    """Yield the properties whose emergency plan was never printed, or says something else now."""
    for code, hotel in sorted(work.settings.properties.items()):
        reason = why(work, hotel)
        if reason:
            yield Cause(AlertKind.EMERGENCY, code, reason, work.stamp)


def _name(code: str) -> str:
    name = f"emergency:{code}"
    if len(name) <= _LONGEST:
        return name
    return f"emergency:{hashlib.sha256(code.encode()).hexdigest()[:24]}"
