"""What may come in through the API, and what goes out: one marshmallow schema each."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validates_schema
from marshmallow.validate import Length, OneOf, Range, Regexp

from ...core.asking import Asker, Delay, Seen
from ...core.holding import Cause, Scope
from ...core.lifecycle import Ground, State
from ...core.likeness import MOST
from ...core.reasons import Reason
from ...core.register import Basis, Judgement
from ...core.wish import Kind, Wish
from ...store.statements.paging import PAGES
from ..forms.fields import understood
from ..forms.schemas import FILLABLE, LONGEST, SHOWABLE
from ..wording.language import LANGUAGES

DIGEST = r"^[0-9a-f]{64}\Z"
LARGEST = 2**53 - 1


class Body(Schema):
    """A JSON object as programs send it: what is not known is refused, not passed over."""

    class Meta:
        unknown = RAISE

    @pre_load
    def plain(self, data: Any, **_: Any) -> Any:
        """Refuse what means nothing in a text and breaks databases."""
        if isinstance(data, Mapping):
            for name, value in data.items():
                wrong = _broken(name) or _broken(value)
                if wrong:
                    raise ValidationError({"" if _broken(name) else str(name): [wrong]})
        return data


def _broken(value: Any) -> str:
    """Return why no database can keep a value, or nothing when one can."""
    try:
        text = json.dumps(value, ensure_ascii=False)
        text.encode()
    except UnicodeEncodeError:
        return "Half of a surrogate pair cannot be in a text."
    except RecursionError:
        return "It is nested too deeply."
    return "A NUL cannot be in a text." if "\\u0000" in text else ""


def text(required: bool = False, longest: int = LONGEST) -> fields.String:
    """Return a field of text."""
    if required:
        return fields.String(required=True, validate=Length(min=1, max=longest))
    return fields.String(load_default="", validate=Length(max=longest))


def one_of(words: Collection[str], required: bool = True) -> fields.String:
    """Return a field that takes one of some words, or nothing where it need not be given."""
    known = [str(word) for word in words]
    if required:
        return fields.String(required=True, validate=OneOf(known))
    return fields.String(load_default="", validate=OneOf(["", *known]))


def matched() -> fields.Dict:
    """Return a field of match keys with their values, one at least."""
    return fields.Dict(
        keys=fields.String(validate=Length(min=1, max=80)),
        values=fields.String(validate=Length(min=1, max=LONGEST)),
        required=True, validate=Length(min=1, max=8),
    )  # fmt: skip


class Empty(Body):
    """Nothing is sent."""


class File(Body):
    """A request that reached the hotel otherwise than through the guest's form."""

    match = matched()
    property = text(longest=40)
    channel = one_of(FILLABLE)
    received = fields.Date(load_default=None)
    lang = one_of(LANGUAGES, required=False)
    asked_by = one_of([who.value for who in Asker], required=False)
    reason = one_of([reason.value for reason in Reason], required=False)
    wish = one_of([each.value for each in Wish], required=False)


class Claim(Body):
    """What is known of the guest who stands at the desk, the name among it."""

    match = matched()
    property = text(longest=40)


class Deputy(Body):
    """Who stands in for who looks after a request: the host's id, or nobody."""

    deputy = text(longest=80)


class Shift(Body):
    """A note for who comes next, without anybody's data."""

    property = text(longest=40)
    note = text(required=True)


class Chosen(Body):
    """Requests that are alike, each with the digest of the plan that was read."""

    chosen = fields.Dict(
        keys=fields.String(validate=Length(min=1, max=40)),
        values=fields.String(validate=Regexp(DIGEST)),
        required=True, validate=Length(min=1, max=MOST),
    )  # fmt: skip


class Confirm(Body):
    """How a guest showed who they are."""

    how = one_of(SHOWABLE)
    seen = one_of([paper.value for paper in Seen], required=False)


class Choose(Body):
    """Which of the profiles that are perhaps the same person's is meant."""

    person = fields.Integer(required=True, strict=True, validate=Range(min=1, max=LARGEST))


class Approve(Body):
    """The digest of what was read."""

    digest = fields.String(required=True, validate=Regexp(DIGEST))


class Refuse(Body):
    """On which ground a request is refused."""

    ground = one_of([ground.value for ground in Ground])


class Extend(Body):
    """Why an answer takes longer."""

    reason = one_of([delay.value for delay in Delay])


class Hold(Body):
    """What is to be held, and why."""

    scope = one_of([scope.value for scope in (Scope.SUBJECT, Scope.RECORD, Scope.QUERY)])
    table = text(longest=128)
    key = text()
    query = text(longest=80)
    property = text(longest=40)
    why = one_of([cause.value for cause in Cause])
    reference = text(longest=200)
    review_on = text(longest=10)
    silent = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class Freeze(Body):
    """Which night or room is frozen; all of the property when neither is given."""

    property = text(required=True, longest=40)
    night = text(longest=10)
    room = text(longest=40)


class Produce(Body):
    """What an authority asks to see of the guest register, and who asks."""

    property = text(required=True, longest=40)
    night = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    room = text(longest=40)
    name = text()
    document = text()
    authority = text(required=True)
    officer = text(required=True)
    reference = text(required=True)
    basis = one_of([basis.value for basis in Basis])

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Ask for a question that is not about everything."""
        if not any(data[name] for name in ("night", "name", "document")):
            raise ValidationError({"night": ["Give a night, a name or a document number."]})


class Review(Body):
    """What a second person finds about what was produced."""

    finding = one_of([finding.value for finding in Judgement])


class Previewed(Body):
    """The number of the preview that was read."""

    preview = fields.Integer(required=True, strict=True, validate=Range(min=1, max=LARGEST))


class Listing(Body):
    """Which requests are listed."""

    property = text(longest=40)
    state = one_of(["open", "overdue", *(state.value for state in State)], required=False)
    page = fields.Integer(load_default=1, validate=Range(1, PAGES))


class Page(Body):
    """Which page of a list."""

    page = fields.Integer(load_default=1, validate=Range(1, PAGES))


class Older(Body):
    """Where a list goes on."""

    before = fields.Integer(load_default=None, validate=Range(1, LARGEST))


class Numbered(Schema):
    """Number of a request."""

    number = fields.String(required=True)


class Coded(Schema):
    """The case code for the guest's slip, shown once."""

    case_code = fields.String(required=True)


class Claimed(Schema):
    """A claim code for the guest's slip, shown once."""

    code = fields.String(required=True)
    property = fields.String(required=True)
    until = fields.Date(required=True)
    rows = fields.Integer(required=True)


class Counted(Schema):
    """How many it was about."""

    count = fields.Integer(required=True)


class Stands(Schema):
    """Where a request stands: numbers, days and words, nobody's data."""

    number = fields.String(required=True)
    property = fields.String(required=True)
    kind = fields.String(required=True, validate=OneOf([*(k.value for k in Kind), "canary"]))
    state = fields.String(required=True, validate=OneOf([state.value for state in State]))
    word = fields.String(required=True)
    due_on = fields.Date(required=True)


class Requests(Schema):
    """Requests, those whose answer is due first before the others, and the next page."""

    requests = fields.List(fields.Nested(Stands), required=True)
    next = fields.Integer(required=True, allow_none=True)


class Plan(Schema):
    """What would be done, with the digest that an approval names."""

    number = fields.String(required=True)
    digest = fields.String(required=True)


class Outline(Schema):
    """What a copy would hold, without its values, with the digest that a release names."""

    digest = fields.String(required=True)


class Until(Schema):
    """A last day."""

    until = fields.Date(required=True)


class Identified(Schema):
    """Number of what was made."""

    id = fields.Integer(required=True)


class Frozen(Schema):
    """Number of a freeze, or null."""

    id = fields.Integer(required=True, allow_none=True)


class Done(Schema):
    """That it was done."""

    done = fields.Boolean(required=True)


class Items(Schema):
    """A list."""

    items = fields.List(fields.Dict(), required=True)


class Letters(Schema):
    """Letters, the newest first, and before which id the older ones are; null where none are."""

    items = fields.List(fields.Dict(), required=True)
    next = fields.Integer(required=True, allow_none=True)


class Paged(Schema):
    """A page of a list, and the number of the next one; null where it is the last."""

    items = fields.List(fields.Dict(), required=True)
    next = fields.Integer(required=True, allow_none=True)


class Anything(Schema):
    """A document of a format of its own."""


class Told(Schema):
    """How a failure is told. Source: RFC 9457."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    hint = fields.String(required=True)
    fields_ = fields.Dict(data_key="fields")
    reasons = fields.List(fields.String())
    differences = fields.List(fields.String())


def read(schema: Body, data: Any) -> dict[str, Any]:
    """Return what came as values.

    :param schema: what it should be.
    :param data: JSON, or the question of an address.
    :raises InputError: it cannot be understood; ``fields`` says where.
    """
    return understood(schema, data, "What was sent cannot be read.")

