"""A day that two people gave a duty of law, as officer and guest of the demo hotel read it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from example_pms import db, lawful
from example_pms.seed import seed
from flask_guesterase.core.period import Period
from flask_guesterase.store.deciding.amendments import House
from flask_guesterase.web.extension import Guesterase

from .conftest import Clerk, hotel_app

DESK = "/desk/privacy"


def test_a_line_under_a_day_of_the_house_is_kept_because_of_the_law(tmp_path: Path) -> None:
    """The article stays the reason beside the day; no word of the machine is shown in its place."""
    app = hotel_app(tmp_path, f"sqlite:///{tmp_path / 'hotel.sqlite'}")
    done = app.test_cli_runner().invoke(args=["guesterase", "db", "upgrade"])
    assert done.exit_code == 0, done.output
    with app.app_context():
        extension: Guesterase = app.extensions["guesterase"].extension
        seed(db.session(), 60, 7, datetime.now(UTC).date(), scans=tmp_path / "scans")
        db.session.remove()
        lawful.decide(extension)
        with extension.begin() as office:
            said = House("guest_register", ("departed",), "minutes of today", Period(years=3))
            proposed = office.house_period("SHA", said, "sha.officer")
        with extension.begin() as office:
            office.confirm_house(proposed, "sha.officer2")
    desk, officer = Clerk(app.test_client()), Clerk(app.test_client())
    desk.login("sha.desk")
    officer.login("sha.officer")
    form = {"property": "SHA", "key": "email", "value": "li.wei@mail.example", "name": "李伟",
            "wish": "erase", "channel": "desk", "received": datetime.now(UTC).date().isoformat(),
            "lang": "zh", "asked_by": "guest", "reason": ""}  # fmt: skip
    number = desk.post(f"{DESK}/new", form, page=f"{DESK}/new").location.rpartition("/")[2]
    desk.post(f"{DESK}/{number}/confirm", {"how": "desk"}, page=f"{DESK}/{number}")
    page = officer.get(f"{DESK}/{number}?lang=zh")
    lines = [re.sub(r"<[^>]+>", " ", line) for line in page.splitlines()]
    told = next(line for line in lines if "住宿登记：" in line)
    assert "旅馆业治安管理办法" in told
    assert "至2" in told
    assert "house" not in " ".join(lines)
    assert any("旅馆业治安管理办法" in line and "酒店自定期限" in line for line in lines)
    with app.app_context():
        db.engine.dispose()
