"""What pages can do with an optional library and do without it otherwise: QR codes and PDF."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from flask import Response
from markupsafe import Markup

from ...core.errors import UnknownError
from .language import Language

PDF = find_spec("reportlab") is not None
"""Whether the extra ``pdf`` is installed; without it no page offers a PDF."""

QR = find_spec("segno") is not None
"""Whether the extra ``qr`` is installed; without it no page shows a code."""


def qr(text: str) -> Markup:
    """Return a QR code as SVG that stands in the page itself, or nothing without the extra.

    :param text: what a telephone reads.
    """
    if not QR or not text:
        return Markup("")
    # No class, style or script: our policy allows none, and paper keeps black on white.
    code = import_module("segno").make(text, error="m", micro=False)
    drawn: str = code.svg_inline(scale=4, dark="#000", light="#fff", svgclass=None, lineclass=None)
    return Markup(drawn)  # noqa: S704 - the library draws numbers; the text is not in it


def paper(page: str, tongue: Language, name: str) -> Response:
    """Return a page as a PDF file.

    :param page: the page as HTML.
    :param tongue: the language it is in.
    :param name: name of the file; holds nothing of a person.
    :raises UnknownError: the extra ``pdf`` is not installed.
    """
    if not PDF:
        raise UnknownError("There is no such file here.", "Print the page with your browser.")
    drawn: bytes = import_module(".papers", __package__).draw(page, tongue, name)
    response = Response(drawn, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
