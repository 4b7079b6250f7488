"""Our own rows compared with what the journal says of them: what was changed past us shows."""

from __future__ import annotations

from sqlalchemy import Row, select

from ..core.events import CopyConfirmed, ErasureApproved, SigningKeyChanged
from ..core.finding import Finding, Severity
from ..core.lifecycle import State
from ..core.log import read_entry
from . import approvals, binding, brake, copies, keeping, law, pulse, settling, tables
from .blockers import today_at
from .cases import load
from .census import told
from .journal import stamp
from .work import Work

_RUNNING = (State.APPROVED, State.WAITING)
_BATCH = 1000


def findings(work: Work) -> list[Finding]:
    """Return where our own tables are not what the journal says they are.

    :param work: an open transaction; a read-only one is enough.
    """
    found: list[Finding] = []
    for word in (binding.HOLDS, binding.RULES):
        said = binding.newest(work, word)
        if said and binding.root(work, word) not in said:
            found.append(_wrong(word, "", _WHAT[word]))
    found += [_wrong("approvals", number, _WHAT["approvals"]) for number in _forged(work)]
    found += [_wrong("actors", name, _WHAT["actors"]) for name in _unknown_actors(work)]
    found += [_wrong("keys", name, _WHAT["keys"]) for name in _foreign_keys(work)]
    if not _copied(work):
        found.append(_wrong("copy", "", _WHAT["copy"]))
    return found + [_wrong("kept", str(id_), _WHAT["kept"]) for id_ in _kept(work)]


def _foreign_keys(work: Work) -> list[str]:
    """Return the journals that another signing key signs than the one in the key folder."""
    mine, found = work.custodian.public_key().hex(), []
    for name in brake.controllers(work):
        actions = {"epoch-opened", SigningKeyChanged.name}
        newest = next(told.backwards(work, name, actions), None)
        if newest is not None and newest.draft.marks.get("public-key") != mine:
            found.append(name)
    return found


def _copied(work: Work) -> bool:
    """Return whether the journal knows of the two people who confirmed a copy of the keys."""
    known = pulse.look(work.conn, copies.NAME)
    if known is None or known.second is None:
        return True
    return any(
        (entry.draft.actor, entry.draft.at) == (known.second, stamp(known.at))
        for name in brake.controllers(work)
        for entry in told.backwards(work, name, {CopyConfirmed.name})
    )


_WHAT = {
    binding.HOLDS: "Holds and freezes are not those that the journal knows of.",
    binding.RULES: "Lines of the rulebook are not those that the journal knows of.",
    "approvals": "The journal knows of no such approval by two people.",
    "actors": "The journal names a person whose number is not in our tables any more.",
    "keys": "The keys in the folder are not those that sign this journal.",
    "copy": "The journal does not know who confirmed the copy of the keys.",
    "kept": "A kept line, its box or its last day is not as the law and the record have it.",
}


def _wrong(kind: str, place: str, what: str) -> Finding:
    return Finding(
        "records-differ", kind, place, what,
        "Somebody wrote into the database past us: look at who can, and put a backup beside it.",
        Severity.WARN,
    )  # fmt: skip


def _forged(work: Work) -> list[str]:
    table = tables.request
    numbers = work.conn.execute(
        select(table.c.number)
        .where(
            table.c.state.in_([state.value for state in _RUNNING])
        )
        .order_by(table.c.id)
    ).scalars()
    return [number for number in numbers if approvals.standing(work, load(work, number)) is None]


def _unknown_actors(work: Work) -> list[str]:
    """Return numbers of people that approvals name and our table does not have."""
    table = tables.entry
    bodies = work.conn.execute(
        select(table.c.body).where(table.c.action == ErasureApproved.name)
    ).scalars()
    named = {read_entry(body.encode()).draft.actor for body in bodies}
    there = {f"a{n}" for n in work.conn.execute(select(tables.actor.c.number)).scalars()}
    return sorted(name for name in named - there if name.startswith("a"))


def _kept(work: Work) -> list[int]:
    """Return sealed lines whose box is not under the terms that the law gives them today."""
    kept, box = tables.kept, tables.box
    wanted = (
        select(
            kept, box.c.id.label("there"), box.c.label.label("box_label"),
            box.c.last_day.label("box_day"), box.c.forgotten_at,
        )
        .outerjoin(box, box.c.id == kept.c.box)
        .where(kept.c.mode == law.SEALED, kept.c.ended_at.is_(None))
        .order_by(kept.c.id)
        .limit(_BATCH)
    )  # fmt: skip
    found, last = [], 0
    while lines := work.conn.execute(wanted.where(kept.c.id > last)).all():
        last = lines[-1].id
        found += [line.id for line in lines if not _fits(work, line)]
    return found


def _fits(work: Work, line: Row[tuple[object, ...]]) -> bool:
    said = law.bound(work, line)
    verdict = settling.verdict(work, line)
    over = not verdict.kept(today_at(work.settings, work.now, line.property))
    if not said or line.there is None or (line.forgotten_at is not None and not over):
        return False
    if over or line.forgotten_at is not None:
        return True
    terms = keeping.terms_of(work, line.controller, line.property, line.until)
    reason = law.reason(verdict)
    held = line.box_label.startswith("hold:")
    same = line.box_day == terms.last_day and (held or line.box_label == terms.label)
    return same and (line.until or "") >= (reason.until or "")
