"""The demo hotel tells who else holds copies, each of what it may know, and says how far it got."""

from __future__ import annotations

from flask import Flask

from flask_guesterase import Guesterase
from flask_guesterase.store import worker
from flask_guesterase.store.upkeep import upgrade
from tests.example.conftest import Clerk


def test_the_demo_tells_its_recipients(app: Flask) -> None:
    """Some confirm, the channel manager only takes it, people sign; the certificate lists all."""
    with app.app_context():
        guesterase: Guesterase = app.extensions["guesterase"].extension
        upgrade.upgrade(guesterase.host.engine())
        upgrade.make_keys(guesterase.host.engine(), guesterase.custodian)
        stops = {found.id for found in guesterase.check()}
        assert "recipient-unknown" not in stops
        run = guesterase.run
        asked = {"email": "juergen.mueller@mail.example"}
        number = run(lambda office: office.request(asked, property="LEJ", by="lej.desk"))
        run(lambda office: office.confirm(number, "lej.desk"))
        digest = run(lambda office: office.preview(number)).digest
        run(lambda office: office.approve(number, "lej.officer", digest))
        worker.carry_out(run, number)
        with guesterase.begin() as office:
            said = office.certificate(number)["content"]["recipients"]
        assert {each["recipient"]: each["how"] for each in said} == {
            "channel-manager": "system", "mail-list": "system", "wifi": "system",
            "payment-provider": "system", "door-locks": "person", "staff-chat": "person",
        }  # fmt: skip
        guesterase.work()
    clerk = Clerk(app.test_client()).login("lej.desk")
    page = clerk.get("/desk/privacy/recipients")
    assert "At the lock server" in page
    assert "Jürgen Müller" in page
    assert "mail-list" not in page
    far = Clerk(app.test_client()).login("sha.desk").get("/desk/privacy/recipients")
    assert "Jürgen Müller" not in far
    with app.app_context():
        guesterase = app.extensions["guesterase"].extension
        with guesterase.begin() as office:
            told = {each["recipient"]: each["state"] for each in office.told(number)}
    assert told["channel-manager"] == "sent"
    assert told["mail-list"] == told["wifi"] == "acknowledged"
    assert told["door-locks"] == "queued"
