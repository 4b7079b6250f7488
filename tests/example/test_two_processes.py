"""Two processes that erase one request at once end in one erasure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from example_pms import db
from tests import engines

from .test_acceptance import house, known

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("kind", engines.DEEP)
def test_two_processes_end_in_one_erasure(kind: str, tmp_path: Path) -> None:
    """One command erases; the other finds it done, or is told to come back; never two erasures."""
    _, guest = known("li.wei")
    with engines.fresh_database(kind) as url, house(url, tmp_path) as hotel:
        with hotel.guesterase.begin() as office:
            match = {"document": guest.document_no, "name": guest.name}
            number = office.request(match, property="SHA", by="sha.desk")
            office.confirm(number, by="sha.desk")
        with hotel.guesterase.begin() as office:
            office.approve(number, by="sha.officer", digest=office.preview(number).digest)
        db.session.remove()
        command = [sys.executable, "-m", "flask", "--app", "example_pms", "guesterase", "erase",
                   number, "--json"]  # fmt: skip
        given = {**os.environ, "DATABASE_URL": url, "PMS_INSTANCE": str(tmp_path)}
        racers = [
            subprocess.Popen(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        answers = [(racer.communicate(timeout=60)[0], racer.returncode) for racer in racers]
        with db.engine.connect() as conn:
            erased = conn.execute(text(
                "SELECT count(*) FROM guesterase_entry WHERE action = 'subject-erased'"
            )).scalar_one()
            boxes = conn.execute(text(
                "SELECT count(*) FROM guesterase_box WHERE purpose = 'recovery'"
            )).scalar_one()

    said = [json.loads(out) for out, _ in answers]
    ends = [one.get("state") or one["error"]["id"] for one in said]
    assert "sealed" in ends
    # Whoever finds the other one at the files leaves the end to it.
    assert set(ends) <= {"sealed", "busy", "checking"}, said
    assert (erased, boxes) == (1, 1)
