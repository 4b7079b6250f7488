"""Two houses of a group witness each other: by files, and over HTTP on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, create_engine, delete, select
from werkzeug.serving import make_server

from flask_guesterase.core.checkpoint import read_note, sign_checkpoint
from flask_guesterase.core.cosignature import Judgement, cosigned, read_witness_key, request
from flask_guesterase.core.destination import Destination, Way
from flask_guesterase.core.errors import (
    BehindError,
    DeliveryError,
    ForbiddenError,
    InputError,
    TamperedError,
    UnknownError,
)
from flask_guesterase.core.log import Draft
from flask_guesterase.core.tree import EMPTY_ROOT
from flask_guesterase.store import tables
from flask_guesterase.store.journaling import cosigning, journal, witness
from flask_guesterase.store.journaling.cosigning import Verdict
from flask_guesterase.store.release.places import Release, places
from flask_guesterase.store.settings import Property
from flask_guesterase.store.transaction import transaction
from flask_guesterase.web.commands.witnessing import witness_pages
from tests.engines import ENGINES, fresh_database
from tests.web.house import House
from tests.web.test_cli import Console

AT = "2026-11-24T10:00:00Z"


def hotel(url: str, folder: Path, controller: str) -> House:
    """A house of a controller, with a witness's address."""
    folder.mkdir()
    place = Property("sh", "Hotel", controller, "DE", "Europe/Berlin", "de", "p@pine.example", "A")
    made = House(url, folder, properties=(place,))
    made.app.register_blueprint(witness_pages, url_prefix="/witness")
    return made


def append(house: House, controller: str, count: int = 1) -> None:
    """Put entries into a house's journal, by the real code."""
    key = house.app.extensions["guesterase"].custodian.public_key()
    with transaction(house.hotel.engine) as conn:
        drafts = [Draft(controller, AT, "check-completed", request=f"E-{n}") for n in range(count)]
        journal.append(conn, drafts, key)


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Two houses of a group, on SQLite; nobody trusts anybody yet, and nobody tried anything."""
    folder, made = tmp_path / "houses", []
    folder.mkdir()
    for name in ("pine", "fir"):
        made.append(hotel(f"sqlite:///{folder}/{name}.sqlite", folder / name, name))
        append(made[-1], name, 5)
    yield made[0], made[1]
    for house in made:
        house.session.remove()
        house.hotel.engine.dispose()


def public_key(house: House) -> str:
    """The key of a house's journal."""
    return str(house.app.extensions["guesterase"].custodian.public_key().hex())


def vouched(house: House, other: House, name: str) -> Console:
    """Let a person of a house vouch for the key of the other's journal."""
    console = Console(house.app)
    console.raw(
        "witness", "trust", "--origin", f"guesterase/{name}/0", "--key", public_key(other),
        *console.proved("officer"),
    )  # fmt: skip
    return console


def actions(house: House) -> list[str]:
    """What a house's journal says, in order."""
    with house.hotel.engine.connect() as conn:
        entry = tables.entry
        return list(conn.execute(select(entry.c.action).order_by(entry.c.position)).scalars())


@contextmanager
def served(house: House) -> Iterator[str]:
    """Serve a house on this machine."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/witness"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def proving(house: House, controller: str) -> tuple[str, Any]:
    """A checkpoint of a house's journal, and what proves it from an older size."""
    with house.app.app_context(), house.extension.begin(write=False) as office:
        note = office.checkpoint(controller)

    def proof_from(old: int) -> Sequence[bytes]:
        with house.app.app_context(), house.extension.begin(write=False) as office:
            head = read_note(note)
            return witness.continues(
                office.work.conn, head.controller, head.epoch, old, head.size
            )

    return note, proof_from


def test_two_houses_by_files(houses: tuple[House, House], tmp_path: Path) -> None:
    """Each asks, the other cosigns; the verifier believes it, and journals tell of it."""
    pine, fir = houses
    for house, other, name in ((pine, fir, "fir"), (fir, pine, "pine")):
        console, theirs = vouched(house, other, name), Console(other.app)
        key = read_witness_key(console.json("witness", "key")["key"])
        last: list[str] = []
        for turn in range(2):
            ask, out = tmp_path / f"ask-{name}-{turn}", tmp_path / f"out-{name}-{turn}"
            theirs.raw("witness", "ask", "--out", str(ask), *last)
            size = console.json("witness", "cosign", "--in", str(ask), "--out", str(out))["size"]
            note = out.read_text()
            assert read_note(note).size == size
            assert cosigned(note, note, key) is not None
            last = ["--last", str(out)]
            append(other, name, 3)
        (row,) = console.json("witness", "list")
        assert (row["origin"], row["size"]) == (f"guesterase/{name}/0", size)
        assert actions(house)[-3:] == ["journal-trusted", "journal-witnessed", "journal-witnessed"]


def test_nobody_is_trusted_by_chance(houses: tuple[House, House], tmp_path: Path) -> None:
    """Without a person who vouched there is no cosignature; nobody vouches without a right."""
    pine, fir = houses
    console, ask = Console(pine.app), tmp_path / "ask"
    Console(fir.app).raw("witness", "ask", "--out", str(ask))
    out = str(tmp_path / "out")
    assert console.error("witness", "cosign", "--in", str(ask), "--out", out) == "input"
    words = ("witness", "trust", "--origin", "guesterase/fir/0", "--key", public_key(fir))
    assert console.error(*words, *console.proved("clerk")) == "forbidden"
    assert console.error(*words, "--by", "officer", "--code", "000000") == "token"
    with pine.app.app_context(), pine.extension.begin() as office:
        for origin, key in (
            ("fir", public_key(fir)), ("guesterase/fir/0", "x"),
            ("guesterase/pine/0", public_key(pine)),
        ):  # fmt: skip
            with pytest.raises(InputError):
                office.trust_journal(origin, key, "officer")
        with pytest.raises(ForbiddenError):
            office.trust_journal("guesterase/fir/0", public_key(fir), "nobody")
        assert office.witnessed() == []


def test_over_http(houses: tuple[House, House]) -> None:
    """Checkpoints go to the other house and come back cosigned, from the first on."""
    pine, fir = houses
    vouched(pine, fir, "fir")
    vouched(fir, pine, "pine")
    with served(pine) as at_pine, served(fir) as at_fir:
        for house, name, url, other in (
            (fir, "fir", at_pine, pine), (pine, "pine", at_fir, fir),
        ):  # fmt: skip
            key = Console(other.app).json("witness", "key")["key"]
            bring = cosigning.to_witness(url, key)
            for _ in range(3):
                note, proof_from = proving(house, name)
                found = bring(note, proof_from)
                assert found.startswith(note)
                assert cosigned(found, found, read_witness_key(key)) is not None
                append(house, name, 4)
            note, proof_from = proving(house, name)
            with pytest.raises(BehindError) as caught:
                cosigning.deliver(url, note, 1, proof_from(1))
            assert caught.value.size == read_note(note).size - 4


def test_a_fork_is_refused(houses: tuple[House, House]) -> None:
    """A journal written anew with the real code and key gets no cosignature, whatever it proves."""
    pine, fir = houses
    vouched(pine, fir, "fir")
    before = actions(pine).count("journal-witnessed")
    key = Console(pine.app).json("witness", "key")["key"]
    with served(pine) as url:
        bring = cosigning.to_witness(url, key)
        seen, proof_from = proving(fir, "fir")
        bring(seen, proof_from)
        with transaction(fir.hotel.engine) as conn:
            for table in (tables.tree, tables.entry, tables.node):
                conn.execute(delete(table))
        size = read_note(seen).size
        append(fir, "fir", size - 2)
        for more in (0, 1, 5):
            if more:
                append(fir, "fir", more)
            note, proof_from = proving(fir, "fir")
            size, old = read_note(note).size, read_note(seen).size
            kind = DeliveryError if size < old else TamperedError
            with pytest.raises(kind):
                cosigning.deliver(url, note, min(old, size), ())
            if size >= old:
                with pytest.raises(TamperedError):
                    bring(note, proof_from)
    with pine.app.app_context(), pine.extension.begin(write=False) as office:
        assert [row["root"] for row in office.witnessed()] == [read_note(seen).root.hex()]
    assert actions(pine).count("journal-witnessed") == before + 1


@pytest.fixture
def post(houses: tuple[House, House]) -> Any:
    """Post to the first house's address."""
    pine, fir = houses
    vouched(pine, fir, "fir")
    client = pine.app.test_client()
    return lambda body: client.post("/witness/add-checkpoint", data=body)


def test_status_codes(houses: tuple[House, House], post: Any) -> None:
    """Each refusal has the status that C2SP tlog-witness gives it."""
    _, fir = houses
    note, _ = proving(fir, "fir")
    append(fir, "fir", 3)
    newer, newer_from = proving(fir, "fir")
    size = read_note(note).size
    key = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    stranger = sign_checkpoint("guesterase/elm/0", 3, bytes(32), AT, key)
    unsigned = sign_checkpoint("guesterase/fir/0", 3, bytes(32), AT, key)
    own = fir.app.extensions["guesterase"].custodian.signing_key()
    forked = sign_checkpoint("guesterase/fir/0", size, bytes(32), AT, own)
    assert post("nonsense").status_code == 400
    assert post(b"\xff").status_code == 400
    assert post(request(size + 1, (), note)).status_code == 400
    assert post(b"x" * 70_000).status_code == 413
    assert post(request(0, (), stranger)).status_code == 404
    assert post(request(0, (), unsigned)).status_code == 403
    done = post(request(0, (), note))
    assert (done.status_code, done.text[0]) == (200, "\u2014")
    moved = post(request(0, (), newer))
    assert (moved.status_code, moved.text) == (409, f"{size}\n")
    assert moved.headers["Content-Type"] == "text/x.tlog.size"
    assert post(request(size, (), forked)).status_code == 409
    wrong = [bytes(32), *newer_from(size)[1:]]
    assert post(request(size, wrong, newer)).status_code == 422
    assert post(request(size, newer_from(size), newer)).status_code == 200


def test_the_address_is_rate_limited(post: Any) -> None:
    """After too many tries the answer is 429, whatever comes."""
    codes = [post("nonsense").status_code for _ in range(62)]
    assert set(codes[:60]) == {400}
    assert codes[60:] == [429, 429]


def test_where_checkpoints_may_go(houses: tuple[House, House]) -> None:
    """A witness has an https address and a key; its answer is believed by its signature alone."""
    pine, fir = houses
    key = Console(pine.app).json("witness", "key")["key"]
    for url in ("http://pine.example/w", "ftp://pine.example", "nonsense", "https://a:b@c/"):
        with pytest.raises(InputError):
            cosigning.to_witness(url, key)
    with pytest.raises(InputError):
        cosigning.to_witness("https://pine.example/w", public_key(pine))
    vouched(pine, fir, "fir")
    other = Console(fir.app).json("witness", "key")["key"]
    with served(pine) as url, pytest.raises(TamperedError):
        cosigning.to_witness(url, other)(*proving(fir, "fir"))
    with pytest.raises(DeliveryError):
        cosigning.to_witness(url, key, seconds=2)(*proving(fir, "fir"))


@pytest.mark.parametrize("kind", ENGINES)
def test_two_requests_cannot_roll_it_back(kind: str) -> None:
    """While one request is answered another waits, and then is told how far it was seen."""
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    notes = {
        size: sign_checkpoint("guesterase/fir/0", size, bytes([size]) * 32, AT, key)
        for size in (3, 7)
    }
    public = key.public_key().public_bytes_raw().hex()
    row = {"origin": "guesterase/fir/0", "public_key": public, "size": 0, "note": ""}
    with fresh_database(kind) as url:
        engine = create_engine(url)
        tables.metadata.create_all(engine, [tables.witnessed, tables.tree])
        with transaction(engine) as conn:
            values = {**row, "root": EMPTY_ROOT.hex(), "at": NOW.replace(tzinfo=None)}
            conn.execute(tables.witnessed.insert().values(**values))
        found, begun = [], threading.Event()

        def second() -> None:
            begun.wait(10)
            with transaction(engine) as conn:
                found.append(cosigning.cosigning(work(conn), notes[3], 0, ()))

        thread = threading.Thread(target=second)
        thread.start()
        with transaction(engine) as conn:
            first = cosigning.cosigning(work(conn), notes[7], 0, ())
            begun.set()
            thread.join(0.3)
            assert found == []
        thread.join(10)
        engine.dispose()
    assert (first.found, first.size) == (Judgement.CONSISTENT, 7)
    assert found == [Verdict(Judgement.MOVED, 7)]


NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)


def work(conn: Connection) -> Any:
    """As much of a transaction's surroundings as a witness looks at."""
    return SimpleNamespace(
        conn=conn, now=NOW, stamp=NOW.replace(tzinfo=None), events=[],
        custodian=SimpleNamespace(pepper=lambda name: b"p" * 32),
        settings=SimpleNamespace(properties={}),
    )  # fmt: skip


def test_a_witness_is_a_place_for_checkpoints(houses: tuple[House, House]) -> None:
    """What the configuration names asks the other house, and what comes back is cosigned."""
    pine, fir = houses
    vouched(pine, fir, "fir")
    key = Console(pine.app).json("witness", "key")["key"]
    note, _ = proving(fir, "fir")
    head = read_note(note)
    with served(pine) as url, fir.app.app_context():
        (place,) = places([Destination(Way.WITNESS, f"{url}#{key}")], {})
        release = Release("fir", 0, head.size, head.root, note, fir.extension.run)
        for _ in range(2):
            found = place.take(release)
            assert found is not None
            assert cosigned(found, found, read_witness_key(key)) is not None


def test_a_witness_that_has_seen_more_refuses_like_a_folder(houses: tuple[House, House]) -> None:
    """A database put back unnoticed is told so; a newer checkpoint brought meanwhile is nothing."""
    pine, fir = houses
    vouched(pine, fir, "fir")
    key = Console(pine.app).json("witness", "key")["key"]

    def newest() -> Release:
        note, _ = proving(fir, "fir")
        head = read_note(note)
        return Release("fir", 0, head.size, head.root, note, fir.extension.run)

    with served(pine) as url, fir.app.app_context():
        (place,) = places([Destination(Way.WITNESS, f"{url}#{key}")], {})
        before = newest()
        append(fir, "fir", 4)
        place.take(newest())
        with pytest.raises(UnknownError):
            place.take(before)
        with transaction(fir.hotel.engine) as conn:
            for table in (tables.tree, tables.entry, tables.node):
                conn.execute(delete(table))
        append(fir, "fir", before.size - 1)
        with pytest.raises(TamperedError, match="seen more"):
            place.take(newest())
