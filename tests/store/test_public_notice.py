"""Whom no letter reached is told in public, which two people say before an incident is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text, update

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    MovedError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.store import tables, worker
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.casework import written
from flask_guesterase.store.incidents import noticing, records
from flask_guesterase.store.incidents.publicly import Public
from flask_guesterase.store.office import Office
from flask_guesterase.store.upkeep import dispatch, upgrade
from tests.engines import fresh_database
from tests.store.hotel import Companion
from tests.store.test_incidents import let_go, look, sent
from tests.store.watched import Watch

DUTY = "EU/guests"
SITE = "Notice of Bea Zebrafinch on pine.example"
"""Where it was made; what people type may name a guest, so it is sealed."""


@pytest.fixture
def postgresql_watch(tmp_path: Path) -> Iterator[Watch]:
    """A hotel in which something happens on PostgreSQL, where two act at once."""
    with fresh_database("postgresql") as url:
        made = Watch(url, tmp_path)
        yield made
        made.engine.dispose()


def record(watch: Watch, number: str, by: str = "officer", **more: Any) -> None:
    """Record that the public was told."""
    how = Public(**{"place": SITE, "on": watch.now.date(), "text": "", **more})
    watch.run(lambda office: office.record_public_notice(number, DUTY, how, by))


def confirm(watch: Watch, number: str, by: str = "second", seen: str | None = None) -> None:
    """Confirm what is recorded, as somebody who read it."""
    read = duty(watch, number)["public"]["digest"] if seen is None else seen
    watch.run(lambda office: office.confirm_public_notice(number, DUTY, by, read))


def duty(watch: Watch, number: str) -> dict[str, Any]:
    """Return the duty to tell guests as the page shows it."""
    found: dict[str, Any] = next(d for d in watch.one(number)["duties"] if d["id"] == DUTY)
    return found


def ready(watch: Watch, table: str = "") -> str:
    """Bring an incident to where only the public is left to be told; return its number."""
    number = sent(watch, table)
    watch.run(lambda office: office.told_authority(number, "EU/authority", "LfD 7", "officer"))
    watch.run(lambda office: office.review_incident(number, "Look twice.", "officer"))
    return number


def close(watch: Watch, number: str) -> None:
    """Close an incident, as the second person."""
    watch.run(lambda office: office.close_incident(number, "second"))


def test_nobody_closes_it_before_two_people_recorded_that_the_public_was_told(
    watch: Watch,
) -> None:
    """Who could not be written to is told in public (GDPR Article 34(3)(c)); the journal knows who
    recorded it and who confirmed it, and nothing of what they wrote."""
    number = ready(watch)
    assert duty(watch, number)["untold"] == 3
    assert watch.one(number)["missing"] == ("not-public",)
    with pytest.raises(TransitionError, match="not-public") as refused:
        close(watch, number)
    assert "in public" in refused.value.hint
    record(watch, number, text="Zebrafinch was seen.")
    with pytest.raises(TransitionError, match="not-public"):
        close(watch, number)
    with pytest.raises(FourEyesError):
        confirm(watch, number, "officer")
    confirm(watch, number)
    shown = duty(watch, number)
    said = {"place": SITE, "on": "2026-03-10", "text": "Zebrafinch was seen."}
    assert {name: shown["public"][name] for name in said} == said
    assert "" != shown["public"]["by"] != shown["public"]["confirmed_by"] != ""
    assert watch.events[-2:] == ["public-notice-recorded", "public-notice-confirmed"]
    assert "ebrafinch" not in watch.dump()
    close(watch, number)
    assert watch.one(number)["state"] == "closed"


def test_whom_every_letter_reached_need_not_be_told_in_public(small: Watch) -> None:
    """Nothing is to be recorded, and it is closed as ever."""
    number = ready(small, "invoices")
    assert (duty(small, number)["untold"], small.one(number)["missing"]) == (0, ())
    with pytest.raises(TransitionError):
        record(small, number)
    close(small, number)


def test_a_duty_that_rings_no_more_asks_for_no_public_notice(small: Watch) -> None:
    """As grave as it is by now, no law wants guests told."""
    number = ready(small)
    small.classify(number, "risk-unlikely")
    small.run(lambda office: office.review_incident(number, "Harmless.", "officer"))
    assert small.one(number)["missing"] == ()
    close(small, number)


@pytest.mark.parametrize(
    "wrong", [{"place": " \u200b"}, {"on": timedelta(days=1)}, {"on": timedelta(days=-1)}]
)
def test_what_cannot_have_been_is_not_recorded(small: Watch, wrong: dict[str, Any]) -> None:
    """Nowhere, a day ahead, or before anybody noticed; the field says so."""
    number = ready(small)
    given = {n: small.now.date() + v if n == "on" else v for n, v in wrong.items()}
    with pytest.raises(InputError) as refused:
        record(small, number, **given)
    assert list(refused.value.fields) == list(wrong)


def test_it_is_recorded_once_letters_went_and_by_who_deals_with_it(small: Watch) -> None:
    """Nobody knows before whom no letter reaches; what was confirmed stays as it is."""
    small.place("DE")
    number = small.report()
    small.classify(number, "risk-high")
    with pytest.raises(TransitionError):
        record(small, number)
    number = ready(small)
    with pytest.raises(TransitionError):
        confirm(small, number, seen="")
    with pytest.raises(ForbiddenError):
        record(small, number, "clerk")
    how = Public(SITE, small.now.date())
    with pytest.raises(UnknownError), small.begin() as office:
        office.record_public_notice(number, "EU/authority", how, "officer")
    record(small, number)
    confirm(small, number)
    for again in (lambda: record(small, number), lambda: confirm(small, number, seen="")):
        with pytest.raises(TransitionError):
            again()


def test_only_what_was_read_is_confirmed(small: Watch) -> None:
    """Recorded anew it is another one, whoever wrote it, and the words of before are gone."""
    number = ready(small)
    record(small, number)
    read, boxes = duty(small, number)["public"]["digest"], len(small.ours("box"))
    small.later(minutes=1)
    record(small, number, place="the door of the car park")
    assert len(small.ours("box")) == boxes
    for wrong in (read, "", "é"):
        with pytest.raises(MovedError):
            confirm(small, number, seen=wrong)
    record(small, number, "second")
    with pytest.raises(FourEyesError):
        confirm(small, number)
    confirm(small, number, "officer")


def test_what_nobody_can_read_any_more_is_not_confirmed(small: Watch) -> None:
    """Nobody can say of a place that they do not see that it is so; it is recorded anew."""
    number = ready(small)
    record(small, number)
    (row,) = (row for row in small.ours("notice") if row["alarm"] == DUTY)
    small.run(lambda office: safe.drop(office.work, row["public_box"]))
    with pytest.raises(TransitionError, match="read"):
        confirm(small, number)
    record(small, number)
    confirm(small, number)


@pytest.mark.parametrize("attack", ["who", "when"])
def test_what_the_journal_does_not_know_is_not_confirmed(small: Watch, attack: str) -> None:
    """One person who writes a colleague's name beside their own record by SQL confirms it not."""
    number = ready(small)
    record(small, number, "second")
    (theirs,) = (row for row in small.ours("notice") if row["alarm"] == DUTY)
    small.later(minutes=1)
    record(small, number)
    forged = {"public_by": theirs["public_by"]}
    if attack == "when":
        forged["public_at"] = theirs["public_at"]
    with small.engine.begin() as conn:
        conn.execute(update(tables.notice).where(tables.notice.c.alarm == DUTY).values(**forged))
    with pytest.raises(TransitionError, match="journal"):
        confirm(small, number, "officer")


def test_whom_a_later_look_finds_besides_asks_for_a_second_look_at_the_notice(
    small: Watch,
) -> None:
    """Letters are read anew, and so is whether what was told in public reaches these people too."""
    number = ready(small)
    record(small, number)
    confirm(small, number)
    small.guest(5, name="Eve", email="eve@example.com")
    look(small, number)
    let_go(small, number)
    assert small.one(number)["missing"] == ("not-public",)
    confirm(small, number)
    assert small.one(number)["missing"] == ()


def test_what_was_told_in_public_goes_with_its_letter_and_lasts_as_long(small: Watch) -> None:
    """Its words are sealed anew as long as the incident is open, and forgotten some time after."""
    number = ready(small)
    record(small, number)
    small.later(days=350)
    small.run(lambda office: office.remind_incidents())
    small.later(days=100)
    worker.work(small.run, lambda *_: ("", ""), {})
    assert duty(small, number)["public"]["place"] == SITE
    confirm(small, number)
    close(small, number)
    small.later(days=450)
    worker.work(small.run, lambda *_: ("", ""), {})
    assert duty(small, number)["public"]["place"] == ""


def test_a_letter_that_is_taken_back_leaves_what_was_told_in_public(small: Watch) -> None:
    """Its row says who recorded it and who confirmed it, and the page its words; the letter alone
    is gone, and is proposed anew before anybody closes the incident."""
    number = ready(small)
    record(small, number)
    confirm(small, number)
    before = duty(small, number)["public"]
    small.guest(5, name="Eve", email="eve@example.com")
    look(small, number)
    boxes = len(small.ours("box"))
    small.run(lambda office: office.take_notice_back(number, DUTY, "second"))
    assert len(small.ours("box")) == boxes - 1  # the letter
    shown = duty(small, number)
    assert (shown["state"], shown["words"], shown["digest"]) == ("", "", "")
    assert {name: shown["public"][name] for name in ("place", "on", "by")} == {
        name: before[name] for name in ("place", "on", "by")
    }
    assert small.one(number)["missing"] == ("not-told",)
    for forbidden in (lambda: record(small, number), lambda: confirm(small, number)):
        with pytest.raises(TransitionError):
            forbidden()
    with pytest.raises(TransitionError):
        small.run(lambda office: office.take_notice_back(number, DUTY, "second"))
    with pytest.raises(TransitionError):
        small.run(lambda office: office.let_notice_go(number, DUTY, "second", ""))
    look(small, number)
    small.run(lambda office: office.propose_notice(number, DUTY, "Seen again.", "officer"))
    let_go(small, number)
    assert small.one(number)["missing"] == ("not-public",)
    confirm(small, number)
    close(small, number)


def test_whom_a_later_look_finds_whom_nobody_can_write_to_is_told_in_public(small: Watch) -> None:
    """A look that finds no other guest, and somebody of whom only what the law keeps is there, or
    who is gone: no letter goes, so the public is to be told, anew where it was told."""
    small.place("DE")
    assert small.erased(small.approved(email="ann@example.com")) == "sealed"
    small.later(days=2)
    number = small.report(happened=small.now)
    small.classify(number, "risk-high")

    look(small, number, "companions")
    small.run(lambda office: office.propose_notice(number, DUTY, "Seen.", "officer"))
    let_go(small, number)
    small.run(lambda office: office.told_authority(number, "EU/authority", "LfD 7", "officer"))
    small.run(lambda office: office.review_incident(number, "Look twice.", "officer"))
    assert (duty(small, number)["untold"], small.one(number)["missing"]) == (0, ())
    for _ in range(2):
        look(small, number, "invoices")
        assert (small.one(number)["sealed"], duty(small, number)["untold"]) == (1, 1)
        assert small.one(number)["missing"] == ("not-public",)
    record(small, number)
    confirm(small, number)
    for table in ("companions", "invoices"):
        look(small, number, table)
        assert small.one(number)["missing"] == ()
    small.erased(small.approved(email="bea@example.com", name="Bea"))
    look(small, number, "invoices")
    assert (duty(small, number)["untold"], small.one(number)["missing"]) == (2, ("not-public",))
    confirm(small, number)
    close(small, number)


def test_the_officer_is_reminded_of_it_daily_until_it_is_confirmed(small: Watch) -> None:
    """Of an authority that waits first; the letter says nothing of what somebody wrote."""
    small.place("DE", officer="officer@pine.example")
    number = sent(small, "")
    small.place("DE", officer="officer@pine.example", deputy="deputy@pine.example")

    def remind() -> int:
        small.later(hours=24)
        reminded: int = small.run(lambda office: office.remind_incidents())
        return reminded

    small.later(hours=30)
    assert remind() == 1
    small.run(lambda office: office.told_authority(number, "EU/authority", "LfD 7", "officer"))
    assert remind() == 1
    assert small.run(lambda office: office.remind_incidents()) == 0
    record(small, number)
    assert remind() == 1
    confirm(small, number)
    assert remind() == 0
    letters = [row["box"] for row in small.ours("outbox") if row["template"] == "incidentdue"]
    with small.begin() as office:
        said = [safe.read(office.work, box)["params"]["what"] for box in letters]
    assert said == ["authority", "not-public", "not-public"]
    assert small.events.count("incident-reminded") == 3


def test_who_was_gone_before_letters_of_a_version_before_is_counted_once(small: Watch) -> None:
    """What a look found then names nobody who was erased; letters counted how many they were."""
    small.place("DE")
    number = small.report(happened=small.now)
    small.erased(small.approved(email="ann@example.com"))
    small.erased(small.approved(email="bea@example.com", name="Bea"))
    small.classify(number, "risk-high")
    look(small, number, "invoices")
    with small.begin() as office:
        row = records.load(office.work, number)
        said = dict(safe.read(office.work, row.reach_box))
        assert len(said.pop("missed")) == 2
        box = written.seal(office.work, row.controller, records.PURPOSE, said)
        records.change(office.work, row, reach_box=box)
        office.propose_notice(number, DUTY, "Seen.", "officer")
    let_go(small, number)
    for _ in range(2):
        assert duty(small, number)["untold"] == 2
        look(small, number, "invoices")


def test_who_got_a_letter_and_was_erased_since_need_not_be_told_in_public(small: Watch) -> None:
    """A later look counts them among those who are gone, and they were told."""
    number = ready(small, "invoices")
    small.erased(small.approved(email="ann@example.com"))
    look(small, number, "invoices")
    assert small.one(number)["sealed"] == 1
    assert (duty(small, number)["untold"], small.one(number)["missing"]) == (0, ())
    small.guest(5, name="Eve", email="eve@example.com")
    small.put(Companion, booking_id=2, guest_id=5)
    look(small, number, "companions")
    let_go(small, number)
    assert (duty(small, number)["untold"], small.one(number)["missing"]) == (0, ())
    close(small, number)


def test_a_notice_of_before_gets_the_columns_and_keeps_what_it_said(watch: Watch) -> None:
    """Letters that had left somebody out are still as they were, and ask for the public now; a run
    that was cut off is repeated."""
    number = ready(watch)
    (before,) = (row for row in watch.ours("notice") if row["alarm"] == DUTY)
    mine = [c for c in before if c.startswith(("public_", "confirmed_"))]
    script = ScriptDirectory(str(upgrade.SCRIPTS)).get_revision("0021")
    with watch.engine.begin() as conn:
        for column in mine:
            conn.execute(text(f"ALTER TABLE guesterase_notice DROP COLUMN {column}"))
        for _ in range(2):
            script.module.upgrade(Operations(MigrationContext.configure(conn)))
    assert [row for row in watch.ours("notice") if row["alarm"] == DUTY] == [before]
    assert (len(mine), watch.one(number)["missing"]) == (6, ("not-public",))
    record(watch, number)
    confirm(watch, number)
    close(watch, number)


def test_what_was_closed_before_stays_closed(small: Watch) -> None:
    """Nobody recorded anything then; its page says what it said."""
    number = ready(small)
    with small.engine.begin() as conn:
        conn.execute(update(tables.incident).values(state="closed"))
    assert small.one(number)["missing"] == ()
    assert duty(small, number)["public"] is None
    with pytest.raises(TransitionError):
        record(small, number, on=date(2026, 3, 1))


def give_up(watch: Watch) -> None:
    """Let all letters that are due fail for good."""
    with watch.begin() as office:
        for parcel in dispatch.claim(office.work, frozenset({"smtp"})):
            dispatch.give_up(office.work, parcel, "SMTPRecipientsRefused")


def test_whom_a_letter_did_not_reach_is_told_in_public_too(watch: Watch) -> None:
    """Two people say so, anew where a letter is given up after they did; the page calls nobody told
    whose letter bounced."""
    number = ready(watch, "invoices")
    assert (duty(watch, number)["told"], duty(watch, number)["untold"]) == (1, 0)
    assert watch.one(number)["missing"] == ()
    give_up(watch)
    assert (duty(watch, number)["told"], duty(watch, number)["untold"]) == (0, 1)
    assert watch.one(number)["missing"] == ("not-public",)
    with pytest.raises(TransitionError, match="not-public"):
        close(watch, number)
    record(watch, number)
    confirm(watch, number)
    close(watch, number)
    assert duty(watch, number)["public"]["confirmed_by"]


def test_a_letter_that_fails_after_the_public_was_told_is_looked_at_anew(small: Watch) -> None:
    """What was confirmed said nothing of them."""
    number = ready(small)
    record(small, number)
    confirm(small, number)
    assert small.one(number)["missing"] == ()
    before = duty(small, number)
    give_up(small)
    after = duty(small, number)
    assert (after["told"], after["untold"]) == (before["told"] - 1, before["untold"] + 1)
    assert (after["public"]["confirmed_by"], small.one(number)["missing"]) == ("", ("not-public",))


def test_whom_a_letter_fails_to_reach_later_puts_the_mark_back_and_leaves_how_others_were_told(
    small: Watch,
) -> None:
    """The list says again that letters did not reach everybody, until a second person confirms."""
    number = ready(small)
    record(small, number, way="by-post")
    confirm(small, number)
    assert small.one(number)["unreached"] is False
    give_up(small)
    shown = small.one(number)
    assert (shown["unreached"], duty(small, number)["public"]["way"]) == (True, "by-post")
    confirm(small, number)
    close(small, number)
    assert small.one(number)["unreached"] is False


def test_what_was_recorded_before_there_were_ways_was_in_public(small: Watch) -> None:
    """A record of an earlier version names none; a second person confirms it as it stands."""
    number = ready(small)
    record(small, number)

    def older(office: Office) -> None:
        box = written.seal(office.work, "pine-ltd", records.PURPOSE, {"place": SITE, "text": ""})
        office.work.conn.execute(update(tables.notice).values(public_box=box))

    small.run(older)
    assert duty(small, number)["public"]["way"] == "in-public"
    confirm(small, number)
    close(small, number)


def test_a_letter_that_a_person_posts_after_all_reached_its_guest(small: Watch) -> None:
    """They print what was given up, and nobody need be told in public for it."""
    number = ready(small, "invoices")
    give_up(small)
    (letter,) = [row for row in small.ours("outbox") if row["template"] == "incident"]
    small.run(lambda office: office.printed(letter["id"], "clerk"))
    shown = duty(small, number)
    assert (shown["told"], shown["untold"], small.one(number)["missing"]) == (1, 0, ())
    small.run(lambda office: office.printed(letter["id"], "clerk"))
    assert duty(small, number)["told"] == 1


def test_a_letter_that_was_given_up_tells_nobody_when_it_is_let_go_for_others(
    small: Watch,
) -> None:
    """It is not written again, so who had it counts with those whom no letter reached."""
    number = sent(small)
    give_up(small)
    small.guest(5, name="Eve", email="eve@example.com")
    look(small, number)
    let_go(small, number)
    shown = duty(small, number)
    assert (shown["told"], shown["untold"]) == (1, 4)


def test_a_letter_that_fails_once_an_incident_is_closed_is_counted_and_no_more(
    small: Watch,
) -> None:
    """What two people said of the public stays as they said it."""
    number = ready(small)
    record(small, number)
    confirm(small, number)
    close(small, number)
    before = duty(small, number)
    give_up(small)
    after = duty(small, number)
    assert (after["told"], after["untold"]) == (before["told"] - 1, before["untold"] + 1)
    assert after["public"]["confirmed_by"] == before["public"]["confirmed_by"]


def test_a_letter_that_fails_while_the_others_are_written_is_counted(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many are written in batches, and one of the first may be given up before the last."""
    monkeypatch.setattr(noticing, "BATCH", 1)
    push_all = noticing.push_all
    monkeypatch.setattr(noticing, "push_all", lambda run: push_all(run, 2))
    number = sent(watch, "")
    assert duty(watch, number)["state"] == "sending"
    give_up(watch)
    push_all(watch.run)
    shown, letters = duty(watch, number), watch.ours("outbox")
    failed = [row for row in letters if row["template"] == "incident" and row["state"] == "failed"]
    told = [row for row in letters if row["template"] == "incident" and row["state"] != "failed"]
    assert (shown["state"], bool(failed), shown["told"]) == ("sent", True, len(told))


def test_nobody_confirms_while_a_letter_is_given_up(
    postgresql_watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they confirm would say nothing of whom that letter was to reach."""
    watch = postgresql_watch
    number = ready(watch)
    record(watch, number)
    read, is_same = duty(watch, number)["public"]["digest"], noticing.is_same
    failing = Thread(target=give_up, args=[watch])

    def meanwhile(digest: str, seen: str) -> bool:
        failing.start()
        failing.join(1)
        return is_same(digest, seen)

    monkeypatch.setattr(noticing, "is_same", meanwhile)
    confirm(watch, number, seen=read)
    failing.join()
    assert watch.one(number)["missing"] == ("not-public",)


def test_whose_letter_was_given_up_before_that_was_counted_is_counted_by_an_upgrade(
    watch: Watch,
) -> None:
    """Else the letter, once printed, would count for somebody else whom none reached."""
    number = ready(watch)
    before = duty(watch, number)
    give_up(watch)
    after = duty(watch, number)
    record(watch, number)
    confirm(watch, number)
    script = ScriptDirectory(str(upgrade.SCRIPTS)).get_revision("0022")
    with watch.engine.begin() as conn:
        mine = update(tables.notice).where(tables.notice.c.alarm == DUTY)
        conn.execute(mine.values(told=before["told"], untold=before["untold"]))
        script.module.upgrade(Operations(MigrationContext.configure(conn)))
    shown = duty(watch, number)
    assert (shown["told"], shown["untold"]) == (after["told"], after["untold"])
    assert (before["told"] - after["told"], shown["public"]["confirmed_by"]) == (1, "")
