"""The pages in Chinese call pages and buttons what the Chinese interface calls them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from example_pms import create_app
from flask_guesterase.core import course
from flask_guesterase.web.wording.language import LANGUAGES

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.zh.md", *sorted((ROOT / "docs" / "zh").glob("*.md"))]
CATALOG = (
    ROOT / "flask_guesterase" / "web" / "translations" / "zh" / "LC_MESSAGES" / "guesterase.po"
)


def said() -> set[str]:
    """Return all texts of the Chinese interface."""
    with CATALOG.open("rb") as file:
        return {str(message.string) for message in read_po(file) if message.id}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_stands_in_brackets_stands_on_the_pages(page: Path) -> None:
    """Whoever looks for a button finds it by the very words."""
    named = set(re.findall(r"【([^】]+)】", page.read_text("utf-8"))) - {" "}
    assert named
    assert sorted(named - said()) == []


def test_the_languages_are_those_there_are() -> None:
    """The pages of staff speak them too; only the courses are in two."""
    (line,) = (line for line in PAGES[0].read_text("utf-8").splitlines() if "六种" in line)
    assert len(LANGUAGES) == 6
    assert "客人页面和员工页面都有" in line
    assert set(course.LANGUAGES) == {"zh", "en"}
    assert "培训课程只有中文和英文" in line


def test_what_guests_say_is_where_the_table_sends_one() -> None:
    """Feedback is counted on the list of complaints, in no figures."""
    table = (ROOT / "docs" / "zh" / "process.md").read_text("utf-8")
    (row,) = (line for line in table.splitlines() if line.startswith("| 反馈与投诉 "))
    (page,) = re.findall(r"【([^】]+)】", row)
    pages = ROOT / "flask_guesterase" / "web" / "templates" / "guesterase" / "staff"
    said_there = [p.name for p in pages.glob("*.html") if "What guests say after" in p.read_text()]
    assert (page, said_there) == ("投诉", ["complaints.html"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_links_are_there(page: Path, tmp_path: Path) -> None:
    """A command that is named can be given, and a link leads to a page of ours and its heading."""
    text = page.read_text("utf-8")
    runner = create_app({"INSTANCE_PATH": str(tmp_path)}).test_cli_runner()
    for command in sorted(set(re.findall(r"guesterase ([a-z]+(?: [a-z]+)?)", text))):
        done = runner.invoke(args=["guesterase", *command.split(), "--help"])
        assert done.exit_code == 0, command
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]+)(?:#([^)]+))?\)", text):
        other = page.parent / target
        assert other.exists(), target
        heads = re.findall(r"^#+ (.+)$", other.read_text("utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads}
        assert not heading or heading in slugs, heading
