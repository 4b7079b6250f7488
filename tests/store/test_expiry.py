"""What has had its time goes by itself: no less than that, no more, and again if it came back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, String, Table, insert, select, update

from flask_guesterase.core import rotation
from flask_guesterase.core.holding import Wanted
from flask_guesterase.core.payload import decode
from flask_guesterase.core.plan import Decision, Key, Outcome, Row, Step
from flask_guesterase.core.policy import Equal, Policy, Subject
from flask_guesterase.core.treatment import delete, inside, keep, mentions, null, redact, retain
from flask_guesterase.recipients import Answer, Notice, Recipient, Said, by_hand
from flask_guesterase.store import tables, worker
from flask_guesterase.store.boxes import vault
from flask_guesterase.store.casework import minors
from flask_guesterase.store.comeback import reconcile
from flask_guesterase.store.erasing.taking import Taken
from flask_guesterase.store.executing import endless, expiry, finishing, settling
from flask_guesterase.store.lawbook import rulebook
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.partners import delivering
from flask_guesterase.store.recovery import window
from flask_guesterase.store.search import queued
from flask_guesterase.store.settings import Property
from tests.store.hotel import Hotel, read_through
from tests.store.test_copying import asked, fetched, release, shown
from tests.zealand import law, rule

METADATA = MetaData()
PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("hotel", String(10), nullable=False),
    Column("name", String(80)),
    Column("email", String(80)),
    Column("visa", String(40)),
    Column("seen", Date),
)
BILLS = Table(
    "bills",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("one", Integer),
    Column("other", Integer),
    Column("payer", String(80)),
    Column("scan", String(80)),
    Column("letter", String(80)),
    Column("role", String(20)),
    Column("dated", Date),
)
PACK = law(
    rule(
        "profiles", "reservation", 1,
        'ceiling = "P3Y"', 'ceiling_kind = "hard"', 'clock = ["last_activity"]',
    ),
    rule("register", "guest_register", 2, 'floor = "P1Y"', 'clock = ["last_activity"]'),
    rule("bills", "invoice_accounting", 3, 'floor = "P2Y"', 'clock = ["document"]'),
    rule(
        "letters", "correspondence", 5,
        'floor = "P2Y"', 'ceiling = "P2Y"', 'ceiling_kind = "hard"', 'clock = ["document"]',
        'when = { role = "main" }',
    ),
    rule(
        "scans", "identity_document_copy", 4,
        'ceiling = "P1M"', 'ceiling_kind = "hard"', 'clock = ["document"]',
    ),
)  # fmt: skip


class Inn(Hotel):
    """A hotel whose people run out by themselves, and whose bills may be two people's."""

    pack = PACK

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        file = folder / "NZ.toml"
        file.write_text(self.pack, encoding="utf-8")
        self.settings = replace(
            self.settings,
            packs=(str(file),),
            properties={
                "sh": Property("sh", "Kauri", "Kauri Ltd", "NZ", "Pacific/Auckland", "en")
            },
        )
        self.datamap = resolve(
            [
                (PEOPLE, Policy(
                    {
                        "hotel": keep("which house"), "name": redact, "email": null,
                        "visa": retain("guest_register"), "seen": keep("statistics"),
                    },
                    subject=Subject(
                        match=["email"], name="name", contact=["email"], property="hotel"
                    ),
                    category="reservation",
                    clock={"last_activity": "seen"},
                )),
                (BILLS, Policy(
                    {
                        "payer": retain("invoice_accounting"),
                        "scan": retain("identity_document_copy"),
                        "letter": retain("correspondence"),
                        "role": redact,
                        "dated": keep("statistics"),
                    },
                    via={
                        Equal({"one": "id"}, to="people"): [],
                        Equal({"other": "id"}, to="people"): [],
                    },
                    clock="dated",
                    facts={"role": "role"},
                )),
            ],
            [*METADATA.tables.values()],
            [],
        )
        METADATA.create_all(self.engine)
        self.grants["officer"].add("law")
        with self.begin() as office:
            office.sign_pack("NZ", "officer")

    def person(self, id: int, seen: date, **values: Any) -> None:
        """Put somebody on file."""
        row = {
            "id": id, "hotel": "sh", "name": "Ann Berg", "email": f"p{id}@mail.example",
            "visa": "V1", "seen": seen, **values,
        }
        with self.engine.begin() as conn:
            conn.execute(insert(PEOPLE).values(row))

    def bill(self, id: int, **values: Any) -> None:
        """Put a bill on file."""
        row = {"payer": "Ann Berg", "scan": None, "dated": date(2026, 3, 1), **values}
        with self.engine.begin() as conn:
            conn.execute(insert(BILLS).values(id=id, **row))

    def set(self, table: Table, id: int, **values: Any) -> None:
        """Let the host write into a row."""
        with self.engine.begin() as conn:
            conn.execute(update(table).where(table.c.id == id).values(**values))

    def read(self, table: Table, id: int = 1) -> dict[str, Any]:
        """Return one row."""
        with self.engine.connect() as conn:
            return dict(conn.execute(select(table).where(table.c.id == id)).one()._mapping)

    def run(self, unit: Any) -> Any:
        """Run a unit of work in a transaction of its own."""
        with self.begin() as office:
            return unit(office)

    def content(self, number: str) -> dict[str, Any]:
        """Return what the newest certificate of a request says."""
        with self.begin() as office:
            return dict(office.certificate(number)["content"])


@pytest.fixture
def inn(sqlite_url: str, tmp_path: Path) -> Iterator[Inn]:
    """The hotel on SQLite."""
    made = Inn(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def any_inn(database_url: str, tmp_path: Path) -> Iterator[Inn]:
    """The hotel on each of the three engines in turn."""
    made = Inn(database_url, tmp_path)
    yield made
    made.engine.dispose()


def test_who_comes_back_runs_out_again(any_inn: Inn) -> None:
    """The host fills the shell of somebody whose time was over; it goes again on its day."""
    inn = any_inn
    inn.person(1, date(2022, 1, 1))
    assert expiry.expire(inn.run)["people"] == 1
    assert inn.read(PEOPLE)["email"] is None
    inn.set(PEOPLE, 1, name="Ann Berg", email="p1@mail.example", seen=date(2026, 5, 1))
    # A stay since then is for staff to look at, not for the sweep to end.
    assert reconcile.reconcile(inn.run) == {"returned-unclear": 1}
    inn.later(days=4 * 366)
    inn.person(2, date(2026, 1, 1))
    assert {(row["kind"], row["request"]) for row in inn.ours("mark")} >= {
        ("key", None), ("email", None)
    }  # fmt: skip
    assert expiry.expire(inn.run)["people"] == 2
    assert {inn.read(PEOPLE, 1)["email"], inn.read(PEOPLE, 2)["email"]} == {None}


@pytest.mark.parametrize("asked", [False, True])
def test_a_text_of_the_profile_goes_once_and_for_all(inn: Inn, asked: bool) -> None:
    """What is left of it after a request goes on the profile's own day; no sweep does it twice."""
    people = inn.datamap.tables["people"].policy
    bills = inn.datamap.tables["bills"].policy
    document = inside({"$.who": null})
    inn.datamap = resolve(
        [
            (PEOPLE, replace(people, columns={**people.columns, "visa": mentions})),
            (BILLS, replace(bills, columns={**bills.columns, "role": document})),
        ], METADATA.tables.values(), [],
    )  # fmt: skip
    inn.person(1, date(2022, 1, 1), visa="Ann Berg and Bo Lind")
    inn.bill(1, one=1, role='{"who":"A", "n":1}')
    if asked:
        number = inn.approved(email="p1@mail.example")
        with inn.begin() as office:
            office.erase(number).settled()
            office.check(number)
        assert inn.read(PEOPLE)["visa"] == "[erased] and Bo Lind"
    assert expiry.expire(inn.run)["people"] == 1
    assert inn.read(PEOPLE)["visa"] == "[erased]"
    assert inn.read(BILLS)["role"] == '{"who":null, "n":1}'
    assert expiry.expire(inn.run) == {}


def test_a_copy_that_was_fetched_goes_with_who_went_because_their_time_was_over(
    inn: Inn,
) -> None:
    """What the guest fetched is theirs; the hotel keeps none of it, by whatever way they went."""
    numbers = []
    for id in (1, 2):
        inn.person(id, date(2024, 2, 1))
        numbers.append(asked(inn, email=f"p{id}@mail.example"))
        shown(inn, numbers[-1])
        release(inn, numbers[-1])
        assert f"p{id}@mail.example" in fetched(inn, numbers[-1]).to_json()
    inn.set(PEOPLE, 1, seen=date(2022, 1, 1))
    inn.later(days=1, hours=1)
    assert expiry.expire(inn.run)["people"] == 1
    boxes = {row["request"]: row["box"] for row in inn.ours("copy")}
    assert [boxes[number] is None for number in numbers] == [True, False]
    ended = {row["request"]: row["forgotten_at"] is not None
             for row in inn.ours("box") if row["purpose"] == "copy"}  # fmt: skip
    assert ended.get(numbers[0], True)
    assert ended[numbers[1]] is False


def test_what_cannot_go_is_as_old_as_its_first_part(inn: Inn) -> None:
    """Another part of a row that ends later makes nothing that waits look younger."""
    inn.person(1, date(2025, 1, 1))
    with inn.engine.begin() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER stuck BEFORE UPDATE ON people BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    expiry.expire(inn.run)
    days = [row["day"] for row in inn.ours("due")]
    assert days == ["2026-01-01"]
    inn.later(days=3 * 366)
    expiry.expire(inn.run)
    assert [row["day"] for row in inn.ours("due")] == days


def test_a_part_whose_floor_is_over_takes_nothing_else_along(any_inn: Inn) -> None:
    """What the register needed of a profile goes a year later; the profile has two more."""
    inn = any_inn
    inn.person(1, date(2025, 1, 1))
    inn.bill(1, one=1, dated=date(2020, 1, 1))
    shown = inn.run(lambda office: read_through(office.work))
    assert {(line["table"], line["category"]) for line in shown} == {
        ("people", "guest_register"), ("bills", "invoice_accounting")
    }
    expiry.expire(inn.run)
    row = inn.read(PEOPLE)
    assert (row["visa"], row["name"], row["email"]) == (None, "Ann Berg", "p1@mail.example")
    assert inn.ours("subject") == [], "nobody was erased"


def test_a_ceiling_without_a_floor_ends_what_is_retained_under_it(any_inn: Inn) -> None:
    """A scan that may be kept a month goes then, though the bill beside it stays two years."""
    inn = any_inn
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1, scan="front.png", dated=date(2026, 2, 1))
    inn.bill(2, one=1, scan="back.png", dated=date(2026, 2, 20))
    expiry.expire(inn.run)
    assert (inn.read(BILLS, 1)["scan"], inn.read(BILLS, 1)["payer"]) == (None, "Ann Berg")
    assert inn.read(BILLS, 2)["scan"] == "back.png"


@pytest.mark.parametrize(("category", "gone"), [
    ("correspondence", {"scan"}), ("identity_document_copy", {"scan", "letter", "role"}),
])  # fmt: skip
def test_the_earlier_ceiling_ends_what_has_no_floor(
    inn: Inn, category: str, gone: set[str]
) -> None:
    """Its own, though the row stays two years; or the row's, where no rule is about it."""
    bills = replace(inn.datamap.tables["bills"].policy, category=category)
    people = inn.datamap.tables["people"].policy
    inn.datamap = resolve([(PEOPLE, people), (BILLS, bills)], [*METADATA.tables.values()], [])
    inn.person(1, date(2026, 3, 1))
    role = "main" if category == "correspondence" else "copy"
    inn.bill(1, one=1, scan="front.png", letter="Dear Ann", role=role, dated=date(2026, 2, 1))
    before = inn.read(BILLS)
    expiry.expire(inn.run)
    after = inn.read(BILLS)
    assert {name for name in before if after[name] != before[name]} == gone


def test_what_one_row_holds_nothing_of_goes_of_another_of_the_same_day(inn: Inn) -> None:
    """Scan and payer have had their time; of two bills the host took the payer away itself."""
    inn.person(1, date(2026, 3, 1))
    for id, payer in ((1, None), (2, "Ann Berg"), (3, None)):
        inn.bill(id, one=1, scan="back.png", payer=payer, dated=date(2024, 1, 1))
    expiry.expire(inn.run)
    assert (inn.read(BILLS, 2)["scan"], inn.read(BILLS, 2)["payer"]) == (None, None)


def test_what_has_a_last_day_is_there_on_it_and_goes_the_day_after(inn: Inn) -> None:
    """A profile after three years, a scan after a month: the day itself is the house's own."""
    today = inn.now.astimezone(ZoneInfo("Pacific/Auckland")).date()
    inn.person(1, date(today.year - 3, today.month, today.day), visa=None)
    inn.person(2, today)
    inn.bill(1, one=2, scan="front.png", dated=date(today.year, today.month - 1, today.day))
    assert expiry.expire(inn.run) == {}
    inn.later(days=1)
    assert expiry.expire(inn.run) == {"people": 1, "expired": 2}
    assert (inn.read(PEOPLE)["email"], inn.read(BILLS)["scan"]) == (None, None)


WITH_COPIES = MetaData()
PEOPLE.to_metadata(WITH_COPIES)
COPIES = Table(
    "copies", WITH_COPIES, Column("id", Integer, primary_key=True), Column("guest", Integer),
    Column("bytes", String(20)), Column("name", String(80)), Column("dated", Date),
)  # fmt: skip


def declare(inn: Inn, policy: Policy) -> None:
    """Let an inn have copies of passports beside its people, under this policy."""
    people = WITH_COPIES.tables["people"], inn.datamap.tables["people"].policy
    inn.datamap = resolve([people, (COPIES, policy)], [*WITH_COPIES.tables.values()], [])


def test_a_row_that_goes_whole_ends_by_itself_though_no_column_of_it_has_a_rule(inn: Inn) -> None:
    """A copy of a passport may be kept a month; then the row is gone, and the guest is not."""
    declare(inn, Policy(
        {}, via=Equal({"guest": "id"}, to="people"), rows=delete,
        category="identity_document_copy", clock={"document": "dated"},
    ))  # fmt: skip
    inn.person(1, date(2026, 3, 1))
    with inn.engine.begin() as conn:
        COPIES.create(conn)
        days = (1, date(2026, 2, 1)), (2, date(2026, 3, 1))
        rows = [{"id": id, "guest": 1, "bytes": "x", "dated": day} for id, day in days]
        conn.execute(insert(COPIES), rows)
    assert expiry.expire(inn.run) == {"expired": 1}
    with inn.engine.connect() as conn:
        assert conn.execute(select(COPIES.c.id)).scalars().all() == [2]
    assert inn.read(PEOPLE)["name"] == "Ann Berg"


def copied(inn: Inn, policy: Policy) -> None:
    """Let an inn have one copy of February, whose month is over, under this policy."""
    declare(inn, policy)
    inn.person(1, date(2026, 3, 1))
    with inn.engine.begin() as conn:
        COPIES.create(conn)
        conn.execute(insert(COPIES).values(
            id=1, guest=1, bytes="x", name="Ann Berg", dated=date(2026, 2, 1)
        ))  # fmt: skip


def copies(inn: Inn) -> list[tuple[str | None, str | None]]:
    """Return what is left of the copies."""
    with inn.engine.connect() as conn:
        return [(row.bytes, row.name) for row in conn.execute(select(COPIES))]


COPIED: dict[str, Any] = {
    "via": Equal({"guest": "id"}, to="people"), "rows": delete,
    "category": "identity_document_copy", "clock": {"document": "dated"},
}  # fmt: skip


def test_a_row_of_which_the_law_keeps_a_part_does_not_go_whole(inn: Inn) -> None:
    """A month for the rest of a copy, two years for what is on a bill: then that goes too (P3)."""
    billed = {"bytes": retain("invoice_accounting", then=null), "name": null}
    copied(inn, Policy(billed, **COPIED))
    expiry.expire(inn.run)
    assert copies(inn) == [("x", None)]
    inn.later(days=800)
    expiry.expire(inn.run)
    assert copies(inn) == [(None, None)]


def test_a_row_of_which_a_part_was_kept_stays_when_all_of_it_has_had_its_time(inn: Inn) -> None:
    """As the check says of such a rule: whether a deletion can be made was looked at for others."""
    copied(inn, Policy({"bytes": retain("invoice_accounting"), "name": null}, **COPIED))
    inn.later(days=800)
    expiry.expire(inn.run)
    assert copies(inn) == [(None, None)]


@pytest.mark.parametrize("columns", [{}, {"name": null}, {"bytes": null, "name": null}])
def test_a_sweep_deletes_no_row_whose_column_one_person_let_go(
    inn: Inn, columns: dict[str, Any]
) -> None:
    """The law kept a part of it, so whoever says now that rows go whole waits for two (P11)."""
    copied(inn, Policy({"bytes": retain("invoice_accounting"), "name": null}, **COPIED))
    with inn.begin() as office:
        rulebook.sync(office.work)
    declare(inn, Policy(columns, **COPIED))
    expiry.expire(inn.run)
    assert copies(inn) == [("x", None if columns else "Ann Berg")]
    # Nor is it said every night that it went, or would.
    assert expiry.expire(inn.run) == {}
    with inn.begin() as office:
        assert read_through(office.work) == []


@pytest.mark.parametrize(("before", "ends"), [("guest_register", False), ("reservation", True)])
def test_a_record_relabelled_by_one_person_waits_for_two(
    inn: Inn, before: str, ends: bool
) -> None:
    """Under its new name a month is all (P11); under the old one no law said by when it must be
    gone, or three years."""
    def called(category: str) -> None:
        declare(inn, Policy(
            {"bytes": null, "dated": keep("statistics")}, via=Equal({"guest": "id"}, to="people"),
            category=category, clock={"document": "dated", "last_activity": "dated"},
        ))  # fmt: skip

    called(before)
    inn.person(1, date(2026, 3, 1))
    with inn.engine.begin() as conn:
        COPIES.create(conn)
        conn.execute(insert(COPIES).values(id=1, guest=1, bytes="x", dated=date(2026, 2, 1)))
    with inn.begin() as office:
        rulebook.sync(office.work)
    called("identity_document_copy")
    for days, there in ((0, True), (40, True), (3 * 365, not ends)):
        inn.later(days=days)
        if days > 40:
            # The guest came again, so that the record goes by itself or not at all.
            inn.set(PEOPLE, 1, seen=inn.now.date())
        expiry.expire(inn.run)
        with inn.engine.connect() as conn:
            assert (conn.execute(select(COPIES.c.bytes)).scalar_one() == "x") is there


def test_a_profile_waits_for_the_night_audit_of_another_house(inn: Inn) -> None:
    """Its time is over, and a bill of the guest's lies where nothing may be erased just now."""
    gum = Property("au", "Gum", "Kauri Ltd", "NZ", "Pacific/Auckland", "en")
    inn.settings = replace(inn.settings, properties={**inn.settings.properties, "au": gum})
    people, bills = (inn.datamap.tables[name].policy for name in ("people", "bills"))
    columns = {**bills.columns, "role": keep("which house")}
    bills = replace(bills, columns=columns, place="role", facts={})
    inn.datamap = resolve([(PEOPLE, people), (BILLS, bills)], METADATA.tables.values(), [])
    inn.person(1, date(2022, 1, 1))
    inn.bill(1, one=1, role="au", dated=date(2022, 1, 1))
    assert expiry.expire(inn.run, frozenset({"au"})) == {"waiting": 1}
    assert (inn.read(PEOPLE)["email"], inn.read(BILLS)["payer"]) == ("p1@mail.example", "Ann Berg")
    inn.later(days=1)
    assert expiry.expire(inn.run)["people"] == 1
    assert (inn.read(PEOPLE)["email"], inn.read(BILLS)["payer"]) == (None, None)


def test_who_is_not_the_guest_of_an_open_request_has_their_time(inn: Inn) -> None:
    """What a request is about it decides; whom a clerk left out of it the sweep ends."""
    inn.person(1, date(2022, 1, 1))
    number = inn.file(email="p1@mail.example")
    assert expiry.expire(inn.run) == {}
    with inn.begin() as office:
        office.leave(number, office.show(number)["subjects"][0]["id"], "clerk")
    inn.later(days=1)
    assert expiry.expire(inn.run)["people"] == 1


def test_what_goes_on_its_day_is_looked_for_from_then_on(inn: Inn) -> None:
    """A value that only the kept row had may lie elsewhere; nobody looked while it was kept."""
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1, payer="pat@mail.example")
    number = inn.approved(email="p1@mail.example")
    assert worker.carry_out(inn.run, number) == "sealed"
    assert inn.run(lambda office: queued.waiting(office.work)) == []
    inn.later(days=2 * 366)
    finishing.finish(inn.run)
    assert inn.state(number) == "erased"
    assert inn.run(lambda office: queued.waiting(office.work)) == [number]


def test_what_is_kept_goes_when_its_day_is_over_at_the_hotel_and_not_before(inn: Inn) -> None:
    """In Auckland that is half a day before it is over in UTC, by which sweeps look for it."""
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1, payer="pat@mail.example")
    number = inn.approved(email="p1@mail.example")
    assert worker.carry_out(inn.run, number) == "sealed"
    (kept,) = inn.ours("kept")
    until = date.fromisoformat(kept["until"])
    inn.later(days=(until - inn.now.date()).days, hours=1)
    finishing.finish(inn.run)
    assert (inn.state(number), inn.read(BILLS)["payer"]) == ("sealed", "pat@mail.example")
    inn.later(hours=3)
    assert inn.now.date() == until
    finishing.finish(inn.run)
    assert (inn.state(number), inn.read(BILLS)["payer"]) == ("erased", None)


def test_a_supplement_says_what_stays_because_it_is_another_persons(any_inn: Inn) -> None:
    """The bill's floor is over, and a living guest is on it too: it was not overwritten."""
    inn = any_inn
    inn.person(1, date(2026, 3, 1))
    inn.person(2, date(2026, 3, 1))
    inn.bill(1, one=1, other=2)
    inn.bill(2, one=1)
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    inn.later(days=2 * 366)
    inn.set(PEOPLE, 2, seen=inn.now.date())
    finishing.finish(inn.run)
    assert (inn.read(BILLS, 1)["payer"], inn.read(BILLS, 2)["payer"]) == ("Ann Berg", None)
    said = inn.content(number)
    gone = [(g["table"], g["rows"]) for g in said["went"] if "payer" in g["columns"]]
    shared = [(s["table"], s["rows"]) for s in said["shared"] if "payer" in s["columns"]]
    assert said["state"] == "erased"
    assert gone == [("bills", 1)]
    assert shared == [("bills", 1)]


def boxed(inn: Inn) -> None:
    """Confirm a second copy of the keys, so that the register's columns are sealed."""
    inn.grants["second"].add("law")
    with inn.begin() as office:
        office.propose_copy("officer", inn.custodian.fingerprint())
    with inn.begin() as office:
        office.confirm_copy("second")


def test_a_supplement_names_the_copies_of_what_went_last(any_inn: Inn) -> None:
    """What was kept lies in backups, and in a safety copy, from the day on which it went itself."""
    inn = any_inn
    inn.settings = replace(inn.settings, backup_days=30)
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1)
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    first = inn.content(number)
    today = inn.now.date()
    assert first["copies_until"] == (today + timedelta(days=30)).isoformat()
    inn.later(days=2 * 366)
    finishing.finish(inn.run)
    said, today = inn.content(number), inn.now.date()
    assert (said["state"], said["supplement"]) == ("erased", 1)
    assert said["copies_until"] >= (today + timedelta(days=30)).isoformat()
    (copy,) = {b["last_day"] for b in inn.ours("box")
               if b["purpose"] == "recovery" and b["last_day"] > inn.now.date().isoformat()}
    assert said["recovery_until"] == copy > first["recovery_until"]
    assert said["root_until"] > copy
    assert inn.read(BILLS, 1)["payer"] is None


def test_a_supplement_names_when_copies_of_keys_open_no_box_that_ended(inn: Inn) -> None:
    """A copy of the key folder from before the last day of a box opens it, not only the first."""
    boxed(inn)
    inn.person(1, date(2026, 3, 1))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    (until,) = {kept["until"] for kept in inn.ours("kept")}
    inn.later(days=2 * 366)
    worker.work(inn.run, lambda *_: ("", ""), {})
    settling.settled(inn.run)
    said = inn.content(number)
    assert said["state"] == "erased"
    assert said["root_until"] >= rotation.worthless(date.fromisoformat(until)).isoformat()


def test_what_the_host_writes_into_a_sealed_row_is_seen_again(any_inn: Inn) -> None:
    """A guest comes back after the box was closed: the new number is neither missed nor left."""
    inn = any_inn
    boxed(inn)
    inn.person(1, date(2026, 3, 1))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    assert inn.read(PEOPLE)["visa"] is None
    inn.later(days=30)
    inn.set(
        PEOPLE, 1, name="Ann Berg", email="p1@mail.example", visa="V2", seen=inn.now.date()
    )
    again = inn.approved(email="p1@mail.example")
    assert inn.erased(again) == "sealed"
    assert inn.read(PEOPLE)["visa"] is None
    assert [k["until"] for k in inn.ours("kept") if k["request"] == again] == ["2027-04-09"]
    assert len({k["box"] for k in inn.ours("kept")}) == 2


def test_what_went_before_the_check_still_ends_the_request(any_inn: Inn) -> None:
    """The last day of what is kept falls between erasure and check; nothing is stuck."""
    inn = any_inn
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1)
    number = inn.approved(email="p1@mail.example")
    with inn.begin() as office:
        office.erase(number)
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["payer"] is None
    with inn.begin() as office:
        office.check(number)
    finishing.finish(inn.run)
    assert inn.state(number) == "erased"
    assert inn.content(number)["stays"] == []


def test_a_house_that_is_gone_keeps_its_records_and_stops_no_other(any_inn: Inn) -> None:
    """Somebody takes a property out of the settings: its rows stay, the others go on their day."""
    inn = any_inn
    house = inn.settings.properties["sh"]
    both = {"aa": replace(house, code="aa", controller="Rimu Ltd"), "sh": house}
    inn.settings = replace(inn.settings, properties=both)
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1)
    first = inn.approved(email="p1@mail.example")
    inn.person(5, date(2026, 3, 1))
    inn.bill(7, one=5)
    second = inn.approved(email="p5@mail.example")
    assert (inn.erased(first), inn.erased(second)) == ("sealed", "sealed")
    with inn.engine.begin() as conn:
        request, kept = tables.request, tables.kept
        conn.execute(update(request).where(request.c.number == first).values(property="gone"))
        conn.execute(update(kept).where(kept.c.request == first).values(property="gone"))
        conn.execute(update(PEOPLE).where(PEOPLE.c.id == 1).values(hotel="gone"))
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    assert inn.read(BILLS, 1)["payer"] == "Ann Berg"
    assert inn.read(BILLS, 7)["payer"] is None
    states = {r["number"]: r["state"] for r in inn.ours("request")}
    assert states == {first: "sealed", second: "erased"}


def test_a_zone_that_was_set_right_moves_the_key_to_the_day_it_ends(inn: Inn) -> None:
    """The house lies west of where the settings said: the last day is over hours later."""
    boxed(inn)
    inn.person(1, date(2025, 3, 15))
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    assert [b["label"] for b in inn.ours("box") if b["purpose"] == "retention"] == [
        "day:2026-03-15"
    ]
    inn.settings = replace(inn.settings, properties={
        "sh": replace(inn.settings.properties["sh"], zone="Pacific/Honolulu")
    })
    inn.later(days=5)
    settling.settled(inn.run)
    assert [b["label"] for b in inn.ours("box") if b["purpose"] == "retention"] == [
        "day:2026-03-16"
    ]


def test_a_shorter_floor_reaches_what_lies_in_a_box(any_inn: Inn) -> None:
    """The law shortens a period, and that was signed: nothing stays for the old one's sake."""
    inn = any_inn
    boxed(inn)
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1)
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    with inn.engine.begin() as conn:
        later = {tables.kept.c.until: "2040-01-01"}
        conn.execute(update(tables.kept).values(later))
    inn.later(days=3 * 366)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["payer"] is None
    assert all(b["forgotten_at"] for b in inn.ours("box") if b["purpose"] == "retention")
    assert inn.state(number) == "erased"


def test_what_an_erasure_leaves_in_a_column_answers_nothing(any_inn: Inn) -> None:
    """The law asks whose letter it is; the column that said so is a mark now, and it stays."""
    inn = any_inn
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1, letter="Dear Ann", role="main")
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    assert (inn.read(BILLS)["letter"], inn.read(BILLS)["role"]) == ("Dear Ann", "[erased]")
    inn.later(days=700)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["letter"] == "Dear Ann"
    inn.later(days=40)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["letter"] is None
    assert inn.state(number) == "erased"


def test_what_went_is_not_erased_again_every_night(any_inn: Inn) -> None:
    """A profile's time is over while a part of it is kept: it goes once, and is kept once."""
    inn = any_inn
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.bill(1, one=1, letter="Dear Ann")
    assert expiry.expire(inn.run)["people"] == 1
    kept, events = inn.ours("kept"), len(inn.events)
    assert [(k["table_name"], k["category"]) for k in kept] == [
        ("bills", "correspondence"), ("bills", "invoice_accounting")
    ]  # fmt: skip
    inn.later(days=1)
    assert expiry.expire(inn.run) == {}
    assert (inn.ours("kept"), len(inn.events)) == (kept, events)


def test_a_row_that_is_partly_kept_is_not_erased_again_every_night(any_inn: Inn) -> None:
    """Its own ceiling is over and a column of it has a floor still: nothing is done twice."""
    inn = any_inn
    change_bills(inn)
    inn.person(1, date(2026, 3, 1))
    inn.bill(1, one=1, role="main", dated=date(2025, 6, 1))
    assert expiry.expire(inn.run)["expired"] == 1
    assert (inn.read(BILLS)["role"], inn.read(BILLS)["payer"]) == ("[erased]", "Ann Berg")
    events = len(inn.events)
    inn.later(days=1)
    assert expiry.expire(inn.run) == {}
    assert len(inn.events) == events


def test_a_kept_row_that_is_refused_does_not_keep_the_others(inn: Inn) -> None:
    """Three bills end on one day; the database refuses the second, and the sweep after it not."""
    for id in (1, 2, 3):
        inn.person(id, date(2022, 1, 1), visa=None)
        inn.bill(id, one=id)
    assert expiry.expire(inn.run)["people"] == 3
    with inn.engine.begin() as conn:
        conn.exec_driver_sql(
            "CREATE TRIGGER refuses BEFORE UPDATE ON bills WHEN NEW.id = 2 "
            "BEGIN SELECT RAISE(ABORT, 'Ann Berg'); END"
        )
    inn.later(days=3 * 366)
    assert finishing.finish(inn.run) == {"finished": 2, "unfinished": 1}
    assert [inn.read(BILLS, id)["payer"] for id in (1, 2, 3)] == [None, "Ann Berg", None]
    with inn.engine.begin() as conn:
        conn.exec_driver_sql("DROP TRIGGER refuses")
    assert finishing.finish(inn.run) == {"finished": 1}
    assert inn.read(BILLS, 2)["payer"] is None


def change_bills(inn: Inn) -> None:
    """Let the vendor say that a bill's other columns go after a month, its payer after two years.

    The seven months of another rule of the same category make rows of that age candidates.
    """
    file = Path(inn.settings.packs[0])
    text = file.read_text(encoding="utf-8")
    short = text[text.index('[[rule]]\nid = "NZ/bills"'):text.index('[[rule]]\nid = "NZ/letters"')]
    short = short.replace("NZ/bills", "NZ/slips").replace("P2Y", "P7M")
    file.write_text(text + "\n" + short, encoding="utf-8")
    with inn.begin() as office:
        office.sign_pack("NZ", "officer")
    declared = inn.datamap.tables["bills"]
    policy = replace(declared.policy, category="identity_document_copy")
    people = inn.datamap.tables["people"].policy
    inn.datamap = resolve([(PEOPLE, people), (BILLS, policy)], [*METADATA.tables.values()], [])


def test_who_came_back_is_somebody_again(any_inn: Inn) -> None:
    """A guest who was erased is on file anew: what they share with another is theirs once more."""
    inn = any_inn
    for id in (1, 2, 3):
        inn.person(id, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1, other=2, payer=None, role="main")
    inn.bill(2, one=1, other=3, payer=None, role="main")
    for id in (2, 3):
        assert inn.erased(inn.approved(email=f"p{id}@mail.example")) == "erased"
    inn.set(PEOPLE, 2, name="Bo Lind", email="p2@mail.example")
    assert inn.erased(inn.approved(email="p1@mail.example")) == "erased"
    assert (inn.read(BILLS, 1)["role"], inn.read(BILLS, 2)["role"]) == ("main", "[erased]")


def copies_of(inn: Inn) -> int:
    """Return how many boxes hold what may be restored."""
    return sum(box["purpose"] == "recovery" for box in inn.ours("box"))


def test_no_safety_copy_outlives_a_number_in_the_law(any_inn: Inn) -> None:
    """What goes because a hard ceiling is over is not kept a week longer to be restored."""
    inn = any_inn
    inn.person(1, date(2022, 1, 1), visa=None)
    inn.person(2, date(2026, 3, 1), visa=None)
    inn.bill(1, one=2, scan="front.png", dated=date(2026, 2, 1))
    assert expiry.expire(inn.run)["people"] == 1
    assert (inn.read(PEOPLE)["email"], inn.read(BILLS)["scan"]) == (None, None)
    assert copies_of(inn) == 0
    inn.bill(2, one=2, dated=date(2024, 3, 1))
    expiry.expire(inn.run)
    assert inn.read(BILLS, 2)["payer"] is None
    assert copies_of(inn) == 1, "no number in the law says by when a bill must be gone"


def test_what_no_number_in_the_law_ends_can_be_put_back(sqlite_url: str, tmp_path: Path) -> None:
    """Three years are what the house takes "no longer than necessary" to be."""
    class Soft(Inn):
        """A hotel under a law that names no number."""

        pack = PACK.replace('ceiling_kind = "hard"', 'ceiling_kind = "soft"', 1)

    inn = Soft(sqlite_url, tmp_path)
    inn.person(1, date(2022, 1, 1), visa=None)
    assert expiry.expire(inn.run)["people"] == 1
    assert copies_of(inn) == 1
    inn.engine.dispose()


@pytest.mark.parametrize("visa", ["V1", None])
def test_what_ended_long_ago_of_a_profile_lets_the_rest_of_it_be_put_back(
    sqlite_url: str, tmp_path: Path, visa: str | None
) -> None:
    """A number in the law ended its line of the register, or would have: the name has time left."""
    class Bounded(Inn):
        """A hotel under a law that bounds how long the register may be kept."""

        pack = PACK.replace(
            'floor = "P1Y"', 'floor = "P1Y"\nceiling = "P1Y3M"\nceiling_kind = "hard"'
        )

    inn = Bounded(sqlite_url, tmp_path)
    inn.person(1, date(2024, 6, 1), visa=visa)
    expiry.expire(inn.run)
    before = inn.read(PEOPLE)
    assert (before["name"], before["visa"]) == ("Ann Berg", None)
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "erased"
    with inn.begin() as office:
        office.propose_restore(number, "officer", "wrong-person")
    with inn.begin() as office:
        assert office.restore(number, "second").restored
    assert inn.read(PEOPLE) == before
    inn.engine.dispose()


@pytest.mark.parametrize("over", [True, False])
def test_what_ended_and_is_there_still_keeps_nothing_else_from_its_copy(
    database_url: str, tmp_path: Path, over: bool
) -> None:
    """Before the sweep took a line of the register the guest asked: the copy holds the name."""
    class Bounded(Inn):
        """A hotel under a law that bounds how long the register may be kept."""

        pack = PACK.replace(
            'floor = "P1Y"', 'floor = "P1Y"\nceiling = "P1Y3M"\nceiling_kind = "hard"'
        )

    inn = Bounded(database_url, tmp_path)
    inn.person(1, date(2024, 6, 1) if over else date(2025, 2, 20))
    before = inn.read(PEOPLE)
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "erased"
    (box,) = [box for box in inn.ours("box") if box["purpose"] == "recovery"]
    with inn.begin() as office:
        (payload,) = vault.unseal(office.work.conn, inn.custodian, [box["id"]])
    (row,) = decode(payload).rows
    kept = {"name", "email"} if over else {"name", "email", "visa"}
    assert {cell.name for cell in row.columns} == {cell.name for cell in row.after} == kept
    with inn.begin() as office:
        office.propose_restore(number, "officer", "wrong-person")
    with inn.begin() as office:
        assert office.restore(number, "second").restored
    assert inn.read(PEOPLE) == {**before, "visa": None if over else "V1"}
    inn.engine.dispose()


def test_what_a_row_is_known_by_is_in_its_copy_with_what_is_left_of_it() -> None:
    """A key may be the name of a file: it became another, by which alone the row is found."""
    key: Key = ("a.png",)
    taken = Taken(
        Decision("scans", Outcome.OVERWRITE, ("name", "scan", "visa")), [Row(key, frozenset())],
        (("name", "TEXT"), ("scan", "TEXT"), ("visa", "TEXT")), (("scan", "TEXT"),),
        [("Ann", "a.png", "V1", "a.png")], (), [], 0, ("name", "scan", "visa"),
        {0: (None, "gone", None)},
    )  # fmt: skip
    less = {("scans", key): frozenset({"scan", "visa"})}
    (image,) = [image for strip in taken.strips(frozenset(), less) for image in strip.images()]
    assert {cell.name for cell in image.columns} == {"name", "scan"}
    assert [cell.value for cell in image.now()] == ["gone"]


@pytest.mark.parametrize("keyed", [True, False])
def test_a_copy_holds_the_key_of_its_row_as_well(inn: Inn, keyed: bool) -> None:
    """A row without a key is named by all it holds, also by what is not taken from it now."""
    table = Table(
        "cards", MetaData(), Column("id", Integer, primary_key=keyed, autoincrement=False),
        Column("name", String(40)), Column("visa", String(40)),
    )  # fmt: skip
    policy = Policy({"name": null, "visa": retain("guest_register", null)}, category="reservation")
    declared = resolve([(table, policy)], [table], ()).declared("cards")
    step = Step(Decision("cards", Outcome.OVERWRITE, ("name",)), ())
    with inn.begin() as office:
        found = window._categories(office.work, declared, step)
    assert ("guest_register" in found) is not keyed


def test_no_safety_copy_is_made_of_a_minors_record(
    inn: Inn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends by itself of a child's rows is not kept a week longer either."""
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1, dated=date(2024, 3, 1))
    asked = []

    def young(work: Any, people: Any) -> bool:
        asked.extend(people)
        return True

    monkeypatch.setattr(minors, "involved", young)
    expiry.expire(inn.run)
    assert inn.read(BILLS, 1)["payer"] is None
    assert asked == [("people", (1,))]
    assert copies_of(inn) == 0


def test_no_safety_copy_of_what_was_kept_to_its_last_lawful_day(any_inn: Inn) -> None:
    """A floor that ends with the ceiling leaves no week to think better of it."""
    inn = any_inn
    inn.person(1, date(2026, 3, 1), visa=None)
    inn.bill(1, one=1, payer=None, letter="Dear Ann", role="main")
    number = inn.approved(email="p1@mail.example")
    assert inn.erased(number) == "sealed"
    assert copies_of(inn) == 1
    inn.later(days=2 * 366)
    finishing.finish(inn.run)
    assert inn.state(number) == "erased"
    assert copies_of(inn) == 1


def test_no_safety_copy_of_what_the_law_ends_before_the_window(inn: Inn) -> None:
    """A scan that may be there for three or six more days is not sealed for seven, whoever asked;
    one that may be there for seven is."""
    inn.person(1, date(2026, 3, 1), visa=None)
    for day in (date(2026, 2, 13), date(2026, 2, 16), date(2026, 2, 17), date(2026, 3, 5)):
        inn.bill(day.day, one=1, payer=None, scan=f"scan{day.day}.png", dated=day)
    assert inn.erased(inn.approved(email="p1@mail.example")) == "erased"
    (box,) = [box for box in inn.ours("box") if box["purpose"] == "recovery"]
    with inn.begin() as office:
        (payload,) = vault.unseal(office.work.conn, inn.custodian, [box["id"]])
    kept = {
        cell.value for image in decode(payload).rows for cell in image.columns
        if cell.name == "scan"
    }  # fmt: skip
    assert kept == {"scan17.png", "scan5.png"}


@pytest.mark.parametrize("looked", [True, False])
def test_what_nobody_can_place_is_on_somebodys_list(any_inn: Inn, looked: bool) -> None:
    """Of two houses nobody knows whose it is: it stays, and both are asked, before any look too."""
    inn = any_inn
    house = inn.settings.properties["sh"]
    inn.settings = replace(inn.settings, properties={"aa": replace(house, code="aa"), "sh": house})
    inn.person(1, date(2022, 1, 1), hotel="??", visa=None)
    inn.person(2, date(2026, 1, 1), hotel="??", visa=None)
    inn.set(PEOPLE, 2, seen=None)
    if looked:
        expiry.expire(inn.run)
        assert inn.read(PEOPLE)["email"] == "p1@mail.example"
    endless.remind(inn.run)
    assert {(t["property"], t["name"], t["count"]) for t in inn.ours("task")} == {
        (code, f"{code}/people/{word}", 1)
        for code in ("aa", "sh")
        for word in ("no-place", "no-clock")
    }


class System:
    """Another system that keeps what it is told."""

    def __init__(self) -> None:
        self.came: list[Notice] = []

    def tell(self, notice: Notice) -> Answer:
        """Keep a notice."""
        self.came.append(notice)
        return Answer(Said.SENT)


def test_recipients_are_told_of_who_had_their_time(inn: Inn) -> None:
    """One notice for each guest, never two in one; a clerk gets one task a month, not hundreds."""
    system = System()
    inn.recipients = (
        Recipient("crm", system, gives={"email": "people.email", "bill": "bills.id"}),
        Recipient("police", by_hand("Call."), gives=["name"]),
    )
    inn.person(1, date(2022, 1, 1))
    inn.person(2, date(2022, 1, 1), name="Bo Dahl")
    inn.person(3, date(2026, 3, 1), name="Cy Ek")
    inn.person(4, date(2022, 1, 1), name="Di Falk", email=None)
    inn.bill(7, one=1, other=3)
    inn.bill(8, one=1)
    assert expiry.expire(inn.run)["people"] == 3
    delivering.tell(inn.run, lambda name, why: pytest.fail(f"{name}: {why}"))
    told = [[identity.value for identity in notice.identities] for notice in system.came]
    # The bill that is another living guest's too is not named.
    assert sorted(told) == [["p1@mail.example", "8"], ["p2@mail.example"]]
    (task,) = inn.ours("task")
    assert (task["name"], task["count"]) == ("sh/police/2026-03", 3)
    rows = [row for row in inn.ours("delivery") if row["recipient"] == "police"]
    assert [(row["request"], row["task"]) for row in rows] == [(None, task["id"])] * 3
    with inn.begin() as office:
        shown = [notice["identities"] for notice in office.recipients("clerk") if
                 notice["recipient"] == "police"]  # fmt: skip
        assert shown == [[["name", name]] for name in ("Ann Berg", "Bo Dahl", "Di Falk")]
        office.sign_task(task["id"], 3, "officer")
    states = [row["state"] for row in inn.ours("delivery") if row["recipient"] == "police"]
    assert states == ["done"] * 3


def test_what_two_share_whose_time_is_over_together_is_told_of_both(any_inn: Inn) -> None:
    """A couple's booking number, mailbox and bill are nobody's any more once both have gone."""
    inn, system = any_inn, System()
    gives = {"email": "people.email", "number": "bills.payer", "bill": "bills.id"}
    inn.recipients = (Recipient("crm", system, gives=gives),)
    inn.person(1, date(2022, 1, 1), email="both@mail.example")
    inn.person(2, date(2022, 1, 1), email="both@mail.example", name="Bo Dahl")
    inn.person(3, date(2026, 3, 1), name="Cy Ek")
    for id, payer, whose in (
        (7, "R-7", {"one": 1, "other": 2}), (8, "R-8", {"one": 1}), (9, "R-8", {"one": 2}),
        (10, "R-9", {"one": 2}), (11, "R-9", {"one": 3}),
    ):  # fmt: skip
        inn.bill(id, payer=payer, **whose)
    assert expiry.expire(inn.run)["people"] == 2
    delivering.tell(inn.run, lambda name, why: pytest.fail(f"{name}: {why}"))
    assert sorted([i.value for i in notice.identities] for notice in system.came) == [
        ["both@mail.example", "R-7", "R-8", "7", "8"],
        ["both@mail.example", "R-7", "R-8", "7", "9", "10"],
    ]


@pytest.mark.parametrize("alone", [False, True])
def test_a_hold_that_is_lifted_takes_nothing_of_who_lives(any_inn: Inn, alone: bool) -> None:
    """A bill of two was held when one of them went; what is the other's as well stays."""
    inn = any_inn
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    inn.person(1, date(2026, 1, 1), visa=None)
    inn.person(2, date(2022, 1, 1), visa=None)
    inn.bill(1, one=None if alone else 1, other=2, role="main")
    with inn.begin() as office:
        hold = office.place_hold(Wanted("record", "court-order", "bills", "1"), "officer")
    assert expiry.expire(inn.run)["people"] == 1
    assert [row["mode"] for row in inn.ours("kept")] == ["held"]
    for user in ("officer", "second"):
        with inn.begin() as office:
            office.lift(hold, user)
    inn.later(days=1)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["role"] == ("[erased]" if alone else "main")
    assert inn.read(BILLS)["payer"] == "Ann Berg"


def given_while_held(inn: Inn, many: int) -> list[int]:
    """Let a guest run out whose bill so many holds keep, and the host give it to one who lives."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    inn.person(1, date(2022, 1, 1))
    inn.person(2, date(2026, 3, 1))
    inn.bill(1, one=1, role="main")
    wanted = Wanted("record", "court-order", "bills", "1")
    ids = [inn.run(lambda office: office.place_hold(wanted, "officer")) for _ in range(many)]
    assert expiry.expire(inn.run)["people"] == 1
    inn.set(BILLS, 1, one=2)
    return ids


def test_a_hold_that_is_lifted_takes_nothing_of_whose_row_it_is_by_now(inn: Inn) -> None:
    """The host gave a bill to a guest who lives, while a hold kept it of one who ran out."""
    (hold,) = given_while_held(inn, 1)
    for user in ("officer", "second"):
        inn.run(lambda office, user=user: office.lift(hold, user))
    inn.later(days=1)
    finishing.finish(inn.run)
    assert inn.read(BILLS)["role"] == "main"
    assert [row["mode"] for row in inn.ours("kept") if row["ended_at"] is None] == []


@pytest.mark.parametrize("back", [False, True], ids=["theirs", "given back"])
def test_whose_a_held_row_is_counts_as_its_last_hold_is_lifted(inn: Inn, back: bool) -> None:
    """The host gave a bill to another guest while two holds kept it, one of them for longer."""
    ids = given_while_held(inn, 2)
    for hold, kept in zip(ids, (["held"], ["place"] if back else []), strict=True):
        for user in ("officer", "second"):
            inn.run(lambda office, user=user, hold=hold: office.lift(hold, user))
        inn.later(days=1)
        finishing.finish(inn.run)
        modes = [row["mode"] for row in inn.ours("kept") if row["ended_at"] is None]
        assert modes == kept
        inn.set(BILLS, 1, one=1 if back else 2)
    assert inn.read(BILLS)["role"] == ("[erased]" if back else "main")


@pytest.mark.parametrize("held", [False, True])
def test_a_hold_that_is_lifted_changes_nothing_of_the_row_beside(inn: Inn, held: bool) -> None:
    """Nobody knew the day of what the law kept of another bill, until the host dated it; whose it
    is by now has no say, whether a hold kept a row of the same night or not."""
    for user in ("officer", "second"):
        inn.grants[user].add("hold")
    inn.person(1, date(2022, 1, 1))
    inn.person(2, date(2026, 3, 1))
    inn.bill(1, one=1, role="main")
    inn.bill(2, one=1, dated=None)
    wanted = Wanted("record", "court-order", "bills", "1")
    hold = inn.run(lambda office: office.place_hold(wanted, "officer")) if held else 0
    assert expiry.expire(inn.run)["people"] == 1
    inn.set(BILLS, 2, one=2, dated=date(2020, 1, 1))
    for user in ("officer", "second") if held else ():
        inn.run(lambda office, user=user: office.lift(hold, user))
    inn.later(days=1)
    assert finishing.finish(inn.run)["finished"] == 1 + held
    assert inn.read(BILLS, 2)["payer"] is None
