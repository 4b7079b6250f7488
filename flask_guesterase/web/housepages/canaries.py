"""Staff page of invented guests: who switched them on, and where they were seen afterwards."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.permissions import Permission
from ..current import current
from ..staffpages.desk import deed, me, must, staff_pages
from ..wording.rendering import render_template


@staff_pages.get("/canaries")
def canaries() -> str:
    """List the invented guests, and say whether they go through each hotel."""
    hotels = must(Permission.LAW)
    with current.begin(write=False) as office:
        rows, running = office.canaries(me()), office.canaries_on()
        said = office.canaries_said(me())
    return render_template(
        "guesterase/staff/canaries.html", rows=rows, hotels=hotels, running=running,
        said=said, declared=current.canary_properties,
    )  # fmt: skip


@staff_pages.post("/canaries/on")
def switch_canary() -> AnyResponse:
    """Let invented guests go through a hotel, as the first or as the second person."""
    place = _hotel()
    deed(lambda office: office.switch_canary(place, me()))
    return redirect(url_for(".canaries"), 303)


@staff_pages.post("/canaries/off")
def stop_canary() -> AnyResponse:
    """Let no more of them go through a hotel."""
    with current.begin() as office:
        office.stop_canary(_hotel(), me())
    return redirect(url_for(".canaries"), 303)


def _hotel() -> str:
    hotels = must(Permission.LAW)
    return request.form.get("property") or hotels[0].code
