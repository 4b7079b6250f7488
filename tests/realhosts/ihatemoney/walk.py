"""Use ihatemoney by its own pages, erase two people, use it again; print what was seen as JSON.

Run in ihatemoney's own virtual environment: ``python walk.py FOLDER``.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pages
import privacy
from flask import Flask
from flask.testing import FlaskClient
from ihatemoney import run
from ihatemoney.models import Person

OWNER, OLD_OWNER = "olga@zebrafinch.example", "olga@kestrel.example"
NAME, OLD_NAME, OTHER = "Zoe Zebrafinch", "Zizi Zebrafinch", "Carl Kestrel"
LINK = "https://photos.example/zoe"


def host(folder: Path) -> Flask:
    """Return ihatemoney on a new database, with the extension installed."""
    config = type("Config", (), {
        "SQLALCHEMY_DATABASE_URI": f"sqlite:///{folder / 'money.sqlite'}",
        "SECRET_KEY": "only-for-this-test-" + "0" * 32,
        "TESTING": True,
        "WTF_CSRF_ENABLED": False,
        "SESSION_COOKIE_SECURE": False,
        "GUESTERASE_KEYS": str(folder / "keys"),
    })
    app = run.create_app(config, instance_path=str(folder))
    pages.logins(app, privacy.User)
    return app


def post(client: FlaskClient, path: str, **form: Any) -> None:
    """Send one of ihatemoney's forms; it answers a good one with a redirect."""
    answer = client.post(path, data=form)
    assert answer.status_code == 302, (path, answer.status_code, answer.text[-2000:])


def group(client: FlaskClient, id: str, email: str, *names: str) -> None:
    """Open a group with its members."""
    post(client, "/create", id=id, name=id, password="secret-" + id, contact_email=email,
         default_currency="XXX", project_history="y")
    for name in names:
        post(client, f"/{id}/members/add", name=name, weight=1)


def bill(app: Flask, client: FlaskClient, id: str, payer: str, what: str) -> None:
    """Add a bill that a member paid for all."""
    with app.app_context():
        members = Person.query.filter_by(project_id=id).all()
        payed_for = [str(m.id) for m in members]
        who = next(str(m.id) for m in members if m.name == payer)
    post(client, f"/{id}/add", date="2026-02-03", what=what, payer=who, payed_for=payed_for,
         amount="30", bill_type="Expense", external_link=LINK)


def live(app: Flask) -> FlaskClient:
    """Let two groups use ihatemoney; return the browser of the first."""
    other = app.test_client()
    group(other, "boat", "max@boat.example", "Max", "Mia")
    bill(app, other, "boat", "Max", "fuel")
    client = app.test_client()
    group(client, "trip", OLD_OWNER, OLD_NAME, OTHER)
    post(client, "/trip/edit", name="trip", current_password="secret-trip", password="",
         contact_email=OWNER, default_currency="XXX", project_history="y")
    with app.app_context():
        key = Person.query.filter_by(name=OLD_NAME).one().id
    post(client, f"/trip/members/{key}/edit", name=NAME, weight=1)
    bill(app, client, "trip", NAME, "Zoe's birthday dinner")
    bill(app, client, "trip", OTHER, "taxi")
    return client


def looks(client: FlaskClient, id: str) -> dict[str, int]:
    """Return path -> status of ihatemoney's main pages."""
    paths = ["/", "/mobile", f"/{id}/", f"/{id}/statistics", f"/{id}/settle_bills",
             f"/{id}/history", f"/{id}/edit", f"/{id}/add", f"/{id}/members/add",
             f"/{id}/export/bills.json", f"/{id}/export/bills.csv", "/no-such-group/"]
    return {path: client.get(path).status_code for path in paths}


def main(folder: Path) -> dict[str, Any]:
    """Walk the whole way; return what was seen."""
    base = folder / "money.sqlite"
    app = host(folder)
    seen: dict[str, Any] = {"upgrade": pages.command(app, "db", "upgrade")[0]}
    _, output = pages.command(app, "check", "--json")
    # How many disks the machine has is not theirs to say.
    found = {finding["id"] for finding in json.loads(output)} - {
        "register-same-disk", "checkpoint-missing"
    }
    seen["findings"] = sorted(found)
    client = live(app)
    login = app.test_client().post("/authenticate", data={"id": "trip", "password": "secret-trip"})
    seen["login"] = login.status_code
    seen["before"] = looks(client, "trip")
    first = pages.dump(base)

    officer = pages.Browser(app, "officer")
    number = pages.ask(app, name="Olga", email=OWNER)
    seen["owner"] = pages.decide(officer, number)
    second = pages.dump(base)
    seen["owner_changed"] = pages.changed(first, second)
    seen["owner_left"] = {word: pages.holding(second, word) for word in (OWNER, OLD_OWNER)}

    clerk, today = pages.Browser(app, "clerk"), datetime.now(UTC).date().isoformat()
    number = pages.file(clerk, today, key="name", value=NAME)
    seen["member"] = pages.decide(officer, number)
    third = pages.dump(base)
    seen["member_changed"] = pages.changed(second, third)
    seen["member_left"] = {
        word: pages.holding(third, word) for word in (NAME, OLD_NAME, "birthday", OTHER)
    }
    seen["other_bill_kept"] = pages.holding(third, "taxi")

    seen["after"] = looks(client, "trip")
    bill(app, client, "trip", OTHER, "museum")
    seen["new_bill"] = "museum" in client.get("/trip/").text
    seen["verify"] = pages.command(app, "verify")[0]
    return seen


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
