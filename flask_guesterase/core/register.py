"""Producing the guest register: what an authority may ask, in which form names are compared."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .errors import InputError

MOST_NIGHTS = 31
"""Nights one request may span: more would be a copy of the register, not an answer."""


class Basis(StrEnum):
    """On what an authority bases its request."""

    POLICE = "police-inspection"
    COURT = "court-order"
    PROSECUTOR = "prosecutor"
    TAX = "tax"
    IMMIGRATION = "immigration"


class Judgement(StrEnum):
    """What the second person finds about a disclosure."""

    FINE = "fine"
    EXCESSIVE = "excessive"
    UNFOUNDED = "unfounded"


ONLY: Mapping[str, frozenset[Basis]] = {"US-CA": frozenset({Basis.POLICE, Basis.COURT})}
"""Law -> the only bases it knows, in its cities too. In California nobody but its peace officers
gets guest records without a subpoena, warrant or order of a court. Source: California Civil Code
s. 53.5."""


@dataclass(frozen=True)
class Asked:
    """What an authority asks to see, and who asks.

    :param place: code of the property.
    :param authority: which authority.
    :param officer: the officer's number.
    :param reference: its case reference.
    :param basis: on what it bases the request.
    :param night: the night, or the first of several.
    :param until: the last night asked for; `night` alone when None.
    :param room: only this room, or empty.
    :param name: only this name, or empty.
    :param document: only this document number, or empty.
    """

    place: str
    authority: str
    officer: str
    reference: str
    basis: Basis
    night: date | None = None
    until: date | None = None
    room: str = ""
    name: str = ""
    document: str = ""

    @property
    def nights(self) -> tuple[date, date] | None:
        """Return the first and the last night asked for, or None when any will do."""
        if self.night is None:
            return None
        return self.night, self.until or self.night

    def check(self, laws: Iterable[str] = (), today: date = date.max) -> None:
        """Refuse what is no question about somebody or some night, or has no basis.

        A mistyped year would be answered with a register that is empty, and handed over.

        :param laws: codes of the laws that count at the property, for example
            ``("US-CA-LosAngeles", "US-CA")``; each of them must let this be a basis.
        :param today: the property's day.
        :raises InputError: it asks for everything, for too much, or does not say who asks.
        """
        if self.nights is None and not name_form(self.name) and not document_form(self.document):
            raise InputError(
                "This would be the whole register.", "Give a night, a name or a document number."
            )
        if self.nights is None and self.until is not None:
            raise InputError("A last night needs a first one.", "Give the first night as well.")
        if self.nights is not None:
            span = (self.nights[1] - self.nights[0]).days + 1
            if not 1 <= span <= MOST_NIGHTS:
                raise InputError(
                    f"A request may span 1 to {MOST_NIGHTS} nights.", "Ask once for each month."
                )
            if self.nights[0] > today:
                raise InputError(
                    "This night is still to come: check day and year.",
                    "Give the night on which they stayed.",
                )
        if not all(text.strip() for text in (self.authority, self.officer, self.reference)):
            raise InputError(
                "Who asks, and under which reference, must be written down.",
                "Give the authority, the officer's number and the reference.",
            )
        if self.basis not in _bases(laws):
            raise InputError(
                "The law of this place does not let this authority see the register on this basis.",
                "Ask for the order of a court, and record that as the basis.",
            )


def _bases(laws: Iterable[str]) -> frozenset[Basis]:
    """Return the bases that all of these laws know; a city's is under its state's, pack or none."""
    found = frozenset(Basis)
    for law in laws:
        for code, bases in ONLY.items():
            if law == code or law.startswith(f"{code}-"):
                found &= bases
    return found


def name_form(name: str | Sequence[str]) -> str:
    """Return a name in the one form names are compared in: no case, no spaces, no widths.

    :param name: the name, or its parts in the order of the columns.
    """
    whole = name if isinstance(name, str) else " ".join(name)
    return "".join(unicodedata.normalize("NFKC", whole).casefold().split())


def name_forms(name: str) -> frozenset[str]:
    """Return the forms a name may be on file in: as given, and from each of its words on.

    Whoever asks for "Zebrafinch Ann" means "Ann Zebrafinch".
    """
    words = name.replace(",", " ").split()
    turned = {name_form(words[place:] + words[:place]) for place in range(min(len(words), 6))}
    return frozenset(form for form in turned | {name_form(name)} if form)


def document_form(document: str) -> str:
    """Return a document's number in the one form they are compared in: letters and digits."""
    plain = unicodedata.normalize("NFKC", document)
    return "".join(c for c in plain if c.isalnum()).upper()


def as_json(head: Mapping[str, object], lines: Iterable[Mapping[str, str]]) -> str:
    """Return the lines of the register as JSON, exactly as they were kept.

    :param head: what is said about all of them.
    """
    return json.dumps({**head, "lines": [*lines]}, ensure_ascii=False, indent=2) + "\n"


_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(columns: Sequence[str], lines: Iterable[Mapping[str, str]]) -> str:
    """Return the lines of the register as CSV that a spreadsheet opens without running anything.

    A value that a spreadsheet would take for a formula gets an apostrophe in front.

    :param columns: names of the columns, in order.

    Source: RFC 4180; OWASP, CSV Injection.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_plain(name) for name in columns])
    writer.writerows([_plain(line.get(name, "")) for name in columns] for line in lines)
    # The mark tells spreadsheets that the text is UTF-8; without it Chinese names turn to noise.
    return "\ufeff" + text.getvalue()


def _plain(value: str) -> str:
    # Spreadsheets in Chinese and Japanese take the full-width signs for formulas too.
    start = unicodedata.normalize("NFKC", value[:20]).lstrip(" ")
    return f"'{value}" if start.startswith(_LIVE) else value
