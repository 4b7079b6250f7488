"""The page about the four conditions says what the code makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flask_guesterase.core.reasons import DUTIES, POPULAR, Fate, popular

PAGE = Path(__file__).parent.parent.parent / "docs" / "explanation" / "the-four-conditions.md"


@pytest.mark.parametrize("word", POPULAR)
def test_each_condition_stands_with_what_becomes_of_it(word: str) -> None:
    """Its line names the article of a duty, the incident, or that it is refused."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if f"`{POPULAR[word]}`" in line)
    found = popular(word)
    told = {
        Fate.DUTY: found.article.rpartition("Art. ")[2],
        Fate.INCIDENT: "incident",
        Fate.NONE: "refused",
    }
    assert told[found.fate] in line


def test_every_duty_of_the_article_is_on_the_page() -> None:
    """All five cases of paragraph 1, and paragraph 2."""
    page = PAGE.read_text(encoding="utf-8")
    articles = {d.article.rpartition("Art. ")[2] for d in DUTIES if d.law == "CN"}
    assert [a for a in sorted(articles) if a not in page] == []
    assert "paragraph 2" in page
