"""What may come in and go out over the API about complaints."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Range

from ...core.complaining import LONGEST_TEXT, About, Outcome
from ...store.paging import PAGES
from ..language import LANGUAGES
from ..schemas import FILLABLE
from . import bodies
from .bodies import Body, one_of


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
