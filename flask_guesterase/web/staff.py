"""The staff's pages about requests: list, file, identity, plan, decision, erasure, certificate."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ..core.asking import Delay
from ..core.errors import InputError, SetupError, TransitionError
from ..core.lifecycle import DONE, OPEN, State
from ..core.permissions import Permission
from ..store.worker import carry_out
from .current import current
from .forms import officerforms, pressing, schemas
from .forms.untaken import on_page, outcome
from .housepages import (
    canaries,
    complaining,
    emergency,
    figures,
    incidents,
    lawful,
    monthly,
    preparing,
    records,
    returns,
    training,
    upkeep,
    watching,
)
from .pages import csrf_field, json_file
from .staffpages import (
    claims,
    filing,
    holding,
    leftover,
    officer,
    pins,
    reception,
    recipients,
    recovery,
    register,
    releasing,
)
from .staffpages.choices import deeds_of, grounds_of, hows_of, is_over, papers, reason_of
from .staffpages.desk import deed, granted, may, me, must, staff_pages
from .staffpages.persons import named
from .wording import letters, plain
from .wording.reader import language, theirs
from .wording.rendering import render_template
from .wording.words import key_word, word

__all__ = [
    "canaries", "claims", "complaining", "emergency", "figures", "filing", "holding", "incidents",
    "lawful", "leftover", "monthly", "officer", "pins", "preparing", "reception", "recipients",
    "records", "recovery", "register", "releasing", "returns", "staff_pages", "training", "upkeep",
    "watching",
]  # fmt: skip

_PLANNED = OPEN | DONE | {State.CHECKING}
"""States in which there is something to read about what goes and what stays."""

_WENT = frozenset({State.CHECKING, State.ERASED, State.SEALED, State.PARTIAL})
"""States in which what goes has gone."""


@staff_pages.get("/")
def index() -> str:
    """List the requests of the hotels the reader may see, open ones first, a page at a time."""
    hotels = must(Permission.VIEW)
    number = request.args.get("page", 1, int)
    chosen = {
        "property": request.args.get("property", ""),
        "state": request.args.get("state", ""),
    }
    with current.begin(write=False) as office:
        page = office.page(number, me(), chosen["property"] or None, chosen["state"] or None)
        awaited = office.awaited(me())
    zones = {hotel.code: hotel.zone for hotel in hotels}
    shown = [
        {**row, "received": language(zones[row["property"]]).day(row["received_at"])}
        for row in page.lines
    ]
    return render_template(
        "guesterase/staff/index.html",
        page=number,
        more=page.more,
        hotels=hotels,
        rows=shown,
        chosen=chosen,
        states=[state.value for state in State],
        may_file=bool(granted(Permission.FILE)),
        freezable=granted(Permission.FREEZE),
        unconfirmed=holding.unconfirmed(),
        awaited=awaited,
    )


@staff_pages.get("/<number>")
def show(number: str) -> str:
    """Show one request: where it stands, its plan, and what the reader may do."""
    return _show(number, {}, {})


def _show(number: str, values: Any, problems: dict[str, list[str]]) -> str:
    try:
        return _shown(number, values, problems)
    except SetupError:
        # Without a column that the data map names there is no plan; the clock of the law goes on.
        return _shown(number, values, problems, plans=False)


def _shown(
    number: str, values: Any, problems: dict[str, list[str]], plans: bool = True
) -> str:
    with current.begin(write=False) as office:
        case = office.show(number, by=me())
        state = State(case["state"])
        planned = plans and state in _PLANNED and not case["keyless"]
        plan = office.preview(number, by=me()) if planned else None
        told = office.told(number, by=me())
        found = office.residue(number, by=me())
        back = office.restoration(number, by=me())
        mine = office.acts_as(me())
        duty = office.duty(number, me())
        objected = office.objected(number, by=me())
        copying = releasing.of_copy(office, case, plans)
        deeds = deeds_of(case)
        # Who else is called alike cannot be read either: who it is is settled once it can be.
        deeds["confirm"] = deeds["confirm"] and plans
        overseen = office.overseen(number, me()) if state is State.REVIEW else None
        later = office.later_of(number, me()).standing
        complaints = office.complaints_about(number, me())
        alike = reception.alike(office, number, case["property"]) if deeds["confirm"] else []
    if deeds["confirm"]:
        pressing.ready()
    hotel = current.settings.property(case["property"])
    tongue = language(zone=hotel.zone)
    return render_template(
        "guesterase/staff/show.html",
        case=case,
        hotel=hotel,
        plan=plan,
        plans=plans,
        recipients=told,
        found=found,
        may=deeds,
        alike=alike,
        back=back,
        mine=mine,
        objected=objected,
        overseen=overseen,
        over=is_over(case, plan),
        copying=copying,
        later=later,
        complaints=complaints,
        cause_options=[(c.value, tongue.gettext(text)) for c, text in recovery.CHOICES.items()],
        how=tongue.gettext(hows_of(case).get(case["verified_how"] or "", "")),
        how_options=[(how, tongue.gettext(hows_of(case)[how])) for how in schemas.SHOWABLE],
        seen_options=papers(tongue, case),
        delay_options=[(delay.value, word(tongue, delay)) for delay in Delay],
        ground_options=grounds_of(tongue, hotel, case, plan, objected),
        key_word=partial(key_word, tongue),
        reason=reason_of(tongue, case, hotel),
        duty=duty,
        numbers=None if plan is None else plain.numbers(plan),
        told_plainly=None if plan is None else plain.sentences(hotel, plan),
        done=state in _WENT,
        other=filing.otherwise(tongue),
        values=values,
        problems=problems,
    )


@staff_pages.post("/<number>/confirm")
@on_page("show")
def confirm(number: str) -> str:
    """Record how a guest showed who they are; show the slip with the case code, once."""
    form = schemas.read(schemas.Confirm(), request.form)
    code = pressing.code(f"{me()}:{number}")
    try:
        with current.begin() as office:
            office.confirm(number, me(), form["how"], form["seen"], code)
            case = office.show(number, by=me())
    except TransitionError:
        if not pressing.opened(code, number):
            raise
        with current.begin(write=False) as office:
            case = office.show(number, by=me())
    return _slip(case, code)


@staff_pages.post("/<number>/recode")
@on_page("show")
def recode(number: str) -> str:
    """Give a guest who lost their case code another; show the slip with it, once."""
    form = schemas.read(schemas.Confirm(), request.form)
    # Of this form: the one before may have been made in this browser too.
    code = pressing.code(f"{me()}:{number}:{request.form[csrf_field()]}")
    with current.begin() as office:
        office.recode(number, me(), form["how"], form["seen"], code)
        case = office.show(number, by=me())
    return _slip(case, code)


@staff_pages.get("/<number>/slip")
@outcome
def slip(number: str) -> str:
    """Show the slip again, without the code, which was shown once; that confirms nothing."""
    with current.begin(write=False) as office:
        case = office.show(number, by=me())
    return _slip(case, "")


@staff_pages.post("/<number>/slip")
def hand_slip(number: str) -> str:
    """Show the slip that a guest is handed: it says what was received, and confirms receipt."""
    with current.begin() as office:
        office.acknowledge(number, me())
        case = office.show(number)
    return _slip(case, "")


def _slip(case: dict[str, Any], code: str) -> str:
    hotel = current.settings.property(case["property"])
    return render_template(
        "guesterase/staff/slip.html",
        case=case, hotel=hotel, code=code, address=letters.address("case"),
        theirs=theirs(case["lang"], hotel.zone), seen=may(Permission.VIEW, hotel.code),
    )  # fmt: skip


@staff_pages.post("/<number>/take")
def take(number: str) -> AnyResponse:
    """Say that a profile is the same person's."""
    form = schemas.read(schemas.Choose(), request.form)
    with current.begin() as office:
        office.take(number, form["person"], me())
    return _back(number)


@staff_pages.post("/<number>/leave")
def leave(number: str) -> AnyResponse:
    """Say that a profile is somebody else's."""
    form = schemas.read(schemas.Choose(), request.form)
    with current.begin() as office:
        office.leave(number, form["person"], me())
    return _back(number)


@staff_pages.post("/<number>/approve")
def approve(number: str) -> AnyResponse:
    """Approve the plan that was read."""
    form = schemas.read(schemas.Approve(), request.form)
    deed(lambda office: office.approve(number, me(), form["digest"]))
    return _back(number)


@staff_pages.post("/<number>/refuse")
@on_page("show")
def refuse(number: str) -> AnyResponse:
    """Refuse the request on a ground."""
    form = schemas.read(schemas.Refuse(), request.form)
    deed(lambda office: office.refuse(number, me(), form["ground"]))
    return _back(number)


@staff_pages.post("/<number>/extend")
@on_page("show")
def extend(number: str) -> AnyResponse:
    """Lengthen the time for the answer once and tell the guest why."""
    form = schemas.read(schemas.Extend(), request.form)
    deed(lambda office: office.extend(number, me(), form["reason"]))
    return _back(number)


@staff_pages.post("/<number>/withdraw")
def withdraw(number: str) -> AnyResponse:
    """Take the request back for the guest."""
    with current.begin() as office:
        pressing.once(office, lambda: office.withdraw(number, by=me()))
    return _back(number)


@staff_pages.post("/<number>/later")
def ask_later(number: str) -> AnyResponse:
    """Note for the guest that they want to be told when the rest has gone."""
    deed(lambda office: office.ask_later(number, by=me()))
    return _back(number)


@staff_pages.post("/<number>/later/withdraw")
def withdraw_later(number: str) -> AnyResponse:
    """Note for the guest that they do not want to be told."""
    deed(lambda office: office.withdraw_later(number, by=me()))
    return _back(number)


@staff_pages.post("/<number>/erase")
def erase(number: str) -> AnyResponse:
    """Carry out what was approved, then look for everything again."""
    carry_out(current.run, number, me(), seconds=leftover.PATIENCE)
    return _back(number)


@staff_pages.post("/<number>/duty")
def look_after(number: str) -> AnyResponse:
    """Say that the reader looks after a request, and perhaps who stands in."""
    form = schemas.read(officerforms.Duty(), request.form)
    try:
        with current.begin() as office:
            office.look_after(number, me(), named(form["deputy"]))
            case = office.show(number)
    except InputError:
        problems = {"deputy": [officerforms.NOBODY]}
        return make_response(_show(number, request.form, problems), 422)
    seen = may(Permission.VIEW, case["property"]) and "queue" not in request.form
    where = url_for(".show", number=number) if seen else url_for(".queue")
    return redirect(where, 303)


@staff_pages.get("/<number>/certificate")
def certificate(number: str) -> str:
    """Show the certificate."""
    body, hotel = _certificate(number)
    return render_template("guesterase/staff/certificate.html", certificate=body, hotel=hotel)


@staff_pages.get("/<number>/certificate.json")
def certificate_file(number: str) -> Response:
    """Hand out the certificate as the file that can be checked offline."""
    body, _ = _certificate(number)
    return json_file(body)


def _certificate(number: str) -> tuple[dict[str, Any], Any]:
    with current.begin() as office:
        body = office.certificate(number, by=me())
    hotel = current.settings.property(body["content"]["property"])
    language(zone=hotel.zone)
    return body, hotel


def _back(number: str) -> AnyResponse:
    return redirect(url_for(".show", number=number), 303)
