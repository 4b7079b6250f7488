"""Words for what the program counts in: states, grounds, channels, outcomes."""

from __future__ import annotations

from collections.abc import Sequence

from ...core.events import (
    CanarySwitched,
    ErasureBegun,
    KeysReplaced,
    OwnDataEnded,
    RecipientAnswered,
    RecipientFailed,
    RecipientTold,
    RetentionEnded,
    SubjectErased,
    SubjectErasedAgain,
    SubjectTaken,
    SweepDone,
)
from ...core.identity import kind_of
from ...core.lifecycle import Ground, State
from ...core.restoring import RestoreGround
from ...core.retention import HOUSE_PERIOD
from ...core.rulebook import LineKind, LineState
from ...store.comeback import stays
from ...store.requests import same
from .casewords import CASES, COUNTED, OWN_ENDED
from .cited import cited
from .language import N_, Language
from .trouble import TROUBLE

STEPS = ("received", "identity", "deciding", "waiting", "done")
"""The five words a guest sees, in their order (see ``core.lifecycle.WORDS``)."""

GUEST_WORDS: dict[str, str] = {
    "received": N_("received"),
    "identity": N_("checking it is you"),
    "deciding": N_("being decided"),
    "waiting": N_("waiting"),
    "done": N_("done"),
}

STATES: dict[str, str] = {
    State.RECEIVED: N_("identity to be shown"),
    State.VERIFIED: N_("identity shown"),
    State.REVIEW: N_("to be decided"),
    State.APPROVED: N_("approved"),
    State.WAITING: N_("approved, waiting"),
    State.ERASING: N_("being erased"),
    State.CHECKING: N_("erased, being checked"),
    State.ERASED: N_("erased"),
    State.SEALED: N_("erased as far as the law allows"),
    State.PARTIAL: N_("not complete: something is left"),
    State.EXPIRED: N_("ended: identity not shown in time"),
    State.REFUSED: N_("refused"),
    State.COMPLAINT: N_("complaint"),
    State.WITHDRAWN: N_("withdrawn"),
    State.RESTORED: N_("restored"),
    State.OFFERED: N_("copy lies ready"),
    State.FETCHED: N_("copy fetched"),
}

GROUNDS: dict[str, str] = {
    Ground.IDENTITY: N_("It was not shown who the person is."),
    Ground.LAW: N_("The law makes the hotel keep it."),
    Ground.CLAIM: N_("It is needed for a legal claim."),
    Ground.NOTHING: N_("The hotel holds nothing about this person."),
    Ground.FOREIGN: N_("It is another person's data."),
    Ground.UNFOUNDED: N_("The request is manifestly unfounded or excessive."),
    Ground.ARRANGED: N_("The person who died had arranged otherwise."),
}

CHANNELS: dict[str, str] = {
    "form": N_("form"),
    "desk": N_("at the desk"),
    "mail": N_("e-mail"),
    "phone": N_("phone call"),
    "letter": N_("letter"),
    "cli": N_("command"),
}

MESSAGE_CHANNELS: dict[str, str] = {
    "page": N_("shown on this page"),
    "print": N_("on paper"),
    "smtp": N_("e-mail"),
    "sms": N_("text message"),
    "disk": N_("on the server’s disk"),
}

HOWS: dict[str, str] = {
    "desk": N_("The guest showed a document at the desk; no copy was made."),
    "callback": N_("I called back the number on file and the guest answered."),
    "slip": N_("The guest showed the code printed on the slip or invoice."),
    "known": N_("The guest is in house and known to me."),
    "link": N_("The guest opened the link sent to the contact on file."),
    "claim": N_("The guest entered the claim code that a colleague printed after seeing them."),
}

KEYS: dict[str, str] = {
    "email": N_("E-mail address"),
    "phone": N_("Phone number"),
    "document": N_("Document number"),
    "booking": N_("Booking number"),
    "name": N_("Name"),
}
"""What a guest is found by, by kind of match key (see ``core.identity.Kind``)."""

OUTCOMES: dict[str, str] = {
    "delete": N_("row deleted"),
    "overwrite": N_("overwritten"),
    "seal": N_("kept by law, sealed"),
    "retain": N_("kept by law"),
    "hold": N_("kept by law"),
    "share": N_("stays, also another person's"),
}

WHYS: dict[str, str] = {
    "referenced": N_("other rows still point here"),
    "gap": N_("the data map has a gap here"),
    "also-another-persons": N_("it is another person's too"),
    "left": N_("left over"),
    "copy": N_("a copy of the guest's own values"),
    "file-name": N_("the guest's own values in the name of a file"),
    "name-in-text": N_("the guest's full name in a text"),
    "not-refreshed": N_("a stored view could not be refreshed"),
    "file-stays": N_("a file that could not be removed yet"),
    "came-back": N_("it came back and is to be erased again"),
    "perhaps-back": N_("it seems to have come back; a person decides"),
    "grace": N_("time to take it back"),
    "outside-notice": N_("72 hours in which somebody outside can stop it"),
    "legal-duty": N_("a duty of law"),
    HOUSE_PERIOD: N_("a period that the hotel set"),
    "message": N_("letter to a guest"),
    "file": N_("file to be removed"),
    "queued": N_("to be sent"),
    "ready": N_("to be printed or read"),
    "failed": N_("failed"),
}

BLOCKERS: dict[str, str] = {
    "in-house": N_("the stay has not ended"),
    "future-stay": N_("a stay is booked"),
    "business-date": N_("the hotel has not closed its day yet"),
    "deposit": N_("a deposit is not settled"),
    "open-folio": N_("a bill is not settled"),
    "city-ledger": N_("an invoice to a company is not paid"),
    "routing": N_("charges of another guest go to this bill"),
    "group": N_("a group or event is not over"),
    "lost-property": N_("something left behind waits to be collected"),
    "chargeback": N_("a card payment is disputed"),
    "cooling": N_("late charges may still come after check-out"),
    "unreported": N_("the stay has not been reported to the authority yet"),
    "open-request": N_(
        "another request about this data, such as for a copy that was not fetched yet, is not over"
    ),
    "new-stay": N_("a stay that was booked since the erasure"),
    "another-controller": N_("a profile shared with hotels of another company; ask them as well"),
}
"""What hotels need somebody for, by the usual names of blockers."""

STANDINGS: dict[str, str] = {
    "carries-all-given": N_("carries everything that was given"),
    "carries-not-all-given": N_("carries only a part of what was given"),
    "another-name": N_("has another name"),
    "another-document": N_("has another document number"),
    "another-booking": N_("has another booking"),
    "several-names": N_("one of several names with this contact"),
    "several-births": N_("one of several days of birth with this name and contact"),
    "too-many-rows": N_("one of very many with this contact"),
    "chosen": N_("a person said it is the same"),
    "birth": N_("Date of birth"),
}

ACTIONS: dict[str, str] = {
    "epoch-opened": N_("journal begun"),
    "intake-received": N_("form received"),
    "erasure-requested": N_("request recorded"),
    "request-filed-again": N_("request filed once more"),
    "identity-verified": N_("identity shown"),
    "subject-taken": N_("profile taken or left"),
    "erasure-approved": N_("erasure approved"),
    "erasure-refused": N_("erasure refused"),
    "erasure-withdrawn": N_("request withdrawn"),
    "request-expired": N_("request expired"),
    "request-waiting": N_("erasure waits"),
    "request-stuck": N_("erasure waits for long"),
    "request-reviewed-again": N_("back to be decided"),
    "request-extended": N_("time for the answer lengthened"),
    "request-reminded": N_("reminder that an answer is due"),
    "request-overdue": N_("answer overdue"),
    "subject-erased": N_("person erased"),
    "rank-conflict": N_("kept by a rule of uncertain rank"),
    "retention-ended": N_("erased when its time was over"),
    "check-completed": N_("check completed"),
    "certificate-issued": N_("certificate issued"),
    "message-sent": N_("message sent"),
    "message-failed": N_("message failed"),
    "file-removed": N_("file removed"),
    "file-left": N_("file stays, as a row names it"),
    "backup-forgotten": N_("safety copy forgotten"),
    "clock-doubted": N_("clock in doubt"),
    "clock-confirmed": N_("clock confirmed by two people"),
    "sweep-confirmed": N_("sweep confirmed"),
    "sweep-done": N_("sweep done"),
    "sweep-halted": N_("erasing by day stopped"),
    "sweep-still-halted": N_("erasing by day still stopped"),
    "sweep-resumed": N_("erasing by day goes on"),
    "paper-due": N_("paper to destroy"),
    "task-done": N_("task signed"),
    "copy-confirmed": N_("second copy of the keys confirmed"),
    "keys-replaced": N_("lost keys replaced"),
    "hold-placed": N_("hold placed"),
    "hold-lifted": N_("hold lifted"),
    "lift-proposed": N_("lifting proposed"),
    "frozen": N_("frozen"),
    "freeze-confirmed": N_("freeze confirmed"),
    "freeze-unconfirmed": N_("freeze not confirmed yet"),
    "hold-review-due": N_("hold to be reviewed"),
    "hold-reviewed": N_("hold reviewed: still needed"),
    "register-produced": N_("register shown to an authority"),
    "disclosure-reviewed": N_("disclosure reviewed"),
    "disclosure-overdue": N_("disclosure not reviewed in time"),
    "pack-signed": N_("pack signed"),
    "rules-changed": N_("rules changed"),
    "rule-proposed": N_("change of a rule proposed"),
    "rule-confirmed": N_("change of a rule confirmed"),
    "house-period-set": N_("house period set"),
    "books-opened": N_("books opened"),
    "search-repeated": N_("searched again by value"),
    "hit-settled": N_("a find told to be another person's"),
    "find-gone": N_("a find told to be gone"),
    "level-reached": N_("depth of the erasure measured"),
    "subject-returned": N_("erased person seems to be back"),
    "subject-erased-again": N_("person erased again"),
    "return-settled": N_("decided about a return"),
    "delete-bypassed": N_("rows deleted past the plan"),
    "objection-recorded": N_("objection to advertising recorded"),
    "restore-noticed": N_("database was restored"),
    "restore-replayed": N_("erasures carried out again after a restore"),
    "recipient-told": N_("other system told"),
    "recipient-answered": N_("other system answered"),
    "recipient-failed": N_("other system could not be told"),
    "canary-looked": N_("test guest looked for"),
    "canary-switched": N_("test guests let through, or stopped"),
    "own-data-ended": N_("own records ended"),
    "restore-proposed": N_("proposed to take an erasure back"),
    "subject-restored": N_("erasure taken back"),
    "certificate-revoked": N_("certificate revoked"),
    "file-restored": N_("file put back"),
    "erasure-begun": N_("erasure in several databases begun"),
    "root-rotated": N_("root key rotated"),
    "signing-key-changed": N_("signing key changed"),
    "checkpoint-released": N_("checkpoint left the house"),
    "checkpoint-failed": N_("checkpoint could not leave"),
    "journal-continued": N_("lost entries put back"),
    "journal-pruned": N_("old entries taken out"),
    "register-counted": N_("guest register counted"),
    "register-missed": N_("lines of the guest register, or their list, are missing"),
    "journal-witnessed": N_("checkpoint of another journal cosigned"),
    "journal-trusted": N_("key of another journal vouched for"),
    "complaint-received": N_("complaint received"),
    "refusal-contested": N_("refusal contested"),
    "reviewer-invited": N_("reviewer from outside invited"),
    "reviewer-advised": N_("reviewer from outside answered"),
    "complaint-answered": N_("complaint answered"),
    "refusal-upheld": N_("refusal stands after a complaint"),
    "refusal-overturned": N_("refusal overturned after a complaint"),
    "complaint-reminded": N_("reminder that a complaint is to be answered"),
    "complaint-overdue": N_("answer to a complaint overdue"),
    "feedback-given": N_("feedback given"),
    "incident-opened": N_("incident reported"),
    "incident-classified": N_("incident classified"),
    "incident-measured": N_("looked up whom an incident concerns"),
    "incident-reminded": N_("reminder that somebody is to be told of an incident"),
    "incident-overdue": N_("somebody was not told of an incident in time"),
    "notice-proposed": N_("letters to guests about an incident proposed"),
    "notice-taken-back": N_("letters to guests about an incident taken back"),
    "notice-sent": N_("somebody told of an incident"),
    "unreached-seen": N_("looked up whom no letter about an incident reached"),
    "public-notice-recorded": N_("how others were told of an incident: recorded"),
    "public-notice-confirmed": N_("how others were told of an incident: confirmed"),
    "measure-planned": N_("measure after an incident planned"),
    "measure-done": N_("measure after an incident done"),
    "incident-reviewed": N_("incident reviewed"),
    "incident-closed": N_("incident closed"),
    "alert-opened": N_("something is wrong"),
    "alert-closed": N_("something wrong closed"),
    "alert-taken": N_("somebody looks after it"),
    "mistake-reported": N_("mistake reported"),
    "backup-reported": N_("backup reported"),
    "emergency-printed": N_("emergency plan printed"),
    "training-passed": N_("training passed"),
    "training-missed": N_("acted without training"),
    "data-copy-requested": N_("copy asked for"),
    "data-copy-released": N_("copy released"),
    "data-copy-refused": N_("copy refused"),
    "data-copy-withdrawn": N_("request for a copy withdrawn"),
    "data-copy-handed-out": N_("code for a copy handed out"),
    "data-copy-fetched": N_("copy opened"),
    "data-copy-ended": N_("copy ended"),
    "token-issued": N_("token for a program issued"),
    "token-revoked": N_("token for a program revoked"),
    "case-looked-after": N_("somebody looks after a request"),
    "shift-handed-over": N_("shift handed over"),
    "shift-taken-over": N_("shift taken over"),
    "monthly-opened": N_("monthly review opened"),
    "monthly-noted": N_("written down in a monthly review"),
    "monthly-done": N_("action of a monthly review done"),
    "monthly-closed": N_("monthly review closed"),
    "published-entered": N_("figure of another house entered"),
    "published-withdrawn": N_("figure of another house taken out"),
    "claim-printed": N_("claim code printed"),
    "case-code-replaced": N_("new case code given"),
    "later-notice-asked": N_("guest wants to be told when the rest has gone"),
    "later-notice-withdrawn": N_("guest does not want to be told later any more"),
    "later-notice-ended": N_("no contact is kept for a later notice any more"),
    "request-objected": N_("objection from another contact"),
    "objection-settled": N_("objection settled"),
    "approval-stopped": N_("approval stopped by somebody outside"),
    "deed-refused": N_("something refused that somebody tried"),
    "pin-set": N_("personal PIN set"),
    "pin-given": N_("code for a new PIN given"),
    "pin-locked": N_("PIN locked after wrong tries"),
}

BASES: dict[str, str] = {
    "police-inspection": N_("inspection by the police"),
    "court-order": N_("order of a court"),
    "prosecutor": N_("public prosecutor"),
    "tax": N_("tax authority"),
    "immigration": N_("immigration authority"),
}
"""On what an authority bases its request to see the register."""

JUDGEMENTS: dict[str, str] = {
    "fine": N_("in order"),
    "excessive": N_("too much was produced"),
    "unfounded": N_("there was no basis"),
}
"""What a second person finds about what was produced."""

REGISTER: dict[str, str] = {
    "room": N_("Room"),
    "first_night": N_("First night"),
    "last_night": N_("Last night"),
    "name": N_("Name"),
    "document": N_("Document number"),
    "reported": N_("Reported"),
}
"""Columns that every line of the register has, whatever the host calls them."""

FORMATS: dict[str, str] = {
    "page": N_("on this page, to print"),
    "csv": N_("file for a spreadsheet (CSV)"),
    "json": N_("file for a program (JSON)"),
}
"""Forms in which the register is handed out."""

ACTORS: dict[str, str] = {"guest": N_("guest"), "system": N_("system")}

COUNTS: dict[str, str] = {
    "rows": N_("rows"),
    "people": N_("people"),
    "files": N_("files"),
    "taken": N_("taken"),
    "perhaps": N_("perhaps"),
    "supplement": N_("supplement"),
    "differences": N_("differences"),
    "days": N_("days"),
    "sealed": N_("sealed"),
    "unopened": N_("not opened"),
    "alert": N_("alert no."),
    "hours": N_("hours old"),
}

MOVED: dict[str, str] = {
    same.GONE: N_("a row that was taken is not there any more"),
    same.NO_GUEST: N_("a row that was taken is not a guest's any more"),
    same.OTHER: N_("a row that was taken holds another name or contact"),
    same.AWAY: N_("a row that was taken lies at a hotel of another company by now"),
    stays.BOOKED: N_("a stay was booked since it was approved, while the request waited"),
}
"""What is not as it was approved, in sentences; other lines name tables and columns."""

AGAIN: dict[str, str] = {
    "again-clock": N_("approved, or put to a notice, by a clock that ran ahead"),
    "again-unknown": N_("the journal knows of no such approval"),
    "again-objected": N_("objection from another contact"),
    "again-unsent": N_("the notice to somebody outside could not leave"),
    "again-gone": MOVED[same.GONE],
    "again-no-guest": MOVED[same.NO_GUEST],
    "again-other": MOVED[same.OTHER],
    "again-away": MOVED[same.AWAY],
    "again-booked": MOVED[stays.BOOKED],
    "again-remapped": N_("the data map changed since it was approved"),
    "again-anothers": N_("rows of another person would be touched"),
    "again-differs": N_("something else would be done than was approved"),
    "again-undone": N_("it had been taken back before the database was restored"),
}
"""Why a request that was approved is decided anew, in an entry of the journal."""

CERTIFICATE: dict[str, str] = {
    "deleted": N_("deleted"),
    "overwritten": N_("overwritten"),
    "deleted-uncopied": N_("deleted; no safety copy was made of it"),
    "overwritten-uncopied": N_("overwritten; no safety copy was made of it"),
    "check-by-key": N_("looked for again in every declared table, row by row"),
    "search-by-value": N_("every table read once more for the guest's own values"),
    "search-by-value-mapped": N_("every table the hotel's program knows read for those values"),
    "guest-proved-contact": N_("the guest proved the contact on file"),
    "identity-by-first-person": N_("one person checked who the guest is"),
    "approved-by-second-person": N_("another person approved"),
    "approved-by-same-person": N_("the same person approved: the hotel has nobody second"),
    "told-outside-72-hours": N_("somebody outside was told and had 72 hours to stop it"),
    "L1": N_("L1: gone from the live database, shown by looking again"),
    "L2": N_("L2: gone from the live data files"),
    "L3": N_("L3: gone from the logs of the database"),
    "L4": N_("L4: gone from backups and copies"),
    "what-the-hotel-recorded-and-when": N_("It shows what the hotel recorded, and when."),
    "cannot-show-paper": N_("It cannot show what is on paper."),
    "cannot-show-photos": N_("It cannot show photos."),
    "cannot-show-police-system": N_("It cannot show the system of the police."),
    "cannot-show-booking-platforms": N_("It cannot show booking platforms."),
    "cannot-show-undeclared-copies": N_("It cannot show copies the hotel did not declare."),
}

ASKERS: dict[str, str] = {
    "guest": N_("guest"),
    "representative": N_("a representative, with power of attorney"),
    "guardian": N_("a parent or guardian"),
    "relative": N_("a close relative of a guest who died"),
}
"""Who asks; the guest's own word is that of the actors."""

SEEN: dict[str, str] = {
    "identity-document": N_("an identity document"),
    "power-of-attorney": N_("a power of attorney"),
    "guardianship-paper": N_("a paper that shows guardianship"),
    "death-certificate-and-kinship": N_("a death certificate and a paper that shows kinship"),
    "known-person": N_("the person is known"),
}

DELAYS: dict[str, str] = {
    "complex": N_("The request is complex."),
    "many": N_("There are many requests."),
}

REASONS: dict[str, str] = {
    "purpose-achieved": N_("the purpose is achieved, or no longer needs the data"),
    "period-expired": N_("the period of keeping is over"),
    "consent-withdrawn": N_("consent was withdrawn"),
    "objection": N_("objection to the processing, or to advertising"),
    "unlawful": N_("the data were processed unlawfully"),
    "law-requires": N_("another law requires the erasure"),
    "child": N_("the data of a child for an online service"),
    "harm": N_("rights or interests of the person are likely to be harmed"),
    "wish": N_("the person wishes it"),
    "leaked": N_("the data leaked, were changed or destroyed"),
    "public-interest": N_("public interest"),
}

CATEGORIES: dict[str, str] = {
    "access_log": N_("logs of who looked at what"),
    "audit_record": N_("records of how data were handled"),
    "breach_record": N_("records of incidents"),
    "cctv": N_("video images"),
    "correspondence": N_("letters and messages"),
    "identity_document_copy": N_("copies of documents"),
    "marketing_consent": N_("consent to advertising"),
    "payment_card": N_("card data"),
    "request_record": N_("your requests and our answers"),
    "reservation": N_("bookings and stays"),
    "profile": N_("profile"),
    "invoice": N_("invoices and bookkeeping"),
    "invoice_accounting": N_("invoices and bookkeeping"),
    "guest_register": N_("guest register"),
    "registration": N_("guest register"),
    "payment": N_("payments"),
    "contract": N_("contracts"),
}

HOLDS: dict[str, str] = {
    "hold": N_("hold"),
    "freeze": N_("freeze"),
    "subject": N_("a person"),
    "record": N_("a record"),
    "query": N_("a query"),
    "place": N_("a place"),
    "court-order": N_("court order"),
    "police-order": N_("order of the police"),
    "legal-claim": N_("legal claim"),
    "internal-investigation": N_("internal investigation"),
    "tax-audit": N_("tax audit"),
    "boxes": N_("boxes"),
}
"""What is held, and why; shown only to those who may place and lift holds."""

RULES: dict[str, str] = {
    LineKind.FLOOR: N_("kept at least"),
    LineKind.CEILING: N_("kept at most"),
    LineKind.LABEL: N_("entry of the data map"),
    LineKind.HOUSE: N_("period of the house"),
    LineState.PROPOSED: N_("waits for a second person"),
    LineState.LIVING: N_("in force"),
    LineState.LEAVING: N_("gone from its source, still in force"),
    LineState.COMING: N_("new, not yet in force"),
    LineState.ENDED: N_("ended"),
    "added": N_("new"),
}
"""What a line of the rulebook is about, and whether it binds."""

RESTORED: dict[str, str] = {
    RestoreGround.PERSON: N_("The wrong person's data had been erased."),
    RestoreGround.PLAN: N_("More had been erased than should have been."),
    RestoreGround.WISH: N_("It was done on request."),
    RestoreGround.ORDER: N_("The hotel is bound to keep them."),
    "restore-restored": N_("erasure taken back"),
    "restore-refused": N_("nothing came back; the erasure stands"),
    "back-newer": N_("somebody wrote there since"),
    "back-reused-key": N_("another row has its number now"),
    "back-unique": N_("another row has a value that only one may have"),
    "back-foreign-key": N_("what it points at is not there"),
    "back-missing-row": N_("the row is not there any more"),
    "back-column-needed": N_("a column that is new must be filled"),
    "back-column-gone": N_("its columns are not there any more"),
    "back-table-gone": N_("the table is not there any more"),
    "back-check": N_("a rule of the database forbids it"),
    "back-does-not-fit": N_("it does not fit the column any more"),
    "back-changed-by-database": N_("the database writes something else there"),
    "back-database-refused": N_("the database refuses it"),
    "file-exists": N_("another file lies where it lay"),
    "file-back": N_("file to be put back"),
}
"""Why an erasure was taken back, for the guest too, and why a row did not come back."""

CLOCK: dict[str, str] = {
    "leap": N_("It leapt by more than a day and a half"),
    "backwards": N_("It runs backwards"),
}

ENDLESS: dict[str, str] = {
    "no-rule": N_("no rule is known for it"),
    "no-clock": N_("the day from which it counts is not known"),
    "no-place": N_("nobody can tell which hotel it belongs to"),
    "no-replacement": N_("nobody said what it becomes"),
    "unknown-floor": N_("the law gives no number; two people must set one"),
    "unknown-fact": N_("the hotel does not know what the rule asks"),
    "grade-c": N_("the rule is not certain; two people must set a period"),
    "draft": N_("nobody signed the rules of this country yet"),
}
"""Why nobody can say yet when something may go."""

TASKS: dict[str, str] = {
    "paper": N_("paper to destroy"),
    "stuck": N_("request that waits for long"),
    "stuck-rows": N_("rows that came back and wait for long"),
    "endless": N_("nobody knows when this may go"),
    "recipient": N_("somebody who holds copies is to be told"),
    "root-new": N_("new root key to be copied out of the house"),
    "root-old": N_("copies of an old root key to be destroyed"),
    "register": N_("lines of the guest register to look for"),
    "halted": N_("erasing by day is stopped and must go on"),
    "undone": N_("erasure to be taken back again: the restored database has forgotten that it was"),
}

DOORS: dict[str, str] = {
    "teardown": N_("Woken by visitors of the pages"),
    "command": N_("A command, for example by cron"),
    "task": N_("A Celery task"),
    "page": N_("A person, on this page"),
}
"""By which doors work comes in."""

STOPS: dict[str, str] = {
    "wrong-rows": N_("the wrong rows went, or would go"),
    "investigation": N_("something happened that must be looked into"),
    "authority-order": N_("an authority or a court ordered it"),
    "upkeep": N_("work on the installation"),
}
"""Why somebody stopped erasing by day."""

SIGHTED: dict[str, str] = {
    "erased-key": N_("An erased row is filled again."),
    "erased-reference": N_("It carries a booking number that was erased."),
    "erased-contact": N_("It carries a contact or document that was erased."),
    "erased-record": N_("A booking of theirs carries a number that was erased."),
    "perhaps-another": N_("It may be another person, who was there all along."),
    "erased-file": N_("A file that was removed lies in its folder again."),
    "new-stay": N_("A stay was booked since the erasure; until now something kept the profile."),
    "kept": N_("seen as nothing else kept it any more"),
    "older-row": N_("It lies under an erased profile and is not newer than the erasure."),
    "flush": N_("seen when it was saved"),
    "bulk": N_("seen in a bulk change"),
    "sweep": N_("found by the sweep"),
    "replay": N_("found after the database was restored"),
    "refilled": N_("found under an erased profile"),
    "needed": N_("found in a part that the hotel still needed"),
    "open": N_("will be erased again"),
    "staff": N_("to be decided here"),
}
"""Why a row is thought to be an erased person's, who saw it, and what becomes of it."""

TOLD: dict[str, str] = {
    "told-queued": N_("not told yet"),
    "told-sent": N_("told, not confirmed yet"),
    "told-received": N_("received the notice, not confirmed yet"),
    "told-acknowledged": N_("confirmed that its copies are gone"),
    "told-done": N_("done and signed by a person"),
    "told-failed": N_("could not be told, or refused"),
    "told-system": N_("told by the programme"),
    "told-person": N_("told by a person"),
    "no-identity": N_("there is no value by which it would know this guest alone"),
    "time-out": N_("it did not answer in time"),
    "unreachable": N_("it cannot be reached"),
    "tls": N_("its certificate is not trusted"),
    "not-declared": N_("it is not declared any more"),
    "told-unopened": N_("what it should be told cannot be opened any more"),
    "no-answer": N_("its adapter gave no answer"),
}
"""How far other systems got with an erasure, and why not further."""

DEPTH: dict[str, str] = {
    "files-rewritten": N_("the data files were written anew without it"),
    "log-emptied": N_("the log of the database was emptied"),
    "files-scanned": N_("the raw files were read, and nothing of it was found"),
    "no-value-of-their-own": N_(
        "no value was left to look for in the files that only this guest had"
    ),
    "no-old-snapshot": N_(
        "nobody had an old view of the data while the files were written anew"
    ),
    "statistics-renewed": N_("the database's statistics were made anew"),
    "log-segments-gone": N_("older parts of the log are gone"),
    "files-not-rewritten-yet": N_(
        "the data files keep old content until the hotel has them written anew"
    ),
    "database-in-use": N_("the database was in use, so its files were not written anew yet"),
    "log-in-use": N_("somebody was reading an older state, so the log could not be emptied yet"),
    "value-still-in-files": N_("a value still stands in the data files"),
    "value-still-in-log": N_("a value still stands in the log of the database"),
    "file-too-large": N_("the data file is so large that it is written anew by night only"),
    "no-room-to-rewrite": N_("there was no room on the disk to write the data file anew"),
    "rewriting-would-move-rows": N_(
        "writing the data file anew would number rows differently, so it was not done"
    ),
    "text-index-not-merged": N_("a full-text index could not be cleaned"),
    "statistics-not-rewritten": N_(
        "the file of the database's statistics could not be written anew"
    ),
    "statistics-not-readable": N_(
        "nobody could see whether the database's statistics keep a value"
    ),
    "no-database-file": N_("the database lies in memory, not in a file"),
    "files-not-readable": N_("the data files could not be read"),
}
"""How a level below the rows was shown, or why it was not."""

CANARIES: dict[str, str] = {
    "canary-born": N_("being booked"),
    "canary-waiting": N_("its erasure waits"),
    "canary-gone": N_("gone: it was looked for and seen nowhere"),
    "canary-back": N_("seen after its erasure"),
    "canary-stopped": N_("not erased: something that is not its own would have gone with it"),
    "canary-ended": N_("over"),
    "canary-live": N_("in the database"),
    "canary-own": N_("readable in records of our own"),
    "canary-files": N_("in files"),
    "canary-left": N_("left, by the check of its request"),
    "canary-copied": N_("in the restored backup"),
    "canary-replayed": N_("in the restored backup after the replay"),
    "canary-told": N_("notices to other systems"),
    "canary-unread": N_("could not be looked into"),
}
"""How an invented guest stands, and where it was seen."""

SWEPT: dict[str, str] = {
    "erased": N_("requests carried out"),
    "waiting": N_("waiting"),
    "reviewed-again": N_("back to be decided"),
    "looked-again": N_("looked at again for what was left"),
    "finished": N_("kept rows that ended"),
    "ended": N_("requests brought to their end"),
    "expired": N_("rows that had their time"),
    "people": N_("people"),
    "unfinished": N_("tried again by the next sweep"),
    "paper": N_("paper to destroy"),
    "intake": N_("forms looked at"),
    "lapsed": N_("requests nobody confirmed"),
    "sent": N_("messages sent"),
    "files": N_("files"),
    "forgotten": N_("boxes forgotten"),
    "counted": N_("guest registers counted"),
    "missed": N_("lines of the guest register missed"),
    "lists-lost": N_("lists of the count before that are lost"),
    "told": N_("notices to other systems"),
    "recipients": N_("late answers and further certificates"),
    "redated": N_("certificates that name a new day"),
    "endless": N_("ends that somebody must find"),
    "deepened": N_("certificates that reached further"),
    "erased-again": N_("people erased again who were back"),
    "own": N_("records of our own that ended"),
    "canary": N_("test guests"),
    "halted": N_("reminders that erasing by day is stopped"),
    "problems": N_("steps that failed"),
    "returned": N_("rows in which somebody came back"),
    "returned-unclear": N_("rows that staff must look at"),
    "files-again": N_("files that were back and are removed again"),
    "returned-new-life": N_("guests who booked anew"),
    "returned-waiting": N_("rows that wait to be erased again"),
    "unclear-no-more": N_("rows that became clear"),
    "gone": N_("rows that are gone"),
    "keys": N_("steps in the change of keys"),
    "complaints": N_("reminders about complaints"),
    "incidents": N_("reminders about incidents"),
    "incident-letters": N_("batches of letters about incidents"),
    "monthlies": N_("words of reviews sealed anew"),
    "alerts": N_("alerts that were opened"),
    "settled": N_("sealed rows that end on another day now"),
    "refreshed": N_("views of the database made anew"),
    "released": N_("checkpoints that left the house"),
    "forward": N_("erasures over several databases carried on"),
    "deadlines": N_("reminders about answers"),
    "stuck": N_("requests that have waited too long"),
    "holds": N_("reminders about holds and freezes"),
    "copies": N_("copies whose time is over"),
    "files-back": N_("files put back"),
}
"""What a sweep counts; the same word may mean a state elsewhere."""

RETURNS: dict[str, str] = {
    "changed": N_("some of what identifies the guest is not as it was"),
    "no-date": N_("nothing says how old the row is"),
    "nothing-identifies": N_("nothing in the row says whose it is"),
    "newer": N_("the row may be newer than the erasure"),
    "given-again": N_("It may be another person, who got this number after the copy was made."),
    "not-decided": N_("what would be done was never approved"),
    "in-the-way": N_("something stands in the way"),
    "unconfirmed": N_("two people must confirm under Sweep what may go"),
    "busy": N_("the hotel system was using the row; it is tried again by itself"),
    "last-try-failed": N_("the last try failed; tell whoever runs the system"),
    "next-round": N_("nothing; it goes by itself within minutes"),
    "restored": N_("database was restored"),
    "unfinished": N_("something is left to do after a restore of the database"),
}
"""Why a row in which an erased guest seems to be back waits, and why nothing is erased."""

COPIED: dict[str, str] = {
    "wish-erase": N_("Erase my data"),
    "wish-copy": N_("A copy of my data"),
    "wish-copy-first": N_("A copy first, then erase"),
    "another-persons": N_("it is another person's too, and nobody said which part is whose"),
    "copy-unopened": N_("it could not be opened"),
    "written-since": N_("somebody wrote into it since it was sealed; nobody can tell whose it was"),
    "day-over": N_("its day is over"),
    "recovery": N_("safety copy of an earlier erasure"),
    "masked": N_("mentions struck out"),
}
"""What is asked for, and what is not in a copy and why."""

IMPROVED: dict[str, str] = {
    "batch": N_("together with others alike"),
    "deputy": N_("with a deputy"),
    "member": N_("member"),
    "finding": N_("finding"),
    "action": N_("action"),
    "findings": N_("findings"),
    "actions": N_("actions"),
    "last-done": N_("done of the last actions"),
    "last-open": N_("open of the last actions"),
    "requests": N_("requests"),
    "too-few-members": N_("a second person must take part"),
    "no-findings": N_("nobody wrote down what was found"),
    "requests-a-year": N_("requests in twelve months"),
    "median-days": N_("days until half of the answers"),
    "ninety-days": N_("days until nine in ten answers"),
    "late-percent": N_("late answers, in percent"),
    "refused-percent": N_("refused requests, in percent"),
    "oldest-months": N_("age of the oldest record, in months"),
}
"""What hand-overs, monthly reviews and comparisons count and say."""

REFUSED: dict[str, str] = {
    "not-permitted": N_("without the permission"),
    "four-eyes": N_("the same person twice"),
    "no-authority": N_("without a paper that lets them ask"),
    "claim-code": N_("claim code and name do not go together"),
    "link-or-code": N_("link or code that does not work"),
    "too-many-tries": N_("too many tries"),
    "paused": N_("waits for the privacy officer"),
    "too-late": N_("came too late"),
}
"""What was tried and refused, and what an objection led to."""

_ALL: tuple[dict[str, str], ...] = (
    STATES,
    GROUNDS,
    CHANNELS,
    MESSAGE_CHANNELS,
    HOWS,
    OUTCOMES,
    WHYS,
    BLOCKERS,
    STANDINGS,
    ACTIONS,
    BASES,
    JUDGEMENTS,
    ACTORS,
    COUNTS,
    MOVED,
    AGAIN,
    CERTIFICATE,
    DEPTH,
    CATEGORIES,
    SEEN,
    DELAYS,
    REASONS,
    ASKERS,
    RULES,
    HOLDS,
    RETURNS,
    CLOCK,
    TASKS,
    STOPS,
    TOLD,
    CANARIES,
    ENDLESS,
    RESTORED,
    *CASES,
    *TROUBLE,
    COPIED,
    IMPROVED,
    REFUSED,
)


def key_word(language: Language, key: str) -> str:
    """Return a match key in the reader's words, by its kind where its name tells one."""
    kind = kind_of(key)
    return word(language, key) if kind is None else language.gettext(KEYS[kind])


def word(language: Language, value: object) -> str:
    """Return an enumerated value in the reader's words; a word nobody translated is shown plain.

    :param language: who reads.
    :param value: a state, ground, channel, way of showing identity, outcome, reason or category.
    """
    key = str(value or "")
    return _known(language, key) or key.replace("_", " ").replace("-", " ")


def told(language: Language, value: object) -> str:
    """Return an enumerated value in the reader's words, and anything else as laws are cited."""
    key = str(value or "")
    return _known(language, key) or cited(language, key)


_TABLES = (ErasureBegun, RetentionEnded, SubjectErased, SubjectErasedAgain)
_OWN_COUNTS: dict[str, dict[str, str]] = {
    SweepDone.name: SWEPT,
    KeysReplaced.name: {"keys": N_("keys")},
    OwnDataEnded.name: OWN_ENDED,
    **{each.name: COUNTS for each in _TABLES},
}
"""Action -> words of what it counts, where one of those may mean a state or a table elsewhere."""


def counted(language: Language, action: str, name: str) -> str:
    """Return what an entry of the journal counts in the reader's words; a table's name as it is.

    :param language: who reads.
    :param action: what happened.
    :param name: word under which it is counted.
    """
    own = _OWN_COUNTS.get(action)
    words = COUNTS | COUNTED if own is None else own
    if name in words:
        return language.gettext(words[name])
    return word(language, name) if own is None else name


def grounded(language: Language, action: str, grounds: Sequence[str]) -> list[str]:
    """Return the grounds of an entry of the journal in the reader's words; a name as it is.

    :param language: who reads.
    :param action: what happened.
    :param grounds: the grounds.
    """
    if action in _NAMING:
        name, how = grounds[:1], grounds[1:]
        told = [_known(language, f"told-{each}") or _known(language, each) or each for each in how]
        return [*name, *told]
    if action == SubjectTaken.name:
        # What an erasure left over has the same name.
        return [language.gettext(_DECIDED.get(each, COUNTS["taken"])) for each in grounds]
    if action == CanarySwitched.name:
        return [language.gettext(_SWITCHED[each]) for each in grounds if each in _SWITCHED]
    return [word(language, each) for each in grounds]


_NAMING = (RecipientTold.name, RecipientAnswered.name, RecipientFailed.name)
"""Actions that name another system first, and then how far it got: "received" is no state there."""

_DECIDED = {"left": N_("Said to be somebody else's")}

_SWITCHED = {"on": N_("allowed"), "off": N_("stopped")}


def _known(language: Language, key: str) -> str:
    return next((language.gettext(words[key]) for words in _ALL if key in words), "")
