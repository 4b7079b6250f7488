"""What comes in and goes out about what an officer settles: returns, sweep, reviews, restores."""

from __future__ import annotations

from marshmallow import Schema, fields

from ...core.halting import Stop
from .bodies import Body, one_of


class Settle(Body):
    """Whose a row is in which an erased person seems to be back."""

    whose = one_of(("theirs", "lives"))


class Halt(Body):
    """Why somebody stops erasing by day."""

    ground = one_of([stop.value for stop in Stop])


class Begins(Schema):
    """Whether it begins at once, in the background of the process that was asked."""

    begins = fields.Boolean(required=True)
