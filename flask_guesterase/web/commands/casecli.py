"""Commands of complaints and incidents; at a console everybody proves who they are by a code."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask.cli import AppGroup

from ...core.complaining import About, Mode, Outcome
from ...core.errors import InputError, TransitionError
from ...core.incidents import Happening, Origin, Severity
from ...store.complaints.receiving import Grievance
from ...store.incidents import noticing
from ...store.incidents.affected import Asked
from ...store.incidents.opening import Class, Report
from ...store.statements.paging import PAGES
from ..current import current
from ..forms.schemas import FILLABLE
from ..wording import letters
from .acting import by as _by
from .acting import code as _code
from .acting import trying
from .console import CALENDAR, Answer, Day, asked, fields, guesterase_cli, listing, verb

complaint_cli = AppGroup("complaint", help="File, list and answer complaints.")
incident_cli = AppGroup("incident", help="Report incidents and bring them to their end.")
for _group in (complaint_cli, incident_cli):
    guesterase_cli.add_command(_group)

_number = click.argument("number")
_COMPLAINTS = (
    "number", "property", "request", "about", "state", "outcome", "due_on", "house", "late",
)  # fmt: skip
_INCIDENTS = ("number", "property", "kind", "severity", "state", "noticed_at", "next_at", "late")
_UNREACHED = ("name", "contacts", "table", "key")
_DAY = Day()


@verb(complaint_cli, "file")
@_by
@_code
@click.option("--property", "property_", metavar="CODE", default="", help="The property.")
@click.option("--request", default="", help="Number of the request it is about.")
@click.option("--about", type=click.Choice([a.value for a in About]), required=True)
@click.option("--text", default="-", help="In the guest's own words; '-' asks for it.")
@click.option("--channel", type=click.Choice(FILLABLE), default="letter")
@click.option("--received", type=_DAY, metavar="DAY", help="Day of receipt; today without it.")
@click.option("--lang", default="", help="Language of the answer.")
def file(
    by: str, code: str, property_: str, request: str, about: str, text: str, channel: str,
    received: datetime | None, lang: str,
) -> Answer:  # fmt: skip
    """File a complaint that came by mail, phone, letter or at the desk; print its number."""
    if not property_ and not request:
        raise InputError("It is about no request and no property.", "Give one of them.")
    day = None if received is None else received.date()
    text = asked(text, "Text")
    given = Grievance(about, text, property_, request, channel, day, lang)
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        number = office.file_complaint(given, who)
    return Answer({"number": number}, number)


@verb(complaint_cli, "list")
@click.option("--property", "property_", metavar="CODE", default="", help="Only of this one.")
def list_complaints(property_: str) -> Answer:
    """List complaints with their days, open ones first; nothing of what anybody wrote."""
    with current.begin(write=False) as office:
        rows = list(office.complaints(None, property_))
    return Answer(rows, listing(rows, _COMPLAINTS))


@verb(complaint_cli, "answer")
@_number
@_by
@_code
@click.option("--outcome", type=click.Choice([o.value for o in Outcome]), required=True)
@click.option("--words", default="", help="What the letter says besides; '-' asks for it.")
@click.option("--send", is_flag=True, help="Send it; without it the letter is only printed.")
def answer(number: str, by: str, code: str, outcome: str, words: str, send: bool) -> Answer:
    """Print the letter that answers a complaint, and with --send answer it."""
    words = asked(words, "Words")
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        draft = office.complaint_letter(number, who, outcome, words)
        if send:
            office.answer_complaint(number, who, outcome, words)
    body = letters.written("complaint", draft.lang, draft.params)["body"]
    note = "It is answered." if send else "Nothing was sent. Read it, then run it with --send."
    return Answer({"number": number, "sent": send, "letter": body}, body, note)


@verb(complaint_cli, "invite")
@_number
@_by
@_code
@click.option("--mode", type=click.Choice([m.value for m in Mode]), required=True)
def invite(number: str, by: str, code: str, mode: str) -> Answer:
    """Invite somebody from outside: print a link and a code, which go two different ways."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        secret, key = office.invite_reviewer(number, who, mode)
    told = {"link": letters.address(f"review/{secret}"), "code": key}
    return Answer(told, fields(told), "They work once, and end after 14 days.")


def _at(text: str, code: str) -> datetime | None:
    """Return a time, at a property where it names no zone of its own, or None.

    :raises InputError: it is no time.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.year not in CALENDAR:
        raise InputError("This is no time.", "Write it like 2026-12-01T08:30.")
    if moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=ZoneInfo(current.settings.property(code).zone))


@verb(incident_cli, "open")
@_by
@_code
@click.option("--property", "property_", metavar="CODE", required=True, help="The property.")
@click.option("--kind", type=click.Choice([h.value for h in Happening]), required=True)
@click.option("--text", default="-", help="What is known; '-' asks for it.")
@click.option(
    "--noticed", metavar="TIME", default="", help="Time there, or with its zone; now without it."
)
@click.option("--happened", metavar="TIME", default="", help="Time there, where it is known.")
def open_(
    by: str, code: str, property_: str, kind: str, text: str, noticed: str, happened: str
) -> Answer:
    """Report an incident; its clocks run from the moment it was noticed. Print its number."""
    times = _at(noticed, property_), _at(happened, property_)
    report = Report(property_, kind, asked(text, "What is known"), *times)
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        number = office.open_incident(report, who)
    return Answer({"number": number}, number)


@verb(incident_cli, "list")
@click.option("--property", "property_", metavar="CODE", default="", help="Only of this one.")
def list_incidents(property_: str) -> Answer:
    """List incidents with their next clock, open ones first; no guest is named."""
    with current.begin(write=False) as office:
        rows = list(office.incidents(None, property_))
    return Answer(rows, listing(rows, _INCIDENTS))


@verb(incident_cli, "classify")
@_number
@_by
@_code
@click.option("--severity", type=click.Choice([s.value for s in Severity]), required=True)
@click.option("--cause", type=click.Choice([o.value for o in Origin]), required=True)
@click.option("--column", "columns", multiple=True, help="table.column of the data map; repeat.")
def classify(
    number: str, by: str, code: str, severity: str, cause: str, columns: tuple[str, ...]
) -> Answer:
    """Say how grave an incident is, what it came from and which data it is about."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.classify_incident(number, Class(severity, cause, "", columns), who)
    return Answer({"number": number}, f"{number} is classified.")


@verb(incident_cli, "reach")
@_number
@_by
@_code
@click.option("--table", default="", help="Records of this table; all of people without it.")
@click.option("--since", type=_DAY, metavar="DAY", help="First day of the records.")
@click.option("--until", type=_DAY, metavar="DAY", help="Last day of the records.")
def reach(
    number: str, by: str, code: str, table: str, since: datetime | None, until: datetime | None
) -> Answer:
    """Look up whom an incident may concern; they stay sealed, the counts are printed."""
    days = (None if day is None else day.date() for day in (since, until))
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        counts = office.measure_incident(number, Asked(table, *days), who)
    return Answer(counts, fields(counts))


@verb(incident_cli, "told")
@_number
@_by
@_code
@click.option("--duty", required=True, help="Which one, for example EU/authority.")
@click.option("--reference", default="-", help="What the authority calls it; '-' asks for it.")
@click.option("--at", metavar="TIME", default="", help="When, at the property; now without it.")
def told(number: str, by: str, code: str, duty: str, reference: str, at: str) -> Answer:
    """Record that an authority was told, when, and under which reference."""
    reference = asked(reference, "Reference")
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        place = office.incident(number, who)["property"]
        office.told_authority(number, duty, reference, who, _at(at, place))
    return Answer({"number": number, "duty": duty}, "It is recorded.")


@verb(incident_cli, "send")
@_number
@_by
@_code
@click.option("--duty", required=True, help="Which one, for example EU/guests.")
@click.option("--digest", default="", help="The digest that this printed without it.")
def send(number: str, by: str, code: str, duty: str, digest: str) -> Answer:
    """Print a letter to guests that another person proposed; with its digest, let it go."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        if not digest:
            read = _proposed(office.incident(number, who), duty)
            return Answer(read, fields(read))
        office.let_notice_go(number, duty, who, digest)
    batches = noticing.push_all(current.run)
    return Answer({"number": number, "batches": batches}, "The letters are on their way.")


@verb(incident_cli, "unreached")
@_number
@_by
@_code
@click.option("--duty", required=True, help="Which one, for example EU/guests.")
@click.option("--page", type=click.IntRange(1, PAGES), default=1, help="Which page of 50.")
def unreached(number: str, by: str, code: str, duty: str, page: int) -> Answer:
    """Print whom on file no letter reached, to be told otherwise; the journal says who looked."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        found = office.unreached(number, duty, who, page)
    counts = fields({name: found[name] for name in ("others", "next")})
    return Answer(found, "\n".join(filter(None, [listing(found["items"], _UNREACHED), counts])))


@verb(incident_cli, "take-back")
@_number
@_by
@_code
@click.option("--duty", required=True, help="Which one, for example EU/guests.")
def take_back(number: str, by: str, code: str, duty: str) -> Answer:
    """Take back a letter to guests that was proposed, before another person lets it go."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.take_notice_back(number, duty, who)
    return Answer({"number": number, "duty": duty}, "It is taken back.")


def _proposed(found: dict[str, Any], duty: str) -> dict[str, Any]:
    """Return what a second person reads before letters go: the words, to how many, the digest."""
    words = {each["id"]: (each["words"], each["digest"]) for each in found["duties"]}
    text, digest = words.get(duty, ("", ""))
    if not digest:
        raise TransitionError("No letter waits to be let go.", "Look at the incident again.")
    return {
        "number": found["number"], "kind": found["kind"], "words": text,
        "living": found["living"], "digest": digest, "batches": 0,
    }  # fmt: skip


@verb(incident_cli, "close")
@_number
@_by
@_code
def close(number: str, by: str, code: str) -> Answer:
    """Close an incident, as another person than who reviewed it."""
    who = trying(by)
    with current.begin() as office:
        office.use_code(who, code)
        office.close_incident(number, who)
    return Answer({"number": number, "closed": True}, f"{number} is closed.")
