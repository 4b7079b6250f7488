"""A form of a page with several that was not taken: the page again, with what was sent and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import current_app, g, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from ...core.errors import InputError

_View = Callable[..., Any]


@dataclass(frozen=True)
class Sent:
    """What was sent to one address, and what is wrong with it, by field.

    :param path: the address; empty where nothing was sent.
    :param values: what was sent.
    :param problems: field -> sentences.
    """

    path: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, list[str]] = field(default_factory=dict)


_NOTHING = Sent()
_OUTCOME = "_guesterase_outcome"


def on_page(name: str) -> Callable[[_View], _View]:
    """Let a view whose form is not taken show the page on which that form stands.

    :param name: name of the page's view in the same blueprint; it is given what it takes of the
        address.
    """

    def wrap(view: _View) -> _View:
        @wraps(view)
        def taken(**parts: Any) -> Any:
            try:
                return view(**parts)
            except InputError as problem:
                if not problem.fields:
                    raise
                return _again(name, parts, problem.fields)

        return taken

    return wrap


def outcome(view: _View) -> _View:
    """Mark a view that shows what a form sent to its address did, and holds no form itself."""
    setattr(view, _OUTCOME, True)
    return view


def is_outcome(page: str) -> bool:
    """Return whether a page shows what a form did: nobody who was refused is led there.

    :param page: name of its view, with that of its blueprint.
    """
    return hasattr(current_app.view_functions[page], _OUTCOME)


def _again(name: str, parts: Mapping[str, Any], problems: Mapping[str, list[str]]) -> AnyResponse:
    values = request.form if request.method == "POST" else request.args
    g.guesterase_untaken = Sent(_path(), values, problems)
    endpoint = f"{request.blueprint}.{name}"
    wanted = next(
        rule.arguments for rule in current_app.url_map.iter_rules(endpoint) if "GET" in _of(rule)
    )
    page = current_app.view_functions[endpoint]
    shown = page(**{part: value for part, value in parts.items() if part in wanted})
    return make_response(shown, 422)


def _of(rule: Any) -> set[str]:
    return rule.methods or set()


def _path() -> str:
    return f"{request.script_root}{request.path}"


def untaken() -> bool:
    """Return whether this page is shown because a form of it was not taken."""
    return "guesterase_untaken" in g


def sent_to(*addresses: str) -> Sent:
    """Return what was sent to one of these addresses and was not taken; empty where none was.

    :param addresses: addresses as forms of ours name them.
    """
    sent: Sent = g.get("guesterase_untaken", _NOTHING)
    paths = [address.partition("?")[0] for address in addresses]
    return sent if sent.path in paths else _NOTHING
