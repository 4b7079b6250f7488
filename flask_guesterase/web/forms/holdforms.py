"""Forms by which staff hold and freeze."""

from __future__ import annotations

from marshmallow import (
    fields,
)

from ...core.holding import Cause, Scope
from .fields import one_of, typed
from .schemas import Form


class Hold(Form):
    """What is to be held, and why."""

    number = typed()
    scope = fields.String(load_default=Scope.SUBJECT.value)
    table = typed()
    key = typed()
    query = typed()
    property = typed()
    why = one_of([cause.value for cause in Cause])
    reference = typed()
    review_on = typed()
    silent = fields.String(load_default="no")


class Freeze(Form):
    """Which night or room of which property is frozen; all of it where that is what is ticked."""

    property = typed()
    night = typed()
    room = typed()
    whole = typed()
