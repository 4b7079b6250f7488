"""Figures for those who improve the process: a page with charts and tables, a file, a command."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import click
from flask import Response, make_response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError
from ...core.monthly import Measure
from ...core.permissions import Permission
from ...store.figures.gathering import MONTHS, Figures
from ...store.monthly.published import Figure
from ...store.settings import Property
from ..commands.console import Answer, guesterase_cli, listing, verb
from ..current import current
from ..forms import officerforms, pressing, schemas
from ..pages import no_fields
from ..staffpages.desk import deed, granted, me, must, placed, staff_pages
from ..wording.reader import language
from ..wording.rendering import render_template
from ..wording.words import word

_COLUMNS = ("property", "month", "received", "answered", "late", "median", "ninety", "ended")
_LINE = ("property", "month", "what", "which", "count")


@staff_pages.get("/figures")
def figures() -> str:
    """Show requests, answer times, backlog, complaints, incidents, training and what ends."""
    hotels = {hotel.code: hotel for hotel in must(Permission.FIGURES)}
    return _page(hotels, {}, {})


def _page(hotels: Mapping[str, Property], values: Any, problems: dict[str, list[str]]) -> str:
    with current.begin(write=False) as office:
        found = office.figures(me(), _many())
        ours, theirs = office.compared(me(), found if _many() == MONTHS else ())
    tongue = language()
    improving = {hotel.code: hotel for hotel in granted(Permission.IMPROVE)}
    return render_template(
        "guesterase/staff/figures.html",
        hotels=hotels,
        found=found,
        ours=ours,
        theirs=theirs,
        improving=improving,
        measures=[each.value for each in Measure],
        property_options=[(hotel.code, hotel.name) for hotel in improving.values()],
        measure_options=[(each.value, word(tongue, each)) for each in Measure],
        values=values,
        problems=problems,
    )


@staff_pages.post("/figures/published")
def publish() -> AnyResponse:
    """Enter a figure that somebody else published, with source and day."""
    hotels = {hotel.code: hotel for hotel in must(Permission.IMPROVE)}
    given = placed(request.form, hotels)
    try:
        form = schemas.read(officerforms.Published(property=hotels), given)
        with current.begin() as office:
            pressing.once(office, lambda: office.publish(Figure(**form), me()), me())
    except InputError as problem:
        seen = {hotel.code: hotel for hotel in must(Permission.FIGURES)}
        return make_response(_page(seen, request.form, no_fields(problem)), 422)
    return redirect(url_for(".figures"), 303)


@staff_pages.post("/figures/published/<int:published>/withdraw")
def withdraw_published(published: int) -> AnyResponse:
    """Take a figure of somebody else out again."""
    must(Permission.IMPROVE)
    deed(lambda office: office.withdraw_published(published, me()))
    return redirect(url_for(".figures"), 303)


@staff_pages.get("/figures.csv")
def figures_file() -> Response:
    """Give the same figures as a file for a spreadsheet."""
    must(Permission.FIGURES)
    with current.begin(write=False) as office:
        found = office.figures(me(), _many())
    answer = make_response(as_csv(found))
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = 'attachment; filename="figures.csv"'
    return answer


def _many() -> int:
    given = request.args.get("months", "")
    return int(given) if given.isdecimal() and len(given) < 4 else MONTHS


@verb(guesterase_cli, "figures")
@click.option("--months", type=int, default=MONTHS, show_default=True, help="How many months.")
def figures_command(months: int) -> Answer:
    """Count requests, answer times, backlog and what ends by its day, month by month."""
    with current.begin(write=False) as office:
        found = office.figures(many=months)
    return Answer([each.as_dict() for each in found], listing(list(_rows(found)), _COLUMNS))


def _rows(found: Sequence[Figures]) -> Iterator[dict[str, Any]]:
    for each in found:
        for month in each.months:
            median, ninety = month.days or ("", "")
            yield {
                "property": each.property, "month": month.month, "received": month.received,
                "answered": month.answered, "late": month.late, "median": median,
                "ninety": ninety, "ended": each.ended.get(month.month, 0),
            }  # fmt: skip


def as_csv(found: Sequence[Figures]) -> str:
    """Return figures as one line each: property, month, what, which, count.

    :param found: figures of properties.
    """
    out = io.StringIO()
    # With a mark at its head a spreadsheet reads the file as UTF-8.
    out.write("\ufeff")
    lines = csv.writer(out, lineterminator="\r\n")
    lines.writerow(_LINE)
    for each in found:
        lines.writerows((each.property, *line) for line in _lines(each))
    return out.getvalue()


def _lines(each: Figures) -> Iterator[tuple[str, str, str, int]]:
    for month in each.months:
        at = month.month
        yield at, "received", "", month.received
        yield at, "answered", "", month.answered
        yield at, "late", "", month.late
        yield at, "open", "", month.open
        if month.days is not None:
            yield at, "days", "median", month.days[0]
            yield at, "days", "ninetieth", month.days[1]
        parts = ("channel", month.channels), ("outcome", month.outcomes), ("ground", month.grounds)
        for what, counts in parts:
            for which, count in counts.items():
                yield at, what, which, count
        yield at, "ended", "", each.ended.get(at, 0)
        for which, count in asdict(each.handled[at]).items():
            yield at, "handled", which, count
        for which, count in each.reviewed[at].items():
            yield at, "reviewed", which, count
    for age, count in each.waiting.items():
        yield "", "waiting", age, count
    for at, categories in each.coming.items():
        for category, count in categories.items():
            yield at, "coming", category, count
