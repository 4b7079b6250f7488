"""Packs on disk: ours, the operator's own, and which count at a property."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from flask_guesterase.core.errors import PackError, SetupError
from flask_guesterase.core.pack import Level
from flask_guesterase.store.casework import answering
from flask_guesterase.store.lawbook import packs
from flask_guesterase.store.settings import Property, Settings
from tests.core.test_pack import GOOD


def codes(country: str, region: str = "", own: tuple[Path, ...] = ()) -> list[str]:
    """Return the codes of the packs that count at a place."""
    place = Property("x", "Hotel X", "X Ltd", country, region=region)
    return [pack.code for pack in packs.chain(packs.load(own), place)]


@pytest.mark.parametrize(
    ("country", "region", "wanted"),
    [
        ("CN", "CN-GD", ["CN-GD", "CN"]),
        ("CN", "", ["CN"]),
        ("CN", "CN-nowhere", ["CN"]),
        ("DE", "", ["DE", "EU"]),
        ("GB", "", ["UK"]),
        ("gb", "", ["UK"]),
        ("US", "US-CA-Alhambra", ["US-CA-Alhambra", "US-CA"]),
        ("US", "US-CA", ["US-CA"]),
        ("US", "", []),
        ("ZZ", "", []),
        ("", "", []),
        ("", "CN-GD", []),
    ],
)
def test_the_most_specific_pack_comes_first(country: str, region: str, wanted: list[str]) -> None:
    """Region, country, bloc; where no law is known there is none."""
    assert codes(country, region) == wanted


def test_all_that_was_asked_for_is_bundled() -> None:
    """One pack a jurisdiction, whatever each extends is there, and each level is what it says."""
    known = packs.bundled()
    assert set(known) >= {
        "CN", "CN-GD", "CN-HN", "CN-HE", "CN-JX", "CN-SH", "CN-ZJ", "CN-BJ", "EU", "DE", "ES",
        "IT", "FR", "AT", "PT", "CZ", "UK", "US-CA", "US-CA-Alhambra", "US-CA-LosAngeles", "JP",
        "HK", "TW", "KR",
    }  # fmt: skip
    assert all(code in known for pack in known.values() for code in pack.extends)
    assert {code for code, pack in known.items() if pack.level is Level.BLOC} == {"EU"}


def test_a_pack_of_the_operator_counts_at_its_country(tmp_path: Path) -> None:
    """Beside the bundled ones; one of the same code replaces ours."""
    own = tmp_path / "xx.toml"
    own.write_text(GOOD, encoding="utf-8")
    assert codes("XX", own=(own,)) == ["XX"]
    assert codes("DE", own=(own,)) == ["DE", "EU"]

    ours = packs.bundled()["UK"]
    own.write_text(GOOD.replace("XX", "UK"), encoding="utf-8")
    assert packs.load([own])["UK"].mark != ours.mark
    assert packs.load()["UK"].mark == ours.mark


@pytest.mark.parametrize("country", ["NL", "IE", "gr", "NO"])
def test_the_gdpr_counts_in_every_country_of_the_area(country: str) -> None:
    """A member state that nobody wrote down is not without law: a refusal there names authority and
    court, too, and an answer may be put off once (GDPR Art. 3, 12(3), (4), F055, F056)."""
    settings = Settings({"x": Property("x", "Hotel X", "X BV", country)})
    hotel = settings.property("x")
    assert codes(country) == ["EU"]
    assert "court" in answering.complaint(settings, hotel, "en")
    assert answering.law(settings, hotel) == "EU"


def test_who_writes_a_members_law_down_says_what_counts_besides(tmp_path: Path) -> None:
    """The operator's own pack of a country decides; outside the area there is none."""
    own = tmp_path / "nl.toml"
    own.write_text(GOOD.replace("XX", "NL"), encoding="utf-8")
    assert codes("NL", own=(own,)) == ["NL"]
    assert codes("CH") == codes("NZ") == []


def test_a_file_that_changed_is_read_again(tmp_path: Path) -> None:
    """Its mark changes, so that what was signed is not what is used."""
    own = tmp_path / "xx.toml"
    own.write_text(GOOD, encoding="utf-8")
    before = packs.load([own])["XX"].mark
    assert packs.load([own])["XX"].mark == before
    own.write_text(GOOD.replace("P2Y", "P4Y").replace("P4Y3M", "P4Y6M"), encoding="utf-8")
    os.utime(own, ns=(1, 1))
    assert packs.load([own])["XX"].mark != before


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """Missing, not UTF-8, wrong, or leaning on a pack that is not there."""
    own = tmp_path / "xx.toml"
    with pytest.raises(SetupError, match=r"xx\.toml"):
        packs.load([own])
    own.write_bytes(b"\xff\xfe")
    with pytest.raises(SetupError, match=r"xx\.toml"):
        packs.load([own])
    own.write_text(GOOD.replace('grade = "A"', 'grade = "D"'), encoding="utf-8")
    with pytest.raises(PackError, match=r"xx\.toml"):
        packs.load([own])
    own.write_text('extends = ["YY"]\n' + GOOD, encoding="utf-8")
    with pytest.raises(PackError, match="XX") as caught:
        packs.load([own])
    assert "YY" in caught.value.problems[0].message


def test_a_region_of_the_operators_own_is_under_the_ranks_of_its_country(tmp_path: Path) -> None:
    """What the general law does not recognise is weak, though the region's text does not say so."""
    own = tmp_path / "sc.toml"
    text = GOOD.replace('floor_ranks = ["law"]\n', 'extends = ["CN"]\n').replace("XX", "CN-SC")
    text = text.replace('country = "CN-SC"', 'country = "CN"').replace('"country"', '"region"')
    own.write_text(text, encoding="utf-8")
    known = packs.load([own])
    assert not known["CN-SC"].rules[0].weak

    place = Property("x", "Hotel X", "X Ltd", "CN", region="CN-SC")
    region, country = packs.chain(known, place)
    assert region.rules[0].weak
    assert not any(rule.weak for rule in country.rules)


def test_packs_that_extend_each_other_end(tmp_path: Path) -> None:
    """A circle is walked once."""
    for code, other in (("XA", "XB"), ("XB", "XA")):
        text = GOOD.replace("XX", code).replace(f'country = "{code}"', 'country = "XX"')
        (tmp_path / code).write_text(f'extends = ["{other}"]\n' + text, encoding="utf-8")
    assert sorted(codes("XX", own=(tmp_path / "XA", tmp_path / "XB"))) == ["XA", "XB"]


@pytest.mark.parametrize(
    ("country", "region", "told"),
    [("CN", "CN-GD", 0), ("CN", "", 0), ("US", "US-CA", 0), ("", "", 0), ("CN", "CN-XX", 1),
     ("DE", "CN-GD", 1), ("", "CN-GD", 1)],
)  # fmt: skip
def test_a_region_nobody_wrote_down_is_told(country: str, region: str, told: int) -> None:
    """Its law may keep longer than the country's; a region of another country is a slip."""
    place = Property("x", "Hotel X", "X Ltd", country, region=region)
    assert len(packs.missing(Settings({"x": place}))) == told


@pytest.mark.parametrize(
    ("country", "region", "count"),
    [("CN", "CN-XX", "CN"), ("DE", "CN-GD", "CN-GD, DE, CN, EU"), ("SE", "SE-XX", "EU"),
     ("", "CN-GD", "none"), ("BR", "BR-XX", "none")],
)  # fmt: skip
def test_what_counts_under_a_region_that_is_none_of_its_country_is_named(
    country: str, region: str, count: str
) -> None:
    """A region that is written down counts wherever it lies; where nothing counts, none is said."""
    place = Property("x", "Hotel X", "X Ltd", country, region=region)
    [said] = packs.missing(Settings({"x": place}))
    assert said.message.endswith(f"packs that count there: {count}.")
    chain = [pack.code for pack in packs.chain(packs.load(), place)]
    assert (", ".join(chain) or "none") == count
