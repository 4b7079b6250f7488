"""Certificates issued, read back and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .certificate import (
    ACTIONS,
    CERTIFICATE_FORMAT,
    CONTENT_MARK,
    FIRST_FORMAT,
    FORMATS,
    SECOND,
    Certificate,
    Content,
    Gone,
    Left,
    Level,
    Proof,
    Scope,
    Shared,
    Stay,
    Told,
)
from .checkpoint import Checkpoint, open_checkpoint, origin
from .errors import InputError, TamperedError
from .log import Entry, canonical, read_entry
from .tree import verify_inclusion


def issue(content: Content, proof: Proof, key: Ed25519PrivateKey) -> Certificate:
    """Sign a certificate; the entry it proves is in the tree already.

    :param content: what it says.
    :param proof: proof of the entry.
    :param key: the key that signed the proof's checkpoint.
    :raises TamperedError: the proof does not hold, or is of something else.
    """
    public = key.public_key().public_bytes_raw()
    unsigned = Certificate(content, proof, public.hex())
    signed = replace(unsigned, signature=key.sign(unsigned.signed()).hex())
    for item in check(signed, public):
        if item.passed is False:
            raise TamperedError(
                f"No certificate was issued: {item.message}",
                "Run `flask guesterase verify`; the journal must prove itself first.",
            )
    return signed


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    :param id: stable word.
    :param passed: True, False, or None when the inputs cannot tell.
    :param message: what was found.
    """

    id: str
    passed: bool | None
    message: str


def check(certificate: Certificate, public_key: bytes | None = None) -> tuple[Check, ...]:
    """Look at everything a certificate shows by itself.

    :param certificate: the certificate.
    :param public_key: the controller's key from elsewhere, 32 bytes, or None.
    """
    results = [_check_key(certificate, public_key), _check_signature(certificate)]
    try:
        entry = read_entry(certificate.proof.entry.encode())
        head = open_checkpoint(certificate.proof.checkpoint, _hex(certificate.public_key))
    except (TamperedError, ValueError) as problem:
        return (*results, Check("checkpoint", False, str(problem)))
    results.append(Check("checkpoint", True, "The checkpoint was signed by the same key."))
    results.append(_check_inclusion(certificate.proof, entry, head))
    results.append(_check_entry(certificate.content, entry))
    results.append(_check_content(certificate, entry))
    return tuple(results)


def _check_key(certificate: Certificate, public_key: bytes | None) -> Check:
    if public_key is None:
        return Check("key", None, "Without the hotel's key from elsewhere, nobody can tell whose.")
    same = certificate.public_key == public_key.hex()
    return Check("key", same, "The key is the expected one." if same else "It is another key.")


def _check_signature(certificate: Certificate) -> Check:
    try:
        key = Ed25519PublicKey.from_public_bytes(_hex(certificate.public_key))
        key.verify(_hex(certificate.signature), certificate.signed())
    except (InvalidSignature, ValueError):
        return Check("signature", False, "The certificate is not as it was signed.")
    return Check("signature", True, "The certificate is as it was signed.")


def _check_inclusion(proof: Proof, entry: Entry, head: Checkpoint) -> Check:
    try:
        path = [_hex(item) for item in proof.path]
    except ValueError:
        path = []
    holds = (
        head.size == proof.size
        and head.origin == origin(entry.draft.controller, entry.epoch)
        and verify_inclusion(entry.index, proof.size, entry.leaf(), path, head.root)
    )
    message = "The entry is in the journal." if holds else "The entry is not in that journal."
    return Check("inclusion", holds, message)


def _check_entry(content: Content, entry: Entry) -> Check:
    draft = entry.draft
    fits = (
        draft.request == content.number
        and draft.controller == content.controller
        and draft.action in ACTIONS
    )
    message = "The entry is of this request." if fits else "The entry is of something else."
    return Check("entry", fits, message)


def _check_content(certificate: Certificate, entry: Entry) -> Check:
    mark = entry.draft.marks.get(CONTENT_MARK)
    if mark is None:
        return Check("content", None, "The entry does not name the certificate's text.")
    same = mark == certificate.content.mark(certificate.format)
    message = "The entry names this text." if same else "The entry names another text."
    return Check("content", same, message)


def _hex(text: str) -> bytes:
    """Return bytes written as hex digits; only one spelling of them is taken."""
    value = bytes.fromhex(text)
    if value.hex() != text:
        raise ValueError("another spelling")
    return value


def from_json(text: str | bytes) -> Certificate:
    """Return the certificate that JSON holds; nothing is checked yet, see `check`.

    :raises InputError: it is not a certificate of this format.
    """
    try:
        value = json.loads(text)
        canonical(value)
        if value["format"] not in FORMATS:
            raise ValueError("another format")
        content = value.pop("content")
        if value["format"] == FIRST_FORMAT:
            content = _upgraded(content)
        for name, kind in _LISTS.items():
            content[name] = tuple(_build(kind, item) for item in content[name])
        content["level"] = Level(content["level"])
        content["scope"] = tuple(Scope(item) for item in content["scope"])
        proof = _build(Proof, value.pop("proof"))
        return Certificate(_build(Content, content), proof, **_texts(value))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise InputError(
            "This is not a certificate of erasure.", f"A file of {CERTIFICATE_FORMAT} is expected."
        ) from None


def _upgraded(content: dict[str, Any]) -> dict[str, Any]:
    """Return what a certificate of the first format says, as one of today's."""
    if not set(content).isdisjoint(SECOND):
        raise ValueError("other fields")
    return {**content, "recipients": [], "unsearched": [], "shared_values": 0, "copies_until": ""}


_LISTS: Mapping[str, type] = {
    "went": Gone, "stays": Stay, "shared": Shared, "partial": Left, "recipients": Told,
}  # fmt: skip
_T = TypeVar("_T")


def _build(kind: type[_T], value: Mapping[str, Any]) -> _T:
    """Build one of the values above from a mapping that has its fields, all of them and no more."""
    expected = {item.name: item.type for item in fields(kind)}  # type: ignore[arg-type]
    if set(value) != set(expected):
        raise ValueError("other fields")
    made = {}
    for name, item in value.items():
        wanted = str(expected[name])
        if wanted == "tuple[str, ...]":
            item = tuple(_text(part) for part in item)
        elif wanted == "int" and type(item) is not int:
            raise TypeError("a whole number is expected")
        elif wanted == "str":
            _text(item)
        made[name] = item
    return kind(**made)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text is expected")
    return value


def _texts(value: Mapping[str, object]) -> dict[str, str]:
    return {name: _text(item) for name, item in value.items()}
