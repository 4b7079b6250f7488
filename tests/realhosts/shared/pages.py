"""Our pages as people use them, in whichever application they are installed."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from flask_login import login_user
from werkzeug.test import TestResponse

OURS = "guesterase_"
GUEST, DESK = "/privacy", "/desk/privacy"

_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
_DIGEST = re.compile(r'name="digest" value="(\w+)"')
_LINK = re.compile(r"https?://[^/\s]+(/privacy/link/[\w-]+)")


def logins(app: Flask, user: Any) -> None:
    """Give the application a door by which a test logs staff in.

    :param app: the application.
    :param user: callable that makes a user object of a login.
    """

    def log_in(login: str) -> str:
        login_user(user(login))
        return "in"

    app.add_url_rule("/test-only/in/<login>", "test_only_in", log_in)


class Browser:
    """A client of our pages.

    :param app: the application.
    :param login: who logs in, or None for a guest.
    """

    def __init__(self, app: Flask, login: str | None = None) -> None:
        self.client: FlaskClient = app.test_client()
        if login is not None:
            assert self.client.get(f"/test-only/in/{login}").text == "in"

    def get(self, path: str) -> str:
        """Open a page and return its text."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[-2000:])
        return answer.text

    def post(self, path: str, page: str, **form: str) -> TestResponse:
        """Send a form that lies on `page`."""
        token = found(_TOKEN, self.get(page))
        # As a browser would: where there is HTTPS, a host's form protection asks for it.
        headers = {"Referer": f"https://localhost{page}"}
        answer = self.client.post(path, data={**form, "csrf_token": token}, headers=headers)
        told = (path, answer.status_code, answer.text[-2000:])
        assert answer.status_code in (200, 302, 303), told
        return answer


def found(pattern: re.Pattern[str], text: str) -> str:
    """Return the first group of the first match."""
    match = pattern.search(text)
    assert match is not None, (pattern.pattern, text[-3000:])
    return match[1]


def command(app: Flask, *words: str) -> tuple[int, str]:
    """Run one of our commands; return its exit code and what it printed."""
    result = app.test_cli_runner().invoke(args=["guesterase", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def worker(app: Flask) -> None:
    """Let the worker make one round."""
    code, output = command(app, "worker", "--once")
    assert code == 0, output


_QUESTIONS = {
    f"{GUEST}/ask": ("wish",), f"{GUEST}/ask/name": ("name",),
    f"{GUEST}/ask/contact": ("email", "phone"), f"{GUEST}/ask/booking": ("booking",),
}  # fmt: skip
"""Page of the guest's form -> its fields; these hosts have one property each."""


def ask(app: Flask, **form: str) -> str:
    """Ask by the guest's form, follow the link in the letter; return the request's number."""
    guest = Browser(app)
    said = {"wish": "erase", "phone": "", "booking": "", **form}
    for page, fields in _QUESTIONS.items():
        guest.post(page, page, **{name: said[name] for name in fields})
    guest.post(f"{GUEST}/ask/check", f"{GUEST}/ask/check")
    worker(app)
    link = found(_LINK, Browser(app, "clerk").get(f"{DESK}/outbox"))
    guest.post(link, link)
    return newest(app)


def file(clerk: Browser, day: str, **form: str) -> str:
    """File a request at the desk and record that the person showed who they are."""
    known = {"property": "main", "channel": "desk", "lang": "en", "received": day}
    answer = clerk.post(f"{DESK}/new", f"{DESK}/new", **known, **form)
    assert answer.status_code == 303, answer.text[-3000:]
    number = answer.headers["Location"].rsplit("/", 1)[-1]
    clerk.post(f"{DESK}/{number}/confirm", f"{DESK}/{number}", how="desk")
    return number


def decide(officer: Browser, number: str) -> dict[str, Any]:
    """Approve, erase, and return the certificate, all by another person's hand."""
    page = officer.get(f"{DESK}/{number}")
    officer.post(f"{DESK}/{number}/approve", f"{DESK}/{number}", digest=found(_DIGEST, page))
    officer.post(f"{DESK}/{number}/erase", f"{DESK}/{number}")
    answer: dict[str, Any] = json.loads(officer.get(f"{DESK}/{number}/certificate.json"))
    return answer


def newest(app: Flask) -> str:
    """Return the number of the request that was made last."""
    code, output = command(app, "list", "--json")
    assert code == 0, output
    return str(max(json.loads(output), key=lambda row: row["number"])["number"])


def dump(path: Path) -> dict[str, list[str]]:
    """Return every row of every table of theirs as text, read without any of our code."""
    with closing(sqlite3.connect(path)) as base:
        names = [
            name
            for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not name.startswith((OURS, "sqlite_"))
        ]
        return {n: sorted(map(repr, base.execute(f'SELECT * FROM "{n}"'))) for n in names}


def changed(before: dict[str, list[str]], after: dict[str, list[str]]) -> dict[str, int]:
    """Return table -> how many of its rows are not what they were."""
    assert before.keys() == after.keys()
    counts = {name: len(set(rows) - set(after[name])) for name, rows in before.items()}
    return {name: count for name, count in counts.items() if count}


def holding(rows: dict[str, list[str]], word: str) -> list[str]:
    """Return the tables in which a word can still be read."""
    return sorted(name for name, texts in rows.items() if any(word in text for text in texts))
