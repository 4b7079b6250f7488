"""Pages and commands of incidents: anybody reports, who deals with them reads, two people send."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, insert, update

from flask_guesterase.core.holding import Wanted
from flask_guesterase.store import tables
from flask_guesterase.store.incidents import unreached
from flask_guesterase.store.incidents.looking import PAGE
from flask_guesterase.store.incidents.publicly import Public
from flask_guesterase.store.settings import Property
from flask_guesterase.web.wording.language import LANGUAGES, Language
from flask_guesterase.web.wording.words import word
from tests.store.hotel import Guest
from tests.web.house import CANARY, PROPERTIES, STAFF, Browser, House
from tests.web.test_cli import Console, code_of

DESK = "/desk/privacy"
TEXT = "A list was left <i>in the lift</i>."


def report(house: House, login: str = "officer", **form: str) -> str:
    """Report an incident and return its number."""
    given = {"property": "sh", "kind": "leak", "text": TEXT} | form
    answer = house.browser(login).post(f"{DESK}/incidents/new", **given)
    found = re.search(r"GI-\w{8}", answer.headers.get("Location", "") + answer.text)
    assert found is not None, answer.text
    return found[0]


def act(browser: Browser, number: str, deed: str, **form: str) -> int:
    """Do something about an incident; return the status."""
    path = f"{DESK}/incidents/{number}"
    return browser.post(f"{path}/{deed}", path, **form).status_code


def seen(browser: Browser, number: str) -> str:
    """Return the digest of the letter that a person reads on the page of an incident."""
    found = re.search(r'name="digest" value="(\w+)"', browser.get(f"{DESK}/incidents/{number}"))
    return "0" * 64 if found is None else found[1]


def today() -> date:
    """Return the day on the wall of the hotel."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


def public(officer: Browser, second: Browser, number: str) -> None:
    """Record that the public was told, and confirm it as the second person."""
    form = {"duty": "CN/guests", "place": "pine.example", "on": today().isoformat()}
    assert act(officer, number, "public", **form) == 303
    digest = seen(second, number)
    assert act(second, number, "public/confirm", duty="CN/guests", digest=digest) == 303


@pytest.mark.parametrize(
    ("lang", "named"),
    [
        ("en", ["the authority that protects personal information", "the guests",
                "the provincial cyberspace office"]),
        ("zh", ["履行个人信息保护职责的部门", "客人", "省级网信部门"]),
    ],
)  # fmt: skip
def test_who_must_be_told_is_named_as_the_law_names_them(
    house: House, lang: str, named: list[str]
) -> None:
    """Two authorities of one place are two names, and no reader is shown how a pack calls them."""
    page = house.browser("officer").get(f"{DESK}/incidents/{report(house)}?lang={lang}")
    assert re.findall(r"<h3>([^<]+)", page) == named
    assert not [each for each in re.sub(r"<[^>]*>", "", page).split() if each.startswith("CN/")]


def test_two_of_one_place_never_have_the_same_name(house: House, tmp_path: Path) -> None:
    """The authority of Japan is told twice; of a pack of the host's own nobody knows names."""
    folder = resources.files("flask_guesterase.core") / "jurisdictions"
    for lang in LANGUAGES:
        said = [word(Language(lang), each) for each in ("JP/prompt", "JP/full", "authority")]
        assert len({*said}) == len(said)
        assert "JP" not in said[0]
    own, state = tmp_path / "cn.toml", house.app.extensions["guesterase"]
    law = (folder / "CN.toml").read_text("utf-8").replace("CN/authority", "CN/first")
    own.write_text(law.replace("CN/cyberspace-office", "CN/second"), "utf-8")
    state.settings = replace(state.settings, packs=(str(own),))
    page = house.browser("officer").get(f"{DESK}/incidents/{report(house)}?lang=en")
    assert [re.sub(r"<[^>]*>", "", each) for each in re.findall(r"<h3>(.*?)</h3>", page)] == [
        "the authority CN/first", "the guests", "the authority CN/second",
    ]


def test_an_incident_with_its_clocks_to_its_end(house: House) -> None:
    """Reported, classified, measured, told, cured, reviewed, and closed by another person."""
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    page = officer.get(f"{DESK}/incidents/{number}?lang=en")
    assert "CN/authority" in page
    assert "At once" in page
    assert "in the lift&lt;/i&gt;" in page
    assert act(officer, number, "classify", kind="leak", severity="risk-high", cause="human-error",
               column="guests.email") == 303  # fmt: skip
    assert act(officer, number, "reach", table="") == 303
    page = officer.get(f"{DESK}/incidents/{number}?lang=en")
    assert re.search(r"Classified by</dt>\s*<dd>a\d+ · \w+ \d", page)
    assert "people on file" in page
    for duty in ("CN/authority", "CN/cyberspace-office"):
        assert act(officer, number, "told", duty=duty, reference="A-17") == 303
    assert act(officer, number, "propose", duty="CN/guests", words="A list was seen.") == 303
    digest = seen(second, number)
    assert act(officer, number, "send", duty="CN/guests", digest=digest) == 403
    assert "A list was seen." in second.get(f"{DESK}/incidents/{number}")
    assert act(second, number, "send", duty="CN/guests") == 422
    assert act(second, number, "send", duty="CN/guests", digest=digest) == 303
    public(officer, second, number)
    assert act(officer, number, "measures", what="Shred lists", owner="clerk",
               due="2999-01-01") == 303  # fmt: skip
    assert act(officer, number, "review", words="Shred at once.") == 303
    assert act(second, number, "close") == 409
    assert act(officer, number, "measures/1") == 303
    assert act(officer, number, "close") == 403
    assert act(second, number, "close") == 303
    page = officer.get(f"{DESK}/incidents/{number}?lang=en")
    assert re.search(r"Closed by</dt>\s*<dd>a\d+ · \w+ \d", page)
    shown = second.get(f"{DESK}/incidents?lang=en")
    assert "closed" in shown
    letters = house.browser("clerk").get(f"{DESK}/outbox")
    assert letters.count("A list was seen.") == len(
        [row for row in house.hotel.ours("outbox") if row["template"] == "incident"]
    ) > 0  # fmt: skip


def test_that_the_public_was_told_is_recorded_and_confirmed_on_the_page(house: House) -> None:
    """Two people do; what was typed comes back where a day is wrong, and without it nothing is
    closed."""
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    path = f"{DESK}/incidents/{number}"
    act(officer, number, "classify", kind="leak", severity="risk-likely", cause="human-error")
    act(officer, number, "reach", table="")
    act(officer, number, "told", duty="CN/authority", reference="A-17")
    act(officer, number, "propose", duty="CN/guests", words="A list was seen.")
    assert f"{path}/public" not in officer.get(path)
    act(second, number, "send", duty="CN/guests", digest=seen(second, number))
    act(officer, number, "review", words="Shred at once.")
    page = second.get(f"{path}?lang=en")
    assert "1 person could not be written to." in page
    assert "<li>whom no letter reached must be told by post or by telephone" in page
    assert act(second, number, "close") == 409
    form = {"duty": "CN/guests", "place": "<i>pine.example</i>", "on": today().isoformat()}
    for wrong, said in (
        ({"on": "2999-01-01"}, "This day lies ahead."),
        ({"place": " "}, "Please fill this in."),
        ({"on": "2026-01-01"}, "This day is before it was noticed."),
    ):  # fmt: skip
        answer = officer.post(f"{path}/public?lang=en", path, **form | wrong)
        assert answer.status_code == 422
        assert re.findall(r'id="(\w+)-wrong">([^<]*)<', answer.text) == [(next(iter(wrong)), said)]
        assert ("&lt;i&gt;pine.example" in answer.text) is ("place" not in wrong)
    assert act(officer, number, "public", **form) == 303
    assert "another person looks at it" in officer.get(f"{path}?lang=en")
    digest = seen(second, number)
    assert act(officer, number, "public/confirm", duty="CN/guests", digest=digest) == 403
    assert act(second, number, "public/confirm", duty="CN/guests", digest="0" * 64) == 409
    assert act(second, number, "public/confirm", duty="CN/guests", digest=digest) == 303
    page = second.get(f"{path}?lang=en")
    assert "1 person could not be written to.<" in page
    assert "&lt;i&gt;pine.example&lt;/i&gt;</dd>" in page
    assert f"{path}/public" not in page
    assert act(second, number, "close") == 303


def ready_to_tell(officer: Browser, second: Browser, number: str) -> None:
    """Bring an incident to where letters went to all whom one can be written to."""
    act(officer, number, "classify", kind="leak", severity="risk-likely", cause="human-error")
    act(officer, number, "reach", table="")
    act(officer, number, "propose", duty="CN/guests", words="A list was seen.")
    act(second, number, "send", duty="CN/guests", digest=seen(second, number))


def turned(browser: Browser, number: str, page: str) -> Any:
    """Return the answer to a button that turns to a page of whom no letter reached."""
    form = {"duty": "CN/guests", "page": page, "csrf_token": browser.token()}
    return browser.client.post(f"{DESK}/incidents/{number}/unreached?lang=en", data=form)


def test_whom_no_letter_reached_is_shown_on_a_page_of_its_own(house: House) -> None:
    """A button leads there, as the journal says who looked; it is kept by no browser, and neither
    its address nor the page of the incident names anybody."""
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    path, form = f"{DESK}/incidents/{number}", {"duty": "CN/guests"}
    assert f"{path}/unreached" not in officer.get(path)
    assert act(officer, number, "unreached", **form) == 409
    ready_to_tell(officer, second, number)
    assert f'action="{path}/unreached"' in officer.get(path)
    assert "Carl Other" not in officer.get(path)
    answer = officer.post(f"{path}/unreached?lang=en", path, **form)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.findall(r"<h2>([^<]*)</h2>\s*<p>([^<]*)", answer.text) == [
        ("Carl Other", "ann@mail.example")
    ]
    assert "guests 3<" in answer.text
    assert "The journal says that you looked" in answer.text
    assert CANARY not in answer.text
    for page in ("x", "0", "9" * 5000):
        assert turned(officer, number, page).status_code == 422
    assert officer.client.get(f"{path}/unreached").status_code == 405
    assert turned(house.browser("auditor"), number, "1").status_code == 403
    public(officer, second, number)
    assert f"{path}/unreached" not in officer.get(path)
    assert act(officer, number, "unreached", **form) == 409
    said = [row["body"] for row in house.hotel.ours("entry")]
    assert sum('"unreached-seen"' in body for body in said) == 1
    assert not any("Carl" in body or "mail.example" in body for body in said)


def test_whom_no_letter_reached_says_of_which_incident_and_why(house: House) -> None:
    """Its number, why somebody with a mailbox is on it, and where the rest of them stands."""
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    ready_to_tell(officer, second, number)
    page = turned(officer, number, "1").text
    assert f"Incident {number}" in page
    assert "No letter went to an address or number that several people share." in page


def test_whoever_may_not_see_an_incident_is_not_led_back_to_it(house: House) -> None:
    """The page that refuses them leads to the list; one that refuses a step leads back."""
    number, back = report(house), "Back to the incident"
    answer = house.browser("auditor").client.get(f"{DESK}/incidents/{number}?lang=en")
    assert answer.status_code == 403
    assert back not in answer.text
    refused = turned(house.browser("officer"), number, "1")
    assert refused.status_code == 409
    assert back in refused.text


def test_whom_no_letter_reached_is_read_page_by_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A button leads to the next ones and back, and the last page counts those who are gone."""
    monkeypatch.setattr(unreached, "PAGE", 1)
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(Guest), [{"id": 4, "hotel": "sh", "name": "Dora"},
                                     {"id": 5, "hotel": "sh", "name": "Eve"}])  # fmt: skip
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    ready_to_tell(officer, second, number)
    with house.hotel.engine.begin() as conn:
        conn.execute(update(Guest).where(Guest.id == 5).values(name=None))
    for page, name, others in ((1, "Carl Other", "2"), (2, "Dora", "1")):
        shown = turned(officer, number, str(page)).text
        assert re.findall(r"<article[^>]*>\s*<h2>([^<]*)<", shown) == [name]
        assert re.findall(r'name="page" value="(\d+)"', shown) == [others]
        assert "Besides, 1 person was erased or is kept for the law alone" in shown


def test_the_list_marks_an_incident_in_which_letters_did_not_reach_everybody(house: House) -> None:
    """Until two people said how the others were told; no clock of a law names it there."""
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    act(officer, number, "classify", kind="leak", severity="risk-likely", cause="human-error")
    act(officer, number, "reach", table="")
    act(officer, number, "propose", duty="CN/guests", words="A list was seen.")
    mark = "letters did not reach everybody"
    assert mark not in officer.get(f"{DESK}/incidents?lang=en")
    act(second, number, "send", duty="CN/guests", digest=seen(second, number))
    assert mark in officer.get(f"{DESK}/incidents?lang=en")
    public(officer, second, number)
    assert mark not in officer.get(f"{DESK}/incidents?lang=en")


def test_whom_no_letter_reached_was_told_by_post_or_by_telephone_too(house: House) -> None:
    """The officer says how, the second person reads it; the law is not asked for the public."""
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    path = f"{DESK}/incidents/{number}"
    act(officer, number, "classify", kind="leak", severity="risk-likely", cause="human-error")
    act(officer, number, "reach", table="")
    act(officer, number, "propose", duty="CN/guests", words="A list was seen.")
    act(second, number, "send", duty="CN/guests", digest=seen(second, number))
    page = second.get(f"{path}?lang=en")
    said = "Tell them by post or by telephone, in public only whom neither reaches and where the"
    assert f"{said} law allows it." in page
    shown = second.get(f"{path}?lang=zh")
    assert "第57条没有规定可以公告代替通知" in shown
    assert "请以公告方式告知" not in shown
    assert re.search(r'name="way" value="in-public" required checked', page)
    form = {"duty": "CN/guests", "place": "The front desk", "on": today().isoformat()}
    assert act(officer, number, "public", way="by-pigeon", **form) == 422
    answer = officer.post(f"{path}/public?lang=en", path, **form | {"way": "by-post", "on": "x"})
    assert re.search(r'name="way" value="by-post" required checked', answer.text)
    assert act(officer, number, "public", way="by-telephone", **form) == 303
    page = second.get(f"{path}?lang=en")
    assert "<dd>by telephone</dd>" in page
    assert "in public</dd>" not in page
    read = seen(second, number)
    assert act(second, number, "public/confirm", duty="CN/guests", digest=read) == 303


@pytest.mark.parametrize("lang", ["zh-CN", "de", "it"])
def test_whoever_writes_to_guests_reads_in_which_language_the_letter_is(
    sqlite_url: str, tmp_path: Path, lang: str
) -> None:
    """It is the hotel's, for everybody; English where there is no catalog; the field is read
    out with it."""
    hotel = Property("sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai", lang)
    house = House(sqlite_url, tmp_path, (hotel,))
    house.people()
    house.begun()
    number = report(house)
    officer, path = house.browser("officer"), f"{DESK}/incidents/{number}"
    act(officer, number, "reach", table="")
    page = officer.get(f"{path}?lang=en")
    name = {"zh-CN": "简体中文", "de": "Deutsch", "it": "English"}[lang]
    assert f"The letter is in {name}, whatever a guest speaks" in page
    field = page.partition(f'action="{path}/propose"')[2].partition("</form>")[0]
    (told,) = re.findall(r'<textarea[^>]* aria-describedby="([^"]+)"', field)
    assert f'id="{told}"' in field
    answer = officer.post(f"{path}/propose", path, duty="CN/guests", words=" ").text
    assert f'aria-describedby="words-wrong {told}"' in answer
    house.session.remove()
    house.hotel.engine.dispose()


@pytest.mark.parametrize("lang", ["zh", "ja", "en", "de"])
def test_sentences_of_an_incident_stand_beside_each_other_as_its_language_has_them(
    house: House, lang: str
) -> None:
    """No blank follows a wide full stop, one follows a narrow one, and what was looked up stands in
    no sentence without an end."""
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    path, asked = f"{DESK}/incidents/{number}", {"since": "2026-03-01", "until": ""}
    act(officer, number, "classify", kind="leak", severity="risk-high", cause="theft")
    act(officer, number, "reach", table="bookings", **asked)
    shown = officer.get(f"{path}?lang={lang}")
    act(officer, number, "propose", duty="CN/guests", words="Seen")
    act(second, number, "send", duty="CN/guests", digest=seen(second, number))
    shown += officer.get(f"{path}?lang={lang}")
    lines = re.findall(r"<p(?: class=\"(?:quiet )?small\")?>([^<]*[.。][^<]*)</p>", shown)
    mine = [" ".join(line.split()) for line in lines if "://" not in line]
    assert [line for line in mine if "。 " in line or re.search(r"\.[^\W\d]", line)] == []
    assert [line for line in mine if line[-1] not in ".。"] == []
    assert re.search(r"<dd>bookings</dd>.*?<dd>[^<]*2026[^<]*</dd>\s*</dl>", shown, re.DOTALL)


def test_who_answers_for_a_measure_finds_it_and_says_that_it_is_done(house: House) -> None:
    """With any permission at the hotel, and no other measure or word of the incident; nobody else
    can."""
    number = report(house)
    officer, clerk, auditor = (house.browser(who) for who in ("officer", "clerk", "auditor"))
    owners = {"Shred lists": "clerk", "Lock the lift": "auditor", "Ask Li": "officer"}
    for what, owner in owners.items():
        given = {"what": what, "owner": owner, "due": "2999-01-01"}
        assert act(officer, number, "measures", **given) == 303
    for browser, page, mine in ((clerk, "queue", "Shred lists"),
                                (auditor, "incidents/new", "Lock the lift")):  # fmt: skip
        shown = browser.get(f"{DESK}/{page}?lang=en")
        texts = ("Shred lists", "Lock the lift", "Ask Li", "left <i>in the lift")
        assert [text for text in texts if text in shown.replace("&lt;", "<")] == [mine]
        (where,) = re.findall(rf'action="({DESK}/incidents/[^"]*/measures/\d+)"', shown)
        sent = browser.post(where, f"{DESK}/{page}", mine="1")
        assert sent.location == f"{DESK}/{page}"
        after = browser.get(f"{DESK}/{page}?lang=en")
        assert mine not in after
        assert "It is noted." in after
        assert "It is noted." not in browser.get(f"{DESK}/{page}?lang=en")
    assert clerk.client.get(f"{DESK}/incidents/{number}").status_code == 403
    for browser in (clerk, house.browser("far-officer")):
        sent = browser.post(f"{DESK}/incidents/{number}/measures/3", f"{DESK}/pin")
        assert sent.status_code == 404
    done = {row["id"]: bool(row["done_at"]) for row in house.hotel.ours("measure")}
    assert done == {1: True, 2: True, 3: False}


def test_incidents_are_read_a_page_at_a_time(house: House) -> None:
    """Open ones first, of which the clocks are looked at; those closed are kept, the last first."""
    at, open_ = datetime(2026, 1, 5), PAGE + 2
    rows = [
        {
            "number": f"GI-{each:08d}", "property": "sh", "controller": "pine-ltd", "version": 1,
            "kind": "leak", "state": "open" if each < open_ else "closed", "opened_by": "a1",
            "opened_at": at, "noticed_at": at + timedelta(hours=each),
            "closed_at": None if each < open_ else at + timedelta(days=999 - each),
        }
        for each in range(4 * PAGE)
    ]  # fmt: skip
    house.begun()
    with house.hotel.engine.begin() as conn:
        conn.execute(insert(tables.incident), rows)
    reader = house.browser("officer")
    asked: list[str] = []
    event.listen(house.hotel.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))

    def read(query: str) -> list[str]:
        page = reader.get(f"{DESK}/incidents{query}")
        found = re.findall(r">GI-0*(\d+)<", page)
        return [*found, *re.findall(r'rel="(prev|next)"', page)]

    numbers = list(map(str, range(4 * PAGE)))
    assert read("") == [*numbers[:PAGE], "next"]
    assert sum("guesterase_notice" in each for each in asked) == open_
    assert read("?page=2") == [*numbers[PAGE : 2 * PAGE], "prev", "next"]
    assert read("?page=4") == [*numbers[3 * PAGE :], "prev"]
    assert read("?page=5") == ["prev"]
    with house.app.app_context(), house.extension.begin(write=False) as office:
        assert [str(int(each["number"][3:])) for each in office.incidents(None)] == numbers
    assert reader.client.get(f"{DESK}/incidents?page=-1").status_code == 422


def test_pages_of_incidents_name_no_guest(house: House) -> None:
    """Neither the list, the page, the notice to the authority, nor the journal."""
    number = report(house)
    officer = house.browser("officer")
    act(officer, number, "classify", kind="leak", severity="risk-high", cause="theft",
        column="guests.email")  # fmt: skip
    act(officer, number, "reach", table="bookings")
    for path in ("incidents", f"incidents/{number}", f"incidents/{number}/notice"):
        page = officer.get(f"{DESK}/{path}")
        assert CANARY not in page
        assert "mail.example" not in page
    journal = house.browser("far-officer").get(f"{DESK}/journal")
    assert "GI-" not in journal


@pytest.mark.parametrize("wish", ["en", "zh"])
def test_the_notice_is_a_text_to_keep(house: House, wish: str) -> None:
    """What is asked of a notice stands in it, escaped on the page and plain in the file."""
    number = report(house)
    officer = house.browser("officer")
    officer.get(f"{DESK}/?lang={wish}")
    act(officer, number, "measures", what="<b>Shred</b>", owner="clerk", due="2999-01-01")
    page = officer.get(f"{DESK}/incidents/{number}/notice?duty=CN/authority")
    assert "&lt;b&gt;Shred" in page
    answer = officer.client.get(f"{DESK}/incidents/{number}/notice.txt?duty=CN/authority")
    assert (": " in answer.text) is (wish == "en")
    assert ("：" in answer.text) is (wish == "zh")
    assert answer.mimetype == "text/plain"
    assert f"notice-{number}.txt" in answer.headers["Content-Disposition"]
    assert "<b>Shred</b>" in answer.text
    assert "Pine Ltd" in answer.text
    officer.get(f"{DESK}/incidents/{number}/notice?duty=XX/none", 404)


@pytest.mark.parametrize("typed", ["%0A", "%0D%0AX-A:1", "%E2%80%A8", "%22"])
def test_the_name_of_the_notices_file_is_none_of_the_address(house: House, typed: str) -> None:
    """A number with a line's end behind it means the same incident, and breaks no header."""
    number, officer = report(house), house.browser("officer")
    for where in (f"{number.lower()}{typed}", f"{typed}{number}"):
        answer = officer.client.get(f"{DESK}/incidents/{where}/notice.txt?duty=CN/authority")
        assert answer.status_code in (200, 404)
        if answer.status_code == 200:
            named = f'attachment; filename="notice-{number}.txt"'
            assert answer.headers["Content-Disposition"] == named


def test_the_notice_says_which_data_and_what_guests_can_do(house: House) -> None:
    """In words, not in columns alone; and what those concerned are told, which includes how they
    lessen the harm (PIPL Art. 57(1)(2), GDPR Art. 33(3)(d))."""
    number, advice = report(house), "请更换密码，并留意陌生来电。"
    officer, notice = house.browser("officer"), f"{DESK}/incidents/{number}/notice.txt"
    officer.get(f"{DESK}/?lang=zh")
    before = officer.get(f"{notice}?duty=CN/authority")
    assert "客人可以做什么：尚不清楚" in before
    form = {
        "kind": "leak", "severity": "risk-likely", "cause": "attack", "column": "guests.email",
    }  # fmt: skip
    act(officer, number, "classify", **form)
    act(officer, number, "reach", table="", since="", until="")
    act(officer, number, "propose", duty="CN/guests", words=advice)
    shown = officer.get(f"{notice}?duty=CN/authority")
    assert "涉及的信息：电子邮箱（guests.email）" in shown
    assert f"客人可以做什么：{advice}" in shown
    act(officer, number, "takeback", duty="CN/guests")
    act(officer, number, "classify", **{**form, "severity": "risk-unlikely"})
    shown = officer.get(f"{notice}?duty=CN/authority")
    assert "客人可以做什么：按目前的严重程度无需通知。" in shown


def test_the_notice_says_how_many_records_there_are(house: House) -> None:
    """About how many people, and about how many records of which categories: GDPR 33(3)(a), PIPL
    57; on its page too. Of what nobody looked up, nothing is said to be none."""
    number = report(house)
    officer, notice = house.browser("officer"), f"{DESK}/incidents/{number}/notice.txt"
    officer.get(f"{DESK}/?lang=en")
    before = officer.get(f"{notice}?duty=CN/authority")
    assert before.count("Records of theirs (about): not known yet") == 3
    act(officer, number, "reach", table="guests", since="", until="")
    shown = officer.get(f"{notice}?duty=CN/authority")
    living = re.search(r"People on file \(about\): (\d+)\n", shown)
    assert living is not None
    told = f"{living[1]} (guests {living[1]})"
    assert f"People on file (about): {living[1]}\nRecords of theirs (about): {told}\n" in shown
    assert "People erased since (about): 0\nRecords of theirs (about): 0\n" in shown
    page = officer.get(f"{DESK}/incidents/{number}")
    cells = rf'">{living[1]}</td><td data-label="[^"]+">{re.escape(told)}</td>'
    assert re.search(cells, page) is not None


def test_whose_erased_records_are_counted_is_said_where_the_law_keeps_the_rest(
    house: House,
) -> None:
    """Of whom something is kept counts once, as kept, and the records that went count as erased."""
    number = report(house)
    officer, notice = house.browser("officer"), f"{DESK}/incidents/{number}/notice.txt"
    officer.get(f"{DESK}/?lang=en")
    act(officer, number, "reach", table="guests", since="", until="")
    asked = json.dumps({"records": {"erased": {"guests": 1, "bookings": 2}}})
    with house.hotel.engine.begin() as conn:
        conn.execute(update(tables.incident).values(sealed=1, erased=0, asked=asked))
    page = officer.get(f"{DESK}/incidents/{number}")
    assert "<td data-label=\"Who\">others erased since it may have happened;" in page
    told = "Others erased since (about): 0\nRecords erased since, of those above too (about): 3 "
    assert told in officer.get(f"{notice}?duty=CN/authority")


@pytest.mark.parametrize("name", ["noticed", "happened"])
def test_which_of_two_times_lies_ahead_is_said_at_its_field(house: House, name: str) -> None:
    """A form with two times of which one cannot be left a clerk to guess which."""
    page = house.browser("clerk").post(
        f"{DESK}/incidents/new?lang=en", property="sh", kind="leak", text=TEXT,
        **{"noticed": "2026-01-02T10:00", "happened": "2026-01-01T10:00", name: "2999-01-01T10:00"},
    )  # fmt: skip
    assert page.status_code == 422
    said = "This time lies ahead."
    assert re.findall(r'id="(\w+)-wrong">([^<]*)<', page.text) == [(name, said)]
    assert page.text.count(said) == 1


def test_anybody_on_duty_reports_and_reads_nothing(house: House) -> None:
    """The auditor reports and gets a number; the list stays closed to them."""
    number = report(house, "auditor")
    auditor = house.browser("auditor")
    auditor.get(f"{DESK}/incidents", 403)
    auditor.get(f"{DESK}/incidents/{number}", 403)
    assert house.browser("nobody").client.get(f"{DESK}/incidents/new").status_code == 403
    answer = auditor.post(f"{DESK}/incidents/new", property="mu", kind="leak", text="x")
    assert answer.status_code == 422


@pytest.mark.parametrize("login", ["clerk", "auditor"])
def test_whoever_reported_reads_what_happens_next_and_goes_on(house: House, login: str) -> None:
    """Who tells guests and authorities, where a measure of theirs stands, and back to their work:
    to pages that they may open."""
    reporter = house.browser(login)
    form = {"property": "sh", "kind": "leak", "text": TEXT}
    page = reporter.post(f"{DESK}/incidents/new?lang=en", **form).text.partition("<main")[2]
    assert "What happens next" in page
    onward = re.findall(r'<a[^>]* href="([^"]+)"', page.partition("</main>")[0])
    assert onward == [f"{DESK}/incidents/new", f"{DESK}/"]
    for path in onward:
        reporter.get(path)


def test_what_is_wrong_comes_back_with_words(house: House) -> None:
    """Times that cannot be read, a table that is none, an owner nobody knows."""
    officer = house.browser("officer")
    form = {"property": "sh", "kind": "leak", "text": "x"}
    for wrong in ({"noticed": "soon"}, {"noticed": "2999-01-01T00:00"}, {"kind": "x"}):
        answer = officer.post(f"{DESK}/incidents/new", **form | wrong)
        assert answer.status_code == 422, wrong
        assert 'class="wrong"' in answer.text or 'role="alert"' in answer.text, wrong
    number = report(house)
    assert act(officer, number, "reach", table="nothing") == 422
    # A browser's field makes 0026 of 26: nobody would seem to be concerned.
    assert act(officer, number, "reach", until="0026-03-10") == 422
    assert act(officer, number, "measures", what="x", owner="who", due="2999-01-01") == 422
    assert act(officer, number, "measures", what="x", owner="clerk", due="soon") == 422
    assert act(officer, number, "classify", kind="leak", severity="x", cause="theft") == 422
    assert act(officer, number, "propose", duty="CN/guests", words="x") == 409


@pytest.mark.parametrize("blank", ["  ", "\u3000", "\u200b", "\u2060 \u00ad"])
def test_a_reference_in_which_nothing_can_be_seen_is_none(house: House, blank: str) -> None:
    """That an authority was told is not shown by blanks; the page says it at that one field."""
    number = report(house)
    officer, path = house.browser("officer"), f"{DESK}/incidents/{number}"
    duty = {"duty": "CN/authority", "reference": blank}
    page = officer.post(f"{path}/told?lang=en", path, **duty)
    assert page.status_code == 422
    field = page.text.partition("CN/authority")[2].partition("</form>")[0]
    assert "Please fill this in." in field
    assert page.text.count('class="wrong"') == 1
    assert house.hotel.ours("notice") == []


def test_words_in_which_nothing_can_be_seen_are_asked_for_where_they_were_typed(
    house: House,
) -> None:
    """A letter to guests and a review are two fields; the one that is closed opens."""
    number = report(house)
    officer, path = house.browser("officer"), f"{DESK}/incidents/{number}"
    assert act(officer, number, "reach", table="") == 303
    missing = "Please fill this in."
    page = officer.post(f"{path}/propose?lang=en", path, duty="CN/guests", words="  ").text
    assert missing in page.partition("CN/guests")[2].partition("</form>")[0]
    assert page.count('class="wrong"') == 1
    how = {"kind": "leak", "severity": "risk-high", "cause": "theft"}
    assert act(officer, number, "classify", **how) == 303
    page = officer.post(f"{path}/propose?lang=en", path, duty="CN/guests", words="  ").text
    assert page.count('class="wrong"') == 1
    page = officer.post(f"{path}/review?lang=en", path, words="  ").text
    assert missing in page.partition("open><summary>Review it")[2]
    assert page.count('class="wrong"') == 1


def test_the_columns_of_an_incident_are_folded_by_table(house: House) -> None:
    """Whoever classifies on a telephone opens the tables concerned instead of passing 45 boxes;
    a table of which something was ticked is open, and what was ticked stays."""
    number = report(house)
    officer, page = house.browser("officer"), f"{DESK}/incidents/{number}"
    form = officer.get(page).partition('name="cause"')[2].partition("</form>")[0]
    folded = re.findall(r'<details( open)?><summary class="mono">(\w+)</summary>', form)
    assert ("", "guests") in folded
    assert len(folded) > 1
    assert not any(opened for opened, _ in folded)
    how = {"kind": "leak", "severity": "risk-high", "cause": "theft", "column": "guests.email"}
    assert act(officer, number, "classify", **how) == 303
    form = officer.get(page).partition('name="cause"')[2].partition("</form>")[0]
    assert re.findall(r'<details open><summary class="mono">(\w+)</summary>', form) == ["guests"]
    assert re.findall(r'value="([\w.]+)" checked><span class="mono">', form) == ["guests.email"]


def test_what_must_be_done_before_the_end_begins_with_the_class(house: House) -> None:
    """Nothing can be reviewed before somebody said how grave it is; the page says so."""
    number = report(house)
    officer = house.browser("officer")
    todo = officer.get(f"{DESK}/incidents/{number}?lang=en").partition("Still to be done:")[2]
    assert "<li>not classified yet</li>" in todo
    how = {"kind": "leak", "severity": "risk-none", "cause": "theft"}
    assert act(officer, number, "classify", **how) == 303
    todo = officer.get(f"{DESK}/incidents/{number}?lang=en").partition("Still to be done:")[2]
    assert "nobody wrote down what it taught" in todo
    assert "not classified" not in todo


def test_times_are_those_of_the_hotels_wall(house: House) -> None:
    """What a form says at Shanghai is eight hours earlier in our tables."""
    report(house, noticed="2026-03-01T09:00", happened="2026-02-28T23:30")
    row: dict[str, Any] = house.hotel.ours("incident")[0]
    assert str(row["noticed_at"]) == "2026-03-01 01:00:00"
    assert str(row["happened_at"]) == "2026-02-28 15:30:00"
    assert PROPERTIES[0].zone == "Asia/Shanghai"


def test_a_time_that_names_its_zone_is_that_moment_at_a_console(house: House) -> None:
    """The clocks of the law run from it; without a zone it is the time on the hotel's wall."""
    console = Console(house.app)
    for noticed in ("2026-03-01T01:00:00Z", "2026-03-01T02:00:00+01:00", "2026-03-01T09:00"):
        console.json(
            "incident", "open", "--property", "sh", "--kind", "leak", "--text", "A list.",
            "--noticed", noticed, *console.proved("clerk"),
        )  # fmt: skip
    moments = {str(row["noticed_at"]) for row in house.hotel.ours("incident")}
    assert moments == {"2026-03-01 01:00:00"}


def test_commands_of_incidents(house: House) -> None:
    """Open, classify, look up, record, send, close: each with a code of one's own."""
    console = Console(house.app)

    def run(who: str, *words: str) -> Any:
        return console.json("incident", *words, "--by", who, "--code", code_of(house, who))

    number = run("clerk", "open", "--property", "sh", "--kind", "leak", "--text", "A list.")[
        "number"
    ]
    assert console.json("incident", "list")[0]["number"] == number
    run("officer", "classify", number, "--severity", "risk-likely", "--cause", "theft")
    assert run("officer", "reach", number)["living"] == 3
    run("officer", "told", number, "--duty", "CN/authority", "--reference", "A-1")
    with house.app.app_context(), house.extension.begin() as office:
        office.propose_notice(number, "CN/guests", "A list was seen.", "officer")
    read = run("second", "send", number, "--duty", "CN/guests")
    assert (read["words"], read["living"], read["batches"]) == ("A list was seen.", 3, 0)
    assert house.hotel.ours("notice")[-1]["state"] == "proposed"
    digest = read["digest"]
    sent = run("second", "send", number, "--duty", "CN/guests", "--digest", digest)
    assert sent["batches"] == 1
    left = run("officer", "unreached", number, "--duty", "CN/guests")
    assert left == {"items": [{"table": "guests", "key": left["items"][0]["key"], "name":
                    "Carl Other", "contacts": ["ann@mail.example"]}], "others": 0, "next": None}
    said, _ = console.raw("incident", "unreached", number, "--duty", "CN/guests", "--by", "officer",
                          "--code", code_of(house, "officer"))  # fmt: skip
    assert "Carl Other  ann@mail.example  guests" in said
    with house.app.app_context(), house.extension.begin() as office:
        office.record_public_notice(number, "CN/guests", Public("pine.example", today()), "officer")
        office.review_incident(number, "Shred.", "officer")
        duties = {each["id"]: each for each in office.incident(number, "second")["duties"]}
        digest = duties["CN/guests"]["public"]["digest"]
        office.confirm_public_notice(number, "CN/guests", "second", digest)
    assert run("second", "close", number)["closed"] is True


def test_what_was_proposed_wrongly_is_taken_back_on_the_page(house: House) -> None:
    """Whom it concerns is looked up anew; once the letters went there is nothing to take back."""
    number = report(house)
    officer, second = house.browser("officer"), house.browser("second")
    act(officer, number, "classify", kind="leak", severity="risk-high", cause="human-error")
    assert act(officer, number, "reach", table="") == 303
    assert "takeback" not in officer.get(f"{DESK}/incidents/{number}")
    assert act(officer, number, "propose", duty="CN/guests", words="A list was seen.") == 303
    assert act(officer, number, "reach", table="") == 409
    assert "takeback" in second.get(f"{DESK}/incidents/{number}")
    assert act(officer, number, "takeback", duty="CN/guests") == 303
    assert act(officer, number, "reach", table="") == 303
    assert act(officer, number, "takeback", duty="CN/guests") == 409
    assert act(officer, number, "propose", duty="CN/guests", words="Another one.") == 303
    digest = seen(second, number)
    assert act(second, number, "send", duty="CN/guests", digest=digest) == 303
    assert "takeback" not in second.get(f"{DESK}/incidents/{number}")
    letters = house.browser("clerk").get(f"{DESK}/outbox")
    assert "A list was seen." not in letters
    assert "Another one." in letters


def test_the_number_of_the_hold_tells_nobody_of_a_silent_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers count on over all holds: who may not hold there reads none on the page."""
    first = report(house)
    with house.app.app_context(), house.extension.begin() as office:
        office.place_hold(Wanted("subject", "court-order", "guests", "1", silent=True), "holder")
    second, officer = report(house), house.browser("officer")
    for number in (first, second):
        assert "Evidence is held" not in officer.get(f"{DESK}/incidents/{number}?lang=en")
    monkeypatch.setitem(STAFF, "officer", ("sh", STAFF["officer"][1] | {"hold"}))
    page = officer.get(f"{DESK}/incidents/{second}?lang=en")
    assert re.search(r"Evidence is held \(hold no.\)</dt>\s*<dd[^>]*>3<", page)
