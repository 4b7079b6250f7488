"""An erasure taken back on the staff's pages and at a console: two people, and nobody's data."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase import verify as offline
from flask_guesterase.store import tables
from flask_guesterase.store.access import tokens
from flask_guesterase.store.recovery import unfound, window
from flask_guesterase.web.wording.language import Language
from tests.store.hotel import Guest
from tests.web.apihouse import Program, opened, token
from tests.web.house import CANARY, Browser, House
from tests.web.test_cli import Console, code_of

DESK = "/desk/privacy"


@pytest.fixture
def number(house: House) -> str:
    """A request about Ann that was carried out."""
    return erased(house)


def asked(house: House) -> str:
    """Let a request about Ann be ready to be approved; return its number."""
    number = house.request()
    with house.app.app_context():
        with house.extension.begin() as office:
            office.confirm(number, "clerk", "desk")
        house.settle(number)
    return number


def approved(house: House, number: str) -> str:
    """Carry out the request; return its number."""
    with house.app.app_context():
        with house.extension.begin() as office:
            office.approve(number, "officer", office.preview(number).digest)
        house.extension.work()
    assert house.state(number) == "sealed"
    return number


def erased(house: House) -> str:
    """Erase Ann; return the number of her request."""
    return approved(house, asked(house))


@pytest.fixture
def console(house: House) -> Console:
    """The console of the same house."""
    return Console(house.app)


def propose(house: House, number: str, login: str = "officer", **form: str) -> Browser:
    browser = house.browser(login)
    form = {"ground": "wrong-person", **form}
    assert browser.post(f"{DESK}/{number}/restore", **form).status_code == 303
    return browser


def test_who_may_not_take_it_back_reads_no_empty_heading(house: House, number: str) -> None:
    """Once somebody proposed it, everybody who sees the page reads that."""
    page, heading = house.browser("auditor"), "<h2>Take the erasure back</h2>"
    assert heading not in page.get(f"{DESK}/{number}")
    propose(house, number)
    assert heading in page.get(f"{DESK}/{number}")


def test_one_proposes_another_confirms_and_neither_sees_data(house: House, number: str) -> None:
    """The page says until when, who proposed it, and afterwards what came back, in counts."""
    officer, second = house.browser("officer"), house.browser("second")
    assert "It can be taken back until" in officer.get(f"{DESK}/{number}")
    assert "Take the erasure back" not in house.browser("clerk").get(f"{DESK}/{number}").replace(
        "<h2>Take the erasure back</h2>", ""
    )
    propose(house, number)
    own = officer.get(f"{DESK}/{number}")
    assert "Another person must confirm it." in own
    assert "/restore/confirm" not in own
    assert officer.post(f"{DESK}/{number}/restore/confirm").status_code == 403
    assert house.state(number) == "sealed"
    page = second.get(f"{DESK}/{number}")
    assert "/restore/confirm" in page
    assert second.post(f"{DESK}/{number}/restore/confirm").status_code == 303
    done = second.get(f"{DESK}/{number}")
    assert house.hotel.row(1)["name"] == CANARY
    for text in (own, page, done):
        assert CANARY not in text
        assert "ann@mail.example" not in text
    assert "erasure taken back" in done
    assert house.state(number) == "restored"
    certificate = f"{DESK}/{number}/certificate"
    assert all(text.count(f'href="{certificate}"') == 1 for text in (page, done))
    assert "Revoked on" in second.get(certificate)


def test_on_its_last_day_a_safety_copy_is_still_there(house: House, number: str) -> None:
    """The certificate said that its key is destroyed on that day, on which it still opens."""
    officer, at = house.browser("officer"), datetime.now(UTC)
    page = officer.get(f"{DESK}/{number}/certificate", wish="en")
    until = re.search(r"sealed safety copy until ([^.]+)\. Then its key is destroyed\.", page)
    assert until is not None
    for days in range(1, 8):
        house.extension._now = lambda days=days: at + timedelta(days=days)  # type: ignore[method-assign]
        house.worker()
    last = officer.get(f"{DESK}/{number}", wish="en")
    assert f"It can be taken back until {until[1]}." in last
    house.extension._now = lambda: at + timedelta(days=8)  # type: ignore[method-assign]
    house.worker()
    assert "It can be taken back until" not in officer.get(f"{DESK}/{number}", wish="en")


def test_a_file_that_is_missing_is_told_on_the_page(
    house: House, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How many there are, why they may be, and what to do."""
    monkeypatch.setattr(unfound, "count", lambda *_: 2)
    propose(house, number)
    second = house.browser("second")
    assert "again are missing" not in second.get(f"{DESK}/{number}")
    second.post(f"{DESK}/{number}/restore/confirm")
    told = second.get(f"{DESK}/{number}")
    assert "2 files that rows name again are missing." in told
    # A database that was put back lost the safety copy of what an erasure of before had removed.
    assert "or with this one before the database was put back from a copy" in told


def test_a_ground_is_needed_and_a_proposal(house: House, number: str) -> None:
    """An unknown ground is an input error; nothing to confirm is nothing there."""
    officer = house.browser("officer")
    assert officer.post(f"{DESK}/{number}/restore", ground="because").status_code == 422
    assert officer.post(f"{DESK}/{number}/restore/confirm").status_code == 404
    assert house.state(number) == "sealed"


def test_what_somebody_proposed_anew_is_not_confirmed_unread(house: House, number: str) -> None:
    """The guest is told the ground, so the second person confirms the one on their page."""
    officer = propose(house, number)
    second = house.browser("second")
    page = second.get(f"{DESK}/{number}")
    sent = dict(re.findall(r'name="(proposal)" value="(\d+)"', page))
    officer.post(f"{DESK}/{number}/restore", ground="binding-order")
    assert second.post(f"{DESK}/{number}/restore/confirm", **sent).status_code == 409
    assert house.state(number) == "sealed"
    sent = dict(re.findall(r'name="(proposal)" value="(\d+)"', second.get(f"{DESK}/{number}")))
    assert second.post(f"{DESK}/{number}/restore/confirm", **sent).status_code == 303
    assert house.state(number) == "restored"


def test_the_day_on_which_it_was_taken_back_is_told(house: House, number: str) -> None:
    """Among the days of the guest's case, and beside those who proposed and confirmed it."""
    with house.app.app_context(), house.extension.begin() as office:
        code = tokens.case_code(office.work, number)
    propose(house, number)
    second, guest = house.browser("second"), house.browser()
    second.post(f"{DESK}/{number}/restore/confirm")
    day = Language("en", "Asia/Shanghai").day(house.hotel.ours("request")[0]["ended_at"])
    assert guest.client.get(f"/privacy/case/{code}").status_code == 303
    case = guest.get("/privacy/case?lang=en")
    assert f"<dt>{day}</dt><dd>the hotel took the erasure back</dd>" in case
    assert case.index("<dd>your data were erased<") < case.index("<dd>the hotel took")
    said = re.findall(r"erasure taken back</strong>.*confirmed by", second.get(f"{DESK}/{number}"))
    assert day in "".join(said)
    # The ground is a sentence of its own: nothing stands behind its full stop.
    page = second.get(f"{DESK}/{number}?lang=en")
    assert f"</strong>, {day}: The wrong person&#39;s data had been erased.<br>" in page


def test_what_is_only_proposed_is_not_said_to_have_been_done(house: House, number: str) -> None:
    """Staff read why it is proposed; the guest themselves is not told of "the guest's" wish."""
    with house.app.app_context(), house.extension.begin() as office:
        code = tokens.case_code(office.work, number)
    house.browser("officer").post(f"{DESK}/{number}/restore", ground="guest-wish")
    second, done = house.browser("second"), "It was done on request."
    page = second.get(f"{DESK}/{number}?lang=en")
    assert ": The guest wishes it<br>" in page
    assert done not in page
    second.post(f"{DESK}/{number}/restore/confirm")
    assert done in second.get(f"{DESK}/{number}?lang=en")
    guest = house.browser()
    guest.client.get(f"/privacy/case/{code}")
    assert done in guest.get("/privacy/case?lang=en")


def test_the_guest_reads_it_in_their_case(house: House, number: str) -> None:
    """Day, ground, what it means and where to complain; the certificate can still be had."""
    with house.app.app_context(), house.extension.begin() as office:
        code = tokens.case_code(office.work, number)
    propose(house, number)
    house.browser("second").post(f"{DESK}/{number}/restore/confirm")
    guest = house.browser()
    assert guest.client.get(f"/privacy/case/{code}").status_code == 303
    page = guest.get("/privacy/case")
    assert "the hotel took the erasure of your data back" in page
    assert "The wrong person&#39;s data had been erased." in page
    assert "If you do not agree" in page
    assert "Look for me again" not in page
    # They may ask again, the page says: it leads there.
    assert '<a href="/privacy/ask">Ask again</a>' in page
    assert "Revoked on" in guest.get("/privacy/case/certificate")
    assert "revoked" in json.loads(guest.get("/privacy/case/certificate.json"))
    assert "重新存档" in guest.get("/privacy/case", wish="zh")


def test_it_was_revoked_on_one_day_in_all_files(
    house: House, number: str, console: Console, tmp_path: Path
) -> None:
    """Late in the evening, UTC, it is the next day in Shanghai, after an uninstallation too."""
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.certificate).values(revoked_at=datetime(2026, 3, 10, 20)))
    out = tmp_path / "export"
    console.json("uninstall", "--out", str(out))
    officer = house.browser("officer")
    here = json.loads(officer.get(f"{DESK}/{number}/certificate.json"))
    left = json.loads((out / "certificates" / f"{number}.json").read_text(encoding="utf-8"))
    assert [here["revoked"], left["revoked"]] == ["2026-03-11"] * 2


def test_the_certificate_says_that_it_is_revoked(
    house: House, number: str, tmp_path: Any, capsys: Any
) -> None:
    """It can still be had; the file says revoked, its signature holds, and no reader takes it."""
    officer = house.browser("officer")
    path = f"{DESK}/{number}/certificate.json"
    before = json.loads(officer.get(path))
    propose(house, number)
    house.browser("second").post(f"{DESK}/{number}/restore/confirm")
    after = json.loads(officer.get(path))
    assert "revoked" not in before
    day = after.pop("revoked")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", day)
    assert after == before
    file = tmp_path / "certificate.json"
    file.write_text(json.dumps(after | {"revoked": day}))
    assert offline.main([str(file), "--key", after["public_key"]]) == 1
    said = capsys.readouterr().out
    assert f"REVOKED on {day}" in said
    assert "NOT as it was signed" not in said


@pytest.mark.parametrize("ground", ["wrong-person", "binding-order"])
def test_the_guest_is_told_in_their_language(house: House, number: str, ground: str) -> None:
    """The letter and nothing but it names the day, the ground in words and where to complain."""
    propose(house, number, ground=ground)
    house.browser("second").post(f"{DESK}/{number}/restore/confirm")
    letters = [row for row in house.hotel.ours("outbox") if row["template"] == "restored"]
    assert len(letters) == 1
    page = house.browser("clerk").get(f"{DESK}/outbox")
    assert "took the erasure of your data back" in page or "撤销了对您个人信息的删除" in page
    assert "order" not in re.sub(r"<[^>]*>", "", page).lower().replace("in order", "")
    assert ground not in page


def test_at_a_console_both_need_codes_of_their_own(
    house: House, number: str, console: Console
) -> None:
    """Names typed at a console are no people; one's code does not stand for the other's."""

    def people(first: str, second: str) -> list[str]:
        return [
            "--by", first, "--code", code_of(house, first),
            "--second", second, "--second-code", code_of(house, second),
            "--ground", "wrong-plan",
        ]  # fmt: skip

    typed = ["--by", "officer", "--code", "AAAA-AAAA", "--second", "second"]
    assert console.error(
        "restore", number, *typed, "--second-code", "BBBB-BBBB", "--ground", "wrong-plan"
    ) == "token"  # fmt: skip
    assert console.error("restore", number, *people("officer", "officer")) in (
        "four-eyes", "token",
    )  # fmt: skip
    assert console.error("restore", number, *people("officer", "clerk")) == "forbidden"
    assert house.state(number) == "sealed"
    done = console.json("restore", number, *people("officer", "second"))
    assert done["restored"] is True
    assert done["tables"]["guests"]["restored"] == 1
    assert house.state(number) == "restored"
    assert house.hotel.row(1)["name"] == CANARY
    assert CANARY not in json.dumps(done)


def test_a_console_says_what_has_no_column_to_come_back_into(
    house: House, number: str, console: Console
) -> None:
    """The column was given another name inside the window; its value is not said."""
    with house.hotel.engine.begin() as conn:
        conn.exec_driver_sql("ALTER TABLE guests RENAME COLUMN phone TO mobile")
    _, said = console.raw(
        "restore", number, "--by", "officer", "--code", code_of(house, "officer"),
        "--second", "second", "--second-code", code_of(house, "second"), "--ground", "wrong-plan",
    )  # fmt: skip
    assert "There is no column of these names any more: guests (phone)." in said
    assert "no second try brings anything back into rows that did" in said


@pytest.mark.parametrize("typed", [str.upper, str.lower])
@pytest.mark.parametrize("door", ["page", "console", "api"])
def test_stored_views_show_the_guest_again(
    postgresql_url: str, tmp_path: Path, door: str, typed: Callable[[str], str]
) -> None:
    """The erasure made them anew, so what takes it back does so as well."""
    house = opened(House(postgresql_url, tmp_path))
    house.people()
    try:
        with house.hotel.engine.begin() as conn:
            conn.exec_driver_sql("CREATE MATERIALIZED VIEW names AS SELECT name FROM guests")

        def shown() -> bool:
            with house.hotel.engine.connect() as conn:
                return CANARY in conn.exec_driver_sql("SELECT name FROM names").scalars().all()

        assert shown()
        number = typed(erased(house))
        assert not shown()
        if door == "page":
            propose(house, number)
            house.browser("second").post(f"{DESK}/{number}/restore/confirm")
        elif door == "api":
            propose(house, number)
            Program(house, token(house, "second")).post(
                f"/requests/{number}/restore/confirm", {"proposal": 1}
            )
        else:
            Console(house.app).json(
                "restore", number, "--by", "officer", "--code", code_of(house, "officer"),
                "--second", "second", "--second-code", code_of(house, "second"),
                "--ground", "wrong-person",
            )  # fmt: skip
        assert house.state(number) == "restored"
        assert shown()
    finally:
        house.session.remove()
        house.hotel.engine.dispose()


def test_what_did_not_come_back_is_named_by_table_number_and_reason(
    house: House, number: str
) -> None:
    """Staff read that a row somebody wrote into since stays as it is, also after the window."""
    propose(house, number)
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 1).values(phone="+64 9 555 0199"))
    second = house.browser("second")
    assert second.post(f"{DESK}/{number}/restore/confirm").status_code == 303
    for days in (0, 30):
        house.hotel.later(days=days)
        page = second.get(f"{DESK}/{number}")
        told = re.sub(r"<[^>]+>|\s+", " ", page[page.index("Did not come back") :])
        assert re.search(r"guests\b.*1 row: +somebody wrote there since", told), told[:600]
        assert "+64 9 555 0199" not in page
        assert CANARY not in page


def test_what_has_no_safety_copy_is_told_before_and_after(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plan, certificate and what came back name the part that nobody can take back."""
    monkeypatch.setattr(window, "over", lambda *_: window.Unkept(
        columns={("guests", (1,)): frozenset({"phone"})}
    ))  # fmt: skip
    number, second = asked(house), house.browser("second")

    def page(of: str) -> str:
        return " ".join(re.sub(r"<[^>]+>", " ", second.get(f"{DESK}/{number}{of}")).split())

    assert "there is no safety copy of it. phone" in page("")
    assert "guests : hotel – which house" in page("")
    approved(house, number)
    assert "overwritten; no safety copy was made of it: phone" in page("/certificate")
    propose(house, number)
    assert second.post(f"{DESK}/{number}/restore/confirm").status_code == 303
    assert "There was no safety copy of: guests : phone" in page("")
