"""The catalogue of tampering: what was done, and what is seen of it from which inputs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from flask_guesterase.core.certificate import Certificate
from flask_guesterase.core.cosignature import witness_key
from tests.tampering import forge
from tests.tampering.forge import (
    WITNESS,
    Hotel,
    anew,
    changed,
    drafts,
    edge_line,
    lie,
    public,
    root,
)

OLD, TAKEN, CUT, ALL = 7, 10, 12, 16
"""Entries that the old checkpoint has seen, are pruned, are left of a cut journal, there were."""
LATER = timedelta(days=6 * 365 + 60)
"""How much later entries are pruned that are old enough for it."""

WRONG = "wrong"
JOURNAL_INPUTS = ("the journal", "+ the key", "+ an old checkpoint", "+ the newest", "+ a witness")
"""Each with the key; of the checkpoints, the one named alone."""

CERTIFICATE_INPUTS = ("the certificate", "+ the key", "+ the newest checkpoint", "+ the journal")
"""Each with all before it."""


@dataclass
class World:
    """What an honest hotel wrote, and what was kept outside of it."""

    folder: Path
    lines: list[str]
    old: str
    newest: str
    certificate: Certificate
    backup: Path
    key: bytes


@dataclass
class Shown:
    """What somebody is shown: by default what the honest hotel shows."""

    lines: list[str]
    old: str
    newest: str
    key: bytes
    certificate: str
    witnessed: str = ""

    def __post_init__(self) -> None:
        self.witnessed = self.witnessed or forge.cosigned(self.newest)


def honest(folder: Path) -> World:
    """Build the honest hotel."""
    hotel = Hotel(folder / "honest.sqlite")
    hotel.append(OLD - 1)
    old = hotel.checkpoint()
    hotel.append()
    certificate = hotel.certificate()
    hotel.append(CUT - OLD - 2)
    backup = hotel.backup(folder / "backup.sqlite")
    hotel.append(ALL - CUT)
    world = World(
        folder, hotel.lines(), old, hotel.checkpoint(), certificate, backup, public(hotel.key)
    )
    hotel.close()
    return world


def shown(world: World, **other: object) -> Shown:
    """What is shown, with something else in it."""
    base = Shown(
        world.lines, world.old, world.newest, world.key, world.certificate.to_json()
    )
    if "newest" in other:
        other = {"witnessed": forge.cosigned(str(other["newest"])), **other}
    return replace(base, **other)


@dataclass(frozen=True)
class Case:
    """One thing that can be done.

    :param told: what was done, as the page says it.
    :param make: does it.
    :param seen: for each input what is answered: WRONG, or what nobody can tell.
    :param honest: whether nothing was done that must not be.
    """

    told: str
    make: Callable[[World], Shown]
    seen: tuple[str, ...] = field(default=())
    honest: bool = False


# Journals


def edited(w: World) -> Shown:
    """An entry says something else."""
    return shown(w, lines=[changed(line, counts={"guests": 9}) if n == 5 else line
                           for n, line in enumerate(w.lines)])  # fmt: skip


def rewritten(w: World) -> Shown:
    """The whole journal is written anew with the real code and key."""
    hotel = anew(w.folder / "rewritten.sqlite", lie(drafts(w.lines), 2))
    hotel.close()
    return shown(w, lines=hotel.lines())


def split(w: World) -> Shown:
    """The journal is written anew, and its own checkpoint is handed out without a witness."""
    hotel = anew(w.folder / "split.sqlite", lie(drafts(w.lines), 2))
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, lines=hotel.lines(), old=note, newest=note, witnessed=note)


def other_key(w: World) -> Shown:
    """The whole journal is written anew with another key, and so are its checkpoints."""
    hotel = anew(w.folder / "stranger.sqlite", drafts(w.lines), key="stranger")
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, lines=hotel.lines(), old=note, newest=note)


def other_hotel(w: World) -> Shown:
    """Checkpoints of another hotel are handed out for this one's."""
    hotel = Hotel(w.folder / "other.sqlite", "hotel-b", "hotel-b")
    hotel.append(ALL - 1)
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, lines=lie_lines(w), old=note, newest=note)


def lie_lines(w: World) -> list[str]:
    """Lines of which one is a lie."""
    return edited(w).lines


def other_epoch(w: World) -> Shown:
    """The journal went on in another epoch, which is not shown."""
    hotel = restored(w, "epoch.sqlite")
    hotel.begin_epoch(w.newest)
    hotel.append(2)
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, newest=note)


def told_lost(w: World) -> Shown:
    """The other epoch is not shown, and an entry of the one before says that it was lost."""
    newest = other_epoch(w).newest
    head = forge.open_checkpoint(newest, w.key)
    hotel = restored(w, "told.sqlite")
    hotel.append(
        action="journal-pruned", request=None,
        counts={"entries": 1, "epoch": 0, "previous-size-1": head.size},
        marks={"root": root(w.lines[:1]), "previous-root-1": head.root.hex()},
    )  # fmt: skip
    hotel.close()
    return shown(w, lines=hotel.lines(), newest=newest)


def replayed(w: World) -> Shown:
    """What came after an old checkpoint is rewritten, and that checkpoint is handed out as new."""
    hotel = anew(w.folder / "replayed.sqlite", lie(drafts(w.lines), OLD + 1))
    hotel.close()
    return shown(w, lines=hotel.lines(), newest=w.old)


def forged_key(w: World) -> Shown:
    """An entry names a new key, signed by that key itself."""
    hotel = anew(w.folder / "forged.sqlite", drafts(w.lines))
    hotel.change_key("thief", signed_by=forge.signer("thief"))
    hotel.append(2)
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, lines=hotel.lines(), newest=note)


def changed_key(w: World) -> Shown:
    """The key was changed as it must be."""
    hotel = anew(w.folder / "key.sqlite", drafts(w.lines))
    hotel.change_key("hotel-a-2")
    hotel.append(2)
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, lines=hotel.lines(), newest=note)


def pruned(w: World, spoil: str = "", after: timedelta = LATER) -> Shown:
    """The first entries were taken out as they must be, or with another edge."""
    hotel = anew(w.folder / f"pruned{spoil}.sqlite", drafts(w.lines))
    hotel.time += after
    said = "00" * 32 if spoil == "entry" else root(w.lines[:TAKEN])
    hotel.append(
        action="journal-pruned", request=None, counts={"entries": TAKEN}, marks={"root": said}
    )
    note = hotel.checkpoint()
    lines = hotel.lines()
    hotel.close()
    first = edge_line(lines, TAKEN, w.key, spoil == "edge")
    return shown(w, lines=[first, *lines[TAKEN:]], newest=note)


def pruned_ahead(w: World) -> Shown:
    """The first entries were taken out early, and the entry that says so is dated ahead."""
    early = pruned(w).lines
    hotel = anew(w.folder / "ahead.sqlite", [*drafts(w.lines), *drafts(early[-2:])])
    hotel.time -= LATER
    hotel.append(3)
    note = hotel.checkpoint()
    lines = hotel.lines()
    hotel.close()
    return shown(w, lines=[early[0], *lines[TAKEN:]], newest=note)


def pruned_lie(w: World) -> Shown:
    """Entries were edited, and then taken out; entry and edge fit the lie."""
    lines = forge.renumbered(lie_lines(w))
    hotel = anew(w.folder / "prunedlie.sqlite", drafts(lines))
    hotel.time += LATER
    marks = {"root": root(lines[:TAKEN])}
    hotel.append(action="journal-pruned", request=None, counts={"entries": TAKEN}, marks=marks)
    lines = hotel.lines()
    hotel.close()
    return shown(w, lines=[edge_line(lines, TAKEN, w.key), *lines[TAKEN:]])


def headless(w: World) -> Shown:
    """The first entries are left out, their edge is told, and no entry says why."""
    return shown(w, lines=[edge_line(w.lines, 5, w.key), *w.lines[5:]])


def restored(w: World, name: str) -> Hotel:
    """The hotel after its database was restored from the backup."""
    hotel = Hotel(w.folder / name)
    hotel.restore(w.backup)
    last = json.loads(w.lines[-1])["at"]
    hotel.time = forge.datetime.strptime(last, "%Y-%m-%dT%H:%M:%SZ")
    hotel.number = 100
    return hotel


def continued(w: World) -> Shown:
    """A database was restored, and what it had lost was put back."""
    hotel = restored(w, "continued.sqlite")
    for draft in drafts(w.lines)[CUT - 1 :]:
        hotel.write([draft])
    hotel.append(action="journal-continued", request=None, counts={"entries": ALL - CUT})
    hotel.append()
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, lines=hotel.lines(), newest=note)


def honest_epoch(w: World, forked: int = 0) -> Shown:
    """A database was restored, and a new epoch quotes what the world had seen."""
    hotel = restored(w, f"epoch{forked}.sqlite")
    hotel.append(forked)
    hotel.begin_epoch(w.newest)
    hotel.append(3)
    hotel.close()
    return shown(w, lines=hotel.lines())


def claimed(w: World) -> Shown:
    """Entries are hidden behind a restore that never was."""
    cut = anew(w.folder / "claimed.sqlite", drafts(w.lines)[: CUT - 1])
    cut.begin_epoch(w.newest)
    cut.append(2)
    cut.close()
    return shown(w, lines=cut.lines())


def claimed_old(w: World) -> Shown:
    """Entries are hidden behind a claimed restore that quotes an older checkpoint."""
    cut = anew(w.folder / "older.sqlite", drafts(w.lines)[: CUT - 1])
    cut.begin_epoch(w.old)
    cut.append(2)
    cut.close()
    return shown(w, lines=cut.lines())


def left_out(w: World) -> Shown:
    """The same, and a number is left out, of an epoch that may have quoted more."""
    cut = anew(w.folder / "leftout.sqlite", drafts(w.lines)[: CUT - 1])
    cut.begin_epoch(w.old, before=1)
    cut.append(2)
    cut.close()
    return shown(w, lines=cut.lines())


def hidden_epoch(w: World) -> Shown:
    """An epoch is taken out, and the next one quotes the one before it as the last."""
    hotel = anew(w.folder / "hidden.sqlite", drafts(w.lines))
    copy = hotel.backup(w.folder / "hidden.copy")
    hotel.begin_epoch(w.newest)
    hotel.append(3)
    note = hotel.checkpoint()
    hotel.restore(copy)
    hotel.begin_epoch(w.newest, before=1)
    hotel.append(2)
    hotel.close()
    return shown(w, lines=hotel.lines(), newest=note)


def dated_later(w: World) -> Shown:
    """Everything is written anew with later days, and a restore is told that lost nothing of it."""
    hotel = Hotel(w.folder / "later.sqlite")
    hotel.time = forge.datetime.strptime(forge.open_checkpoint(w.old, w.key).at, forge.SECONDS)
    for draft in lie(drafts(w.lines), 2):
        hotel.time += forge.timedelta(hours=1)
        hotel.write([replace(draft, at=hotel.at())])
    hotel.begin_epoch(hotel.checkpoint())
    hotel.append(2)
    hotel.close()
    return shown(w, lines=hotel.lines())


def excused(w: World) -> Shown:
    """An entry is edited, and a claimed restore shall explain it."""
    hotel = anew(w.folder / "excused.sqlite", lie(drafts(w.lines), 2))
    hotel.begin_epoch(w.newest)
    hotel.append(2)
    hotel.close()
    return shown(w, lines=hotel.lines())


def misquoted(w: World) -> Shown:
    """A restore quotes a checkpoint that never was."""
    hotel = restored(w, "misquoted.sqlite")
    with forge.transaction(hotel.engine) as conn:
        head = forge.open_checkpoint(w.newest, w.key)
        forge.journal.begin_epoch(
            conn, "hotel-a", hotel.at(), w.key, replace(head, root=bytes(32))
        )
    hotel.close()
    return shown(w, lines=hotel.lines())


def _inserted(w: World) -> list[str]:
    return forge.renumbered([*w.lines[:5], w.lines[6], *w.lines[5:]])


def _moved(lines: list[str]) -> list[str]:
    return [*lines[:4], lines[5], lines[4], *lines[6:]]


NOTHING = ("outside", "key outside", "later", "later", "later")
SEEN = (WRONG,) * 5
FROM_OLD = ("outside", "key outside", WRONG, WRONG, WRONG)
FROM_NEWEST = ("outside", "key outside", "later", WRONG, WRONG)

JOURNALS = (
    Case("nothing", shown, NOTHING, honest=True),
    Case("the signing key was changed by the old one", changed_key, NOTHING, honest=True),
    Case("old entries were pruned, and an entry says so", pruned,
         ("age outside", "age key outside", "age outside", "age later", "age later"), honest=True),
    Case("the database was restored, and what it had lost was put back", continued, NOTHING,
         honest=True),
    Case("the database was restored, and a new epoch says what it had lost", honest_epoch,
         ("lost outside", "lost key outside", "lost", "lost", "lost"), honest=True),
    Case("the same, with entries written before anybody noticed",
         lambda w: honest_epoch(w, 5),
         ("lost outside", "lost key outside", "lost", "lost", "lost"), honest=True),
    Case("an entry was edited", edited, FROM_OLD),
    Case("an entry was deleted", lambda w: shown(w, lines=[*w.lines[:5], *w.lines[6:]]), SEEN),
    Case("an entry was deleted, and those behind it renumbered",
         lambda w: shown(w, lines=forge.renumbered([*w.lines[:5], *w.lines[6:]])), FROM_OLD),
    Case("an entry was inserted, and those behind it renumbered",
         lambda w: shown(w, lines=_inserted(w)), FROM_OLD),
    Case("two entries changed places", lambda w: shown(w, lines=_moved(w.lines)), SEEN),
    Case("two entries changed places and were renumbered",
         lambda w: shown(w, lines=forge.renumbered(_moved(w.lines))), FROM_OLD),
    Case("the newest entries were cut off", lambda w: shown(w, lines=w.lines[:CUT]), FROM_NEWEST),
    Case("the oldest entries were cut off", lambda w: shown(w, lines=w.lines[5:]), SEEN),
    Case("the oldest entries were cut off as if pruned; no entry says so", headless,
         ("pruned",) * 5),
    Case("entries of the same day were pruned, and an entry says so",
         lambda w: pruned(w, after=timedelta(hours=1)),
         ("age outside", "age key outside", WRONG, "age later", "age later")),
    Case("the same, and the entry that says so is dated six years ahead", pruned_ahead,
         ("age outside", "age key outside", WRONG, "age later", "age later")),
    Case("old entries were pruned; the edge is another", lambda w: pruned(w, "edge"), SEEN),
    Case("old entries were pruned; the entry names another root",
         lambda w: pruned(w, "entry"), SEEN),
    Case("an entry was edited, and then pruned with its neighbours", pruned_lie,
         ("outside", "key outside", "age outside", WRONG, WRONG)),
    Case("the whole journal was written anew, with the real code and key", rewritten, FROM_OLD),
    Case("the same, and its own checkpoint is handed out for one kept elsewhere", split,
         ("outside", "key outside", "later", "later", "witness")),
    Case("the whole journal was written anew with another key, checkpoints too", other_key,
         ("outside", WRONG, WRONG, WRONG, WRONG)),
    Case("a new signing key, not signed by the old one", forged_key, SEEN),
    Case("an entry was edited, and checkpoints of another hotel are handed out", other_hotel,
         ("outside", "key outside", "outside", "outside", "outside witness")),
    Case("a later epoch is not shown", other_epoch,
         ("outside", "key outside", "later", WRONG, WRONG)),
    Case("the same, and an entry of the epoch before tells it for lost", told_lost, SEEN),
    Case("what came after the old checkpoint was written anew, and that is handed out as newest",
         replayed, ("outside", "key outside", "later", "later", "later")),
    Case("entries are hidden behind a restore that never was", claimed,
         ("lost", "lost", "lost", "lost", "lost")),
    Case("the same, and it quotes an older checkpoint", claimed_old,
         ("outside", "key outside", "outside", WRONG, WRONG)),
    Case("the same, and the number of an epoch is left out, which may have quoted more", left_out,
         ("lost outside", "lost key outside", "lost", WRONG, WRONG)),
    Case("an epoch was taken out; the next one quotes the one before it as the last", hidden_epoch,
         ("lost outside", "lost key outside", "lost", WRONG, WRONG)),
    Case("everything was written anew with later days, and a restore is told of that very journal",
         dated_later, ("outside", "key outside", WRONG, WRONG, WRONG)),
    Case("an entry was edited, and a restore that never was shall explain it", excused,
         ("lost outside", "lost key outside", WRONG, WRONG, WRONG)),
    Case("a restore is told that quotes a checkpoint that never was", misquoted,
         ("lost", "lost", "lost", WRONG, WRONG)),
)  # fmt: skip


# Certificates


def _said(w: World, change: Callable[[dict[str, object]], None]) -> str:
    document = json.loads(w.certificate.to_json())
    change(document)
    return json.dumps(document)


def _edit(document: dict[str, object]) -> None:
    content = document["content"]
    assert isinstance(content, dict)
    content["state"] = "sealed"


def signed_anew(w: World) -> Shown:
    """The text is another one, and signed with the real key."""
    content = replace(w.certificate.content, state="sealed")
    lie_ = Certificate(content, w.certificate.proof, w.certificate.public_key)
    signature = forge.signer("hotel-a").sign(lie_.signed()).hex()
    return shown(w, certificate=replace(lie_, signature=signature).to_json())


def proved_otherwise(w: World) -> Shown:
    """The text is another one, signed with the real key, and proved by an entry that names none."""
    content, key = replace(w.certificate.content, state="sealed"), forge.signer("hotel-a")
    hotel = anew(w.folder / "otherwise.sqlite", drafts(w.lines))
    (entry,) = hotel.append(action="certificate-issued", request=content.number)
    with forge.transaction(hotel.engine) as conn:
        proof = forge.witness.proof(conn, entry, key, hotel.at())
    lines, newest = hotel.lines(), hotel.checkpoint()
    hotel.close()
    lie_ = Certificate(content, proof, w.certificate.public_key)
    lie_ = replace(lie_, signature=key.sign(lie_.signed()).hex())
    return shown(w, certificate=lie_.to_json(), lines=lines, newest=newest)


def own_epoch(w: World) -> Shown:
    """The certificate is of an epoch nobody else is shown."""
    hotel = anew(w.folder / "own.sqlite", drafts(w.lines))
    hotel.begin_epoch(w.newest)
    hotel.number = 30
    certificate = hotel.certificate()
    hotel.close()
    return shown(w, certificate=certificate.to_json())


def elsewhere(w: World, key: str) -> Shown:
    """The certificate is of a journal nobody else is shown."""
    hotel = anew(w.folder / f"elsewhere-{key}.sqlite", drafts(w.lines)[:4], key)
    hotel.number = 20
    certificate = hotel.certificate()
    hotel.close()
    return shown(w, certificate=certificate.to_json())


def wrong_tree(w: World) -> Shown:
    """The proof is of another tree than the checkpoint in it."""
    hotel = anew(w.folder / "tree.sqlite", drafts(w.lines)[:3])
    hotel.number = 40
    hotel.certificate()
    note = hotel.checkpoint()
    hotel.close()
    proof = replace(w.certificate.proof, checkpoint=note)
    lie_ = Certificate(w.certificate.content, proof, w.certificate.public_key)
    signature = forge.signer("hotel-a").sign(lie_.signed()).hex()
    return shown(w, certificate=replace(lie_, signature=signature).to_json())


def revoked(w: World) -> Shown:
    """The erasure was taken back, and the certificate is shown all the same."""
    hotel = anew(w.folder / "revoked.sqlite", drafts(w.lines))
    hotel.append(
        action="certificate-revoked", request=w.certificate.content.number,
        marks={"certificate": w.certificate.content.mark()},
    )  # fmt: skip
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, lines=hotel.lines(), newest=note)


def superseded(w: World) -> Shown:
    """The guest came back, a later certificate says so, and the earlier one is shown."""
    hotel = anew(w.folder / "superseded.sqlite", drafts(w.lines))
    hotel.number = int(w.certificate.content.number.removeprefix("E-")) - 1
    later = hotel.certificate(state="partial", supplement=1)
    assert later.content.number == w.certificate.content.number
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, lines=hotel.lines(), newest=note)


def dated_back(w: World) -> Shown:
    """An erasure that came too late has an earlier day in a text that the real code certifies."""
    hotel = anew(w.folder / "back.sqlite", drafts(w.lines))
    hotel.number = 50
    hotel.append(action="subject-erased", request="E-52")
    certificate = hotel.certificate(erased="2019-10-20")
    hotel.append()
    note = hotel.checkpoint()
    hotel.close()
    return shown(w, certificate=certificate.to_json(), lines=hotel.lines(), newest=note)


CERTIFICATE_NOTHING = ("key outside revoked", "outside revoked", "outside revoked", "scope")
CERTIFICATES = (
    Case("nothing", shown, CERTIFICATE_NOTHING, honest=True),
    Case("the signing key was changed since", changed_key, CERTIFICATE_NOTHING, honest=True),
    Case("the text was edited", lambda w: shown(w, certificate=_said(w, _edit)), (WRONG,) * 4),
    Case("the text was edited and signed with the real key", signed_anew, (WRONG,) * 4),
    Case("the same, and it is proved by another entry of that request", proved_otherwise,
         (WRONG,) * 4),
    Case("the proof is of another tree", wrong_tree, (WRONG,) * 4),
    Case("the erasure was taken back", revoked,
         ("revoked", "revoked", "revoked", WRONG)),
    Case("a later one was issued, of a guest who came back, and this one is handed out", superseded,
         ("outside", "outside", "outside revoked", "newest")),
    Case("the hotel certified an earlier day than that on which it erased", dated_back,
         ("outside", "outside", "outside revoked", "days")),
    Case("the certificate is of a journal nobody else is shown",
         lambda w: elsewhere(w, "hotel-a"), ("outside", "outside", "outside", WRONG)),
    Case("the certificate is of an epoch nobody else is shown", own_epoch,
         ("outside", "outside", "outside", WRONG)),
    Case("somebody else made it, with another key",
         lambda w: elsewhere(w, "stranger"), ("key outside", WRONG, WRONG, WRONG)),
)  # fmt: skip


# As the page shows it


def page(inputs: tuple[str, ...], cases: tuple[Case, ...]) -> str:
    """The catalogue as the table of the page."""
    rows = [["what was done", *inputs], ["---"] * (len(inputs) + 1)]
    for case in cases:
        told = f"*{case.told}*" if case.honest else case.told
        rows.append([told, *(_cell(case, seen) for seen in case.seen)])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _cell(case: Case, seen: str) -> str:
    if seen == WRONG:
        return "**wrong**"
    word = "fits; told as lost" if "lost" in seen.split() else "fits"
    return word if case.honest else f"cannot tell ({seen.split()[0]})"


def arguments(which: int, made: Shown, folder: Path) -> list[str]:
    """The command line of one input of a journal."""
    folder.mkdir()
    path = folder / "journal.jsonl"
    path.write_text("".join(line + "\n" for line in made.lines))
    given = [str(path)]
    if which:
        given += ["--key", made.key.hex()]
    notes = {2: made.old, 3: made.newest, 4: made.witnessed}
    if which in notes:
        (folder / "note.txt").write_text(notes[which])
        given += ["--checkpoint", str(folder / "note.txt")]
    if which == 4:
        given += ["--witness", witness_key(*WITNESS).text()]
    return given


def certificate_arguments(which: int, made: Shown, folder: Path) -> list[str]:
    """The command line of one input of a certificate."""
    folder.mkdir()
    for name, text in (
        ("certificate.json", made.certificate), ("note.txt", made.newest),
        ("journal.jsonl", "".join(line + "\n" for line in made.lines)),
    ):  # fmt: skip
        (folder / name).write_text(text)
    given = [str(folder / "certificate.json")]
    for at, option in enumerate((
        ("--key", made.key.hex()), ("--checkpoint", str(folder / "note.txt")),
        ("--journal", str(folder / "journal.jsonl")),
    ), 1):  # fmt: skip
        if which >= at:
            given += option
    return given
