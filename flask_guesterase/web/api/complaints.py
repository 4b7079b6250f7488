"""Complaints and feedback over the API: filed, listed, read, acknowledged, answered."""

from __future__ import annotations

from typing import Any

from ...core.permissions import Permission
from ...store.complaints import looking
from ...store.complaints.receiving import Grievance
from ..wording import letters
from . import bodies, casebodies
from .door import begin, me, mine, once, paged
from .route import operation


@operation(
    "POST", "/complaints", None, bodies.Numbered, casebodies.FileComplaint, status=201, keyed=True
)
def file_complaint(form: dict[str, Any]) -> Any:
    """Record a complaint that came by mail, phone, letter or at the desk.

    It needs file or complaint at the property. The same Idempotency-Key with the same body returns
    the first complaint's number for a day.
    """
    given = Grievance(**{**form, "property": form["property"] or mine().property})
    with begin() as office:
        number = once(office, form, lambda: office.file_complaint(given, me()))
    return {"number": number}


@operation("GET", "/complaints", Permission.COMPLAINT, bodies.Paged, casebodies.Filtered)
def complaints(form: dict[str, Any]) -> Any:
    """List complaints by pages, open ones first by their day, without what anybody wrote."""
    number = form["page"] or 1
    with begin(write=False) as office:
        found = office.complaints(me(), form["property"], number)
    return paged(found, number, looking.PAGE)


@operation("GET", "/complaints/<complaint>", Permission.COMPLAINT, casebodies.Complaint)
def show_complaint(complaint: str, form: dict[str, Any]) -> Any:
    """Show one complaint with what was written and where the answer goes, as the page does."""
    with begin() as office:
        return office.complaint(complaint, me())


@operation("POST", "/complaints/<complaint>/receipt", None, bodies.Done)
def acknowledge_complaint(complaint: str, form: dict[str, Any]) -> Any:
    """Note that who complained has the word that it was received.

    It needs file or complaint at the property.
    """
    with begin() as office:
        office.acknowledge_complaint(complaint, me())
    return {"done": True}


@operation(
    "POST", "/complaints/<complaint>/letter", Permission.COMPLAINT, casebodies.Letter,
    casebodies.AnswerComplaint,
)  # fmt: skip
def complaint_letter(complaint: str, form: dict[str, Any]) -> Any:
    """Return the letter that an answer would send, to read it first; nothing is decided yet."""
    with begin() as office:
        draft = office.complaint_letter(complaint, me(), form["outcome"], form["words"])
    shown = letters.written("complaint", draft.lang, draft.params)
    return {
        "lang": shown["tag"], "subject": shown["subject"], "body": shown["body"],
        "printed": draft.printed,
    }  # fmt: skip


@operation(
    "POST", "/complaints/<complaint>/answer", Permission.COMPLAINT, bodies.Done,
    casebodies.AnswerComplaint,
)  # fmt: skip
def answer_complaint(complaint: str, form: dict[str, Any]) -> Any:
    """Answer a complaint and send the letter, as another person than who decided the request."""
    with begin() as office:
        office.answer_complaint(complaint, me(), form["outcome"], form["words"])
    return {"done": True}


@operation("GET", "/feedback", Permission.COMPLAINT, bodies.Anything)
def feedback(form: dict[str, Any]) -> Any:
    """Tell how often guests gave which figure, and the newest words, without whose they are."""
    with begin(write=False) as office:
        return office.feedback(me())
