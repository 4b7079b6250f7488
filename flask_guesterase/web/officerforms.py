"""What may come in on the officer's pages: one schema for each form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from ..core.monthly import Measure
from .caseforms import Long
from .fields import CHOOSE, DAY, day, one_of, said, typed
from .language import N_
from .schemas import Form

_LATER = N_("Please give a day that is still to come.")
_NUMBER = N_("Please give a whole number.")


class Duty(Form):
    """Who stands in for who looks after a request."""

    deputy = typed()


class HandOver(Long):
    """The note at the end of a shift.

    :param properties: codes of the hotels at which the reader may verify or approve.
    """

    property = typed(required=True)
    text = typed(required=True)

    def __init__(self, properties: Collection[str]) -> None:
        super().__init__()
        self.properties = list(properties)

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Compare the hotel with what is offered."""
        if data["property"] not in self.properties:
            raise ValidationError({"property": [CHOOSE]})


class OpenMonthly(HandOver):
    """Of which month and hotel a review is opened."""

    text = typed()
    month = typed()


class Join(Form):
    """Who takes part in a review."""

    login = typed(required=True)


class Find(Long):
    """What a review found."""

    text = typed(required=True)


class PlanAction(Form):
    """What is done after a review, by whom and by when."""

    what = typed(required=True)
    owner = typed(required=True)
    due = day(_LATER)


class Published(HandOver):
    """A figure that somebody else published."""

    text = typed()
    measure = one_of([each.value for each in Measure])
    value = fields.Integer(required=True, error_messages=said(_NUMBER))
    house = typed(required=True)
    source = typed(required=True)
    on = day(DAY)

    @post_load
    def without_note(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return what a figure is made of."""
        return {name: value for name, value in data.items() if name != "text"}
