"""The commands about files below the rows, and what a certificate's page says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.store.hotel import Booking, Companion, Invoice
from tests.store.test_physical import became, scrubbing
from tests.web.house import CANARY, House
from tests.web.test_cli import Console, approved


def test_the_doctor_lists_what_is_measured(house: House) -> None:
    """JSON for programs, lines for people with what to do, exit code 1 where something is bad."""
    console = Console(house.app)
    found = {each["id"]: each for each in console.json("doctor", code=1)}
    assert set(found["secure-delete"]) == {"id", "status", "level", "message", "todo"}
    assert found["free-pages"]["status"] in ("good", "bad")
    assert found["backup-days"]["status"] == "bad"
    assert found["keys-copy"]["status"] == "bad"
    text, note = console.raw("doctor", code=1)
    assert "bad      L4  backup-days" in text
    assert "GUESTERASE_BACKUP_DAYS" in text
    assert f"{sum(each['status'] == 'bad' for each in found.values())} bad" in note


def patiently(console: Console, *arguments: str) -> Any:
    """Run a command, once nobody beside this test writes elsewhere on the shared server."""
    answers: list[Any] = []

    def answered() -> bool:
        answers.append(console.runner.invoke(args=["guesterase", *arguments, "--json"]))
        return answers[-1].exit_code == 0 or json.loads(answers[-1].stdout)["error"]["id"] != "busy"

    assert became(answered)
    assert answers[-1].exit_code == 0, answers[-1].stdout
    return json.loads(answers[-1].stdout)


def test_rewriting_is_said_first_and_then_done(database_url: str, tmp_path: Path) -> None:
    """Without --yes nothing happens; with it the certificate gets the level that was reached."""
    house = House(database_url, tmp_path)
    hotel = house.hotel
    hotel.guest(1, name=CANARY, email="ann@mail.example", document_no="E1")
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    hotel.put(Companion, booking_id=1, guest_id=1)
    hotel.put(Invoice, id=1, booking_id=1, billed_to="Pine Travel", total=90)
    console = Console(house.app)
    engine = house.hotel.engine
    server = engine.dialect.name != "sqlite"
    try:
        number = approved(console, house)
        assert console.json("erase", number)["state"] in ("erased", "sealed")
        if server:
            assert console.error("physical") == "input"
        told = console.json("physical", "--table", "guests")
        assert (told["done"], told["supplements"]) == (False, 0)
        text, note = console.raw("physical", "--table", "guests")
        assert "guests" in text or not server
        assert "--yes" in note
        tables = ["guests", "bookings", "companions", "scans", "invoices"]
        names = [word for table in tables for word in ("--table", table)]
        rewriting = ("physical", *names, "--yes")
        if engine.dialect.name == "mariadb":
            with scrubbing(engine, "OFF"):
                done = console.json(*rewriting)
        elif engine.dialect.name == "postgresql":
            done = patiently(console, *rewriting)
        else:
            done = console.json(*rewriting)
        assert (done["done"], done["supplements"]) == (True, int(server))
        assert done["level"] == ("L2" if server else "L3")
        console.json("certificate", number, "--out", str(tmp_path / "certificate.json"))
        issued = (tmp_path / "certificate.json").read_text(encoding="utf-8")
        assert f'"level":"{done["level"]}"' in issued
        page = house.browser("officer").get(f"/desk/privacy/{number}/certificate?lang=en")
        assert "files-rewritten" not in page
        assert "the data files were written anew without it" in page
        assert f"{done['level']}: gone from" in page
        assert "The hotel did not say when backups of the database end." in page
        assert CANARY not in console.printed
    finally:
        house.session.remove()
        engine.dispose()
