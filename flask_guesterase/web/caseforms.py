"""What may come in about complaints, feedback and incidents: one schema for each form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields, post_load, pre_load, validates_schema
from marshmallow.validate import Length, OneOf

from ..core.complaining import LONGEST_TEXT, RATINGS, About, Mode, Outcome
from ..core.incidents import Happening, Origin, Severity
from .language import LANGUAGES, N_
from .schemas import FILLABLE, LONGEST, Form

_MISSING = N_("Please fill this in.")
_CHOOSE = N_("Please choose one of these.")
_DAY = N_("Please give a day, not later than today.")
_LATER = N_("Please give a day that is still to come.")
_TIME = N_("Please give a day and a time, not later than now.")


def _text(required: bool = False) -> fields.String:
    if not required:
        return fields.String(load_default="")
    return fields.String(
        required=True,
        validate=Length(min=1, error=_MISSING),
        error_messages={"required": _MISSING, "null": _MISSING, "invalid": _MISSING},
    )


def _one_of(options: Collection[str]) -> fields.String:
    return fields.String(
        required=True,
        validate=OneOf(list(options), error=_CHOOSE),
        error_messages={"required": _CHOOSE, "null": _CHOOSE, "invalid": _CHOOSE},
    )


def _moment(text: str) -> datetime | None:
    """Return what a browser's field of day and time holds, without a zone."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


class Long(Form):
    """A form with words of people in it: one field may be long."""

    long = ("text", "words")

    @pre_load
    def trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Trim and cut every text; line ends become one form."""
        return {
            name: value.replace("\0", "").replace("\r\n", "\n").strip()[: self._most(name)]
            if isinstance(value, str)
            else value
            for name, value in data.items()
        }

    def _most(self, name: str) -> int:
        return LONGEST_TEXT if name in self.long else LONGEST


class Complain(Long):
    """What a guest complains about, on the page of a case."""

    about = _one_of([each.value for each in About])
    text = _text(required=True)


class ComplainAnywhere(Complain):
    """The same without a case; a contact for the answer, if one is wanted.

    :param properties: codes of the hotels the form offers.
    """

    property = fields.String(load_default="")
    contact = _text()

    def __init__(self, properties: Collection[str]) -> None:
        super().__init__()
        self.properties = list(properties)

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Ask for a hotel where there are several."""
        if data.get("property", "") not in self.properties and len(self.properties) != 1:
            raise ValidationError({"property": [_CHOOSE]})


class FileComplaint(ComplainAnywhere):
    """A complaint that a clerk files.

    :param properties: codes of the hotels at which the clerk may file.
    :param today: day at the desk; the day of receipt is not later.
    """

    request = _text()
    channel = _one_of(FILLABLE)
    lang = _one_of(LANGUAGES)
    received = fields.Date(
        required=True, error_messages={"required": _DAY, "null": _DAY, "invalid": _DAY}
    )

    def __init__(self, properties: Collection[str], today: date) -> None:
        super().__init__(properties)
        self.today = today

    @validates_schema
    def check_day(self, data: Mapping[str, Any], **_: Any) -> None:
        """Compare the day of receipt with today."""
        if data["received"] > self.today:
            raise ValidationError({"received": [_DAY]})


class AnswerComplaint(Long):
    """How a complaint is answered, and what is said besides."""

    outcome = _one_of([each.value for each in Outcome])
    words = _text()


class Invite(Form):
    """What a reviewer from outside may do."""

    mode = _one_of([each.value for each in Mode])


class ReviewCode(Form):
    """The code that goes with a reviewer's link."""

    code = _text(required=True)


class Feedback(Long):
    """How it went: a figure, and words if one likes."""

    rating = _one_of([str(each) for each in RATINGS])
    words = _text()


class OpenIncident(Long):
    """What somebody on duty reports; times are those of the hotel's wall.

    :param zones: code of each hotel at which the reader may do anything -> its time zone.
    """

    property = fields.String(load_default="")
    kind = _one_of([each.value for each in Happening])
    text = _text(required=True)
    noticed = _text()
    happened = _text()

    def __init__(self, zones: Mapping[str, str]) -> None:
        super().__init__()
        self.zones = zones

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Ask for a hotel that is offered, and for times that can be read."""
        wrong: dict[str, list[str]] = {}
        if data.get("property", "") not in self.zones:
            wrong["property"] = [_CHOOSE]
        for name in ("noticed", "happened"):
            if data.get(name) and _moment(data[name]) is None:
                wrong[name] = [_TIME]
        if wrong:
            raise ValidationError(wrong)

    @post_load
    def at_the_hotel(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return times as moments."""
        zone = ZoneInfo(self.zones[data["property"]])
        for name in ("noticed", "happened"):
            moment = _moment(data[name])
            data[name] = None if moment is None else moment.replace(tzinfo=zone)
        return data


class Classify(Form):
    """How grave an incident is, and what it came from."""

    severity = _one_of([each.value for each in Severity])
    cause = _one_of([each.value for each in Origin])
    kind = _one_of([each.value for each in Happening])


class Measure(Form):
    """Which records an incident was about."""

    table = _text()
    since = fields.Date(load_default=None, error_messages={"invalid": _DAY})
    until = fields.Date(load_default=None, error_messages={"invalid": _DAY})

    @pre_load
    def unset(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Take an empty day as none."""
        return {n: v for n, v in data.items() if n not in ("since", "until") or v}


class ToldAuthority(Form):
    """That an authority was told, when, and under which reference."""

    duty = _text(required=True)
    reference = _text(required=True)


class ProposeNotice(Long):
    """What guests are told of an incident."""

    duty = _text(required=True)
    words = _text(required=True)


class LetGo(Form):
    """Which letters to guests are let go."""

    duty = _text(required=True)


class PlanMeasure(Form):
    """What is done after an incident, by whom and by when."""

    what = _text(required=True)
    owner = _text(required=True)
    due = fields.Date(
        required=True, error_messages={"required": _LATER, "null": _LATER, "invalid": _LATER}
    )


class ReviewIncident(Long):
    """What an incident taught."""

    words = _text(required=True)
