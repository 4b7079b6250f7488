"""The days of a case, on its page and in the guest's calendar."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text

from tests.core.test_agenda import lines
from tests.web.house import CANARY, House
from tests.web.test_guest import erased, proved


def events(file: str) -> dict[str, tuple[str, str]]:
    """Return UID -> day and text of the events of a calendar file."""
    told = "\n".join(lines(file))
    found = re.findall(
        r"UID:(\S+)\nDTSTAMP:\S+\nDTSTART;VALUE=DATE:(\d+)\nSUMMARY:(.*)\n", told
    )  # fmt: skip
    return {uid: (day, said) for uid, day, said in found}


def test_the_calendar_holds_what_is_to_come_and_nothing_of_the_case(house: House) -> None:
    """One event while it is decided; the file names neither person nor hotel nor number."""
    browser, code = proved(house)
    number, due = (house.hotel.ours("request")[0][name] for name in ("number", "due_on"))
    page = browser.get("/privacy/case?lang=en")
    assert "it was shown that it is you" in page
    answer = browser.client.get("/privacy/case/dates.ics")
    assert answer.mimetype == "text/calendar"
    [(uid, told)] = events(answer.text).items()
    assert told == (due.replace("-", ""), "Your data: you have an answer\\, at the latest")
    known = (number, number.partition("-")[2], code, code.partition("-")[0], CANARY, "ann@mail",
             "Pine", "sh@")  # fmt: skip
    whole = answer.text + str(answer.headers["Content-Disposition"])
    assert [each for each in known if each.casefold() in whole.casefold()] == []
    with house.hotel.engine.begin() as conn:
        later = (date.fromisoformat(due) + timedelta(days=9)).isoformat()
        conn.execute(text("UPDATE guesterase_request SET due_on = :day"), {"day": later})
    moved = events(browser.client.get("/privacy/case/dates.ics").text)
    assert moved == {uid: (later.replace("-", ""), told[1])}, "a day that moves keeps its event"
    assert "您的个人信息" in browser.get("/privacy/case/dates.ics?lang=zh")


def test_after_the_erasure_the_days_are_those_of_what_is_left(house: House) -> None:
    """The safety copy's end and that of what the law keeps; days that are over are not in it."""
    browser, _ = erased(house)
    today = datetime.now(UTC).date()
    told = events(browser.client.get("/privacy/case/dates.ics?lang=en").text)
    said = {what: day for day, what in told.values()}
    safety = said["Your data: the sealed safety copy ends"]
    assert today < date.fromisoformat(safety) <= today + timedelta(days=8)
    assert not any("at the latest" in what for what in said)
    page = browser.get("/privacy/case?lang=en")
    assert all(what in page for what in ("your data were erased", "it was decided"))
    house.browser().get("/privacy/case/dates.ics", 410)


def test_a_guest_whose_answer_is_late_reads_so(house: House) -> None:
    """On its day an answer may still come; after it nobody has one by a day that is past."""
    browser, _ = proved(house)
    today = datetime.now(ZoneInfo(house.hotel.settings.properties["sh"].zone)).date()
    for day, late in ((today, False), (today - timedelta(days=1), True)):
        with house.hotel.engine.begin() as conn:
            conn.execute(text("UPDATE guesterase_request SET due_on = :day"), {"day": f"{day}"})
        page = browser.get("/privacy/case?lang=en")
        assert ("You have an answer by" in page) is not late
        assert ("the answer is late: you may complain" in page) is late
