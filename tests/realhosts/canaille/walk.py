"""Use Canaille by its own pages, erase a person, use it again; print what was seen as JSON.

Run in Canaille's own virtual environment: ``python walk.py FOLDER``.
"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Any

import canaille
import pages
import privacy
from canaille.backends.sql.backend import SQLBackend
from canaille.backends.sql.models import core, oidc
from flask import Flask

NAME, OTHER = "Zoe Zebrafinch", "Carl Kestrel"
EMAILS = ("zoe@zebrafinch.example", "z.zebrafinch@work.example")
MANAGE = ["edit_self", "use_oidc", "manage_users", "manage_all_groups", "manage_oidc"]
FIELDS = ["user_name", "given_name", "family_name", "emails", "phone_numbers", "password"]


def host(folder: Path) -> Flask:
    """Return Canaille on a new database, with the extension installed."""
    app = canaille.create_app({
        "SECRET_KEY": "only-for-this-test-" + "0" * 32,
        "TESTING": True,
        "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{folder / 'people.sqlite'}",
                         "PASSWORD_HASH_PARAMS": {"pbkdf2_sha512__rounds": 1}},
        "CANAILLE": {
            "DATABASE": "sql",
            "ACL": {
                "ADMIN": {"FILTER": {"user_name": "officer"}, "PERMISSIONS": MANAGE,
                          "READ": ["groups", "lock_date"], "WRITE": FIELDS},
                "DEFAULT": {"PERMISSIONS": ["edit_self", "use_oidc"], "READ": ["user_name"],
                            "WRITE": [f for f in FIELDS if f != "user_name"]},
            },
        },
        "CANAILLE_OIDC": {"ENABLE_OIDC": True},
        "GUESTERASE_KEYS": str(folder / "keys"),
    }, init_backend=True)  # fmt: skip
    privacy.install(app)
    return app


def account(app: Flask, login: str, name: str, *emails: str) -> None:
    """Put an account in by Canaille's own models, as its commands do."""
    given, _, family = name.partition(" ")
    with app.app_context():
        user = core.User(user_name=login, given_name=given, family_name=family,
                         formatted_name=name, emails=list(emails))  # fmt: skip
        app.backend.save(user)
        app.backend.set_user_password(user, f"secret-{login}")


def traces(app: Flask, login: str) -> None:
    """Leave what using other applications leaves: a code, a token, a consent, a passkey."""
    now = datetime.datetime.now(datetime.UTC)
    with app.app_context():
        session = SQLBackend.db_session
        user = session.query(core.User).filter_by(user_name=login).one()
        client = session.query(oidc.Client).first() or oidc.Client(client_name="Wiki")
        group = session.query(core.Group).filter_by(display_name="choir").one()
        token = oidc.Token(subject=user, client=client, access_token=f"token-of-{login}")
        token.audience = [client]
        session.add_all([
            token,
            oidc.AuthorizationCode(subject=user, client=client, code=f"code-of-{login}"),
            oidc.Consent(subject=user, client=client, scope=["openid"]),
            core.WebAuthnCredential(user=user, credential_id=login.encode(), public_key=b"k",
                                    name=f"phone of {login}", created_at=now),
            core.Membership(user=user, group=group, created_at=now),
        ])  # fmt: skip
        session.commit()


def sign_in(app: Flask, login: str) -> tuple[pages.Browser, bool]:
    """Sign in at Canaille's own pages; return the browser and whether it worked."""
    browser = pages.Browser(app)
    browser.post("/login", "/login", login=login)
    browser.post("/auth/password", "/auth/password", password=f"secret-{login}")
    return browser, browser.client.get(f"/profile/{login}").status_code == 200


def looks(browser: pages.Browser) -> dict[str, int]:
    """Return path -> status of Canaille's main pages, as an administrator sees them."""
    paths = ["/about", "/users", "/profile", "/profile/officer", "/profile/carl", "/groups",
             "/groups/choir", "/consent", "/admin/client", "/admin/token", "/profile/nobody",
             "/.well-known/openid-configuration"]  # fmt: skip
    return {path: browser.client.get(path).status_code for path in paths}


def main(folder: Path) -> dict[str, Any]:
    """Walk the whole way; return what was seen."""
    base = folder / "people.sqlite"
    app = host(folder)
    code, _ = pages.command(app, "db", "upgrade")
    seen: dict[str, Any] = {"upgrade": code}
    account(app, "clerk", "Cleo Clerk", "cleo@host.example")
    account(app, "officer", "Otto Officer", "otto@host.example")
    account(app, "carl", OTHER, "carl@kestrel.example", f"{EMAILS[0]}.org")
    account(app, "zoe", NAME, *EMAILS)
    clerk, _ = sign_in(app, "clerk")
    officer, _ = sign_in(app, "officer")
    officer.post("/groups/add", "/groups/add", display_name="choir", description="it sings")
    traces(app, "zoe")
    traces(app, "carl")
    _, output = pages.command(app, "check", "--json")
    # How many disks the machine has is not theirs to say.
    seen["findings"] = [
        f for f in json.loads(output) if f["id"] not in ("register-same-disk", "checkpoint-missing")
    ]
    with app.app_context():
        drawn = repr(app.backend.alembic.compare_metadata())
    seen["migration"] = {word: word in drawn for word in ("guesterase", "fk_")}
    zoe, seen["login_before"] = sign_in(app, "zoe")
    seen["before"] = looks(officer)
    first = pages.dump(base)

    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    number = pages.file(clerk, today, key="email", value=EMAILS[0].upper())
    seen["certificate"] = pages.decide(officer, number)
    second = pages.dump(base)
    seen["changed"] = pages.changed(first, second)
    seen["counts"] = {n: [len(rows), len(second[n])] for n, rows in first.items()}
    words = (NAME, *(f'"{email}"' for email in EMAILS), "Zebrafinch", "of-zoe", "of zoe", "'zoe'")
    seen["left"] = {word: pages.holding(second, word) for word in words}
    seen["others"] = {word: pages.holding(second, word) for word in (OTHER, "of-carl")}

    seen["after"] = looks(officer)
    seen["open_session"] = zoe.client.get("/profile/zoe").status_code
    _, seen["login_after"] = sign_in(app, "zoe")
    _, seen["others_login"] = sign_in(app, "carl")
    account(app, "nora", "Nora New", "nora@new.example")
    _, seen["new_login"] = sign_in(app, "nora")
    seen["verify"] = pages.command(app, "verify")[0]
    return seen


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
