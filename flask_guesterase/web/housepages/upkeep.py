"""Staff pages of what ends by its day: the sweep and who confirms it, the clock, and tasks."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.halting import Stop
from ...core.permissions import Permission
from ...store.casework.tasks import PAGE
from ..current import current
from ..forms import schemas
from ..forms.untaken import on_page
from ..pages import page_number
from ..staffpages.desk import deed, granted, me, must, staff_pages
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import CATEGORIES, DOORS, STOPS, SWEPT


@staff_pages.get("/sweep")
def sweep() -> str:
    """Show the last sweep, what waits to be confirmed, and whether the clock is believed."""
    hotels = {hotel.code: hotel for hotel in must(Permission.LAW)}
    with current.begin(write=False) as office:
        status = office.sweeps(me())
        said = office.said_first(me())
        counts = office.counts(me())
    tongue = language(zone=next(iter(hotels.values())).zone)
    done = status["last"]["counts"] if status["last"] else {}
    return render_template(
        "guesterase/staff/sweep.html",
        hotels=hotels,
        did=[(tongue.gettext(SWEPT.get(name, name)), count) for name, count in done.items()],
        counts=counts,
        said=said,
        ground_options=[(stop.value, tongue.gettext(STOPS[stop.value])) for stop in Stop],
        wakes=current.wakes,
        came=[(tongue.gettext(DOORS[door]), at) for door, at in status["doors"].items()],
        **status,
    )


@staff_pages.post("/sweep/confirm")
def confirm_sweep() -> AnyResponse:
    """Confirm what a preview showed; the next sweep erases it."""
    must(Permission.LAW)
    form = schemas.read(schemas.Previewed(), request.form)
    deed(lambda office: office.confirm_sweep(me(), [form["preview"]]))
    return redirect(url_for(".sweep"), 303)


@staff_pages.post("/sweep/clock")
def confirm_clock() -> AnyResponse:
    """Say that the clock is right, as the first or as the second person."""
    must(Permission.LAW)
    deed(lambda office: office.confirm_clock(me()))
    return redirect(url_for(".sweep"), 303)


@staff_pages.post("/sweep/now")
def sweep_now() -> AnyResponse:
    """Let a sweep begin in the background, though it is not time."""
    must(Permission.LAW)
    deed(lambda office: office.ask_sweep(me()))
    current.wake()
    return redirect(url_for(".sweep"), 303)


@staff_pages.post("/sweep/halt")
@on_page("sweep")
def halt_sweep() -> AnyResponse:
    """Stop erasing by day for the whole house."""
    must(Permission.LAW)
    form = schemas.read(schemas.Halted(), request.form)
    deed(lambda office: office.halt_sweep(me(), form["ground"]))
    return redirect(url_for(".sweep"), 303)


@staff_pages.post("/sweep/resume")
def resume_sweep() -> AnyResponse:
    """Say that erasing by day goes on, as the first or as the second person."""
    must(Permission.LAW)
    deed(lambda office: office.resume_sweep(me()))
    return redirect(url_for(".sweep"), 303)


@staff_pages.get("/tasks")
def tasks() -> str:
    """List what people must do by a day, and what they signed, a page at a time."""
    hotels = must(Permission.ERASE, Permission.LAW)
    number = page_number()
    with current.begin(write=False) as office:
        due = office.tasks(me(), page=number)
        done = office.tasks(me(), done=True, page=number)
    language(zone=hotels[0].zone)
    return render_template(
        "guesterase/staff/tasks.html",
        due=due[:PAGE],
        done=done[:PAGE],
        page=number,
        more=len(due) > PAGE or len(done) > PAGE,
        telling={hotel.code for hotel in granted(Permission.VERIFY)},
        viewing={hotel.code for hotel in granted(Permission.VIEW)},
        categories=CATEGORIES,
    )


@staff_pages.post("/tasks/<int:task>")
@on_page("tasks")
def sign_task(task: int) -> AnyResponse:
    """Sign that a task is done, and how much it was."""
    must(Permission.ERASE, Permission.LAW)
    form = schemas.read(schemas.Signed(), request.form)
    deed(lambda office: office.sign_task(task, form["count"], me()))
    return redirect(url_for(".tasks"), 303)
