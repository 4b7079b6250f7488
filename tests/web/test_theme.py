"""What the page about overriding shows, in a host with files of its own; ours stay as they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import flask_guesterase
from tests.web.house import House

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "override-pages.md"
PACKAGE = Path(flask_guesterase.__file__).parent
FILES = re.findall(
    r"^```\w+\n(?:\{# | ?/\* |# )(\S+)(?: #\}| \*/|)\n(.*?)^```", PAGE.read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)  # fmt: skip


@pytest.fixture
def themed(sqlite_url: str, tmp_path: Path) -> House:
    """A host that has put every file of the page where the page says."""
    for name, text in FILES:
        file = tmp_path / "host" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    house = House(sqlite_url, tmp_path, root=tmp_path / "host")
    house.people()
    return house


def test_the_page_shows_one_file_of_each_kind() -> None:
    """Base template, style sheet, block, letter, translation; all outside the package."""
    assert [name.rpartition(".")[2] for name, _ in FILES] == ["html", "css", "html", "txt", "po"]
    assert not any((PACKAGE / name).exists() for name, _ in FILES)


def test_base_template_and_block_are_the_hosts(themed: House) -> None:
    """On pages of guests and of staff; the block on its page, and the rest of it is ours."""
    first = themed.browser().get("/privacy/?lang=en")
    other = themed.browser().get("/privacy/ask?lang=en")
    desk = themed.browser("clerk").get("/desk/privacy/?lang=en")
    for page in (first, other, desk):
        assert '<link rel="stylesheet" href="/static/linde.css">' in page
        assert "guesterase-static/guesterase.css" in page
    assert "<strong>Hotel Linde</strong>" in first
    assert "privacy@linde.example" in first
    assert "privacy@linde.example" not in other
    assert "Nobody can sell you the deletion of police records" in first
    sheet = themed.browser().client.get("/static/linde.css")
    assert b"--accent" in sheet.data
    sheet.close()


def test_a_translation_is_the_hosts_and_the_others_are_ours(
    themed: House, tmp_path: Path
) -> None:  # fmt: skip
    """One text of the Chinese page; English, and another host in the same process, stay."""
    (tmp_path / "next").mkdir()
    house = House(f"sqlite:///{tmp_path / 'next.sqlite'}", tmp_path / "next")
    assert "请删除我的资料" in themed.browser().get("/privacy/?lang=zh")
    assert "删除哪些内容" in themed.browser().get("/privacy/?lang=zh")
    assert "Ask for erasure" in themed.browser().get("/privacy/?lang=en")
    assert "请删除我的资料" not in house.browser().get("/privacy/?lang=zh")


def test_a_table_of_three_columns_is_read_on_a_telephone() -> None:
    """A line of it becomes a card there; words of a narrow column are broken in the middle."""
    narrow = [
        file.name
        for file in sorted((PACKAGE / "web" / "templates").rglob("*.html"))
        for table in re.findall(r"<table.*?</thead>", file.read_text("utf-8"), re.DOTALL)
        if table.count("<th ") > 2 and "cards" not in table.partition(">")[0]
    ]
    assert narrow == []


def test_a_letter_is_the_hosts(themed: House) -> None:
    """The guest who takes a request back gets the hotel's own words."""
    number = themed.request()
    desk = themed.browser("clerk")
    desk.post(f"/desk/privacy/{number}/confirm", how="desk")
    desk.post(f"/desk/privacy/{number}/withdraw")
    themed.worker()
    assert "Hotel Linde writes:" in desk.get("/desk/privacy/outbox")


def test_a_text_that_fills_in_what_ours_does_not_is_passed_over(
    sqlite_url: str, tmp_path: Path
) -> None:  # fmt: skip
    """A mistake in the host's file does not break a page."""
    file = tmp_path / "host" / "translations" / "en" / "LC_MESSAGES" / "guesterase.po"
    file.parent.mkdir(parents=True)
    file.write_text(
        'msgid "Ask for erasure"\nmsgstr "Ask %(whom)s"\n\nmsgid "Language"\nmsgstr "Tongue"\n'
        '\nmsgid "Nobody says this"\nmsgstr "Never"\n', "utf-8",
    )  # fmt: skip
    page = House(sqlite_url, tmp_path, root=tmp_path / "host").browser().get("/privacy/?lang=en")
    assert "Ask for erasure" in page
    assert 'aria-label="Tongue"' in page
