"""Ten questions, and a page to print: nothing is changed by it, and nothing is invented."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from sqlalchemy import MetaData

from flask_guesterase.core.treatment import retain
from tests.web.house import Browser, House

PAGE = "/desk/privacy/setup"
ANSWERS = {
    "property": "sh", "law": "DE", "foreign": "some", "officer": "chief@pine.example",
    "deputy": "second@pine.example", "mail": "smtp", "keys": "/srv/keys",
    "register": "/mnt/register",
    "checkpoints": "file:/mnt/outside mailto:notary@law.example", "backups": "35",
}  # fmt: skip


@pytest.fixture
def officer(house: House) -> Browser:
    """Who decides about the law, in a house that keeps a guest register."""
    for place, (target, policy) in enumerate(house.extension._declared):
        if "billed_to" in policy.columns:
            columns = {**policy.columns, "billed_to": retain("guest_register")}
            house.extension._declared[place] = (
                target, type(policy)(**{**vars(policy), "columns": columns})
            )  # fmt: skip
    return house.browser("officer")


def rows(house: House) -> dict[str, list[object]]:
    """Return what stands in every table."""
    metadata = MetaData()
    metadata.reflect(house.hotel.engine)
    with house.hotel.engine.connect() as conn:
        return {n: list(map(tuple, conn.execute(t.select()))) for n, t in metadata.tables.items()}


def sheet(officer: Browser, **other: str) -> str:
    """Answer, with one or the other thing said otherwise; return the page without its marks."""
    answer = officer.post(PAGE, PAGE, **{**ANSWERS, **other})
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_there_are_ten_questions_with_todays_answers(house: House, officer: Browser) -> None:
    """Each has a number; what is set today is filled in."""
    page = officer.get(PAGE)
    numbers = re.findall(r"<(?:legend|label[^>]*)>(\d+)\. ", page)
    assert numbers == [str(number) for number in range(1, 11)]
    assert f'value="{house.app.config["GUESTERASE_KEYS"]}"' in page
    assert '<option value="CN" selected>' in page


@pytest.mark.parametrize(
    ("lang", "names"),
    [("zh", ("上海（CN-SH）", "中国台湾（TW）", "中国香港（HK）")),
     ("en", ("Shanghai (CN-SH)", "Los Angeles (US-CA-LosAngeles)", "Taiwan (TW)"))],
)  # fmt: skip
def test_whose_law_it_is_is_called_as_everywhere_else(
    officer: Browser, lang: str, names: tuple[str, ...]
) -> None:
    """A province by its own name: eight lines that all say China help nobody to choose."""
    page = officer.get(f"{PAGE}?lang={lang}")
    for name in names:
        assert f">{name}</option>" in page, name


def test_the_sheet_says_what_to_print_and_what_to_put_where(
    house: House, officer: Browser
) -> None:  # fmt: skip
    """Schedule, paragraph, emergency plan and lines; settings and tables stay as they were."""
    officer.get(PAGE)
    before, settings = rows(house), house.app.extensions["guesterase"].settings

    said = sheet(officer)

    assert "GUESTERASE_KEYS = &#39;/srv/keys&#39; to be set" in said
    assert "GUESTERASE_BACKUP_DAYS = 35 to be set" in said
    assert "country=&#39;DE&#39;) to be set" in said
    assert "Pine Ltd answers for the data of the guests of Hotel Pine." in said
    assert "You have an answer within 1 month." in said
    assert "at least 1 year from the guest&#39;s departure" in said
    assert "chief@pine.example" in said
    assert "The police ask for the register and the server is down" in said
    assert "file:/mnt/outside" in said
    assert "Before you begin" not in said
    assert rows(house) == before
    assert house.app.extensions["guesterase"].settings is settings


def test_the_paragraph_of_the_notice_is_right_in_german(officer: Browser) -> None:
    """A span is in the nominative wherever it stands: "innerhalb von 15 Arbeitstage" is wrong."""
    officer.get(f"{PAGE}?lang=de")
    assert "Frist für die Antwort: 15 Arbeitstage." in sheet(officer, law="CN")


def test_the_paragraph_of_the_notice_says_first_in_chinese_from_when(officer: Browser) -> None:
    """A period there begins with what it runs from, as on the page of the rules."""
    officer.get(f"{PAGE}?lang=zh")
    paragraph = sheet(officer).partition("期满自动删除：")[2]
    assert paragraph.split()[:2] == ["住宿登记：自客人离店起", "1"]


def test_who_answers_again_finds_what_they_answered(officer: Browser) -> None:
    """One of ten answers is put right on the sheet, and the other nine need not be typed anew."""
    sent = officer.post(PAGE, PAGE, **{**ANSWERS, "backups": ""}).text
    form = sent.partition('<form method="post" action="/desk/privacy/setup"')[2]
    form = form.partition("</form>")[0]
    given = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert given.pop("csrf_token")
    assert given == {**ANSWERS, "backups": ""}
    again = re.search(r'<button class="link" name="(\w+)"', form)
    assert again is not None
    page = officer.post(PAGE, PAGE, **given, **{again[1]: "yes"}).text
    for name in ("officer", "deputy", "keys", "register", "checkpoints"):
        assert f'value="{ANSWERS[name]}"' in page
    assert '<option value="DE" selected>' in page


def test_what_stands_already_is_said(house: House, officer: Browser) -> None:
    """Of the answers that are today's settings."""
    said = sheet(officer, keys=house.app.config["GUESTERASE_KEYS"], law="CN")
    assert f"GUESTERASE_KEYS = &#39;{house.app.config['GUESTERASE_KEYS']}&#39; stands" in said
    assert "country=&#39;CN&#39;) stands so already" in said


def test_a_way_to_telephones_that_the_application_has_is_said(
    house: House, officer: Browser
) -> None:
    """Beside the way of mail, on the form and on the sheet; where there is none, nothing is."""
    page, told = officer.get(PAGE), sheet(officer)
    assert "own channel" not in page
    assert "channels" not in told
    state = house.app.extensions["guesterase"]
    state.settings = replace(state.settings, texts=True)
    page, told = officer.get(PAGE), sheet(officer)
    assert "Telephones are reached by text message, over the application&#39;s own channel." in page
    assert "Guesterase(…, channels={&#39;sms&#39;: …}) stands so already" in told


def test_a_rule_for_foreign_guests_counts_only_where_there_are_any(officer: Browser) -> None:
    """German hotels register guests from abroad alone; only older forms are of all guests."""
    rule = "at most, a number in the law 1 year and 3 months from the guest&#39;s departure"
    assert rule in sheet(officer, foreign="only")
    assert rule in sheet(officer, foreign="some")
    told = sheet(officer, foreign="none")
    assert rule not in told
    assert "for periods that begin on December 31, 2024 or earlier" in told


def test_what_is_missing_or_unwise_is_said(officer: Browser) -> None:
    """Nobody second, no place outside, keys and register side by side, backups unknown."""
    said = sheet(officer, deputy="", checkpoints="", register="/srv/register", backups="")
    for text in ("Nobody is second", "No checkpoint leaves", "lie in one folder", "Nobody said"):
        assert text in said


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("law", "XX", "Please choose one of these."),
        ("property", "mu", "Please choose one of these."),
        ("checkpoints", "ftp://x", "Each place is"),
        ("backups", "-1", "whole number"),
        ("backups", "many", "whole number"),
    ],
)
def test_what_cannot_be_understood_is_asked_again(
    officer: Browser, field: str, value: str, words: str
) -> None:  # fmt: skip
    """With the field named, and the other answers kept."""
    answer = officer.post(PAGE, PAGE, **{**ANSWERS, field: value})
    assert answer.status_code == 422
    assert words in answer.text
    assert "chief@pine.example" in answer.text


def test_who_does_not_decide_about_the_law_is_not_asked(house: House) -> None:
    """Neither the page nor the answer."""
    clerk = house.browser("clerk")
    clerk.get(PAGE, 403)
    assert clerk.post(PAGE, **ANSWERS).status_code == 403
