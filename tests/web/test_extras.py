"""PDF and QR: the same words on paper, and no trace of either where the library is not there."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

import pytest
from pypdf import PdfReader

from flask_guesterase.web.wording import extras, papers
from flask_guesterase.web.wording.language import Language
from tests.web.house import CANARY, House
from tests.web.test_guest import erased, proved

PAGE = """<title>not this</title><body><nav><p>nor this</p></nav><main><h1>Kopie &amp; mehr</h1>
<p class="row screen"><a>nor a button</a></p><form><p>nor a form</p></form>
<ul><li>eins &lt;b&gt;</li><li>{}</li></ul><dl><dt>Day</dt><dd>Two<br>lines</dd></dl></main>"""


def read(file: bytes) -> str:
    """Return the text of a PDF as another program reads it, without blanks."""
    pages = PdfReader(BytesIO(file)).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


@pytest.mark.parametrize(("code", "text"), [
    ("en", "zwölf"), ("zh", "删除证明书" * 30), ("ja", "消去しました。これはカナです" * 12),
])  # fmt: skip
def test_paper_says_what_the_page_says(code: str, text: str) -> None:
    """Headings, paragraphs and lists, long lines without blanks too; twice the same bytes."""
    made = papers.draw(PAGE.format(text), Language(code), "certificate-GR-1.pdf")
    assert read(made).replace("–", "") == f"Kopie&mehreins<b>{text}DayTwolines"
    assert made == papers.draw(PAGE.format(text), Language(code), "certificate-GR-1.pdf")


def test_no_page_of_paper_ends_with_a_heading() -> None:
    """What a heading or the name of a fact is about stands on the same page."""
    page = "<body><main>{}<dl>{}</dl></main>".format(
        "<h2>Heading</h2><p>text</p>" * 90, "<dt>Name</dt><dd>text</dd>" * 90
    )
    pages = PdfReader(BytesIO(papers.draw(page, Language("en"), "x.pdf"))).pages
    assert len(pages) > 5
    assert {each.extract_text().split()[-1] for each in pages} == {"text"}


def test_two_lines_are_not_one_word_on_paper() -> None:
    """A break within a paragraph separates what stands before it from what follows."""
    drawn = papers.draw("<body><main><p>one<br>two</p></main>", Language("en"), "x.pdf")
    assert PdfReader(BytesIO(drawn)).pages[0].extract_text().split() == ["one", "two"]


@pytest.mark.parametrize(
    ("code", "text", "font"),
    [("zh", "删除证明", b"STSong-Light"), ("ja", "消去しました", b"HeiseiMin-W3")],
)
def test_without_a_font_the_readers_own_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, code: str, text: str, font: bytes
) -> None:
    """A file that is no such font is passed over; the text is in the file all the same."""
    monkeypatch.setattr(papers, "FONTS", ["/nowhere.ttc", __file__])
    papers._eastern.cache_clear()
    try:
        made = papers.draw(PAGE.format(text), Language(code), "x.pdf")
    finally:
        papers._eastern.cache_clear()
    assert font in made
    assert text in read(made)


def test_a_guest_has_the_certificate_on_paper(house: House) -> None:
    """In the language of the page, with the fingerprint of the file; the name is not in it."""
    browser, number = erased(house)
    page = browser.get("/privacy/case/certificate?lang=zh")
    assert "<svg" in page
    assert "certificate.pdf" in page
    answer = browser.client.get("/privacy/case/certificate.pdf")
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"].endswith(f'"certificate-{number}.pdf"')
    told = read(answer.data)
    assert number in told
    assert "删除证明" in told
    assert CANARY.split()[1] not in told
    file = browser.client.get("/privacy/case/certificate.json").data
    assert sha256(file).hexdigest() in told
    assert sha256(file).hexdigest() in page
    house.browser().get("/privacy/case/certificate.pdf", 410)


def test_without_the_libraries_nothing_is_offered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No link, no picture, no error: the code and the file are there as before."""
    monkeypatch.setattr(extras, "PDF", False)
    monkeypatch.setattr(extras, "QR", False)
    browser, _ = erased(house)
    page = browser.get("/privacy/case/certificate")
    assert "certificate.pdf" not in page
    assert "<svg" not in page
    assert "certificate.json" in page
    browser.get("/privacy/case/certificate.pdf", 404)


def test_a_telephone_reads_the_way_to_the_case(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture beside the code holds the address that opens the case, and nothing else."""
    drawn: list[str] = []
    qr = extras.qr

    def noting(text: str) -> object:
        drawn.append(text)
        return qr(text)

    monkeypatch.setattr(extras, "qr", noting)
    _, code = proved(house)
    assert drawn == [f"http://localhost/privacy/case/{code}"]
    picture = str(qr(drawn[0]))
    assert picture.startswith("<svg")
    assert code not in picture
    assert " style=" not in picture
    assert " class=" not in picture
