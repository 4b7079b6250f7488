"""The page, the file and the command of figures say the same, and name nobody."""

from __future__ import annotations

import csv
import io
import json

from tests.web.house import CANARY, House
from tests.web.test_guest import erased


def test_page_file_and_command_say_the_same(house: House) -> None:
    """One erased guest: received once, answered once, in each of the three."""
    erased(house)
    page = house.browser("auditor").get("/desk/privacy/figures", wish="en")
    assert page.count('<svg class="chart"') == 2
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


def test_only_hotels_of_the_reader_are_counted(house: House) -> None:
    """Whoever may see figures at one property does not learn those of another."""
    text = house.browser("auditor").get("/desk/privacy/figures.csv")
    rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    assert {row["property"] for row in rows} == {"sh"}
