"""A page as a PDF: what stands in it, paragraph by paragraph, so that both always say the same.

Optional: it needs the extra ``pdf``. No font is in the package; a TrueType font with Chinese that
the machine has is taken into the file, and without one the reader's program puts its own in.
"""

from __future__ import annotations

from functools import cache
from html import escape
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate

from .language import Language

FONTS = [
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts/truetype/arphic/uming.ttc",
    "C:/Windows/Fonts/msyh.ttc",
    "C:/Windows/Fonts/simsun.ttc",
    "/System/Library/Fonts/STHeiti Light.ttc",
]
"""Files of TrueType fonts with Chinese, the first that is there is used; a host may put its own in
front. Fonts with PostScript outlines, Noto CJK among them, are not understood and passed over."""

_SIZES = {"h1": 19.0, "h2": 13.0}
_ABOVE = frozenset({"h1", "h2", "dt"})
_BLOCKS = frozenset({"h1", "h2", "p", "li", "dt", "dd"})
_VOID = frozenset({"br", "img", "input", "link", "meta", "hr"})


class _Words(HTMLParser):
    """The paragraphs of the main part of a page; what is for screens alone is left out.

    :param page: the page as HTML.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._inside: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a paragraph, or note that what follows is not printed."""
        if tag in _VOID:
            # Two lines of one paragraph are not one word.
            return self.handle_data(" ")
        kinds = (dict(attrs).get("class") or "").split()
        hidden = "screen" in kinds or tag in ("svg", "form", "nav")
        self._inside.append((tag, hidden))
        if tag in _BLOCKS:
            self.found.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        """End what was begun."""
        while self._inside and self._inside.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Add text to the paragraph it stands in."""
        tags = [tag for tag, _ in self._inside]
        if "main" not in tags or any(hidden for _, hidden in self._inside) or not self.found:
            return
        if _BLOCKS & set(tags):
            tag, text = self.found[-1]
            self.found[-1] = (tag, text + data)


def draw(page: str, tongue: Language, name: str) -> bytes:
    """Return a page as a PDF: equal pages give equal bytes, and no time or author is in it.

    :param page: the page as HTML.
    :param tongue: the language it is in.
    :param name: what the document calls itself.
    """
    lines = [(tag, " ".join(text.split())) for tag, text in _Words(page).found]
    lines = [(tag, text) for tag, text in lines if text]
    font = _font("".join(text for _, text in lines), tongue.code)
    file = BytesIO()
    document = SimpleDocTemplate(
        file, pagesize=A4, leftMargin=22 * mm, rightMargin=22 * mm, topMargin=20 * mm,
        bottomMargin=20 * mm, title=name, lang=tongue.tag, invariant=1,
    )  # fmt: skip
    document.build([_paragraph(tag, text, font, tongue.code) for tag, text in lines])
    return file.getvalue()


def _paragraph(tag: str, text: str, font: str, code: str) -> Paragraph:
    size = _SIZES.get(tag, 8.5 if tag == "dt" else 10.5)
    style = ParagraphStyle(
        tag,
        fontName=font,
        fontSize=size,
        leading=size * 1.5,
        alignment=TA_LEFT,
        spaceBefore=size * (0.9 if tag in _SIZES else 0.25),
        leftIndent=12 if tag == "li" else 0,
        bulletIndent=2,
        # Chinese and Japanese have no blanks to break a line at.
        wordWrap="CJK" if code in ("zh", "ja") else None,
        splitLongWords=1,
        keepWithNext=tag in _ABOVE,
    )
    return Paragraph(escape(text, quote=False), style, bulletText="–" if tag == "li" else None)


def _font(text: str, code: str) -> str:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return _eastern("HeiseiMin-W3" if code == "ja" else "STSong-Light")
    return "Helvetica"


@cache
def _eastern(readers: str) -> str:
    """Return the name of a font that writes Chinese and Japanese, registered.

    :param readers: a font that the reader's program has, where this machine has none.
    """
    for path in map(Path, FONTS):
        if path.exists():
            try:
                pdfmetrics.registerFont(TTFont("Guesterase", str(path)))
            except TTFError:
                continue
            return "Guesterase"
    pdfmetrics.registerFont(UnicodeCIDFont(readers))
    return readers
