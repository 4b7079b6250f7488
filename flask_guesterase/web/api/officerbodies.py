"""What comes in and goes out about what an officer settles: returns, sweep, reviews, restores."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range

from ...core.complaining import LONGEST_TEXT
from ...core.halting import Stop
from ...core.monthly import CLOSED, OPEN
from ...core.restoring import RestoreGround
from .bodies import LARGEST, Body, one_of
from .bodies import text as typed


class Settle(Body):
    """Whose a row is in which an erased person seems to be back."""

    whose = one_of(("theirs", "lives"))


class Refilled(Body):
    """The table of which all rows under erased profiles are decided about, as far as read."""

    table = typed(required=True)
    last = fields.Integer(required=True, strict=True, validate=Range(min=1, max=LARGEST))


class Settled(Schema):
    """Of how many rows it was said whose they are."""

    settled = fields.Integer(required=True)


class Halt(Body):
    """Why somebody stops erasing by day."""

    ground = one_of([stop.value for stop in Stop])


class Begins(Schema):
    """Whether it begins at once, in the background of the process that was asked."""

    begins = fields.Boolean(required=True)


class OpenMonthly(Body):
    """Of which month, for example 2026-03, and of which property a review is opened."""

    property = typed(longest=40)
    month = typed(longest=7)


class JoinMonthly(Body):
    """Who takes part in a monthly review: the host's id."""

    login = typed(required=True, longest=80)


class FindMonthly(Body):
    """What a monthly review found, without anybody's data."""

    text = typed(required=True, longest=LONGEST_TEXT)


class PlanMonthly(Body):
    """What is done after a monthly review, by whom (the host's id) and by when."""

    what = typed(required=True)
    owner = typed(required=True, longest=80)
    due = fields.Date(required=True)


class Reviewed(Schema):
    """A monthly review as it was, with what is still to be done before it is closed."""

    number = fields.String(required=True)
    property = fields.String(required=True)
    month = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf([OPEN, CLOSED]))
    intact = fields.Boolean(required=True)
    missing = fields.List(fields.String(), required=True)


class MonthlyNumbered(Schema):
    """Number of a monthly review."""

    number = fields.String(required=True)


class ProposeRestore(Body):
    """On which ground an erasure is taken back."""

    ground = one_of([each.value for each in RestoreGround])


class ConfirmRestore(Body):
    """The number of the proposal that was read."""

    proposal = fields.Integer(required=True, strict=True, validate=Range(min=1, max=LARGEST))


class Restoration(Schema):
    """Until when an erasure can be taken back, what was proposed and what came back, in counts."""

    number = fields.String(required=True)
    until = fields.String(required=True)
    why = fields.String(required=True)
    restorations = fields.List(fields.Dict(), required=True)
    files = fields.List(fields.Dict(), required=True)


class Restored(Schema):
    """What came back of each table, of files, and who must be told of it: counts and names."""

    restored = fields.Boolean(required=True)
    tables = fields.Dict(required=True)
    files = fields.Dict(required=True)
    recipients = fields.List(fields.String(), required=True)
