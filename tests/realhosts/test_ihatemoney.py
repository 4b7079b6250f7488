"""ihatemoney, a shared-budget application with SQLAlchemy-Continuum's history tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase import verify as offline
from tests.realhosts.owntests import own_tests
from tests.realhosts.venvs import Host, ready

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def host() -> Host:
    """ihatemoney with the extension in a virtual environment of its own."""
    return ready(Host("ihatemoney", "7.2.1", ["pytest~=9.0.2", "pytest-flask~=1.3.0"]))


@pytest.fixture(scope="module")
def seen(host: Host, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What was seen on the way through their pages and ours."""
    return host.walk(tmp_path_factory.mktemp("walk"))


def test_every_table_of_ihatemoney_is_mapped_from_outside(seen: dict[str, Any]) -> None:
    """No table or column is open, the history included; env.py, indexes and keys are theirs."""
    assert seen["upgrade"] == 0
    # Their migrations made a table without the key that their model has.
    assert seen["findings"] == ["migrate-filter", "path-unindexed", "unique-missing"]


def test_the_pages_of_ihatemoney_work_before_and_after_an_erasure(seen: dict[str, Any]) -> None:
    """Front page, login, lists, statistics, history, exports, and a new bill."""
    assert seen["login"] == 302
    assert {path: code for path, code in seen["before"].items() if code != 200} == {
        "/no-such-group/": 303
    }
    assert seen["after"] == seen["before"]
    assert seen["new_bill"]


def test_the_owner_of_a_group_is_erased_by_the_form(seen: dict[str, Any]) -> None:
    """The address goes from the group and from every version of it, and nothing else changes."""
    assert went(seen["owner"]) == {
        ("project", "contact_email"): 1, ("project_version", "contact_email"): 2,
    }
    assert seen["owner_changed"] == {"project": 1, "project_version": 2}
    assert seen["owner_left"] == {"olga@zebrafinch.example": [], "olga@kestrel.example": []}


def test_a_member_is_erased_at_the_desk_with_every_old_version(seen: dict[str, Any]) -> None:
    """The name of today, the name of yesterday, and what they wrote about what they paid."""
    assert went(seen["member"]) == {
        ("person", "name"): 1, ("person_version", "name"): 2,
        ("bill", "external_link what"): 1, ("bill_version", "external_link what"): 1,
    }  # fmt: skip
    assert seen["member_changed"] == {
        "person": 1, "person_version": 2, "bill": 1, "bill_version": 1,
    }
    left = seen["member_left"]
    assert [left[word] for word in ("Zoe Zebrafinch", "Zizi Zebrafinch", "birthday")] == [[]] * 3
    assert left["Carl Kestrel"] == ["person", "person_version"]
    assert seen["other_bill_kept"] == ["bill", "bill_version"]


def test_the_proofs_hold(seen: dict[str, Any], tmp_path: Path) -> None:
    """Both certificates hold offline, and so does the journal."""
    assert seen["verify"] == 0
    for who in ("owner", "member"):
        path = tmp_path / f"{who}.json"
        path.write_text(json.dumps(seen[who]), encoding="utf-8")
        assert offline.main([str(path)]) == 0


def test_the_tests_of_ihatemoney_pass_with_the_extension(host: Host, tmp_path: Path) -> None:
    """Their own tests, on applications with the extension and its tables installed."""
    report = own_tests(host, tmp_path, "--pyargs", "ihatemoney.tests")
    assert report.ours == (), report.output
    assert report.passed >= 140
    assert report.installed >= 130


def went(certificate: dict[str, Any]) -> dict[tuple[str, str], int]:
    """Return table and columns -> rows that were overwritten."""
    content = certificate["content"]
    assert (content["state"], content["partial"], content["stays"]) == ("erased", [], [])
    return {(w["table"], " ".join(w["columns"])): w["rows"] for w in content["went"]}
