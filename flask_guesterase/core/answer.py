"""The reasoned answer to a guest: what went, what stays and why, as values without sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .certificate import BOX
from .log import canonical


@dataclass(frozen=True, order=True)
class Staying:
    """One thing that stays.

    :param until: last day, ``YYYY-MM-DD``, or empty when it is not known yet.
    :param what: retention category, or what the hotel still needs it for.
    :param basis: article that asks for it, or empty.
    """

    until: str
    what: str
    basis: str


@dataclass(frozen=True)
class Answer:
    """What a guest is told when a request is done or refused; neither name, stay nor count.

    :param state: erased, sealed, partial or refused.
    :param went: tables from which something went, by name.
    :param stays: what stays, that without a known day last.
    :param shared: some rows are other people's too.
    :param left: something is left that should be gone.
    :param copy_until: last day of the sealed safety copy, or empty.
    :param reported: lines of the guest register were among it: authorities have them too.
    :param ground: ground of the refusal, or empty.
    :param article: where that ground stands, or empty.
    :param explained: language -> what the article says.
    :param partly: tables whose rows stay without what went from them, among those of ``went``.
    :param kept: tables of which something of the guest stays.
    """

    state: str
    went: tuple[str, ...] = ()
    stays: tuple[Staying, ...] = ()
    shared: bool = False
    left: bool = False
    copy_until: str = ""
    reported: bool = False
    ground: str = ""
    article: str = ""
    explained: Mapping[str, str] | None = None
    partly: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the answer as canonical JSON, for a message that waits."""
        return canonical(json.loads(json.dumps(asdict(self)))).decode()


def read_answer(text: str) -> Answer:
    """Return the answer that JSON holds."""
    value = json.loads(text)
    for name in ("went", "partly", "kept"):
        value[name] = tuple(value.get(name, ()))
    value["stays"] = tuple(Staying(**item) for item in value["stays"])
    return Answer(**value)


def answered(said: Mapping[str, Any], reported: bool) -> Answer:
    """Return the answer that a certificate's content gives.

    :param said: the content as plain values.
    :param reported: lines of the guest register were among what was dealt with.
    """
    return Answer(
        said["state"],
        names(said["went"]),
        staying(said["stays"]),
        bool(said["shared"]),
        bool(said["partial"]),
        said["recovery_until"],
        reported,
        partly=names(item for item in said["went"] if item["action"].startswith("overwritten")),
        kept=names((*(i for i in said["stays"] if i["table"] != BOX), *said["shared"])),
    )


def names(items: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the tables that lines of a certificate or a plan name, each once."""
    return tuple(dict.fromkeys(item["table"] for item in items))


def staying(items: Iterable[Mapping[str, Any]]) -> tuple[Staying, ...]:
    """Return what stays, each reason and day once, the nearest day first.

    :param items: what is kept: category, basis, until.
    """
    found = {Staying(i["until"], i["category"], i["basis"]) for i in items}
    return tuple(sorted(found, key=lambda each: (not each.until, each)))
