"""Who decides: identity, four eyes, permissions, refusal, withdrawal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import pytest
from sqlalchemy import update

from flask_guesterase.core.errors import (
    ForbiddenError,
    FourEyesError,
    GuesteraseError,
    InputError,
    MovedError,
    TokenError,
    TransitionError,
    UnknownError,
)
from flask_guesterase.store import tables
from flask_guesterase.store.casework import cases
from flask_guesterase.store.journaling import approvals
from flask_guesterase.store.office import Office
from tests.store.hotel import Booking, Hotel


def two(hotel: Hotel) -> str:
    """Two guests who share a mailbox; a request that takes the first."""
    hotel.guest(1, name="Ann Berg", email="home@example.com", phone="13812345678")
    hotel.guest(2, name="Bob Berg", email="home@example.com")
    return hotel.file(email="home@example.com", name="Ann Berg")


def confirmed(hotel: Hotel, number: str, by: str = "clerk") -> str:
    """Confirm a request at the desk; return the case code."""
    with hotel.begin() as office:
        return office.confirm(number, by, "desk")


def test_whoever_filed_or_verified_does_not_approve(any_hotel: Hotel) -> None:
    """The second pair of eyes is another person's, and nothing changed after a refusal."""
    hotel = any_hotel
    number = two(hotel)
    confirmed(hotel, number, by="officer")
    hotel.grants["clerk"] |= {"approve"}
    for by in ("officer", "clerk"):
        with pytest.raises(FourEyesError):
            hotel.approve(number, by)
    assert hotel.state(number) == "review"
    hotel.approve(number, "second")
    assert hotel.state(number) == "approved"


ANN = {"name": "Ann Berg", "email": "ann@mail.example"}


def again(hotel: Hotel, number: str, by: str) -> list[str]:
    """File what is asked for already; return what the journal says of it, and of whom."""
    assert hotel.file(by=by, **ANN) == number
    return filed_again(hotel, number, by)


def filed_again(hotel: Hotel, number: str, by: str) -> list[str]:
    """Return the channels by which the journal says that a person filed a request once more."""
    with hotel.begin() as office:
        case, actor = cases.load(office.work, number), office.acts_as(by)
        said = approvals.entries(office.work, case, ("request-filed-again",))
    assert all(approvals.WHO in each.marks for each in said)
    return [word for each in said if each.actor == actor for word in each.grounds]


def test_whoever_files_what_was_asked_through_the_form_does_not_approve(any_hotel: Hotel) -> None:
    """From then on a person answers it, in their words: they are the first pair of eyes."""
    hotel = any_hotel
    hotel.guest(1, **ANN)
    hotel.ask(**ANN)
    hotel.look()
    (number,) = [row["number"] for row in hotel.ours("request")]
    assert again(hotel, number, "officer") == ["desk"]
    confirmed(hotel, number)
    with pytest.raises(FourEyesError):
        hotel.approve(number, "officer")
    hotel.approve(number, "second")
    assert hotel.erased(number) == "erased"


def test_whoever_files_once_more_does_not_approve_under_another_number(hotel: Hotel) -> None:
    """Who they are is marked: another number for the same login is the same person."""
    hotel.guest(1, **ANN)
    number = hotel.file(**ANN)
    assert again(hotel, number, "officer") == ["desk"]
    confirmed(hotel, number)
    table = tables.actor
    with hotel.engine.begin() as conn:
        conn.execute(update(table).where(table.c.number == 2).values(number=9))
    with hotel.begin() as office:
        assert office.acts_as("officer") == "a9"
    with pytest.raises(FourEyesError):
        hotel.approve(number, "officer")


@pytest.mark.parametrize("proved", [False, True], ids=["received", "review"])
def test_what_is_filed_once_more_is_noted_while_its_key_is_away(
    hotel: Hotel, proved: bool
) -> None:
    """An older copy of the key folder was put back: the clerk is told of the open request."""
    hotel.guest(1, **ANN)
    number = hotel.file(**ANN)
    if proved:
        confirmed(hotel, number)
    hotel.custodian.forget(cases.label(number))
    assert hotel.file(by="officer", **ANN) == number
    with hotel.begin() as office:
        case, actor = cases.load(office.work, number), office.acts_as("officer")
        said = approvals.entries(office.work, case, ("request-filed-again",))
    assert [(each.actor, approvals.WHO in each.marks) for each in said] == [(actor, False)]


def test_whoever_files_once_more_after_approving_takes_nothing_back(hotel: Hotel) -> None:
    """The guest asks at the desk how it stands: the approval was another person's, and stands."""
    hotel.guest(1, **ANN)
    number = hotel.approved(**ANN)
    assert again(hotel, number, "officer") == ["desk"]
    assert hotel.erased(number) == "erased"


def test_whoever_ticks_a_guest_who_asked_already_does_not_approve(hotel: Hotel) -> None:
    """Nobody can be found by a row without a contact; who files it by the row has filed it too."""
    hotel.guest(1, name="Ann Berg")
    numbers = []
    for by in ("clerk", "officer"):
        with hotel.begin() as office:
            numbers.append(office.request_by_row(("guests", (1,)), by, property="sh"))
    number = numbers[0]
    assert numbers == [number, number]
    assert filed_again(hotel, number, "officer") == ["desk"]
    confirmed(hotel, number)
    with pytest.raises(FourEyesError):
        hotel.approve(number, "officer")
    hotel.approve(number, "second")


def test_whoever_asks_once_more_for_a_copy_after_an_erasure_does_not_release_it(
    hotel: Hotel,
) -> None:
    """Who hands out what is still kept is another person than who asked for it."""
    hotel.guest(1, **ANN)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="late")
    erasure = hotel.approved(**ANN)
    hotel.erased(erasure)
    numbers = []
    for by in ("clerk", "officer"):
        with hotel.begin() as office:
            numbers.append(office.copy_after(erasure, by))
    number = numbers[0]
    assert numbers == [number, number]
    assert filed_again(hotel, number, "officer") == ["desk"]
    confirmed(hotel, number)
    for by, refused in (("officer", True), ("second", False)):
        with hotel.begin() as office:
            _, digest = office.outline(number, by)
        with pytest.raises(FourEyesError) if refused else nullcontext(), hotel.begin() as office:
            office.release_copy(number, by, digest)


def test_whoever_takes_a_row_does_not_approve(hotel: Hotel) -> None:
    """Saying that a row is theirs is verifying it."""
    number = two(hotel)
    confirmed(hotel, number)
    with hotel.begin() as office:
        (perhaps,) = office.preview(number, by="officer").perhaps
        office.take(number, str(perhaps.id), "officer")
        assert office.preview(number).perhaps == ()
        assert len(office.preview(number).people) == 2
    with pytest.raises(FourEyesError):
        hotel.approve(number, "officer")
    hotel.approve(number, "second")


@pytest.mark.parametrize("ground", ["kept-by-law", "nothing-held"])
def test_what_is_perhaps_theirs_is_neither_nothing_nor_all_kept_by_law(
    hotel: Hotel, ground: str
) -> None:
    """First somebody says whose it is: a refusal would keep all of it, and the letter be untrue."""
    hotel.guest(1, name="Ann Berg", email="ann@example.com")
    number = hotel.file(name="Bo Lind", email="ann@example.com")
    confirmed(hotel, number)
    with hotel.begin() as office:
        (perhaps,) = office.preview(number, by="officer").perhaps
    with hotel.begin() as office, pytest.raises(InputError):
        office.refuse(number, "officer", ground)
    with hotel.begin() as office:
        office.leave(number, perhaps.id, "officer")
    with hotel.begin() as office, pytest.raises(InputError, match="of whom the law keeps"):
        office.refuse(number, "officer", "kept-by-law")
    with hotel.begin() as office:
        office.refuse(number, "officer", "nothing-held")
    assert hotel.state(number) == "refused"


def test_a_row_that_is_left_is_another_persons(hotel: Hotel) -> None:
    """Whoever leaves a row may approve: nothing was verified by that."""
    number = two(hotel)
    confirmed(hotel, number)
    with hotel.begin() as office:
        (perhaps,) = office.preview(number).perhaps
        office.leave(number, perhaps.id, "officer")
        for wrong in (9999, "x"):
            with pytest.raises(UnknownError):
                office.take(number, wrong, "officer")
        with pytest.raises(ForbiddenError):
            office.take(number, perhaps.id, "auditor")
    hotel.approve(number, "officer")
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.take(number, perhaps.id, "second")
    hotel.erased(number)
    assert hotel.row(2)["name"] == "Bob Berg"


def test_taking_a_row_of_another_request_is_not_possible(hotel: Hotel) -> None:
    """Numbers of rows belong to their request."""
    number = two(hotel)
    hotel.guest(3, name="Cy", email="cy@example.com")
    other = hotel.file(email="cy@example.com")
    with hotel.begin() as office:
        (perhaps,) = office.preview(number).perhaps
        with pytest.raises(UnknownError):
            office.take(other, perhaps.id, "clerk")


@pytest.mark.parametrize("deed", ["confirm", "take", "leave", "approve", "refuse", "erase"])
@pytest.mark.parametrize("who", ["auditor", "stranger", ""])
def test_every_deed_is_denied_until_the_host_grants_it(hotel: Hotel, deed: str, who: str) -> None:
    """A person the host does not name may do nothing, and nothing changes."""
    number = two(hotel)
    with hotel.begin() as office:
        (perhaps,) = office.preview(number).perhaps
        digest = office.preview(number).digest
    if deed in ("approve", "erase"):
        confirmed(hotel, number)
    state = hotel.state(number)
    rest = {
        "confirm": (who, "desk"),
        "take": (perhaps.id, who),
        "leave": (perhaps.id, who),
        "approve": (who, digest),
        "refuse": (who, "nothing-held"),
        "erase": (who,),
    }[deed]
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        getattr(office, deed)(number, *rest)
    assert hotel.state(number) == state
    assert hotel.ours("actor") == [{"number": 1, "mark": hotel.ours("actor")[0]["mark"]}]


def test_a_truthy_answer_of_the_host_is_no_permission(hotel: Hotel) -> None:
    """Only True is yes."""
    number = two(hotel)
    hotel.may = lambda user, permission, property_: "yes"  # type: ignore[method-assign,assignment,return-value]  # a careless host
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.confirm(number, "clerk", "desk")


def test_a_plan_that_moved_is_not_approved(hotel: Hotel) -> None:
    """The digest names what was read: a new table in the plan is another decision."""
    number = two(hotel)
    confirmed(hotel, number)
    with hotel.begin() as office:
        read = office.preview(number).digest
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="x")
    with hotel.begin() as office, pytest.raises(MovedError):
        office.approve(number, "officer", read)
    with hotel.begin() as office, pytest.raises(MovedError):
        office.approve(number, "officer", "")
    assert hotel.state(number) == "review"


def test_more_rows_under_the_same_decisions_do_not_move_a_plan(hotel: Hotel) -> None:
    """Another booking of the same guest is under what was decided already."""
    number = two(hotel)
    hotel.put(Booking, id=1, number="B1", guest_id=1, remark="x")
    confirmed(hotel, number)
    with hotel.begin() as office:
        for each in office.preview(number).perhaps:
            office.leave(number, each.id, "clerk")
        read = office.preview(number).digest
    hotel.put(Booking, id=2, number="B2", guest_id=1, remark="y")
    with hotel.begin() as office:
        office.approve(number, "officer", read)
    assert hotel.state(number) == "approved"


def test_a_request_that_takes_nobody_cannot_be_approved(hotel: Hotel) -> None:
    """First a person says whose rows are meant."""
    hotel.guest(1, name="Ann", email="home@example.com")
    hotel.guest(2, name="Bob", email="home@example.com")
    number = hotel.file(email="home@example.com")
    confirmed(hotel, number)
    with pytest.raises(TransitionError, match="No row is taken"):
        hotel.approve(number)


def test_a_request_is_approved_only_after_identity_was_shown(hotel: Hotel) -> None:
    """RECEIVED is not REVIEW."""
    number = two(hotel)
    with pytest.raises(TransitionError):
        hotel.approve(number)
    confirmed(hotel, number)
    hotel.approve(number)
    with pytest.raises(TransitionError):
        hotel.approve(number, "second")
    with pytest.raises(TransitionError):
        confirmed(hotel, number)


@pytest.mark.parametrize("how", ["", "link", "passport copy"])
def test_how_identity_was_shown_is_one_of_few_words(hotel: Hotel, how: str) -> None:
    """No free text, and a clerk cannot say that the guest opened a link."""
    number = two(hotel)
    with hotel.begin() as office, pytest.raises(InputError):
        office.confirm(number, "clerk", how)


def test_a_refusal_names_its_ground_and_tells_the_guest(hotel: Hotel) -> None:
    """The guest sees the ground by the case code; a ground of one's own is refused."""
    number = two(hotel)
    code = confirmed(hotel, number)
    with hotel.begin() as office:
        with pytest.raises(InputError):
            office.refuse(number, "officer", "do not like it")
        office.refuse(number, "officer", "another-persons-data")
        view = office.case(code)
    assert (view.word, view.ground) == ("done", "another-persons-data")
    assert [row["template"] for row in hotel.ours("outbox")] == ["refused"]
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.withdraw(number)


def test_a_guest_takes_a_request_back_with_their_own_code_only(hotel: Hotel) -> None:
    """Another guest's code, or none that exists, does nothing."""
    number = two(hotel)
    code = confirmed(hotel, number)
    hotel.guest(3, name="Cy", email="cy@example.com")
    other = confirmed(hotel, hotel.file(email="cy@example.com"))
    for wrong in (other, "", "ABCD"):
        with hotel.begin() as office, pytest.raises(TokenError):
            office.withdraw(number, code=wrong)
    with hotel.begin() as office:
        assert office.case(code).withdrawable
        office.withdraw(number, code=code)
        assert not office.case(code).withdrawable
    assert hotel.state(number) == "withdrawn"
    with hotel.begin() as office, pytest.raises(ForbiddenError):
        office.withdraw(number, by="auditor")


def test_a_request_can_be_withdrawn_until_it_is_carried_out(hotel: Hotel) -> None:
    """Approved and waiting is not too late; erased is."""
    hotel.settings = replace(hotel.settings, grace_hours=24)
    number = two(hotel)
    confirmed(hotel, number)
    hotel.approve(number)
    assert hotel.state(number) == "waiting"
    with hotel.begin() as office:
        office.withdraw(number)
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.erase(number)
    hotel.settings = replace(hotel.settings, grace_hours=0)
    hotel.guest(4, name="Di", email="di@example.com")
    done = hotel.approved(email="di@example.com")
    hotel.erased(done)
    with hotel.begin() as office, pytest.raises(TransitionError):
        office.withdraw(done)


def test_errors_carry_nobodys_data(hotel: Hotel) -> None:
    """Whatever goes wrong with a name in hand, its text does not repeat it."""
    hotel.guest(1, name="Canary Quill", email="canary@example.com")
    number = hotel.file(email="canary@example.com")
    said = []
    tries: list[Callable[[Office], object]] = [
        lambda o: o.request({"email": "canary@"}, property="sh", by="clerk"),
        lambda o: o.request({"name": "Canary Quill"}, property="sh", by="clerk"),
        lambda o: o.request({"email": "quill@example.com"}, property="sh", by="clerk"),
        lambda o: o.approve(number, "officer", "0" * 64),
        lambda o: o.confirm(number, "canary@example.com", "desk"),
    ]
    for attempt in tries:
        with hotel.begin() as office, pytest.raises(GuesteraseError) as caught:
            attempt(office)
        said.append(f"{caught.value!r} {caught.value}".lower())
    assert not any("canary" in text or "quill" in text for text in said)


def test_a_step_from_an_old_reading_is_refused(hotel: Hotel) -> None:
    """Whoever read a request before somebody else acted does not overwrite it."""
    number = two(hotel)
    with hotel.begin() as office:
        old = cases.load(office.work, number)
        office.confirm(number, "clerk", "desk")
        with pytest.raises(TransitionError):
            cases.step(office.work, old, ground="nothing-held")
        assert cases.load(office.work, number).ground is None
