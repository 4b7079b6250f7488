"""The office: one method for each thing a person can do; every door is thin and leads here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from ..core.errors import InputError, UnknownError
from ..core.holding import Wanted
from ..core.lifecycle import State
from ..core.log import slug
from ..core.permissions import Permission
from ..core.register import Asked
from ..core.standing import Standing
from ..core.webhook import Signed
from . import (
    actors,
    amendments,
    audit,
    books,
    brake,
    callback,
    canaries,
    cases,
    certifying,
    copies,
    deadlines,
    deliveries,
    disclosures,
    execution,
    intake,
    journal,
    leftover,
    limits,
    lookover,
    marks,
    objections,
    outbox,
    pending,
    placing,
    queued,
    register,
    remembering,
    replay,
    rescan,
    returned,
    review,
    runs,
    schedule,
    sightings,
    tasks,
    tokens,
    views,
    waiting,
    witness,
)
from . import why as explain
from .amendments import Draft, House
from .execution import Ending
from .pending import Waiting
from .preview import Preview, preview
from .register import Produced
from .schedule import Entry
from .tokens import Purpose
from .views import CaseView
from .work import Work


class Office:
    """Everything that can be done, in one transaction; whoever opened it commits it.

    Errors are those of `core.errors`. A door that checks a secret calls `attempt` in a
    transaction of its own first, so that the try counts when the check fails.

    :param work: the open transaction and what it may rely on.
    """

    def __init__(self, work: Work) -> None:
        self.work = work

    def close(self) -> None:
        """Journal what happened, as the last statements before the commit."""
        certifying.journaled(self.work)

    # the guest

    def attempt(self, action: str, who: str) -> None:
        """Count one try of "link", "case" or "code", in a transaction before the one that checks.

        :param action: what is tried.
        :param who: whose tries are counted: a remote address, a user's id.
        :raises LimitError: there were too many.
        """
        limits.attempt(self.work, action, who)

    def intake(
        self, form: Mapping[str, str], *, property: str, channel: str, lang: str, remote_mark: str
    ) -> None:
        """Take in what a form says: one sealed row, the same statements for everyone.

        :param form: name, email, phone, document, booking, as they came.
        :param property: code of the property.
        :param channel: "form" for the guest's form.
        :param lang: language the answer should be in.
        :param remote_mark: where it came from; kept as a keyed mark only.
        :raises LimitError: too much came from there.
        :raises UnknownError: there is no such property.
        """
        place = self.work.settings.property(property)
        intake.receive(self.work, form, place, channel, lang, remote_mark)

    def open_link(self, token: str) -> CaseView:
        """Return the request a link confirms, without using the link.

        :raises TokenError: it is unknown, used or expired.
        """
        return views.guest_view(self.work, views.by_link(self.work, token))

    def confirm_link(self, token: str) -> str:
        """Use a link up: the guest proved the contact. Return the case code, shown once.

        :raises TokenError: it is unknown, used or expired.
        """
        return review.confirm_link(self.work, token)

    def case(self, code: str) -> CaseView:
        """Return what a guest is told about the request that a case code opens.

        :raises TokenError: the code is unknown or expired.
        """
        return views.guest_view(self.work, views.by_code(self.work, code))

    def ask_again(self, code: str, kind: str, value: str) -> None:
        """Send a contact that a guest typed a link, by which they may have it looked for again.

        :param code: the guest's case code.
        :param kind: "email" or "phone".
        :param value: as it was typed; kept for nothing else.
        :raises TokenError: the code is unknown or expired.
        :raises TransitionError: there is no certificate yet.
        :raises LimitError: this case asked too often.
        :raises InputError: it is neither an e-mail address nor a telephone number.
        """
        rescan.ask(self.work, code, kind, value)

    def open_again(self, token: str) -> CaseView:
        """Return the request for which a link asks again, without using the link.

        :raises TokenError: it is unknown, used or expired.
        """
        return views.guest_view(self.work, rescan.by_link(self.work, token))

    def confirm_again(self, token: str) -> None:
        """Use such a link up: the guest reads the contact, so it may be looked for.

        :raises TokenError: it is unknown, used or expired.
        """
        rescan.confirm(self.work, token)

    def scan(self, code: str) -> dict[str, Any] | None:
        """Return the newest signed answer to a guest who asked again, or None.

        :raises TokenError: the code is unknown or expired.
        """
        return rescan.newest(self.work, code)

    def withdraw(self, number: str, by: str | None = None, code: str | None = None) -> None:
        """Take a request back, until it is carried out.

        :param number: number of the request.
        :param by: the host's id of the clerk who does it for the guest.
        :param code: the guest's case code.
        :raises TokenError: the code is not this request's.
        :raises ForbiddenError: the clerk may not file at this property.
        :raises TransitionError: it is too late.
        """
        review.withdraw(self.work, number, by, code)

    # the desk

    def request(
        self,
        match: Mapping[str, str],
        *,
        property: str = "",
        channel: str = "desk",
        received: date | None = None,
        by: str | None = None,
        lang: str = "",
        asked_by: str = "",
        reason: str = "",
    ) -> str:
        """Record a request that did not come through the form; return its number.

        The same question asked again while its request is open returns that request's number.

        :param match: match key, or email, phone, document, booking, name, -> value.
        :param property: code of the property; when left out, the one at which they are on file.
        :param channel: desk, mail, phone, letter or cli.
        :param received: day of receipt at the property; starts the legal clock; today if None.
        :param by: the host's id of the clerk; None at a console.
        :param lang: language of the guest; the property's when empty.
        :param asked_by: guest, representative, guardian or relative; the guest when empty.
        :param reason: why, one of `core.grounds.Reason`; none is needed.
        :raises MatchError: nothing was given by which anybody can be found.
        :raises InputError: no property was given and they are on file at several; nobody may ask
            under that word, or the reason is none.
        :raises UnknownError: nobody is on file under it, or there is no such property.
        :raises ForbiddenError: the clerk may not file at this property.
        """
        filing = intake.Filing(match, property, channel, received, lang, asked_by, reason)
        return intake.file(self.work, filing, by)

    def confirm(self, number: str, by: str, how: str = "desk", seen: str = "") -> str:
        """Record that and how somebody showed who they are; return the case code for the slip.

        :param seen: which paper was seen, never a copy; needed of who asks in a guest's place.
        :raises ForbiddenError: the clerk may not verify at this property.
        :raises InputError: there is no such way to show who one is, or the paper does not fit.
        :raises TransitionError: the request does not wait for this.
        """
        return review.confirm(self.work, number, by, how, seen)

    def acknowledge(self, number: str, by: str) -> None:
        """Note that the guest has a slip in hand that says the request was received.

        :raises ForbiddenError: they may not look at this property.
        """
        case = cases.load(self.work, number)
        actors.require(self.work, by, Permission.VIEW, case.property)
        cases.acknowledge(self.work, case.number)

    def extend(self, number: str, by: str, reason: str) -> date:
        """Lengthen the time for an answer once, as far as the law lets; the guest is told why.

        :param reason: complex or many.
        :return: the new last day.
        :raises ForbiddenError: they may not approve at this property.
        :raises InputError: there is no such reason.
        :raises TransitionError: it is late, was lengthened before, or the law has no extension.
        """
        return deadlines.extend(self.work, number, by, reason)

    def take(self, number: str, person_id: int | str, by: str) -> None:
        """Say that a row that was perhaps the same person's is.

        :raises ForbiddenError: the clerk may not verify at this property.
        """
        review.choose(self.work, number, _row(person_id), by, Standing.TAKEN)

    def leave(self, number: str, person_id: int | str, by: str) -> None:
        """Say that a row is another person's.

        :raises ForbiddenError: the clerk may not verify at this property.
        """
        review.choose(self.work, number, _row(person_id), by, Standing.LEFT)

    def preview(self, number: str, by: str | None = None) -> Preview:
        """Draw the plan of a request and show it.

        :param by: the host's id of who looks and then sees names and masked contacts of subject
            rows; None shows neither.
        :raises ForbiddenError: they may not look at this property.
        """
        return preview(self.work, number, by)

    def approve(self, number: str, by: str, digest: str) -> None:
        """Approve what the plan decides, by a second person.

        :raises FourEyesError: they filed or verified it.
        :raises MovedError: today's plan is not the one they read.
        :raises ForbiddenError: they may not approve at this property.
        """
        review.approve(self.work, number, by, digest)

    def refuse(self, number: str, by: str, ground: str) -> None:
        """Refuse a request on a named ground.

        :raises ForbiddenError: they may not refuse at this property.
        :raises InputError: there is no such ground.
        """
        review.refuse(self.work, number, by, ground)

    def erase(self, number: str, by: str | None = None) -> Ending:
        """Carry out an approved erasure; ask `Ending.settled` after the commit.

        :raises TransitionError: it was never approved.
        :raises ForbiddenError: they may not erase at this property.
        """
        return execution.erase(self.work, number, by)

    def check(self, number: str) -> State:
        """Look for everything again, set the end state and issue the certificate.

        :raises TransitionError: nothing was erased yet.
        """
        return execution.check(self.work, number)

    def residue(self, number: str, by: str | None = None) -> dict[str, Any]:
        """Return what the search by value found: places and counts; where exactly, for staff.

        :param by: the host's id of who looks and then sees rows and masked words around a find.
        :raises ForbiddenError: they may not look at this property.
        """
        return leftover.show(self.work, number, by)

    def look_again(self, number: str, by: str | None = None, scope: str = "") -> None:
        """Let the search by value be made once more; `residue.searched` or the worker makes it.

        :param by: the host's id of who asks, None at a console.
        :param scope: everything or mapped; as before when empty.
        :raises ForbiddenError: they may not verify at this property.
        :raises UnknownError: nothing was erased, or the values have ended.
        """
        if by is not None:
            case = cases.load(self.work, number)
            actors.require(self.work, by, Permission.VERIFY, case.property)
        queued.again(self.work, number, scope)

    def not_theirs(self, number: str, by: str, marks: Collection[str]) -> int:
        """Note that finds of a search are another person's; return how many.

        :raises ForbiddenError: they may not verify at this property.
        :raises UnknownError: there is no such find.
        """
        return leftover.settle(self.work, number, by, marks)

    # looking

    def show(self, number: str, by: str | None = None) -> dict[str, Any]:
        """Return a request as staff see it, without anybody's data.

        :raises ForbiddenError: they may not look at this property.
        """
        case = cases.load(self.work, number)
        if by is not None:
            actors.require(self.work, by, Permission.VIEW, case.property)
        return views.show(self.work, case)

    def list(
        self, property: str | None = None, state: str | None = None, by: str | None = None
    ) -> Sequence[dict[str, Any]]:
        """Return requests: open ones first, the most urgent on top.

        :param state: a state, "open", or "overdue".
        :param by: the host's id of who asks; only properties at which they may look.
        """
        return views.listed(self.work, by, property, state)

    def why(self, table: str, key: str) -> str:
        """Explain what happens, or happened, to one row.

        :raises UnknownError: nothing is declared about the table, or there is no such row.
        """
        return explain.why(self.work, table, key)

    def open_books(self, property: str, by: str) -> int:
        """Record that somebody reads what is kept in place; return how many rows that are.

        :param property: code of the property.
        :param by: the host's id of the person.
        :raises ForbiddenError: they may not read its books.
        """
        return books.open_books(self.work, property, by)

    def certificate(self, number: str, by: str | None = None) -> dict[str, Any]:
        """Return the newest certificate of a request, as issued.

        :raises UnknownError: there is none yet.
        :raises BlockedError: this database was restored and has not caught up.
        """
        case = cases.load(self.work, number)
        if by is not None:
            actors.require(self.work, by, Permission.VIEW, case.property)
        remembering.still(self.work)
        return certifying.newest(self.work, case.number)

    def verify(self) -> Sequence[audit.Problem]:
        """Re-derive the whole journal and return where it does not prove itself."""
        return audit.verify(self.work.conn)

    def checkpoint(self, controller: str = "") -> str:
        """Return a signed checkpoint of a journal.

        :param controller: who answers for the data; may be left out where there is one.
        :raises InputError: there are several, and none was named.
        :raises UnknownError: it has no journal yet.
        """
        known = {slug(p.controller) for p in self.work.settings.properties.values()}
        if not controller:
            if len(known) > 1:
                raise InputError(
                    "There are several journals.", f"Name one of: {', '.join(sorted(known))}."
                )
            controller = next(iter(known))
        key = self.work.custodian.signing_key()
        return witness.checkpoint(self.work.conn, controller, key, journal.stamp(self.work.now))

    # people's own codes

    def code(self, user_id: str) -> str:
        """Return a new one-time code of a person for a console; good for ten minutes.

        The person must be logged in: whoever calls this knows who they are.
        """
        return tokens.code(self.work, actors.number(self.work, user_id))

    def use_code(self, user_id: str, code: str) -> None:
        """Use up a person's one-time code.

        :raises TokenError: it is not theirs, was used, or has expired.
        """
        actor = actors.number(self.work, user_id)
        tokens.use(self.work, Purpose.CODE, f"{actor}:{tokens.plain(code)}")
        limits.succeed(self.work, "code", user_id)

    # letters

    def letters(self, by: str, property: str | None = None) -> Sequence[dict[str, Any]]:
        """Return the messages a person must print or look at, opened for who may verify."""
        return outbox.letters(self.work, by, property)

    def printed(self, id: int, by: str) -> None:
        """Record that a letter was printed, or that what failed was dealt with.

        :raises ForbiddenError: they may not verify at its property.
        """
        outbox.printed(self.work, id, by)

    # the register

    def produce_register(self, asked: Asked, by: str) -> Produced:
        """Produce the lines of the guest register an authority asked for, and record it.

        :param asked: who asks, on what basis, and for what exactly.
        :param by: the host's id of the person on duty.
        :raises ForbiddenError: they may not produce the register of this property.
        :raises InputError: it asks for too much, or on a basis the law does not know.
        """
        return register.produce(self.work, asked, by)

    def review_disclosure(self, number: str, by: str, finding: str) -> None:
        """Record what a second person finds about what was produced.

        :param finding: fine, excessive or unfounded.
        :raises FourEyesError: they produced it themselves.
        :raises ForbiddenError: they may neither produce the register nor audit there.
        :raises TransitionError: it was reviewed before.
        """
        disclosures.review(self.work, number, by, finding)

    def disclosures(self, by: str, property: str | None = None) -> Sequence[dict[str, Any]]:
        """Return what was produced for authorities, opened for who may review it.

        :raises ForbiddenError: they may review at no property.
        """
        return disclosures.listed(self.work, by, property)

    # the sweep

    def sweeps(self, by: str | None = None) -> Mapping[str, Any]:
        """Return how the sweep stands: the last one, what waits to be confirmed, the clock.

        :param by: the host's id of who asks; None at a console.
        :raises ForbiddenError: they may not decide about the law at any property.
        """
        return runs.status(self.work, by)

    def confirm_sweep(self, by: str, ids: Sequence[int] | None = None) -> Sequence[str]:
        """Confirm what the last sweep showed; return the properties that are confirmed by it.

        :param by: the host's id of who confirms, for the properties whose law they decide about.
        :param ids: numbers of the previews they read; None for the newest ones.
        :raises ForbiddenError: there is no such property.
        :raises MovedError: the rules changed since, or there is a newer preview.
        """
        return runs.confirm(self.work, by, ids)

    def confirm_clock(self, by: str) -> bool:
        """Say that a clock in doubt is right; the second person's word lets the brake go.

        :param by: the host's id of who says it.
        :return: whether that was the second person.
        :raises ForbiddenError: they may not decide about the law at any property.
        :raises FourEyesError: they were the first person.
        :raises TransitionError: nobody doubts the clock.
        """
        return brake.confirm(self.work, by)

    def propose_copy(self, by: str, fingerprint: str) -> None:
        """Say that a copy of the keys lies outside the property, as the first person.

        :param fingerprint: read from the copy.
        :raises ForbiddenError: they may not decide about the law at any property.
        :raises InputError: it is not the fingerprint of the keys in use.
        """
        copies.propose(self.work, by, fingerprint)

    def confirm_copy(self, by: str) -> None:
        """Say that the copy is there, as the second person.

        :raises ForbiddenError: they may not decide about the law at any property.
        :raises FourEyesError: they were the first person.
        :raises TransitionError: nobody said so in the last day.
        """
        copies.confirm(self.work, by)

    def tasks(self, by: str | None = None, done: bool = False) -> Sequence[Mapping[str, Any]]:
        """Return what people must do by a day, the most urgent first.

        :param by: the host's id of who asks; only of properties at which they may do it.
        :param done: what is signed instead of what is open.
        """
        return tasks.listed(self.work, by, done)

    # recipients

    def recipients(
        self, by: str | None = None, property: str | None = None
    ) -> Sequence[dict[str, Any]]:
        """Return the notices to other systems that are not settled, failed and late ones first.

        :param by: the host's id of who asks; None at a console, which is shown nobody's data.
        """
        return deliveries.listed(self.work, by, property)

    def told(self, number: str, by: str | None = None) -> Sequence[dict[str, Any]]:
        """Return who else was told of a request, and how far each got.

        :raises ForbiddenError: they may not look at this property.
        """
        case = cases.load(self.work, number)
        if by is not None:
            actors.require(self.work, by, Permission.VIEW, case.property)
        return deliveries.of_request(self.work, case.number)

    def tell_again(self, id: int, by: str) -> None:
        """Try a notice again that could not be told.

        :raises ForbiddenError: they may not verify at its property.
        :raises TransitionError: it is not given up, or what it says is gone by now.
        """
        deliveries.again(self.work, id, by)

    def told_by_hand(self, id: int, by: str) -> None:
        """Sign that a person told a recipient, or learned that its copies are gone.

        :raises ForbiddenError: they may not verify at its property.
        :raises TransitionError: it is settled already.
        """
        deliveries.done(self.work, id, by)

    def notice_key(self) -> str:
        """Return the public key by which recipients without a shared secret know our notices."""
        return deliveries.signing_key(self.work).public_key().public_bytes_raw().hex()

    def answered(self, reference: str, signed: Signed, who: str = "") -> None:
        """Take what a recipient says became of its copies.

        :param reference: reference of the notice.
        :param signed: what came.
        :param who: whose tries are forgotten, now that one was right.
        :raises TokenError: nobody knows who said it, or it was said before.
        :raises InputError: they said nothing that can be understood.
        """
        callback.take(self.work, reference, signed)
        limits.succeed(self.work, "answer", who)

    def sign_task(self, id: int, count: int, by: str) -> None:
        """Sign that a task is done.

        :param count: how much it was: sheets, forms, copies.
        :raises UnknownError: there is no such task where they may act.
        :raises InputError: that is no count.
        :raises TransitionError: it was signed before.
        """
        tasks.sign(self.work, id, count, by)
        deliveries.signed(self.work, id, by)

    # invented guests

    def switch_canary(self, property: str, by: str) -> bool:
        """Say that invented guests may go through a property; return whether that was the second.

        :raises ForbiddenError: they may not decide about the law at this property.
        :raises FourEyesError: they were the first person.
        """
        return canaries.switch(self.work, property, by)

    def stop_canary(self, property: str, by: str) -> None:
        """Let no more invented guests go through a property.

        :raises ForbiddenError: they may not decide about the law at this property.
        """
        canaries.stop(self.work, property, by)

    def canaries(self, by: str | None = None) -> Sequence[dict[str, Any]]:
        """Return how invented guests stand and where they were seen, the newest first.

        :param by: the host's id of who asks; None at a console.
        """
        return canaries.listed(self.work, by)

    def canaries_on(self) -> Mapping[str, bool]:
        """Return property -> whether invented guests go through it; False after one word."""
        return canaries.on(self.work)

    # the worker

    def work_intake(self) -> int:
        """Look at what came in through the form; return how many rows ended."""
        return intake.look(self.work)

    def expire(self) -> int:
        """End what nobody confirmed, and forget contacts, tries and tokens whose time is over.

        What was produced for an authority and nobody reviewed in time is told of, once.

        :return: how many requests ended.
        """
        limits.forget(self.work)
        tokens.forget(self.work)
        intake.end_old_contacts(self.work)
        marks.expire(self.work)
        disclosures.overdue(self.work)
        return review.expire(self.work)

    def remind(self) -> int:
        """Remind officers of answers that are due soon or late, once a day; return how many."""
        return deadlines.remind(self.work)

    def stuck(self) -> int:
        """Lay requests that wait for more than 90 days before the officer; return how many."""
        return waiting.remind(self.work)

    def due(self) -> Sequence[str]:
        """Return the numbers of requests whose erasure, or check, is due now."""
        return execution.due(self.work)

    # who came back

    def judge_returns(self) -> Mapping[str, int]:
        """Judge rows in which the guard saw something of an erased person.

        :return: what became of them -> how many; empty when none is left.
        """
        return sightings.judge(self.work)

    def returns(self, by: str | None = None, door: str = "") -> Sequence[dict[str, Any]]:
        """Return rows in which an erased person seems to be back, those that wait.

        :param by: the host's id of who asks; only of properties at which they may verify, with
            names where they may look. None at a console, without names.
        :param door: only what was seen through this door, for example "replay".
        """
        return returned.listed(self.work, by, door)

    def settle_return(self, id: int, by: str, theirs: bool) -> None:
        """Decide about a row in which an erased person seems to be back.

        :param theirs: it is theirs and goes, under what was approved before; or it lives.
        :raises UnknownError: there is no such row where they may verify.
        :raises TransitionError: it was decided before, or was never approved.
        """
        returned.settle(self.work, id, by, theirs)

    # advertising

    def object(self, contact: str, property: str, by: str | None = None) -> None:
        """Note that the owner of a contact does not want advertising; it does not end.

        :param contact: e-mail address or phone number; only a keyed mark is kept.
        :param by: the host's id of the clerk; None for the host's own code, an unsubscribe link.
        :raises InputError: this is no contact.
        :raises ForbiddenError: the clerk may not file at this property.
        """
        objections.record(self.work, contact, property, by)

    def agree_anew(self, contact: str, property: str, by: str | None = None) -> None:
        """Note that the owner of a contact agreed to advertising after all.

        :raises InputError: this is no contact.
        :raises ForbiddenError: the clerk may not file at this property.
        """
        objections.record(self.work, contact, property, by, stop=False)

    def objects(self, contact: str, property: str = "") -> bool:
        """Return whether the owner of a contact does not want advertising.

        :param property: code of the property that wants to write; any when empty.
        """
        return objections.objects(self.work, contact, property)

    # after a restore

    def alarm(self) -> str:
        """Return why staff must be alarmed about a restored database, in a word, or nothing."""
        return replay.alarm(self.work)

    def survey(self, by: str | None = None) -> replay.Survey:
        """Return what a replay of the register would do: counts and numbers; nothing is written.

        :param by: the host's id of who looks; None at a console.
        :raises ForbiddenError: they may not erase at any property.
        :raises SetupError: no register is kept, or it is not where it was.
        """
        if by is not None:
            replay.entitled(self.work, by)
        return replay.survey(self.work)

    def holds_placed(self, by: str) -> None:
        """Confirm that holds which a restored database had forgotten are placed again.

        :raises ForbiddenError: they may not place holds anywhere.
        """
        replay.holds_placed(self.work, by)

    def begin_register(self, by: str) -> None:
        """Begin another register of erasures, because the old one is lost for good.

        :raises ForbiddenError: they may not decide about the law anywhere.
        :raises SetupError: it is not lost.
        """
        replay.begin_anew(self.work, by)

    # the law

    def sign_pack(self, code: str, by: str) -> None:
        """Sign the text of a jurisdiction pack as it is now; until then it is a draft.

        :raises UnknownError: no property is under this pack.
        :raises ForbiddenError: they may not decide about the law at a property under it.
        """
        amendments.sign(self.work, code, by)

    def drafts(self, by: str) -> Sequence[Draft]:
        """Return the packs nobody signed that count where a person may decide about the law."""
        return amendments.drafts(self.work, by)

    def house_period(self, property: str, period: House, by: str) -> int:
        """Propose a period of the house where the law gives no number; return its number.

        :param property: code of the property.
        :raises InputError: it is no period.
        :raises ForbiddenError: they may not decide about the law at this property.
        """
        return amendments.house(self.work, property, period, by)

    def confirm_house(self, id: int, by: str) -> None:
        """Set a period of the house that another person proposed.

        :raises FourEyesError: they proposed it.
        :raises TransitionError: it is no proposal any more.
        """
        amendments.confirm_house(self.work, id, by)

    def rules_waiting(self, by: str | None = None) -> Sequence[Waiting]:
        """Return the lines of the rulebook that wait for people, each with a preview.

        :param by: the host's id of who looks; only where they may decide about the law.
        """
        return pending.waiting(self.work, by)

    def propose_change(self, id: int, by: str) -> None:
        """Propose that a shortening may act, or that a period of the house may end.

        :raises ForbiddenError: they may not decide about the law there.
        :raises TransitionError: nothing of it waits.
        """
        amendments.propose(self.work, id, by)

    def confirm_change(self, id: int, by: str, checkpoint: str) -> str:
        """Let a shortening act thirty days from today; return that day, ISO.

        :param checkpoint: a signed checkpoint kept outside that has seen the proposal.
        :raises FourEyesError: they proposed it.
        :raises InputError: it is not a checkpoint of this house, or older than the proposal.
        :raises TransitionError: nobody proposed it.
        """
        return amendments.confirm(self.work, id, by, checkpoint)

    def schedule(self, property: str, by: str | None = None) -> Sequence[Entry]:
        """Return how long what is kept at a property, under which article, and what follows.

        :param by: the host's id of who looks; None at a console.
        :raises UnknownError: there is no such property.
        :raises ForbiddenError: they may not look at this property.
        """
        if by is not None:
            actors.require(self.work, by, Permission.VIEW, property)
        return schedule.schedule(self.work, property)

    # holds

    def place_hold(self, wanted: Wanted, by: str) -> int:
        """Place a legal hold on a person, a record or what a query names; return its number.

        :raises ForbiddenError: they may not place holds at the property of the query, or anywhere.
        :raises InputError: scope, reason, query or day mean nothing.
        :raises UnknownError: there is no such row where they may place holds.
        """
        return placing.place(self.work, wanted, by)

    def hold_people(self, number: str, by: str) -> Sequence[tuple[str, str]]:
        """Return table and key of the people a request is about, to place a hold on each.

        :raises ForbiddenError: they may not place holds at its property.
        """
        return placing.rows_of(self.work, number, by)

    def freeze(
        self, property: str, by: str, night: str | None = None, room: str | None = None
    ) -> int:
        """Freeze a property, a night or a room, without a reason; return the freeze's number.

        :param night: the night, ISO, or None for all.
        :param room: the room, or None for all.
        :raises ForbiddenError: they may not freeze there.
        """
        return placing.freeze(self.work, property, by, night, room)

    def confirm_freeze(self, id: int, by: str) -> None:
        """Confirm a freeze, as somebody who may place holds.

        :raises UnknownError: there is no such freeze for them.
        """
        placing.confirm(self.work, id, by)

    def lift(self, id: int, by: str) -> bool:
        """Agree that a hold or a freeze ends; return whether it is lifted: the second person does.

        :raises FourEyesError: they proposed it themselves.
        :raises UnknownError: there is no such hold for them.
        """
        return placing.lift(self.work, id, by)

    def holds(self, by: str) -> Sequence[dict[str, Any]]:
        """Return the living holds and freezes a person may know of, the newest first.

        :raises ForbiddenError: they may neither hold nor freeze anywhere.
        """
        return lookover.listed(self.work, by)

    def acts_as(self, by: str) -> str:
        """Return the opaque number under which a person acts."""
        return actors.number(self.work, by)

    def remind_holds(self) -> int:
        """Say again which freezes nobody confirmed and which holds must be looked at.

        :return: how many; each is said once a day, and none lapses.
        """
        return lookover.escalate(self.work)


def _row(person_id: int | str) -> int:
    try:
        return int(person_id)
    except ValueError:
        raise UnknownError("This request has no such row.", "Look at it again.") from None
