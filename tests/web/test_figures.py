"""The page, the file and the command of figures say the same, and name nobody."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import astuple, fields
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from flask_guesterase.core.figures import Handled
from flask_guesterase.store import tables
from tests.example.figured import agree
from tests.store.hotel import Guest
from tests.web.house import CANARY, House
from tests.web.test_complaints import complain, refused
from tests.web.test_guest import erased
from tests.web.test_incidents import report

DESK = "/desk/privacy"


def test_page_file_and_command_say_the_same(house: House) -> None:
    """One erased guest: received once, answered once, in each of the three."""
    erased(house)
    page = house.browser("auditor").get("/desk/privacy/figures", wish="en")
    assert page.count('<svg class="chart"') == 4
    assert CANARY not in page
    text = house.browser("auditor").get("/desk/privacy/figures.csv")
    assert CANARY not in text
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    received = [row for row in rows if row["what"] == "received" and row["count"] != "0"]
    assert [(row["property"], row["count"]) for row in received] == [("sh", "1")]
    month = received[0]["month"]
    assert sum(int(r["count"]) for r in rows if (r["what"], r["month"]) == ("outcome", month)) == 1
    told = house.app.test_cli_runner().invoke(args=["guesterase", "figures", "--json"])
    assert told.exit_code == 0, told.output
    here = next(each for each in json.loads(told.output) if each["property"] == "sh")
    counted = {each["month"]: each["received"] for each in here["months"]}
    assert {month for month, count in counted.items() if count} == {month}
    assert counted[month] == 1


def test_a_telephone_leaves_out_months_that_brought_nothing(house: House) -> None:
    """Rows of empty months are marked for it, and the row that tells something never is."""
    house.request()
    page = house.browser("auditor").get(f"{DESK}/figures", wish="en")
    requests = page.partition("Requests by the month of receipt")[2].partition("</table>")[0]
    assert requests.count('<tr class="void">') == 11
    told = requests.rpartition("<tr>")[2]
    assert 'data-label="Requests received">1</td>' in told
    for rows in page.split("<tbody>")[1:]:
        assert "<tr>" in rows.partition("</tbody>")[0]


def test_only_hotels_of_the_reader_are_counted(house: House) -> None:
    """Whoever may see figures at one property does not learn those of another."""
    text = house.browser("auditor").get("/desk/privacy/figures.csv")
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    assert {row["property"] for row in rows} == {"sh"}


def test_complaints_incidents_and_training_are_counted_where_they_happened(house: House) -> None:
    """A complaint that overturns a refusal, an incident, and acts without training; no words."""
    _, guest = refused(house)
    complaint = complain(guest)
    second = house.browser("second")
    form = {"outcome": "overturned", "words": "We are sorry."}
    assert second.post(f"{DESK}/complaints/{complaint}/letter", **form).status_code == 200
    assert second.post(f"{DESK}/complaints/{complaint}/answer", **form).status_code == 303
    report(house)
    text = house.browser("auditor").get(f"{DESK}/figures.csv")
    rows = [row for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
            if row["what"] == "handled"]  # fmt: skip
    assert len({row["month"] for row in rows}) == 12
    month = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m")
    newest = {r["which"]: int(r["count"]) for r in rows if r["month"] == month}
    assert set(newest) == {each.name for each in fields(Handled)}
    with house.app.app_context(), house.extension.begin(write=False) as office:
        found = office.figures()
        assert sum(agree(office, each) for each in found) == 1
        entries = office.work.conn.execute(select(tables.entry.c.action)).scalars().all()
    missed = entries.count("training-missed")
    assert missed
    ones = ("complaints", "answered", "overturned", "incidents")
    assert newest == {
        **dict.fromkeys(newest, 0), **dict.fromkeys(ones, 1), "untrained": missed,
    }  # fmt: skip
    others = [each for each in found if each.property != "sh"]
    assert others
    assert not any(any(astuple(m)) for each in others for m in each.handled.values())
    assert not any(any(int(r["count"]) for r in rows if r["month"] == m)
                   for m in {r["month"] for r in rows} - {month})  # fmt: skip
    page = house.browser("auditor").get(f"{DESK}/figures?lang=en")
    assert "refusals overturned 1" in page
    assert "laughed" not in page


def test_counts_of_requests_are_not_called_days(house: House) -> None:
    """In Chinese the column was headed "day of receipt"; each chart has its title in sight."""
    house.request()
    page = house.browser("auditor").get(f"{DESK}/figures", wish="zh")
    assert "收到日期" not in page
    assert ">收到的申请</th>" in page
    english = house.browser("auditor").get(f"{DESK}/figures", wish="en")
    for title in ("Complaints received", "Incidents opened"):
        assert f">{title}</p>" in english


def test_what_the_review_before_check_in_said_is_shown_by_month(house: House) -> None:
    """By the hotel where it was made, in page, file and command, and frozen in a review."""
    with house.app.app_context():
        for id in (5, 6):
            house.extension.review_record(Guest(id=id, hotel="sh", name=CANARY), "clerk")
        house.extension.review_record(Guest(id=7, hotel="sh", name=CANARY))
        house.extension.settle_reviews()
        with house.extension.begin(write=False) as office:
            said = dict(office.reviews("2000-01-01", "sh"))
            found = {each.property: each.reviewed for each in office.figures()}
    assert said["no-reviewer"] == 1
    (month,) = [month for month, words in found["sh"].items() if words]
    assert (found["sh"][month], any(found["mu"].values())) == (said, False)
    text = house.browser("auditor").get(f"{DESK}/figures.csv")
    rows = [row for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
            if row["what"] == "reviewed"]  # fmt: skip
    assert {(row["month"], row["which"]): int(row["count"]) for row in rows} == {
        (month, word): count for word, count in said.items()
    }  # fmt: skip
    page = house.browser("auditor").get(f"{DESK}/figures", wish="en")
    assert "Review before check-in" in page
    assert "nobody is named who reviewed it 1" in page
    assert CANARY not in page
    told = house.app.test_cli_runner().invoke(args=["guesterase", "figures", "--json"])
    here = next(each for each in json.loads(told.output) if each["property"] == "sh")
    assert here["reviewed"][month] == said
    with house.app.app_context(), house.extension.begin() as office:
        number = office.open_monthly("sh", "watcher")
    page = house.browser("watcher").get(f"{DESK}/reviews/{number}", wish="en")
    assert "nobody is named who reviewed it 1" in page


@pytest.mark.parametrize(("lang", "words"), [("en", "January 2026"), ("zh", "2026年1月")])
def test_the_month_of_a_review_is_said_in_words(house: House, lang: str, words: str) -> None:
    """On its page and in the list; tables of figures alone have it in digits."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.open_monthly("sh", "issuer", "2026-01")
    issuer = house.browser("issuer")
    page = issuer.get(f"/desk/privacy/reviews/{number}?lang={lang}")
    assert words in page.partition("<h1>")[2].partition("</h1>")[0]
    assert f">{words}</a>" in issuer.get(f"/desk/privacy/reviews?lang={lang}")
