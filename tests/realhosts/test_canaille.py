"""Canaille, an identity provider without Flask-SQLAlchemy, Flask-Migrate and Flask-Login.

Its own tests are not run: no release on PyPI that runs on SQLAlchemy 2 ships them. FlaskBB, a
forum, was looked at first and cannot be used: its newest release requires Flask 1.0 and
SQLAlchemy 1.2, which this package and Python 3.11 are both past.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase import verify as offline
from tests.realhosts.venvs import Host, ready

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was seen on the way through their pages and ours."""
    host = ready(Host("canaille", "0.3.6", extras="[front,oidc,sqlite]"))
    return host.walk(tmp_path_factory.mktemp("walk"))


def test_every_table_of_canaille_is_mapped_from_outside(seen: dict[str, Any]) -> None:
    """No table, column, cascade or installation is left open; its indexes are its own to make."""
    assert seen["upgrade"] == 0
    assert [(found["id"], found["table"], found["column"]) for found in seen["findings"]] == [
        ("path-unindexed", "authorization_code", "subject_id"),
        ("path-unindexed", "consent", "subject_id"),
        ("path-unindexed", "token", "subject_id"),
        ("path-unindexed", "webauthn_credential", "user_id"),
    ]


def test_flask_alembic_would_not_drop_our_tables(seen: dict[str, Any]) -> None:
    """Of what its next migration would change, nothing is ours; that there is something shows
    that it looked."""
    assert seen["migration"] == {"guesterase": False, "fk_": True}


def test_the_pages_of_canaille_work_before_and_after_an_erasure(seen: dict[str, Any]) -> None:
    """Accounts, groups, applications and tokens can be looked at; others still sign in."""
    assert {path: code for path, code in seen["before"].items() if code != 200} == {
        "/profile/nobody": 404
    }
    assert seen["after"] == seen["before"]
    assert (seen["others_login"], seen["new_login"]) == (True, True)


def test_a_person_is_erased_with_everything_that_hangs_on_them(seen: dict[str, Any]) -> None:
    """One row of each kind goes, found by one of two addresses in a JSON list."""
    content = seen["certificate"]["content"]
    assert (content["state"], content["partial"], content["stays"]) == ("erased", [], [])
    assert {w["table"]: (w["action"], w["rows"]) for w in content["went"]} == {
        "user": ("overwritten", 1),
        **dict.fromkeys(
            ["authorization_code", "consent", "membership_association_table", "token",
             "token_audience_association_table", "webauthn_credential"], ("deleted", 1),
        ),
    }  # fmt: skip
    assert {word: tables for word, tables in seen["left"].items() if tables} == {}


def test_nobody_elses_row_is_touched(seen: dict[str, Any]) -> None:
    """One row of each table changed, though another address begins with the one that was asked."""
    assert set(seen["changed"].values()) == {1}
    assert len(seen["changed"]) == 7
    assert seen["counts"]["user"] == [4, 4]
    assert seen["others"] == {
        "Carl Kestrel": ["user"], "of-carl": ["authorization_code", "token"],
    }  # fmt: skip


def test_the_erased_person_cannot_sign_in(seen: dict[str, Any]) -> None:
    """Neither with the password nor with the session that was open."""
    assert (seen["login_before"], seen["login_after"]) == (True, False)
    assert seen["open_session"] == 404


def test_the_proofs_hold(seen: dict[str, Any], tmp_path: Path) -> None:
    """The certificate holds offline, and so does the journal."""
    path = tmp_path / "certificate.json"
    path.write_text(json.dumps(seen["certificate"]), encoding="utf-8")
    assert offline.main([str(path)]) == 0
    assert seen["verify"] == 0
