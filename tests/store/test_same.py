"""What was approved about a person is done to that person: their row is looked at again first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ForeignKeyConstraint, String, insert, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from flask_guesterase.core.errors import MovedError, TransitionError
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact
from flask_guesterase.store import tables
from flask_guesterase.store.complaints.receiving import Grievance
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.requests import same
from tests import engines
from tests.store.hotel import Hotel


class Base(DeclarativeBase):
    """Base of this host's models."""


class Profile(Base):
    __tablename__ = "profiles"
    house: Mapped[str] = mapped_column(String(5), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hotel: Mapped[str] = mapped_column(String(10), default="sh")
    role: Mapped[str] = mapped_column(String(10), default="guest")
    name: Mapped[str | None] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(120))
    phone: Mapped[str | None] = mapped_column(String(40))


class Wish(Base):
    __tablename__ = "wishes"
    __table_args__ = (
        ForeignKeyConstraint(["house", "no"], ["profiles.house", "profiles.no"]),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    house: Mapped[str] = mapped_column(String(5))
    no: Mapped[int]
    wish: Mapped[str | None] = mapped_column(String(80))
    profile: Mapped[Profile] = relationship()


_KEPT = keep("which record")
POLICIES: list[tuple[Any, Policy]] = [
    (
        Profile,
        Policy(
            {"hotel": _KEPT, "role": _KEPT, "name": redact, "email": placeholder, "phone": null},
            where=lambda profiles: profiles.c.role == "guest",
            subject=Subject(
                match=["email", "phone"], name="name", contact=["email", "phone"],
                property="hotel",
            ),
        ),
    ),
    (Wish, Policy({"wish": null}, via="profile")),
]  # fmt: skip


class Desk(Hotel):
    """A hotel whose guests are known by their house and a number in it."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        models = Base.registry.mappers
        self.datamap = resolve(POLICIES, Base.metadata.tables.values(), list(models))
        Base.metadata.create_all(self.engine)

    def profile(self, no: int, name: str, email: str | None, phone: str | None = None) -> None:
        """Put a guest with a wish, called after the guest, into the house."""
        with self.engine.begin() as conn:
            conn.execute(insert(Profile).values(
                house="SHA", no=no, hotel="sh", role="guest", name=name, email=email, phone=phone
            ))
            conn.execute(insert(Wish).values(house="SHA", no=no, wish=f"of {name}"))

    def shown(self, **match: str) -> str:
        """File a request whose guest shows at the desk who they are; return its number."""
        number = self.file(**match)
        with self.begin() as office:
            office.confirm(number, "clerk", "desk")
        return number

    def becomes(self, no: int, name: str, email: str) -> None:
        """Delete a profile and give its number to somebody else, past us."""
        self.sql(f"DELETE FROM wishes WHERE no = {no}", f"DELETE FROM profiles WHERE no = {no}")
        self.profile(no, name, email)

    def ada(self, **more: Any) -> str:
        """Put Ada into the house; return the number of her approved request."""
        self.profile(1, "Ada Quill", "ada@example.com", **more)
        return self.approved(email="ada@example.com")

    def sql(self, *statements: str) -> None:
        """Do what the host does past us."""
        with self.engine.begin() as conn:
            for each in statements:
                conn.execute(text(each))

    def told(self) -> list[tuple[Any, ...]]:
        """Return number and name of every profile, then number and wish of each wish."""
        profiles = select(Profile.no, Profile.name).order_by(Profile.no)
        wishes = select(Wish.no, Wish.wish).order_by(Wish.id)
        with self.engine.connect() as conn:
            return [tuple(row) for each in (profiles, wishes) for row in conn.execute(each)]

    def again(self, number: str) -> tuple[str, ...]:
        """Try to carry a request out that must go back to review; return why."""
        before = self.told()
        with self.begin() as office:
            ending = office.erase(number)
        assert self.told() == before
        assert self.state(number) == "review"
        assert self.events[-1] == "request-reviewed-again"
        return ending.differences


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A house without guests on SQLite."""
    made = Desk(sqlite_url, tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture(params=engines.DEEP)
def any_desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A house without guests on each of the three engines in turn."""
    with engines.fresh_database(request.param) as url:
        made = Desk(url, tmp_path)
        yield made
        made.engine.dispose()


def test_a_number_given_to_somebody_else_erases_nobody(any_desk: Desk) -> None:
    """The host deletes her profile and gives its number to Bob, who asked for nothing."""
    number = any_desk.ada()
    any_desk.sql("DELETE FROM wishes", "DELETE FROM profiles")
    any_desk.profile(1, "Bob Stone", "bob@example.com")
    assert any_desk.again(number) == (same.OTHER,)
    assert any_desk.told() == [(1, "Bob Stone"), (1, "of Bob Stone")]


def test_a_merged_profile_is_not_certified_as_erased(any_desk: Desk) -> None:
    """Everything of hers moved to her other profile: a person looks, and nothing is certified."""
    any_desk.profile(2, "Ada Quill", "ada.quill@example.com")
    number = any_desk.ada()
    any_desk.sql(
        "UPDATE wishes SET no = 2", "DELETE FROM profiles WHERE no = 1",
        "UPDATE profiles SET email = 'ada@example.com'",
    )  # fmt: skip
    assert any_desk.again(number) == (same.GONE,)
    assert any_desk.ours("certificate") == []


@pytest.mark.parametrize("when", ["filed", "shown"])
def test_a_number_given_to_somebody_else_before_the_plan_is_read_erases_nobody(
    any_desk: Desk, when: str
) -> None:
    """Who is meant is whose row it was when it was found, not who is in it when somebody reads."""
    any_desk.profile(1, "Ada Quill", "ada@example.com")
    number = any_desk.file(email="ada@example.com")
    if when == "filed":
        any_desk.becomes(1, "Bob Stone", "bob@example.com")
    with any_desk.begin() as office:
        office.confirm(number, "clerk", "desk")
    if when == "shown":
        any_desk.becomes(1, "Bob Stone", "bob@example.com")
    with pytest.raises(MovedError) as moved:
        any_desk.approve(number)
    assert moved.value.differences == (same.OTHER,)
    assert any_desk.state(number) == "review"
    assert any_desk.told() == [(1, "Bob Stone"), (1, "of Bob Stone")]


def test_a_shell_filled_before_the_plan_is_read_erases_nobody(any_desk: Desk) -> None:
    """Another request of hers left a shell; the host writes Bob into it before anybody reads."""
    any_desk.profile(2, "Ada Quill", None, phone="13812345678")
    first = any_desk.ada(phone="13812345678")
    second = any_desk.shown(phone="13812345678")
    assert any_desk.erased(first) == "erased"
    any_desk.becomes(1, "Bob Stone", "bob@example.com")
    with pytest.raises(MovedError):
        any_desk.approve(second)
    assert (1, "Bob Stone") in any_desk.told()


def test_a_shell_is_no_other_person(desk: Desk) -> None:
    """Her row that another request erased before the officer reads needs nobody's second look."""
    desk.profile(2, "Ada Quill", None, phone="13812345678")
    first = desk.ada(phone="13812345678")
    second = desk.shown(phone="13812345678")
    assert desk.erased(first) == "erased"
    desk.approve(second)
    assert desk.erased(second) == "erased"


def test_a_contact_corrected_before_the_plan_is_read_costs_one_look_with_names(
    any_desk: Desk,
) -> None:
    """Who approves reads who is in the row now, and that it was written otherwise; that is all."""
    any_desk.profile(1, "Ada Quill", "ada@example.com")
    number = any_desk.shown(email="ada@example.com")
    any_desk.sql("UPDATE profiles SET email = 'ada.q@example.com'")
    with any_desk.begin() as office:
        read = office.preview(number, "officer")
        assert read.since == office.preview(number).since == (same.OTHER,)
        assert read.people[0].name == "Ada Quill"
        office.approve(number, "officer", read.digest)
    assert any_desk.erased(number) == "erased"
    assert any_desk.told()[0][1] != "Ada Quill"


def test_what_was_read_with_names_is_asked_once(desk: Desk) -> None:
    """A correction that somebody approved is no difference when the request comes back later."""
    desk.profile(1, "Ada Quill", "ada@example.com")
    number = desk.shown(email="ada@example.com")
    desk.sql("UPDATE profiles SET email = 'ada.q@example.com'")
    with desk.begin() as office:
        office.approve(number, "officer", office.preview(number, "officer").digest)
    desk.sql("UPDATE profiles SET role = 'archived'")
    assert desk.again(number) == (same.NO_GUEST,)
    desk.sql("UPDATE profiles SET role = 'guest'")
    desk.approve(number, "second")
    assert desk.erased(number) == "erased"


def test_who_moves_in_after_a_request_came_back_is_erased_by_nobody(desk: Desk) -> None:
    """It came back for another reason: that says nothing of who is in the row when it is read."""
    number = desk.ada()
    desk.sql("UPDATE profiles SET role = 'archived'")
    assert desk.again(number) == (same.NO_GUEST,)
    desk.becomes(1, "Bob Stone", "bob@example.com")
    with pytest.raises(MovedError):
        desk.approve(number, "second")
    assert desk.told() == [(1, "Bob Stone"), (1, "of Bob Stone")]


def test_a_row_taken_once_more_is_theirs_as_it_is_then(desk: Desk) -> None:
    """A clerk who looks and takes it again answers for the row they looked at, and for no other."""
    desk.profile(1, "Ada Quill", "ada@example.com")
    desk.profile(2, "Ada Quill", "ada@example.com")
    number = desk.shown(email="ada@example.com")
    desk.sql("UPDATE profiles SET email = 'ada.q@example.com' WHERE no = 1")
    desk.becomes(2, "Bob Stone", "bob@example.com")
    with desk.begin() as office:
        rows = [each.id for each in office.preview(number).people]
        office.take(number, rows[0], "clerk")
    with pytest.raises(MovedError):
        desk.approve(number)
    with desk.begin() as office:
        office.leave(number, rows[1], "clerk")
    desk.approve(number)
    assert desk.erased(number) == "erased"
    assert [name for _, name in desk.told()[:2]][1] == "Bob Stone"


def test_a_row_that_was_not_there_is_nobodys(desk: Desk) -> None:
    """Whoever the host writes into a row that was gone when it was taken again is asked about."""
    desk.profile(1, "Ada Quill", "ada@example.com")
    number = desk.shown(email="ada@example.com")
    desk.sql("DELETE FROM wishes", "DELETE FROM profiles")
    with desk.begin() as office:
        office.take(number, office.preview(number).people[0].id, "clerk")
    desk.profile(1, "Bob Stone", "bob@example.com")
    with pytest.raises(MovedError):
        desk.approve(number)


def test_what_was_filed_before_there_were_marks_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of who was in its rows nothing is known; from when its guest shows who they are it is."""
    desk.profile(1, "Ada Quill", "ada@example.com")
    desk.profile(2, "Cyn Dale", "cyn@example.com")
    with monkeypatch.context() as before:
        before.setattr(same, "noted", lambda *_: {})
        shown = desk.shown(email="ada@example.com")
        filed = desk.file(email="cyn@example.com")
    desk.sql("UPDATE profiles SET email = 'ada.q@example.com' WHERE no = 1")
    desk.sql("UPDATE profiles SET email = 'cyn.d@example.com' WHERE no = 2")
    desk.approve(shown)
    assert desk.erased(shown) == "erased"
    with desk.begin() as office:
        office.confirm(filed, "clerk", "desk")
    desk.becomes(2, "Bob Stone", "bob@example.com")
    with pytest.raises(MovedError):
        desk.approve(filed)


def test_a_row_written_otherwise_is_not_approved_together(desk: Desk) -> None:
    """What is approved unread is as it was found; who is in another's row is read about alone."""
    for no in (1, 2, 3):
        desk.profile(no, f"Guest {no}", f"g{no}@example.com")
    numbers = [desk.shown(email=f"g{no}@example.com") for no in (1, 2, 3)]

    def alike() -> dict[str, str]:
        with desk.begin() as office:
            return {c.number: c.digest for g in office.alike("officer") for c in g.cases}

    read = alike()
    assert set(read) == set(numbers)
    desk.becomes(3, "Bob Stone", "bob@example.com")
    assert set(alike()) == set(numbers[:2])
    with pytest.raises(TransitionError), desk.begin() as office:
        office.approve_alike(read, "officer")
    assert (3, "Bob Stone") in desk.told()


def test_a_request_decided_anew_is_about_whom_it_was_filed(desk: Desk) -> None:
    """While a complaint about the refusal was looked at, the host gave her number to Bob."""
    desk.profile(1, "Ada Quill", "ada@example.com")
    number = desk.shown(email="ada@example.com")
    desk.may = lambda user, permission, property_: True  # type: ignore[method-assign]
    with desk.begin() as office:
        office.refuse(number, "officer", "another-persons-data")
    desk.becomes(1, "Bob Stone", "bob@example.com")
    with desk.begin() as office:
        given = Grievance("about-refusal", "It is mine.", request=number, channel="letter")
        complaint = office.file_complaint(given, "clerk")
    with desk.begin() as office:
        office.answer_complaint(complaint, "second", "overturned", "It is.")
    with pytest.raises(MovedError):
        desk.approve(number)


def test_a_copy_of_a_number_given_to_somebody_else_is_not_released(any_desk: Desk) -> None:
    """What is in the row now is nobody's to give to her; a clerk who looked may say it is hers."""
    any_desk.profile(1, "Ada Quill", "ada@example.com")
    with any_desk.begin() as office:
        given = {"email": "ada@example.com"}
        number = office.request(given, property="sh", by="clerk", wish="copy")
        office.confirm(number, "clerk", "desk")
    any_desk.becomes(1, "Bob Stone", "bob@example.com")

    def release() -> None:
        with any_desk.begin() as office:
            office.release_copy(number, "officer", office.outline(number, "officer")[1])

    with pytest.raises(TransitionError, match="holds another name or contact"):
        release()
    assert any_desk.state(number) == "review"
    any_desk.becomes(1, "Ada Stone", "ada@example.com")
    with any_desk.begin() as office:
        office.take(number, office.preview(number).people[0].id, "clerk")
    release()
    assert any_desk.state(number) == "offered"


def test_a_copy_after_an_erasure_is_released_whatever_became_of_the_row(desk: Desk) -> None:
    """What is left of her lies in boxes, whether the host filled her row since, or deleted it."""
    first = desk.ada()
    assert desk.erased(first) == "erased"
    for how in ("filled", "deleted"):
        with desk.begin() as office:
            number = office.copy_after(first, "clerk")
            office.confirm(number, "clerk", "desk")
        desk.sql("DELETE FROM wishes WHERE no = 1", "DELETE FROM profiles WHERE no = 1")
        if how == "filled":
            desk.profile(1, "Bob Stone", "bob@example.com")
        desk.later(hours=1)
        with desk.begin() as office:
            assert office.preview(number, "officer").since == (), "it can be released as it is"
            office.release_copy(number, "officer", office.outline(number, "officer")[1])
        assert desk.state(number) == "offered"


def test_a_key_that_changed_is_a_row_that_is_gone(desk: Desk) -> None:
    """The house has another code now, so that nobody finds her under the old one."""
    number = desk.ada()
    desk.sql("UPDATE profiles SET house = 'SH1'", "UPDATE wishes SET house = 'SH1'")
    assert desk.again(number) == (same.GONE,)


def test_a_row_that_counts_no_more_is_looked_at(desk: Desk) -> None:
    """What the policy does not call a guest any more is not a guest that was erased."""
    number = desk.ada()
    desk.sql("UPDATE profiles SET role = 'archived'")
    assert desk.again(number) == (same.NO_GUEST,)


def test_a_key_that_nobody_can_read_any_more_is_looked_at(desk: Desk) -> None:
    """A row that can only be named by the host's own type, and is not there, is gone."""
    number = desk.ada()
    with desk.engine.begin() as conn:
        conn.execute(update(tables.subject).values(row_key="House:House.SHA|int:1"))
    assert same.GONE in desk.again(number)


def test_unchanged_rows_are_erased_without_another_look(any_desk: Desk) -> None:
    """Neither another wish nor her name in capitals is somebody else."""
    number = any_desk.ada()
    any_desk.sql("UPDATE profiles SET name = 'ADA  QUILL'", "UPDATE wishes SET wish = 'quiet'")
    assert any_desk.erased(number) == "erased"
    assert any_desk.told()[1:] == [(1, None)]


def test_a_corrected_contact_is_approved_again_and_erased(desk: Desk) -> None:
    """Nobody can tell a correction from another person but a person, once."""
    number = desk.ada()
    desk.sql("UPDATE profiles SET email = 'ada.q@example.com'")
    assert desk.again(number) == (same.OTHER,)
    with pytest.raises(MovedError):
        desk.approve(number, "second")
    with desk.begin() as office:
        office.approve(number, "second", office.preview(number, "second").digest)
    assert desk.erased(number) == "erased"
    assert desk.told()[0][1] != "Ada Quill"


def twice(desk: Desk) -> str:
    """Approve two requests about Ada and carry out the first; return the number of the second."""
    desk.profile(2, "Ada Quill", None, phone="13812345678")
    first = desk.ada(phone="13812345678")
    second = desk.approved(phone="13812345678")
    assert first != second
    assert desk.erased(first) == "erased"
    return second


def test_who_another_request_erased_meanwhile_is_erased(any_desk: Desk) -> None:
    """Her row is the shell we left: the second request ends, and asks nobody again."""
    second = twice(any_desk)
    assert any_desk.told()[1:2] == [(2, "Ada Quill")]
    assert any_desk.erased(second) == "erased"
    assert all(name != "Ada Quill" for _, name in any_desk.told())


def test_a_shell_that_the_host_deleted_is_erased(desk: Desk) -> None:
    """What we erased may go for good before the second request is carried out."""
    second = twice(desk)
    desk.sql("DELETE FROM wishes WHERE no = 1", "DELETE FROM profiles WHERE no = 1")
    assert desk.erased(second) == "erased"


def test_a_shell_whose_number_was_given_to_somebody_else_is_looked_at(desk: Desk) -> None:
    """That we erased the row once says nothing of who is in it now."""
    second = twice(desk)
    desk.sql("DELETE FROM wishes WHERE no = 1", "DELETE FROM profiles WHERE no = 1")
    desk.profile(1, "Bob Stone", "bob@example.com")
    assert desk.again(second) == (same.OTHER,)


def test_who_was_erased_before_they_were_asked_about_is_no_excuse(desk: Desk) -> None:
    """An erasure of years ago does not say where the row of this request has gone."""
    assert desk.erased(desk.ada()) == "erased"
    desk.later(days=900)
    desk.sql("DELETE FROM wishes", "DELETE FROM profiles")
    desk.profile(1, "Bob Stone", "bob@example.com")
    number = desk.approved(email="bob@example.com")
    desk.sql("DELETE FROM wishes", "DELETE FROM profiles")
    assert desk.again(number) == (same.GONE,)


def test_what_was_approved_before_there_were_marks_is_carried_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An approval of the version before knows no marks: the row must be there, and count."""
    with monkeypatch.context() as before:
        before.setattr(same, "marks", lambda *_: {})
        first = desk.ada()
        desk.profile(2, "Cyn Dale", "cyn@example.com")
        other = desk.approved(email="cyn@example.com")
    assert "rows" not in json.loads(desk.ours("request")[0]["decisions"])
    desk.sql("UPDATE profiles SET email = 'ada.q@example.com' WHERE no = 1")
    assert desk.erased(first) == "erased"
    desk.sql("DELETE FROM wishes WHERE no = 2", "DELETE FROM profiles WHERE no = 2")
    assert desk.again(other) == (same.GONE,)


def test_a_row_that_is_gone_is_not_approved(desk: Desk) -> None:
    """Whoever decides is told that the row is not there, and can leave it and refuse."""
    number = desk.ada()
    desk.sql("DELETE FROM wishes", "DELETE FROM profiles")
    desk.again(number)
    with desk.begin() as office, pytest.raises(TransitionError, match="not there any more"):
        office.approve(number, "second", office.preview(number).digest)
    with desk.begin() as office:
        office.leave(number, office.preview(number).people[0].id, "clerk")
        office.refuse(number, "second", "nothing-held")
    assert desk.state(number) == "refused"


def test_who_changed_after_the_plan_was_read_is_not_approved(desk: Desk) -> None:
    """The digest that an approval names covers who was in the rows when it was read."""
    desk.profile(1, "Ada Quill", "ada@example.com")
    number = desk.file(email="ada@example.com")
    with desk.begin() as office:
        office.confirm(number, "clerk", "desk")
        read = office.preview(number).digest
    desk.sql("UPDATE profiles SET name = 'Bob Stone', email = 'bob@example.com'")
    with desk.begin() as office, pytest.raises(MovedError):
        office.approve(number, "officer", read)


def test_marks_say_nothing_and_end_with_the_rows(desk: Desk) -> None:
    """What is kept of who was in a row is keyed, and not kept when the row is erased."""
    number = desk.ada()
    kept = desk.ours("request")[0]["decisions"]
    assert len(json.loads(kept)["rows"]) == 1
    assert not any(word in kept.casefold() for word in ("ada quill", "quill", "example.com"))
    desk.erased(number)
    assert "rows" not in json.loads(desk.ours("request")[0]["decisions"])


def test_marks_that_were_taken_out_or_exchanged_are_not_what_was_approved(desk: Desk) -> None:
    """Who writes into our table makes nobody the person that was approved."""
    number = desk.ada()
    kept = json.loads(desk.ours("request")[0]["decisions"])
    del kept["rows"]
    with desk.engine.begin() as conn:
        conn.execute(update(tables.request).values(decisions=json.dumps(kept)))
    assert desk.again(number) == ("the journal knows of no such approval",)
