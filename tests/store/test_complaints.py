"""A complaint is looked at by another person, in time; a refusal stands, or is decided anew."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    InputError,
    KeyMissingError,
    LimitError,
    TokenError,
    TransitionError,
)
from flask_guesterase.store import sweep, tables
from flask_guesterase.store.boxes import safe
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.keys.custodian import FolderCustodian
from flask_guesterase.store.settings import Property
from flask_guesterase.store.upkeep import owndata
from tests.store.hotel import Hotel
from tests.store.test_owndata import forget

WORDS = "The clerk Bea Zebrafinch laughed at me."
"""What a guest writes; it must be readable nowhere but on the page of who deals with it."""


class Desk(Hotel):
    """A hotel with somebody who deals with complaints, and cases whose codes are known."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        for user in ("officer", "second"):
            self.grants[user].add("complaint")
        self.codes: dict[str, str] = {}
        self.guest(1, name="Ann", email="ann@example.com", phone="+8613912345678")

    def run(self, unit: Any) -> Any:
        """Run a unit of work."""
        with self.begin() as office:
            return unit(office)

    def proved(self, **match: str) -> str:
        """File a request whose guest showed who they are; keep the case code."""
        number = self.file(**match or {"email": "ann@example.com"})
        with self.begin() as office:
            self.codes[number] = office.confirm(number, "clerk", "desk")
        return number

    def refused(self, by: str = "officer") -> str:
        """Return a request that was refused."""
        number = self.proved()
        with self.begin() as office:
            office.refuse(number, by, "another-persons-data")
        return number

    def complain(self, number: str, about: str = "about-refusal") -> str:
        """Complain as the guest of a request."""
        with self.begin() as office:
            return office.complain(self.codes[number], about, WORDS)

    def one(self, complaint: str) -> dict[str, Any]:
        """Return a complaint as who deals with it sees it."""
        with self.begin() as office:
            return office.complaint(complaint, "second")

    def dump(self) -> str:
        """Return everything of ours that is no ciphertext, as text."""
        return "\n".join(
            repr({k: v for k, v in row.items() if not isinstance(v, bytes)})
            for table in tables.metadata.tables
            for row in self.ours(table.removeprefix(tables.PREFIX))
        )

    def nightly(self) -> sweep.SweepReport:
        """Let the sweep do what a night does."""
        return sweep.sweep(self.run, lambda *_: ("", ""), {})


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A hotel that takes complaints, on each of the three engines in turn."""
    made = Desk(database_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A hotel that takes complaints on SQLite, for what no engine changes."""
    made = Desk(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


def test_a_refusal_is_overturned_by_another_person_and_decided_anew(desk: Desk) -> None:
    """Who refused may not answer; overturned, the request is in review and can be carried out."""
    number = desk.refused()
    complaint = desk.complain(number)
    assert desk.state(number) == "complaint"
    with desk.begin() as office:
        # Another request of this guest would wait for the answer; this one is no other request.
        assert office.preview(number).blocked == ()
    with pytest.raises(FourEyesError), desk.begin() as office:
        office.answer_complaint(complaint, "officer", "overturned")
    with pytest.raises(ForbiddenError), desk.begin() as office:
        office.answer_complaint(complaint, "clerk", "overturned")
    with desk.begin() as office:
        office.answer_complaint(complaint, "second", "overturned", "We are sorry.")
    assert desk.state(number) == "review"
    row = next(each for each in desk.ours("request") if each["number"] == number)
    assert row["ground"] is row["decided_by"] is row["ended_at"] is None
    desk.approve(number)
    assert desk.erased(number) in ("erased", "sealed")
    assert [e for e in desk.events if "refusal" in e or "complaint" in e] == [
        "complaint-received", "refusal-contested", "complaint-answered", "refusal-overturned",
    ]  # fmt: skip
    assert any(row["template"] == "complaint" for row in desk.ours("outbox"))


def test_no_second_refusal_answers_a_complaint(desk: Desk) -> None:
    """What is contested stands or is overturned by the answer alone, which says who was right."""
    number = desk.refused()
    complaint = desk.complain(number)
    before = [each for each in desk.ours("request") if each["number"] == number]
    for deed in ("refuse", "refusal_letter"):
        with pytest.raises(TransitionError, match="complaint"), desk.begin() as office:
            getattr(office, deed)(number, "second", "another-persons-data")
    assert [each for each in desk.ours("request") if each["number"] == number] == before
    with pytest.raises(FourEyesError), desk.begin() as office:
        office.answer_complaint(complaint, "officer", "upheld")
    with desk.begin() as office:
        office.answer_complaint(complaint, "second", "upheld")
    assert desk.state(number) == "refused"
    assert desk.events[-1] == "refusal-upheld"
    assert desk.complain(number) != complaint


def test_a_refusal_that_is_upheld_stays_refused_and_can_be_contested_again(desk: Desk) -> None:
    """The request is refused as before; the time in which somebody may complain runs anew."""
    number = desk.refused()
    complaint = desk.complain(number)
    desk.later(days=3)
    with desk.begin() as office:
        office.answer_complaint(complaint, "second", "upheld")
    row = next(each for each in desk.ours("request") if each["number"] == number)
    assert (row["state"], row["ground"]) == ("refused", "another-persons-data")
    assert row["ended_at"] == desk.now.replace(tzinfo=None, microsecond=0)
    with pytest.raises(TransitionError), desk.begin() as office:
        office.answer_complaint(complaint, "second", "upheld")
    assert desk.complain(number) != complaint


def test_whoever_never_showed_who_they_are_does_so_first(small: Desk) -> None:
    """A complaint proves nothing: overturned, identity is still to be shown, and no clock ends it.

    Otherwise a stranger's letter would lead past the proof of identity.
    """
    small.ask(email="ann@example.com", name="Ann")
    small.look()
    number = small.ours("request")[0]["number"]
    with small.begin() as office:
        office.refuse(number, "officer", "identity-not-shown")
    with small.begin() as office:
        given = Grievance("about-refusal", WORDS, request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    with small.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")
    assert small.state(number) == "received"
    with pytest.raises(TransitionError), small.begin() as office:
        office.approve(number, "second", office.preview(number).digest)
    small.later(days=30)
    small.nightly()
    assert small.state(number) == "received"


def test_what_a_guest_writes_is_sealed_and_in_no_journal(small: Desk) -> None:
    """Neither words nor the contact for the answer are readable in any row of ours."""
    number = small.refused()
    complaint = small.complain(number)
    assert small.one(complaint)["text"] == WORDS
    with small.begin() as office:
        office.answer_complaint(complaint, "second", "upheld", "Zebrafinch was right.")
        office.give_feedback(small.codes[number], 2, "Zebrafinch again")
        given = Grievance("about-manner", WORDS, "sh", contact="zebrafinch@mail.example")
        office.complain_without_case(given, "192.0.2.7")
    assert "ebrafinch" not in small.dump()


def test_words_end_on_their_day_and_stay_as_long_as_a_complaint_is_open(small: Desk) -> None:
    """400 days later nobody reads them any more; of an open one they are sealed anew."""
    number = small.refused()
    done = small.complain(number)
    with small.begin() as office:
        office.answer_complaint(done, "second", "upheld")
        given = Grievance("about-manner", "Still open", "sh")
        waits = office.complain_without_case(given, "192.0.2.7")
    for _ in range(9):
        small.later(days=46)
        with small.begin() as office:
            office.remind_complaints()
        forget(small)
    assert small.one(waits)["text"] == "Still open"
    assert small.one(done)["text"] == ""
    boxes = [row for row in small.ours("box") if row["purpose"] == "complaint"]
    assert sum(row["payload"] is not None for row in boxes) == 1
    small.later(days=3 * 366)
    owndata.end(small.run)
    assert [row["number"] for row in small.ours("complaint")] == [waits]


@pytest.mark.parametrize(
    ("country", "receipt", "house"), [("CN", None, True), ("GB", "2026-04-01", True)]
)
def test_the_clock_is_the_laws_or_a_month_of_the_house(
    small: Desk, country: str, receipt: str | None, house: bool
) -> None:
    """It runs from the day of receipt; only the United Kingdom wants it confirmed by a day."""
    hotel = small.settings.properties["sh"]
    small.settings.properties["sh"] = Property(  # type: ignore[index]
        "sh", hotel.name, hotel.controller, country, "UTC", "en"
    )
    with small.begin() as office:
        given = Grievance(
            "about-delay", "Too slow", "sh", channel="phone", received=date(2026, 3, 2)
        )
        complaint = office.file_complaint(given, "clerk")
    row = small.ours("complaint")[0]
    assert (row["due_on"], row["receipt_on"]) == ("2026-04-02", receipt)
    assert bool(row["house"]) is house
    small.later(days=40)
    line = small.one(complaint)
    assert line["late"]
    assert line["receipt_late"] is (receipt is not None)
    with small.begin() as office:
        office.acknowledge_complaint(complaint, "clerk")
    assert not small.one(complaint)["receipt_late"]


def test_officer_and_deputy_are_reminded(desk: Desk) -> None:
    """Seven days before, once a day when it is late; the message holds a number and a day."""
    desk.settings.properties["sh"] = Property(  # type: ignore[index]
        "sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai", "zh",
        officer="officer@pine.example", deputy="deputy@pine.example",
    )  # fmt: skip
    desk.complain(desk.refused())
    said = []
    for days in (10, 15, 1, 10, 0, 1):
        desk.later(days=days)
        with desk.begin() as office:
            said.append(office.remind_complaints())
    assert said == [0, 1, 0, 1, 0, 1]
    assert desk.events.count("complaint-reminded") == 1
    assert desk.events.count("complaint-overdue") == 2
    assert sum(row["template"] == "complaintdue" for row in desk.ours("outbox")) == 5


def test_who_acts_on_a_complaint_meanwhile_keeps_no_other_from_being_reminded_of(
    desk: Desk,
) -> None:
    """Of that one nobody is reminded either: it was just answered."""
    desk.settings.properties["sh"] = Property(  # type: ignore[index]
        "sh", "Hotel Pine", "Pine Ltd", "CN", "Asia/Shanghai", "zh", officer="officer@pine.example"
    )
    complaint = desk.complain(desk.refused())
    with desk.begin() as office:
        given = Grievance("about-person", WORDS, "sh", channel="letter")
        other = office.file_complaint(given, "clerk")
    desk.later(days=40)

    def answer() -> None:
        with desk.begin() as office:
            office.answer_complaint(complaint, "second", "upheld")

    desk.meet("UPDATE guesterase_complaint", answer)
    with desk.begin() as office:
        assert office.remind_complaints() == 1
    reminded = [row["number"] for row in desk.ours("complaint") if row["reminded_on"]]
    assert reminded == [other]


def test_a_reviewer_from_outside_sees_one_case_and_decides_once(desk: Desk) -> None:
    """Link and code together, once; another browser, the link again, a wrong code: nothing."""
    number = desk.refused()
    complaint = desk.complain(number)
    with pytest.raises(FourEyesError), desk.begin() as office:
        office.invite_reviewer(complaint, "officer", "decide")
    with desk.begin() as office:
        old, old_code = office.invite_reviewer(complaint, "second", "recommend")
        secret, code = office.invite_reviewer(complaint, "second", "decide")
    for wrong in ((secret, "AAAA-AAAA"), (secret, ""), (old, old_code), ("x", code)):
        with pytest.raises(TokenError), desk.begin() as office:
            office.enter_review(*wrong)
    with desk.begin() as office:
        kept = office.enter_review(secret, code.lower())
    with pytest.raises(TokenError), desk.begin() as office:
        office.enter_review(secret, code)
    with desk.begin() as office:
        seen = office.reviewed_case(kept)
    assert (seen.text, seen.ground, seen.mode) == (WORDS, "another-persons-data", "decide")
    assert secret not in desk.dump()
    with desk.begin() as office:
        assert office.advise(kept, "overturned", "Look again.") == "decide"
    assert desk.state(number) == "review"
    with pytest.raises(TokenError), desk.begin() as office:
        office.advise(kept, "overturned", "")
    assert desk.one(complaint)["decided_outside"] is True


def test_a_reviewer_who_recommends_decides_nothing(small: Desk) -> None:
    """What they think is shown to who answers, and the link is over when the answer is given."""
    number = small.refused()
    complaint = small.complain(number)
    with small.begin() as office:
        kept = office.enter_review(*office.invite_reviewer(complaint, "second", "recommend"))
    with small.begin() as office:
        assert office.advise(kept, "overturned", "Zebra") == "recommend"
    assert small.state(number) == "complaint"
    assert small.one(complaint)["advice_text"] == "Zebra"
    with small.begin() as office:
        late = office.invite_reviewer(complaint, "second", "decide")
        office.answer_complaint(complaint, "second", "upheld")
    with pytest.raises(TokenError), small.begin() as office:
        office.enter_review(*late)


def test_the_letter_is_read_by_another_than_who_decided_and_says_who_was_right(
    small: Desk,
) -> None:
    """The law that was cited for a refusal is no answer where it does not stand."""
    complaint = small.complain(small.refused())
    with pytest.raises(FourEyesError), small.begin() as office:
        office.complaint_letter(complaint, "officer", "upheld", "")
    with small.begin() as office:
        upheld, overturned = (
            office.complaint_letter(complaint, "second", outcome, "").params
            for outcome in ("upheld", "overturned")
        )
    assert "another-persons-data" in upheld["answer"]
    assert "another-persons-data" not in overturned["answer"]
    # The guest showed who they are before it was refused.
    assert upheld["what"] == overturned["what"] == ""


def test_a_reviewer_reads_and_says_nothing_more_once_it_is_answered(small: Desk) -> None:
    """Who opened the link has what the guest wrote in the browser; nobody is invited anew."""
    complaint = small.complain(small.refused())
    with pytest.raises(InputError), small.begin() as office:
        office.invite_reviewer(complaint, "second", "read")
    with small.begin() as office:
        kept = office.enter_review(*office.invite_reviewer(complaint, "second", "decide"))
        assert office.reviewed_case(kept).text == WORDS
        office.answer_complaint(complaint, "second", "upheld")
    with pytest.raises(TokenError), small.begin() as office:
        office.reviewed_case(kept)
    with pytest.raises(TokenError), small.begin() as office:
        office.advise(kept, "overturned", "")
    with pytest.raises(TransitionError), small.begin() as office:
        office.invite_reviewer(complaint, "second", "decide")


def test_other_complaints_leave_the_request_alone(small: Desk) -> None:
    """Too slow, badly treated: what was asked goes on; one complaint at a time for each request."""
    number = small.proved()
    complaint = small.complain(number, "about-delay")
    assert small.state(number) == "review"
    with pytest.raises(TransitionError):
        small.complain(number, "about-manner")
    with pytest.raises(InputError), small.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")
    with small.begin() as office:
        office.answer_complaint(complaint, "second", "remedied", "Today.")
    assert small.state(number) == "review"


def test_a_clerk_of_another_hotel_neither_files_nor_sees(small: Desk) -> None:
    """Nothing at a property without its permission, and the list names no guest."""
    small.complain(small.refused())
    for user in ("auditor", "stranger"):
        with pytest.raises(ForbiddenError), small.begin() as office:
            office.complaints(user)
    given = Grievance("about-manner", WORDS, "mu", channel="phone")
    with pytest.raises(ForbiddenError), small.begin() as office:
        office.file_complaint(given, "clerk")
    with small.begin() as office:
        assert not {"text", "contact"} & set(office.complaints("second")[0])


def test_what_comes_without_a_case_is_limited_and_looks_nobody_up(small: Desk) -> None:
    """The same statements whether the contact is on file or not; ten an hour from one place."""
    for place in range(10):
        contact = "ann@example.com" if place % 2 else "nobody@mail.example"
        with small.begin() as office:
            office.complain_without_case(
                Grievance("about-other", WORDS, "sh", contact=contact), "192.0.2.7"
            )
    with pytest.raises(LimitError), small.begin() as office:
        office.complain_without_case(Grievance("about-other", WORDS, "sh"), "192.0.2.7")
    assert not small.ours("request")
    for wrong in ("no\ncontact@x", "a@mail.example;b@mail.example", "neither"):
        given = Grievance("about-other", WORDS, "sh", contact=wrong)
        with pytest.raises(InputError), small.begin() as office:
            office.complain_without_case(given, "192.0.2.8")


def test_the_answer_goes_where_it_may(desk: Desk) -> None:
    """To the contact on file of a case, to what was given without one, else to the printer."""
    number = desk.refused()
    with desk.begin() as office:
        mine = office.complain(desk.codes[number], "about-refusal", WORDS)
        given = Grievance("about-manner", WORDS, "sh", contact="zebra@mail.example")
        other = office.complain_without_case(given, "192.0.2.7")
        silent = office.complain_without_case(Grievance("about-other", WORDS, "sh"), "192.0.2.7")
    assert desk.one(other)["contact"] == "zebra@mail.example"
    for complaint in (mine, other, silent):
        with desk.begin() as office:
            office.answer_complaint(complaint, "second", "upheld")
    sent: dict[str, str] = {}
    with desk.begin() as office:
        for row in desk.ours("outbox"):
            if row["template"] == "complaint":
                which = row["dedupe"].rpartition(":")[2]
                sent[which] = safe.read(office.work, row["box"])["to"] or row["channel"]
    assert sent == {mine: "ann@example.com", other: "zebra@mail.example", silent: "print"}


def test_a_complaint_is_taken_where_the_contact_cannot_be_read(small: Desk) -> None:
    """A damaged key of the case keeps no clerk from noting the letter that contests a refusal."""
    small.ask(name="Ann", email="ann@example.com")
    small.look()
    (number,) = [row["number"] for row in small.ours("request")]
    assert small.ours("contact")
    with small.begin() as office:
        office.confirm(number, "clerk", "desk")
    with small.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    assert small.ours("contact"), "kept for a complaint"
    (small.custodian.path / f"key-case-{number}.json").write_bytes(b"")
    small.custodian = FolderCustodian(small.custodian.path)
    with small.begin() as office:
        given = Grievance("about-refusal", WORDS, request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    assert small.one(complaint)["state"] == "open"
    assert small.state(number) == "complaint"


def test_feedback_is_given_once_at_the_end_and_counted(desk: Desk) -> None:
    """Not before the end, not twice, not with another figure; who reads it does not read whose."""
    number = desk.proved()
    with pytest.raises(TransitionError), desk.begin() as office:
        office.give_feedback(desk.codes[number], 5)
    with desk.begin() as office:
        office.withdraw(number, code=desk.codes[number])
        assert office.feedback_asked(desk.codes[number])
    with pytest.raises(InputError), desk.begin() as office:
        office.give_feedback(desk.codes[number], 6)
    with desk.begin() as office:
        office.give_feedback(desk.codes[number], 4, "Quick.")
        assert not office.feedback_asked(desk.codes[number])
    with pytest.raises(TransitionError), desk.begin() as office:
        office.give_feedback(desk.codes[number], 5)
    with pytest.raises(TokenError), desk.begin() as office:
        office.give_feedback("WRONG", 5)
    with desk.begin() as office:
        said = office.feedback("second")
    assert said["counts"] == {1: 0, 2: 0, 3: 0, 4: 1, 5: 0}
    assert said["words"] == [{"property": "sh", "rating": 4, "text": "Quick."}]


def keyless(desk: Desk, **asked: str) -> str:
    """Return a refused request about which its guest complains when its key is destroyed."""
    with desk.begin() as office:
        number = office.request({"email": "ann@example.com"}, property="sh", by="clerk", **asked)
        desk.codes[number] = office.confirm(number, "clerk", "desk")
        office.refuse(number, "officer", "another-persons-data")
    desk.later(days=401)
    forget(desk)
    assert f"case:{number}" not in desk.custodian.labels()
    desk.later(days=49)
    desk.complain(number)
    return number


def test_a_request_too_old_to_be_decided_anew_says_what_to_do(small: Desk) -> None:
    """Its key is destroyed, so nothing could be approved; it is upheld and filed again."""
    number = keyless(small)
    (complaint,) = [row["number"] for row in small.ours("complaint")]
    with pytest.raises(TransitionError, match="file the request anew"), small.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")
    assert small.file(email="ann@example.com") == number, "it is open while it is contested"
    with small.begin() as office:
        office.answer_complaint(complaint, "second", "upheld")
    assert small.file(email="ann@example.com") != number


def test_a_request_too_old_to_be_decided_anew_has_no_plan(small: Desk) -> None:
    """Nothing of it can be approved; who looks is told that, and not that a key is missing."""
    number = keyless(small)
    with small.begin() as office:
        shown, plan = office.show(number, by="officer"), office.preview(number, by="officer")
    assert (shown["state"], shown["keyless"]) == ("complaint", True)
    assert (plan.digest, plan.erase, plan.retain, plan.people) == ("", (), (), ())


def test_a_copy_too_old_to_be_decided_anew_is_not_outlined(small: Desk) -> None:
    """Nobody can release it; the next step is named."""
    number = keyless(small, wish="copy")
    with pytest.raises(TransitionError, match="file the request anew"), small.begin() as office:
        office.outline(number, "officer")


def test_a_contested_request_whose_key_is_only_away_is_an_error(small: Desk) -> None:
    """An older copy of the key folder was put back: its newest copy helps, and no new request."""
    number = small.refused()
    complaint = small.complain(number)
    small.custodian.forget(f"case:{number}")
    with pytest.raises(KeyMissingError), small.begin() as office:
        office.preview(number, "officer")
    with pytest.raises(KeyMissingError), small.begin() as office:
        office.answer_complaint(complaint, "second", "overturned")
