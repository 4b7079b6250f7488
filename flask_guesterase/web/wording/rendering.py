"""Our templates, rendered as they were written, however strict the host is with its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask
from flask import current_app
from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    Template,
    Undefined,
)

_NAME = "guesterase_templates"


def ours() -> BaseLoader:
    """Return the loader of our templates, by their names and once more under ``original/``."""
    found = FileSystemLoader(Path(__file__).parents[1] / "templates")
    return ChoiceLoader([found, PrefixLoader({"original": found})])


def template_of(name: str) -> Template:
    """Return a template of ours, or the host's in its place.

    Ours ask whether something is there by its name. A host whose environment takes that for an
    error (``StrictUndefined``) keeps it so for its own pages.

    :param name: name of the template.
    """
    given = current_app.jinja_env
    known: dict[str, Environment] = current_app.extensions.setdefault(_NAME, {})
    if "overlay" not in known:
        # A host that shows none of our pages writes our letters all the same.
        found = [loader for loader in (given.loader, ours()) if loader is not None]
        known["overlay"] = given.overlay(undefined=Undefined, loader=ChoiceLoader(found))
    return known["overlay"].get_template(name)


def render_template(name: str, /, **context: Any) -> str:
    """Return a page of ours.

    :param name: name of the template.
    :param context: what it is given.
    """
    return flask.render_template(template_of(name), **context)
