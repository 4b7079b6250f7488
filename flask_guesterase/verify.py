"""Check certificates, journals and sealed boxes of flask_guesterase without that package.

One file; it needs Python 3.11 and the package ``cryptography``, and shares no code with the writer.

    python verify.py certificate.json [--key KEY] [--checkpoint FILE] [--journal FILE]
    python verify.py journal.jsonl [--checkpoint FILE] [--key KEY]
    python verify.py census FOLDER --journal FILE [--checkpoint FILE] [--key KEY]
    python verify.py box EXPORT-FOLDER [--id BOX | --all]

KEY is the hotel's public key, from a place that is not the hotel's file: 64 hex digits, base 64, a
C2SP verifier key, or a file with one of these. With ``--json`` the answer is JSON.
Exit code: 0 nothing speaks against it, 1 something is wrong, 2 wrong use or unreadable input.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCAN = "guesterase/scan/v1"
CERTIFICATES = ("guesterase/certificate/v1", "guesterase/certificate/v2")
ENTRY = "guesterase/entry/v1"
BOX = "guesterase/box/v1"
IMAGE = "guesterase/image/v1"
KEY = "guesterase/key/v1"
PROVING = ("check-completed", "subject-erased", "certificate-issued", "level-reached")
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


def roots(leaves: list[bytes], sizes: set[int]) -> dict[int, bytes]:
    """Return the root of the first n leaves, for each n in `sizes`."""
    found = {0: hashlib.sha256().digest()} if 0 in sizes else {}
    stack: list[tuple[int, bytes]] = []
    for count, value in enumerate(leaves, 1):
        stack.append((1, value))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            width, right = stack.pop()
            stack[-1] = (2 * width, pair(stack[-1][1], right))
        if count in sizes:
            whole = stack[-1][1]
            for _, left in reversed(stack[:-1]):
                whole = pair(left, whole)
            found[count] = whole
    return found


# Checkpoints (C2SP tlog-checkpoint in a C2SP signed-note)


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
        self.signatures = signatures.splitlines()

    def signed_by(self, key: bytes) -> bool:
        name = hashlib.sha256(self.origin.encode() + b"\n\x01" + key).digest()[:4]
        for line in self.signatures:
            start = f"\u2014 {self.origin} "
            if line.startswith(start):
                blob = base64.b64decode(line[len(start) :], validate=True)
                spelt = base64.b64encode(blob).decode() == line[len(start) :]
                if blob[:4] == name and spelt:
                    return verifies(key, blob[4:], self.body.encode())
        return False


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
    if len(text) < 256 and Path(text).is_file():
        text = read(Path(text))
    text = text.strip()
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


def read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as problem:
        raise UseError(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise UseError(f"{path} is not a text file.") from None


def read_checkpoints(name: str) -> list[Checkpoint]:
    """Return the checkpoints of a file: one, or several with an empty line between them."""
    try:
        notes = re.split(r"(?<=\n)\n(?=guesterase/)", read(Path(name)))
        return [Checkpoint(note) for note in notes]
    except BROKEN:
        raise UseError(f"{name} does not hold a checkpoint.") from None


# Certificates


def check_certificate(value: dict[str, Any], given: argparse.Namespace) -> Report:
    report = Report()
    try:
        key, signature = unhex(value["public_key"]), unhex(value["signature"])
        signed = canonical({name: item for name, item in value.items() if name != "signature"})
        content = value["content"]
        report.says = summary(content)
        expected = read_key(given.key) if given.key else None
        check_whose(report, key, expected)
        report.add(
            "signature",
            verifies(key, signature, value["format"].encode() + b"\n" + signed),
            "The certificate is as it was signed with this key.",
            "The certificate is NOT as it was signed: something in it was changed.",
        )
        head = check_proof(report, value, key)
        check_outside(report, head, key, given)
    except BROKEN:
        report.add("form", False, "The certificate is incomplete or malformed.")
    report.add(
        "scope",
        None,
        "Whether paper, photos, the police system, booking sites or copies that the hotel did not "
        "declare still hold something. No certificate can show that.",
    )
    return report


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
        check_whose(report, key, read_key(given.key) if given.key else None)
        report.add(
            "signature",
            verifies(key, signature, SCAN.encode() + b"\n" + signed),
            "The answer is as it was signed with this key.",
            "The answer is NOT as it was signed: something in it was changed.",
        )
    except BROKEN:
        report.add("form", False, "The answer is incomplete or malformed.")
    report.add(
        "scope",
        None,
        "What was typed, whether everything was read, and what another guest's own record holds.",
    )
    return report


def check_whose(report: Report, key: bytes, expected: bytes | None) -> None:
    if expected is None:
        report.add(
            "key",
            None,
            f"Whose key this is ({key.hex()}). Compare it with one the hotel published, or give "
            "that with --key.",
        )
        return
    report.add(
        "key",
        key == expected,
        "It is the key you gave.",
        "It is NOT the key you gave: somebody else may have made this.",
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
    same = None if mark is None else mark == computed
    report.add(
        "content",
        same,
        "The entry names the text of this certificate."
        if same
        else "Whether the journal names this very text: its entry does not say.",
        "The entry names ANOTHER text than this certificate's.",
    )


def check_outside(
    report: Report, head: Checkpoint, key: bytes, given: argparse.Namespace
) -> None:
    """Compare with checkpoints that were kept elsewhere, through the journal where needed."""
    if not given.checkpoint:
        report.add(
            "outside",
            None,
            "Whether the hotel shows everybody the same journal. For that, give a checkpoint that "
            "was kept elsewhere with --checkpoint.",
        )
    journals = read_journal(Path(given.journal)) if given.journal else {}
    leaves = [leaf(body) for body, _ in journals.get((head.controller, head.epoch), [])]
    for name in given.checkpoint:
        other = next((c for c in read_checkpoints(name) if c.origin == head.origin), None)
        if other is None:
            report.add("outside", None, f"Anything from {name}: it is of another journal or epoch.")
            continue
        report.add("outside-signature", other.signed_by(key), f"{name} was signed with this key.",
                   f"{name} was NOT signed with this key.")
        if other.size == head.size:
            same = other.root == head.root
        elif max(other.size, head.size) <= len(leaves):
            found = roots(leaves, {other.size, head.size})
            same = found[other.size] == other.root and found[head.size] == head.root
        else:
            report.add("outside", None, f"Whether {name} is of the same journal: it has "
                       f"{other.size} entries, not {head.size}. Give the journal with --journal.")
            continue
        report.add("outside", same, f"{name} is of the same journal.",
                   f"{name} is of ANOTHER journal: two were shown to different people.")


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
        lines.append(f"also another person's: {item['table']}, {item['rows']} rows")
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


# Journals

Journal = dict[tuple[str, int], list[tuple[bytes, dict[str, Any]]]]


def read_journal(path: Path) -> Journal:
    journals: Journal = {}
    for number, line in enumerate(read(path).splitlines(), 1):
        try:
            entry = json.loads(line)
            if entry["format"] != ENTRY:
                raise ValueError("another format")
            journals.setdefault((entry["controller"], entry["epoch"]), []).append(
                (line.encode(), entry)
            )
        except BROKEN:
            raise UseError(f"Line {number} of {path} is not a journal entry.") from None
    return journals


def check_journal(path: Path, given: argparse.Namespace) -> Report:
    report = Report()
    journals = read_journal(path)
    heads = [(name, head) for name in given.checkpoint for head in read_checkpoints(name)]
    for (controller, epoch), items in sorted(journals.items()):
        title = f"guesterase/{controller}/{epoch}"
        report.says.append(f"{title}: {len(items)} entries")
        check_entries(report, title, items)
        mine = [(name, head) for name, head in heads if head.origin == title]
        check_heads(report, title, items, mine, given)
        check_chain(report, title, items[0][1], journals)
    for name, head in heads:
        if (head.controller, head.epoch) not in journals:
            report.add("outside", False, f"{name} is of {head.origin}, which is MISSING here.")
    return report


def check_entries(report: Report, title: str, items: list[tuple[bytes, dict[str, Any]]]) -> None:
    wrong = next(
        (
            place
            for place, (body, entry) in enumerate(items)
            if entry.get("index") != place or safe_canonical(entry) != body
        ),
        None,
    )
    report.add(
        "entries",
        wrong is None,
        f"{title}: no entry is missing between the first and the last.",
        f"{title}: entry {wrong} is MISSING, moved or not as it was written.",
    )


def safe_canonical(value: Any) -> bytes:
    try:
        return canonical(value)
    except BROKEN:
        return b""


def check_heads(
    report: Report,
    title: str,
    items: list[tuple[bytes, dict[str, Any]]],
    heads: list[tuple[str, Checkpoint]],
    given: argparse.Namespace,
) -> None:
    first = items[0][1]
    own = first.get("marks", {}).get("public-key", "")
    key = read_key(given.key) if given.key else bytes.fromhex(own) if len(own) == 64 else b""
    found = roots([leaf(body) for body, _ in items], {head.size for _, head in heads})
    if not heads:
        report.add(
            "outside",
            None,
            f"{title}: whether it was rewritten or cut short. For that, give a checkpoint that was "
            "kept elsewhere with --checkpoint.",
        )
    elif not given.key:
        report.add("key", None, f"{title}: whose key {own} is; the journal itself names it.")
    for name, head in heads:
        report.add("outside-signature", head.signed_by(key), f"{name} was signed with that key.",
                   f"{name} was NOT signed with that key.")
        if head.size > len(items):
            report.add("outside", False, f"{title}: entries are MISSING at the end: {name} has "
                       f"seen {head.size}, here are {len(items)}.")
            continue
        report.add("outside", found[head.size] == head.root,
                   f"{title}: the first {head.size} entries are those that {name} has seen.",
                   f"{title}: the first {head.size} entries are NOT those that {name} has seen.")


def check_chain(
    report: Report, title: str, first: dict[str, Any], journals: Journal
) -> None:
    """Compare what a later epoch quotes of the one before."""
    facts, quoted = first.get("facts", {}), first.get("marks", {}).get("previous-root")
    if quoted is None:
        return
    before = journals.get((first["controller"], facts.get("previous-epoch")), [])
    size = facts.get("previous-size")
    if size is None or size > len(before):
        report.add("epochs", None, f"{title}: whether the epoch before was as it quotes; its "
                   "last entries are not here.")
        return
    found = roots([leaf(body) for body, _ in before], {size})
    report.add("epochs", found.get(size, b"").hex() == quoted,
               f"{title}: it quotes the epoch before as that is.",
               f"{title}: it quotes ANOTHER epoch before than is here.")


# Censuses: lists of marks of the guest register, night after night

CENSUS = "guesterase/census/v1"
TAKING = ("retention-ended", "subject-erased", "subject-erased-again")
SILENT_DAYS = 3
LEAP, BACK = timedelta(hours=36), timedelta(minutes=5)


def check_census(folder: Path, given: argparse.Namespace) -> Report:
    """Compare lists with the journal and night with night, from files alone."""
    if not given.journal:
        raise UseError("Give the exported journal with --journal.")
    report = Report()
    lists = read_lists(report, folder)
    path = Path(given.journal)
    counted, ends, restored = read_counts(path)
    steps = read_steps(path, {(c, g["index"]) for (c, *_), v in lists.items() for g in v["gone"]})
    taken: dict[tuple[str, int, str], int] = {}
    for place, entries in sorted(counted.items()):
        title = "/".join(place)
        report.says.append(f"{title}: {len(entries)} counts, {entries[-1]['counts']['rows']} rows")
        check_nights(report, title, entries, restored.get(place[0], []))
        check_lists(report, place, entries, lists, steps, taken)
        check_silence(report, title, entries, ends[place[0]])
    for key in sorted(lists.keys() - used_lists(counted, lists)):
        report.add("list", False, f"{name_of(key)}: NO entry of the journal is about this list.")
    check_clock(report, path)
    told = check_journal(path, given)
    report.findings += told.findings
    report.add("census-scope", None, "Whether a mark is of a line that ever was, and what was "
               "never counted: a line that came and went between two counts.")
    return report


Lists = dict[tuple[str, ...], dict[str, Any]]


def list_of(place: tuple[str, ...], entry: dict[str, Any]) -> tuple[str, ...]:
    """Return by what the list of an entry is known: place, root and root of the one before."""
    return (*place, entry["marks"]["root"], entry["marks"].get("previous", ""))


def name_of(key: tuple[str, ...]) -> str:
    return "/".join(key[:3])


def read_lists(report: Report, folder: Path) -> Lists:
    """Return the lists of a folder by controller, property, table and root."""
    lists = {}
    for path in sorted(folder.glob("census-*.json")):
        try:
            text = read(path).encode()
            value = json.loads(text)
            marks = [unhex(mark) for mark in value["marks"]]
            leaves = [leaf(mark) for mark in marks]
            root = roots(leaves, {len(leaves)})[len(leaves)].hex()
            fits = (
                value["format"] == CENSUS
                and canonical(value) == text.rstrip(b"\n")
                and all(len(mark) == 16 for mark in marks)
                and marks == sorted(set(marks))
                and value["count"] == len(marks)
                and value["root"] == root
                and len({gone["mark"] for gone in value["gone"]}) == len(value["gone"])
            )
            place = [value[name] for name in ("controller", "property", "table")]
            key = (*place, root, value["previous"])
        except BROKEN:
            fits, key, value = False, ("",) * 5, {}
        if not report.add("list-form", fits, f"{path.name} is whole and has the root it names.",
                          f"{path.name} is NOT as it was written."):
            continue
        lists[key] = value
    if not lists:
        report.add("lists", None, f"Anything about single lines: no list in {folder} is readable.")
    return lists


Counts = dict[tuple[str, str, str], list[dict[str, Any]]]


def entries_of(path: Path) -> Any:
    """Yield the entries of an exported journal, one at a time."""
    try:
        with path.open("rb") as file:
            for line in file:
                try:
                    value = json.loads(line)
                    if value["format"] == ENTRY:
                        yield value
                except BROKEN:
                    continue  # who reads the journal says so
    except OSError as problem:
        raise UseError(f"{path} cannot be read: {problem.strerror}.") from None


def read_counts(path: Path) -> tuple[Counts, dict[str, str], dict[str, list[tuple[int, int]]]]:
    """Return the entries about counts, each journal's last day, and where it was restored."""
    counted: Counts = {}
    ends: dict[str, str] = {}
    restored: dict[str, list[tuple[int, int]]] = {}
    for entry in entries_of(path):
        controller, place = entry["controller"], (entry["epoch"], entry["index"])
        ends[controller] = max(ends.get(controller, ""), entry["at"])
        if entry["action"] in ("epoch-opened", "journal-continued") and place != (0, 0):
            restored.setdefault(controller, []).append(place)
        if entry["action"] == "register-counted":
            key = (controller, str(entry["facts"].get("property", "")), entry["grounds"][0])
            counted.setdefault(key, []).append(entry)
    return counted, ends, restored


def read_steps(path: Path, wanted: set[tuple[str, int]]) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the entries that lists name as the steps that took lines."""
    return {
        (entry["controller"], entry["index"]): entry
        for entry in entries_of(path)
        if (entry["controller"], entry["index"]) in wanted
    }


def check_nights(
    report: Report, title: str, entries: list[dict[str, Any]], restored: list[tuple[int, int]]
) -> None:
    """Follow the entries from night to night: each quotes the root of the one before."""
    seen: list[str] = []
    last = (0, 0)
    for entry in entries:
        at, previous = (entry["epoch"], entry["index"]), entry["marks"].get("previous")
        follows = previous == (seen[-1] if seen else None)
        if not follows and any(last < place < at for place in restored):
            follows = previous is None or previous in seen
        if not seen and previous is not None:
            report.add("chain", None, f"{title}: what was counted before entry {entry['index']}; "
                       "it is not in this journal.")
        elif not follows:
            report.add("chain", False, f"{title}: entry {entry['index']} does NOT follow the count "
                       "before it.")
        missed = entry["counts"]["missed"] + entry["counts"].get("altered", 0)
        if missed:
            report.add("missed", False, f"{title}: {missed} lines VANISHED or were exchanged "
                       f"without a lawful step before {entry['at']}, says the hotel itself.")
        seen.append(entry["marks"]["root"])
        last = at


def check_lists(
    report: Report,
    place: tuple[str, str, str],
    entries: list[dict[str, Any]],
    lists: Lists,
    steps: dict[tuple[str, int], dict[str, Any]],
    taken: dict[tuple[str, int, str], int],
) -> None:
    before: dict[str, Any] | None = None
    first = True
    for entry in entries:
        now = lists.get(list_of(place, entry))
        title = f"{'/'.join(place)} {entry['at'][:10]}"
        if now is None:
            report.add("list", None, f"{title}: which lines there were; the list is not here.")
        elif now["count"] != entry["counts"]["rows"]:
            report.add("list", False, f"{title}: the list has {now['count']} lines, NOT "
                       f"{entry['counts']['rows']} as the journal says.")
        elif not first and before is None:
            report.add("list", None, f"{title}: which lines left; the list before is not here.")
        elif before is not None:
            follow(report, title, before, now, entry)
            explain(report, title, place, now, (steps, taken, entry))
        before, first = now, False


def follow(
    report: Report, title: str, before: dict[str, Any], now: dict[str, Any], entry: dict[str, Any]
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


def explain(
    report: Report,
    title: str,
    place: tuple[str, str, str],
    now: dict[str, Any],
    known: tuple[dict[tuple[str, int], Any], dict[tuple[str, int, str], int], dict[str, Any]],
) -> None:
    """Ask the journal about each line that left: its step is there, and took as many."""
    steps, taken, entry = known
    lawful = 0
    for gone in now["gone"]:
        step = steps.get((place[0], gone["index"]))
        key = (place[0], gone["index"], place[2])
        if not gone["action"]:
            report.add("vanished", False, f"{title}: line {gone['mark']} VANISHED without a lawful "
                       "step.")
            continue
        taken[key] = taken.get(key, 0) + 1
        fits = (
            step is not None
            and step["action"] == gone["action"]
            and gone["action"] in TAKING
            and (step["epoch"], step["index"]) < (entry["epoch"], entry["index"])
            and taken[key] <= step["counts"].get(place[2], 0)
        )
        lawful += 1
        if not fits:
            report.add("vanished", False, f"{title}: line {gone['mark']} VANISHED: entry "
                       f"{gone['index']} of the journal did not take it.")
    counts = entry["counts"]
    report.add("departed", (lawful, len(now["gone"]) - lawful)
               == (counts["departed"], counts["missed"]),
               f"{title}: {lawful} lines left by steps that the journal has.",
               f"{title}: as many lines left or are missed as the journal does NOT say.")


def check_silence(
    report: Report, title: str, entries: list[dict[str, Any]], end: str
) -> None:
    last = entries[-1]["at"]
    days = (datetime.fromisoformat(end) - datetime.fromisoformat(last)).days
    if days > SILENT_DAYS:
        report.add("silence", False, f"{title}: NOT counted since {last}, though the journal goes "
                   f"on until {end}.")


def check_clock(report: Report, path: Path) -> None:
    """Say where the clock of the journal leapt, ran back, or is ahead of this one."""
    before: dict[str, dict[str, Any]] = {}
    now = datetime.now(UTC)
    for entry in entries_of(path):
        name, at = f"{entry['controller']}/{entry['epoch']}", when(entry)
        last = before.get(entry["controller"])
        before[entry["controller"]] = entry
        if at - now > LEAP:
            report.add("clock", False, f"{name}: entry {entry['index']} is dated {entry['at']}, "
                       "which is AHEAD of today.")
            return
        if last is None or entry["action"] in ("clock-doubted", "clock-confirmed"):
            continue
        if at < when(last) - BACK:
            report.add("clock", None, f"{name}: why the clock ran back at entry {entry['index']}, "
                       f"from {last['at']} to {entry['at']}.")
        elif at - when(last) > LEAP:
            report.add("clock", None, f"{name}: whether time passed before entry "
                       f"{entry['index']}: nothing was written from {last['at']} to {entry['at']}.")


def when(entry: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["at"])


def used_lists(
    counted: Counts, lists: Lists
) -> set[tuple[str, ...]]:
    return {
        list_of(place, entry)
        for place, entries in counted.items()
        for entry in entries
        if list_of(place, entry) in lists
    }


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
    nonce, wrapped = bytes.fromhex(value["nonce"]), bytes.fromhex(value["wrapped"])
    return AESGCM(secret).decrypt(nonce, wrapped, aad)


def open_box(box: dict[str, Any], keys: Path) -> bytes:
    key = wrapping_key(keys, box["label"])
    wrapped, payload = (base64.b64decode(box[name]) for name in ("wrapped", "payload"))
    bound = canonical({"box": box["id"], "label": box["label"]})
    data_key = AESGCM(key).decrypt(wrapped[:12], wrapped[12:], bound)
    bound = canonical({"box": box["id"], "controller": box["controller"], "format": BOX})
    padded = AESGCM(data_key).decrypt(payload[:12], payload[12:], bound)
    length = int.from_bytes(padded[1:5], "big")
    data = padded[5 : 5 + length]
    return zlib.decompress(data) if padded[0] == 1 else data


def check_boxes(place: Path, given: argparse.Namespace) -> Report:
    report = Report()
    path = place / "boxes.jsonl" if place.is_dir() else place
    keys = Path(given.keys) if given.keys else path.parent / "keys"
    seen = False
    for number, line in enumerate(read(path).splitlines(), 1):
        try:
            box = json.loads(line)
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
            report.add("box", None, f"What is in {title}: its key is not in {keys}. After its "
                       "last day that is as it should be.")
            continue
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
        if value["format"] != IMAGE:
            raise ValueError("something else")
        lines = [f"{box_id}: {len(value['rows'])} rows of {value['dialect']} {value['version']}"]
        for row in value["rows"]:
            key = ", ".join(f"{cell['name']}={shown(cell)}" for cell in row["key"])
            lines.append(f"  {row['table']} [{key}] {row['change']}")
            lines += [f"    {c['name']} ({c['type']}): {shown(c)}" for c in row["columns"]]
        return lines
    except BROKEN:
        return [f"{box_id}: {payload.decode('utf-8', 'backslashreplace')}"]


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
    parser.add_argument("what", nargs="+", help="a file; or the word box, or census, and a folder")
    parser.add_argument("--key", help="public key from elsewhere")
    parser.add_argument("--checkpoint", action="append", default=[], help="may be repeated")
    parser.add_argument("--journal", help="exported journal, to compare checkpoints of two sizes")
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
    (print_json if given.json else print_words)(report)
    return 1 if report.wrong() else 0


def work(given: argparse.Namespace) -> Report:
    if given.what[0] == "box" and len(given.what) == 2:
        return check_boxes(Path(given.what[1]), given)
    if given.what[0] == "census" and len(given.what) == 2:
        return check_census(Path(given.what[1]), given)
    if len(given.what) != 1:
        raise UseError("Name one file, or the word box, or census, and a folder.")
    path = Path(given.what[0])
    try:
        value = json.loads(read(path))
        certificate = value["format"] in CERTIFICATES
        if value["format"] == SCAN:
            return check_scan(value, given)
    except BROKEN:
        certificate = False
    return check_certificate(value, given) if certificate else check_journal(path, given)


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
