"""Promise: of a text only what names the erased people goes; where nobody can tell, all of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Dialect,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    insert,
    select,
    update,
)

from flask_guesterase.core.errors import ErasureError
from flask_guesterase.core.log import read_entry
from flask_guesterase.core.plan import Decision, Key, Outcome, Person, Row
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import Rule, inside, keep, mentions, null, redact
from flask_guesterase.store.casework.cases import load
from flask_guesterase.store.certificates import certifying, reply
from flask_guesterase.store.erasing import eraser
from flask_guesterase.store.erasing.finder import erased_before
from flask_guesterase.store.erasing.taking import Erased, Taken
from flask_guesterase.store.erasing.traces import holding, tells
from flask_guesterase.store.mapping.datamap import DataMap
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning import again
from flask_guesterase.store.transaction import transaction
from tests.store.hotel import Booking, Guest, Hotel, policies
from tests.store.inn import datamap, draw, host, remains, whole

ANNA, BERT, CARL = ("guests", (1,)), ("guests", (2,)), ("guests", (3,))
PEOPLE = [
    {"id": 1, "house": "mu", "name": "Anna Holm", "phone": "+49 171 2345678"},
    {"id": 2, "house": "mu", "name": "Bert Stone", "phone": "0171 9876543"},
    {"id": 3, "house": "mu", "name": "Carl Rose", "phone": "0171 5555555"},
]
DOCUMENT = inside({"$.who": null, "$.memo": mentions})


def hotel(*columns: Any) -> tuple[MetaData, DataMap]:
    """Return guests, their notes, and what is declared about them."""
    metadata = MetaData()
    Table(
        "guests", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("house", String(4)), Column("name", String(40)), Column("phone", String(40)),
        Column("remark", Text),
    )  # fmt: skip
    Table(
        "notes", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("guest_id", ForeignKey("guests.id"), index=True),
        Column("body", Text), Column("data", JSON), *columns,
    )  # fmt: skip
    more = {column.name: mentions for column in columns if isinstance(column, Column)}
    declared = {
        metadata.tables["guests"]: Policy(
            {"house": keep("which house"), "name": redact, "phone": null, "remark": mentions},
            subject=Subject(
                match=["phone"], name="name", contact=["phone"], property="house"
            ),
        ),
        metadata.tables["notes"]: Policy(
            {"body": mentions, "data": DOCUMENT, **more}, via="guest_id"
        ),
    }  # fmt: skip
    return metadata, datamap(metadata, declared)


@contextmanager
def open_hotel(
    url: str, *notes: dict[str, Any], columns: tuple[Any, ...] = ()
) -> Iterator[tuple[Engine, DataMap, Callable[[], list[Any]]]]:
    """Fill a hotel with three guests and notes; yield a look at the notes as well."""
    metadata, declared = hotel(*columns)
    assert declared.findings == ()
    table = metadata.tables["notes"]
    with host(url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]), PEOPLE)
            for number, note in enumerate(notes, 1):
                conn.execute(insert(table).values(id=number, **note))

        def bodies() -> list[Any]:
            with engine.connect() as conn:
                return list(conn.execute(select(table.c.body).order_by(table.c.id)).scalars())

        yield engine, declared, bodies


def erase(engine: Engine, declared: DataMap, *people: Person, **scope: Any) -> Erased:
    """Erase people with the scope changed as named."""
    with transaction(engine) as conn:
        full, found = whole(conn, declared)
        about = replace(eraser.everything(conn, full, people), **scope)
        plan = eraser.plan(conn, full, about, found)
        return eraser.erase(conn, full, plan, found, scope=about)


def test_two_people_in_one_plan_and_a_third_who_stays(database_url: str) -> None:
    """Each one's row loses both; a first name alone goes in its owner's rows only."""
    said = (
        "Anna Holm and Bert Stone meet Carl Rose; Anna likes the rose garden, "
        "Bert +49 171 2345678"
    )
    with open_hotel(
        database_url, {"guest_id": 1, "body": said}, {"guest_id": 2, "body": said},
        {"guest_id": 3, "body": said}, {"guest_id": 1, "body": None}, {"guest_id": 1, "body": " "},
    ) as (engine, declared, bodies):  # fmt: skip
        done = erase(engine, declared, ANNA, BERT)
        left = remains(engine, declared, ANNA, BERT)

        assert bodies() == [
            "[erased] and [erased] meet Carl Rose; [erased] likes the rose garden, Bert [erased]",
            "[erased] and [erased] meet Carl Rose; Anna likes the rose garden, [erased]",
            said, None, " ",
        ]  # fmt: skip
    assert left == []
    before = [c.value for image in done.images for c in image.columns if c.name == "body"]
    assert before.count(said) == 2, "the recovery copy holds the texts as they were"


def test_rows_that_stay_as_they_were_are_not_counted(database_url: str) -> None:
    """A row counts as changed by any of its columns; the copy holds the others all the same."""
    idle = {"memo": "no wish", "x": [1.50, "ä"]}
    with open_hotel(
        database_url, {"guest_id": 1, "body": "Anna", "data": idle},
        {"guest_id": 1, "body": "tea", "data": {**idle, "who": "A. H."}},
        {"guest_id": 1, "body": "tea", "data": idle}, {"guest_id": 1, "body": None},
    ) as (engine, declared, bodies):  # fmt: skip
        done = erase(engine, declared, ANNA)
        assert bodies() == ["[erased]", "tea", "tea", None]
    assert done.counts == {"guests": 1, "notes": 2}
    assert len(done.images) == 5


@pytest.mark.parametrize(("boxed", "counts"), [(True, {"lines": 1}), (False, {})])
def test_a_row_of_which_something_left_for_a_box_is_counted(
    boxed: bool, counts: dict[str, int]
) -> None:
    """Its text may have stayed as it was; the row did not."""
    text = Decision("lines", Outcome.OVERWRITE, ("remark",))
    taken = Taken(
        text, [Row((1,), frozenset())], (("remark", "TEXT"),), (("id", "INTEGER"),),
        [("tea", 1)], (), [], 0, ("remark",), {0: ("tea",)},
    )  # fmt: skip
    name = Decision("lines", Outcome.SEAL, ("name",))
    key: Key = (1,)
    sealed = {name: {key: next(taken.strip().images())}} if boxed else {}
    assert Erased([taken], sealed, met={"lines": 1}).counts == counts


def test_a_number_in_its_national_spelling(sqlite_url: str) -> None:
    """The country of the person's own property says what a number without one means."""
    said = {"guest_id": 1, "body": "call 0171/2345678 or 0171/9876543"}
    with open_hotel(sqlite_url, said) as (engine, declared, bodies):
        erase(engine, declared, ANNA, BERT, regions={"mu": "DE", "sh": "CN"})
        assert bodies() == ["call [erased] or [erased]"]


def test_where_nobody_knows_the_name_any_more_the_text_goes(database_url: str) -> None:
    """A row that waited longer than the guest's own, under a hold for example, is not trusted."""
    with open_hotel(
        database_url, {"guest_id": 1, "body": "Anna wants tea", "data": {"who": 1, "memo": "Anna"}},
        {"guest_id": 1, "body": '["Anna"]', "data": {"memo": ["Anna", 1], "x": "stays"}},
    ) as (engine, declared, bodies):  # fmt: skip
        table = declared.tables["guests"].table
        with engine.begin() as conn:
            conn.execute(update(table).values(name="[erased]", phone=None))
        erase(engine, declared, ANNA)
        assert bodies() == ["[erased]", "[]"]
        data = declared.tables["notes"].table.c.data
        with engine.connect() as conn:
            assert list(conn.execute(select(data)).scalars()) == [
                {"who": None, "memo": "[erased]"}, {"memo": "[erased]", "x": "stays"},
            ]  # fmt: skip


# Name on file -> a note of hers, and what is left of it.
WRITTEN = {
    "佐々木 花子": ("佐々木様は禁煙", "[erased]様は禁煙"),
    "ジョン・スミス": ("スミス様は禁煙、ジョン・スミス", "[erased]様は禁煙、[erased]"),
    "ﾔﾏﾀﾞ ﾀﾛｳ": ("ヤマダ様は禁煙", "[erased]様は禁煙"),
    "राम शर्मा": ("राम शर्मा, no nuts", "[erased], no nuts"),
    "김민수": ("김민수님 조용한 방", "[erased]님 조용한 방"),
    "علي حسن": ("علي: no nuts", "[erased]: no nuts"),
    "J. Q.": ("J. Q. wants no nuts", "[erased]"),
    "・・": ("quiet, please", "[erased]"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_name_is_struck_as_its_readers_write_it(database_url: str, name: str) -> None:
    """In every script; where a name gives nothing to look for, the whole text goes."""
    text, left = WRITTEN[name]
    with open_hotel(database_url, {"guest_id": 1, "body": text}) as (engine, declared, bodies):
        guests = declared.tables["guests"].table
        with engine.begin() as conn:
            conn.execute(update(guests).where(guests.c.id == 1).values(name=name))
        erase(engine, declared, ANNA)
        assert bodies() == [left]
        assert remains(engine, declared, ANNA) == []


def test_a_record_whose_own_time_is_over_goes_as_a_whole(database_url: str) -> None:
    """Without a person who asks, the whole text has had its time; then the row is done."""
    with open_hotel(
        database_url, {"guest_id": 1, "body": "Anna wants tea", "data": {"who": "Anna", "n": 1}}
    ) as (engine, declared, bodies):
        notes, key = declared.tables["notes"], (1,)
        with engine.connect() as conn:
            assert holding(conn, notes, [key], ["body", "data"]) == {key}
            assert holding(conn, notes, [key], ["data"]) == {key}
        erase(engine, declared, find=lambda: {"notes": [Row(key, frozenset({(ANNA, 0)}))]})
        assert bodies() == ["[erased]"]
        with engine.connect() as conn:
            assert holding(conn, notes, [key], ["body", "data"]) == set()


def test_the_rest_of_a_text_does_not_fill_a_shell_again(sqlite_url: str) -> None:
    """An erased person whose remark names others stays an erased person."""
    with open_hotel(sqlite_url) as (engine, declared, _):
        guests = declared.tables["guests"]
        with engine.begin() as conn:
            conn.execute(update(guests.table).values(remark="Carl Rose's friend Anna"))
            conn.exec_driver_sql(
                "INSERT INTO guesterase_subject (request, table_name, row_key, standing, why,"
                " erased_at) VALUES ('A-1', 'guests', 'int:1', 'taken', 'x', '2026-01-01')"
            )
        erase(engine, declared, ANNA)
        assert not tells(guests, ["remark"])
        with engine.connect() as conn:
            assert erased_before(conn, declared, [ANNA, BERT]) == {ANNA}
            remark = conn.execute(select(guests.table.c.remark)).scalars().first()
    assert remark == "Carl Rose's friend [erased]"


def test_a_shared_text_is_decided_as_a_change(sqlite_url: str) -> None:
    """Staff read and approve it: a mentions column of a shared row is no column left alone."""
    metadata, _ = hotel()
    notes = metadata.tables["notes"]
    notes.append_column(Column("other_id", ForeignKey("guests.id"), index=True))
    declared = datamap(metadata, {
        metadata.tables["guests"]: Policy(
            {"house": keep("x"), "name": redact, "phone": null, "remark": null},
            subject=Subject(match=["phone"], name="name"),
        ),
        notes: Policy({"body": mentions, "data": null}, via=["guest_id", "other_id"]),
    })  # fmt: skip
    with host(sqlite_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(metadata.tables["guests"]), PEOPLE)
            conn.execute(insert(notes).values(id=1, guest_id=1, other_id=2, body="Anna, Bert"))
        plan = draw(engine, declared, ANNA)
        decided = {(s.decision.outcome, s.decision.columns) for s in plan.steps}
    assert ("overwrite", ("body",)) in decided
    assert ("share", ("data",)) in decided


@pytest.mark.parametrize(("said", "left"), [
    ({"guests": ["Anna Holm", "Bert Stone"], "n": 2},
     {"guests": ["[erased]", "Bert Stone"], "n": 2}),
    ("Anna Holm, Bert Stone", "[erased], Bert Stone"),
])  # fmt: skip
def test_of_a_shared_document_goes_what_names_who_asks(
    database_url: str, said: Any, left: Any
) -> None:
    """The names of a party lie in one list: one goes at once, the others stay; so it is in a text
    that should be a document and is none."""
    metadata, _ = hotel(Column("other_id", ForeignKey("guests.id"), index=True))
    notes, guests = metadata.tables["notes"], metadata.tables["guests"]
    who = inside({"$.guests": mentions, "$.n": keep("how many")})
    mixed = inside({"$.guests": mentions, "$.n": null})
    declared = datamap(metadata, {
        guests: Policy(
            {"house": keep("x"), "name": redact, "phone": null, "remark": null},
            subject=Subject(match=["phone"], name="name"),
        ),
        notes: Policy({"body": who, "data": mixed}, via=["guest_id", "other_id"]),
    })  # fmt: skip
    text = said if isinstance(said, str) else json.dumps(said)
    with host(database_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), PEOPLE)
            row = {"id": 1, "guest_id": 1, "other_id": 2, "body": text, "data": {"n": 1}}
            conn.execute(insert(notes).values(row))
        plan = draw(engine, declared, ANNA)
        erase(engine, declared, ANNA)
        with engine.connect() as conn:
            body, data = conn.execute(select(notes.c.body, notes.c.data)).one()
    assert (body if isinstance(said, str) else json.loads(body), data) == (left, {"n": 1})
    decided = {(s.decision.outcome, s.decision.columns) for s in plan.steps}
    assert {("overwrite", ("body",)), ("share", ("data",))} <= decided


@pytest.mark.parametrize(
    ("coding", "left"), [("utf-8", "[erased], Zoë"), ("latin-1", "[erased]")]
)
def test_bytes_where_a_text_should_be_are_read_as_one(
    sqlite_url: str, coding: str, left: str
) -> None:
    """A program of old wrote bytes, which SQLite keeps: names in them go; else all of them do."""
    note = {"guest_id": 1, "body": "Anna"}
    with open_hotel(sqlite_url, note) as (engine, declared, bodies):
        with engine.begin() as conn:
            wrote = "Anna Holm, Zoë".encode(coding)
            conn.exec_driver_sql("UPDATE notes SET body = ?", (wrote,))
        erase(engine, declared, ANNA)
        assert bodies() == [left]


def test_a_check_that_refuses_the_mark_stops_everything(database_url: str) -> None:
    """Where the database does not take what is left, nothing is changed."""
    strict = Column("strict_", String(40), CheckConstraint("strict_ <> '[erased]'"))
    note = {"guest_id": 1, "body": "Anna", "strict_": "Anna"}
    with open_hotel(database_url, note, columns=(strict,)) as (engine, declared, bodies):
        with pytest.raises(ErasureError) as refused:
            erase(engine, declared, ANNA)
        assert "Anna" not in str(refused.value)
        assert bodies() == ["Anna"]


def test_a_json_document_in_a_json_column_stays_one(database_url: str) -> None:
    """Escapes and numbers keep their form; what the engine reads afterwards is valid."""
    note = {"guest_id": 1, "data": {"memo": {"n": 1.50, "t": ["Anna\n", "é"]}, "who": [1, {}]}}
    with open_hotel(database_url, note) as (engine, declared, _):
        erase(engine, declared, ANNA)
        with engine.connect() as conn:
            data = conn.execute(select(declared.tables["notes"].table.c.data)).scalar_one()
    assert data == {"memo": {"n": 1.5, "t": ["[erased]\n", "é"]}, "who": None}


# what staff read before


def remarked(
    url: str, folder: Path, rule: Rule, *remarks: str | None, email: str = "wei@post.example"
) -> tuple[Hotel, str]:
    """Return a hotel whose bookings have remarks under a rule, and a request in review."""
    hotel = Hotel(url, folder)
    declared = [
        (model, replace(policy, columns={**policy.columns, "remark": rule})
         if model is Booking else policy)
        for model, policy in policies(str(hotel.files))
    ]  # fmt: skip
    hotel.datamap = hotel.mapped(declared)
    hotel.guest(1, name="Wei Xu", email=email, phone="+86 138 0013 8000")
    for id, remark in enumerate(remarks, 1):
        hotel.put(Booking, id=id, number=f"B-{id}", guest_id=1, remark=remark)
    number = hotel.file(email=email)
    with hotel.begin() as office:
        office.confirm(number, "clerk", "desk")
    return hotel, number


@pytest.fixture
def filed(sqlite_url: str, tmp_path: Path) -> tuple[Hotel, str]:
    """A hotel whose bookings have remarks, and a request that is in review."""
    said = "Mr Xu and Clara Desk, clara@desk.example: 13800138000, quiet"
    return remarked(sqlite_url, tmp_path, mentions, said, "late")


@pytest.mark.parametrize(("rule", "remarks", "left"), [
    (mentions, ("Mr Xu, quiet", "late", None), ["Mr [erased], quiet", "late", None]),
    (DOCUMENT, ('{"who":"Mr Xu"}', '{"x":1.50}', "{}"), ['{"who":null}', '{"x":1.50}', "{}"]),
    (mentions, ("quiet",), ["quiet"]),
])  # fmt: skip
def test_what_was_not_changed_is_not_said_to_be(
    rule: Rule, remarks: tuple[str | None, ...], left: list[str | None],
    sqlite_url: str, tmp_path: Path,
) -> None:  # fmt: skip
    """The plan, the journal, the certificate and the answer tell of the rows that change alone."""
    hotel, number = remarked(sqlite_url, tmp_path, rule, *remarks)
    changed = sum(was != is_ for was, is_ in zip(remarks, left, strict=True))
    wanted = {"guests": 1, **({"bookings": changed} if changed else {})}
    with hotel.begin() as office:
        plan = office.preview(number, by="officer")
        office.approve(number, "officer", plan.digest)
    assert hotel.erased(number) == "erased"
    assert [row["remark"] for row in hotel.rows(Booking)] == left

    assert {line.table: line.rows for line in plan.erase} == wanted
    drafts = [read_entry(each["body"].encode()).draft for each in hotel.ours("entry")]
    (told,) = [draft.counts for draft in drafts if draft.action == "subject-erased"]
    assert told == {**wanted, "people": 1, "files": 0}
    with hotel.begin() as office:
        content = certifying.newest(office.work, number)["content"]
        answer = reply.answer(office.work, load(office.work, number))
    assert {each["table"]: each["rows"] for each in content["went"]} == wanted
    assert answer is not None
    assert set(answer.went) == wanted.keys()


def test_an_address_that_begins_like_a_placeholder_is_struck(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Somebody may be called so, and is named by it in the hotel's texts."""
    mail = "erased-wei@post.example"
    hotel, number = remarked(sqlite_url, tmp_path, mentions, f"to {mail}, quiet", email=mail)
    hotel.approve(number)
    assert hotel.erased(number) == "erased"
    assert [row["remark"] for row in hotel.rows(Booking)] == ["to [erased], quiet"]


def test_who_is_asked_for_twice_is_counted_alike(sqlite_url: str, tmp_path: Path) -> None:
    """Where another value is written beside a text, plan and certificate both count the row."""
    hotel, number = remarked(sqlite_url, tmp_path, mentions, "quiet")
    declared = [
        (model, replace(policy, columns={**policy.columns, "document_no": mentions})
         if model is Guest else policy)
        for model, policy in policies(str(hotel.files))
    ]  # fmt: skip
    hotel.datamap = hotel.mapped(declared)
    hotel.approve(number)
    hotel.erased(number)
    second = hotel.file(booking="B-1")
    with hotel.begin() as office:
        office.confirm(second, "clerk", "desk")
        plan = office.preview(second, by="officer")
        office.approve(second, "officer", plan.digest)
    hotel.erased(second)
    with hotel.begin() as office:
        content = certifying.newest(office.work, second)["content"]
    planned = {line.table: line.rows for line in plan.erase}
    assert {each["table"]: each["rows"] for each in content["went"]} == planned


def test_the_plan_is_read_where_the_host_refuses_a_value(
    sqlite_url: str, tmp_path: Path
) -> None:
    """What the host's own code raises about a value is neither told nor in the plan's way."""
    def refuse(old: Any) -> Any:
        raise LookupError(old)

    rule = inside({"$.who": refuse})
    hotel, number = remarked(sqlite_url, tmp_path, rule, '{"who":"Mr Xu"}')
    with hotel.begin() as office:
        plan = office.preview(number, by="officer")
    assert {line.table: line.rows for line in plan.erase} == {"guests": 1, "bookings": 1}


def test_who_is_back_and_goes_again_is_counted_alike(filed: tuple[Hotel, str]) -> None:
    """A row that comes back names them in one of two texts; only that one changes again."""
    hotel, number = filed
    hotel.approve(number)
    hotel.erased(number)
    with hotel.engine.begin() as conn:
        conn.execute(update(Guest).values(name="Wei Xu", email="wei@post.example"))
        conn.execute(update(Booking).where(Booking.id == 1).values(remark="Mr Xu, quiet"))
    with hotel.begin() as office:
        case = load(office.work, number)
        origin = Origin(number, case.controller, case.property)
        done = again.again(office.work, origin, [("guests", (1,))])
    assert {each["table"]: each["rows"] for each in done.did} == {"bookings": 1, "guests": 1}
    drafts = [read_entry(each["body"].encode()).draft for each in hotel.ours("entry")]
    (told,) = [draft.counts for draft in drafts if draft.action == "subject-erased-again"]
    assert told == {"bookings": 1, "guests": 1, "people": 1}


def test_the_preview_counts_and_shows_the_stretches(filed: tuple[Hotel, str]) -> None:
    """Who may look sees what is struck out, and of everybody else a mask."""
    hotel, number = filed
    with hotel.begin() as office:
        plan = office.preview(number, by="officer")
    (mention,) = plan.mentions
    assert (mention.table, mention.column, mention.rows, mention.spans) == (
        "bookings", "remark", 1, 2,
    )  # fmt: skip
    stretches = [stretch for _, stretch, _ in mention.shown]
    around = " ".join(before + behind for before, _, behind in mention.shown)
    assert stretches == ["Xu", "13800138000"]
    assert "quiet" in around
    assert not {"Clara", "Desk", "clara@desk.example", "13800138000"} & set(around.split())


def test_without_a_reader_nothing_is_shown(filed: tuple[Hotel, str]) -> None:
    """A console without a person gets numbers alone."""
    hotel, number = filed
    with hotel.begin() as office:
        told = json.dumps(office.preview(number).as_dict())
    assert '"spans": 2' in told
    assert not [value for value in ("Xu", "13800138000", "quiet") if value in told]


def test_done_as_it_was_shown(filed: tuple[Hotel, str]) -> None:
    """What was approved is what happens; the hotel's other words stay."""
    hotel, number = filed
    hotel.approve(number)
    hotel.erased(number)
    remarks = [row["remark"] for row in hotel.rows(Booking)]
    assert remarks == ["Mr [erased] and Clara Desk, clara@desk.example: [erased], quiet", "late"]
    assert hotel.rows(Guest)[0]["name"] == "[erased]"


@pytest.mark.parametrize("document", [False, True])
def test_the_name_of_who_shares_the_row_stays_whole(sqlite_url: str, document: bool) -> None:
    """The erasure of a child takes no surname out of the name of the parent who pays."""
    metadata, _ = hotel(Column("other_id", ForeignKey("guests.id"), index=True))
    notes, guests = metadata.tables["notes"], metadata.tables["guests"]
    declared = datamap(metadata, {
        guests: Policy(
            {"house": keep("x"), "name": redact, "phone": null, "remark": null},
            subject=Subject(match=["phone"], name="name"),
        ),
        notes: Policy({"body": mentions, "data": null}, via=["guest_id", "other_id"]),
    })  # fmt: skip
    said = "HOLM, Bert pays by card; Anna sleeps. Mrs Holm calls. Then Anna Holm left"
    left = "HOLM, Bert pays by card; [erased] sleeps. Mrs [erased] calls. Then [erased] left"
    with host(sqlite_url, metadata) as engine:
        with engine.begin() as conn:
            conn.execute(insert(guests), PEOPLE)
            conn.execute(update(guests).where(guests.c.id == 2).values(name="Bert Holm"))
            body = json.dumps({"said": said}) if document else said
            conn.execute(insert(notes).values(id=1, guest_id=1, other_id=2, body=body))
        erase(engine, declared, ANNA)
        with engine.connect() as conn:
            found = conn.execute(select(notes.c.body)).scalar_one()
    assert (json.loads(found)["said"] if document else found) == left


class Sealed(TypeDecorator[str]):
    """A vendor's own type, which cannot open what it finds."""

    impl = String(40)
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the value, or raise what names it."""
        if value == "lost":
            raise ValueError(f"cannot open {value}")
        return value


def test_a_name_beside_that_nobody_can_read_stops_no_erasure(sqlite_url: str) -> None:
    """Of other people of the rows those who can be read keep theirs."""
    metadata = MetaData()
    guests = Table(
        "guests", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
        Column("name", Sealed), Column("phone", String(40)),
    )  # fmt: skip
    ways = [Column(n, ForeignKey("guests.id"), index=True) for n in ("one", "two", "third")]
    notes = Table("notes", metadata, Column("id", Integer, primary_key=True), *ways,
                  Column("body", Text))  # fmt: skip
    declared = datamap(metadata, {
        guests: Policy({"name": redact, "phone": null},
                       subject=Subject(match=["phone"], name="name")),
        notes: Policy({"body": mentions}, via=[each.name for each in ways]),
    })  # fmt: skip
    with host(sqlite_url, metadata) as engine:
        with engine.begin() as conn:
            for number, name in enumerate(["Anna Holm", "lost", "Bert Holm"], 1):
                conn.execute(insert(guests).values(id=number, name=name))
            conn.execute(insert(notes).values(one=1, two=2, third=3, body="Anna & Bert Holm"))
        erase(engine, declared, ANNA)
        with engine.connect() as conn:
            assert conn.execute(select(notes.c.body)).scalar_one() == "[erased] & Bert Holm"
