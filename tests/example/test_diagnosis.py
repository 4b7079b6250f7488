"""The bundle for the vendor's hotline, made in the demo hotel: it names none of its people."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from example_pms import db
from example_pms.models import Guest, Staff
from tests.example.traces import Traces

COLUMNS = (
    "name", "given_name", "family_name", "email", "phone", "document_no", "address", "loyalty_no",
    "notes",
)  # fmt: skip
SHORTEST = 6
"""Characters of a value that nothing else says by chance."""


@pytest.fixture
def traces(app: Flask, tmp_path: Path) -> Traces:
    """Every value of every guest and of the staff, and the bundle they are looked for in."""
    runner, out = app.test_cli_runner(), tmp_path / "bundle.json"
    values = {}
    with app.app_context():
        for guest in db.session.scalars(db.select(Guest)):
            for name in COLUMNS:
                value = str(getattr(guest, name) or "")
                if len(value.encode()) >= SHORTEST:
                    values[f"{name} of guest {guest.id}"] = value
        for person in db.session.scalars(db.select(Staff)):
            values[f"staff {person.login}"] = person.name
            values[f"login {person.login}"] = person.login
        db.session.remove()
    for command in (["db", "upgrade"], ["sweep"], ["watch"]):
        runner.invoke(args=["guesterase", *command])
    done = runner.invoke(args=["guesterase", "diagnose", "--out", str(out)])
    assert done.exit_code == 0, done.output
    found = Traces(values)
    found.note("bundle", "file", out.read_bytes())
    found.note("bundle", "console", done.output)
    return found


def test_no_value_of_anybody_is_in_the_bundle(traces: Traces) -> None:
    """Whatever the spelling; and the bundle was really written."""
    assert len(traces.values) > 200
    assert traces.found() == []
    (_, raw), _ = traces.seen["bundle"]
    assert len(raw) > 3000
    assert b"guesterase-diagnosis/1" in raw
    # A value that is planted is seen, so the look can fail.
    kind, value = next(iter(traces.values.items()))
    traces.note("bundle", "planted", f"x{value}y")
    assert f"bundle: planted: {kind}" in traces.found()
