"""Staff pages of copies: what one would hold, releasing it, the code for a guest at the desk."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.lifecycle import COPIES, OPEN, State
from ...core.permissions import Permission
from ...core.wish import Kind
from ...store.office import Office
from ..current import current
from ..forms import pressing, schemas
from ..wording import letters
from ..wording.reader import theirs
from ..wording.rendering import render_template
from .desk import deed, may, me, staff_pages


def of_copy(office: Office, case: dict[str, Any], plans: bool = True) -> dict[str, Any]:
    """Return what a page about a request says of its copy, and what the reader may do with it.

    :param office: the open office.
    :param case: the request, as `Office.show` gives it.
    :param plans: whether what it would hold can be read; it is not released where it cannot.
    """
    state, code = State(case["state"]), case["property"]
    if case["kind"] != Kind.COPY:
        return {}
    # Whoever released it does not hand it out.
    other = case["decided_by"] != office.acts_as(me())
    ready = state in COPIES and bool(case["copy_until"])
    told: dict[str, Any] = {
        "release": plans and state is State.REVIEW and may(Permission.APPROVE, code),
        "hand_out": ready and other and may(Permission.VERIFY, code),
        "outline": None,
        "digest": "",
    }
    if plans and state in OPEN and not case["keyless"]:
        told["outline"], told["digest"] = office.outline(case["number"], me())
    return told


@staff_pages.post("/<number>/release")
def release(number: str) -> AnyResponse:
    """Release the copy that was read."""
    form = schemas.read(schemas.Approve(), request.form)
    deed(lambda office: office.release_copy(number, me(), form["digest"]))
    return redirect(url_for(".show", number=number), 303)


@staff_pages.post("/<number>/copy-after")
def copy_after(number: str) -> AnyResponse:
    """File a request for a copy of what is still kept of somebody who was erased."""
    with current.begin() as office:
        # The journal tells a guest who comes again from a page that was slow to answer.
        made = pressing.once(office, lambda: office.copy_after(number, me()), me(), pressing.MOMENT)
    return redirect(url_for(".show", number=made), 303)


@staff_pages.post("/<number>/copy")
def hand_out(number: str) -> str:
    """Show a slip with the code that opens the copy, once, for a guest at the desk."""
    with current.begin() as office:
        code = office.hand_out_copy(number, me())
        case = office.show(number, by=me())
    hotel = current.settings.property(case["property"])
    return render_template(
        "guesterase/staff/copyslip.html",
        case=case, hotel=hotel, code=code, address=letters.address("copy"),
        theirs=theirs(case["lang"], hotel.zone),
    )  # fmt: skip
