"""Pages of training: to read, the quiz without scripts, the certificate, the list, the warning."""

from __future__ import annotations

import re
from html import unescape
from itertools import product

import pytest

from flask_guesterase.core.course import Training
from flask_guesterase.core.errors import SetupError
from flask_guesterase.store.training.courses import course, courses
from flask_guesterase.web.extension import Guesterase
from flask_guesterase.web.wording import language
from tests.web.house import STAFF, House
from tests.web.test_cli import Console

DESK = "/desk/privacy"


@pytest.fixture(autouse=True)
def _trained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clerk and officer train."""
    for login in ("clerk", "officer"):
        place, granted = STAFF[login]
        monkeypatch.setitem(STAFF, login, (place, granted | {"train"}))


def answers(code: str, wrong: int = 0) -> dict[str, str]:
    """Return a filled quiz with so many wrong answers."""
    return {
        f"q{place}": str((question.right + (place < wrong)) % len(question.options))
        for place, question in enumerate(course(code).questions)
    }


def test_a_course_is_read_in_the_readers_language(house: House) -> None:
    """Every screen, question and option, and no explanation before the quiz was sent."""
    clerk = house.browser("clerk")
    for lang, (code, one) in product(("en", "zh"), courses().items()):
        shown = unescape(clerk.get(f"{DESK}/training/{code}?lang={lang}"))
        assert [screen for screen in one.screens if screen.text[lang] not in shown] == []
        for question in one.questions:
            assert question.text[lang] in shown
            assert question.why[lang] not in shown
        assert shown.count("<fieldset") == len(one.questions)


def test_the_course_that_a_reader_needs_stands_first(house: House) -> None:
    """A clerk does not look for it behind three that are for others."""
    page = house.browser("clerk").get(f"{DESK}/training", wish="en")
    assert re.findall(rf'<h2><a href="{DESK}/training/(\w+)"', page)[0] == "reception"
    assert page.index("you need it") < page.index("training/manager")


def test_what_the_course_tells_reception_to_press_is_where_it_says(house: House) -> None:
    """Of a mistake each page has the button, in the words of the course, at its foot."""
    reporter = house.browser("watcher")
    for lang, words, button in (
        ("en", "'Report a mistake', at the foot of every page", "Report a mistake"),
        ("zh", "每页底部的“报告失误”", "报告失误"),
    ):
        assert any(words in screen.text[lang] for screen in course("reception").screens)
        foot = reporter.get(f"{DESK}/training/reception?lang={lang}").partition("<footer")[2]
        assert re.search(rf'href="{DESK}/mistake">{button}<', foot)


def test_a_course_nobody_wrote_in_a_language_is_read_in_english(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page stays German, names the course in German, and marks what is English as English."""
    for names, said in (("LANGUAGES", "Deutsch"), ("_LOCALES", "de"), ("_TAGS", "de")):
        monkeypatch.setitem(getattr(language, names), "de", said)
    clerk = house.browser("clerk")
    assert "Ihre Schulung fehlt oder ist abgelaufen: Rezeption" in clerk.get(f"{DESK}/?lang=de")
    one = course("reception")
    shown = unescape(clerk.get(f"{DESK}/training/reception"))
    assert "<h1>Schulung: Rezeption</h1>" in shown
    assert [screen for screen in one.screens if screen.text["en"] not in shown] == []
    assert shown.count('card" lang="en">') == len(one.screens) + len(one.questions)
    done = clerk.post(
        f"{DESK}/training/reception", f"{DESK}/training/reception", **answers("reception")
    )
    assert "Bestanden" in done.text


def test_a_quiz_is_passed_and_gives_a_certificate(house: House) -> None:
    """Every question explained, the certificate with number, day and edition; the warning goes."""
    clerk = house.browser("clerk")
    page = f"{DESK}/training/reception"
    assert "Your training is missing or over: Reception" in clerk.get(f"{DESK}/", wish="en")
    done = clerk.post(page, page, **answers("reception"))
    assert done.status_code == 200
    after = clerk.get(page, wish="en")
    assert "Certificate: a" in after
    assert course("reception").edition in after
    assert "Your training is missing" not in clerk.get(f"{DESK}/", wish="en")
    assert "counts until" in clerk.get(f"{DESK}/training", wish="en")


def test_a_quiz_that_is_not_passed_explains_what_was_wrong(house: House) -> None:
    """And the reader tries again; a question left out brings the form back as it was filled in."""
    clerk = house.browser("clerk")
    clerk.get(f"{DESK}/?lang=en")
    page = f"{DESK}/training/reception"
    bad = clerk.post(page, page, **answers("reception", wrong=3))
    assert bad.status_code == 200
    assert "Not passed yet" in bad.text
    assert course("reception").questions[0].why["en"] in bad.text
    again = re.search(r'href="([^"#]+)#quiz"', bad.text)
    assert again is not None
    # A browser stays on what it shows when only a place within the same address is asked for.
    assert again[1] != page
    assert 'id="quiz"' in clerk.get(again[1])
    given = answers("reception")
    given.pop("q5")
    missing = clerk.post(page, page, **given)
    assert missing.status_code == 422
    assert "Please answer every question." in missing.text
    assert missing.text.count(" checked") == 5
    assert house.hotel.ours("training") == []
    assert clerk.get(f"{DESK}/training/cook", status=404)


def test_a_look_at_the_courses_writes_nothing(house: House) -> None:
    """Somebody else's transaction lets the page be read, and who never acted gets no number by it;
    who passed a course reads theirs there."""
    clerk = house.browser("clerk")
    with house.hotel.engine.connect() as conn:
        conn.exec_driver_sql("BEGIN IMMEDIATE")
        page = clerk.get(f"{DESK}/training", wish="en")
        conn.rollback()
    assert "In lists and in the journal you are" not in page
    assert house.hotel.ours("actor") == []
    course_page = f"{DESK}/training/reception"
    assert clerk.post(course_page, course_page, **answers("reception")).status_code == 200
    (row,) = house.hotel.ours("actor")
    own = f"In lists and in the journal you are a{row['number']}."
    assert own in clerk.get(f"{DESK}/training", wish="en")


def test_the_list_of_who_is_overdue_is_for_who_watches(house: House) -> None:
    """By opaque number, of the reader's own hotel; the command lists all.

    Who neither took a course nor did what needs one is in no list: its head promises no more.
    """
    watcher = house.browser("watcher")
    nobody = watcher.get(f"{DESK}/training", wish="en")
    assert "Whose training is over, and who acted without" in nobody
    assert "missing" not in nobody.partition("Whose training is over")[2]
    house.request()
    page = watcher.get(f"{DESK}/training", wish="en")
    assert "never passed" in page
    assert "clerk" not in page
    assert "never passed" not in house.browser("far-watcher").get(f"{DESK}/training")
    assert "Whose training" not in house.browser("clerk").get(f"{DESK}/training", wish="en")
    (row,) = Console(house.app).json("training", "overdue")
    assert (row["course"], row["over"]) == ("reception", True)
    assert f'">{row["actor"]}</td>' in page
    own = "In lists and in the journal you are {}."
    assert own.format(row["actor"]) in house.browser("clerk").get(f"{DESK}/training", wish="en")
    assert own.format(row["actor"]) not in page


def test_the_host_says_what_becomes_of_it(house: House) -> None:
    """Blocking is told with the way out; switched off no page warns; another word is refused."""
    house.extension.training = Training.BLOCK
    number = house.request()
    with house.app.app_context(), house.extension.begin() as office:
        office.confirm(number, "clerk", "desk")
    house.settle(number)
    officer = house.browser("officer")
    officer.get(f"{DESK}/?lang=en")
    shown = officer.get(f"{DESK}/{number}")
    digest = shown.partition('name="digest" value="')[2][:64]
    refused = officer.post(f"{DESK}/{number}/approve", f"{DESK}/{number}", digest=digest)
    assert refused.status_code == 403
    assert "ten minutes" in refused.text
    house.extension.training = Training.OFF
    assert "Your training is missing" not in officer.get(f"{DESK}/")
    answer = officer.post(f"{DESK}/{number}/approve", f"{DESK}/{number}", digest=digest)
    assert answer.status_code == 303
    with pytest.raises(SetupError):
        Guesterase(house.session, training="never")
