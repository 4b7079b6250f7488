"""Check certificates, journals and sealed boxes of flask_guesterase without that package.

One file; it needs Python 3.11 and the package ``cryptography``, and shares no code with the writer.

    python verify.py certificate.json [--key KEY] [--checkpoint FILE] [--journal FILE]
    python verify.py journal.jsonl [--checkpoint FILE] [--key KEY]
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
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCAN = "guesterase/scan/v1"
CERTIFICATES = ("guesterase/certificate/v1", "guesterase/certificate/v2")
ENTRY = "guesterase/entry/v1"
BOX = "guesterase/box/v1"
IMAGES = ("guesterase/image/v1", "guesterase/image/v2")
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
    parser.add_argument("what", nargs="+", help="a file; or the word box and a folder")
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
    if len(given.what) != 1:
        raise UseError("Name one file, or the word box and a folder.")
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
