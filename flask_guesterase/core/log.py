"""The journal as values: canonical text, and entries that cannot hold personal data."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from .checkpoint import Checkpoint, origin
from .errors import InputError, TamperedError
from .kinds import TEXT, need
from .tree import Frontier, leaf_hash

ENTRY_FORMAT = "guesterase/entry/v1"
PRUNED_FORMAT = "guesterase/pruned/v1"
KEY_CHANGE = "signing-key-changed"
"""Action of the entry by which the old key says which one signs checkpoints from here on."""
_ROOT, _SIZE = "previous-root", "previous-size"
_SAFE_INTEGER = 2**53 - 1


def canonical(value: object) -> bytes:
    """Return a value as RFC 8785 canonical JSON, UTF-8.

    :param value: text, whole numbers up to 2^53-1, booleans, None, lists and mappings with text
        keys. Fractions are refused: their text form differs between writers.
    :raises TypeError: something in the value has no canonical form.
    :raises ValueError: a number is too large, or text holds half of a surrogate pair.
    """
    text = _written(_ordered(value))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("text with half of a surrogate pair has no canonical form") from None


_written = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _ordered(value: object) -> object:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if kind is dict:
        # What is asked of any other mapping takes longer than all the rest.
        return _named(value)  # type: ignore[arg-type]
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise ValueError("numbers beyond 2^53-1 have no canonical form; write them as text")
        return value
    if isinstance(value, (list, tuple)):
        return [each if type(each) is str else _ordered(each) for each in value]
    if isinstance(value, Mapping):
        return _named(value)
    raise TypeError(f"{type(value).__name__} has no canonical form; write it as text")


def _named(value: Mapping[str, object]) -> dict[str, object]:
    try:
        plain = "".join(value).isascii()
    except TypeError:
        raise TypeError("only text can be a name in canonical JSON") from None
    # Plain ASCII sorts by code units anyway, and faster.
    order = None if plain else _code_units
    return {
        name: each if type(each := value[name]) is str else _ordered(each)
        for name in sorted(value, key=order)
    }


def _code_units(name: str) -> bytes:
    return name.encode("utf-16-be", "surrogatepass")


_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ACTION = re.compile(r"[a-z]+(?:-[a-z0-9]+)*")
_ACTOR = re.compile(r"a[1-9][0-9]{0,17}|system|guest|host")
_REQUEST = re.compile(r"(?=[^0-9]*[0-9])[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_WORD = re.compile(r"(?![^\n]*[0-9]{9})[A-Za-z_][A-Za-z0-9_]*(?:[.:$-][A-Za-z0-9_]+)*")
_HEX = re.compile(r"(?:[0-9a-f]{64}){1,2}")


@lru_cache(maxsize=10_000)
def slug(controller: str) -> str:
    """Return a controller's name as a word for origins, unique per name and stable.

    A name that is such a word already stays; any other gets the start of its hash behind it.

    :raises InputError: the name is empty, or no text.
    """
    need(controller, TEXT, "controller=...", InputError)
    if _SLUG.fullmatch(controller) and len(controller) <= 60:
        return controller
    if not controller.strip():
        raise InputError(
            "A controller needs a name.", "Name who answers for the property in its settings."
        )
    plain = unicodedata.normalize("NFKD", controller).encode("ascii", "ignore").decode().lower()
    words = "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-")
    mark = hashlib.sha256(controller.encode("utf-8")).hexdigest()[:10]
    return f"{words}-{mark}" if words else mark


def word(name: str) -> str:
    """Return the name of a table or category in a form an entry accepts.

    Names of the schema, which are nobody's data, may be Chinese or hold blanks: these are
    replaced by ``x`` and the start of their hash.
    """
    if _WORD.fullmatch(name) and len(name) <= 128:
        return name
    return "x" + hashlib.sha256(name.encode("utf-8")).hexdigest()[:8]


@dataclass(frozen=True)
class Draft:
    """One thing that happened, before it has a place in the journal.

    Every field is held to a narrow form, so that a name, an address or a number of a person
    cannot enter by mistake: no blanks, no ``@``, no letters beyond ASCII, no long digits.

    :param controller: slug of the controller.
    :param at: when, ``YYYY-MM-DDTHH:MM:SSZ``.
    :param action: name of the event, for example ``subject-erased``.
    :param actor: opaque number (``a17``), ``system``, ``guest`` or ``host``.
    :param request: number of the request, or None.
    :param counts: word -> whole number, not negative; for example rows per table.
    :param grounds: enumerated words.
    :param marks: word -> keyed hash, signature or root, 64 or 128 hex digits.
    :param facts: word -> enumerated word, ISO day or whole number.
    :raises InputError: a field is not of its form; the value itself is not repeated.
    """

    controller: str
    at: str
    action: str
    actor: str = "system"
    request: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    grounds: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str | int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _hold("controller", self.controller, _SLUG, 80)
        _instant(self.at)
        _hold("action", self.action, _ACTION, 40)
        _hold("actor", self.actor, _ACTOR, 20)
        if self.request is not None:
            _hold("request", self.request, _REQUEST, 20)
        for name, count in self.counts.items():
            _hold("counts", name, _WORD, 128)
            _whole("counts", count)
        for ground in self.grounds:
            _hold("grounds", ground, _WORD, 80)
        for name, mark in self.marks.items():
            _hold("marks", name, _WORD, 40)
            _hold("marks", mark, _HEX, 128)
        for name, fact in self.facts.items():
            _hold("facts", name, _WORD, 40)
            if isinstance(fact, str):
                _hold("facts", fact, _DAY if fact[:1].isdigit() else _WORD, 80)
            else:
                _whole("facts", fact)

    def as_dict(self) -> dict[str, object]:
        """Return the draft as a value with a canonical form."""
        return {
            "action": self.action,
            "actor": self.actor,
            "at": self.at,
            "controller": self.controller,
            "counts": dict(self.counts),
            "facts": dict(self.facts),
            "format": ENTRY_FORMAT,
            "grounds": list(self.grounds),
            "marks": dict(self.marks),
            "request": self.request,
        }


def _refuse(name: str) -> InputError:
    return InputError(
        f"The field '{name}' of a journal entry holds something it may not hold.",
        "Give it enumerated words, numbers or keyed marks; never names, contacts or free text.",
    )


def _hold(name: str, value: object, form: re.Pattern[str], longest: int) -> None:
    if not isinstance(value, str) or len(value) > longest or not form.fullmatch(value):
        raise _refuse(name)


def _whole(name: str, value: object) -> None:
    if type(value) is not int or not 0 <= value <= _SAFE_INTEGER:
        raise _refuse(name)


def _instant(text: object) -> None:
    _hold("at", text, _INSTANT, 20)
    try:
        datetime.fromisoformat(str(text))
    except ValueError:
        raise _refuse("at") from None


@dataclass(frozen=True)
class Entry:
    """One thing that happened, at its place in the journal.

    :param draft: what happened.
    :param epoch: number of the epoch, from 0.
    :param index: place in the tree of that epoch, from 0.
    """

    draft: Draft
    epoch: int
    index: int

    def __post_init__(self) -> None:
        _whole("epoch", self.epoch)
        _whole("index", self.index)

    def body(self) -> bytes:
        """Return the canonical bytes of the entry: what is stored, exported and hashed."""
        return canonical({**self.draft.as_dict(), "epoch": self.epoch, "index": self.index})

    def leaf(self) -> bytes:
        """Return the leaf hash of the entry."""
        return leaf_hash(self.body())


def read_entry(body: bytes) -> Entry:
    """Return the entry that canonical bytes hold.

    :raises TamperedError: they are not an entry, or not in canonical form.
    """
    try:
        value = json.loads(body)
        entry = Entry(_draft(value), value["epoch"], value["index"])
    except _BROKEN:
        raise TamperedError("This is not a journal entry.", _COMPARE) from None
    if entry.body() != body:
        raise TamperedError("This journal entry is not in canonical form.", _COMPARE)
    return entry


def read_draft(body: bytes) -> Draft:
    """Return the draft that canonical bytes of `Draft.as_dict` hold.

    :raises TamperedError: they are not a draft.
    """
    try:
        return _draft(json.loads(body))
    except _BROKEN:
        raise TamperedError("This is not a loose journal entry.", _COMPARE) from None


_BROKEN = (ValueError, TypeError, KeyError, AttributeError, RecursionError, InputError)
_COMPARE = "Compare with an export or a checkpoint kept outside."


def _draft(value: Mapping[str, object]) -> Draft:
    if value["format"] != ENTRY_FORMAT:
        raise ValueError("another format")
    fields = {name: value[name] for name in Draft.__dataclass_fields__}
    fields["grounds"] = tuple(_sequence(fields["grounds"]))
    return Draft(**fields)  # type: ignore[arg-type]  # __post_init__ holds every field to its form


def _sequence(value: object) -> Sequence[str]:
    if not isinstance(value, list):
        raise TypeError("a list is expected")
    return value


def genesis(
    controller: str,
    at: str,
    public_key: bytes,
    previous: Checkpoint | None = None,
    others: Sequence[Checkpoint] = (),
) -> Draft:
    """Return the first entry of an epoch.

    :param controller: slug of the controller.
    :param at: when, ``YYYY-MM-DDTHH:MM:SSZ``.
    :param public_key: the Ed25519 key that signs this epoch's checkpoints, 32 bytes.
    :param previous: the newest checkpoint of the epoch before, when a restored database ended it.
    :param others: the newest one of each earlier epoch that the same restore lost.
    """
    roots, sizes = quoting(others)
    marks = {"public-key": public_key.hex(), **roots}
    facts: dict[str, str | int] = {**sizes}
    if previous is not None:
        marks[_ROOT] = previous.root.hex()
        facts |= {"previous-epoch": previous.epoch, _SIZE: previous.size}
    reason = "start" if previous is None else "restore"
    return Draft(controller, at, "epoch-opened", grounds=(reason,), marks=marks, facts=facts)


def quoting(heads: Sequence[Checkpoint]) -> tuple[dict[str, str], dict[str, int]]:
    """Return marks and numbers by which an entry quotes checkpoints of epochs before.

    :param heads: one of each epoch.
    """
    marks = {f"{_ROOT}-{head.epoch}": head.root.hex() for head in heads}
    return marks, {f"{_SIZE}-{head.epoch}": head.size for head in heads}


def pruned(controller: str, epoch: int, edge: Frontier, public_key: bytes) -> bytes:
    """Return the line of an export that stands instead of the first entries of an epoch.

    :param controller: slug of the controller.
    :param epoch: number of the epoch.
    :param edge: right edge of the tree that the entries left out make.
    :param public_key: the Ed25519 key that signs checkpoints of their number, 32 bytes.
    """
    return canonical({
        "controller": controller,
        "edge": [item.hex() for item in edge.hashes],
        "epoch": epoch,
        "format": PRUNED_FORMAT,
        "public_key": public_key.hex(),
        "size": edge.size,
    })  # fmt: skip


def quoted(entry: Entry) -> tuple[Checkpoint, ...]:
    """Return the checkpoints of epochs before that an entry quotes.

    :param entry: the first one of an epoch, or one that says what was taken out and repeats what
        that had quoted; any other quotes none.
    :return: that of the epoch before, then those of earlier ones.
    """
    draft, controller = entry.draft, entry.draft.controller
    numbers = {**draft.counts, **draft.facts}
    found = []
    for name in sorted(name for name in draft.marks if name.startswith(_ROOT)):
        which = name.removeprefix(_ROOT)
        epoch = int(which[1:]) if which else numbers.get("previous-epoch")
        size = numbers.get(_SIZE + which)
        if isinstance(size, int) and isinstance(epoch, int) and epoch < entry.epoch:
            root = bytes.fromhex(draft.marks[name])
            found.append(Checkpoint(origin(controller, epoch), size, root, draft.at))
    return tuple(found)
