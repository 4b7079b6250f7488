"""The description of the API, made from its schemas: OpenAPI 3.1, served beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Range, Regexp

from . import (
    bodies,
    cases,
    complaints,
    duty,
    house,
    incidents,
    months,
    night,
    restores,
    returns,
    trainings,
    watch,
)
from .door import PROBLEM, answer, api_pages
from .route import OPERATIONS, Operation, template

__all__ = [
    "api_pages", "cases", "complaints", "describe", "duty", "house", "incidents",
    "months", "night", "restores", "returns", "trainings", "watch",
]  # fmt: skip


@api_pages.get("/openapi.json")
def openapi() -> Response:
    """Describe the API for programs; it tells nothing of the house and needs no token."""
    base = request.path.removesuffix("/openapi.json") or "/"
    return answer(describe(request.script_root + base))


def describe(base: str = "/") -> dict[str, Any]:
    """Return the description of the API.

    :param base: address of the API.

    Source: OpenAPI Specification 3.1.1; JSON Schema 2020-12.
    """
    used: dict[str, type[Schema]] = {"Told": bodies.Told}
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(template(each.path), {})[each.method.lower()] = _operation(each, used)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "flask_guesterase",
            "version": _version(),
            "description": "What reception and officer do, for programs.",
        },
        "servers": [{"url": base}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {name: _schema(each, used) for name, each in sorted(used.items())},
        },
    }


def _version() -> str:
    try:
        return version("flask-guesterase")
    except PackageNotFoundError:
        return "0"


def _operation(each: Operation, used: dict[str, type[Schema]]) -> dict[str, Any]:
    needs = f" It needs the permission {each.permission}." if each.permission else ""
    told: dict[str, Any] = {
        "operationId": each.name,
        "summary": each.said.partition(". ")[0].rstrip("."),
        "description": each.said + needs,
        "parameters": _parameters(each),
        "responses": {
            str(each.status): {
                "description": "It worked.",
                "content": {"application/json": {"schema": _ref(each.gives, used)}},
            },
            **{status: _failure(text) for status, text in _FAILURES.items()},
        },
    }
    if each.method != "GET":
        empty = each.takes is bodies.Empty
        told["requestBody"] = {
            "required": not empty,
            "content": {"application/json": {"schema": _ref(each.takes, used)}},
        }
    return told


_FAILURES = {
    "401": "No token came, or one that does not work.",
    "403": "The token or the person may not do this there, or a second person has to.",
    "404": "There is no such thing.",
    "409": "It is not where this step is possible, or something stands in the way.",
    "410": "A link or code does not work any more.",
    "413": "It is too large.",
    "422": "What was sent cannot be understood.",
    "429": "There were too many requests.",
    "500": "It did not work, and all is as it was; somebody who runs the system looks at it.",
    "503": "It does not work at the moment.",
}


def _failure(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Told"}
    return {"description": text, "content": {PROBLEM: {"schema": schema}}}


def _parameters(each: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", each.path):
        schema = (
            {"type": "integer", "minimum": 0, "maximum": bodies.LARGEST}
            if kind == "int" else {"type": "string", "minLength": 1}
        )  # fmt: skip
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if each.method == "GET":
        for name, one in each.takes().fields.items():
            found.append({
                "name": name, "in": "query", "required": one.required, "schema": _field(one, {}),
            })  # fmt: skip
    if each.keyed:
        found.append({
            "name": "Idempotency-Key", "in": "header", "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
        })  # fmt: skip
    return found


def _ref(schema: type[Schema], used: dict[str, type[Schema]]) -> dict[str, str]:
    used[schema.__name__] = schema
    return {"$ref": f"#/components/schemas/{schema.__name__}"}


def _schema(schema: type[Schema], used: dict[str, type[Schema]]) -> dict[str, Any]:
    """Return a marshmallow schema as JSON Schema."""
    known = schema().fields
    told: dict[str, Any] = {
        "type": "object",
        "description": " ".join((schema.__doc__ or "").split()),
        "properties": {one.data_key or name: _field(one, used) for name, one in known.items()},
    }
    required = [one.data_key or name for name, one in known.items() if one.required]
    if required:
        told["required"] = required
    if issubclass(schema, bodies.Body):
        told["additionalProperties"] = False
    return told


_TYPES: tuple[tuple[type[fields.Field[Any]], dict[str, Any]], ...] = (
    (fields.Date, {"type": "string", "format": "date"}),
    (fields.DateTime, {"type": "string", "format": "date-time"}),
    (fields.Integer, {"type": "integer"}),
    (fields.Boolean, {"type": "boolean"}),
    (fields.String, {"type": "string"}),
)


def _field(one: fields.Field[Any], used: dict[str, type[Schema]]) -> dict[str, Any]:
    """Return one field as JSON Schema."""
    if isinstance(one, fields.Nested):
        return {"$ref": f"#/components/schemas/{type(one.schema).__name__}"}
    if isinstance(one, fields.List):
        return {"type": "array", "items": _field(one.inner, used), **_limits(one, "Items")}
    if isinstance(one, fields.Dict):
        return {"type": "object", **_mapping(one), **_limits(one, "Properties")}
    told = dict(next((told for kind, told in _TYPES if isinstance(one, kind)), {}))
    if one.allow_none and "type" in told:
        told["type"] = [told["type"], "null"]
    return told | _limits(one, "Length")


def _mapping(one: fields.Dict) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if one.key_field is not None:
        told["propertyNames"] = _field(one.key_field, {})
    if one.value_field is not None:
        told["additionalProperties"] = _field(one.value_field, {})
    return told


def _limits(one: fields.Field[Any], of: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for rule in one.validators:
        if isinstance(rule, OneOf):
            told["enum"] = list(rule.choices)
        elif isinstance(rule, Length):
            told |= _given({f"min{of}": rule.min, f"max{of}": rule.max})
        elif isinstance(rule, Range):
            told |= _given({"minimum": rule.min, "maximum": rule.max})
        elif isinstance(rule, Regexp):
            told["pattern"] = str(rule.regex.pattern).replace(r"\Z", "$")
    return told


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
