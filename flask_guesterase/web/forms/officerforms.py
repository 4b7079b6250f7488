"""What may come in on the officer's pages: one schema for each form."""

from __future__ import annotations

from marshmallow import fields

from ...core.monthly import Measure
from ..wording.language import N_
from .caseforms import Long, PlanMeasure
from .fields import DAY, day, one_of, said, typed
from .schemas import Form, Offered

_NUMBER = N_("Please give a whole number.")

NOBODY = N_("Nobody else who may verify or approve at this property has this login.")


class Duty(Form):
    """Who stands in for who looks after a request."""

    deputy = typed()


class HandOver(Long, Offered):
    """The note at the end of a shift."""

    property = typed(required=True)
    text = typed(required=True)


class OpenMonthly(Offered):
    """Of which month and hotel a review is opened."""

    property = typed(required=True)
    month = typed()


class Join(Form):
    """Who takes part in a review."""

    login = typed(required=True)


class Find(Long):
    """What a review found."""

    text = typed(required=True)


class PlanAction(PlanMeasure):
    """What is done after a review, by whom and by when."""


class Published(Offered):
    """A figure that somebody else published."""

    property = typed(required=True)
    measure = one_of([each.value for each in Measure])
    value = fields.Integer(required=True, error_messages=said(_NUMBER))
    house = typed(required=True)
    source = typed(required=True)
    on = day(DAY)
