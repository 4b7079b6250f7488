"""The guest register counted at a console, and what the officers' page says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from flask_guesterase import verify
from flask_guesterase.core.checkpoint import read_note
from flask_guesterase.core.destination import Destination, Way
from flask_guesterase.core.log import slug
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import keep, null, placeholder, redact, retain
from flask_guesterase.store import tables
from flask_guesterase.store.failures import causes
from flask_guesterase.store.release.places import Release, places
from tests.store.hotel import Booking, Companion, Guest, Invoice, policies
from tests.web.house import House
from tests.web.test_cli import Console


def registered(files: str) -> list[tuple[Any, Policy]]:
    """Return what the vendor declares: the document's number is of the guest register."""
    (guest, policy), *others = policies(files)
    columns = {
        "hotel": keep("which house"), "name": redact, "email": placeholder, "phone": null,
        "document_no": retain("guest_register", null),
    }  # fmt: skip
    return [(guest, Policy(columns, subject=policy.subject)), *others]


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """A house one of whose guests has a document on file."""
    made = House(sqlite_url, tmp_path, declared=registered)
    made.people()
    yield made
    made.session.remove()
    made.hotel.engine.dispose()


def test_a_count_at_a_console_with_its_lists(house: House, tmp_path: Path) -> None:
    """It counts once a day, writes the lists, and ends with 1 when a line is missed."""
    console = Console(house.app)
    folder = tmp_path / "lists"
    told = console.json("census", "--out", str(folder))
    rows = {each["property"]: each["rows"] for each in told["counts"]}
    assert rows == {"sh": 1, "mu": 0}
    assert sorted(told["files"]) == sorted(path.name for path in folder.iterdir())
    assert "counted today already" in console.raw("census")[0]
    made = json.loads((folder / next(n for n in told["files"] if "-sh-" in n)).read_text())
    assert (made["count"], made["previous"], made["gone"]) == (1, "", [])


def test_a_folder_that_takes_checkpoints_keeps_the_lists(house: House, tmp_path: Path) -> None:
    """What the database drops after the next night stays outside, and is followed from there."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (place,) = places([Destination(Way.FILE, str(outside))], {})
    console = Console(house.app)
    told = console.json("census")
    with house.app.app_context():
        for hotel in house.hotel.settings.properties.values():
            controller = slug(hotel.controller)
            with house.extension.begin(write=False) as office:
                note = office.checkpoint(controller)
            head = read_note(note)
            place.take(
                Release(controller, head.epoch, head.size, head.root, note, house.extension.run)
            )
    lists = sorted(path.name for path in outside.glob("census-*.json"))
    assert len(lists) == len(told["counts"]) == 2
    said = [str(path) for path in outside.glob("*.jsonl")]
    for journal in said:
        said = verify.main(["census", str(outside), "--journal", journal])
        assert said == 0


def test_lines_that_are_missed_are_shown_to_officers(house: House) -> None:
    """The page of the sweep says what was counted last, and that lines are missed."""
    console = Console(house.app)
    console.json("census")
    page = house.browser("officer").get("/desk/privacy/sweep", wish="en")
    assert "Guest register counted" in page
    assert "lines are missed" not in page
    with house.hotel.engine.begin() as conn:
        for model in (Companion, Invoice, Booking):
            conn.execute(delete(model))
        conn.execute(delete(Guest).where(Guest.id == 1))
        conn.execute(tables.census.update().values(night="2026-01-01"))
    out, note = console.raw("census", "--json", code=1)
    assert (json.loads(out)["missed"], note.count("1 line is missed;")) == (1, 1)
    with house.app.app_context(), house.extension.begin(write=False) as office:
        broken = [each for each in causes.look(office.work) if each.kind == "register-broken"]
    assert {each.property for each in broken} == {"sh"}
    page = house.browser("officer").get("/desk/privacy/sweep", wish="en")
    assert "lines are missed" in page
    tasks = house.browser("officer").get("/desk/privacy/tasks", wish="en")
    assert "lines of the guest register to look for" in tasks
    # A register's task names its table, which is no category.
    assert "Category" not in tasks
    assert "lines are missed" not in house.browser("far-officer").get(
        "/desk/privacy/sweep", wish="en"
    )


def test_a_list_that_is_lost_is_told_though_as_many_lines_are_there(house: House) -> None:
    """Numbers say nothing of which lines went: the console is as little content as the journal."""
    console = Console(house.app)
    first = console.json("census")
    with house.hotel.engine.begin() as conn:
        conn.execute(delete(tables.census))
    out, note = console.raw("census", "--json", code=1)
    told = json.loads(out)
    assert [(each["missed"], each["lost"]) for each in told["counts"]] == [(0, True)] * 2
    assert (told["missed"], told["lost"], first["lost"]) == (0, 2, 0)
    assert "2 lists of the count before are lost" in note


def test_a_folder_that_cannot_be_written_is_named(house: House, tmp_path: Path) -> None:
    """An error names cause and next step."""
    (tmp_path / "file").write_text("x")
    assert Console(house.app).error("census", "--out", str(tmp_path / "file" / "in")) == "input"
