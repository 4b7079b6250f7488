"""What may come in about complaints, feedback and incidents: one schema for each form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields, post_load, pre_load, validates_schema

from ...core.asking import EARLIEST
from ...core.complaining import LONGEST_TEXT, RATINGS, About, Mode, Outcome
from ...core.incidents import Happening, Origin, Severity, Way
from ..wording.language import LANGUAGES, N_
from .fields import CHOOSE, DAY, choice, day, moment, one_of, received_by, recent, typed
from .schemas import FILLABLE, LONGEST, Approve, Form

_LATER = N_("Please give a day that is still to come.")
_TIME = N_("Please give a day and a time, not later than now.")


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

    about = one_of([each.value for each in About])
    text = typed(required=True)


class ComplainAnywhere(Complain):
    """The same without a case; a contact for the answer, if one is wanted.

    :param properties: codes of the hotels the form offers.
    """

    property = fields.String(load_default="")
    contact = typed()

    def __init__(self, properties: Collection[str]) -> None:
        super().__init__()
        self.properties = list(properties)

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Ask for a hotel where there are several."""
        if data.get("property", "") not in self.properties and len(self.properties) != 1:
            raise ValidationError({"property": [CHOOSE]})


class FileComplaint(ComplainAnywhere):
    """A complaint that a clerk files.

    :param properties: codes of the hotels at which the clerk may file.
    :param today: day at the desk; the day of receipt is not later.
    """

    request = typed()
    channel = one_of(FILLABLE)
    lang = one_of(LANGUAGES)
    received = day()
    sure = typed()

    def __init__(self, properties: Collection[str], today: date) -> None:
        super().__init__(properties)
        self.today = today

    @validates_schema
    def check_day(self, data: Mapping[str, Any], **_: Any) -> None:
        """Compare the day of receipt with today."""
        received_by(data["received"], self.today, data["sure"])


class AnswerComplaint(Long):
    """How a complaint is answered, and what is said besides."""

    outcome = one_of([each.value for each in Outcome])
    words = typed()


class Invite(Form):
    """What a reviewer from outside may do."""

    mode = one_of([each.value for each in Mode])


class ReviewCode(Form):
    """The code that goes with a reviewer's link."""

    code = typed(required=True)


class Feedback(Long):
    """How it went: a figure, and words if one likes."""

    rating = one_of([str(each) for each in RATINGS])
    words = typed()


class OpenIncident(Long):
    """What somebody on duty reports; times are those of the hotel's wall.

    :param zones: code of each hotel at which the reader may do anything -> its time zone.
    """

    property = fields.String(load_default="")
    kind = one_of([each.value for each in Happening])
    text = typed(required=True)
    noticed = typed()
    happened = typed()

    def __init__(self, zones: Mapping[str, str]) -> None:
        super().__init__()
        self.zones = zones

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Ask for a hotel that is offered, and for times that can be read."""
        wrong: dict[str, list[str]] = {}
        if data.get("property", "") not in self.zones:
            wrong["property"] = [CHOOSE]
        for name in ("noticed", "happened"):
            at = moment(data.get(name, ""))
            if data.get(name) and (at is None or at.date() < EARLIEST):
                wrong[name] = [_TIME]
        if wrong:
            raise ValidationError(wrong)

    @post_load
    def at_the_hotel(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return times as moments."""
        zone = ZoneInfo(self.zones[data["property"]])
        for name in ("noticed", "happened"):
            at = moment(data[name])
            data[name] = None if at is None else at.replace(tzinfo=zone)
        return data


class Classify(Form):
    """How grave an incident is, and what it came from."""

    severity = one_of([each.value for each in Severity])
    cause = one_of([each.value for each in Origin])
    kind = one_of([each.value for each in Happening])


class Measure(Form):
    """Which records an incident was about."""

    table = typed()
    since = recent(DAY)
    until = recent(DAY)

    @pre_load
    def unset(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Take an empty day as none."""
        return {n: v for n, v in data.items() if n not in ("since", "until") or v}


class ToldAuthority(Form):
    """That an authority was told, when, and under which reference."""

    duty = typed(required=True)
    reference = typed(required=True)


class ProposeNotice(Long):
    """What guests are told of an incident."""

    duty = typed(required=True)
    words = typed(required=True)


class TakeBack(Form):
    """Which letters to guests are taken back before they go."""

    duty = typed(required=True)


class LetGo(Approve):
    """Which letters to guests, or notice to the public, with the digest of what was read."""

    duty = typed(required=True)


class Unreached(Form):
    """Of which duty those are shown whom no letter reached, and which page of them."""

    duty = typed(required=True)
    page = fields.Integer(load_default=1)


class PublicNotice(Long):
    """How, where and when those were told whom no letter reached, and in what words."""

    duty = typed(required=True)
    way = choice([each.value for each in Way])
    place = typed(required=True)
    on = day()
    text = typed()


class PlanMeasure(Form):
    """What is done after an incident, by whom and by when."""

    what = typed(required=True)
    owner = typed(required=True)
    due = day(_LATER)


class ReviewIncident(Long):
    """What an incident taught."""

    words = typed(required=True)
