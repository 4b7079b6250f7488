"""Our templates, rendered as they were written, however strict the host is with its own."""

from __future__ import annotations

from typing import Any

import flask
from flask import current_app
from jinja2 import Environment, Template, Undefined

_NAME = "guesterase_templates"


def template_of(name: str) -> Template:
    """Return a template of ours, or the host's in its place.

    Ours ask whether something is there by its name. A host whose environment takes that for an
    error (``StrictUndefined``) keeps it so for its own pages.

    :param name: name of the template.
    """
    given = current_app.jinja_env
    known: dict[str, Environment] = current_app.extensions.setdefault(_NAME, {})
    if "overlay" not in known:
        known["overlay"] = given.overlay(undefined=Undefined)
    return known["overlay"].get_template(name)


def render_template(name: str, /, **context: Any) -> str:
    """Return a page of ours.

    :param name: name of the template.
    :param context: what it is given.
    """
    return flask.render_template(template_of(name), **context)
