"""What may come in through a door: one marshmallow schema for each form.

They say whether a form can be understood, never whether what it says is true: an address that
means nobody is taken like any other, so that the answer tells nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from marshmallow import (
    EXCLUDE,
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validates_schema,
)
from marshmallow.validate import OneOf, Regexp

from ...core.alert import BY_PEOPLE, Mistake
from ...core.asking import Asker, Delay, Seen
from ...core.halting import Stop
from ...core.identity import Kind
from ...core.lifecycle import Ground
from ...core.reasons import Reason
from ...core.register import Basis, Judgement
from ...core.restoring import RestoreGround
from ...core.wish import Wish
from ..wording.language import LANGUAGES, N_
from ..wording.words import CHANNELS, FORMATS, HOWS
from .fields import (
    CHOOSE,
    MISSING,
    choice,
    day,
    one_of,
    reaches,
    received_by,
    recent,
    said,
    typed,
    understood,
    whole,
)

LONGEST = 400
"""Characters of one field that are read; what is longer is cut, not refused."""

FILLABLE = tuple(channel for channel in CHANNELS if channel not in ("form", "cli"))
"""Channels a clerk may name; the form and the command name themselves."""

SHOWABLE = tuple(how for how in HOWS if how not in ("link", "claim"))
"""Ways of showing identity a clerk may record; link and claim code record themselves."""

_CONTACT = N_("Please give an e-mail address or a phone number.")
_REACHED = {
    Kind.EMAIL: N_(
        "This is not an e-mail address. It has a part before the @ and an end such as .com; "
        "correct it, or leave it empty."
    ),
    Kind.PHONE: N_("This is not a phone number. Write its digits, or leave it empty."),
}
_NIGHT = N_("Please give a night as a day.")
_WHOLE = N_("Please give a night, a name or a document number: never the whole register.")
_MOMENT = N_("Please give day and time at which it was noticed.")


class Form(Schema):
    """A form as browsers send it: unknown fields are passed over, text is trimmed and cut."""

    class Meta:
        unknown = EXCLUDE

    @pre_load
    def trim(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Trim and cut every text; a NUL means nothing in a name and breaks databases."""
        return {
            name: value.replace("\0", "").strip()[:LONGEST] if isinstance(value, str) else value
            for name, value in data.items()
        }


class Offered(Form):
    """A form in some fields of which one of what is offered to this reader must be chosen.

    :param offered: field -> what is offered.
    """

    def __init__(self, **offered: Collection[str]) -> None:
        super().__init__()
        self.offered = offered

    @validates_schema
    def check_offered(self, data: Mapping[str, Any], **_: Any) -> None:
        """Compare the choices with what is offered."""
        wrong = {name: [CHOOSE] for name, known in self.offered.items() if data[name] not in known}
        if wrong:
            raise ValidationError(wrong)


class AskWish(Form):
    """What a guest asks for."""

    wish = one_of([each.value for each in Wish])


class AskHotel(Offered):
    """Which hotel is asked."""

    property = fields.String(load_default="")


class AskName(Form):
    """Who asks. There is no field for a document."""

    name = typed(required=True)


class Claimed(Form):
    """A claim code and the name it was printed for."""

    code = typed(required=True)
    name = typed(required=True)


class PrintClaim(Offered):
    """For whom a clerk prints a claim code."""

    property = typed(required=True)
    key = typed(required=True)
    value = typed(required=True)
    name = typed(required=True)
    lang = choice(LANGUAGES)


class AskContact(Form):
    """What the hotel has of a guest, or a contact that is to be looked for once more."""

    email = typed()
    phone = typed()

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Ask for a contact that can exist; whose it is makes no difference."""
        given = {kind: data[kind] for kind in _REACHED if data.get(kind)}
        wrong = {k.value: [_REACHED[k]] for k, text in given.items() if not reaches(k, text)}
        if not given:
            wrong = {"email": [_CONTACT]}
        if wrong:
            raise ValidationError(wrong)


class AskBooking(Form):
    """A number of a booking, if there is one at hand."""

    booking = typed()


class LookUp(Form):
    """The case code a guest holds."""

    code = typed(required=True)


class File(Offered):
    """A request a clerk files.

    :param today: day at the desk; the day of receipt is not later.
    :param offered: field -> what is offered.
    """

    property = typed(required=True)
    key = typed(required=True)
    value = typed(required=True)
    name = typed()
    channel = one_of(FILLABLE)
    lang = one_of(LANGUAGES)
    asked_by = choice([who.value for who in Asker])
    reason = choice([reason.value for reason in Reason])
    wish = choice([each.value for each in Wish])
    received = day()
    sure = typed()

    def __init__(self, today: date, **offered: Collection[str]) -> None:
        super().__init__(**offered)
        self.today = today

    @validates_schema
    def check_day(self, data: Mapping[str, Any], **_: Any) -> None:
        """Compare the day of receipt with today."""
        received_by(data["received"], self.today, data["sure"])


class Confirm(Form):
    """How a guest showed who they are."""

    how = one_of(SHOWABLE)
    seen = choice([paper.value for paper in Seen])


class Extend(Form):
    """Why an answer takes longer."""

    reason = one_of([delay.value for delay in Delay])


class Refuse(Form):
    """On which ground a request is refused."""

    ground = one_of([ground.value for ground in Ground])


class Restore(Form):
    """On which ground an erasure is taken back."""

    ground = one_of([each.value for each in RestoreGround])


class TakeBack(Form):
    """The number of the proposal that was read; a template of the host's may send none."""

    proposal = fields.Integer(load_default=None)


class Looked(Form):
    """How often somebody had objected when it was looked at; a host's template may send none."""

    seen = fields.Integer(load_default=None)


class Choose(Form):
    """Which of the profiles that are perhaps the same person's is meant."""

    person = whole()


class Approve(Form):
    """The digest of the plan that was read."""

    digest = fields.String(
        required=True,
        validate=Regexp(r"[0-9a-f]{64}\Z", error=MISSING),
        error_messages=said(MISSING),
    )


class Produce(Offered):
    """What an authority asks to see of the guest register, and who asks."""

    property = typed(required=True)
    night = recent(_NIGHT)
    until = recent(_NIGHT)
    room = typed()
    name = typed()
    document = typed()
    authority = typed(required=True)
    officer = typed(required=True)
    reference = typed(required=True)
    basis = one_of([basis.value for basis in Basis])
    format = one_of(FORMATS)

    @pre_load
    def unset(self, data: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """Take an empty day as none."""
        return {n: v for n, v in data.items() if n not in ("night", "until") or v}

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Ask for a question that is not about everything."""
        if not any(data[name] for name in ("night", "name", "document")):
            raise ValidationError({"night": [_WHOLE]})

    @post_load
    def enumerate(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Return the basis as the value it is."""
        return {**data, "basis": Basis(data["basis"])}


class Review(Form):
    """What a second person finds about what was produced."""

    finding = one_of([finding.value for finding in Judgement])


class Previewed(Form):
    """The number of the preview that was read."""

    preview = whole()


class Settled(Form):
    """Whose a row is in which an erased person seems to be back."""

    whose = one_of(("theirs", "lives"))


class Refilled(Form):
    """The table of which all rows under erased profiles are decided about, as far as read."""

    table = typed(required=True)
    last = whole()


class Objection(Form):
    """Who does not want advertising, or agreed to it anew."""

    property = typed(required=True)
    contact = typed(required=True)
    what = one_of(("object", "agree"))


class Halted(Form):
    """Why somebody stops erasing by day."""

    ground = one_of([ground.value for ground in Stop])


class Signed(Form):
    """How much it was that somebody destroyed, or did."""

    count = whole()


class Whose(Form):
    """Whether a row is the erased person's."""

    theirs = fields.String(
        required=True, validate=OneOf(["yes", "no"], error=CHOOSE),
        error_messages={"required": MISSING, "null": MISSING},
    )  # fmt: skip


def read(schema: Form, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form as values.

    :param schema: what it should be.
    :param form: what came in; of a field sent twice, the first counts.
    :raises InputError: it cannot be understood; ``fields`` says where.
    """
    return understood(schema, dict(form.items()), "The form cannot be read.")


class Sign(Form):
    """Which pack is signed, and which text of it was read; a host's template may not say that."""

    pack = typed(required=True)
    text = fields.String(load_default=None)


class Line(Form):
    """Which line of the rulebook is meant."""

    line = whole()


class Reported(Offered):
    """A mistake that somebody on duty reports."""

    property = typed(required=True)
    kind = one_of([kind.value for kind in Mistake])
    noticed = fields.NaiveDateTime(
        required=True, error_messages=said(_MOMENT),
    )  # fmt: skip
    words = typed()


class Closed(Form):
    """On which ground an alert is closed."""

    ground = one_of([ground.value for ground in BY_PEOPLE])


class Printed(Form):
    """Which emergency plan somebody printed."""

    property = typed(required=True)
    fingerprint = fields.String(
        required=True,
        validate=Regexp(r"[0-9a-f]{64}\Z", error=MISSING),
        error_messages=said(MISSING),
    )
