"""Attacks on the key folder, the journal and the register of erasures."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from flask_guesterase.core.checkpoint import open_checkpoint
from flask_guesterase.core.errors import GuesteraseError, KeyMissingError, SealError
from flask_guesterase.core.log import canonical, read_entry
from flask_guesterase.core.tree import Frontier
from flask_guesterase.store import tables
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.journaling import journal
from flask_guesterase.store.keys.custodian import FolderCustodian
from tests.resistance.conftest import Pine


def _box(pine: Pine) -> str:
    return str(next(row["id"] for row in pine.ours("box") if row["purpose"] == "retention"))


def _open(pine: Pine) -> bytes:
    with pine.engine.connect() as conn:
        return vault.unseal(conn, pine.custodian, [_box(pine)])[0]


def test_a_key_folder_lost(pine: Pine, tmp_path: Path) -> None:
    """Without keys nothing is erased and nothing opens; the copy outside brings all of it back."""
    pine.seal(1)
    keys = pine.custodian.path
    copy = shutil.copytree(keys, tmp_path / "escrow")
    number = pine.approved(2)
    shutil.rmtree(keys)
    pine.custodian = FolderCustodian(keys)
    with pytest.raises(GuesteraseError):
        pine.run(lambda office: office.erase(number))
    assert pine.names()[2] == "Ada Roe"
    with pytest.raises((KeyMissingError, SealError)):
        _open(pine)
    shutil.copytree(copy, keys)
    pine.custodian = FolderCustodian(keys)
    assert b"Ada Roe" in _open(pine)


def test_a_key_folder_replaced_by_a_new_one(pine: Pine) -> None:
    """New keys open no old box, sign no old journal, and count as no copy; `check` says so."""
    pine.seal(1)
    shutil.rmtree(pine.custodian.path)
    pine.custodian = FolderCustodian(pine.custodian.path)
    pine.custodian.create()
    with pytest.raises((KeyMissingError, SealError)):
        _open(pine)
    assert "records-differ:keys" in pine.seen()
    pine.night()
    assert "register-missed" in pine.seen()


def test_a_key_folder_swapped_with_another_houses(pine: Pine, tmp_path: Path) -> None:
    """The keys of another installation are as good as none."""
    pine.seal(1)
    other = FolderCustodian(tmp_path / "other")
    other.create()
    pine.custodian = other
    with pytest.raises((KeyMissingError, SealError)):
        _open(pine)
    assert "records-differ:keys" in pine.seen()


def test_a_census_key_destroyed(pine: Pine) -> None:
    """Without the key of its marks a list cannot be compared, which is told like a loss."""
    pine.custodian.forget("census:2026-03")
    pine.night()
    assert pine.entries("register-missed")[-1].grounds == ("forms", "list-lost")
    told = [each.message for each in pine.found() if each.id == "register-missed"]
    assert told
    assert all("the list of a count before was lost" in each for each in told)


def _some_entry(pine: Pine) -> tuple[str, int]:
    row = next(row for row in pine.ours("entry") if row["action"] == "register-counted")
    return row["controller"], row["position"]


def test_a_journal_entry_edited(pine: Pine) -> None:
    """An entry that was changed is not what was hashed, even with its own leaf made anew."""
    table = tables.entry
    name, place = _some_entry(pine)
    here = (table.c.controller == name) & (table.c.position == place)
    with pine.engine.begin() as conn:
        body = conn.execute(select(table.c.body).where(here)).scalar_one()
        value = json.loads(body)
        value["counts"]["rows"] = 77
        changed = canonical(value)
        leaf = read_entry(changed).leaf().hex()
        conn.execute(update(table).where(here).values(body=changed.decode(), leaf=leaf))
    assert {"node-differs", "head-differs"} & pine.problems()


def test_a_journal_entry_deleted(pine: Pine) -> None:
    """A hole is a hole."""
    table = tables.entry
    name, place = _some_entry(pine)
    pine.raw(delete(table).where(table.c.controller == name, table.c.position == place))
    assert pine.problems() & {"entry-missing", "entry-moved", "head-differs"}


def test_a_journal_recomputed(pine: Pine) -> None:
    """Who rewrites all of it with the real code agrees with itself, and not with a checkpoint."""
    name, _ = _some_entry(pine)
    note = pine.run(lambda office: office.checkpoint(name))
    head = open_checkpoint(note, pine.custodian.public_key())
    with pine.engine.begin() as conn:
        rows = conn.execute(
            select(tables.entry.c.body).where(tables.entry.c.controller == name)
            .order_by(tables.entry.c.position)
        ).scalars()  # fmt: skip
        kept = [read_entry(body.encode()).draft for body in rows]
        for table in (tables.entry, tables.node, tables.tree):
            conn.execute(delete(table).where(table.c.controller == name))
        counted = [d for d in kept[1:] if d.action != "register-counted"]
        journal.append(conn, counted, pine.custodian.public_key())
    assert pine.problems() == set()
    assert pine.problems([head]) & {"outside-differs", "truncated"}
    assert Frontier().size < head.size


def _registered(pine: Pine, folder: Path) -> Path:
    pine.settings = replace(pine.settings, register=str(folder))
    pine.seal(1)
    return next(path for path in sorted(folder.iterdir()) if path.stat().st_size > 100)


def test_the_register_of_erasures_deleted(pine: Pine, tmp_path: Path) -> None:
    """Without the register that was there before nothing is erased."""
    _registered(pine, tmp_path / "register")
    shutil.rmtree(tmp_path / "register")
    number = pine.approved(2)
    with pytest.raises(GuesteraseError):
        pine.run(lambda office: office.erase(number))
    assert pine.names()[2] == "Ada Roe"


def test_the_register_of_erasures_edited(pine: Pine, tmp_path: Path) -> None:
    """A register whose end was changed is not the one that the database knows."""
    path = _registered(pine, tmp_path / "register")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    number = pine.approved(2)
    with pytest.raises(GuesteraseError):
        pine.run(lambda office: office.erase(number))
    assert pine.names()[2] == "Ada Roe"
