"""What may come in and go out over the API about complaints, incidents and alerts."""

from __future__ import annotations

from datetime import date

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, Range, Regexp

from ...core.alert import BY_PEOPLE, Mistake
from ...core.complaining import LONGEST_TEXT, About, Outcome
from ...core.incidents import Happening, Origin, Severity, Way
from ...store.statements.paging import PAGES
from ..commands.console import CALENDAR
from ..forms.schemas import FILLABLE, LONGEST
from ..wording.language import LANGUAGES
from . import bodies
from .bodies import Body, one_of

MOST_COLUMNS = 1000
"""Columns of the data map in one classification."""


def moment(required: bool = False) -> fields.AwareDateTime:
    """Return a field of a moment that names its zone, or of none where it need not be given."""
    if required:
        return fields.AwareDateTime(required=True, validate=_meant)
    return fields.AwareDateTime(load_default=None, validate=_meant)


def _meant(day: date) -> None:
    """Refuse a year that was mistyped: not every such day can be counted from."""
    if day.year not in CALENDAR:
        raise ValidationError("Nobody means this year.")


class Filtered(Body):
    """Of which property, and which page."""

    property = bodies.text(longest=40)
    page = fields.Integer(load_default=1, validate=Range(1, PAGES))


class FileComplaint(Body):
    """A complaint that reached the hotel otherwise than through the guest's form."""

    about = one_of([each.value for each in About])
    text = bodies.text(required=True, longest=LONGEST_TEXT)
    property = bodies.text(longest=40)
    request = bodies.text(longest=40)
    channel = one_of(FILLABLE)
    received = fields.Date(load_default=None)
    lang = one_of(LANGUAGES, required=False)
    contact = bodies.text()


class AnswerComplaint(Body):
    """How a complaint is answered, and what the letter says besides, in the guest's language."""

    outcome = one_of([each.value for each in Outcome])
    words = bodies.text(longest=LONGEST_TEXT)


class Complaint(Schema):
    """One complaint; what was written is empty when its day is over."""

    number = fields.String(required=True)
    property = fields.String(required=True)
    request = fields.String(required=True)
    case_state = fields.String(required=True)
    about = fields.String(required=True)
    channel = fields.String(required=True)
    lang = fields.String(required=True)
    state = fields.String(required=True)
    received_at = fields.DateTime(required=True)
    due_on = fields.Date(required=True)
    house = fields.Boolean(required=True)
    days_left = fields.Integer(required=True)
    late = fields.Boolean(required=True)
    receipt_due = fields.String(required=True)
    receipt_late = fields.Boolean(required=True)
    acknowledged = fields.Boolean(required=True)
    text = fields.String(required=True)
    contact = fields.String(required=True)
    filed_by = fields.String(required=True)
    mode = fields.String(required=True)
    invited_by = fields.String(required=True)
    invited_at = fields.DateTime(required=True, allow_none=True)
    advice = fields.String(required=True)
    advice_text = fields.String(required=True)
    advised_at = fields.DateTime(required=True, allow_none=True)
    mine = fields.Boolean(required=True)
    outcomes = fields.List(fields.String(), required=True)
    outcome = fields.String(required=True)
    answer_text = fields.String(required=True)
    decided_by = fields.String(required=True)
    decided_outside = fields.Boolean(required=True)
    ended_at = fields.DateTime(required=True, allow_none=True)


class Letter(Schema):
    """A letter as it would be sent, or printed at the desk where no contact is on file."""

    lang = fields.String(required=True)
    subject = fields.String(required=True)
    body = fields.String(required=True)
    printed = fields.Boolean(required=True)


class OpenIncident(Body):
    """What somebody on duty reports; times name their zone."""

    property = bodies.text(longest=40)
    kind = one_of([each.value for each in Happening])
    text = bodies.text(required=True, longest=LONGEST_TEXT)
    noticed = moment()
    happened = moment()


class ClassifyIncident(Body):
    """How grave an incident is, what it came from, and which data it is about."""

    severity = one_of([each.value for each in Severity])
    cause = one_of([each.value for each in Origin])
    kind = one_of([each.value for each in Happening], required=False)
    columns = fields.List(
        fields.String(validate=Length(min=1, max=LONGEST)), load_default=list,
        validate=Length(max=MOST_COLUMNS),
    )  # fmt: skip


class Reach(Body):
    """Which records an incident was about; all of people where nothing is said."""

    table = bodies.text(longest=128)
    since = fields.Date(load_default=None, validate=_meant)
    until = fields.Date(load_default=None, validate=_meant)


class WhichDuty(Body):
    """Which duty to tell somebody."""

    duty = bodies.text(required=True, longest=80)


class ToldAuthority(WhichDuty):
    """That an authority was told, under which reference, and when."""

    reference = bodies.text(required=True)
    at = moment()


class ProposeNotice(WhichDuty):
    """What guests are told of an incident."""

    words = bodies.text(required=True, longest=LONGEST_TEXT)


class LetGo(WhichDuty):
    """Which letters to guests, or notice to the public, with the digest of what was read."""

    digest = fields.String(required=True, validate=Regexp(bodies.DIGEST))


class LookUnreached(WhichDuty):
    """Of which duty those are shown whom no letter reached, and which page of them."""

    page = fields.Integer(load_default=1, validate=Range(1, PAGES))


class PublicNotice(WhichDuty):
    """How, where and when those were told whom no letter reached, and in what words."""

    way = one_of([each.value for each in Way], required=False)
    place = bodies.text(required=True)
    on = fields.Date(required=True, validate=_meant)
    text = bodies.text(longest=LONGEST_TEXT)


class PlanMeasure(Body):
    """What is done after an incident, by whom and by when."""

    what = bodies.text(required=True)
    owner = bodies.text(required=True, longest=80)
    due = fields.Date(required=True, validate=_meant)


class ReviewIncident(Body):
    """What an incident taught."""

    words = bodies.text(required=True, longest=LONGEST_TEXT)


class Reached(Schema):
    """How many people an incident may concern, and how many records of theirs."""

    living = fields.Integer(required=True)
    sealed = fields.Integer(required=True)
    erased = fields.Integer(required=True)
    rows = fields.Integer(required=True)


class Unreached(bodies.Paged):
    """Whom on file no letter reached, and how many others; `next` is null on the last page."""

    others = fields.Integer(required=True)


class Incident(Schema):
    """One incident; words are empty when their day is over, counts null until somebody looked."""

    number = fields.String(required=True)
    property = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    severity = fields.String(required=True)
    cause = fields.String(required=True)
    noticed_at = fields.DateTime(required=True)
    happened_at = fields.DateTime(required=True, allow_none=True)
    opened_at = fields.DateTime(required=True)
    closed_at = fields.DateTime(required=True, allow_none=True)
    living = fields.Integer(required=True, allow_none=True)
    sealed = fields.Integer(required=True, allow_none=True)
    erased = fields.Integer(required=True, allow_none=True)
    records = fields.Dict(required=True)
    next_at = fields.DateTime(required=True, allow_none=True)
    late = fields.Boolean(required=True)
    unreached = fields.Boolean(required=True)
    text = fields.String(required=True)
    columns = fields.List(fields.String(), required=True)
    asked = fields.Dict(required=True)
    reached_at = fields.DateTime(required=True, allow_none=True)
    hold = fields.Integer(required=True, allow_none=True)
    opened_by = fields.String(required=True)
    classified_by = fields.String(required=True)
    classified_at = fields.DateTime(required=True, allow_none=True)
    reviewed_by = fields.String(required=True)
    closed_by = fields.String(required=True)
    duties = fields.List(fields.Dict(), required=True)
    measures = fields.List(fields.Dict(), required=True)
    missing = fields.List(fields.String(), required=True)
    review = fields.String(required=True)
    mine = fields.Boolean(required=True)


class Watched(Body):
    """Of which property, and whether those that were closed."""

    property = bodies.text(longest=40)
    state = one_of(["open", "closed"], required=False)


class CloseAlert(Body):
    """On which ground an alert is closed."""

    ground = one_of([each.value for each in BY_PEOPLE])


class ReportMistake(Body):
    """A mistake that somebody on duty reports."""

    property = bodies.text(longest=40)
    kind = one_of([each.value for each in Mistake])
    noticed = moment(required=True)
    words = bodies.text()


class Alerts(Schema):
    """Alerts, when everything was looked at last, and the host's newest backups."""

    items = fields.List(fields.Dict(), required=True)
    looked = fields.DateTime(required=True, allow_none=True)
    stale = fields.Boolean(required=True)
    backups = fields.List(fields.Dict(), required=True)
