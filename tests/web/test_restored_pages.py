"""Staff pages of a database that was restored, before anybody replayed what it has forgotten."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from flask_guesterase.store import tables
from tests.web.house import CANARY, House

DESK = "/desk/privacy"


@pytest.mark.parametrize("page", ["/", "/new"])
def test_what_a_clerk_files_in_a_restored_database_costs_no_entry_of_the_journal(
    sqlite_url: str, tmp_path: Path, page: str
) -> None:
    """A page that shows the alarm has noticed the restore: what is filed from there waits, and a
    replay puts back what the folder outside holds instead of beginning another epoch."""
    (outside := tmp_path / "outside").mkdir()
    places = {"GUESTERASE_REGISTER": str(tmp_path / "register"),
              "GUESTERASE_CHECKPOINTS": f"file:{outside}"}  # fmt: skip
    house = House(sqlite_url, tmp_path, **places)
    house.people()
    number = house.request()
    file, copy = Path(str(house.hotel.engine.url.database)), tmp_path / "copy"
    house.session.remove()
    house.hotel.engine.dispose()
    shutil.copy(file, copy)
    house.approve(number)
    with house.app.app_context():
        house.extension.work()
        house.extension.release(lambda *_: None)
    house.session.remove()
    house.hotel.engine.dispose()
    shutil.copy(copy, file)
    clerk = house.browser("clerk")
    assert 'href="/desk/privacy/restored"' in clerk.get(f"{DESK}{page}")
    answer = clerk.post(
        f"{DESK}/new", property="sh", key="email", value="ann@mail.example", name=CANARY,
        channel="letter", lang="en", received=date.today().isoformat(),
    )  # fmt: skip
    assert answer.status_code == 303
    with house.app.app_context():
        done = house.extension.replay()
    assert done.counts["entries-put-back"] > 0
    with house.hotel.engine.connect() as conn:
        assert set(conn.execute(select(tables.tree.c.epoch)).scalars()) == {0}
    house.session.remove()
    house.hotel.engine.dispose()


def test_check_tells_of_a_restore_that_lost_no_erasure(sqlite_url: str, tmp_path: Path) -> None:
    """The register says nothing, the folder outside has seen more: what is filed from then on waits
    for a replay, and the journal goes on as the world knows it."""
    (outside := tmp_path / "outside").mkdir()
    places = {"GUESTERASE_REGISTER": str(tmp_path / "register"),
              "GUESTERASE_CHECKPOINTS": f"file:{outside}"}  # fmt: skip
    house = House(sqlite_url, tmp_path, **places)
    house.people()
    number = house.request()
    file, copy = Path(str(house.hotel.engine.url.database)), tmp_path / "copy"
    house.session.remove()
    house.hotel.engine.dispose()
    shutil.copy(file, copy)
    with house.app.app_context():
        house.extension.run(lambda office: office.confirm(number, "clerk"))
        house.extension.work()
        house.extension.release(lambda *_: None)
        assert "restore-pending" not in {each.id for each in house.extension.check()}
    house.session.remove()
    house.hotel.engine.dispose()
    shutil.copy(copy, file)
    with house.app.app_context():
        assert "restore-pending" in {each.id for each in house.extension.check()}
    clerk = house.browser("clerk")
    assert 'href="/desk/privacy/restored"' in clerk.get(f"{DESK}/new")
    answer = clerk.post(
        f"{DESK}/new", property="sh", key="email", value="ann@mail.example", name=CANARY,
        channel="letter", lang="en", received=date.today().isoformat(),
    )  # fmt: skip
    assert answer.status_code == 303
    with house.app.app_context():
        done = house.extension.replay()
    assert done.counts["entries-put-back"] > 0
    with house.hotel.engine.connect() as conn:
        assert set(conn.execute(select(tables.tree.c.epoch)).scalars()) == {0}
    house.session.remove()
    house.hotel.engine.dispose()
