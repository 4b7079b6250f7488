"""Check certificates, journals, checkpoints and sealed boxes of flask_guesterase without it.

One file; it needs Python 3.11 and the package ``cryptography``, and shares no code with the writer.

    python verify.py certificate.json [--journal FILE] [--checkpoint FILE] [--key KEY]
    python verify.py answer.json      what a guest was told who asked again what is left; the same
    python verify.py journal.jsonl [more.jsonl ...] [--checkpoint FILE] [--key KEY]
    python verify.py FOLDER           a folder that takes checkpoints: its journals against them
    python verify.py checkpoint.txt [--checkpoint FILE] [--proof FILE]
    python verify.py census FOLDER --journal FILE [--checkpoint FILE] [--key KEY]
                                      FOLDER holds lists; FILE may be a folder with journals
    python verify.py box EXPORT-FOLDER [--id BOX | --all]

KEY is the hotel's public key, from a place that is not the hotel's file: 64 hex digits, base 64, a
C2SP verifier key, or a file with one of these. FILE of --checkpoint holds checkpoints that were
kept where the hotel cannot write; of --proof, a consistency proof between two sizes of a journal.
KEY of --witness is the C2SP verifier key of a witness whose cosignature a checkpoint should carry.
--key, --checkpoint, --proof, --witness and --journal may be repeated. --json answers in JSON.
Each question has one of three answers: SHOWN, WRONG, or CANNOT TELL with what would tell.
Exit code: 0 nothing speaks against it, 1 something is wrong, 2 wrong use or unreadable input.
"""

from __future__ import annotations

import argparse
import base64
import codecs
import fnmatch
import hashlib
import json
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature, InvalidTag
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    # Whoever checks a hotel's word has this file alone: 1 would say that something is wrong.
    print("This needs the package 'cryptography': python -m pip install cryptography",
          file=sys.stderr)
    raise SystemExit(2) from None

SCAN = "guesterase/scan/v1"
CERTIFICATES = ("guesterase/certificate/v1", "guesterase/certificate/v2")
ENTRY = "guesterase/entry/v1"
PRUNED = "guesterase/pruned/v1"
KEY_CHANGE = b"guesterase/key-change/v1\n"
BOX = "guesterase/box/v1"
IMAGES = ("guesterase/image/v1", "guesterase/image/v2")
STRIPS = "guesterase/image/v3"
KEY = "guesterase/key/v1"
PROVING = ("check-completed", "subject-erased", "certificate-issued", "level-reached")
ENDING = ("certificate-revoked", "subject-restored")
COURSE = frozenset((
    *PROVING, *ENDING, "erasure-requested", "request-filed-again", "identity-verified",
    "subject-taken", "erasure-approved", "approval-stopped", "erasure-refused",
    "refusal-contested", "refusal-upheld", "refusal-overturned", "request-reviewed-again",
    "request-extended", "request-overdue", "erasure-withdrawn",
    "erasure-begun", "subject-returned", "subject-erased-again", "retention-ended",
))
"""What a journal says about one request that its certificate is read beside."""
STEPS, GROUNDS = 200, 8
"""How many of these are kept, and grounds of each: whoever shows a journal may have written as many
as they like, and as long ones."""
TOLD = ("action", "actor", "at", "epoch", "index")
CLOCK = ("clock-doubted", "clock-confirmed")
LOOSE = ("host", "guest")
OTHERS = re.compile(r"(boxes|cases|erasures-[0-9a-f]{12})\.jsonl")
YOUNG = timedelta(days=6 * 365 - 31)
"""How old an entry is that is taken out, but for a month: a host's may wait for its place."""
LARGEST = 64 * 1024 * 1024
MOST = 2**53 - 1
BROKEN = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)


class UseError(Exception):
    """What was given cannot be worked with."""


class Report:
    """What was found: shown, wrong, or beyond what the inputs can tell."""

    def __init__(self) -> None:
        self.findings: list[dict[str, Any]] = []
        self.says: list[str] = []

    def add(self, id_: str, shown: bool | None, yes: str, no: str = "") -> bool:
        text = no if shown is False and no else yes
        self.findings.append({"id": id_, "shown": shown, "text": text})
        return bool(shown)

    def wrong(self) -> bool:
        return any(item["shown"] is False for item in self.findings)


# Canonical JSON (RFC 8785 without fractions)


def canonical(value: Any) -> bytes:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        pairs = (canonical(name) + b":" + canonical(value[name]) for name in names)
        return b"{" + b",".join(pairs) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(canonical(item) for item in value) + b"]"
    if isinstance(value, float):
        raise ValueError("fractions have no canonical form here")
    if isinstance(value, int) and abs(value) > MOST:
        raise ValueError("beyond this two readers read two numbers")
    return json.dumps(value, ensure_ascii=False).encode("utf-8")


# The hash tree (RFC 6962 §2.1)


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def half(size: int) -> int:
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def root_from(index: int, size: int, value: bytes, path: list[bytes]) -> bytes:
    """Follow the recursive definition of an audit path backwards."""
    if not 0 <= index < size:
        raise ValueError("no such place")
    if size == 1:
        if path:
            raise ValueError("too many hashes")
        return value
    k = half(size)
    if index < k:
        return pair(root_from(index, k, value, path[:-1]), path[-1])
    return pair(path[-1], root_from(index - k, size - k, value, path[:-1]))


def ends(old: int, size: int, value: bytes, path: list[bytes], whole: bool) -> tuple[bytes, bytes]:
    """Follow the recursive definition of a consistency proof backwards (RFC 6962 §2.1.2).

    Returns the roots of the older and of the newer tree that the path makes; `path` is used up.
    """
    if old == size:
        found = value if whole else path.pop()
        return found, found
    k = half(size)
    last = path.pop()
    if old <= k:
        older, newer = ends(old, k, value, path, whole)
        return older, pair(newer, last)
    older, newer = ends(old - k, size - k, value, path, False)
    return pair(last, older), pair(last, newer)


def continues(old: int, size: int, old_root: bytes, root: bytes, path: list[bytes]) -> bool:
    """Tell whether a path proves that a tree continues an older one."""
    if not 0 <= old <= size:
        return False
    if old == 0:
        return not path and old_root == EMPTY
    rest = list(path)
    try:
        return ends(old, size, old_root, rest, True) == (old_root, root) and not rest
    except IndexError:
        return False


EMPTY = hashlib.sha256().digest()


class Tree:
    """A tree as the hashes of its complete subtrees, largest first: one per bit of its size."""

    def __init__(self, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        self.size = size
        self.edge = list(edge)
        if size < 0 or len(self.edge) != size.bit_count():
            raise ValueError("another edge")
        if any(len(item) != 32 for item in self.edge):
            raise ValueError("no hash")

    def append(self, value: bytes) -> None:
        edge, size = self.edge, self.size
        while size & 1:
            value = pair(edge.pop(), value)
            size >>= 1
        edge.append(value)
        self.size += 1

    def root(self) -> bytes:
        if not self.edge:
            return EMPTY
        whole = self.edge[-1]
        for left in reversed(self.edge[:-1]):
            whole = pair(left, whole)
        return whole


def roots(leaves: Iterable[bytes], sizes: set[int]) -> dict[int, bytes]:
    """Return the root of the first n leaves, for each n in `sizes`."""
    tree = Tree()
    found = {0: EMPTY} if 0 in sizes else {}
    for value in leaves:
        tree.append(value)
        if tree.size in sizes:
            found[tree.size] = tree.root()
    return found


# Checkpoints (C2SP tlog-checkpoint in a C2SP signed-note)


@dataclass(frozen=True)
class Witness:
    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\x04" + self.key).digest()[:4]


NOTE = re.compile("^guesterase/.*\n.*\n.*\nat .*\n\n(?:\u2014 .*\n)+", re.MULTILINE)


class Checkpoint:
    def __init__(self, text: str) -> None:
        body, gap, signatures = text.rpartition("\n\n")
        self.body = body + "\n"
        lines = body.split("\n")
        if not gap or len(lines) != 4 or not lines[3].startswith("at "):
            raise ValueError("not a checkpoint")
        self.origin, self.size, self.at = lines[0], int(lines[1]), lines[3][3:]
        label, self.controller, epoch = self.origin.split("/")
        self.epoch = int(epoch)
        self.root = base64.b64decode(lines[2], validate=True)
        if label != "guesterase" or self.size < 0 or len(self.root) != 32:
            raise ValueError("not a checkpoint")
        if moment(self.at).strftime("%Y-%m-%dT%H:%M:%SZ") != self.at:
            raise ValueError("only one spelling of an hour is taken")
        # Another spelling of a number would be another origin, compared with nothing.
        if (str(self.size), str(self.epoch)) != (lines[1], epoch):
            raise ValueError("only one spelling of numbers is taken")
        self.signatures = [signature(line) for line in signatures.removesuffix("\n").split("\n")]

    def cosigned_by(self, witness: Witness) -> str | None:
        """Return when a witness cosigned this; empty where its signature is wrong, or None."""
        found = None
        for name, blob, _ in self.signatures:
            if name != witness.name or blob[:4] != witness.id or len(blob) != 76:
                continue
            seconds = int.from_bytes(blob[4:12], "big")
            message = f"cosignature/v1\ntime {seconds}\n{self.body}".encode()
            if not verifies(witness.key, blob[12:], message):
                return ""
            found = str(seconds)
            if seconds < 253402300800:
                found = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return found

    def names(self, key: bytes) -> bool:
        """Tell whether a line claims to be signed with this key."""
        known = self.origin, self.key_id(key)
        return any((name, blob[:4]) == known for name, blob, _ in self.signatures)

    def key_id(self, key: bytes) -> bytes:
        return hashlib.sha256(self.origin.encode() + b"\n\x01" + key).digest()[:4]

    def signed_by(self, key: bytes) -> bool:
        known = self.origin, self.key_id(key)
        for name, blob, spelt in self.signatures:
            if (name, blob[:4]) == known and spelt:
                return verifies(key, blob[4:], self.body.encode())
        return False


def signature(line: str) -> tuple[str, bytes, bool]:
    """Return who signed a note, with what, and whether that is spelt the one way there is."""
    dash, name, text = line.split(" ")
    if dash != "\u2014":
        raise ValueError("not a signature")
    blob = base64.b64decode(text, validate=True)
    return name, blob, base64.b64encode(blob).decode() == text


def unbase64(text: str) -> bytes:
    value = base64.b64decode(text, validate=True)
    if base64.b64encode(value).decode() != text:
        raise ValueError("only one spelling of base 64 is taken")
    return value


def unhex(text: str) -> bytes:
    value = bytes.fromhex(text)
    if value.hex() != text:
        raise ValueError("only one spelling of hex digits is taken")
    return value


def verifies(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_key(text: str) -> bytes:
    """Return a public key given as hex, base 64, verifier key, or the name of a file with one."""
    text = text_or_file(text).strip()
    try:
        if len(text) == 64:
            return bytes.fromhex(text)
        # A verifier key is name+id+base64; base 64 may hold a plus too, a name may not.
        named = text.startswith("guesterase/")
        raw = base64.b64decode(text.split("+", 2)[-1] if named else text, validate=True)
        raw = raw[1:] if len(raw) == 33 and raw[0] == 1 else raw
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise UseError("The key is not a public key of 32 bytes.")
    return raw


def text_or_file(text: str) -> str:
    """Return a text, or what the file holds that it names."""
    try:
        named = stat.S_ISREG(os.stat(text).st_mode)
    except PermissionError as problem:
        raise UseError(f"{text} cannot be read: {problem.strerror}.") from None
    except (OSError, ValueError):
        named = False
    return read(Path(text)) if named else text


def read(path: Path, errors: str = "strict") -> str:
    try:
        return path.read_bytes().decode("utf-8-sig", errors)
    except OSError as problem:
        raise UseError(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise UseError(f"{path} is not a text file.") from None


def read_note(name: str) -> str:
    """Return a text that is signed; a mailbox on another system gives it other line ends."""
    return read(Path(name)).replace("\r\n", "\n")


def read_checkpoints(name: str) -> list[tuple[str, Checkpoint | None]]:
    """Return the checkpoints of a file, by the line where there are several; None is damaged."""
    text = read(Path(name), "replace").replace("\r\n", "\n")
    ends = (line.end() for line in re.finditer("^\u2014 .*\n", text, re.MULTILINE))
    signed = max(ends, default=0)
    rest = text[signed:].strip("\n")
    if signed and not (text.endswith("\n") and "\n\n" in rest):
        # What a crash left half written behind others was never a checkpoint.
        text = text[:signed]
    pieces, done = list[str](), 0
    for note in NOTE.finditer(text):
        pieces += [text[done : note.start()], note[0]]
        done = note.end()
    found, line = list[tuple[int, Checkpoint | None]](), 1
    for piece in (*pieces, text[done:]):
        note_ = piece.lstrip("\n")
        line += len(piece) - len(note_)
        if note_:
            found.append((line, whole_checkpoint(note_)))
        line += note_.count("\n")
    # Beside other files of a folder, one that has nothing whole is named, and stops nobody.
    if not any(head for _, head in found) and not name.endswith(".checkpoints"):
        raise UseError(f"{name} does not hold a checkpoint.")
    return [(f"{name}:{line}" if len(found) > 1 else name, head) for line, head in found]


def whole_checkpoint(note: str) -> Checkpoint | None:
    try:
        return Checkpoint(note) if "\n\u2014 " in note else None
    except BROKEN:
        return None


def read_witness(text: str) -> Witness:
    """Return a witness given by its verifier key (C2SP tlog-cosignature), or a file with one."""
    text = text_or_file(text)
    try:
        name, id_, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        witness = Witness(name, raw[1:])
        if len(raw) != 33 or raw[0] != 4 or not name or witness.id.hex() != id_:
            raise ValueError("another kind of key")
    except ValueError:
        raise UseError("The key of the witness is not a C2SP verifier key of one.") from None
    return witness


@dataclass(frozen=True)
class Proof:
    """That a checkpoint continues an older state: old size, path, and the newer checkpoint."""

    old: int
    path: list[bytes]
    head: Checkpoint


def read_proof(name: str) -> Proof:
    """Return a consistency proof: lines before ``old SIZE`` are passed over (C2SP tlog-witness)."""
    try:
        top, _, note = read_note(name).partition("\n\n")
        lines = top.split("\n")
        place = next(place for place, line in enumerate(lines) if line.startswith("old "))
        path = [base64.b64decode(line, validate=True) for line in lines[place + 1 :]]
        if any(len(item) != 32 for item in path) or len(path) > 63:
            raise ValueError("no hashes")
        return Proof(int(lines[place][4:]), path, Checkpoint(note))
    except (*BROKEN, StopIteration):
        raise UseError(f"{name} does not hold a consistency proof.") from None


# Everything that was given


class Inputs:
    """Everything that was given beside the file in question, read once.

    :param journals: files of the journal; read in one pass with O(log n) hashes kept.
    :param own: checkpoints whose sizes the journal is asked about too.
    :param number: request whose end the journal is asked about.
    """

    def __init__(
        self,
        given: argparse.Namespace,
        journals: list[Path],
        own: Iterable[Checkpoint] = (),
        number: str = "",
    ) -> None:
        self.keys = [read_key(text) for text in given.key]
        self.witnesses = [read_witness(text) for text in given.witness]
        notes = [note for name in given.checkpoint for note in read_checkpoints(name)]
        self.heads = [(name, head) for name, head in notes if head is not None]
        self.damaged = [name for name, head in notes if head is None]
        self.proofs = [(name, read_proof(name)) for name in given.proof]
        self.heads += [(name, proof.head) for name, proof in self.proofs]
        wanted: Wanted = {}
        for head in (*own, *(head for _, head in self.heads)):
            wanted.setdefault((head.controller, head.epoch), set()).add(head.size)
        for _, proof in self.proofs:
            wanted.setdefault((proof.head.controller, proof.head.epoch), set()).add(proof.old)
        self.journals = read_journals(journals, wanted, number) if journals else {}
        self._trusted: dict[Name, set[bytes]] = {}
        self.quotes: dict[Name, list[Quote]] = {}
        for here in self.journals.values():
            for quote in here.quotes():
                self.quotes.setdefault((here.controller, quote.epoch), []).append(quote)

    def epochs(self, controller: str) -> list[Epoch]:
        """Return what is here of a controller's journal, by epoch."""
        names = sorted(name for name in self.journals if name[0] == controller)
        return [self.journals[name] for name in names]

    def signed(self, head: Checkpoint) -> str:
        """Return when a checkpoint was signed at the latest: it says so, or a witness knows."""
        return min(self.hours(head))

    def hours(self, head: Checkpoint) -> list[str]:
        """Return when a checkpoint was signed, as it says and as each witness does."""
        seen = [head.cosigned_by(witness) for witness in self.witnesses]
        return [head.at, *(at for at in seen if at and at.endswith("Z"))]

    def lost(self, head: Checkpoint) -> Quote | None:
        """Return the restore that may have lost what a checkpoint has seen, as declared.

        Of a tree that is here, as it is quoted, a restore lost nothing.
        """
        quotes = self.quotes.get((head.controller, head.epoch), ())
        fit = (quote for quote in quotes if quote.size >= head.size and not self.kept(quote))
        return min(fit, key=lambda quote: quote.size, default=None)

    def begins(self, here: Epoch) -> str:
        """Return when the first entry was written that is here of an epoch, or of a later one."""
        later = (one.since for one in self.epochs(here.controller) if one.epoch >= here.epoch)
        return next(filter(None, later), "9999-12-31T00:00:00Z")

    def kept(self, quote: Quote) -> bool:
        """Tell whether everything is here that is quoted."""
        here = self.journals.get((quote.controller, quote.epoch))
        return here is not None and here.roots.get(quote.size) == quote.root

    def before(self, controller: str, epoch: int) -> int | None:
        """Return which epoch the next one that is here names as the one before it, or None."""
        later = [one for one in self.epochs(controller) if one.epoch > epoch]
        quotes = later[0].opening() if later else []
        # What is named without being earlier is wrong, and no reason for anything.
        return quotes[0].epoch if quotes and quotes[0].epoch < later[0].epoch else None

    def hidden(self, head: Checkpoint) -> bool:
        """Tell whether the epoch is not here that may say what a checkpoint's epoch has lost."""
        later = {one.epoch for one in self.epochs(head.controller) if one.epoch > head.epoch}
        here = self.journals.get((head.controller, head.epoch))
        written = here.dates.get(head.size, "") if here is not None else ""
        old = bool(written) and written <= head.at
        before = self.before(head.controller, head.epoch)
        # A number that is left out is none that may say something: the next one says what it knew.
        between = head.epoch + 1 not in later and (before is None or before > head.epoch)
        return bool(later) and between and not old

    def linked(self, head: Checkpoint, root: Callable[[int], bytes | None]) -> bool | None:
        """Tell whether proofs lead from a checkpoint to a root that is known, or None."""
        for _, proof in self.proofs:
            if (proof.head.origin, proof.old) != (head.origin, head.size):
                continue
            size, path = proof.head.size, proof.path
            if not continues(head.size, size, head.root, proof.head.root, path):
                return False
            known = root(size)
            if known is not None:
                return known == proof.head.root
        return None

    def trusted(self, here: Epoch) -> set[bytes]:
        """Return the keys of an epoch that the given keys vouch for."""
        name = here.controller, here.epoch
        if name not in self._trusted:
            self._trusted[name] = self._vouched(here)
        return self._trusted[name]

    def vouches(self, key: bytes, name: Name | None) -> bool:
        """Tell whether the given keys vouch for one in an epoch, or anywhere where none is named.

        Where the epoch is not here only who was named by them counts: a key that was changed signs
        nothing new.
        """
        here = self.journals.get(name) if name is not None else None
        if here is not None:
            return key in self.trusted(here)
        asked = self.trusted if name is None else self._named
        return any(key in asked(one) for one in self.journals.values())

    def leads(self, key: bytes, name: Name | None) -> bool:
        """Tell whether a chain leads from a key to a given one, which does not vouch for it.

        Anybody can name a key that is published. An older key begins no later epoch, so that what
        came before the one in question leads nowhere.
        """
        here = self.journals.get(name) if name is not None else None
        if here is not None and key not in {known for _, known in here.keys}:
            return False
        whose = {name[0]} if name is not None else {controller for controller, _ in self.journals}
        since = name[1] if name is not None else 0
        chains = ([one for one in self.epochs(each) if one.epoch >= since] for each in whose)
        return any(not named_by({key}, chain).isdisjoint(self.keys) for chain in chains)

    def _named(self, here: Epoch) -> set[bytes]:
        """Return the keys that the given ones named in a journal, and these themselves."""
        return named_by(set(self.keys), self.epochs(here.controller))

    def _vouched(self, here: Epoch) -> set[bytes]:
        trusted = self._named(here)
        for _, head in self.heads:
            mine = (head.controller, head.epoch) == (here.controller, here.epoch)
            if mine and here.roots.get(head.size) == head.root and (
                any(head.signed_by(key) for key in trusted)
            ):
                # Whoever signed a tree vouches for every entry in it, those with keys too. The line
                # for entries that are not here is none: its key has to have signed a change in it.
                below = [key for index, key in here.keys if index < head.size]
                if not here.pruned or len(below) > 1:
                    trusted.update(below)
        return trusted


def named_by(keys: set[bytes], epochs: Iterable[Epoch]) -> set[bytes]:
    """Return keys, and those that they named in some epochs, one after the other."""
    found = set(keys)
    for one in epochs:
        known = False
        for _, key in one.keys:
            # The chain is signed: each key names the next one.
            known = known or key in found
            if known:
                found.add(key)
    return found


# Certificates

DAY_OR_NONE = "([0-9]{4}-[0-9]{2}-[0-9]{2})?"
TEXT = "(?s:.*)"
LIMITS = {
    "what-the-hotel-recorded-and-when", "cannot-show-paper", "cannot-show-photos",
    "cannot-show-police-system", "cannot-show-booking-platforms", "cannot-show-undeclared-copies",
}
"""What every certificate says that it cannot show."""

ROWS = {"table": TEXT, "rows": int}
FIRST_CONTENT: dict[str, Any] = {
    **dict.fromkeys(("number", "controller", "property", "name", "stay"), TEXT),
    **dict.fromkeys(("received", "decided", "erased"), DAY_OR_NONE),
    **dict.fromkeys(("recovery_until", "root_until"), DAY_OR_NONE),
    **{name: [TEXT] for name in ("evidence", "scope", "four_eyes")},
    **dict.fromkeys(("supplement", "key_epoch"), int),
    "state": "erased|sealed|partial",
    "level": "L[1-4]",
    "went": [{**ROWS, "columns": [TEXT], "action": TEXT}],
    "stays": [{**ROWS, "columns": [TEXT], "category": TEXT, "basis": TEXT, "until": DAY_OR_NONE}],
    "shared": [{**ROWS, "columns": [TEXT]}],
    "partial": [{**ROWS, "reason": TEXT}],
}
CONTENT: dict[str, Any] = {
    **FIRST_CONTENT,
    "recipients": [{"recipient": TEXT, "how": TEXT, "state": TEXT, "on": DAY_OR_NONE}],
    "unsearched": [TEXT],
    "shared_values": int,
    "copies_until": DAY_OR_NONE,
}
SIGNED = {"format": TEXT, "public_key": TEXT, "signature": TEXT}
PROOF = {"entry": TEXT, "size": int, "path": [TEXT], "checkpoint": TEXT}
ANSWER: dict[str, Any] = {
    **SIGNED,
    **dict.fromkeys(("number", "property", "controller"), TEXT),
    "at": "[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z",
    "scope": "everything",
    "rows": int,
    "left": [{"place": TEXT, "reason": TEXT, "rows": int, "kinds": [TEXT]}],
    "unsearched": [TEXT],
}


LEFT_OUT: dict[str, Any] = {
    **dict.fromkeys(("format", "controller", "public_key"), TEXT),
    **dict.fromkeys(("epoch", "size"), int),
    "edge": [TEXT],
}


def shaped(value: Any, form: Any) -> bool:
    """Tell whether a value has a form: a text by its pattern, a number, a list, or named fields."""
    if isinstance(form, dict):
        return type(value) is dict and value.keys() == form.keys() and all(
            shaped(value[name], part) for name, part in form.items()
        )
    if isinstance(form, list):
        return type(value) is list and all(shaped(item, form[0]) for item in value)
    if form is int:
        return type(value) is int and 0 <= value <= MOST
    return type(value) is str and re.fullmatch(form, value) is not None


def complete(value: dict[str, Any]) -> bool:
    """Tell whether a certificate says all that one says, and nothing else."""
    plain = {name: item for name, item in value.items() if name != "revoked"}
    content = FIRST_CONTENT if value["format"] == CERTIFICATES[0] else CONTENT
    form = {**SIGNED, "content": content, "proof": PROOF}
    return shaped(plain, form) and set(value["content"]["scope"]) == LIMITS


def check_certificate(value: dict[str, Any], given: argparse.Namespace) -> Report:
    report = Report()
    try:
        key, signature = unhex(value["public_key"]), unhex(value["signature"])
        unsigned = ("signature", "revoked")
        signed = canonical({name: item for name, item in value.items() if name not in unsigned})
        content = value["content"]
        if "revoked" in value:
            report.add(
                "revoked",
                False,
                "",
                f"The file says that it was REVOKED on {value['revoked']}: the erasure was taken "
                "back.",
            )
        report.says = summary(content)
        inputs = certificate_inputs(value, given)
        check_whose(report, key, inputs, epoch_of(value))
        report.add(
            "signature",
            verifies(key, signature, value["format"].encode() + b"\n" + signed),
            "The certificate is as it was signed with this key.",
            "The certificate is NOT as it was signed: something in it was changed.",
        )
        head = check_proof(report, value, key)
        check_outside(report, head, key, inputs)
        check_revoked(report, value, inputs)
        check_newest(report, value, inputs)
        check_days(report, content, inputs)
        report.says += course(content, inputs)
        if not complete(value):
            raise ValueError("not of its form")
    except BROKEN:
        report.add("form", False, "The certificate is incomplete or malformed.")
    report.add(
        "scope",
        None,
        "Whether paper, photos, the police system, booking sites or copies that the hotel did not "
        "declare still hold something. No certificate can show that.",
    )
    return report


def epoch_of(value: dict[str, Any]) -> Name | None:
    """Return of which epoch a certificate is, or nothing where it does not say."""
    try:
        head = Checkpoint(value["proof"]["checkpoint"])
    except BROKEN:
        # What is wrong about it is told where the certificate is looked at.
        return None
    return head.controller, head.epoch


def certificate_inputs(value: dict[str, Any], given: argparse.Namespace) -> Inputs:
    try:
        own = [Checkpoint(value["proof"]["checkpoint"])]
    except BROKEN:
        # What is wrong about it is told where the certificate is looked at.
        own = []
    return Inputs(given, journal_files(given.journal), own, str(value["content"]["number"]))


def check_scan(value: dict[str, Any], given: argparse.Namespace) -> Report:
    report = Report()
    try:
        key, signature = unhex(value["public_key"]), unhex(value["signature"])
        signed = canonical({name: item for name, item in value.items() if name != "signature"})
        report.says = [
            f"Looked for once more at {value['at']}: {value['property']}, {value['controller']}, "
            f"request {value['number']}, {value['rows']} rows read."
        ]
        for item in value["left"]:
            report.says.append(f"LEFT: {item['place']}, {item['rows']} rows: {item['reason']}")
        if value["unsearched"]:
            report.says.append(f"not searched: {', '.join(value['unsearched'])}")
        inputs = Inputs(given, journal_files(given.journal))
        check_whose(report, key, inputs)
        report.add(
            "signature",
            verifies(key, signature, SCAN.encode() + b"\n" + signed),
            "The answer is as it was signed with this key.",
            "The answer is NOT as it was signed: something in it was changed.",
        )
        if not shaped(value, ANSWER):
            raise ValueError("not of its form")
    except BROKEN:
        report.add("form", False, "The answer is incomplete or malformed.")
    report.add(
        "scope",
        None,
        "What was typed, whether everything was read, and what another guest's own record holds.",
    )
    return report


def check_whose(report: Report, key: bytes, inputs: Inputs, name: Name | None = None) -> None:
    expected = inputs.keys
    if not expected:
        report.add(
            "key",
            None,
            f"Whose key this is ({key.hex()}). Compare it with one the hotel published, or give "
            "that with --key.",
        )
        return
    vouched = key in expected or inputs.vouches(key, name)
    if not vouched and inputs.leads(key, name):
        report.add(
            "key",
            None,
            f"Whose key this is ({key.hex()}). The journal says that it named the one you gave, "
            "as anybody could say. Give a checkpoint signed with that, or the key of that time.",
        )
        return
    report.add(
        "key",
        vouched,
        "It is the key you gave." if key in expected else "The key you gave vouches for this one.",
        "It is NOT the key you gave: somebody else may have made this. A hotel that changed its "
        "key says so in its journal: give that with --journal, or the key of that time too.",
    )


def check_proof(report: Report, value: dict[str, Any], key: bytes) -> Checkpoint:
    content, proof = value["content"], value["proof"]
    body = proof["entry"].encode()
    entry = json.loads(body)
    head = Checkpoint(proof["checkpoint"])
    report.add(
        "checkpoint",
        head.signed_by(key),
        f"The journal of {head.size} entries was signed with the same key on {head.at}.",
        "The checkpoint of the journal was NOT signed with this key.",
    )
    try:
        path = [unhex(item) for item in proof["path"]]
        found = root_from(entry["index"], proof["size"], leaf(body), path)
    except BROKEN:
        found = b""
    inside = found == head.root and head.size == proof["size"]
    inside = inside and head.origin == f"guesterase/{entry['controller']}/{entry['epoch']}"
    report.add(
        "inclusion",
        inside,
        f"Entry {entry['index']} ({entry['action']}, {entry['at']}) is in that journal.",
        "The entry is NOT in the journal that was signed.",
    )
    report.add(
        "entry",
        entry["format"] == ENTRY
        and canonical(entry) == body
        and formed(entry, proof["entry"])
        and entry["request"] == content["number"]
        and entry["controller"] == content["controller"]
        and entry["action"] in PROVING,
        "The entry is about this request.",
        "The entry is about something else.",
    )
    check_content(report, value["format"], content, entry)
    return head


def check_content(
    report: Report, format_: str, content: dict[str, Any], entry: dict[str, Any]
) -> None:
    mark = entry["marks"].get("certificate")
    said = {**content, "name": "", "stay": ""}
    computed = hashlib.sha256(canonical([format_, said])).hexdigest()
    # Any entry of a request would do for any text if one that names none were taken.
    report.add(
        "content",
        mark == computed,
        "The entry names the text of this certificate.",
        "The entry names ANOTHER text than this certificate's." if mark is not None else
        "The entry names NO text, as each does that a hotel's certificate is about.",
    )


def check_outside(report: Report, head: Checkpoint, key: bytes, inputs: Inputs) -> None:
    """Compare with the journal, and with checkpoints that were kept elsewhere."""
    told = Report()
    for epoch in inputs.epochs(head.controller):
        check_entries(told, epoch)
        check_pruned(told, epoch, [], inputs)
        check_age(told, epoch, [("the certificate's checkpoint", head), *inputs.heads], inputs)
        check_changes(told, epoch)
        for quote in epoch.quotes():
            check_chain(told, epoch, quote, inputs)
    check_signature(told, "The certificate's checkpoint", head, inputs)
    # What is wrong about a journal by itself is wrong here too; what is not, was not asked.
    report.findings += [item for item in told.findings if item["shown"] is False]
    if inputs.journals:
        if unshown(head, inputs):
            report.add("journal", None, "Whether the certificate is of the journal you gave: "
                       f"{head.origin} is not in that.")
        else:
            compare(report, "journal", "The certificate's checkpoint", head, inputs)
    if not inputs.heads:
        report.add(
            "outside",
            None,
            "Whether the hotel shows everybody the same journal. For that, give a checkpoint that "
            "was kept elsewhere with --checkpoint.",
        )
    mine = [(name, other) for name, other in inputs.heads if other.origin == head.origin]
    for name, other in inputs.heads:
        if other.origin == head.origin:
            continue
        if other.controller != head.controller or unshown(other, inputs):
            report.add("outside", None, f"Anything from {name}: it is of another journal or epoch.")
        else:
            # The entry that revokes the certificate may be in any epoch since.
            check_signature(report, name, other, inputs)
            compare(report, "outside", name, other, inputs)
    for name, other in mine:
        here = inputs.journals.get((other.controller, other.epoch))
        if here is None:
            signed = signed_alone(other, {key, *inputs.keys})
            report.add(
                "outside" if signed is None else "outside-signature", signed,
                f"{name} was signed with this key." if signed else
                f"Whose {name} is: it was signed with another key. A hotel that changed its key "
                "says so in its journal: give that with --journal, or the other key with --key.",
                f"{name} was NOT signed with this key, and says it was.",
            )
            if signed:
                beside(report, name, other, head, inputs)
        else:
            check_signature(report, name, other, inputs)
            compare(report, "outside", name, other, inputs)
    check_damaged(report, inputs)
    check_split(report, [*mine, ("the certificate", head)], {key}, inputs)
    check_witnesses(report, head.origin, mine, inputs)


def unshown(head: Checkpoint, inputs: Inputs) -> bool:
    """Tell whether an epoch is not here, and nothing that is here has to be of it or quote it."""
    here = {one.epoch for one in inputs.epochs(head.controller)}
    if not here or head.epoch in here:
        return not here
    quoted = inputs.quotes.get((head.controller, head.epoch))
    before = inputs.before(head.controller, head.epoch)
    # Who began the next one quoted the newest that the world had seen of any.
    passed = before is not None and before < head.epoch
    return max(here) > head.epoch and not quoted and not passed


def signed_alone(head: Checkpoint, keys: set[bytes]) -> bool | None:
    """Tell whether one of these keys signed, or None where another key may have."""
    if any(head.signed_by(key) for key in keys):
        return True
    return False if any(head.names(key) for key in keys) else None


def beside(
    report: Report, name: str, other: Checkpoint, head: Checkpoint, inputs: Inputs
) -> None:
    """Compare two checkpoints of one journal without the journal."""
    small, large = sorted((other, head), key=lambda item: item.size)
    if other.size == head.size:
        same: bool | None = other.root == head.root
    else:
        same = inputs.linked(small, lambda size: large.root if size == large.size else None)
    if same is None:
        report.add("outside", None, f"Whether {name} is of the same journal: it has {other.size} "
                   f"entries, not {head.size}. Give the journal with --journal, or a proof of "
                   "consistency between the two with --proof.")
        return
    report.add("outside", same, f"{name} is of the same journal.",
               f"{name} is of ANOTHER journal: two were shown to different people.")


def check_revoked(report: Report, value: dict[str, Any], inputs: Inputs) -> None:
    """Look whether the journal says that the erasure was taken back."""
    entry = json.loads(value["proof"]["entry"])
    name = entry["controller"], entry["epoch"]
    later = [here for here in inputs.epochs(name[0]) if here.epoch >= name[1]]
    # Of a file that says so itself it was told, and is not asked.
    asked = "revoked" not in value
    if not later:
        if asked:
            report.add("revoked", None, "Whether the certificate was revoked since. For that, give "
                       "the hotel's newest journal with --journal.")
        return
    ended = [
        at
        for here in later
        for index, at in here.ended
        if here.epoch > name[1] or index > entry["index"]
    ]
    if not ended and withheld(later, name[1], entry["index"]):
        if asked:
            report.add("revoked", None, "Whether the certificate was revoked since: entries behind "
                       "it are not in the journal you gave. Ask the hotel for all of them.")
        return
    report.add(
        "revoked",
        not ended,
        f"No entry of the journal you gave, up to {later[-1].at}, revokes the certificate.",
        f"The certificate is REVOKED: the journal says that the erasure was taken back on "
        f"{(ended or [''])[0]}.",
    )


def check_newest(report: Report, value: dict[str, Any], inputs: Inputs) -> None:
    """Look whether the journal names a later certificate: an earlier one is true of its day."""
    entry = json.loads(value["proof"]["entry"])
    name = entry["controller"], entry["epoch"]
    later = [here for here in inputs.epochs(name[0]) if here.epoch >= name[1]]
    named = [
        (here.epoch, *here.named)
        for here in later
        if here.named is not None and (here.epoch, here.named[0]) > (name[1], entry["index"])
    ]
    if named:
        epoch, index, at = named[-1]
        of = f"of epoch {epoch} of" if len(inputs.epochs(name[0])) > 1 else "of"
        report.add("newest", None, "What is true by now: a later certificate of this request was "
                   f"issued, as entry {index} {of} {at} says. Ask the hotel for that.")
    elif later and not withheld(later, name[1], entry["index"]):
        report.add("newest", True, f"No entry of the journal you gave, up to {later[-1].at}, names "
                   "a later certificate.")


def check_days(report: Report, content: dict[str, Any], inputs: Inputs) -> None:
    """Compare the days of a certificate with those on which the journal has what it says.

    The hotel's calendar may be a day ahead of the journal's clock, or behind it; a letter is filed
    days after it was received.
    """
    told = steps(content, inputs)
    asked = [entry for entry in told if entry["action"] == "erasure-requested"]
    erased = [entry for entry in told if entry["action"] == "subject-erased"]
    if asked and between(asked[0], content["received"]) > 1:
        report.add("days", None, f"Why it was received on {content['received']}: the journal has "
                   f"the request on {asked[0]['at']}.")
    if erased and all(abs(between(entry, content["erased"])) > 1 for entry in erased):
        report.add("days", None, f"Whether it was erased on {content['erased']}: the journal says "
                   f"so on {erased[-1]['at']}.")


def between(entry: dict[str, Any], day: str) -> int:
    """Return by how many days a day of the hotel's is later than an entry."""
    return (date.fromisoformat(day) - date.fromisoformat(entry["at"][:10])).days if day else 0


def steps(content: dict[str, Any], inputs: Inputs) -> list[dict[str, Any]]:
    """Return what the journal that was given says about the request, in its order."""
    return [entry for here in inputs.epochs(content["controller"]) for entry in here.course]


def course(content: dict[str, Any], inputs: Inputs) -> list[str]:
    """Return the same as a reader wants it: who did what when, a line each.

    Each epoch counts its entries from 0, so that of several each line names its own.
    """
    several = len(inputs.epochs(content["controller"])) > 1
    where = "journal, epoch {epoch}, entry" if several else "journal, entry"
    lines = [
        " ".join(filter(None, (
            f"{where.format(**entry)} {entry['index']}, {entry['at']}: {entry['action']} by "
            f"{entry['actor']}", f"({', '.join(entry['grounds'])})" if entry["grounds"] else "",
        )))
        for entry in steps(content, inputs)
    ]  # fmt: skip
    further = sum(here.further for here in inputs.epochs(content["controller"]))
    return [*lines, f"journal: {further} further entries of this request"] if further else lines


def withheld(later: list[Epoch], epoch: int, index: int) -> bool:
    """Tell whether entries behind one are missing from the epochs since.

    :param later: the epochs that are here from that of the entry on, in order.
    :param epoch: epoch of the entry.
    :param index: its number.
    """
    epochs = [here.epoch for here in later]
    quotes = [quote for here in later for quote in here.quotes()]

    def first(here: Epoch) -> int:
        return index + 1 if here.epoch == epoch else 0

    return (
        epochs != list(range(epoch, epoch + len(epochs)))
        or any(here.pruned > first(here) for here in later)
        or any(here.wrong is not None or here.torn for here in later)
        or any(forked(here, quote, first(here)) for here in later for quote in quotes)
    )


def forked(here: Epoch, quote: Quote, first: int) -> bool:
    """Tell whether entries from one on are not all here that a restore lost, or others are."""
    mine = here.epoch == quote.epoch and first <= quote.size
    return mine and here.roots.get(quote.size) != quote.root


def summary(content: dict[str, Any]) -> list[str]:
    """Return what a certificate says, a line each."""
    lines = [
        f"Request {content['number']} to {content['property']} ({content['controller']})",
        f"received {content['received']}, decided {content['decided']}, "
        f"erased {content['erased']}: {content['state'].upper()}, level {content['level']}",
        f"shown by: {', '.join(content['evidence'])}",
    ]
    for item in content["went"]:
        what = ", ".join(item["columns"]) or "whole rows"
        lines.append(f"gone: {item['table']}, {item['rows']} rows {item['action']}: {what}")
    for item in content["stays"]:
        until = item["until"] or "a day not known yet"
        basis = item["basis"] or "not named"
        lines.append(
            f"stays until {until}: {item['table']}, {item['rows']} rows: "
            f"{', '.join(item['columns'])} ({item['category']}; basis: {basis})"
        )
    for item in content["shared"]:
        lines.append(
            f"also another person's, or of a later stay: {item['table']}, {item['rows']} rows"
        )
    for item in content["partial"]:
        lines.append(f"NOT GONE: {item['table']}, {item['rows']} rows: {item['reason']}")
    if content["recovery_until"]:
        lines.append(f"sealed safety copy until {content['recovery_until']}")
    # The first format says nothing of what follows.
    for item in content.get("recipients", ()):
        lines.append(f"told to {item['recipient']} ({item['how']}): {item['state']} {item['on']}")
    if content.get("unsearched"):
        lines.append(f"not searched by value: {', '.join(content['unsearched'])}")
    if content.get("shared_values"):
        lines.append(f"{content['shared_values']} values not searched: others have them too")
    if "copies_until" in content:
        lines.append(f"backups end: {content['copies_until'] or 'a day nobody named'}")
    return lines


# Journals: one pass, line by line, with O(log n) hashes kept of each epoch

Name = tuple[str, int]
"""Controller and epoch."""

SOME = -1
"""Instead of the number of an epoch: an entry of earlier versions does not say which."""

Wanted = dict[Name, set[int]]
"""Sizes at which the root of a tree is asked for."""


@dataclass(frozen=True)
class Quote:
    """What the first entry of an epoch quotes of one before, after a restore of the database.

    :param controller: whose journal it is.
    :param by: the epoch that quotes.
    :param epoch: the epoch before, or an earlier one that was lost as well.
    :param size: how many entries the newest checkpoint known outside had seen of that.
    :param root: its root.
    :param at: when the hotel declared the restore, or repeated that as it took the entry out.
    :param repeated: whether it is repeated.
    """

    controller: str
    by: str
    epoch: int
    size: int
    root: bytes
    at: str
    repeated: bool = False

    @property
    def declared(self) -> str:
        return f"{'before' if self.repeated else 'on'} {self.at}"


@dataclass
class Epoch:
    """What one pass over a journal keeps of one epoch."""

    controller: str
    epoch: int
    wanted: set[int]
    number: str = ""
    tree: Tree = field(default_factory=Tree)
    roots: dict[int, bytes] = field(default_factory=dict)
    pruned: int = 0
    wrong: int | None = None
    first: dict[str, Any] | None = None
    keys: list[tuple[int, bytes]] = field(default_factory=list)
    changes: list[tuple[int, bool]] = field(default_factory=list)
    prunings: list[tuple[int | None, int, str, str]] = field(default_factory=list)
    repeated: list[Quote] = field(default_factory=list)
    ended: list[tuple[int, str]] = field(default_factory=list)
    course: list[dict[str, Any]] = field(default_factory=list)
    further: int = 0
    named: tuple[int, str] | None = None
    clock: list[tuple[int, str, str]] = field(default_factory=list)
    at: str = ""
    since: str = ""
    latest: str = ""
    newest: str = ""
    torn: str = ""
    dates: dict[int, str] = field(default_factory=dict)
    reached: dict[int, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"guesterase/{self.controller}/{self.epoch}"

    @property
    def size(self) -> int:
        return self.tree.size

    def begin(self, entry: dict[str, Any], text: str) -> None:
        """Begin behind entries that are not here, from the edge of the tree they made."""
        size, edge = entry["size"], [unhex(item) for item in entry["edge"]]
        # In front of the first entry there is nothing to leave out, nor a key before its own.
        if not shaped(entry, LEFT_OUT) or not size:
            raise ValueError("not of its form")
        if self.size and (size, edge) == (self.size, self.tree.edge) and encoded(entry) == text:
            # The next part of a journal, which goes on where the one before it ended.
            return
        if self.size or self.pruned or encoded(entry) != text:
            self.wrong = self.size if self.wrong is None else self.wrong
            return
        self.tree, self.pruned = Tree(size, edge), size
        self.keys = [(size - 1, unhex(entry["public_key"]))]
        # The edge alone gives the roots of the sizes that its larger subtrees make.
        part, bits = Tree(), [1 << n for n in range(size.bit_length() - 1, -1, -1) if size >> n & 1]
        for width, value in zip(bits, edge, strict=True):
            part = Tree(part.size + width, [*part.edge, value])
            self.roots[part.size] = part.root()

    def take(self, entry: dict[str, Any], text: str) -> None:
        """Take the next entry."""
        index = self.tree.size
        if self.wrong is None and not (
            entry.get("index") == index and encoded(entry) == text and formed(entry, text)
        ):
            self.wrong = index
        self.tree.append(leaf(text.encode()))
        self.at = entry["at"]
        self.since = self.since or self.at
        self.newest = max(self.newest, self.at)
        # Entries from outside our own transactions may be older than their place.
        if self.at > self.latest and entry["actor"] not in LOOSE:
            self.latest = self.at
        if entry["action"] in SPECIAL:
            self.note(index, entry)
        if self.number and entry.get("request") == self.number and self.wrong is None:
            self.follow(index, entry)
        if index + 1 in self.wanted:
            self.roots[index + 1] = self.tree.root()
            # Where the last one may be older, all that grew since a restore may be of that kind.
            loose = entry["actor"] in LOOSE
            self.dates[index + 1], self.latest = "" if loose else self.latest, ""
            self.reached[index + 1] = self.newest

    def note(self, index: int, entry: dict[str, Any]) -> None:
        """Keep what an entry says about the journal itself."""
        action, marks = entry["action"], entry["marks"]
        if action == "epoch-opened" and index == 0:
            self.first = entry
            self.keys.append((0, unhex(marks["public-key"])))
            for quote in self.opening():
                whole(quote.epoch, quote.size)
        elif action == "signing-key-changed":
            new, old = marks["public-key"], self.keys[-1][1]
            said = KEY_CHANGE + canonical([self.controller, self.epoch, new])
            good = verifies(old, unhex(marks["signature"]), said)
            self.changes.append((index, good))
            if good:
                self.keys.append((index, unhex(new)))
        elif action == "journal-pruned":
            counts = entry["counts"]
            whole(counts["entries"], counts.get("epoch", 0))
            self.prunings.append(
                (counts.get("epoch"), counts["entries"], marks["root"], entry["at"])
            )
            for name, epoch, size in quoted(marks, counts):
                whole(size)
                self.repeated.append(
                    Quote(self.controller, self.title, epoch, size, unhex(marks[name]),
                          entry["at"], True)
                )
        elif action in CLOCK:
            self.clock.append((index, action, entry["at"]))
        elif action in ENDING and entry["request"] == self.number:
            self.ended.append((index, entry["at"]))

    def follow(self, index: int, entry: dict[str, Any]) -> None:
        """Keep what an entry says about the request in question."""
        if entry["action"] in COURSE and len(self.course) == STEPS:
            self.further += 1
        elif entry["action"] in COURSE:
            kept = {name: entry[name] for name in TOLD}
            self.course.append({**kept, "grounds": entry["grounds"][:GROUNDS]})
        if entry["action"] in PROVING and "certificate" in entry["marks"]:
            self.named = index, entry["at"]

    def opening(self) -> list[Quote]:
        """Return what the first entry quotes of the epoch before, and of earlier ones."""
        if self.first is None or "previous-root" not in self.first["marks"]:
            return []
        facts, marks = self.first["facts"], self.first["marks"]
        found = [("previous-root", facts["previous-epoch"], facts["previous-size"])]
        return [
            Quote(self.controller, self.title, epoch, size, unhex(marks[name]), self.first["at"])
            for name, epoch, size in found + quoted(marks, facts)
        ]

    def quotes(self) -> list[Quote]:
        """Return what this epoch quotes of those before, by its first entry or repeated later."""
        return self.opening() + self.repeated

    def key_at(self, size: int) -> bytes | None:
        """Return the key that signs checkpoints of a size, None where that is not here."""
        known = [key for index, key in self.keys if index < max(size, 1)]
        return known[-1] if known else None

    def doubtful(self, head: Checkpoint, restore: Quote) -> bool:
        """Tell whether a checkpoint is dated later than the restore that lost it, by hours.

        Its clock was ahead then, and what grew since says rightly that it is older. An opening
        that is dated back explains no more: a day and a half, and nothing written after that.
        """
        try:
            declared, newest = moment(restore.at), moment(self.newest)
        except ValueError:
            return False
        ahead = moment(head.at) - declared
        return timedelta(0) < ahead <= LEAP and newest - declared <= LEAP

    def ran_back(self, head: Checkpoint) -> bool:
        """Tell whether the journal may say that the clock of a checkpoint was set back."""
        before = [action for index, action, _ in self.clock if index < head.size]
        later = any(index >= head.size and at < head.at for index, _, at in self.clock)
        # What stood in entries that are not here nobody knows.
        return later or (before[-1] == "clock-doubted" if before else self.pruned > 0)


def grammar() -> re.Pattern[str]:
    """Return the form that the canonical text of every hotel's entries has.

    In none of its places there is room for a name, an address or a telephone number.
    """
    word = "(?![^\"]*[0-9]{9})[A-Za-z_][A-Za-z0-9_]*(?:[.:$-][A-Za-z0-9_]+)*"
    name, term = f'"(?=[^"]{{1,128}}"){word}"', f'"(?=[^"]{{1,80}}"){word}"'
    number, day = "(?:0|[1-9][0-9]{0,15})", '"[0-9]{4}-[0-9]{2}-[0-9]{2}"'

    def several(item: str) -> str:
        return f"(?:{item}(?:,{item})*)?"

    counts, marks = several(f"{name}:{number}"), several(f'{name}:"(?:[0-9a-f]{{64}}){{1,2}}"')
    facts = several(f"{name}:(?:{number}|{day}|{term})")
    slug, request = "[a-z0-9]+(?:-[a-z0-9]+)*", "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
    return re.compile(
        f'{{"action":"(?=[^"]{{1,40}}")[a-z]+(?:-[a-z0-9]+)*"'
        ',"actor":"(?:a[1-9][0-9]{0,17}|system|guest|host)"'
        ',"at":"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"'
        f',"controller":"(?=[^"]{{1,80}}"){slug}","counts":{{{counts}}},"epoch":{number}'
        f',"facts":{{{facts}}},"format":"{ENTRY}","grounds":\\[{several(term)}\\]'
        f',"index":{number},"marks":{{{marks}}}'
        f',"request":(?:null|"(?=[^"]{{1,20}}")(?=[^"0-9]*[0-9]){request}")}}'
    )


FORM = grammar()
LARGE = re.compile(":([0-9]{16})")


def formed(entry: dict[str, Any], text: str) -> bool:
    """Tell whether an entry, whose canonical text this is, has the form of every hotel's."""
    try:
        datetime.fromisoformat(entry["at"])
    except BROKEN:
        return False
    numbers = map(int, LARGE.findall(text))
    return FORM.fullmatch(text) is not None and max(numbers, default=0) <= MOST


def quoted(marks: dict[str, Any], numbers: dict[str, Any]) -> list[tuple[str, int, Any]]:
    """Return of each epoch that is quoted by its number: the name of its root, number and size."""
    names = [name for name in marks if name.startswith("previous-root-")]
    epochs = [name.removeprefix("previous-root-") for name in names]
    return [
        (name, int(epoch), numbers[f"previous-size-{epoch}"])
        for name, epoch in zip(names, epochs, strict=True)
    ]


SPECIAL = frozenset(("epoch-opened", "signing-key-changed", "journal-pruned", *ENDING, *CLOCK))


def whole(*numbers: object) -> None:
    if any(type(number) is not int for number in numbers):
        raise ValueError("not a whole number")


def _refuse(text: str) -> None:
    raise ValueError(f"{text} has no canonical form")


def safe_integer(text: str) -> int:
    value = int(text)
    if abs(value) > MOST:
        _refuse(text)
    return value


decoded = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse).decode
_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def encoded(value: dict[str, Any]) -> str:
    """Return the canonical form of a line, by the fast way where names are plain."""
    text = _encoded(value)
    return text if text.isascii() else safe_canonical(value).decode()


def safe_canonical(value: Any) -> bytes:
    try:
        return canonical(value)
    except BROKEN:
        return b""


def opened(path: Path) -> Any:
    """Open a file; what can be read once only, as a pipe, would be empty when it is read again."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UseError(f"{path} is no file, which is read more than once: write it into one.")
        return path.open("rb")
    except OSError as problem:
        raise UseError(f"{path} cannot be read: {problem.strerror}.") from None


def is_folder(path: Path) -> bool:
    """Return whether this is a folder; of one that is closed nobody can say."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as problem:
        raise UseError(f"{path} cannot be read: {problem.strerror}.") from None


def named(folder: Path, pattern: str) -> list[Path]:
    """Return the files of a folder with names like a pattern; one that is closed is not empty."""
    try:
        found = fnmatch.filter(os.listdir(folder), pattern)
    except OSError as problem:
        raise UseError(f"{folder} cannot be read: {problem.strerror}.") from None
    return sorted(folder / name for name in found)


def journal_files(names: Iterable[str | Path]) -> list[Path]:
    """Return the files of journals: those named, and those in folders named."""
    found: list[Path] = []
    for path in map(Path, names):
        if not is_folder(path):
            found.append(path)
            continue
        inside = named(path, "*.jsonl")
        journals = [one for one in inside if one.name == "journal.jsonl"] or [
            one for one in inside if not OTHERS.fullmatch(one.name)
        ]
        if not journals:
            raise UseError(f"There is no journal in {path}.")
        found += journals
    return in_order(found)


def in_order(paths: Iterable[Path]) -> list[Path]:
    """Return files of journals, each once, so that the parts of a journal follow each other."""
    return sorted({path.resolve(): path for path in paths}.values(), key=first_place)


def first_place(path: Path) -> tuple[str, int, int]:
    try:
        value = json.loads(next(lines_of(path))[1])
        place = value["controller"], value["epoch"], value.get("index", value.get("size"))
        whole(*place[1:])
        return str(place[0]), *place[1:]
    except (*BROKEN, StopIteration):
        return "", 0, 0


def lines_of(path: Path, torn: list[int] | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a journal, numbered; half a line at its end is passed over, and noted."""
    with opened(path) as lines:
        for place, line in enumerate(lines, 1):
            if place > 1 and not line.endswith(b"\n") and not is_json(line):
                if torn is not None:
                    torn.append(place)
                return
            # Only what the writer, or a system with other line ends, puts around a line.
            body = line.removeprefix(codecs.BOM_UTF8) if place == 1 else line
            end = b"\r\n" if body.endswith(b"\r\n") else b"\n"
            yield place, body.removesuffix(end)


def is_json(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except BROKEN:
        return False


def read_journals(paths: list[Path], wanted: Wanted, number: str = "") -> dict[Name, Epoch]:
    """Read journals line by line; nothing that grows with their length is kept.

    :param wanted: where roots are asked for; what the journals themselves quote is added.
    :param number: request whose end is looked for.
    """
    for path in paths:
        ask_for_quoted(path, wanted)
    found: dict[Name, Epoch] = {}
    for path in paths:
        begun, torn = set[Name](), list[int]()
        for place, line in lines_of(path, torn):
            try:
                text = line.decode()
                entry = decoded(text)
                name = entry["controller"], entry["epoch"]
                here = found.get(name)
                if here is None:
                    here = found[name] = made(name, wanted, number)
                elif name not in begun and entry.get("index", entry.get("size")) < here.size:
                    raise UseError(f"{path} begins with entries of {here.title} that another file "
                                   "has too. Give each entry once.")
                begun.add(name)
                if entry["format"] == ENTRY:
                    here.take(entry, text)
                elif entry["format"] == PRUNED:
                    here.begin(entry, text)
                else:
                    raise ValueError("another format")
            except BROKEN:
                raise UseError(f"Line {place} of {path} is not a journal entry: it was changed, or "
                               "the file is no export of a journal.") from None
        if torn:
            found[name].torn = f"{path}:{torn[0]}"
    return found


def made(name: Name, wanted: Wanted, number: str) -> Epoch:
    controller, epoch = name
    if type(controller) is not str or type(epoch) is not int or "/" in controller:
        raise ValueError("no journal has this name")
    sizes = wanted.setdefault(name, set()) | wanted.get((controller, SOME), set())
    here = Epoch(controller, epoch, sizes, number)
    here.roots[0] = EMPTY
    return here


def ask_for_quoted(path: Path, wanted: Wanted) -> None:
    """Ask for the roots that a journal itself quotes, which may stand before the quote."""
    for _, line in lines_of(path):
        if b'"previous-size"' not in line and b'"journal-pruned"' not in line:
            continue
        try:
            entry = json.loads(line)
            marks, facts, counts = entry["marks"], entry["facts"], entry["counts"]
            asked = [(epoch, size) for _, epoch, size in quoted(marks, {**counts, **facts})]
            if entry["action"] == "epoch-opened":
                asked.append((facts["previous-epoch"], facts["previous-size"]))
            elif entry["action"] == "journal-pruned":
                asked.append((counts.get("epoch", SOME), counts["entries"]))
            for epoch, size in asked:
                wanted.setdefault((entry["controller"], epoch), set()).add(size)
        except BROKEN:
            # What is wrong about it is told when the line is read.
            continue


# What is asked of a journal


def check_journal(paths: list[Path], given: argparse.Namespace) -> Report:
    return check_epochs(journal_inputs(paths, given))


def journal_inputs(paths: list[Path], given: argparse.Namespace) -> Inputs:
    """Return what was given of journals, with the checkpoints of folders that take them."""
    folders = [path for path in paths if is_folder(path)]
    found = [str(one) for folder in folders for one in named(folder, "*.checkpoints")]
    given.checkpoint = [*given.checkpoint, *found]
    inputs = Inputs(given, journal_files([*paths, *given.journal]))
    if not inputs.journals:
        raise UseError("There is no entry of a journal in what you gave. A hotel that erased "
                       "something has some: ask for the whole journal.")
    return inputs


def check_epochs(inputs: Inputs) -> Report:
    """Ask of every epoch that is here what can be asked."""
    report = Report()
    for _, here in sorted(inputs.journals.items()):
        left = f", the first {here.pruned} of which are not here" if here.pruned else ""
        report.says.append(f"{here.title}: {here.size} entries{left}")
        mine = [(name, head) for name, head in inputs.heads if head.origin == here.title]
        check_entries(report, here)
        check_pruned(report, here, mine, inputs)
        check_age(report, here, mine, inputs)
        check_keys(report, here, mine, inputs)
        check_heads(report, here, mine, inputs)
        for quote in here.quotes():
            check_chain(report, here, quote, inputs)
    for name, head in inputs.heads:
        if (head.controller, head.epoch) not in inputs.journals:
            check_absent(report, name, head, inputs)
    check_damaged(report, inputs)
    check_split(report, inputs.heads, everybody(inputs), inputs)
    check_lost(report, inputs)
    check_proofs(report, inputs)
    return report


def everybody(inputs: Inputs) -> set[bytes]:
    """Return every key that may have signed: those given, and those the journals name."""
    named = (key for here in inputs.journals.values() for _, key in here.keys)
    return {*inputs.keys, *named}


def check_entries(report: Report, here: Epoch) -> None:
    report.add(
        "entries",
        here.wrong is None,
        f"{here.title}: no entry is missing between the first and the last.",
        f"{here.title}: entry {here.wrong} is MISSING, moved or not as it was written.",
    )
    first = here.first
    if here.pruned and first is None:
        return
    quotes = bool(here.opening())
    fits = first is not None and quotes == (here.epoch > 0)
    fits = fits and first is not None and first.get("grounds") == ["restore" if quotes else "start"]
    if not fits:
        report.add("first", False, f"{here.title}: the first entry does NOT open this epoch.")


def prunings(here: Epoch, inputs: Inputs) -> Iterator[tuple[int, str, bool | None]]:
    """Yield what entries say was taken out of an epoch: size, when, and whether it is so."""
    epochs = inputs.epochs(here.controller)
    for teller in epochs:
        for about, size, root, at in teller.prunings:
            # The entry of an earlier version may be about any epoch up to its own.
            last = teller.epoch if about is None else about
            maybe = [one for one in epochs if about in (None, one.epoch) and one.epoch <= last]
            roots_ = {one.epoch: one.roots.get(size) for one in maybe}
            fits = [epoch for epoch, known in roots_.items() if known and known.hex() == root]
            if here.epoch in fits:
                yield size, at, True
            elif not fits and here.epoch == last:
                every = about is not None or len(maybe) == last + 1
                yield size, at, False if every and None not in roots_.values() else None


def check_pruned(
    report: Report, here: Epoch, heads: list[tuple[str, Checkpoint]], inputs: Inputs
) -> None:
    """Say what is known of entries at the start that are not here."""
    told = list(prunings(here, inputs))
    for size, at, fits in told:
        if fits is not None:
            report.add(
                "pruned", fits,
                f"{here.title}: the first {size} entries, taken out on {at}, are those that the "
                "journal names.",
                f"{here.title}: the first {size} entries are NOT those that the journal says were "
                f"taken out on {at}.",
            )
    if here.pruned and here.pruned not in {size for size, *_ in told}:
        if any(head.size == here.pruned for _, head in heads):
            return
        report.add(
            "pruned", None,
            f"{here.title}: what the first {here.pruned} entries said, and why they are not here: "
            "NO entry says that they were taken out. Ask for the whole journal, or give the "
            "checkpoint that this part of it begins at.",
        )


def check_age(
    report: Report, here: Epoch, heads: Iterable[tuple[str, Checkpoint]], inputs: Inputs
) -> None:
    """Say how old the entries were that were taken out of the start of an epoch."""
    gone = here.pruned
    told = [at for size, at, fits in prunings(here, inputs) if fits and size == gone]
    if not gone or not told:
        return
    mine = [(name, head) for name, head in heads if head.origin == here.title]
    try:
        taken, limit = taken_by(here, told, inputs)
        young = [item for item in mine if is_younger(here, item[1], limit, inputs)]
        clear = [item for item in young if not is_excused(here, item[1], inputs)]
        old = [item for item in mine if is_older(here, item[1], limit, inputs)]
    except ValueError:
        # An hour that is none is told where the entry is looked at.
        return
    they = f"the first {gone} entries, taken out {taken}, were all"
    for name, head in clear[:1]:
        report.add("age", False, "", f"{here.title}: that {they} six years old is NOT so: {name} "
                   f"has only {head.size} of them, and was signed on {inputs.signed(head)}.")
    for name, head in young[:1] if not clear else ():
        report.add("age", None, f"{here.title}: whether {they} six years old: {name} has only "
                   f"{head.size} of them, and says it was signed on {head.at}; but what stays is "
                   "older than that, or a restore came between. Who kept it knows when it came.")
    for name, head in old[:1] if not young else ():
        report.add("age", True, f"{here.title}: {they} there when {name} was signed on {head.at}.")
    if not young and not old:
        report.add("age", None, f"{here.title}: whether {they} six years old. Give checkpoints of "
                   "that time, and later ones, with --checkpoint.")


def taken_by(here: Epoch, told: list[str], inputs: Inputs) -> tuple[str, datetime]:
    """Return when entries were taken out, in words, and from when on they were too young for it.

    Who dates the entry about it ahead writes others behind it, or is read before that day.
    """
    said, last = min(told), inputs.epochs(here.controller)[-1].at
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    day = min(filter(None, (said, last, now)))
    words = f"on {said}" if day == said else f"by {day} (their entry says {said})"
    at = moment(day)
    return words, at - min(YOUNG, at - datetime.min)


def is_younger(here: Epoch, head: Checkpoint, limit: datetime, inputs: Inputs) -> bool:
    """Tell whether entries that were taken out were put behind a checkpoint that is too young."""
    late = head.size < here.pruned and moment(inputs.signed(head)) > limit
    return late and any(head.signed_by(key) for key in everybody(inputs))


def is_excused(here: Epoch, head: Checkpoint, inputs: Inputs) -> bool:
    """Tell whether what was put behind a checkpoint may be older than that says it is."""
    if inputs.lost(head) is not None or inputs.hidden(head):
        return True
    # What stays is older too then: its clock was ahead, and was set right.
    return moment(inputs.signed(head)) - moment(inputs.begins(here)) > LEAP


def is_older(here: Epoch, head: Checkpoint, limit: datetime, inputs: Inputs) -> bool:
    """Tell whether a checkpoint that is old enough has seen all entries that were taken out."""
    keys = inputs.trusted(here) if inputs.keys else everybody(inputs)
    seen = head.size >= here.pruned and here.roots.get(head.size) == head.root
    old = seen and moment(max(inputs.hours(head))) <= limit
    return old and any(head.signed_by(key) for key in keys)


def check_changes(report: Report, here: Epoch) -> None:
    """Say whether each key of an epoch was named by the one before."""
    for index, good in here.changes:
        report.add(
            "key-change", good,
            f"{here.title}: the signing key was changed in entry {index}, says the key before.",
            f"{here.title}: entry {index} names a new signing key, and the key before did NOT "
            "sign that.",
        )


def check_keys(
    report: Report, here: Epoch, heads: list[tuple[str, Checkpoint]], inputs: Inputs
) -> None:
    """Say whose keys an epoch names, and whether each was named by the one before."""
    check_changes(report, here)
    named = {key for _, key in here.keys}
    if not inputs.keys:
        if heads:
            own = here.keys[0][1].hex() if here.keys else "unknown"
            report.add("key", None, f"{here.title}: whose key {own} is; the journal itself names "
                       "it. Give the key the hotel published with --key.")
        return
    if named & inputs.trusted(here):
        if not heads:
            report.add("key", None, f"{here.title}: whether the owner of the key you gave wrote "
                       "it: it names that key, but only a checkpoint is signed with it.")
        return
    elsewhere = any(
        {key for _, key in other.keys} & inputs.trusted(other)
        for other in inputs.epochs(here.controller)
    )
    report.add(
        "key",
        None if elsewhere or here.pruned else False,
        f"{here.title}: whose key {(here.keys or [(0, b'')])[0][1].hex()} is; the key you gave "
        "does not vouch for it here. Give the key of that time too.",
        f"{here.title}: it does NOT name the key you gave: somebody else may have written it.",
    )


def check_heads(
    report: Report, here: Epoch, heads: list[tuple[str, Checkpoint]], inputs: Inputs
) -> None:
    """Compare an epoch with the checkpoints of it that were kept elsewhere."""
    for name, head in heads:
        check_signature(report, name, head, inputs)
        compare(report, "outside", name, head, inputs)
    check_witnesses(report, here.title, heads, inputs)
    newest = max((head for _, head in heads), key=lambda head: head.size, default=None)
    last = inputs.epochs(here.controller)[-1] is here
    if newest is None:
        report.add(
            "outside",
            None,
            f"{here.title}: whether it was rewritten or cut short. For that, give a checkpoint "
            "that was kept elsewhere with --checkpoint.",
        )
    elif last:
        behind = here.size - newest.size
        some = f"whether the last {behind} entries stay as they are, and " if behind > 0 else ""
        report.add(
            "later",
            None,
            f"{here.title}: {some}whether entries made after {newest.at} were cut off: only a "
            "newer checkpoint tells.",
        )


def check_signature(report: Report, name: str, head: Checkpoint, inputs: Inputs) -> None:
    """Say whether a checkpoint was signed with the key that was in force at its size."""
    here = inputs.journals.get((head.controller, head.epoch))
    key = here.key_at(head.size) if here is not None else None
    trusted = inputs.trusted(here) if here is not None else set(inputs.keys)
    # What a restore lost may have named another key: it is declared, or where it is is not here.
    restored = inputs.lost(head) is not None or inputs.hidden(head)
    gone = here is None or key is None or head.size > here.size or restored
    if gone:
        # The entry that named the key of that size may be among those that are not here.
        later = [one for one in inputs.epochs(head.controller) if one.epoch >= head.epoch]
        keys = {*inputs.keys, *(known for one in later for _, known in one.keys)}
        signer = next((known for known in keys if head.signed_by(known)), None)
        trusted = trusted.union(*(inputs.trusted(one) for one in later))
        lost = restored and not any(head.names(known) for known in keys)
        pruned = here is not None and key is None
        shown = True if signer else None if pruned or lost or here is None else False
    else:
        signer = key if key is not None and head.signed_by(key) else None
        shown = signer is not None
    if shown and inputs.keys and signer not in trusted:
        shown = None
    report.add(
        "outside-signature",
        shown,
        f"{name} was signed with the key of this journal at that size." if shown else
        f"Whether the hotel signed {name}: nothing given vouches for the key that did. Give the "
        "key of that time too.",
        f"{name} was NOT signed with the key of this journal at that size.",
    )


def compare(
    report: Report, id_: str, name: str, head: Checkpoint, inputs: Inputs
) -> None:
    """Compare a checkpoint with what is here of its journal."""
    here = inputs.journals.get((head.controller, head.epoch))
    title, size = head.origin, head.size
    known = here.roots.get(size) if here is not None else None
    restore = inputs.lost(head)
    if known == head.root:
        report.add(id_, True, f"{title}: the first {size} entries are those that {name} has seen.")
    elif restore is not None:
        compare_lost(report, id_, name, head, inputs, restore)
    elif inputs.hidden(head):
        report.add(id_, None, f"{title}: whether the first {size} entries are those that {name} "
                   f"has seen: epoch {head.epoch + 1} is not here, which may say what a restore "
                   "lost of them. Give it too, if it is not lost itself.")
    elif known is not None:
        report.add(id_, False, "", f"{title}: the first {size} entries are NOT those that {name} "
                   "has seen.")
    elif here is None or size > here.size:
        seen = here.size if here is not None else 0
        report.add(id_, False, "", f"{title}: entries are MISSING at the end: {name} has seen "
                   f"{size}, here are {seen}.")
    else:
        linked = inputs.linked(head, here.roots.get)
        report.add(
            id_, linked,
            f"{title}: it continues the {size} entries that {name} has seen." if linked else
            f"{title}: whether its first {size} entries are those that {name} has seen: they are "
            "not here. Give a consistency proof from that size with --proof.",
            f"{title}: it does NOT continue the {size} entries that {name} has seen.",
        )


def compare_lost(
    report: Report, id_: str, name: str, head: Checkpoint, inputs: Inputs, restore: Quote
) -> None:
    """Compare a checkpoint of entries that a declared restore may have lost."""
    here = inputs.journals.get((head.controller, head.epoch))
    title, size = head.origin, head.size
    written = here.dates.get(size, "") if here is not None else ""
    quoted = inputs.linked(head, lambda n: restore.root if n == restore.size else None)
    if size == restore.size:
        quoted = head.root == restore.root
    older = here is not None and bool(written) and written <= inputs.signed(head)
    doubtful = older and here is not None and here.doubtful(head, restore)
    if older and not doubtful:
        # After a restore the tree grows again from an older state, with entries newer than all
        # that was lost. These say they are older, and still are not what the world saw then.
        report.add(id_, False, "", f"{title}: the first {size} entries are NOT those that {name} "
                   f"has seen, and the restore declared {restore.declared} does not explain it: "
                   "they say that they were written before it was signed.")
    elif doubtful and quoted is not False:
        report.add(id_, None, f"{title}: whether a clock was ahead, or entries were rewritten: the "
                   f"first {size} are not those that {name} has seen. It says it was signed at "
                   f"{head.at}, and the hotel that its database had been restored before that, "
                   f"{restore.declared}. Who kept it knows when it came; a witness says it.")
    elif quoted is not None:
        report.add(id_, quoted, f"{name} agrees with what {restore.by} quotes of {title} after a "
                   "restore.", f"{name} is NOT of the journal that {restore.by} quotes.")
    else:
        report.add(id_, None, f"{title}: whether {name} is of the journal that {restore.by} quotes "
                   f"with {restore.size} entries after a restore. Give a consistency proof from "
                   f"{size} to {restore.size} with --proof.")


def check_absent(report: Report, name: str, head: Checkpoint, inputs: Inputs) -> None:
    """Look at a checkpoint of an epoch of which nothing is here."""
    epochs = inputs.epochs(head.controller)
    if not epochs:
        report.add("outside", None, f"Anything from {name} of {head.origin}: that journal is not "
                   "here. If this should be all of the hotel's journals, it is MISSING.")
    elif unshown(head, inputs):
        report.add("outside", None, f"Anything from {name} of {head.origin}: that epoch is not "
                   "here. Give it too.")
    else:
        check_signature(report, name, head, inputs)
        compare(report, "outside", name, head, inputs)


def check_chain(report: Report, here: Epoch, quote: Quote, inputs: Inputs) -> None:
    """Compare what an epoch quotes of one before, after a restore of the database."""
    before = inputs.journals.get((here.controller, quote.epoch))
    known = before.roots.get(quote.size) if before is not None else None
    keys = everybody(inputs)
    for name, head in inputs.heads:
        mine = (head.controller, head.epoch, head.size) == (
            here.controller, quote.epoch, quote.size)
        if mine and head.root != quote.root and any(head.signed_by(key) for key in keys):
            report.add("epochs", False, "", f"{here.title}: it quotes ANOTHER epoch {quote.epoch} "
                       f"than {name} has seen.")
    if known == quote.root:
        report.add("epochs", True, f"{here.title}: it quotes epoch {quote.epoch} as that is.")
    elif known is None and (before is None or before.pruned > quote.size):
        some = "that is" if before is None else f"its first {before.pruned} entries are"
        report.add("epochs", None, f"{here.title}: whether epoch {quote.epoch} was as it quotes; "
                   f"{some} not here.")
    if quote.epoch >= here.epoch:
        report.add("epochs", False, "", f"{here.title}: it quotes an epoch that is not before it.")


def check_lost(report: Report, inputs: Inputs) -> None:
    """Say which entries a declared restore lost: what they said nobody can tell."""
    for here in inputs.journals.values():
        check_passed(report, here, inputs)
    for name, quotes in sorted(inputs.quotes.items()):
        before = inputs.journals.get(name)
        for quote in quotes:
            known = before.roots.get(quote.size) if before is not None else None
            if before is None or known == quote.root:
                continue
            if known is None and before.pruned > quote.size:
                continue
            start = before.size
            if quote.size <= before.size:
                agreed = [
                    head.size
                    for _, head in inputs.heads
                    if head.origin == before.title and before.roots.get(head.size) == head.root
                ]
                start = max((size for size in agreed if size < quote.size), default=0)
            report.add(
                "lost",
                None,
                f"{before.title}: what entries {start} to {quote.size - 1} said that the world had "
                f"seen: they are LOST. The hotel declared {quote.declared} that its database was "
                "restored. A copy of them kept elsewhere would tell.",
            )


def check_passed(report: Report, here: Epoch, inputs: Inputs) -> None:
    """Say which numbers of epochs one leaves out: those were begun, and nothing tells of them."""
    quotes = here.opening()
    start = quotes[0].epoch + 1 if quotes else here.epoch
    told = {quote.epoch for quote in quotes} | {one.epoch for one in inputs.epochs(here.controller)}
    known = [epoch for epoch in told if start <= epoch < here.epoch]
    if here.epoch - start <= len(known):
        return
    some = f"epoch {start}" if start == here.epoch - 1 else f"epochs {start} to {here.epoch - 1}"
    report.add("lost", None, f"{here.title}: what was written in {some}, which is not here as a "
               f"whole: it names epoch {start - 1} as the one before it. If that was begun and "
               "lost, whoever had a checkpoint of it can tell.")


def check_damaged(report: Report, inputs: Inputs) -> None:
    """Name what cannot be read of checkpoints and journals: it may speak against the hotel."""
    for name in inputs.damaged:
        report.add("damaged", None, f"What {name} said: it is DAMAGED, or was never a checkpoint. "
                   "A copy of it kept elsewhere would tell.")
    for name in sorted(here.torn for here in inputs.journals.values() if here.torn):
        report.add("damaged", None, f"What {name} said: it is half a line, as a crash leaves it or "
                   "a copy that was cut, and nothing behind it is here.")


def check_split(
    report: Report, heads: list[tuple[str, Checkpoint]], keys: set[bytes], inputs: Inputs
) -> None:
    """Compare checkpoints with each other: two of one size that differ need no journal."""
    signed = [(name, head) for name, head in heads if any(head.signed_by(key) for key in keys)]
    seen: dict[tuple[str, int], tuple[str, bytes]] = {}
    for name, head in signed:
        first, root = seen.setdefault((head.origin, head.size), (name, head.root))
        if root != head.root:
            report.add("split", False, "", f"{first} and {name} are signed checkpoints of "
                       f"{head.origin} with {head.size} entries, and they DIFFER: two journals "
                       "were shown to different people.")
    check_order(report, signed, inputs)


def check_order(
    report: Report, signed: list[tuple[str, Checkpoint]], inputs: Inputs
) -> None:
    """Look whether a checkpoint with more entries says that it is older than one with fewer."""
    latest: dict[tuple[str, bool], tuple[str, Checkpoint]] = {}
    for first, other in sorted(signed, key=lambda item: (item[1].size, item[1].at)):
        for maybe in (False, True):
            name, head = latest.get((other.origin, maybe), (first, other))
            if moment(head.at) - moment(other.at) <= timedelta(hours=1):
                continue
            report.add(
                "split", None if maybe or inputs.lost(other) is not None else False,
                f"{head.origin}: whether two journals were shown, or a clock was set right: "
                f"{first} with {other.size} entries says it was signed before {name} with "
                f"{head.size}. The whole journal says when the clock was in doubt.",
                f"{head.origin} had {other.size} entries when {first} was signed, and LESS, "
                f"{head.size}, when {name} was.",
            )
        here = inputs.journals.get((other.controller, other.epoch))
        # Whose clock was ahead is no forger, and says so in the journal.
        maybe = here is None or here.ran_back(other)
        before = latest.setdefault((other.origin, maybe), (first, other))
        if other.at > before[1].at:
            latest[other.origin, maybe] = first, other


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")


def check_proofs(report: Report, inputs: Inputs) -> None:
    """Check proofs of consistency against every root of their older size that is known."""
    for name, proof in inputs.proofs:
        origin, size = proof.head.origin, proof.head.size
        here = inputs.journals.get((proof.head.controller, proof.head.epoch))
        known = {head.root for _, head in inputs.heads if (head.origin, head.size) == (
            origin, proof.old)}
        if here is not None and proof.old in here.roots:
            known.add(here.roots[proof.old])
        if not known:
            report.add("proof", None, f"What {name} proves: nothing else here is of {origin} with "
                       f"{proof.old} entries. Give a checkpoint of that size.")
            continue
        good = all(
            continues(proof.old, size, root, proof.head.root, proof.path) for root in known
        )
        report.add("proof", good, f"{name}: {origin} with {size} entries continues what it was "
                   f"with {proof.old}.", f"{name} does NOT prove that {origin} with {size} entries "
                   f"continues what it was with {proof.old}.")


def check_witnesses(
    report: Report, title: str, heads: list[tuple[str, Checkpoint]], inputs: Inputs
) -> None:
    """Look for the cosignatures that are expected (C2SP tlog-cosignature)."""
    for witness in inputs.witnesses:
        found = [(name, head, head.cosigned_by(witness)) for name, head in heads]
        for name, _, when in found:
            if when == "":
                report.add("witness", False, "", f"The cosignature of {witness.name} in {name} is "
                           "WRONG.")
        good = [(head.size, when) for _, head, when in found if when]
        if good:
            size, when = max(good)
            report.add("witness", True, f"{title}: {witness.name} saw {size} entries on {when}, "
                       "continuing all it had seen before.")
        elif not any(when == "" for _, _, when in found):
            report.add("witness", None, f"{title}: whether {witness.name} saw this journal: no "
                       "checkpoint given carries its cosignature.")


def check_checkpoints(path: Path, given: argparse.Namespace) -> Report:
    """Compare checkpoints with each other, and with journals where they are given."""
    if given.journal:
        files, given.journal = given.journal, []
        given.checkpoint = [str(path), *given.checkpoint]
        return check_journal([Path(name) for name in files], given)
    report = Report()
    given.checkpoint = [str(path), *given.checkpoint]
    inputs = Inputs(given, [])
    if not inputs.heads:
        raise UseError(f"{path} does not hold a checkpoint.")
    for name, head in inputs.heads:
        report.says.append(f"{head.origin}: {head.size} entries, signed {head.at} ({name})")
        signed = any(head.signed_by(key) for key in inputs.keys) if inputs.keys else None
        report.add(
            "outside-signature", signed,
            f"{name} was signed with the key you gave." if signed else
            f"Whether {name} was signed by the hotel. Give the key it published with --key.",
            f"{name} was NOT signed with the key you gave. A hotel that changed its key says so in "
            "its journal: give that with --journal, or the key of that time too.",
        )
    for origin in sorted({head.origin for _, head in inputs.heads}):
        mine = [(name, head) for name, head in inputs.heads if head.origin == origin]
        check_together(report, mine, inputs)
        check_witnesses(report, origin, mine, inputs)
    check_damaged(report, inputs)
    check_split(report, inputs.heads, set(inputs.keys), inputs)
    check_proofs(report, inputs)
    return report


def check_together(
    report: Report, heads: list[tuple[str, Checkpoint]], inputs: Inputs
) -> None:
    """Compare each checkpoint with the next larger one of the same journal."""
    ordered = sorted(heads, key=lambda item: item[1].size)
    for (_, small), (name, large) in pairwise(ordered):
        if small.size == large.size and small.root == large.root:
            continue
        beside(report, name, large, small, inputs)
    report.add("later", None, f"{ordered[-1][1].origin}: what came after {ordered[-1][1].at}: only "
               "a newer checkpoint tells.")


# Censuses: lists of marks of the guest register, night after night

CENSUS = "guesterase/census/v1"
LISTED = {"format", "controller", "property", "table", "night", "label", "count", "marks", "root",
          "previous", "gone"}
TAKING = ("retention-ended", "subject-erased", "subject-erased-again")
SILENT_DAYS = 3
LEAP, BACK = timedelta(hours=36), timedelta(minutes=5)
DAY = timedelta(days=1)

Place = tuple[str, str, str]
"""Controller, property and table."""

Entry = dict[str, Any]

Lists = dict[tuple[str, ...], list[dict[str, Any]]]
"""Place, root and root before -> the lists that are so, of one night or of several."""


def check_census(folder: Path, given: argparse.Namespace) -> Report:
    """Compare lists with the journal and night with night, from files alone."""
    if not given.journal:
        raise UseError("Give the exported journal with --journal.")
    if not is_folder(folder):
        raise UseError(f"{folder} is not a folder with lists.")
    paths, given.journal = [Path(name) for name in given.journal], []
    inputs, files = journal_inputs(paths, given), journal_files(paths)
    report, told = Report(), check_epochs(inputs)
    lists = read_lists(report, folder)
    try:
        check_counts(report, lists, read_book(files, lists), inputs)
        check_clock(report, files)
    except BROKEN:
        report.add("form", False, "An entry of the journal is not as any hotel writes one.")
    report.says += told.says
    report.findings += told.findings
    report.add("census-scope", None, "Whether a mark is of a line that ever was, and what was "
               "never counted: a line that came and went between two counts.")
    return report


def list_of(place: Place, entry: Entry) -> tuple[str, ...]:
    """Return by what the list of an entry is known: place, root and root of the one before."""
    return (*place, entry["marks"]["root"], entry["marks"].get("previous", ""))


def read_lists(report: Report, folder: Path) -> Lists:
    """Return the lists of a folder by controller, property, table and root."""
    lists: Lists = {}
    for path in named(folder, "census-*.json"):
        try:
            text = read(path).encode()
            value = json.loads(text)
            marks = [unhex(mark) for mark in value["marks"]]
            leaves = [leaf(mark) for mark in marks]
            root = roots(leaves, {len(leaves)})[len(leaves)].hex()
            fits = (
                value["format"] == CENSUS
                and value.keys() == LISTED
                and canonical(value) == text.rstrip(b"\r\n")
                and value["label"] == f"census:{value['night'][:7]}"
                and date.fromisoformat(value["night"]).isoformat() == value["night"]
                and all(len(mark) == 16 for mark in marks)
                and marks == sorted(set(marks))
                and value["count"] == len(marks)
                and value["root"] == root
                and all(fits_gone(gone) for gone in value["gone"])
                and len({gone["mark"] for gone in value["gone"]}) == len(value["gone"])
            )
            key = tuple(value[name] for name in ("controller", "property", "table", "root",
                                                 "previous"))
            fits = fits and all(type(part) is str for part in key)
        except BROKEN:
            fits, key, value = False, (), {}
        if report.add("list-form", fits, f"{path.name} is whole and has the root it names.",
                      f"{path.name} is NOT as it was written."):
            lists.setdefault(key, []).append(value)
    if not lists:
        report.add("lists", None, f"Anything about single lines: no list in {folder} is readable.")
    return lists


def fits_gone(gone: dict[str, Any]) -> bool:
    kinds = {name: type(item) for name, item in gone.items()}
    return kinds == {"mark": str, "action": str, "index": int}


@dataclass(frozen=True)
class Span:
    """When a step was.

    :param since: not before this.
    :param until: and in front of this place, where there is one.
    :param again: or from this place on.
    """

    since: datetime
    until: tuple[int, int] | None = None
    again: tuple[int, int] = (0, 0)

    def has(self, step: Entry) -> bool:
        spot = where(step)
        there = self.until is None or spot < self.until or spot >= self.again
        return there and when(step) >= self.since


@dataclass
class Book:
    """What the journals say of the counts, and of what may explain them.

    :param counted: the entries about counts, in order.
    :param ends: controller -> when its newest entry was written, by a clock that was believed.
    :param leaps: controller -> from when its clock leapt last, and how far.
    :param ahead: controller -> until when a clock went that leapt, and was then set right.
    :param days: controller -> days of which there are entries.
    :param epochs: controller -> epochs of which there are entries.
    :param restored: controller -> where a restore was declared by which an epoch began, and when.
    :param resumed: controller -> where one was after which everything lost was put back, and when.
    :param lost: the counts before which the hotel says that it had lost the list.
    :param steps: controller and index -> the entries at that place of each epoch, in order.
    :param taken: how many lines of a table a step has explained.
    """

    counted: dict[Place, list[Entry]] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)
    leaps: dict[str, tuple[str, timedelta]] = field(default_factory=dict)
    ahead: dict[str, str] = field(default_factory=dict)
    days: dict[str, set[str]] = field(default_factory=dict)
    epochs: dict[str, set[int]] = field(default_factory=dict)
    restored: dict[str, list[tuple[tuple[int, int], str]]] = field(default_factory=dict)
    resumed: dict[str, list[tuple[tuple[int, int], str]]] = field(default_factory=dict)
    lost: set[tuple[Place, int, int]] = field(default_factory=set)
    steps: dict[tuple[str, int], list[Entry]] = field(default_factory=dict)
    taken: dict[tuple[str, int, int, str], int] = field(default_factory=dict)

    def note(self, entry: Entry) -> None:
        """Keep what an entry says of counts."""
        controller, at = entry["controller"], entry["at"]
        self.end(entry)
        self.days.setdefault(controller, set()).add(at[:10])
        self.epochs.setdefault(controller, set()).add(entry["epoch"])
        action = entry["action"]
        if action == "epoch-opened" and entry["epoch"] > 0 and entry["index"] == 0:
            self.restored.setdefault(controller, []).append((where(entry), at))
        elif action == "journal-continued":
            self.resumed.setdefault(controller, []).append((where(entry), at))
        if action not in ("register-counted", "register-missed"):
            return
        place = (controller, str(entry["facts"].get("property", "")), str(entry["grounds"][0]))
        if action == "register-counted":
            self.counted.setdefault(place, []).append(entry)
        elif "list-lost" in entry["grounds"] and place in self.counted:
            self.lost.add((place, *where(self.counted[place][-1])))

    def end(self, entry: Entry) -> None:
        """Note until when a journal goes; a leap that it says was set right is none of its time."""
        controller, at = entry["controller"], entry["at"]
        before: str = self.ends.get(controller, "") or at
        passed = when(entry) - datetime.fromisoformat(before)
        if at >= before:
            if passed > LEAP:
                self.leaps[controller] = before, passed
            self.ends[controller] = at
        elif entry["action"] in CLOCK and controller in self.leaps:
            start, far = self.leaps[controller]
            if -passed <= far:
                # Set back by no more than it leapt: the days that were lived through still count.
                self.ahead[controller], self.ends[controller] = before, max(start, at)
                del self.leaps[controller]

    def called(self, entry: Entry) -> str:
        """Return how an entry is called: by its epoch too where several are here."""
        several = len(self.epochs[entry["controller"]]) > 1
        return f"entry {entry['index']}" + (f" of epoch {entry['epoch']}" if several else "")

    def others(self, place: Place) -> list[tuple[Place, Entry]]:
        """Return the counts of a register for which another controller answered."""
        return [
            (other, entry)
            for other, entries in self.counted.items()
            if other[1:] == place[1:] and other != place
            for entry in entries
        ]

    def before(self, place: Place, number: int) -> tuple[Place, Entry] | None:
        """Return the count that one names as the one before, and whose it is.

        After a restore that is an older one, and after a change of controllers another's.
        """
        entries = self.counted[place]
        root, at = entries[number]["marks"].get("previous"), entries[number]["at"]
        last = entries[number - 1] if number else None
        if root is None or (last is not None and last["marks"]["root"] == root):
            return None if root is None or last is None else (place, last)
        since = last["at"] if last is not None else ""
        away = [(other, one) for other, one in self.others(place) if since <= one["at"] <= at]
        mine = [(place, one) for one in entries[:number]]
        known = [*mine, *sorted(away, key=lambda item: at_of(item[1]))]
        return next((item for item in reversed(known) if item[1]["marks"]["root"] == root), None)

    def leads(self, place: Place, number: int) -> bool:
        """Tell whether what others counted leads from a count back to the last of its own."""
        last, spot = self.counted[place][number - 1], self.before(place, number)
        # No more steps than there are counts: what is forged may lead in a ring.
        for _ in range(sum(map(len, self.counted.values()))):
            if spot is None or spot[0] == place:
                break
            spot = self.before(spot[0], self.counted[spot[0]].index(spot[1]))
        return spot is not None and spot[1] is last

    def restore(self, place: Place, number: int, resumed: bool = False) -> str:
        """Return when a restore was declared between a count and the last one, or nothing.

        :param resumed: whether it may be one after which all entries were put back: the lists were
            not, and everything else is as if nothing had happened.
        """
        entries = self.counted[place]
        last = where(entries[number - 1]) if number else (0, 0)
        declared = [*self.restored.get(place[0], ())]
        declared += self.resumed.get(place[0], ()) if resumed else ()
        return next((at for spot, at in declared if last < spot < where(entries[number])), "")

    def spans(self, place: Place, number: int, before: tuple[Place, Entry]) -> list[Span]:
        """Return when a step was that took a line between a count and the one before it.

        A restored database has counts up to its copy alone: which of several with one root was the
        last of them nobody knows, but none that it had was followed by another before the step.
        """
        entries, restore = self.counted[place], self.restore(place, number)
        same = [before[1]] if not restore else [
            one for one in self.counted[before[0]]
            if one["marks"]["root"] == before[1]["marks"]["root"] and one["at"] <= before[1]["at"]
        ]
        # A count under way may still have seen a line that a step took; none that left days before.
        if not restore or before[0] != place:
            return [Span(day_before(one)) for one in same]
        opened = (entries[number]["epoch"], 0)
        behind = (entries[entries.index(one) + 1] for one in same)
        return [
            Span(day_before(one), min(where(next_), opened), opened)
            for one, next_ in zip(same, behind, strict=True)
        ]

    def took(self, gone: dict[str, Any], here: Place, spans: list[Span], entry: Entry) -> bool:
        """Tell whether a step took a line; it explains no more of them than it took."""
        for step in self.steps.get((here[0], gone["index"]), ()):
            key = (here[0], *where(step), here[2])
            own = here[0] == entry["controller"]
            earlier = where(step) < where(entry) if own else step["at"] <= entry["at"]
            if (
                step["action"] == gone["action"]
                and earlier
                and any(span.has(step) for span in spans)
                and self.taken.get(key, 0) < step["counts"].get(here[2], 0)
            ):
                self.taken[key] = self.taken.get(key, 0) + 1
                return True
        return False


def where(entry: Entry) -> tuple[int, int]:
    return entry["epoch"], entry["index"]


def at_of(entry: Entry) -> str:
    return str(entry["at"])


def when(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry["at"])


def day_before(entry: Entry) -> datetime:
    """Return the moment a day before an entry; whoever forges one may date it in the year 1."""
    at = when(entry)
    return at - min(DAY, at - datetime.min.replace(tzinfo=UTC))


def entries_of(files: Iterable[Path]) -> Iterator[Entry]:
    """Yield the entries of exported journals, one at a time; who read them said what is wrong."""
    for path in files:
        for _, line in lines_of(path):
            value = json.loads(line)
            if value["format"] == ENTRY:
                yield value


def read_book(files: Iterable[Path], lists: Lists) -> Book:
    """Return what the journals say of counts, and the entries that lists name as steps."""
    named = {gone["index"] for group in lists.values() for one in group for gone in one["gone"]}
    book = Book()
    for entry in entries_of(files):
        book.note(entry)
        if entry["index"] in named and entry["action"] in TAKING:
            book.steps.setdefault((entry["controller"], entry["index"]), []).append(entry)
    for several in (*book.counted.values(), *book.steps.values()):
        several.sort(key=where)
    return book


def unseen(inputs: Inputs, controller: str) -> list[tuple[str, str]]:
    """Return from when until when entries of a journal were written that are not here.

    Of an epoch that a restore ended the world has seen other entries than the hotel has: one
    export shows these, another shows those. What is here as it is quoted was not lost.
    """
    found = []
    for here in inputs.epochs(controller):
        if here.pruned:
            found.append(("", inputs.begins(here)))
        for quote in here.opening():
            before = inputs.journals.get((controller, quote.epoch))
            kept = before is not None and inputs.kept(quote)
            start = before.reached.get(quote.size, "") if before is not None and kept else ""
            found.append((start, quote.at))
    return found


def check_counts(report: Report, lists: Lists, book: Book, inputs: Inputs) -> None:
    """Follow each register from count to count."""
    used: set[tuple[str, ...]] = set()
    bare: dict[Place, list[Entry]] = {}
    for place, entries in sorted(book.counted.items()):
        rows = entries[-1]["counts"]["rows"]
        report.says.append(f"{'/'.join(place)}: {len(entries)} counts, {rows} rows")
        for number, entry in enumerate(entries):
            check_night(report, place, number, book)
            check_list(report, (place, number), book, lists, inputs)
            used.add(list_of(place, entry))
            if list_of(place, entry) not in lists:
                bare.setdefault(place, []).append(entry)
        check_silence(report, place, book)
    for key in sorted(lists.keys() - used):
        for one in lists[key]:
            alone = bare.get((key[0], key[1], key[2]), [])
            check_unknown(report, one, alone, book, unseen(inputs, key[0]))


def check_unknown(
    report: Report,
    one: dict[str, Any],
    bare: list[Entry],
    book: Book,
    gaps: list[tuple[str, str]],
) -> None:
    """Say of a list whose entry is not here whether it should be.

    :param bare: the counts of its register whose lists are not here, of which it may be one.
    :param gaps: from when until when entries were written that are not here.
    """
    name = f"{one['controller']}/{one['property']}/{one['table']} {one['night']}"
    end = book.ends.get(one["controller"])
    if end is None:
        report.add("list", None, f"{name}: whether it was counted so. For that, give the journal "
                   "of its controller with --journal.")
        return
    # A night is a day at the property, entries are dated in UTC.
    night = datetime.fromisoformat(one["night"]).date()
    # Nobody knows from when on an entry is missing whose epoch is not here.
    until = max((end for start, end in gaps if within(night, start, end)), default="")
    other = any(
        abs(when(entry).date() - night) <= DAY
        and (entry["marks"]["root"] != one["previous"] or when(entry).date() >= night)
        for entry in bare
    )
    if datetime.fromisoformat(end).date() - night <= DAY and not other:
        report.add("list", None, f"{name}: whether it was counted so: the journal here ends on "
                   f"{end}. Give a newer one.")
    elif until:
        report.add("list", None, f"{name}: whether it was counted so: not all entries until "
                   f"{until} are here. Give those, if they are not lost or taken out.")
    else:
        report.add("list", False, f"{name}: NO entry of the journal is about this list.")


def within(night: date, start: str, end: str) -> bool:
    """Tell whether a night may lie between two times, of which the first may be unknown."""
    from_ = datetime.fromisoformat(start).date() if start else date.min
    return from_ - night <= DAY and night - datetime.fromisoformat(end).date() <= DAY


def chained(place: Place, number: int, book: Book) -> bool | None:
    """Tell whether a count follows the one it has to, or None where that is not here."""
    entries, restore = book.counted[place], book.restore(place, number)
    before = book.before(place, number)
    if entries[number]["marks"].get("previous") is None:
        return number == 0 or bool(restore)
    if before is None:
        return None if number == 0 or restore else False
    if before[0] != place:
        return not number or bool(restore) or book.leads(place, number)
    return bool(restore) or before[1] is entries[number - 1]


def check_night(report: Report, place: Place, number: int, book: Book) -> None:
    """Compare the entry of a count with that of the one before, which it quotes."""
    title, entry = "/".join(place), book.counted[place][number]
    counts, previous = entry["counts"], entry["marks"].get("previous")
    before, restore = book.before(place, number), book.restore(place, number, resumed=True)
    follows, called = chained(place, number, book), book.called(entry)
    if follows is None:
        report.add("chain", None, f"{title}: what was counted before {called}; it is not "
                   "in this journal. If another controller answered for it, give that too.")
    elif not follows:
        report.add("chain", False, f"{title}: {called} does NOT follow the count "
                   "before it. If another controller answered for it meanwhile, give that too.")
    elif previous is None and not number:
        earlier = {other[0] for other, one in book.others(place) if one["at"] < entry["at"]}
        for name in sorted(earlier):
            report.add("chain", None, f"{title}: whether it is the register that {name} counted "
                       f"before; {called} begins anew, and follows none of its.")
    rows = before[1]["counts"]["rows"] if before is not None else 0
    added = rows + counts["arrived"] - counts["departed"] - counts["missed"]
    if (before is not None or previous is None) and added != counts["rows"]:
        report.add("sums", False, f"{title}: the lines that arrived and left before "
                   f"{called} do NOT make {counts['rows']} of {rows}.")
    missed = counts["missed"] + counts.get("altered", 0)
    lost = (place, *where(entry)) in book.lost
    if lost and restore:
        report.add("missed", None, f"{title}: which lines left before {entry['at']}; the hotel "
                   f"declared on {restore} that its database was restored, and had no list of the "
                   f"count before any more. By numbers, {missed} are missing.")
    elif lost:
        report.add("missed", False, f"{title}: the list of the count before {entry['at']} was LOST "
                   f"or exchanged, says the hotel itself; by numbers, {missed} lines are missing.")
    elif missed:
        report.add("missed", False, f"{title}: {missed} lines VANISHED or were exchanged without "
                   f"a lawful step before {entry['at']}, says the hotel itself.")


def nearest(lists: Lists, place: Place, entry: Entry) -> dict[str, Any] | None:
    """Return the list of an entry; of several that are the same, that of the nearest night."""
    day = when(entry).date()
    found = lists.get(list_of(place, entry), ())
    return min(
        found, default=None, key=lambda one: abs(datetime.fromisoformat(one["night"]).date() - day)
    )


def ordered(
    before: dict[str, Any], now: dict[str, Any], last: Entry, entry: Entry
) -> bool:
    """Tell whether nights follow each other as the counts do, whose clock may have run back."""
    return bool(before["night"] <= now["night"] or last["at"] > entry["at"])


def check_list(
    report: Report, count: tuple[Place, int], book: Book, lists: Lists, inputs: Inputs
) -> None:
    """Compare the list of a count with that of the one before."""
    place, number = count
    entry = book.counted[place][number]
    now, before = nearest(lists, place, entry), book.before(place, number)
    old = nearest(lists, *before) if before is not None else None
    title = f"{'/'.join(place)} {entry['at'][:10]}"
    if now is None:
        report.add("list", None, f"{title}: which lines there were; the list is not here.")
    elif not within(date.fromisoformat(now["night"]), entry["at"], entry["at"]):
        report.add("list", False, f"{title}: the list says that it is of {now['night']}.")
    elif old is not None and before is not None and not ordered(old, now, before[1], entry):
        report.add("list", False, f"{title}: the list says that it is of {now['night']}, and the "
                   f"one before it of {old['night']}.")
    elif now["count"] != entry["counts"]["rows"]:
        report.add("list", False, f"{title}: the list has {now['count']} lines, NOT "
                   f"{entry['counts']['rows']} as the journal says.")
    elif old is None or before is None:
        if number:
            report.add("list", None, f"{title}: which lines left; the list before is not here.")
    elif (place, *where(entry)) not in book.lost:
        follow(report, title, old, now, entry)
        explain(report, title, now, book, (place, number, before, inputs))
    check_forked(report, title, now, lists, book, count)


def check_forked(
    report: Report,
    title: str,
    now: dict[str, Any] | None,
    lists: Lists,
    book: Book,
    count: tuple[Place, int],
) -> None:
    """Say how many lines were counted after a backup that was restored, and are not here now."""
    place, number = count
    before, restore = book.before(place, number), book.restore(place, number)
    last = book.counted[place][number - 1] if number else None
    if not restore or last is None or (before is not None and before[1] is last):
        return
    seen, old = nearest(lists, place, last), nearest(lists, *before) if before else None
    if now is None or seen is None or seen["label"] != now["label"]:
        report.add("lost", None, f"{title}: which of {last['counts']['rows']} lines are LOST that "
                   f"were counted on {last['at'][:10]}: the hotel declared on {restore} that its "
                   "database was restored, and their lists cannot be compared.")
        return
    known = set(now["marks"]) | set(old["marks"] if old is not None else ())
    gone = set(seen["marks"]) - known
    if gone:
        report.add("lost", None, f"{title}: what {len(gone)} lines said that were counted on "
                   f"{last['at'][:10]}: they are LOST. The hotel declared on {restore} that its "
                   "database was restored.")


def follow(
    report: Report, title: str, before: dict[str, Any], now: dict[str, Any], entry: Entry
) -> None:
    """Compare two lists that follow each other with what the later one says left."""
    old, new = set(before["marks"]), set(now["marks"])
    named = {gone["mark"] for gone in now["gone"]}
    if before["label"] != now["label"]:
        # The key of the marks changed: only who is named as gone, and the sum, can be compared.
        new_rows = entry["counts"]["arrived"]
        fits = named <= old and len(old) - len(named) + new_rows == len(new)
        report.add("follows", fits, f"{title}: lines before, those that left and new ones add up; "
                   "the key of the marks changed, so that single lines cannot be followed.",
                   f"{title}: lines before, those that left and new ones do NOT add up.")
        return
    for mark in sorted((old - new) - named):
        report.add("vanished", False, f"{title}: line {mark} VANISHED, and its list "
                   "does not say so.")
    for mark in sorted(named - (old - new)):
        report.add("vanished", False, f"{title}: line {mark} did NOT leave, as the list says.")
    report.add("arrived", len(new - old) == entry["counts"]["arrived"],
               f"{title}: {len(new - old)} lines are new, as the journal says.",
               f"{title}: {len(new - old)} lines are new, NOT {entry['counts']['arrived']}.")


def absent(
    inputs: Inputs, controller: str, index: int, since: datetime, entry: Entry
) -> bool:
    """Tell whether an entry of a number, written before a count, may be one that is not here."""
    own = controller == entry["controller"]
    return any(
        here.pruned > index or (here.opening() and here.since <= entry["at"])
        for here in inputs.epochs(controller)
        if datetime.fromisoformat(inputs.begins(here)) >= since
        if not own or here.epoch <= entry["epoch"]
    )


def explain(
    report: Report,
    title: str,
    now: dict[str, Any],
    book: Book,
    count: tuple[Place, int, tuple[Place, Entry], Inputs],
) -> None:
    """Ask the journal about each line that left: its step is there, and took as many."""
    place, number, before, inputs = count
    entry, restore = book.counted[place][number], book.restore(place, number)
    spots = list(dict.fromkeys([place, before[0]]))
    spans = book.spans(place, number, before)
    lawful = 0
    for gone in now["gone"]:
        if not gone["action"]:
            report.add("vanished", False, f"{title}: line {gone['mark']} VANISHED without a lawful "
                       "step.")
            continue
        lawful += 1
        if any(book.took(gone, spot, spans, entry) for spot in spots):
            continue
        told = not restore and not any(
            absent(inputs, spot[0], gone["index"], day_before(before[1]), entry)
            for spot in spots
        )
        if gone["action"] not in TAKING or told:
            report.add("vanished", False, f"{title}: line {gone['mark']} VANISHED: entry "
                       f"{gone['index']} of the journal did not take it.")
        else:
            report.add("vanished", None, f"{title}: what took line {gone['mark']}: entry "
                       f"{gone['index']} is not here as its list names it, and not all entries of "
                       "that time are here.")
    counts = entry["counts"]
    report.add("departed", (lawful, len(now["gone"]) - lawful)
               == (counts["departed"], counts["missed"]),
               f"{title}: {lawful} lines left by steps that the journal has.",
               f"{title}: as many lines left or are missed as the journal does NOT say.")


def check_between(report: Report, title: str, counts: list[Entry], days: set[str]) -> None:
    """Say between which counts a journal went on for days; others' counts count as well."""
    for one, next_ in pairwise(counts):
        passed = (when(next_) - when(one)).days > SILENT_DAYS
        until, since = next_["at"][:10], when(one).date()
        if passed and any(
            day < until and (date.fromisoformat(day) - since).days > SILENT_DAYS for day in days
        ):
            report.add("silence", None, f"{title}: what came and went from {one['at']} to "
                       f"{next_['at']}: it was not counted, though the journal went on.")


def check_moved(
    report: Report, title: str, since: list[Entry], book: Book, ahead: str
) -> None:
    """Say where the journal of whoever took a register over ends before that of who had it."""
    name, end = max(
        ((one["controller"], book.ends[one["controller"]]) for one in since), key=lambda it: it[1]
    )
    if (datetime.fromisoformat(ahead) - datetime.fromisoformat(end)).days > SILENT_DAYS:
        report.add("silence", None, f"{title}: whether it was counted since {end}: {name} answers "
                   "for it now, and its journal ends there. Give a newer one.")


def check_silence(report: Report, place: Place, book: Book) -> None:
    """Say how long a register was not counted, though its journal went on."""
    title, entries, end = "/".join(place), book.counted[place], book.ends[place[0]]
    others = [entry for _, entry in book.others(place)]
    for one, next_ in pairwise(entries):
        away = [other for other in others if one["at"] <= other["at"] <= next_["at"]]
        check_between(report, title, [one, *sorted(away, key=at_of), next_], book.days[place[0]])
    last = entries[-1]
    since = [other for other in others if other["at"] >= last["at"]]
    moved = any(other["marks"].get("previous") == last["marks"]["root"] for other in since)
    ahead = max(book.ahead.get(place[0], end), end)
    if moved:
        check_moved(report, title, since, book, ahead)
        return
    if (datetime.fromisoformat(ahead) - when(last)).days <= SILENT_DAYS:
        return
    if (datetime.fromisoformat(end) - when(last)).days <= SILENT_DAYS:
        report.add("silence", None, f"{title}: whether it was counted until {ahead}, where the "
                   "journal went on: it says that a clock which leapt there was set right.")
    else:
        report.add("silence", False, f"{title}: NOT counted since {last['at']}, though the journal "
                   f"goes on until {end}. If another controller answers for it now, give the "
                   "journal of that too.")


@dataclass
class Early:
    """Entries dated ahead of today.

    :param first: the first of them.
    :param ended: whether something ended by one.
    :param right: whether the journal says later that the clock was in doubt.
    """

    first: Entry
    ended: bool = False
    right: bool = False


def check_clock(report: Report, files: Iterable[Path]) -> None:
    """Say where the clock of the journal leapt, ran back, or is ahead of this one."""
    before: dict[str, dict[str, Any]] = {}
    early: dict[str, Early] = {}
    now = datetime.now(UTC)
    for entry in entries_of(files):
        controller, at = entry["controller"], when(entry)
        name, last = f"{controller}/{entry['epoch']}", before.get(controller)
        before[controller] = entry
        if at - now > LEAP:
            one = early.setdefault(controller, Early(entry))
            # While a clock is in doubt nothing ends by it.
            one.ended, one.right = one.ended or entry["action"] in TAKING, False
        elif entry["action"] in CLOCK and controller in early:
            early[controller].right = True
        if last is None or entry["action"] in CLOCK:
            continue
        if when(last) - at > BACK:
            report.add("clock", None, f"{name}: why the clock ran back at entry {entry['index']}, "
                       f"from {last['at']} to {entry['at']}.")
        elif at - when(last) > LEAP:
            report.add("clock", None, f"{name}: whether time passed before entry "
                       f"{entry['index']}: nothing was written from {last['at']} to {entry['at']}.")
    for controller, one in early.items():
        name = f"{controller}/{one.first['epoch']}"
        said = f"entry {one.first['index']} is dated {one.first['at']}, which is"
        report.add("clock", None if one.right and not one.ended else False,
                   f"{name}: why {said} ahead of today; the journal says that the clock was in "
                   "doubt, and nothing ended meanwhile.", f"{name}: {said} AHEAD of today.")


# Boxes


def wrapping_key(keys: Path, label: str) -> bytes:
    """Return the key of a label from a copy of the key folder."""
    if not label.replace(":", "").replace("-", "").replace("_", "").isalnum():
        raise ValueError("not a label")
    value = json.loads((keys / f"key-{label.replace(':', '-', 1)}.json").read_bytes())
    root = str(value["root"])
    if value["name"] != label or not root.isalnum():
        raise ValueError("another key")
    aad = canonical({"format": KEY, "name": label, "root": root})
    secret = (keys / f"root-{root}.key").read_bytes()
    nonce, wrapped = unhex(value["nonce"]), unhex(value["wrapped"])
    return AESGCM(secret).decrypt(nonce, wrapped, aad)


def open_box(box: dict[str, Any], keys: Path) -> bytes:
    key = wrapping_key(keys, box["label"])
    wrapped, payload = (unbase64(box[name]) for name in ("wrapped", "payload"))
    bound = canonical({"box": box["id"], "label": box["label"]})
    data_key = AESGCM(key).decrypt(wrapped[:12], wrapped[12:], bound)
    bound = canonical({"box": box["id"], "controller": box["controller"], "format": BOX})
    padded = AESGCM(data_key).decrypt(payload[:12], payload[12:], bound)
    length = int.from_bytes(padded[1:5], "big")
    data = padded[5 : 5 + length]
    return zlib.decompress(data) if padded[0] == 1 else data


def boxes_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of boxes one at a time, numbered."""
    with opened(path) as lines:
        for number, line in enumerate(lines, 1):
            yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


def check_boxes(place: Path, given: argparse.Namespace) -> Report:
    report = Report()
    path = place / "boxes.jsonl" if is_folder(place) else place
    keys = Path(given.keys) if given.keys else path.parent / "keys"
    seen = False
    # Boxes with scans may be larger than any memory.
    for number, line in boxes_of(path):
        try:
            box = json.loads(line.decode())
            if box["format"] != BOX:
                raise ValueError("another format")
            title = f"{box['id']} ({box['purpose']}, last day {box['last_day']}, {box['label']})"
        except BROKEN:
            raise UseError(f"Line {number} of {path} is not a box.") from None
        if given.id and box["id"] != given.id:
            continue
        seen = True
        try:
            payload = open_box(box, keys)
        except FileNotFoundError:
            # What the key is called after is sealed in with it; the day beside it is not.
            last = max(str(box["last_day"]), box["label"].partition("day:")[2])
            over = last < datetime.now(UTC).date().isoformat()
            report.add("box", None, f"What is in {title}: its key is not in {keys}. " + (
                "After its last day that is as it should be." if over else
                "Its last day is not over: another copy of the keys may have it, or it was "
                "destroyed early."))
            continue
        except OSError as problem:
            raise UseError(f"{keys} cannot be read: {problem.strerror}.") from None
        except (*BROKEN, InvalidTag, zlib.error):
            report.add("box", False, f"{title} does NOT open: box or key is not as it was.")
            continue
        report.add("box", True, f"{title} opens.")
        if given.id or given.all:
            report.says += contents(box["id"], payload)
    if given.id and not seen:
        raise UseError(f"There is no box {given.id} in {path}.")
    return report


def contents(box_id: str, payload: bytes) -> list[str]:
    """Return what a box holds: row images a line per row, anything else as it is."""
    try:
        value = json.loads(payload)
        if value["format"] == STRIPS:
            return strips(box_id, value)
        if value["format"] not in IMAGES:
            raise ValueError("something else")
        lines = [f"{box_id}: {len(value['rows'])} rows of {value['dialect']} {value['version']}"]
        for row in value["rows"]:
            key = ", ".join(f"{cell['name']}={shown(cell)}" for cell in row["key"])
            lines.append(f"  {row['table']} [{key}] {row['change']}")
            lines += [f"    {c['name']} ({c['type']}): {shown(c)}" for c in row["columns"]]
        return lines
    except BROKEN:
        return [f"{box_id}: {payload.decode('utf-8', 'backslashreplace')}"]


def strips(box_id: str, value: dict[str, Any]) -> list[str]:
    """Return what a box of the third version holds, where names and types are said once."""
    lines = []
    for strip in value["strips"]:
        names = [*strip["columns"], *strip["key"]]
        first = len(strip["columns"])
        for _, *cells in strip["rows"]:
            told = [
                (name, type_, shown(as_cell(item)))
                for (name, type_), item in zip(names, cells, strict=False)
            ]
            key = ", ".join(f"{name}={text}" for name, _, text in told[first:])
            lines.append(f"  {strip['table']} [{key}] {strip['change']}")
            lines += [f"    {name} ({type_}): {text}" for name, type_, text in told[:first]]
    rows = sum(len(strip["rows"]) for strip in value["strips"])
    return [f"{box_id}: {rows} rows of {value['dialect']} {value['version']}", *lines]


def as_cell(item: object) -> dict[str, str]:
    """Return a value of a strip as the older versions wrote it."""
    if item is None:
        return {"form": "null", "value": ""}
    if isinstance(item, list):
        form, text = item
        return {"form": form, "value": text}
    return {"form": "text" if isinstance(item, str) else "int", "value": str(item)}


def shown(cell: dict[str, str]) -> str:
    if cell["form"] == "null":
        return "NULL"
    if cell["form"] == "real-hex":
        return repr(float.fromhex(cell["value"]))
    return ("hex:" if cell["form"] == "hex" else "") + cell["value"]


# The command


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    text = __doc__ or ""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="+", help="files; or a folder; or the word box and a folder")
    for name, text in (
        ("--key", "public key from elsewhere"),
        ("--checkpoint", "checkpoints that were kept elsewhere"),
        ("--journal", "exported journal that a certificate or checkpoint is compared with"),
        ("--proof", "consistency proof between two sizes of a journal"),
        ("--witness", "key of a witness whose cosignature is expected"),
    ):
        parser.add_argument(name, action="append", default=[], help=f"{text}; may be repeated")
    parser.add_argument("--keys", help="copy of the key folder; keys/ beside the boxes by default")
    parser.add_argument("--id", help="show what this box holds")
    parser.add_argument("--all", action="store_true", help="show what every box holds")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    given = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        report = work(given)
    except UseError as problem:
        print(f"{problem} See --help.", file=sys.stderr)
        return 2
    try:
        (print_json if given.json else print_words)(report)
        sys.stdout.flush()
    except OSError as problem:
        # What is still to be written would be tried again at the end, and fail in a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"The answer cannot be written: {problem.strerror}.", file=sys.stderr)
        return 2
    return 1 if report.wrong() else 0


def work(given: argparse.Namespace) -> Report:
    check = KINDS.get(given.what[0])
    if check is not None:
        if len(given.what) != 2:
            raise UseError(f"Name one place after the word {given.what[0]}.")
        return check(Path(given.what[1]), given)
    paths = [Path(name) for name in given.what]
    if len(paths) > 1 or is_folder(paths[0]):
        return check_journal(paths, given)
    with opened(paths[0]) as file:
        start = file.readline(LARGEST).removeprefix(codecs.BOM_UTF8)
    try:
        value = json.loads(start)
        journal = value["format"] in (ENTRY, PRUNED)
    except BROKEN:
        journal = False
    if start.startswith(b"guesterase/") or paths[0].suffix == ".checkpoints":
        return check_checkpoints(paths[0], given)
    return check_journal(paths, given) if journal else check_document(paths[0], given)


def check_document(path: Path, given: argparse.Namespace) -> Report:
    if path.stat().st_size > LARGEST:
        raise UseError(f"{path} is neither a journal nor a certificate.")
    try:
        text = read(path)
        value = json.loads(text)
        kind = value["format"]
        checks = {SCAN: check_scan, **dict.fromkeys(CERTIFICATES, check_certificate)}
        check = checks[kind]
    except BROKEN:
        raise UseError(f"{path} is nothing that can be checked here.") from None
    report = check(value, given)
    try:
        unequivocal(text)
    except BROKEN:
        report.add("form", False, "It says something twice, or in numbers that two readers read "
                   "differently: what one of them shows is NOT what another does.")
    return report


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found


unequivocal = json.JSONDecoder(
    parse_float=_refuse, parse_constant=_refuse, parse_int=safe_integer, object_pairs_hook=once
).decode


KINDS: dict[str, Callable[[Path, argparse.Namespace], Report]] = {
    "box": check_boxes,
    "census": check_census,
}
"""What is checked behind a word of its own."""


def print_json(report: Report) -> None:
    result = {"fine": not report.wrong(), "says": report.says, "findings": report.findings}
    print(json.dumps(result, ensure_ascii=True, indent=1))


def print_words(report: Report) -> None:
    def plain(text: str) -> str:
        # What a file says must not steer the terminal it is read on.
        return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)

    for line in report.says:
        print(plain(line))
    heads = {True: "SHOWN", False: "WRONG", None: "CANNOT TELL"}
    for verdict in (False, True, None):
        for item in report.findings:
            if item["shown"] is verdict:
                print(f"{heads[verdict]:<12} {plain(item['text'])}")
    print("Something is wrong." if report.wrong() else "Nothing speaks against it.")


if __name__ == "__main__":
    sys.exit(main())
