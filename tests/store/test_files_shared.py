"""A file that several rows name goes with the last of them, at little cost, and also at once."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from sqlalchemy import Column, Dialect, Engine, MetaData, String, TypeDecorator

from flask_guesterase.core.errors import BusyError
from flask_guesterase.core.policy import Policy
from flask_guesterase.core.treatment import File, redact
from flask_guesterase.store.erasing import shared
from tests import engines
from tests.store.hotel import Hotel, Scan
from tests.store.inn import datamap, erase, host
from tests.store.test_eraser import AINO, PERSON, both, guests, put
from tests.store.test_files_left import certified
from tests.store.test_outbox import Post, go, run


class Paths(TypeDecorator[PurePosixPath]):
    """A host's own type, which takes paths and no texts."""

    impl = String(200)
    cache_ok = True

    def process_bind_param(self, value: PurePosixPath | None, dialect: Dialect) -> str | None:
        """Return the path as a text."""
        return None if value is None else value.as_posix()

    def process_result_value(self, value: str | None, dialect: Dialect) -> PurePosixPath | None:
        """Return the text as a path."""
        return None if value is None else PurePosixPath(value)


def gone(engine: Engine, metadata: MetaData, root: Path, other: Path | None = None) -> list[str]:
    """Erase Aino; return which files go."""
    rules = {"name": redact, "scan": File(str(root))}
    if other is not None:
        rules["photo"] = File(str(other))
    declared = datamap(metadata, {"guests": Policy(rules, subject=PERSON)})
    return [name for _, name in erase(engine, declared, AINO).files]


@pytest.mark.parametrize("other", ["aino.png", "bo.png"])
def test_a_type_of_the_hosts_that_takes_no_text(
    database_url: str, tmp_path: Path, other: str
) -> None:
    """Names are compared as they are stored, and what a type refuses stops no erasure."""
    metadata = guests(Column("scan", Paths()))
    with host(database_url, metadata) as engine:
        rows = both(scan=PurePosixPath("aino.png"))
        rows["guests"][1]["scan"] = PurePosixPath(other)
        put(engine, metadata, rows)
        assert gone(engine, metadata, tmp_path) == ([] if other == "aino.png" else ["aino.png"])


def test_a_file_that_a_row_names_from_another_folder_on(
    database_url: str, tmp_path: Path
) -> None:
    """One declared folder may lie in another."""
    metadata = guests(Column("scan", String(80)), Column("photo", String(80)))
    with host(database_url, metadata) as engine:
        rows = both(scan="aino.png", photo=None)
        rows["guests"][1] |= {"scan": None, "photo": "scans/aino.png"}
        put(engine, metadata, rows)
        assert gone(engine, metadata, tmp_path / "scans", tmp_path) == []


def test_what_was_made_from_a_file_that_another_column_names_alone(
    database_url: str, tmp_path: Path
) -> None:
    """A third person's row has the picture with its thumbnail, another one's without."""
    metadata = guests(*(Column(name, String(80)) for name in ("photo", "scan")))
    rules = {
        "name": redact, "photo": File(str(tmp_path)),
        "scan": File(str(tmp_path), also=["{stem}.thumb{suffix}"]),
    }  # fmt: skip
    declared = datamap(metadata, {"guests": Policy(rules, subject=PERSON)})
    with host(database_url, metadata) as engine:
        rows = both(scan="all.png", photo=None)
        rows["guests"].append({**rows["guests"][1], "id": 3, "scan": None, "photo": "all.png"})
        put(engine, metadata, rows)
        assert erase(engine, declared, AINO).files == []


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rows that each look for names read."""
    found: list[int] = []
    rows = shared._Column._rows

    def counted(self: Any, *given: Any) -> list[tuple[Any, ...]]:
        answer = rows(self, *given)
        found.append(len(answer))
        return answer

    monkeypatch.setattr(shared._Column, "_rows", counted)
    return found


def test_a_picture_that_is_everybodys_is_not_read_of_everybody(
    database_url: str, tmp_path: Path, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that stands in for none is named by the whole house; one row of them is enough."""
    monkeypatch.setattr(shared, "MOST", 10)
    metadata = guests(Column("scan", String(80)), Column("photo", String(80)))
    with host(database_url, metadata) as engine:
        rows = both(scan="nobody.png", photo="aino.png")
        rows["guests"] += [
            {"id": id, "name": "Bo", "scan": "nobody.png", "photo": None} for id in range(3, 103)
        ]
        put(engine, metadata, rows)
        assert gone(engine, metadata, tmp_path, tmp_path) == []
    assert max(read) == 10
    assert sum(read) < 25


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_two_who_share_a_file_and_go_at_once(kind: str, tmp_path: Path) -> None:
    """Neither leaves it for the other, who goes as well: it would lie there for nobody."""
    with engines.fresh_database(kind) as url:
        hotel = Hotel(url, tmp_path)
        file = hotel.files / "both.png"
        file.write_bytes(b"x")
        (hotel.files / "nobody.png").write_bytes(b"x")
        for id in (1, 2):
            hotel.guest(id, name=f"G{id}", email=f"g{id}@mail.example")
            hotel.put(Scan, id=id, guest_id=id, path="both.png")
        one, two = (hotel.approved(email=f"g{id}@mail.example") for id in (1, 2))
        with hotel.begin() as first:
            first.erase(one).settled()
            with pytest.raises(BusyError), hotel.begin() as second:
                second.erase(two)
        run(hotel)(lambda office: office.erase(two))
        go(hotel, Post())
        assert not file.exists()
        assert certified(hotel) == [("erased", [])] * 2
        hotel.engine.dispose()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_two_whose_picture_is_everybodys_go_at_once(kind: str, tmp_path: Path) -> None:
    """Both find it in the row of the same third person, and neither waits for the other."""
    with engines.fresh_database(kind) as url:
        hotel = Hotel(url, tmp_path)
        for id in (1, 2, 3):
            hotel.guest(id, name=f"G{id}", email=f"g{id}@mail.example")
            hotel.put(Scan, id=id, guest_id=id, path="nobody.png")
        two, three = (hotel.approved(email=f"g{id}@mail.example") for id in (2, 3))
        with hotel.begin() as first:
            first.erase(two)
            with hotel.begin() as second:
                second.erase(three)
        assert [row["id"] for row in hotel.rows(Scan)] == [1]
        hotel.engine.dispose()


def test_a_certificate_says_that_a_file_stays_with_another(hotel: Hotel) -> None:
    """Whoever reads "erased" while the scan lies in its folder reads why, and of how many rows."""
    (hotel.files / "both.png").write_bytes(b"x")
    for id in (1, 2):
        hotel.guest(id, name=f"G{id}", email=f"g{id}@mail.example")
        hotel.put(Scan, id=id, guest_id=id, path="both.png")
    for id, shared_ in ((1, [{"table": "scans", "rows": 1, "columns": ["path"]}]), (2, [])):
        number = hotel.approved(email=f"g{id}@mail.example")
        run(hotel)(lambda office, number=number: office.erase(number))
        go(hotel, Post())
        with hotel.begin() as office:
            content = office.certificate(number)["content"]
            assert list(office.verify()) == []
        assert (content["state"], content["shared"]) == ("erased", shared_)
