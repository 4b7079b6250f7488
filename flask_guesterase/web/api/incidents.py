"""Incidents over the API: reported, classified, whom they concern, told, cured, closed."""

from __future__ import annotations

from typing import Any

from ...core.incidents import Way
from ...core.permissions import Permission
from ...store.incidents import looking, noticing
from ...store.incidents.affected import Asked
from ...store.incidents.opening import Class, Report
from ...store.incidents.publicly import Public
from ..current import current
from ..staffpages.persons import named
from ..wording import letters
from . import bodies, casebodies
from .door import begin, me, mine, must, once, paged
from .route import operation

DEAL = Permission.INCIDENT
"""What nearly all of it needs."""


@operation(
    "POST", "/incidents", None, bodies.Numbered, casebodies.OpenIncident, status=201, keyed=True
)
def open_incident(form: dict[str, Any]) -> Any:
    """Report an incident; its clocks run from the moment it was noticed.

    It needs any permission at the property. The same Idempotency-Key with the same body returns
    the first incident's number for a day.
    """
    report = Report(**{**form, "property": form["property"] or mine().property})
    with begin() as office:
        return {"number": once(office, form, lambda: office.open_incident(report, me()))}


@operation("GET", "/incidents", DEAL, bodies.Paged, casebodies.Filtered)
def incidents(form: dict[str, Any]) -> Any:
    """List incidents by pages, open ones first, those whose clock ends next before the others."""
    number = form["page"] or 1
    with begin(write=False) as office:
        found = office.incidents(me(), form["property"], number)
    return paged(found, number, looking.PAGE)


@operation("GET", "/incidents/<incident>", DEAL, casebodies.Incident)
def show_incident(incident: str, form: dict[str, Any]) -> Any:
    """Show one incident, its clocks, and the letters to guests as they would be sent.

    It names no guest. A duty to tell guests has the digest that letting its letters go asks for.
    """
    with begin() as office:
        found = office.incident(incident, me())
    lang = current.settings.property(found["property"]).lang
    for duty in found["duties"]:
        duty["letter"] = letters.of_incident(found, duty, lang)
    return found


@operation(
    "POST", "/incidents/<incident>/classify", DEAL, bodies.Done, casebodies.ClassifyIncident
)
def classify_incident(incident: str, form: dict[str, Any]) -> Any:
    """Say how grave an incident is, what it came from and which data it is about."""
    with begin() as office:
        office.classify_incident(incident, Class(**form), me())
    return {"done": True}


@operation("POST", "/incidents/<incident>/reach", DEAL, casebodies.Reached, casebodies.Reach)
def measure_incident(incident: str, form: dict[str, Any]) -> Any:
    """Look up whom an incident may concern; they stay sealed, the counts are returned."""
    with begin() as office:
        return office.measure_incident(incident, Asked(**form), me())


@operation("GET", "/incidents/<incident>/notice", DEAL, bodies.Anything, casebodies.WhichDuty)
def incident_notice(incident: str, form: dict[str, Any]) -> Any:
    """Return what the notice to an authority says: facts, counts, measures; no guest's name."""
    with begin() as office:
        return office.incident_notice(incident, form["duty"], me())


@operation("POST", "/incidents/<incident>/told", DEAL, bodies.Done, casebodies.ToldAuthority)
def told_authority(incident: str, form: dict[str, Any]) -> Any:
    """Record that an authority was told, when, and under which reference; now where no time is."""
    with begin() as office:
        office.told_authority(incident, form["duty"], form["reference"], me(), form["at"])
    return {"done": True}


@operation("POST", "/incidents/<incident>/propose", DEAL, bodies.Done, casebodies.ProposeNotice)
def propose_notice(incident: str, form: dict[str, Any]) -> Any:
    """Propose what guests are told; a second person reads the letter and lets it go."""
    with begin() as office:
        office.propose_notice(incident, form["duty"], form["words"], me())
    return {"done": True}


@operation("POST", "/incidents/<incident>/takeback", DEAL, bodies.Done, casebodies.WhichDuty)
def take_notice_back(incident: str, form: dict[str, Any]) -> Any:
    """Take back what was proposed, before anybody let it go."""
    with begin() as office:
        office.take_notice_back(incident, form["duty"], me())
    return {"done": True}


@operation("POST", "/incidents/<incident>/send", DEAL, bodies.Done, casebodies.LetGo)
def let_notice_go(incident: str, form: dict[str, Any]) -> Any:
    """Let the letters to guests go, as the second person, with the digest of what was read."""
    with begin() as office:
        office.let_notice_go(incident, form["duty"], me(), form["digest"])
    noticing.push_all(current.run, noticing.AT_ONCE)
    return {"done": True}


@operation(
    "POST", "/incidents/<incident>/unreached", DEAL, casebodies.Unreached, casebodies.LookUnreached
)
def look_unreached(incident: str, form: dict[str, Any]) -> Any:
    """Show whom on file no letter reached, to be told otherwise, a page of 50.

    It is posted, as the journal says who looked and how many they were shown. `others` are known
    to the register alone or were erased: of them there is a count.
    """
    with begin() as office:
        return office.unreached(incident, form["duty"], me(), form["page"])


@operation("POST", "/incidents/<incident>/public", DEAL, bodies.Done, casebodies.PublicNotice)
def record_public_notice(incident: str, form: dict[str, Any]) -> Any:
    """Record that those whom no letter reached were told, in public unless `way` says otherwise.

    A second person confirms it.
    """
    how = Public(form["place"], form["on"], form["text"], Way(form["way"] or Way.PUBLIC))
    with begin() as office:
        office.record_public_notice(incident, form["duty"], how, me())
    return {"done": True}


@operation("POST", "/incidents/<incident>/public/confirm", DEAL, bodies.Done, casebodies.LetGo)
def confirm_public_notice(incident: str, form: dict[str, Any]) -> Any:
    """Confirm how the others were told, as the second person, with the digest of what was read."""
    with begin() as office:
        office.confirm_public_notice(incident, form["duty"], me(), form["digest"])
    return {"done": True}


@operation(
    "POST", "/incidents/<incident>/measures", DEAL, bodies.Identified, casebodies.PlanMeasure,
    status=201, keyed=True,
)  # fmt: skip
def plan_measure(incident: str, form: dict[str, Any]) -> Any:
    """Make a person answer for a measure.

    The same Idempotency-Key with the same body returns the first measure's number for a day.
    """
    with begin() as office:
        made = once(office, form, lambda: office.plan_measure(
            incident, form["what"], named(form["owner"]), form["due"], me()
        ))  # fmt: skip
    return {"id": int(made)}


@operation("GET", "/measures", None, bodies.Items)
def measures(form: dict[str, Any]) -> Any:
    """List the measures after incidents that one answers for and that are not done.

    It needs any permission at the property.
    """
    with begin(write=False) as office:
        must(office)
        return {"items": list(office.measures(me()))}


@operation("POST", "/measures/<int:measure>/done", None, bodies.Done)
def measure_done(measure: int, form: dict[str, Any]) -> Any:
    """Note that a measure was done.

    It needs incident at the property, or to be who answers for it.
    """
    with begin() as office:
        office.measure_done(measure, me())
    return {"done": True}


@operation("POST", "/incidents/<incident>/review", DEAL, bodies.Done, casebodies.ReviewIncident)
def review_incident(incident: str, form: dict[str, Any]) -> Any:
    """Write down what an incident taught; another person closes it."""
    with begin() as office:
        office.review_incident(incident, form["words"], me())
    return {"done": True}


@operation("POST", "/incidents/<incident>/close", DEAL, bodies.Done)
def close_incident(incident: str, form: dict[str, Any]) -> Any:
    """Close an incident, as another person than who reviewed it; its evidence is let go."""
    with begin() as office:
        office.close_incident(incident, me())
    return {"done": True}
