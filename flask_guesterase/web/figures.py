"""Figures for those who improve the process: a page with charts and tables, a file, a command."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import click
from flask import Response, make_response, render_template, request

from ..core.permissions import Permission
from ..store.figures.gathering import MONTHS, Figures
from .console import Answer, guesterase_cli, listing, verb
from .current import current
from .desk import me, must, staff_pages

_COLUMNS = ("property", "month", "received", "answered", "late", "median", "ninety", "ended")
_LINE = ("property", "month", "what", "which", "count")


@staff_pages.get("/figures")
def figures() -> str:
    """Show requests, answer times, backlog and what ends, with a table beside each chart."""
    hotels = {hotel.code: hotel for hotel in must(Permission.FIGURES)}
    with current.begin(write=False) as office:
        found = office.figures(me(), _many())
    return render_template("guesterase/staff/figures.html", hotels=hotels, found=found)


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
    for age, count in each.waiting.items():
        yield "", "waiting", age, count
    for at, categories in each.coming.items():
        for category, count in categories.items():
            yield at, "coming", category, count
