"""The blueprint of the guest's pages, and how tries are counted there."""

from __future__ import annotations

from flask import render_template, request

from ..store.views import CaseView
from .current import current
from .pages import pages

guest_pages = pages("guesterase_guest", "guest")
"""Blueprint for guests; the host registers it under a prefix of its own."""

CASE = "guesterase_case"
"""Under which a browser keeps its case code."""


def count(action: str) -> None:
    """Count a try in a transaction of its own, so that it counts when what follows fails.

    :param action: what is tried.
    :raises LimitError: there were too many.
    """
    with current.begin() as office:
        office.attempt(action, request.remote_addr or "")


def moved(case: CaseView) -> str:
    """Say that a link is not needed any more, since its request has moved on.

    :param case: the request that the link confirmed, or would have.
    """
    return render_template("guesterase/guest/moved.html", case=case)
