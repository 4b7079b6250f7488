"""The certificate of erasure: what went, what stays, and the proof that the journal says so."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from .log import canonical

CERTIFICATE_FORMAT = "guesterase/certificate/v2"
FIRST_FORMAT = "guesterase/certificate/v1"
FORMATS = (FIRST_FORMAT, CERTIFICATE_FORMAT)
"""What can be read; the newest is written."""

CONTENT_MARK = "certificate"
"""Name under which the entry a certificate proves carries `Content.mark`."""

LATER = "later-notice"
"""Category of the contact that is kept to tell a guest once when the last of the rest has gone."""

BOX = "guesterase_box"
"""Table of a line that is no row of the hotel's: that contact, or a safety copy under a hold."""

ACTIONS = frozenset({"check-completed", "subject-erased", "certificate-issued", "level-reached"})
"""Actions of the entries that a certificate may prove."""


class Level(StrEnum):
    """How far the erasure was shown to reach."""

    LOGICAL = "L1"
    FILES = "L2"
    LOGS = "L3"
    COPIES = "L4"


class Scope(StrEnum):
    """Sentences about the limits of a certificate; pages show them in the guest's language."""

    RECORDED = "what-the-hotel-recorded-and-when"
    PAPER = "cannot-show-paper"
    PHOTOS = "cannot-show-photos"
    POLICE = "cannot-show-police-system"
    PLATFORMS = "cannot-show-booking-platforms"
    UNDECLARED = "cannot-show-undeclared-copies"


ALWAYS = tuple(Scope)
"""The sentences every certificate has."""


@dataclass(frozen=True)
class Gone:
    """What went from one table.

    :param table: label of the table.
    :param rows: number of rows.
    :param columns: names of the columns; empty when rows were deleted as a whole.
    :param action: ``deleted`` or ``overwritten``; ``deleted-uncopied`` or ``overwritten-uncopied``
        where no safety copy was made of it.
    """

    table: str
    rows: int
    columns: tuple[str, ...]
    action: str


@dataclass(frozen=True)
class Stay:
    """What stays, by which rule and until when.

    :param table: label of the table.
    :param rows: number of rows.
    :param columns: names of the columns.
    :param category: retention category.
    :param basis: article that asks for it, or empty when not known.
    :param until: last day, ``YYYY-MM-DD``, or empty when it is not known yet.
    """

    table: str
    rows: int
    columns: tuple[str, ...]
    category: str
    basis: str = ""
    until: str = ""


@dataclass(frozen=True)
class Shared:
    """Rows that are other people's too.

    :param table: label of the table.
    :param rows: number of rows.
    :param columns: the columns that stayed for them.
    """

    table: str
    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Left:
    """What should have gone and is still there.

    :param table: label of the table.
    :param rows: number of rows.
    :param reason: enumerated reason.
    """

    table: str
    rows: int
    reason: str


@dataclass(frozen=True)
class Told:
    """Another system, or a person, that holds copies and was told.

    :param recipient: short name of the recipient.
    :param how: ``system`` or ``person``.
    :param state: ``queued``, ``sent``, ``acknowledged``, ``done`` or ``failed``.
    :param on: day of that state, ``YYYY-MM-DD``, or empty.
    """

    recipient: str
    how: str
    state: str
    on: str = ""


@dataclass(frozen=True)
class Content:
    """What a certificate says.

    :param number: number of the request.
    :param controller: slug of who answers for the data.
    :param property: label of the hotel.
    :param received: day of receipt, ``YYYY-MM-DD``.
    :param decided: day of the decision.
    :param erased: day of the erasure.
    :param state: ``erased``, ``sealed`` or ``partial``.
    :param level: level reached.
    :param evidence: enumerated words that tell how it was shown.
    :param scope: sentences about its limits.
    :param went: what went.
    :param stays: what stays.
    :param shared: rows of others.
    :param partial: what is left that should not be.
    :param recovery_until: last day of the sealed safety copy, empty when there is none.
    :param root_until: day by which old copies of the key folder are worthless, or empty.
    :param four_eyes: enumerated facts, for example ``approved-by-second-person``.
    :param supplement: 0 for the first certificate of a request, then 1, 2 ...
    :param key_epoch: epoch of the key that marks were made with.
    :param name: name of the guest; empty unless the guest asked for it to be there.
    :param stay: the stay, likewise.
    :param recipients: other systems that hold copies, and how far each got.
    :param unsearched: places that could not be searched by value, and that a name was not.
    :param shared_values: how many values were not looked for because another person has them too.
    :param copies_until: day by which backups have ended, or empty when nobody said.
    """

    number: str
    controller: str
    property: str
    received: str
    decided: str
    erased: str
    state: str
    level: Level = Level.LOGICAL
    evidence: tuple[str, ...] = ()
    scope: tuple[Scope, ...] = ALWAYS
    went: tuple[Gone, ...] = ()
    stays: tuple[Stay, ...] = ()
    shared: tuple[Shared, ...] = ()
    partial: tuple[Left, ...] = ()
    recovery_until: str = ""
    root_until: str = ""
    four_eyes: tuple[str, ...] = ()
    supplement: int = 0
    key_epoch: int = 0
    name: str = ""
    stay: str = ""
    recipients: tuple[Told, ...] = ()
    unsearched: tuple[str, ...] = ()
    shared_values: int = 0
    copies_until: str = ""

    def mark(self, format: str = CERTIFICATE_FORMAT) -> str:
        """Return the hash of what is said, 64 hex digits, for the entry that will be proved.

        Name and stay are left out: their hash could be guessed.

        :param format: format of the certificate that says it.
        """
        said = replace(self, name="", stay="")
        return hashlib.sha256(canonical([format, _content(said, format)])).hexdigest()


@dataclass(frozen=True)
class Proof:
    """The journal's word for one entry.

    :param entry: the entry, canonical JSON.
    :param size: number of entries of the tree it is proved in.
    :param path: inclusion path, 64 hex digits each, from the leaf up.
    :param checkpoint: signed checkpoint of that tree.
    """

    entry: str
    size: int
    path: tuple[str, ...]
    checkpoint: str


@dataclass(frozen=True)
class Certificate:
    """A signed certificate.

    :param content: what it says.
    :param proof: the journal's word for it.
    :param public_key: key that signed it and the checkpoint, 64 hex digits.
    :param signature: Ed25519 over format and canonical JSON, 128 hex digits.
    :param format: the format it is written in.
    """

    content: Content
    proof: Proof
    public_key: str
    signature: str = ""
    format: str = CERTIFICATE_FORMAT

    def signed(self) -> bytes:
        """Return the bytes that are signed."""
        value = _certificate(self)
        del value["signature"]
        return self.format.encode() + b"\n" + canonical(value)

    def to_json(self) -> str:
        """Return the certificate as canonical JSON: what is stored and handed out."""
        return canonical(_certificate(self)).decode()


def _certificate(certificate: Certificate) -> dict[str, Any]:
    content = _content(certificate.content, certificate.format)
    return {**_plain(certificate), "content": content}


SECOND = ("recipients", "unsearched", "shared_values", "copies_until")
"""What the first format did not say."""


def _content(content: Content, format: str) -> dict[str, Any]:
    plain: dict[str, Any] = _plain(content)
    if format == FIRST_FORMAT:
        return {name: value for name, value in plain.items() if name not in SECOND}
    return plain


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
