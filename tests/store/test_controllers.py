"""Hotels of several companies in one database: each answers for its own records of a guest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from flask_guesterase.core.errors import MovedError, TransitionError, UnknownError
from flask_guesterase.core.policy import Policy, Subject
from flask_guesterase.core.treatment import keep, null, placeholder, redact
from flask_guesterase.recipients import Recipient
from flask_guesterase.store.casework import purview
from flask_guesterase.store.certificates import certifying
from flask_guesterase.store.comeback import reconcile
from flask_guesterase.store.erasing import people
from flask_guesterase.store.executing import finishing
from flask_guesterase.store.mapping.datamap import resolve
from flask_guesterase.store.office import Office
from flask_guesterase.store.requests.same import AWAY
from flask_guesterase.store.retaining.keeping import Origin
from flask_guesterase.store.returning import again as back
from flask_guesterase.store.returning import returned
from tests.engines import DEEP
from tests.store.house import OWING, Base, Bill, House, Lodger, Person, Stay, policies
from tests.store.test_copying import asked, fetched, release, shown
from tests.store.test_recipients import System, go

ANN = "ann@example.com"


class Chain(House):
    """Two hotels of two companies, whose staff may do the same each at their own."""

    def may(self, user: str, permission: str, property_: str) -> bool:
        """Answer for the host."""
        return permission in self.grants.get(user, ()) and user.endswith("-fir") == (
            property_ == "mu"
        )

    def erase_at(self, code: str) -> str:
        """Ask a hotel to erase Ann, and let it; return the number."""
        far = "-fir" if code == "mu" else ""
        with self.begin() as office:
            number = office.request({"email": ANN}, property=code, by=f"clerk{far}")
        with self.begin() as office:
            office.confirm(number, f"clerk{far}", "desk")
        self.approve(number, f"officer{far}")
        self.erased(number)
        return number

    def wish(self, id: int) -> Any:
        """Return what was wished for a stay."""
        return self.of(Stay, id)["wish"]

    def nightly(self) -> None:
        """Let go of what nothing keeps any more."""
        self.later(days=1)
        finishing.finish(self.run)

    def run(self, unit: Any) -> Any:
        """Run a unit in a transaction of ours."""
        with self.begin() as office:
            return unit(office)

    def certificate(self, number: str) -> dict[str, Any]:
        """Return what the newest certificate of a request says."""
        said: dict[str, Any] = self.run(
            lambda office: certifying.newest(office.work, number)["content"]
        )
        return said


def made(url: str, folder: Path) -> Chain:
    """Return the two hotels with a guest who stayed in both."""
    one = Chain(url, folder)
    one.blockers = ()
    one.grants |= {f"{user}-fir": rights for user, rights in one.grants.items()}
    one.person(1)
    one.stay(1, 1, status="out", days=-30)
    one.stay(2, 1, status="out", days=-60, at="mu")
    for stay in (1, 2):
        # Neither says at which hotel it lies: its stay does.
        one.add(Bill, id=stay, stay_id=stay, owed=0, text="two teas")
        one.add(Lodger, stay_id=stay, person_id=1)
    with one.engine.begin() as conn:
        conn.execute(update(Stay).where(Stay.id == 1).values(wish="by the pines"))
        # What the other company wrote down holds the guest's own mailbox.
        conn.execute(update(Stay).where(Stay.id == 2).values(wish=f"mail to {ANN}"))
    return one


pytestmark = pytest.mark.parametrize("database_url", DEEP, indirect=True)


@pytest.fixture
def chain(database_url: str, tmp_path: Path) -> Iterator[Chain]:
    """Each hotel has profiles of its own."""
    one = made(database_url, tmp_path)
    yield one
    one.engine.dispose()


@pytest.fixture
def common(chain: Chain) -> Chain:
    """Profiles are the chain's: none of them says at which hotel it lies."""
    profile = Policy(
        {"house": keep("where it was made"), "name": redact, "email": placeholder, "born": null},
        subject=Subject(match=["email"], name="name", contact=["email"]),
    )
    declared = [(t, p) for t, p in policies() if t not in (Person, Stay)]
    stays = next(p for t, p in policies() if t is Stay)
    declared += [(Person, profile), (Stay, replace(stays, place="house"))]
    chain.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    return chain


def test_what_another_company_wrote_down_stays_and_is_no_residue(chain: Chain) -> None:
    """Its stay is neither erased nor counted, nor held against the erasure of the first."""
    number = chain.erase_at("sh")
    assert chain.state(number) == "erased"
    assert (chain.wish(1), chain.wish(2)) == (None, f"mail to {ANN}")
    assert chain.of(Person, 1)["email"] != ANN
    said = chain.certificate(number)
    assert said["partial"] == []
    assert {item["table"]: item["rows"] for item in said["went"]} == {
        "bills": 1, "lodgers": 1, "people": 1, "stays": 1
    }  # fmt: skip


@pytest.mark.parametrize(("at", "state"), [("mu", "erased"), ("sh", "partial")])
def test_what_another_company_wrote_with_another_guest_is_no_residue(
    at: str, state: str, chain: Chain
) -> None:
    """It is that company's to answer for, and nobody of the first reads it; a note of its own is
    found, whoever's stay it lies with."""
    chain.person(2, "bea", at=at)
    chain.stay(3, 2, status="out", days=-30, at=at)
    with chain.engine.begin() as conn:
        conn.execute(update(Stay).where(Stay.id == 3).values(wish=f"mail to {ANN}"))
    number = chain.erase_at("sh")
    assert chain.state(number) == state
    assert chain.wish(3) == f"mail to {ANN}"


def test_what_a_trigger_writes_at_the_others_hotel_is_theirs(chain: Chain) -> None:
    """The guest is erased; a bill of the first that ends later changes no stay of the other."""
    assert ended(chain) == (None, "a crib")


def test_what_a_trigger_writes_of_who_is_still_the_others_guest_is_theirs(common: Chain) -> None:
    """Nobody is erased yet whose common profile the other needs, whichever bill has ended."""
    assert ended(common) == (None, "a crib")


def ended(one: Chain) -> tuple[str | None, str | None]:
    """Let a bill end that the first needed when it was asked, and its trigger write elsewhere.

    :return: what the bill says then, and the stay that the trigger wrote into.
    """
    bills = replace(one.datamap.declared("bills").policy, triggers={"told": "stays are declared"})
    declared = [(t, bills if t is Bill else one.datamap.declared(t.__tablename__).policy)
                for t, _ in policies()]  # fmt: skip
    one.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    one.blockers = (replace(OWING, needs={"bills": ["text"]}),)
    one.set(Bill, 1, owed=3)
    tells(one)
    number = one.erase_at("sh")
    assert (one.state(number), one.of(Bill, 1)["text"]) == ("sealed", "two teas")
    one.set(Bill, 1, owed=0)
    one.set(Stay, 2, wish="a cot")
    one.nightly()
    return one.of(Bill, 1)["text"], one.wish(2)


def tells(one: Chain) -> None:
    """Let a change of a bill write into the stay at the other company's hotel."""
    body = "UPDATE stays SET wish = 'a crib' WHERE id = 2;"
    fires = "CREATE TRIGGER told AFTER UPDATE ON bills FOR EACH ROW"
    script = [f"{fires} BEGIN {body} END"]
    if one.engine.dialect.name == "postgresql":
        script = [
            "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {body} RETURN NULL; END $$",
            f"{fires} EXECUTE FUNCTION told()",
        ]
    with one.engine.begin() as conn:
        for statement in script:
            conn.exec_driver_sql(statement)


@pytest.mark.parametrize("kind", ["chain", "common"])
def test_what_hangs_on_the_others_stay_stays_with_it(
    kind: str, database_url: str, request: pytest.FixtureRequest
) -> None:
    """A row that says no hotel lies where the stay lies by which it is the guest's."""
    house: Chain = request.getfixturevalue(kind)
    house.erase_at("sh")
    assert [house.of(Bill, id)["text"] for id in (1, 2)] == [None, "two teas"]
    with house.engine.connect() as conn:
        assert [row.stay_id for row in conn.execute(select(Lodger.__table__))] == [2]


def test_hotels_of_one_company_are_asked_at_once(chain: Chain) -> None:
    """The same guest, one controller: both stays are its own."""
    sisters = {c: replace(p, controller="Pine Ltd") for c, p in chain.settings.properties.items()}
    chain.settings = replace(chain.settings, properties=sisters)
    chain.erase_at("sh")
    assert (chain.wish(1), chain.wish(2)) == (None, None)


def test_a_common_profile_stays_for_the_other_and_says_so(common: Chain) -> None:
    """It is read before it is approved, and stands on the certificate, with what to do."""
    number = common.erase_at("sh")
    assert common.state(number) == "sealed"
    assert (common.wish(1), common.wish(2)) == (None, f"mail to {ANN}")
    assert common.of(Person, 1)["email"] == ANN
    said = common.certificate(number)
    assert [(item["table"], item["category"]) for item in said["stays"]] == [
        ("people", "another-controller")
    ]
    assert said["partial"] == []
    assert [line.category for line in common.run(lambda o: o.preview(number)).retain] == [
        "another-controller"
    ]


def test_a_profile_that_lies_at_the_other_is_not_reached(common: Chain) -> None:
    """Tenants with tables of their own have no column for the property: `place=` says where a
    profile lies. Whom the other company has is asked there."""
    profile = replace(common.datamap.declared("people").policy, place="house")
    declared = [(t, p) for t, p in policies() if t is not Person]
    declared.append((Person, profile))
    common.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    with common.begin() as office:
        number = office.request({"email": ANN}, property="sh", by="clerk")
        assert people.taken(office.work, number) == (("people", (1,)),)
    with common.begin() as office, pytest.raises(UnknownError, match="at this property"):
        office.request({"email": ANN}, property="mu", by="clerk-fir")


def test_a_profile_given_to_the_other_company_since_is_decided_anew(chain: Chain) -> None:
    """It takes the stay along, whoever wrote it: nobody hears 'erased' while that stands here, nor
    is the other company's guest erased, or copied, by this one."""

    def lies_at(house: str) -> None:
        with chain.engine.begin() as conn:
            conn.execute(update(Person).where(Person.id == 1).values(house=house))
            conn.execute(update(Stay).where(Stay.id == 1).values(house=house))

    number = chain.approved(email=ANN)
    lies_at("mu")
    with chain.begin() as office:
        ending = office.erase(number)
    with pytest.raises(MovedError) as refused:
        ending.settled()
    assert refused.value.differences == (AWAY,)
    with pytest.raises(TransitionError, match=r"of another company.*asks the company"):
        chain.approve(number)
    assert (chain.of(Person, 1)["email"], chain.wish(1)) == (ANN, "by the pines")
    lies_at("sh")
    chain.approve(number)
    assert chain.erased(number) == "erased"
    assert chain.wish(1) is None


def test_a_copy_of_a_profile_given_to_the_other_company_since_waits(chain: Chain) -> None:
    """What lies at the other company's hotel by now is theirs to copy."""
    number = asked(chain, email=ANN)
    shown(chain, number)
    chain.set(Person, 1, house="mu")
    chain.set(Stay, 1, house="mu")
    with pytest.raises(TransitionError, match=r"of another company.*asks the company"):
        release(chain, number)


@pytest.mark.parametrize("when", ["before", "since"])
def test_a_copy_holds_the_stay_whose_profile_lies_at_the_other(chain: Chain, when: str) -> None:
    """The guest hears what the first has of them, and of the profile nothing."""
    if when == "before":
        chain.set(Person, 1, house="mu")
    number = asked(chain, email=ANN)
    shown(chain, number)
    chain.set(Person, 1, house="mu")
    release(chain, number)
    text = fetched(chain, number).to_json()
    assert "by the pines" in text
    assert (ANN in text, "ann berg" in text) == (False, False)


@pytest.mark.parametrize("when", ["before", "reviewed", "approved"])
def test_the_stay_goes_where_the_profile_lies_at_the_other(chain: Chain, when: str) -> None:
    """Whenever it was given to them: what the first has goes, the other's profile is as it was, and
    officer and certificate say that it stays there. It ends when the other has erased it."""

    def given() -> None:
        chain.set(Person, 1, house="mu")

    if when == "before":
        given()
    with chain.begin() as office:
        number = office.request({"email": ANN}, property="sh", by="clerk")
    with chain.begin() as office:
        office.confirm(number, "clerk", "desk")
    if when == "reviewed":
        given()
    if when == "approved":
        chain.approve(number)
        given()
    else:
        shown = chain.run(lambda office: office.preview(number))
        assert [(line.table, line.category) for line in shown.retain] == [
            ("people", "another-controller")
        ]
        assert "people" not in {line.table for line in shown.erase}
        chain.approve(number)
    profile = {**chain.of(Person, 1)}
    assert chain.erased(number) == "sealed"
    assert (chain.of(Person, 1), profile["email"]) == (profile, ANN)
    assert (chain.wish(1), chain.wish(2)) == (None, f"mail to {ANN}")
    assert [chain.of(Bill, id)["text"] for id in (1, 2)] == [None, "two teas"]
    said = chain.certificate(number)
    assert said["partial"] == []
    assert [(item["table"], item["category"]) for item in said["stays"]] == [
        ("people", "another-controller")
    ]
    assert "people" not in {item["table"] for item in said["went"]}
    chain.nightly()
    assert (chain.state(number), chain.of(Person, 1)) == ("sealed", profile)
    far = chain.erase_at("mu")
    shell = chain.of(Person, 1)
    assert (chain.state(far), shell["email"] == ANN, chain.wish(2)) == ("erased", False, None)
    chain.nightly()
    assert (chain.state(number), chain.of(Person, 1)) == ("erased", shell)
    said = chain.certificate(number)
    assert (said["stays"], said["supplement"]) == ([], 1)


def test_who_asks_by_the_form_is_heard_for_what_lies_here(chain: Chain) -> None:
    """A guest of the other alone leaves nothing, and is written nothing to."""
    chain.set(Person, 1, house="mu")
    chain.person(2, "bea", at="mu")
    chain.stay(3, 2, status="out", days=-30, at="mu")
    for email in (ANN, "bea@example.com"):
        chain.ask(email=email)
        chain.look()
    assert [(row["row_key"], row["standing"]) for row in chain.ours("subject")] == [
        ("int:1", "taken")
    ]
    assert len(chain.ours("outbox")) == 1


def test_a_profile_that_is_given_back_goes_with_what_was_asked(chain: Chain) -> None:
    """It is the first's again, which was asked to erase it."""
    chain.set(Person, 1, house="mu")
    number = chain.erase_at("sh")
    assert (chain.state(number), chain.of(Person, 1)["email"]) == ("sealed", ANN)
    chain.set(Person, 1, house="sh")
    chain.nightly()
    assert (chain.state(number), chain.of(Person, 1)["email"] == ANN) == ("erased", False)


def test_a_guest_of_the_other_of_whom_nothing_lies_here_is_not_found(chain: Chain) -> None:
    """Neither before nor after what was here is gone: whose profile it is tells them."""
    chain.set(Person, 1, house="mu")
    chain.person(2, "bea", at="mu")
    chain.stay(3, 2, status="out", days=-30, at="mu")
    # Of what lies nowhere nobody knows whose it is.
    chain.stay(4, 2, status="out", days=-30, at="")
    with chain.begin() as office, pytest.raises(UnknownError, match="at this property"):
        office.request({"email": "bea@example.com"}, property="sh", by="clerk")
    chain.erase_at("sh")
    with chain.begin() as office, pytest.raises(UnknownError, match="at this property"):
        office.request({"email": ANN}, property="sh", by="clerk")


def test_what_the_other_writes_into_its_profile_outlives_what_the_first_was_asked(
    chain: Chain,
) -> None:
    """The other has erased it, and the guest is back there: no night of the first's reaches it."""
    chain.set(Person, 1, house="mu")
    number = chain.erase_at("sh")
    chain.erase_at("mu")
    chain.set(Person, 1, email=ANN, name="ann berg")
    for _ in range(2):
        chain.nightly()
        assert chain.of(Person, 1)["email"] == ANN
    assert chain.state(number) in ("sealed", "erased")


def test_two_profiles_of_which_one_lies_at_the_other(chain: Chain) -> None:
    """The one that lies here goes; of the other, what lies here."""
    chain.add(Person, id=7, house="mu", name="ann berg", email=ANN, born=None)
    chain.stay(7, 7, status="out", days=-30)
    number = chain.erase_at("sh")
    assert chain.state(number) == "sealed"
    assert [chain.of(Person, id)["email"] == ANN for id in (1, 7)] == [False, True]
    assert [chain.wish(id) for id in (1, 2, 7)] == [None, f"mail to {ANN}", None]


def test_a_common_profile_goes_with_the_last_who_is_asked(common: Chain) -> None:
    """The first request ends by itself then, with a supplement that says so."""
    first = common.erase_at("sh")
    common.nightly()
    assert common.state(first) == "sealed"
    second = common.erase_at("mu")
    assert common.state(second) == "erased"
    assert common.of(Person, 1)["email"] != ANN
    assert (common.wish(1), common.wish(2)) == (None, None)
    common.nightly()
    assert common.state(first) == "erased"
    said = common.certificate(first)
    assert (said["stays"], said["supplement"]) == ([], 1)


def test_a_common_profile_goes_when_the_others_stay_has_had_its_time(common: Chain) -> None:
    """Nobody has to ask twice where nothing of the other's is left."""
    first = common.erase_at("sh")
    assert common.state(first) == "sealed"
    common.set(Stay, 2, wish=None)
    common.set(Bill, 2, text=None)
    with common.engine.begin() as conn:
        conn.execute(delete(Lodger).where(Lodger.stay_id == 2))
    common.nightly()
    assert common.of(Person, 1)["email"] != ANN
    assert common.state(first) == "erased"


def test_who_came_back_to_the_other_since_keeps_their_profile_there(common: Chain) -> None:
    """A stay made after the other was asked counts again."""
    common.erase_at("mu")
    assert common.of(Person, 1)["email"] == ANN
    common.set(Stay, 2, wish="a cot")
    first = common.erase_at("sh")
    assert common.state(first) == "sealed"
    assert common.wish(2) == "a cot"
    assert common.of(Person, 1)["email"] == ANN


def test_a_guest_whom_only_the_other_had_is_answered(common: Chain) -> None:
    """Nothing but the common profile: it stays, and the request does not wait for ever."""
    with common.engine.begin() as conn:
        conn.execute(update(Stay).where(Stay.id == 1).values(house="mu"))
    number = common.erase_at("sh")
    assert common.state(number) == "sealed"
    assert common.of(Person, 1)["email"] == ANN


def test_a_copy_holds_the_records_of_who_was_asked(common: Chain) -> None:
    """What lies at the other company's hotel is not this one's to read or to give."""
    with common.begin() as office:
        number = office.request({"email": ANN}, property="sh", by="clerk", wish="copy")
    shown(common, number)
    release(common, number)
    text = fetched(common, number).to_json()
    assert "by the pines" in text
    assert "mail to" not in text
    assert ANN in text


def test_recipients_are_given_nothing_of_the_others_records(chain: Chain) -> None:
    """Neither the other's own, nor one that both have."""
    both, fir = System(), System()
    gives = {"email": "people.email", "wish": "stays.wish"}
    chain.recipients = (
        Recipient("crm", both, gives=gives), Recipient("fir", fir, gives=gives, property="mu"),
    )  # fmt: skip
    chain.erase_at("sh")
    go(chain)
    assert [sorted(each.value for each in n.identities) for n in both.came] == [
        [ANN, "by the pines"]
    ]
    assert fir.came == []


def test_erased_again_reaches_no_further(chain: Chain) -> None:
    """Who is synchronised back goes again from the records of the one who was asked."""
    number = chain.erase_at("sh")
    chain.set(Person, 1, email=ANN, name="ann berg")
    chain.set(Stay, 1, wish="by the pines")

    def again(office: Office) -> str:
        origin = Origin(number, "pine-ltd", "sh")
        return back.again(office.work, origin, [("people", (1,))]).fate.value

    assert chain.run(again) == "erased"
    assert (chain.wish(1), chain.wish(2)) == (None, f"mail to {ANN}")


def test_a_guest_of_the_other_company_is_not_taken_for_the_one_who_is_back(chain: Chain) -> None:
    """Where the policy, and no column of the people, says at which hotel a profile lies."""
    profile = Policy(
        {"house": keep("which house"), "name": redact, "email": placeholder, "born": null},
        subject=Subject(match=["email"], name="name", contact=["email"]),
        place=lambda people: func.lower(people.c.house),
    )
    declared = [(t, p) for t, p in policies() if t is not Person] + [(Person, profile)]
    chain.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    chain.erase_at("sh")
    chain.later(days=1)
    assert reconcile.reconcile(chain.run) == {}
    for id, at in ((8, "mu"), (9, "sh")):
        chain.person(id, at=at)
        chain.stay(id, id, status="out", days=-60, at=at)
    reconcile.reconcile(chain.run)
    for id in chain.run(lambda office: returned.due(office.work)):
        chain.run(lambda office, id=id: returned.erase(office.work, id))
    assert [chain.of(Person, id)["email"] == ANN for id in (8, 9)] == [True, False]


def test_what_stays_as_anothers_at_both_keeps_no_profile(common: Chain) -> None:
    """Both were asked; that somebody else's bills are still there is no reason to wait for."""
    common.person(2, "bob")
    for stay in (1, 2):
        common.add(Lodger, stay_id=stay, person_id=2)
    first = common.erase_at("sh")
    assert common.of(Person, 1)["email"] == ANN
    second = common.erase_at("mu")
    assert common.of(Person, 1)["email"] != ANN
    assert [common.of(Bill, id)["text"] for id in (1, 2)] == ["two teas", "two teas"]
    common.nightly()
    assert (common.state(first), common.state(second)) == ("erased", "erased")


def test_a_stay_made_since_with_another_guest_keeps_the_profile(common: Chain) -> None:
    """What is hers alone of it counts, though the stay is another guest's as well."""
    common.person(2, "bob")
    common.add(Lodger, stay_id=2, person_id=2)
    common.erase_at("mu")
    common.set(Stay, 2, wish="a cot")
    first = common.erase_at("sh")
    assert (common.state(first), common.of(Person, 1)["email"]) == ("sealed", ANN)


def test_a_house_that_was_given_up_reaches_its_sisters_and_nobody_else(chain: Chain) -> None:
    """Who answered for it still answers for the others: what is back there goes again."""
    places = chain.settings.properties
    places |= {"oak": replace(places["sh"], code="oak")}
    chain.settings = replace(chain.settings, properties=places)
    chain.stay(3, 1, status="out", days=-30, at="oak")
    number = chain.erase_at("sh")
    assert chain.wish(3) is None
    chain.set(Person, 1, email=ANN, name="ann berg")
    chain.set(Stay, 3, wish="by the pines")
    rest = {code: place for code, place in places.items() if code != "sh"}
    chain.settings = replace(chain.settings, properties=rest)

    def again(office: Office) -> str:
        origin = Origin(number, "pine-ltd", "sh")
        return back.again(office.work, origin, [("people", (1,))]).fate.value

    assert chain.run(again) == "erased"
    assert (chain.wish(2), chain.wish(3)) == (f"mail to {ANN}", None)


def test_a_common_profile_that_the_last_erased_can_be_brought_back_by_them(common: Chain) -> None:
    """The night that ends the first request does not overwrite once more what is gone."""
    for who in ("officer-fir", "second-fir"):
        common.grants.setdefault(who, set()).add("restore")
    first, second = common.erase_at("sh"), common.erase_at("mu")
    gone = common.of(Person, 1)
    common.nightly()
    assert (common.state(first), common.of(Person, 1)) == ("erased", gone)
    with common.begin() as office:
        office.propose_restore(second, "officer-fir", "wrong-person")
    with common.begin() as office:
        office.restore(second, "second-fir")
    assert (common.of(Person, 1)["email"], common.wish(1)) == (ANN, None)


def test_what_lies_between_two_hotels_is_of_neither_company_alone(chain: Chain) -> None:
    """A stay of guests of both, and what hangs on it, is not judged by the one whose code sorts
    last: whoever of them is asked is asked for it."""
    chain.person(2, "bea", at="mu")
    chain.stay(5, 1, 1, 2, status="out", days=-30)
    chain.add(Bill, id=5, stay_id=5, owed=0, text="two teas")
    declared = [(t, replace(p, place="lodgers.house") if t is Stay else p) for t, p in policies()]
    chain.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    with chain.begin() as office:
        work = office.work
        for name in ("stays", "bills"):
            rows = work.datamap.declared(name)
            assert [purview.elsewhere(work, code, rows, [(5,)]) for code in ("sh", "mu")] == [
                frozenset(), frozenset(),
            ], name  # fmt: skip


def test_what_names_the_others_hotel_alone_is_theirs_where_a_guest_names_none(chain: Chain) -> None:
    """A bill is not judged by where its payer's profile lies because one of those who stayed lies
    nowhere."""
    chain.person(2, "bea", at="mu")
    chain.person(3, "cal", at="")
    chain.stay(5, 1, 2, 3, status="out", days=-30)
    chain.add(Bill, id=5, stay_id=5, owed=0, text="two teas")
    said: dict[Any, dict[str, Any]] = {
        Stay: {"place": "lodgers.house"}, Bill: {"via": "stay.booker"},
    }  # fmt: skip
    declared = [(t, replace(p, **said.get(t, {}))) for t, p in policies()]
    chain.datamap = resolve(declared, Base.metadata.tables.values(), list(Base.registry.mappers))
    with chain.begin() as office:
        bills = office.work.datamap.declared("bills")
        assert purview.elsewhere(office.work, "sh", bills, [(5,)]) == {(5,)}
        assert purview.elsewhere(office.work, "mu", bills, [(5,)]) == frozenset()
