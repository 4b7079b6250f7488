"""Staff pages of who else holds copies: what failed, what is late, and what a person did."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.permissions import Permission
from ...store.partners.outstanding import PAGE
from ..current import current
from ..pages import page_number, row_id
from ..wording.rendering import render_template
from .desk import deed, me, must, staff_pages


@staff_pages.get("/recipients")
def recipients() -> str:
    """List the notices that are not settled, failed and late ones first, a page at a time."""
    must(Permission.VERIFY)
    number = page_number()
    first = request.args.get("notice", 0, row_id)
    with current.begin(write=False) as office:
        notices = office.recipients(me(), page=number, first=first)
    return render_template(
        "guesterase/staff/recipients.html",
        notices=notices[:PAGE],
        page=number,
        first=first,
        more=len(notices) > PAGE,
    )


@staff_pages.post("/recipients/<int:notice>/again")
def tell_again(notice: int) -> AnyResponse:
    """Try a notice again that could not be told."""
    must(Permission.VERIFY)
    deed(lambda office: office.tell_again(notice, me()))
    return redirect(url_for(".recipients"), 303)


@staff_pages.post("/recipients/<int:notice>/done")
def told_by_hand(notice: int) -> AnyResponse:
    """Sign that a recipient was told by hand, or that its copies are gone."""
    must(Permission.VERIFY)
    deed(lambda office: office.told_by_hand(notice, me()))
    return redirect(url_for(".recipients"), 303)
