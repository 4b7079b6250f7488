"""Duties to erase and exemptions from them, by law and article."""

from __future__ import annotations

import re

import pytest

from flask_guesterase.core.asking import PAPERS, Asker, Seen, asker, seen
from flask_guesterase.core.errors import InputError
from flask_guesterase.core.grounds import (
    ALWAYS,
    EXEMPTIONS,
    LAWS,
    About,
    exemption,
    grounds,
    law_of,
    refusable,
)
from flask_guesterase.core.lifecycle import Ground
from flask_guesterase.core.reasons import (
    DUTIES,
    POPULAR,
    Fate,
    Reason,
    mapped,
    popular,
    recordable,
)

HAN = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("item", [*DUTIES, *EXEMPTIONS], ids=lambda i: f"{i.law}-{i.article}")
def test_each_has_an_article_facts_and_both_languages(item: object) -> None:
    """Nothing is said to be the law without where it stands and the fact it was made from."""
    assert re.search(r"\d", item.article)  # type: ignore[attr-defined]
    assert item.facts  # type: ignore[attr-defined]
    assert all(re.fullmatch(r"F\d{3}", fact) for fact in item.facts)  # type: ignore[attr-defined]
    assert HAN.search(item.zh)  # type: ignore[attr-defined]
    assert item.en  # type: ignore[attr-defined]
    assert not HAN.search(item.en)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("law", "articles"),
    [
        ("CN", [f"47(1)({n})" for n in range(1, 6)]),
        ("EU", [f"17(1)({letter})" for letter in "abcdef"]),
        ("US-CA", ["1798.105", "7022"]),
        ("JP", ["35"]),
        ("KR", ["21", "36"]),
    ],
)
def test_every_duty_of_a_law_is_there(law: str, articles: list[str]) -> None:
    """PIPL 47(1)-(5), GDPR 17(1)(a)-(f), California, Japan and Korea: F008, F059, F117-F132."""
    there = " ".join(duty.article for duty in DUTIES if duty.law == law)
    assert [a for a in articles if a not in there] == []


@pytest.mark.parametrize(
    ("law", "articles"),
    [
        ("CN", ["47(2)"]),
        ("EU", [f"17(3)({letter})" for letter in "abcde"]),
        ("US-CA", ["7022(f)"]),
        ("KR", ["36"]),
    ],
)
def test_every_exemption_of_a_law_is_there(law: str, articles: list[str]) -> None:
    """PIPL 47 paragraph 2, GDPR 17(3)(a)-(e), California and Korea: F009, F061, F119, F132."""
    there = " ".join(item.article for item in EXEMPTIONS if item.law == law)
    assert [a for a in articles if a not in there] == []


def test_the_four_conditions_are_told_as_they_are() -> None:
    """Two are duties of Article 47, one is an incident of Article 57, and one is none at all."""
    assert popular("purpose-achieved").article.endswith("47(1)(1)")
    assert popular("period-expired").article.endswith("47(1)(2)")
    leaked = popular("leaked")
    assert leaked.fate is Fate.INCIDENT
    assert "57" in leaked.article
    assert popular("public-interest").fate is Fate.NONE
    assert all(HAN.search(popular(word).zh) and popular(word).en for word in POPULAR)
    with pytest.raises(InputError):
        popular("consent-withdrawn")


def test_a_leak_is_a_ground_where_the_law_says_so() -> None:
    """Japan erases after a leak (F128); China and the Union deal with an incident."""
    assert mapped("JP", "leaked").fate is Fate.DUTY
    assert mapped("EU", "leaked").fate is mapped("CN", "leaked").fate is Fate.INCIDENT


def test_a_reason_that_is_no_ground_is_refused_with_the_explanation() -> None:
    """Public interest nowhere, an objection not under the PIPL; a leak may be recorded."""
    for law in ("", *sorted(LAWS)):
        with pytest.raises(InputError, match="public interest"):
            recordable(law, "public-interest")
    with pytest.raises(InputError, match="not recorded to know"):
        recordable("CN", "objection")
    assert recordable("EU", "objection") == "objection"
    assert recordable("CN", "leaked") == "leaked"
    assert recordable("CN", "") == ""
    with pytest.raises(InputError):
        recordable("CN", "because")


@pytest.mark.parametrize("law", sorted(LAWS))
def test_a_ground_of_refusal_has_an_article_or_is_no_matter_of_law(law: str) -> None:
    """What is offered stands somewhere; what does not is refused and the hint names the others."""
    for ground in Ground:
        if ground in grounds(law):
            assert ground in ALWAYS or exemption(law, ground) is not None
            assert refusable(law, ground.value) is ground
        else:
            with pytest.raises(InputError) as caught:
                refusable(law, ground.value)
            assert law in caught.value.message or ground is Ground.ARRANGED
            assert ground.value not in caught.value.hint
            assert Ground.LAW.value in caught.value.hint


def test_a_legal_claim_is_a_ground_in_the_union_and_not_under_the_pipl() -> None:
    """GDPR 17(3)(e) knows it (F061); PIPL 47 does not (F009)."""
    assert Ground.CLAIM in grounds("EU")
    assert Ground.CLAIM not in grounds("CN")


def test_who_has_died_may_have_arranged_otherwise_under_the_pipl() -> None:
    """PIPL 49 (F010) leaves it to them; of the living, and elsewhere, it says nothing."""
    relative = About(relative=True)
    assert refusable("CN", Ground.ARRANGED.value, relative) is Ground.ARRANGED
    for law, about in (("CN", About()), ("EU", relative), ("", About())):
        assert Ground.ARRANGED not in grounds(law, about)
        with pytest.raises(InputError) as caught:
            refusable(law, Ground.ARRANGED.value, about)
        assert Ground.ARRANGED.value not in caught.value.hint


@pytest.mark.parametrize("law", ["", *sorted(LAWS)])
def test_what_the_law_keeps_is_no_ground_to_keep_the_rest(law: str) -> None:
    """GDPR 17(3) "to the extent" (F061), PIPL 47(2) (F009), 11 CCR 7022(f) (F119): rows are held,
    so an approval keeps the part that must stay, out of daily use, and a refusal keeps all."""
    with pytest.raises(InputError, match="no ground to keep the rest") as caught:
        refusable(law, Ground.LAW.value, About(held=True))
    assert Ground.LAW.value not in caught.value.hint
    assert Ground.LAW in grounds(law)


@pytest.mark.parametrize("law", ["", *sorted(LAWS)])
def test_the_law_keeps_nothing_of_nobody(law: str) -> None:
    """Every profile was somebody else's: the letter must not say that theirs is kept."""
    with pytest.raises(InputError, match="Nobody is known") as caught:
        refusable(law, Ground.LAW.value, About(known=False))
    assert Ground.LAW.value not in caught.value.hint
    assert refusable(law, Ground.NOTHING.value, About(known=False)) is Ground.NOTHING


@pytest.mark.parametrize("law", ["", *sorted(LAWS)])
def test_no_copy_is_refused_because_something_must_be_kept(law: str) -> None:
    """Exemptions are from erasing (F009, F061, F119); what is kept may be copied (F007, F062)."""
    assert not {Ground.LAW, Ground.CLAIM} & set(grounds(law, About(copy=True)))
    with pytest.raises(InputError, match="no copy"):
        refusable(law, Ground.LAW.value, About(copy=True))
    assert refusable(law, Ground.IDENTITY.value, About(copy=True)) is Ground.IDENTITY


@pytest.mark.parametrize("law", ["", *sorted(LAWS)])
def test_who_showed_who_they_are_is_not_refused_for_not_having_shown_it(law: str) -> None:
    """A letter must not say what the record of the case contradicts."""
    shown = About(shown=True)
    assert Ground.IDENTITY not in grounds(law, shown)
    with pytest.raises(InputError, match="on record that they showed") as caught:
        refusable(law, Ground.IDENTITY.value, shown)
    assert Ground.IDENTITY.value not in caught.value.hint
    assert refusable(law, Ground.FOREIGN.value, shown) is Ground.FOREIGN


def test_where_no_law_is_recorded_every_ground_may_be_named() -> None:
    """A hotel in a country nobody described is not kept from answering."""
    assert grounds("", About(relative=True)) == tuple(Ground)
    with pytest.raises(InputError):
        refusable("", "because")


def test_the_nearest_law_that_is_recorded_counts() -> None:
    """From the region over the country to the bloc."""
    assert law_of(("CN-GD", "CN")) == "CN"
    assert law_of(("DE", "EU")) == "EU"
    assert law_of(("HK",)) == ""


def test_only_some_may_ask_and_each_shows_a_paper() -> None:
    """A power of attorney does not make a guardian; a guest may show who they are without one."""
    assert asker("") is Asker.GUEST
    assert seen("", Asker.GUEST) is None
    for who in Asker:
        for paper in Seen:
            if paper in PAPERS[who]:
                assert seen(paper.value, who) is paper
            else:
                with pytest.raises(InputError):
                    seen(paper.value, who)
        if who is not Asker.GUEST:
            with pytest.raises(InputError):
                seen("", who)
    with pytest.raises(InputError):
        asker("neighbour")


def test_every_reason_is_known_somewhere_or_explained() -> None:
    """No reason can be named that no law and no explanation deals with."""
    known = {duty.reason for duty in DUTIES} | {Reason.PUBLIC}
    assert known == set(Reason)
