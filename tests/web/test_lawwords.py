"""What a law says reaches every reader, also in a language no pack is signed in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flask_guesterase.core.answer import Answer
from flask_guesterase.core.grounds import EXEMPTIONS
from flask_guesterase.core.reasons import DUTIES, Reason, mapped
from flask_guesterase.store.lawbook.packs import bundled
from flask_guesterase.store.lawbook.schedule import Entry
from flask_guesterase.web.wording import lawwords
from flask_guesterase.web.wording.answers import in_words
from flask_guesterase.web.wording.cited import cited
from flask_guesterase.web.wording.language import Language
from flask_guesterase.web.wording.terms import after
from tests.web.catalogs import messages, said
from tests.web.house import House

FURTHER = ("ja", "de", "es", "fr")


def spoken() -> set[str]:
    """Return every English text of a law that a guest or an officer may read."""
    packs = bundled().values()
    kinds = [*(pack.complaint for pack in packs), *(pack.cannot_recall for pack in packs)]
    reasons = {mapped(law, reason).en for law in ("CN", "EU") for reason in Reason
               if reason in (Reason.LEAKED, Reason.PUBLIC)}  # fmt: skip
    reasons.add(mapped("CN", Reason.OBJECTION).en)
    return (
        {texts["en"] for texts in kinds if texts}
        | {exemption.en for exemption in EXEMPTIONS if exemption.ground is not None}
        | {duty.en for duty in DUTIES}
        | reasons
        | {mapped("", Reason.WISH).en}
    )


def test_the_catalogs_know_what_the_laws_say_and_nothing_else() -> None:
    """A text of a pack or a ground that changes must change among the messages too."""
    held = [*lawwords.COMPLAINTS, *lawwords.REPORTED, *lawwords.REASONS]
    assert set(held) == spoken()
    assert len(held) == len(set(held))


def test_no_law_says_that_this_hotel_reported_somebody() -> None:
    """Nobody knows it of every guest: the text speaks of what was reported, in Chinese as well."""
    told = [pack.cannot_recall["zh"] for pack in bundled().values() if pack.cannot_recall]
    assert told
    assert [text for text in told if text.startswith("酒店已")] == []


def test_an_authority_has_one_name_in_chinese() -> None:
    """As the law calls its task, 个人信息保护: the hotel's own texts know no 数据保护机关."""
    called = [
        text for message in messages("zh") for text in said(message.string)
        if "data protection authority" in said(message.id)[0]
        and "个人信息保护主管部门" not in text
    ]  # fmt: skip
    assert called == []


@pytest.mark.parametrize("lang", FURTHER)
def test_a_law_speaks_a_language_it_is_not_signed_in(house: House, lang: str) -> None:
    """Complaint, what authorities hold and the reason of a refusal are said, none in English."""
    tongue = Language(lang)
    with house.app.app_context():
        settings = house.extension.settings
        hotel = replace(next(iter(settings.properties.values())), country="FR", region="")
        texts = lawwords.complaint(tongue, hotel), lawwords.cannot_recall(tongue, hotel)
        english = [
            lawwords.complaint(Language("en"), hotel), lawwords.cannot_recall(Language("en"), hotel)
        ]  # fmt: skip
    assert all(texts)
    assert all(english)
    assert not set(texts) & set(english)
    law = next(each for each in EXEMPTIONS if each.law == "EU" and each.ground is not None)
    answer = Answer(
        "refused", ground="kept-by-law", article=law.article, explained={"zh": law.zh, "en": law.en}
    )
    why = in_words(tongue, answer).why
    assert why.startswith(f"{cited(tongue, law.article)}{tongue.colon}")
    assert law.en not in why
    assert len(why) > len(law.article) + 20


def test_a_house_that_writes_its_own_text_is_not_read_in_a_foreign_language() -> None:
    """What is in no catalog is left out, and the article stands by itself."""
    own = Answer("refused", ground="kept-by-law", article="House 1", explained={"en": "Ours."})
    assert in_words(Language("de"), own).why == "House 1"
    assert in_words(Language("en"), own).why == "House 1: Ours."


def test_a_period_and_what_an_erasure_does_contradict_nothing_in_one_card() -> None:
    """Eight years for folios, of which no column is the guest's: the books are not said to go."""
    books = Entry("sh", "folios", (), "invoice_accounting")
    for columns, words in (((), "while nobody asks"), (("billed_to",), "after an erasure kept")):
        told = after(Language("en"), replace(books, columns=columns))
        assert words in told
        assert "no column" not in told
