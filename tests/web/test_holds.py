"""Pages and commands of holds: who may, and that nobody else ever reads that something is held."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from flask_guesterase.core.errors import PolicyError
from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.deciding.preview import Preview
from flask_guesterase.store.incidents.opening import Report
from tests.web.house import CANARY, Browser, House
from tests.web.test_cli import Console, code_of

DESK = "/desk/privacy"

TELLING = re.compile(r"\bhold (?:placed|lifted|\d)|\bholds?:|\blegal hold|保全|冻结|\bfr(?:o|ee)ze")
"""What a page of those not entitled must never say."""


@pytest.fixture
def number(house: House) -> str:
    """A request about Ann that waits for a decision."""
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
    return number


def place(house: House, scope: str, table: str, key: str, **more: Any) -> int:
    """Place a silent hold as the holder."""
    wanted = Wanted(scope, "court-order", table, key, silent=True, **more)
    with house.app.app_context(), house.extension.begin() as office:
        return office.place_hold(wanted, "holder")


def lift(house: House, id: int) -> None:
    """Let two people lift a hold."""
    for who in ("holder", "second-holder"):
        with house.app.app_context(), house.extension.begin() as office:
            office.lift(id, who)


def approve(house: House, number: str) -> None:
    """Approve today's plan."""
    house.settle(number)
    with house.app.app_context(), house.extension.begin() as office:
        office.approve(number, "officer", office.preview(number).digest)


def previewed(house: House, number: str) -> Preview:
    """Return the plan of today."""
    with house.app.app_context(), house.extension.begin() as office:
        return office.preview(number)


def pages(house: House, login: str, number: str, wish: str = "en") -> dict[str, str]:
    """Return the text of every page a person may open, without what is new each time."""
    browser = house.browser(login)
    found = {}
    for rule in house.app.url_map.iter_rules():
        name = rule.endpoint.rpartition(".")[2]
        if not rule.endpoint.startswith("guesterase_staff.") or "GET" not in (rule.methods or ()):
            continue
        if rule.arguments - {"number"} or name in ("static", "code", "checkpoint"):
            continue
        path = rule.rule.replace("<number>", number)
        answer = browser.client.get(path, headers={"Accept-Language": wish})
        text = re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text)
        found[path] = f"{answer.status_code} {text}"
    assert sum(text.startswith("200") for text in found.values()) > 1
    return found


def opened(shown: dict[str, str]) -> list[tuple[str, str]]:
    """Return the pages that were not refused; a refusal names the permission, hold or not."""
    return [(path, text) for path, text in shown.items() if text.startswith("200")]


@pytest.mark.parametrize("wish", ["en", "zh"])
@pytest.mark.parametrize("login", ["clerk", "porter", "officer", "auditor"])
def test_a_silent_hold_on_somebody_else_changes_no_page(
    house: House, number: str, login: str, wish: str
) -> None:
    """Letter by letter: list, request, plan, messages, journal are as they were before."""
    before = pages(house, login, number, wish)
    place(house, "subject", "guests", "2", reference="Case 7")
    assert pages(house, login, number, wish) == before


@pytest.mark.parametrize("login", ["clerk", "officer", "auditor"])
def test_a_silent_hold_on_the_guest_looks_like_a_duty_of_law(
    house: House, number: str, login: str
) -> None:
    """The held row stands where what the law keeps stands, in the same shape, and no word tells."""
    place(house, "record", "bookings", "1", reference="Case 7")
    for wish in ("en", "zh"):
        shown = pages(house, login, number, wish)
        for path, text in opened(shown):
            assert not TELLING.search(text), (path, TELLING.search(text))
            assert "Case 7" not in text
    page = pages(house, login, number)[f"{DESK}/{number}"]
    kept = page.partition("<h2>What stays, and why</h2>")[2].partition("</table>")[0]
    rows = {
        table: re.sub(r"[^<>]*(?=<)", "", row)
        for row in re.findall(r"<tr>(.*?)</tr>", kept, re.DOTALL)
        for table in re.findall(r"<strong>(\w+)</strong>", row)
    }
    assert set(rows) == {"bookings", "invoices"}
    assert rows["bookings"] == rows["invoices"]
    assert "a duty of law" in kept


def test_the_entitled_read_which_hold_it_is(house: House, number: str) -> None:
    """On the request's page and in the list, with its reference."""
    id = place(house, "record", "bookings", "1", reference="Case 7")
    holder = house.browser("holder")
    assert f"(hold {id})" in re.sub(r"\s+", " ", holder.get(f"{DESK}/{number}"))
    assert "Case 7" in holder.get(f"{DESK}/holds")
    assert "hold placed" not in house.browser("auditor").get(f"{DESK}/journal")


def test_commands_without_a_code_never_tell(house: House, number: str) -> None:
    """Preview, show, why, list and certificate speak of a duty of law."""
    id = place(house, "record", "bookings", "1")
    console = Console(house.app)
    console.json("preview", number)
    approve(house, number)
    console.json("erase", number)
    for command in (["show", number], ["preview", number], ["list"], ["why", "bookings", "1"]):
        console.json(*command)
        console.raw(*command)
    assert not re.search(r"\bhold\b", console.printed)
    assert "legal-duty" in console.printed
    lift(house, id)


def test_letters_status_page_and_certificate_never_tell(house: House, number: str) -> None:
    """What the guest gets says that a duty of law keeps something, and in which table."""
    place(house, "record", "bookings", "1")
    approve(house, number)
    house.worker()
    assert house.state(number) == "sealed"
    body = house.browser("clerk").client.get(f"{DESK}/{number}/certificate.json").text
    letters = house.browser("clerk").get(f"{DESK}/outbox")
    pages_ = [body, letters, house.browser("clerk").get(f"{DESK}/{number}/certificate")]
    for text in pages_:
        assert not TELLING.search(text)
        assert not re.search(r'"hold"', text)
    assert "legal-duty" in body


def test_a_whole_person_under_a_silent_hold_waits_for_a_duty_of_law(
    house: House, number: str
) -> None:
    """The reason to wait, its event, the letter and the guest's own page say no more than that."""
    id = place(house, "subject", "guests", "1")
    approve(house, number)
    house.worker()
    assert house.state(number) == "waiting"
    for login in ("clerk", "auditor"):
        for path, text in opened(pages(house, login, number)):
            assert not TELLING.search(text), path
    assert "a duty of law" in pages(house, "clerk", number)[f"{DESK}/{number}"]
    bodies = [row["body"] for row in house.hotel.ours("entry") if row["request"] == number]
    assert not any("hold" in body for body in bodies)
    lift(house, id)
    house.worker()
    assert house.state(number) == "sealed"
    assert CANARY not in str(house.hotel.row(1))


def test_who_is_wholly_held_stands_in_the_way_before_anybody_tries(
    house: House, number: str
) -> None:
    """The page says what keeps all of it and has no button that could only fail; lifted, it has."""
    place(house, "subject", "guests", "1")
    approve(house, number)
    officer, here = house.browser("officer"), f"{DESK}/{number}"
    page = re.sub(r"\s+", " ", officer.get(here, wish="en"))
    assert re.search(r"<dt>in the way</dt><dd>[1-9]", page)
    card = page.partition("What stands in the way")[2].partition("</div>")[0]
    assert "<strong>guests</strong>: a duty of law (1 row)" in card
    assert "Erase now" not in page
    assert not TELLING.search(page)
    assert officer.post(f"{here}/erase").status_code == 409
    lift(house, 1)
    page = officer.get(here, wish="en")
    assert "What stands in the way" not in page
    assert "Erase now" in page


@pytest.mark.parametrize("table", ["guests", "bookings"])
def test_who_approves_under_a_hold_reads_what_goes_when_it_is_lifted(
    house: House, number: str, table: str
) -> None:
    """What they approve then is what the page said without the hold, of a person or a record."""
    officer, here = house.browser("officer"), f"{DESK}/{number}"
    said = "As soon as nothing keeps it any more"
    free = previewed(house, number)
    assert said not in officer.get(here, wish="en")
    assert free.later == ()
    id = place(house, "subject" if table == "guests" else "record", table, "1")
    held = previewed(house, number)
    assert held.digest == free.digest
    stay = {(line.table, line.columns, line.outcome) for line in held.erase}
    assert table in {line.table for line in free.erase} - {line[0] for line in stay}
    later = {(each.table, each.columns, each.outcome) for each in held.later}
    assert {(line.table, line.columns, line.outcome) for line in free.erase} - stay <= later
    page = officer.get(here, wish="en").partition("<h2>What goes</h2>")[2]
    page = page.partition("</details>")[0]
    assert f"<strong>{table}</strong>" in page.partition(said)[2]
    assert ">Nothing.<" in page or table != "guests"
    lift(house, id)
    assert said not in officer.get(here, wish="en")


@pytest.mark.parametrize("login", ["clerk", "officer", "auditor"])
def test_what_stands_in_the_way_never_tells_a_silent_hold_from_an_open_one(
    house: House, number: str, login: str
) -> None:
    """Letter by letter the same page, while it is decided and once it is approved."""
    shown = []
    for silent in (True, False):
        with house.app.app_context(), house.extension.begin() as office:
            wanted = Wanted("subject", "court-order", "guests", "1", silent=silent)
            id = office.place_hold(wanted, "holder")
        shown.append(pages(house, login, number)[f"{DESK}/{number}"])
        lift(house, id)
    assert "What stands in the way" in shown[0]
    assert shown[0] == shown[1]
    assert not TELLING.search(shown[0])


def test_one_click_freezes_and_an_officer_confirms(house: House) -> None:
    """From the first page, the whole hotel by a tick; the officer is told until they confirmed."""
    porter, holder = house.browser("porter"), house.browser("holder")
    assert "Freeze" in porter.get(f"{DESK}/")
    assert porter.post(f"{DESK}/holds/freeze", property="sh", whole="yes").status_code == 303
    assert "waits to be confirmed" in porter.get(f"{DESK}/freezes")
    assert "No. 1" not in porter.get(f"{DESK}/freezes")
    assert "No. 1" in holder.get(f"{DESK}/freezes")
    assert "1 freeze waits for you" in holder.get(f"{DESK}/")
    assert "waits for you" not in porter.get(f"{DESK}/")
    assert porter.post(f"{DESK}/holds/1/confirm").status_code == 403
    assert house.browser("far-holder").post(f"{DESK}/holds/1/confirm").status_code == 404
    assert holder.post(f"{DESK}/holds/1/confirm").status_code == 303
    assert "waits for you" not in holder.get(f"{DESK}/")
    far = house.browser("far-holder").post(f"{DESK}/holds/freeze", property="sh", whole="yes")
    assert far.status_code == 403


def test_an_empty_form_freezes_nothing_before_the_whole_hotel_is_ticked(house: House) -> None:
    """A slip would keep a hotel until two people lift it; a tick beside a night or a room, too."""
    porter = house.browser("porter")
    for sent in ({}, {"night": "", "room": " "}, {"whole": "yes", "room": "101"},
                 {"whole": "yes", "night": "2026-03-10"}):  # fmt: skip
        answer = porter.post(f"{DESK}/holds/freeze?lang=en", property="sh", **sent)
        assert answer.status_code == 422
        assert 'id="whole-wrong">Please give a night or a room, or tick' in answer.text
        assert f'value="{sent.get("room", "").strip()}"' in answer.text
        ticked = 'value="yes" checked' in answer.text
        assert ticked == ("whole" in sent)
    assert house.hotel.ours("hold") == []
    assert porter.post(f"{DESK}/holds/freeze", property="sh", room="101").status_code == 303
    assert porter.post(f"{DESK}/holds/freeze", property="sh", whole="yes").status_code == 303
    assert [row["room"] for row in house.hotel.ours("hold")] == ["101", None]


def test_a_night_of_a_year_in_two_figures_is_not_taken(house: House) -> None:
    """A browser's field makes 0026 of 26: nothing would be frozen, and somebody relied on it."""
    porter = house.browser("porter")
    assert 'min="2000-01-01"' in porter.get(f"{DESK}/")
    wrong = {
        "0026-03-10": "all four figures of the year", "2026-02-30": "Please give a night as a day.",
        "yesterday": "Please give a night as a day.",
    }  # fmt: skip
    for night, said in wrong.items():
        sent = {"property": "sh", "night": night, "room": "12"}
        answer = porter.post(f"{DESK}/holds/freeze?lang=en", **sent)
        assert answer.status_code == 422
        # Whoever freezes is in a hurry: what they wrote stands in the form, which says what to do.
        assert re.search(rf'id="night-wrong">[^<]*{said}', answer.text)
        assert f'value="{night}"' in answer.text
        assert 'value="12"' in answer.text
    assert house.hotel.ours("hold") == []


def test_two_people_lift_on_the_page(house: House) -> None:
    """The first one's button is gone; the second one lifts."""
    id = place(house, "subject", "guests", "1")
    first, second = house.browser("holder"), house.browser("second-holder")
    assert first.post(f"{DESK}/holds/{id}/lift").status_code == 303
    assert "another person must agree" in first.get(f"{DESK}/holds")
    page = first.get(f"{DESK}/holds", wish="en")
    assert "</strong> · hold <" in page
    assert re.search(r"To be lifted, says</dt>\s*<dd>a\d+ · \w+ \d", page)
    assert first.post(f"{DESK}/holds/{id}/lift").status_code == 403
    assert second.post(f"{DESK}/holds/{id}/lift").status_code == 303
    assert "There are none." in second.get(f"{DESK}/holds")


def test_who_lifts_what_a_colleague_lifted_is_told_so(house: House) -> None:
    """Whoever may not know of it reads of a lifted hold what they read of one that never was."""
    id = place(house, "subject", "guests", "1")
    mine, far, porter = map(house.browser, ("holder", "far-holder", "porter"))
    lift(house, id)
    for deed in ("lift", "confirm", "review"):
        told = mine.post(f"{DESK}/holds/{id}/{deed}?lang=en", **{f"on-{id}": "2999-01-01"})
        assert told.status_code == 409
        assert "lifted already" in told.text
        for browser in (far, porter):
            told, none = (
                browser.post(f"{DESK}/holds/{each}/{deed}?lang=en") for each in (id, id + 1)
            )
            assert told.status_code == none.status_code != 409
            assert told.text.replace(f"/{id}/", "/") == none.text.replace(f"/{id + 1}/", "/")


def _placed(browser: Browser, **form: str) -> int:
    answer = browser.post(f"{DESK}/holds/new", **{"why": "tax-audit", "property": "sh"} | form)
    return answer.status_code


def test_a_hold_is_placed_by_a_request_or_by_a_row(house: House, number: str) -> None:
    """A wrong number, table or row brings the form back and says so."""
    holder = house.browser("holder")
    assert _placed(holder, number=number, silent="yes") == 303
    assert _placed(holder, scope="record", table="bookings", key="1") == 303
    assert f"holds/new?number={number}" in holder.get(f"{DESK}/{number}")
    assert "holds/new" not in house.browser("officer").get(f"{DESK}/{number}")
    rows = [(r["scope"], r["table_name"], r["silent"]) for r in house.hotel.ours("hold")]
    assert [(s, t, bool(q)) for s, t, q in rows] == [
        ("subject", "guests", True), ("record", "bookings", False),
    ]  # fmt: skip
    for wrong in (
        {"number": "GR-NOTHING1"}, {"scope": "record", "table": "bookings", "key": "77"},
        {"scope": "record", "table": "nothing", "key": "1"}, {"why": "because"},
        {"scope": "record", "table": "bookings", "key": "1", "review_on": "soon"},
    ):  # fmt: skip
        assert _placed(holder, **wrong) == 422, wrong
    assert len(house.hotel.ours("hold")) == 2


def test_the_commands_place_freeze_confirm_list_and_lift(house: House) -> None:
    """Each by a person with their own code; the second person lifts."""
    console = Console(house.app)

    def by(who: str) -> list[str]:
        return ["--by", who, "--code", code_of(house, who)]

    row = ["--scope", "record", "--why", "legal-claim", "--table", "bookings", "--key", "1"]
    assert console.error("hold", "place", *row, *by("clerk")) == "forbidden"
    id = str(console.json("hold", "place", *row, *by("holder"))["id"])
    placed = console.json("hold", "freeze", "sh", "--night", "2026-03-09", *by("porter"))
    assert placed == {"id": None}
    listed = console.json("hold", "list", *by("holder"))
    ice = str(next(r["id"] for r in listed if r["kind"] == "freeze"))
    assert console.error("hold", "confirm", ice, *by("porter")) == "unknown"
    console.raw("hold", "confirm", ice, *by("holder"))
    theirs = console.json("hold", "list", *by("porter"))
    assert [(r["id"], r["night"]) for r in theirs] == [(None, "2026-03-09")]
    again = console.json("hold", "freeze", "sh", "--night", "2026-03-09", *by("holder"))
    assert str(again["id"]) == ice
    assert len(console.json("hold", "list", *by("holder"))) == 2
    assert console.json("hold", "lift", id, *by("holder"))["lifted"] is False
    assert console.error("hold", "lift", id, *by("holder")) == "four-eyes"
    assert console.error("hold", "lift", id, "--by", "second-holder", "--code", "x") == "token"
    assert console.json("hold", "lift", id, *by("second-holder"))["lifted"] is True


def test_the_host_names_a_query_once(house: House) -> None:
    """What the host registered can be held; a name is given once."""
    house.extension.hold_query("late", "bookings", lambda table: table.c.remark == "late")
    with pytest.raises(PolicyError):
        house.extension.hold_query("late", "bookings", lambda table: table.c.remark == "late")
    assert _placed(house.browser("holder"), scope="query", query="late") == 303
    assert _placed(house.browser("holder"), scope="query", query="other") == 422


def test_evidence_of_an_incident_names_the_incident_and_no_query(house: House) -> None:
    """The officer who looks for a query of that name finds none."""
    with house.app.app_context(), house.extension.begin() as office:
        number = office.open_incident(Report("sh", "leak", "A list."), "officer")
    page = house.browser("holder").get(f"{DESK}/holds?lang=en")
    assert f"<dd>evidence of an incident ({number})</dd>" in page
    assert "<dt>Query</dt>" not in page


def test_with_a_number_the_next_four_fields_do_not_count(house: House) -> None:
    """One of them is always chosen, so none can be left empty."""
    number, holder = house.request(), house.browser("holder")
    page = holder.get(f"{DESK}/holds/new?number={number}&lang=en")
    fields = re.findall(r'name="(\w+)"', page.partition(f'value="{number}"')[2])
    assert list(dict.fromkeys(fields))[:4] == ["scope", "table", "key", "query"]
    assert "the next four fields do not count" in page
    given = {"scope": "query", "table": "bookings", "key": "2", "query": "nothing"}
    assert _placed(holder, number=number, **given) == 303
    held = [(row["scope"], row["table_name"], row["query"]) for row in house.hotel.ours("hold")]
    assert held == [("subject", "guests", None)]


def test_a_hold_that_is_still_needed_gets_another_day_on_the_page(house: House) -> None:
    """A day that is past comes back to be corrected; who may not hold there finds no such hold."""
    id = place(house, "subject", "guests", "1", review_on="2026-01-02")
    holder, path = house.browser("holder"), f"{DESK}/holds/{id}/review"
    again = holder.post(path, **{f"on-{id}": "2020-01-01"})
    assert again.status_code == 422
    assert "still to come" in again.text
    assert house.browser("far-holder").post(path, **{f"on-{id}": "2999-01-01"}).status_code == 404
    assert holder.post(path, **{f"on-{id}": "2999-01-01"}).status_code == 303
    assert house.hotel.ours("hold")[0]["review_on"] == "2999-01-01"
    console = Console(house.app)
    code = code_of(house, "holder")
    console.json("hold", "review", str(id), "--on", "2998-05-06", "--by", "holder", "--code", code)
    assert house.hotel.ours("hold")[0]["review_on"] == "2998-05-06"


def test_a_freeze_of_a_hotel_that_is_gone_from_the_settings_is_listed_and_lifted(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Who may hold everywhere reads and lifts it: a renamed hotel keeps nothing for ever."""
    house = House(sqlite_url, tmp_path, authorize=lambda user, permission, place: True)
    with house.app.app_context(), house.extension.begin() as office:
        id = office.freeze("sh", "holder")
        office.work.conn.execute(update(tables.hold).values(property="old"))
    holder, second = house.browser("holder"), house.browser("second-holder")
    for page in ("holds", "freezes"):
        assert "old" in holder.get(f"{DESK}/{page}")
    assert holder.post(f"{DESK}/holds/{id}/lift").status_code == 303
    assert second.post(f"{DESK}/holds/{id}/lift").status_code == 303
    assert "There are none." in second.get(f"{DESK}/holds")
    house.session.remove()
    house.hotel.engine.dispose()


@pytest.mark.parametrize("page", ["holds", "freezes"])
def test_a_look_at_holds_writes_nothing(house: House, page: str) -> None:
    """Somebody else's transaction lets the list be read, and who only looks gets no number."""
    holder = house.browser("holder")
    with house.hotel.engine.connect() as conn:
        conn.exec_driver_sql("BEGIN IMMEDIATE")
        holder.get(f"{DESK}/{page}")
        conn.rollback()
    assert house.hotel.ours("actor") == []


def test_who_lifted_a_hold_stands_where_holds_are_looked_at_and_nowhere_else(
    house: House, number: str
) -> None:
    """Two people did, by their numbers; a silent one stays silent to whoever may not hold there."""
    before = opened(pages(house, "auditor", number))
    id = place(house, "subject", "guests", "1", property="sh")
    lift(house, id)
    with house.app.app_context(), house.extension.begin() as office:
        who = [office.acts_as(login) for login in ("holder", "second-holder")]
    page = house.browser("holder").get(f"{DESK}/holds")
    assert f"Lifted by</dt><dd>{who[0]} and {who[1]} · " in page
    assert "Lifted last" not in house.browser("far-holder").get(f"{DESK}/holds")
    assert house.browser("porter").client.get(f"{DESK}/holds").status_code == 403
    assert opened(pages(house, "auditor", number)) == before
