"""A public page with the age of the oldest record of a guest that is still held.

It is there only where the host registers it: ``app.register_blueprint(age_pages,
url_prefix="/privacy/age")``. The sweep notes the age; a visitor costs one statement at most.
"""

from __future__ import annotations

from flask import Response, jsonify, make_response

from .current import current
from .pages import pages
from .wording.rendering import render_template

age_pages = pages("guesterase_age", "guest")
"""Blueprint with the one page; the host registers it under a prefix of its own."""

SECONDS = 3600
"""For how long a browser may keep the page: an age in months has time. What lies between keeps
nothing, for a host may put the reader's session on any answer."""


@age_pages.get("/")
def age() -> Response:
    """Show the age in whole months, the same for everybody, and when nobody knows it."""
    with current.begin(write=False) as office:
        months = office.oldest_months()
    hotels = list(current.settings.properties.values())
    page = render_template("guesterase/guest/age.html", months=months, hotels=hotels)
    response = make_response(page)
    response.cache_control.private = True
    response.cache_control.max_age = SECONDS
    return response


@age_pages.get("/age.json")
def age_file() -> Response:
    """Hand out the same number for a program."""
    with current.begin(write=False) as office:
        response = jsonify(oldest_months=office.oldest_months())
    response.cache_control.private = True
    response.cache_control.max_age = SECONDS
    return response
