"""What nobody thought of: pages, forms, commands and methods that the walk did not reach."""

from __future__ import annotations

import contextlib
import inspect
import tempfile
from collections.abc import Mapping
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

import click
from pypdf import PdfReader

from flask_guesterase import GuesteraseError
from flask_guesterase.store.office import Office
from flask_guesterase.web.commands.cli import guesterase_cli
from tests.example.conftest import Clerk
from tests.example.watching import (
    House,
    every_command,
    every_method,
)


class Formed(HTMLParser):
    """The forms of a page: where each goes and what it sends as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, tuple[str, str]]]] = []
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms, inputs and the first option of a choice."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((given.get("action", ""), given.get("method", "get").lower(), {}))
        elif self.forms:
            fields = self.forms[-1][2]
            name = given.get("name", "")
            if tag == "select":
                self._select = name
            elif tag == "option" and self._select and self._select not in fields:
                fields[self._select] = ("select", given.get("value", ""))
            elif tag in ("input", "textarea", "button") and name:
                fields.setdefault(name, (given.get("type", tag), given.get("value", "")))


def crawl(house: House, number: str, code: str) -> None:
    """Open every page there is as everybody, and send every form that nobody sent yet."""
    known = {"number": number, "code": "SHA", "token": "x" * 43, "filename": "guesterase.css"}
    for login in ("", "sha.desk", "sha.officer", "sha.auditor"):
        clerk = house.clerk(login)
        if not login:
            clerk.post("/privacy/case", {"code": code}, page="/privacy/ask")
        for rule in house.app.url_map.iter_rules():
            if not rule.endpoint.startswith("guesterase_") or "GET" not in (rule.methods or ()):
                continue
            with house.app.test_request_context():
                path = house.app.url_for(
                    rule.endpoint, **{name: known.get(name, "1") for name in rule.arguments}
                )
            answer = clerk.client.get(path)
            if answer.mimetype == "application/pdf":
                house.traces.note("page", rule.endpoint, _of_paper(answer.data))
            else:
                _forms(house, clerk, answer.get_data(as_text=True))
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint.startswith("guesterase_") and "POST" in (rule.methods or ()):
            _bare(house, rule, known)
    for name in sorted(every_method() - house.methods):
        _called(house, name, number)
    for command in sorted(set(every_command()) - house.commands):
        _run(house, command, number)


def _of_paper(file: bytes) -> str:
    """Return what a PDF says, and what it says about itself; its streams are compressed."""
    paper = PdfReader(BytesIO(file))
    pages = "\n".join(page.extract_text() for page in paper.pages)
    return f"{pages}\n{paper.metadata}"


def _called(house: House, name: str, number: str) -> None:
    """Call a method of the office that no door led to, with the guest in every text."""
    given = {"number": number, "by": "sha.officer", "property": "SHA", "id": 1}
    wanted = list(inspect.signature(vars(Office)[name]).parameters.values())[1:]
    args = {
        p.name: given.get(p.name, house.values["name"])
        for p in wanted
        if p.default is inspect.Parameter.empty
    }
    house.methods.add(name)
    try:
        with house.app.app_context(), house.guesterase.begin() as office:
            said = getattr(office, name)(**args)
            house.traces.note("method", name, "" if name in NAMING else repr(said))
    except GuesteraseError as problem:
        house.traces.note("exception", name, str(problem))
    except (TypeError, ValueError, AttributeError):
        # What is no argument at all is not this method's to understand.
        pass


NAMING = frozenset({"returns", "letters", "disclosures"})
"""Methods that name people to who may look."""


def _run(house: House, command: str, number: str) -> None:
    """Run a command nobody thought of, with the guest in every text it asks for."""
    words = command.split()
    found: Any = guesterase_cli
    for word in words:
        found = found.commands[word]
    for each in found.params:
        value = {"by": "sha.officer", "number": number, "out": str(house.asked_for / words[-1])}
        text = value.get(each.name, house.values["name"])
        if isinstance(each.type, click.Choice):
            text = str(each.type.choices[0])
        elif isinstance(each.type, click.types.IntParamType):
            # What click cannot read it repeats, to who typed it.
            text = "1"
        if each.name == "code":
            text = house.code("sha.officer")
        if isinstance(each, click.Argument):
            words.append(text)
        elif each.required and getattr(each, "is_flag", False):
            words.append(each.opts[0])
        elif each.required:
            words += [each.opts[0], text]
    # What makes a folder of a name makes it here, not in the checkout.
    with tempfile.TemporaryDirectory() as elsewhere, contextlib.chdir(elsewhere):
        house.tell(*words)


def _forms(house: House, clerk: Clerk, page: str) -> None:
    for action, method, fields in Formed(page).forms:
        if method != "post" or not action or _driven(house, action):
            continue
        sent = {
            name: value or (house.values["name"] if kind in ("text", "textarea", "search") else "1")
            for name, (kind, value) in fields.items()
        }
        clerk.client.post(action, data=sent)


def _driven(house: House, path: str) -> bool:
    adapter = house.app.url_map.bind("localhost")
    endpoint, _ = adapter.match(path.partition("?")[0], method="POST")
    return not str(endpoint).startswith("guesterase_") or (endpoint, "POST") in house.routes


def _bare(house: House, rule: Any, known: Mapping[str, str]) -> None:
    """Send a form to a route that no page offered, with the guest in every field it may have."""
    if (rule.endpoint, "POST") in house.routes:
        return
    with house.app.test_request_context():
        path = house.app.url_for(
            rule.endpoint, **{name: known.get(name, "1") for name in rule.arguments}
        )
    officer = house.clerk("sha.officer")
    officer.post(path, dict(house.values), page="/privacy/ask")
