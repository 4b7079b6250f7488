"""Staff pages of incidents: report, list, classify, whom it concerns, tell, cure, close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError, UnknownError
from ...core.identity import kind_of
from ...core.incidents import Happening, Origin, Severity, Way
from ...core.permissions import Permission
from ...store.incidents import noticing
from ...store.incidents.affected import Asked
from ...store.incidents.looking import PAGE
from ...store.incidents.opening import Class, Report
from ...store.incidents.publicly import Public
from ...store.office import Office
from ..current import current
from ..forms import caseforms, pressing, schemas
from ..pages import no_fields, page_number
from ..staffpages.desk import deed, granted, may, me, must, placed, staff_pages
from ..staffpages.holding import plain
from ..staffpages.persons import named
from ..wording import letters
from ..wording.casewords import DUTIES, HAPPENINGS, ORIGINS, SEVERITIES, WAYS
from ..wording.language import LANGUAGES, N_, Language, choose
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import KEYS, word

_NO_TABLE = N_("The data map has no such table.")


@staff_pages.get("/incidents")
def incidents() -> str:
    """List the incidents of the hotels at which the reader deals with them, a page at a time."""
    must(Permission.INCIDENT)
    number = page_number()
    with current.begin(write=False) as office:
        rows = list(office.incidents(me(), page=number))
    zones = {hotel.code: hotel.zone for hotel in current.settings.properties.values()}
    shown = [
        {**row, "next": language(zone=zones[row["property"]]).moment(row["next_at"])}
        for row in rows[:PAGE]
    ]
    return render_template(
        "guesterase/staff/incidents.html", rows=shown, page=number, more=len(rows) > PAGE
    )


@staff_pages.get("/incidents/new")
def new_incident() -> str:
    """Show the form by which anybody on duty reports an incident."""
    return _form({"kind": request.args.get("kind", "")}, {})


@staff_pages.post("/incidents/new")
def open_incident() -> AnyResponse:
    """Open an incident; its clocks run from the moment it was noticed."""
    hotels = {hotel.code: hotel for hotel in must(*Permission)}
    given = placed(request.form, hotels)
    try:
        form = schemas.read(
            caseforms.OpenIncident({code: hotel.zone for code, hotel in hotels.items()}), given
        )
        with current.begin() as office:
            number = pressing.once(office, lambda: office.open_incident(Report(**form), me()))
    except InputError as problem:
        return make_response(_form(request.form, no_fields(problem)), 422)
    if may(Permission.INCIDENT, form["property"]):
        return redirect(url_for(".show_incident", incident=number), 303)
    return make_response(render_template("guesterase/staff/incidentopened.html", incident=number))


def _form(values: Any, problems: dict[str, list[str]]) -> str:
    hotels = must(*Permission)
    tongue = language()
    with current.begin(write=False) as office:
        measures = office.measures(me())
    return render_template(
        "guesterase/staff/newincident.html",
        measures=measures,
        values=values,
        problems=problems,
        hotel_options=[(hotel.code, hotel.name) for hotel in hotels],
        kind_options=[(each.value, tongue.gettext(HAPPENINGS[each])) for each in Happening],
    )


@staff_pages.get("/incidents/<incident>")
def show_incident(incident: str) -> str:
    """Show one incident, its clocks, and what is to be done next."""
    return _show(incident, {}, {})


def _show(number: str, values: Any, problems: dict[str, list[str]]) -> str:
    must(Permission.INCIDENT)
    with current.begin() as office:
        found = office.incident(number, me())
    hotel = current.settings.property(found["property"])
    tongue = language(zone=hotel.zone)
    plain = Counter(duty["whom"] for duty in found["duties"] if duty["id"] not in DUTIES)
    for duty in found["duties"]:
        duty["letter"] = letters.of_incident(found, duty, hotel.lang)
        duty["named"] = word(tongue, duty["id"] if duty["id"] in DUTIES else duty["whom"])
        # Two of a pack of the host's own are told apart by what it calls them.
        duty["bare"] = duty["id"] not in DUTIES and plain[duty["whom"]] > 1
    return render_template(
        "guesterase/staff/incident.html",
        item=found,
        records=_records(tongue, found),
        hotel=hotel,
        values=values,
        problems=problems,
        kind_options=[(each.value, tongue.gettext(HAPPENINGS[each])) for each in Happening],
        severity_options=[(each.value, tongue.gettext(SEVERITIES[each])) for each in Severity],
        cause_options=[(each.value, tongue.gettext(ORIGINS[each])) for each in Origin],
        way_options=[(each.value, tongue.gettext(WAYS[each])) for each in Way],
        table_options=[(name, name) for name in sorted(current.datamap.tables)],
        column_options=_columns(),
        letters_in=LANGUAGES[choose([hotel.lang])],
    )


def _columns() -> list[tuple[str, list[str]]]:
    """Return table -> its columns of the data map that hold something of a person."""
    tables = current.datamap.tables
    found = {
        name: [f"{name}.{column}" for column in sorted({*held.erase, *held.retain})]
        for name, held in sorted(tables.items())
    }
    return [(name, columns) for name, columns in found.items() if columns]


def _acted(
    incident: str,
    schema: schemas.Form,
    act: Callable[[Office, dict[str, Any]], object],
    wrong: Callable[[InputError], dict[str, list[str]]] = no_fields,
) -> AnyResponse:
    """Do what a form says, or show the page again with what is wrong in it."""
    try:
        form = schemas.read(schema, request.form)
        with current.begin() as office:
            act(office, form)
    except InputError as problem:
        return make_response(_show(incident, request.form, wrong(problem)), 422)
    return _back(incident)


@staff_pages.post("/incidents/<incident>/classify")
def classify_incident(incident: str) -> AnyResponse:
    """Say how grave an incident is, what it came from and which data it is about."""

    def classify(office: Office, form: dict[str, Any]) -> None:
        how = Class(**form, columns=request.form.getlist("column"))
        office.classify_incident(incident, how, me())

    return _acted(incident, caseforms.Classify(), classify)


@staff_pages.post("/incidents/<incident>/reach")
def measure_incident(incident: str) -> AnyResponse:
    """Look up whom an incident may concern; they stay sealed."""

    def measure(office: Office, form: dict[str, Any]) -> None:
        office.incident(incident, me())
        if form["table"] and form["table"] not in current.datamap.tables:
            raise InputError(_NO_TABLE, "", {"table": [_NO_TABLE]})
        office.measure_incident(incident, Asked(**form), me())

    return _acted(incident, caseforms.Measure(), measure)


@staff_pages.get("/incidents/<incident>/notice")
def incident_notice(incident: str) -> str:
    """Show the notice to an authority, to print it or to type it into its own form."""
    said = _notice(incident)
    # Rendered by itself: a text template escapes nothing, a page everything.
    text = render_template("guesterase/staff/notice.txt", **said)
    return render_template("guesterase/staff/notice.html", text=text, **said)


@staff_pages.get("/incidents/<incident>/notice.txt")
def incident_notice_file(incident: str) -> Response:
    """Hand out the notice to an authority as a text to keep."""
    said = _notice(incident)
    text = render_template("guesterase/staff/notice.txt", **said)
    response = Response(text, mimetype="text/plain")
    name = f"notice-{said['item']['number']}.txt"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _notice(number: str) -> dict[str, Any]:
    must(Permission.INCIDENT)
    duty = request.args.get("duty", "")
    with current.begin() as office:
        found = office.incident(number, me())
        first = [each["id"] for each in found["duties"] if each["whom"] == "authority"]
        if not duty and not first:
            raise UnknownError("There is no such duty to tell somebody.", "Look again.")
        item = office.incident_notice(number, duty or first[0], me())
    hotel = current.settings.property(item["property"])
    tongue = language(zone=hotel.zone)
    return {
        "item": item,
        "records": _records(tongue, item),
        "hotel": hotel,
        "data": [_called(tongue, column) for column in item["columns"]],
        "guests": next((each for each in found["duties"] if each["whom"] == "guests"), None),
        "written": tongue.moment(datetime.now(ZoneInfo("UTC"))),
    }


def _records(tongue: Language, item: dict[str, Any]) -> dict[str, str]:
    """Return how many records there are of people on file, kept and erased, by category in words.

    Nothing where nobody looked, or by a version that counted people alone.
    """
    found: dict[str, dict[str, int]] = item["records"]
    named, said = current.datamap.tables, {}
    for whose, counts in found.items():
        # The name of a table may mean something else among our words.
        each = [f"{n if n in named else word(tongue, n)} {tongue.number(many)}"
                for n, many in sorted(counts.items())]  # fmt: skip
        said[whose] = tongue.number(sum(counts.values()))
        said[whose] += tongue.aside(tongue.comma.join(each)) if each else ""
    return said


def _called(tongue: Language, column: str) -> str:
    """Return a column of a person in words where its name tells them, and as it is called here."""
    table, _, name = column.rpartition(".")
    kind = kind_of(name) if table in current.datamap.subjects else None
    return column if kind is None else tongue.gettext(KEYS[kind]) + tongue.aside(column)


@staff_pages.post("/incidents/<incident>/told")
def told_authority(incident: str) -> AnyResponse:
    """Record that an authority was told, under which reference."""
    return _acted(
        incident, caseforms.ToldAuthority(),
        lambda office, form: pressing.once(office, lambda: office.told_authority(
            incident, form["duty"], form["reference"], me()
        )),
    )  # fmt: skip


@staff_pages.post("/incidents/<incident>/propose")
def propose_notice(incident: str) -> AnyResponse:
    """Propose what guests are told; the second person reads the letter."""
    return _acted(
        incident, caseforms.ProposeNotice(),
        lambda office, form: office.propose_notice(incident, form["duty"], form["words"], me()),
    )  # fmt: skip


@staff_pages.post("/incidents/<incident>/takeback")
def take_notice_back(incident: str) -> AnyResponse:
    """Take back what was proposed, before anybody let it go."""
    return _acted(
        incident, caseforms.TakeBack(),
        lambda office, form: pressing.once(
            office, lambda: office.take_notice_back(incident, form["duty"], me()),
            me(), pressing.MOMENT,
        ),
    )  # fmt: skip


@staff_pages.post("/incidents/<incident>/send")
def let_notice_go(incident: str) -> AnyResponse:
    """Let the letters to guests go, as the second person."""
    form = schemas.read(caseforms.LetGo(), request.form)
    deed(lambda office: office.let_notice_go(incident, form["duty"], me(), form["digest"]))
    noticing.push_all(current.run, noticing.AT_ONCE)
    return _back(incident)


@staff_pages.post("/incidents/<incident>/unreached")
def show_unreached(incident: str) -> str:
    """Show whom on file no letter reached; it is sent, as the journal says who looked."""
    form = schemas.read(caseforms.Unreached(), request.form)
    with current.begin() as office:
        found = office.unreached(incident, form["duty"], me(), form["page"])
    people = [{**each, "plain": plain(each["key"])} for each in found["items"]]
    return render_template(
        "guesterase/staff/unreached.html", number_of=incident, people=people, duty=form["duty"],
        page=form["page"], next=found["next"], others=found["others"],
    )  # fmt: skip


@staff_pages.post("/incidents/<incident>/public")
def record_public_notice(incident: str) -> AnyResponse:
    """Record how those were told whom no letter reached."""

    def record(office: Office, form: dict[str, Any]) -> None:
        duty, way = form.pop("duty"), Way(form.pop("way") or Way.PUBLIC)
        office.record_public_notice(incident, duty, Public(**form, way=way), me())

    return _acted(incident, caseforms.PublicNotice(), record)


@staff_pages.post("/incidents/<incident>/public/confirm")
def confirm_public_notice(incident: str) -> AnyResponse:
    """Confirm that those were told whom no letter reached, as the second person."""
    form = schemas.read(caseforms.LetGo(), request.form)
    deed(lambda office: office.confirm_public_notice(
        incident, form["duty"], me(), form["digest"]
    ))  # fmt: skip
    return _back(incident)


@staff_pages.post("/incidents/<incident>/measures")
def plan_measure(incident: str) -> AnyResponse:
    """Make a person answer for a measure."""
    return _acted(
        incident, caseforms.PlanMeasure(),
        lambda office, form: pressing.once(office, lambda: office.plan_measure(
            incident, form["what"], named(form["owner"]), form["due"], me()
        )),
        _owner,
    )  # fmt: skip


_NO_OWNER = N_("Nobody of staff here has this login, or the day is past.")


def _owner(problem: InputError) -> dict[str, list[str]]:
    return problem.fields or {"owner": [_NO_OWNER]}


@staff_pages.post("/incidents/<incident>/measures/<int:measure>")
def measure_done(incident: str, measure: int) -> AnyResponse:
    """Note that a measure was done, by who answers for it or who deals with incidents."""
    must(*Permission)
    deed(lambda office: office.measure_done(measure, me()))
    if "mine" not in request.form:
        return _back(incident)
    pressing.thank()
    own = ".queue" if granted(Permission.VERIFY, Permission.APPROVE) else ".new_incident"
    return redirect(url_for(own), 303)


@staff_pages.post("/incidents/<incident>/review")
def review_incident(incident: str) -> AnyResponse:
    """Write down what an incident taught."""
    return _acted(
        incident, caseforms.ReviewIncident(),
        lambda office, form: office.review_incident(incident, form["words"], me()),
    )  # fmt: skip


@staff_pages.post("/incidents/<incident>/close")
def close_incident(incident: str) -> AnyResponse:
    """Close an incident, as another person than who reviewed it."""
    deed(lambda office: office.close_incident(incident, me()))
    return _back(incident)


def _back(number: str) -> AnyResponse:
    return redirect(url_for(".show_incident", incident=number), 303)
