"""No page says anything in two languages, and none shows what only the program reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from flask import Response, request

from flask_guesterase.core.wish import Wish
from flask_guesterase.store.access import tokens
from flask_guesterase.web.wording.language import LANGUAGES, Language
from flask_guesterase.web.wording.letters import render
from tests.web.catalogs import CODES, FILLED, FOLDER, messages, said
from tests.web.house import QUESTIONS, Browser, House
from tests.web.test_claims import slip
from tests.web.test_complaints import complain, refused
from tests.web.test_copied import asked, letters, released
from tests.web.test_guest import GUEST, erased
from tests.web.test_letters import NAMES, PARAMS, post_office
from tests.web.test_officer import filed
from tests.web.test_rescan import answered

__all__ = ["post_office"]

CJK = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
LONG = 14
"""Letters: what is as long as this and of another catalog does not stand there by chance."""

LONG_CJK = 6
HOST = frozenset({"bookings", "late"})
"""A table of the host and what is written in it: data, in whatever language they are."""

_WORD = re.compile(r"[^\W\d_]{3}|[\u4e00-\u9fff]")
VOID = frozenset(("meta", "link", "input", "br", "img", "hr", "source"))
SPOKEN = ("aria-label", "placeholder", "title", "alt", "data-label")


class Heard(HTMLParser):
    """What a page says in its own language: texts and spoken attributes, without tagged ones."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lang = ""
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Enter an element; one with a language of its own is another's to hear."""
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.lang = given["lang"]
        hidden = tag in ("style", "script") or given.get("lang", self.lang) != self.lang
        if not hidden and not self._elsewhere:
            self.texts += [given[name] for name in SPOKEN if given.get(name)]
        if tag not in VOID:
            self._open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and what was left open in it."""
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Hear a text."""
        if data.strip() and not self._elsewhere:
            self.texts.append(" ".join(data.split()))

    @property
    def _elsewhere(self) -> bool:
        return any(hidden for _, hidden in self._open)


@cache
def phrases(code: str) -> frozenset[str]:
    """Return what a catalog says, cut where something is filled in; English is what it is from."""
    source = (m.id if code == "en" else m.string for m in messages(code))
    parts = (part for text in source for one in said(text) for part in FILLED.split(one))
    return frozenset(" ".join(part.split()) for part in parts if part.strip(" .,:;!?…："))


@cache
def strangers(code: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return what only other catalogs say: the long ones, and all of them."""
    own, mine = phrases(code), "\n".join(phrases(code))
    foreign = frozenset().union(*(phrases(other) for other in CODES if other != code)) - own
    long = {p for p in foreign if len(p) >= (LONG_CJK if CJK.search(p) else LONG)}
    return frozenset(p for p in long if p not in mine), foreign


def mixed(page: str, code: str) -> list[str]:
    """Return what a page says in another language than its own, and what is no language."""
    heard = Heard(page)
    assert heard.lang == Language(code).tag
    whole = "\n".join(heard.texts)
    long, foreign = strangers(code)
    words = (text for text in heard.texts if text not in HOST and _WORD.search(text))
    found = [text for text in words if text in foreign]
    found += [phrase for phrase in long if phrase in whole]
    if code not in ("zh", "ja"):
        found += [text for text in heard.texts if CJK.search(text)]
    return found + FILLED.findall(whole)


def walk(house: House) -> None:
    """Go every way a guest goes: ask, follow, read, look again, complain."""
    stranger = house.browser()
    for path in ("", "asked", "case", "complain", "copy"):
        stranger.get(f"/privacy/{path}")
    stranger.get("/privacy/link/never-was", 410)
    for question in QUESTIONS:
        stranger.get(question)
        answer = stranger.post(question, question)
        assert answer.status_code == (303 if question.endswith("booking") else 422)
    for wish in Wish:
        stranger.answers(**GUEST, wish=wish)
        stranger.get("/privacy/ask/check")
    stranger.post("/privacy/case", code="")
    stranger.post("/privacy/complain", text="", about="")
    stranger.post(
        "/privacy/complain", property="sh", about="about-other", text="x", contact="a@b.example"
    )
    stranger.get("/privacy/complained")
    browser, _ = erased(house)
    for path in ("case", "case/certificate", "case/feedback", "case/complain", "case/again"):
        browser.get(f"/privacy/{path}")
    answered(house, browser, email=GUEST["email"])
    browser.get("/privacy/case/again/asked")
    browser.get("/privacy/case")


def prove(house: House) -> None:
    """Enter a claim code, object from another contact, and stop advertising."""
    guest = house.browser()
    for path in ("claim", "advertising", "advertising/stopped"):
        guest.get(f"/privacy/{path}")
    assert guest.post("/privacy/advertising", email="x").status_code == 422
    house.hotel.guest(5, name="Ola Berg", document_no="W77")
    for code, status in (("", 422), ("never-was", 410), (slip(house), 200)):
        assert guest.post("/privacy/claim", code=code, name="Ola Berg").status_code == status
    guest.get("/privacy/case")
    number = filed(house)
    with house.app.app_context(), house.extension.begin() as office:
        link = f"/privacy/object/{tokens.objection(office.work, number)}"
    guest.get(link)
    assert guest.post(link, link).status_code == 200
    guest.get(f"{link}x", 410)


def copy(house: House) -> None:
    """Ask for a copy, follow it, have the link sent and read it."""
    browser, number = asked(house)
    browser.get("/privacy/case")
    released(house, number)
    browser.get("/privacy/case")
    browser.post("/privacy/case/copy")
    browser.get("/privacy/case/copy")
    house.worker()
    link = re.findall(r"http://localhost(/privacy/copy/open/[\w-]+)", letters(house))[0]
    browser.get(link)
    browser.post(link)
    browser.get("/privacy/copy")


def dispute(house: House) -> None:
    """Be refused, complain, and let a reviewer from outside look at it."""
    _, guest = refused(house)
    guest.get("/privacy/case")
    complaint = complain(guest)
    guest.get("/privacy/case")
    desk = f"/desk/privacy/complaints/{complaint}/invite"
    page = house.browser("second").post(desk, mode="decide").text
    link = re.findall(r"/privacy/review/[\w-]+", page)[0]
    code = re.findall(r'class="secret whole">([\w-]+)<', page)[0]
    reviewer = house.browser()
    reviewer.get(link)
    reviewer.post(link, link, code=code)
    reviewer.get("/privacy/review")
    said = {"outcome": "upheld", "words": ""}
    reviewer.post("/privacy/review/letter", "/privacy/review", **said)
    reviewer.post("/privacy/review", "/privacy/review", **said)


@contextmanager
def pages(house: House, posted: str) -> Iterator[list[tuple[str, str, str]]]:
    """Note every guest page while this lasts: those that can be opened in every language.

    :param posted: the language of pages that answer a form, which is sent once.
    """
    found: list[tuple[str, str, str]] = []
    spoken = [posted]
    plain = Browser.get

    def tongue() -> str:
        return spoken[0] if request.path.startswith("/privacy") else "en"

    def note(response: Response) -> Response:
        page = response.status_code not in (301, 302, 303) and response.mimetype == "text/html"
        if page and request.path.startswith("/privacy"):
            where = f"{request.method} {request.endpoint}"
            found.append((where, spoken[0], response.get_data(as_text=True)))
        return response

    def opened(browser: Browser, path: str, status: int = 200, wish: str = "") -> str:
        for code in LANGUAGES if path.startswith("/privacy") else ():
            spoken[0] = code
            plain(browser, path, status, wish)
        spoken[0] = posted
        return plain(browser, path, status, wish)

    house.app.extensions["babel"] = SimpleNamespace(locale_selector=tongue)
    house.app.after_request(note)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Browser, "get", opened)
        yield found


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_letter_mixes_languages(code: str, post_office: House) -> None:
    """Every letter is in the guest's language alone, subject and all."""
    page = f'<html lang="{Language(code).tag}"><pre>%s</pre>'
    with post_office.app.app_context():
        written = {name: render(name, code, PARAMS) for name in NAMES}
    wrong = {name: mixed(page % "\n".join(text), code) for name, text in written.items()}
    assert {name: found for name, found in wrong.items() if found} == {}


WAYS = {walk: "ja", prove: "de", copy: "es", dispute: "fr"}
"""Way -> the language that pages which answer a form have in the short run."""


@pytest.mark.parametrize("posted", LANGUAGES)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_guest_page_mixes_languages(
    way: Callable[[House], None], posted: str, house: House
) -> None:
    """Every page on a guest's ways is in one language alone, whichever they read."""
    with pages(house, posted) as found:
        way(house)
    assert {code for _, code, _ in found} == set(LANGUAGES)
    assert len({where for where, _, _ in found}) > 6
    assert {
        (where, code, text) for where, code, page in found for text in mixed(page, code)
    } == set()


PAGE = '<html lang="es"><body><p>%s</p></body></html>'


@pytest.mark.parametrize(
    "text",
    [
        "Send", "フォーム", "消去を請求する",  "%(num)s filas",
        "Nobody can sell you the deletion of police records", "Todo bien. 請求を取り下げる",
        '<input aria-label="Send">', "Löschung beantragen",
    ],
)  # fmt: skip
def test_a_page_that_mixes_is_found(text: str) -> None:
    """A message of another catalog, a word of another script and an unfilled place are seen."""
    assert mixed(PAGE % text, "es") != []


def test_what_says_its_own_language_may_stand_there() -> None:
    """The choice of languages and a text of the law say in which language they are."""
    assert mixed(PAGE % 'Sus datos <a lang="ja">日本語</a> <b lang="en">Send</b>', "es") == []


_UNSAID = re.compile(
    r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>|&\w+;|python verify\.py|certificate-(?=\{\{)|"
    r"(?<=\}\})\.json",
    re.DOTALL,
)
"""What a reader does not see of a template, and a command that is the same for everybody."""


@pytest.mark.parametrize("folder", ["guest", "mail", "."])
def test_no_template_says_anything_but_messages(folder: str) -> None:
    """What stands in a template outside a message would be the same in every language."""
    bare = {}
    for file in sorted((FOLDER / "templates" / "guesterase" / folder).glob("*.*")):
        words = _WORD.findall(_UNSAID.sub(" ", file.read_text()))
        if words:
            bare[file.name] = words
    assert bare == {}
