"""One thing the API can do: its address, what it takes and gives, and what may go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import request
from marshmallow import Schema
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from ...core.errors import InputError
from ...core.permissions import Permission
from ..anew import anew
from .bodies import Body, Empty, read
from .door import answer, api_pages


@dataclass(frozen=True)
class Operation:
    """One operation, as the description of the API tells it.

    :param name: name of the view.
    :param method: HTTP method.
    :param path: address below the prefix, with Flask's converters.
    :param permission: what the token and the person need, or None.
    :param takes: schema of the body, or of the question of a GET.
    :param gives: schema of the answer.
    :param status: status when it works.
    :param keyed: whether an Idempotency-Key may come with it.
    :param said: what it does, and any further lines.
    """

    name: str
    method: str
    path: str
    permission: Permission | None
    takes: type[Body]
    gives: type[Schema]
    status: int
    keyed: bool
    said: str


OPERATIONS: list[Operation] = []
"""Everything the API can do, in the order of the modules."""

View = Callable[..., Any]


def operation(
    method: str,
    path: str,
    permission: Permission | None,
    gives: type[Schema],
    takes: type[Body] = Empty,
    status: int = 200,
    keyed: bool = False,
) -> Callable[[View], View]:
    """Return a decorator that makes an address of a function returning what JSON can hold.

    The function gets the parts of the address, and what came as ``form``.

    :param method: HTTP method.
    :param path: address below the prefix, with Flask's converters.
    :param permission: what the token and the person need; told in the description, asked by the
        office.
    :param gives: schema of the answer, for the description.
    :param takes: schema of the body, or of the question of a GET.
    :param status: status when it works.
    :param keyed: whether an Idempotency-Key may come with it.
    """

    def decorate(function: View) -> View:
        said = " ".join((function.__doc__ or "").split())
        OPERATIONS.append(Operation(
            function.__name__, method, path, permission, takes, gives, status, keyed, said
        ))  # fmt: skip

        @wraps(function)
        def view(**parts: Any) -> Any:
            sent = dict(request.args.items()) if method == "GET" else _body(takes)
            return answer(function(form=read(takes(), sent), **parts), status)

        api_pages.add_url_rule(path, function.__name__, anew(view), methods=[method])
        return function

    return decorate


def _body(takes: type[Body]) -> Any:
    if takes is Empty and not request.get_data(cache=True):
        return {}
    try:
        sent = request.get_json()
    except (BadRequest, UnsupportedMediaType):
        raise InputError(
            "What was sent is no JSON.", "Send an object as `Content-Type: application/json`."
        ) from None
    except RecursionError:
        raise InputError("What was sent is nested too deeply.", "Send a flat object.") from None
    if not isinstance(sent, dict):
        raise InputError("What was sent is no object.", "Send a JSON object.")
    return sent


def template(path: str) -> str:
    """Return an address as OpenAPI writes it."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)
