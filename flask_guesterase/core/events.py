"""Everything that can happen, one frozen value each; the journal and the signals use its name.

An event holds no readable personal data: a request number, a property, a controller, an opaque
actor, counts, enumerated grounds and hashes, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

SYSTEM = "system"
"""Actor of what the worker does by itself."""

GUEST = "guest"
"""Actor of what a guest did who proved a contact or holds the case code."""


@dataclass(frozen=True)
class Event:
    """One thing that happened.

    :param controller: who answers for the data; names the journal it goes to.
    :param property: code of the property.
    :param number: number of the request, complaint or incident, empty when there is none.
    :param actor: opaque number of the person who acted ("a12"), "guest" or "system".
    :param counts: how many of what, for example ``{"rows": 12}``.
    :param grounds: enumerated words: a ground of refusal, a channel, a reason to wait.
    :param marks: word -> keyed mark or hash, 64 hex digits; that of a certificate's text.
    """

    name: ClassVar[str] = ""

    controller: str
    property: str = ""
    number: str = ""
    actor: str = SYSTEM
    counts: Mapping[str, int] = field(default_factory=dict)
    grounds: tuple[str, ...] = ()
    marks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def signal(cls) -> str:
        """Return the name of the signal that announces this event."""
        return cls.name.replace("-", "_")


class IntakeReceived(Event):
    """Something came through the form; nobody knows yet whether it means anyone."""

    name = "intake-received"


class ErasureRequested(Event):
    """A request for somebody who is on file was recorded."""

    name = "erasure-requested"


class RequestFiledAgain(Event):
    """A clerk filed what is asked for already: the open request goes on, with their part in it."""

    name = "request-filed-again"


class IdentityVerified(Event):
    """The guest proved a contact, or a named clerk recorded that and how it was shown."""

    name = "identity-verified"


class SubjectTaken(Event):
    """A clerk decided about rows that are perhaps the same person's: taken or left."""

    name = "subject-taken"


class ErasureApproved(Event):
    """A second person approved what the plan decides."""

    name = "erasure-approved"


class ErasureRefused(Event):
    """The request was refused on a named ground."""

    name = "erasure-refused"


class ErasureWithdrawn(Event):
    """The guest took the request back."""

    name = "erasure-withdrawn"


class RequestExpired(Event):
    """Nobody showed who they are in time."""

    name = "request-expired"


class RequestWaiting(Event):
    """An approved erasure cannot be done yet; the ground says why."""

    name = "request-waiting"


class RequestStuck(Event):
    """A request, or a row of none that came back, waits for over 90 days; the officer is asked."""

    name = "request-stuck"


class RequestReviewedAgain(Event):
    """What was approved is not what would be done today; a person looks again."""

    name = "request-reviewed-again"


class RequestExtended(Event):
    """The time for the answer was lengthened, once; the ground says why."""

    name = "request-extended"


class RequestReminded(Event):
    """The privacy officer was reminded that an answer is due soon."""

    name = "request-reminded"


class RequestOverdue(Event):
    """An answer, or the word that a request was received, is late; officer and deputy are told."""

    name = "request-overdue"


class SubjectErased(Event):
    """The rows of a person were erased as planned."""

    name = "subject-erased"


class RankConflict(Event):
    """Something stays by a rule whose rank the general law may not recognise; it is not used."""

    name = "rank-conflict"


class RetentionEnded(Event):
    """What was kept, or had its time, was erased on its day without anybody asking again."""

    name = "retention-ended"


class CheckCompleted(Event):
    """After the erasure everything was looked for again; the ground is the end state."""

    name = "check-completed"


class CertificateIssued(Event):
    """A certificate was issued."""

    name = "certificate-issued"


class MessageSent(Event):
    """A message left the house; that is not yet an acknowledgement."""

    name = "message-sent"


class MessageFailed(Event):
    """A message could not be sent in many tries; staff must look."""

    name = "message-failed"


class FileRemoved(Event):
    """A file of an erased person is no longer on disk."""

    name = "file-removed"


class FileLeft(Event):
    """A file of an erased person was to be removed and stays: a row of the host's names it."""

    name = "file-left"


class BackupForgotten(Event):
    """The key of sealed copies was destroyed on its day."""

    name = "backup-forgotten"


class ClockDoubted(Event):
    """The clock ran backwards or leapt; nothing is erased or forgotten by day until two agree."""

    name = "clock-doubted"


class ClockConfirmed(Event):
    """Two people said that the clock is right."""

    name = "clock-confirmed"


class SweepConfirmed(Event):
    """A person confirmed what a sweep would do under today's rules."""

    name = "sweep-confirmed"


class SweepDone(Event):
    """A sweep came to its end."""

    name = "sweep-done"


class SweepHalted(Event):
    """A person stopped that things are erased because their day has come; the ground says why."""

    name = "sweep-halted"


class SweepStillHalted(Event):
    """Erasing by day is still stopped; said every day until two people let it go on."""

    name = "sweep-still-halted"


class SweepResumed(Event):
    """Two people let erasing by day go on; the count says how many days it stood."""

    name = "sweep-resumed"


class PaperDue(Event):
    """Records ended whose paper must be destroyed too."""

    name = "paper-due"


class TaskDone(Event):
    """A person signed that a task is done, and how much it was."""

    name = "task-done"


class CopyConfirmed(Event):
    """Two people said that the keys lie at a second place outside the property."""

    name = "copy-confirmed"


class KeysReplaced(Event):
    """A person said that keys are lost for good; others take their place."""

    name = "keys-replaced"


class HoldPlaced(Event):
    """A legal hold was placed; the ground says why, nothing says on whom."""

    name = "hold-placed"


class HoldLifted(Event):
    """Two people lifted a hold or a freeze; what it kept goes on by itself."""

    name = "hold-lifted"


class LiftProposed(Event):
    """A person proposed to lift a hold or a freeze; another one must agree."""

    name = "lift-proposed"


class Frozen(Event):
    """Somebody on duty froze a property, a night or a room."""

    name = "frozen"


class FreezeConfirmed(Event):
    """A person who may place holds confirmed a freeze."""

    name = "freeze-confirmed"


class FreezeUnconfirmed(Event):
    """A freeze still waits to be confirmed; said every day, and it does not lapse."""

    name = "freeze-unconfirmed"


class HoldReviewDue(Event):
    """Somebody must look at a hold: its day came, or it is not on what it was on any more."""

    name = "hold-review-due"


class HoldReviewed(Event):
    """A person looked: a hold is still needed, and somebody looks again on another day."""

    name = "hold-reviewed"


class RegisterProduced(Event):
    """Lines of the guest register were produced for an authority; the ground is its basis."""

    name = "register-produced"


class DisclosureReviewed(Event):
    """A second person looked at what was produced; the ground is what they found."""

    name = "disclosure-reviewed"


class DisclosureOverdue(Event):
    """Nobody looked in time at what was produced for an authority."""

    name = "disclosure-overdue"


class PackSigned(Event):
    """A named person signed a text of a jurisdiction pack; what it says is no draft any more."""

    name = "pack-signed"


class RulesChanged(Event):
    """The sources of the rulebook changed: lines were added, are coming, are leaving or ended."""

    name = "rules-changed"


class RuleProposed(Event):
    """Somebody proposed that a shortening may act, or a period of the house."""

    name = "rule-proposed"


class RuleConfirmed(Event):
    """A second person let a shortening act in thirty days, against a checkpoint kept outside."""

    name = "rule-confirmed"


class HousePeriodSet(Event):
    """Two people set a period of the house."""

    name = "house-period-set"


class BooksOpened(Event):
    """Somebody opened the books of a property to read or correct what is kept in place."""

    name = "books-opened"


class SearchRepeated(Event):
    """What an erasure left was looked for again by value; the counts say what was found."""

    name = "search-repeated"


class HitSettled(Event):
    """A person said that something found by value is another person's."""

    name = "hit-settled"


class FindGone(Event):
    """A person looked, and said that something found by values that have ended is gone."""

    name = "find-gone"


class LevelReached(Event):
    """It was measured how far an erasure reaches into files and logs; the ground is the level."""

    name = "level-reached"


class SubjectReturned(Event):
    """An erased person seems to be back in a row; the grounds say why and who saw it."""

    name = "subject-returned"


class SubjectErasedAgain(Event):
    """Rows that had come back were erased again under the decision of before."""

    name = "subject-erased-again"


class ReturnSettled(Event):
    """A person decided about a row in which an erased person seems to be back."""

    name = "return-settled"


class DeleteBypassed(Event):
    """Declared rows were deleted past every plan."""

    name = "delete-bypassed"


class ObjectionRecorded(Event):
    """Somebody does not want advertising any more, or agreed to it anew; the ground says which."""

    name = "objection-recorded"


class RestoreNoticed(Event):
    """The database is older than the register of erasures: it was restored."""

    name = "restore-noticed"


class RestoreReplayed(Event):
    """Erasures that a restored database had forgotten were carried out again."""

    name = "restore-replayed"


class RecipientTold(Event):
    """Another system that holds copies was told; that is not yet an acknowledgement."""

    name = "recipient-told"


class RecipientAnswered(Event):
    """Another system said what became of its copies."""

    name = "recipient-answered"


class RecipientFailed(Event):
    """Another system could not be told in many tries; staff must look."""

    name = "recipient-failed"


class CanaryLooked(Event):
    """An invented guest was looked for after its erasure; the counts say where it was."""

    name = "canary-looked"


class CanarySwitched(Event):
    """Two people let invented guests go through a property, or one person stopped them."""

    name = "canary-switched"


class OwnDataEnded(Event):
    """Records of the extension itself ended, as its own schedule says."""

    name = "own-data-ended"


class RestoreProposed(Event):
    """Somebody proposed to take an erasure back; a second person must agree."""

    name = "restore-proposed"


class SubjectRestored(Event):
    """Two people took an erasure back; the counts say what came back, the ground why."""

    name = "subject-restored"


class FileRestored(Event):
    """A file of an erasure that was taken back lies where it lay."""

    name = "file-restored"


class CertificateRevoked(Event):
    """A certificate does not hold any more: its erasure was taken back."""

    name = "certificate-revoked"


class ErasureBegun(Event):
    """An erasure in several databases was decided for good; it only goes forward from here."""

    name = "erasure-begun"


class RootRotated(Event):
    """A new root lies over all living keys; the old one was destroyed."""

    name = "root-rotated"


class SigningKeyChanged(Event):
    """Checkpoints are signed with another key from here on, says the old one."""

    name = "signing-key-changed"


class CheckpointReleased(Event):
    """A checkpoint arrived at a place outside."""

    name = "checkpoint-released"


class CheckpointFailed(Event):
    """A checkpoint could not be brought to a place outside in many tries."""

    name = "checkpoint-failed"


class JournalContinued(Event):
    """Entries that a restored database had lost were put back from a copy outside."""

    name = "journal-continued"


class JournalPruned(Event):
    """Old entries of the journal were taken out; the marks say what they were."""

    name = "journal-pruned"


class RegisterCounted(Event):
    """The guest register was counted; the marks are keyed roots over all of it."""

    name = "register-counted"


class RegisterMissed(Event):
    """Rows of the guest register are gone and no lawful step took them, or their list is lost."""

    name = "register-missed"


class JournalWitnessed(Event):
    """A checkpoint of somebody else's journal was found consistent, and cosigned."""

    name = "journal-witnessed"


class JournalTrusted(Event):
    """A person vouched for the key of somebody else's journal; it is witnessed from here on."""

    name = "journal-trusted"


class ComplaintReceived(Event):
    """A complaint was received; the grounds say what it is about and how it came."""

    name = "complaint-received"


class RefusalContested(Event):
    """A guest complained about a refusal; another person looks at it."""

    name = "refusal-contested"


class ReviewerInvited(Event):
    """Somebody outside was asked to look at a complaint; the ground says what they may do."""

    name = "reviewer-invited"


class ReviewerAdvised(Event):
    """Somebody outside said what they think of a complaint."""

    name = "reviewer-advised"


class ComplaintAnswered(Event):
    """A complaint was answered; the ground says how."""

    name = "complaint-answered"


class RefusalUpheld(Event):
    """After a complaint another person found that a refusal stands."""

    name = "refusal-upheld"


class RefusalOverturned(Event):
    """After a complaint a refusal does not stand; the request is decided anew."""

    name = "refusal-overturned"


class ComplaintReminded(Event):
    """The privacy officer was reminded that the answer to a complaint is due soon."""

    name = "complaint-reminded"


class ComplaintOverdue(Event):
    """The answer to a complaint, or the word that it came, is late; officer and deputy are told."""

    name = "complaint-overdue"


class FeedbackGiven(Event):
    """A guest said how it went, after the end of a request; the count is the rating."""

    name = "feedback-given"


class IncidentOpened(Event):
    """Somebody on duty reported an incident; the ground says what happened."""

    name = "incident-opened"


class IncidentClassified(Event):
    """It was said how grave an incident is, what it came from and which data it is about."""

    name = "incident-classified"


class IncidentMeasured(Event):
    """It was looked up whom an incident may concern; the counts say how many."""

    name = "incident-measured"


class IncidentReminded(Event):
    """Somebody must soon be told of an incident; the officer was reminded."""

    name = "incident-reminded"


class IncidentOverdue(Event):
    """Somebody must have been told of an incident and was not; officer and deputy are told."""

    name = "incident-overdue"


class NoticeProposed(Event):
    """A person proposed to tell guests of an incident; another one must agree."""

    name = "notice-proposed"


class NoticeTakenBack(Event):
    """A letter to guests about an incident that was proposed was taken back before it went."""

    name = "notice-taken-back"


class NoticeSent(Event):
    """An authority or guests were told of an incident; the grounds say by which duty."""

    name = "notice-sent"


class UnreachedSeen(Event):
    """A person looked up who on file got no letter about an incident; the counts say how many they
    were shown.
    """

    name = "unreached-seen"


class PublicNoticeRecorded(Event):
    """A person recorded how those were told whom no letter reached; another one must confirm it."""

    name = "public-notice-recorded"


class PublicNoticeConfirmed(Event):
    """A second person confirmed how those were told of an incident whom no letter reached; the
    counts say how many they are.
    """

    name = "public-notice-confirmed"


class MeasurePlanned(Event):
    """A person was made to answer for a measure after an incident."""

    name = "measure-planned"


class MeasureDone(Event):
    """A measure after an incident was done."""

    name = "measure-done"


class IncidentReviewed(Event):
    """A person wrote down what an incident taught."""

    name = "incident-reviewed"


class IncidentClosed(Event):
    """Another person closed an incident; its evidence is held no more."""

    name = "incident-closed"
class AlertOpened(Event):
    """Something is wrong and somebody must look; the ground says what."""

    name = "alert-opened"


class AlertClosed(Event):
    """What was wrong was closed: by a person on a ground, or because its cause is gone."""

    name = "alert-closed"


class AlertTaken(Event):
    """A person said that they look after what is wrong."""

    name = "alert-taken"


class MistakeReported(Event):
    """Somebody on duty reported a mistake; the ground says of which kind."""

    name = "mistake-reported"


class BackupReported(Event):
    """The host reported a backup, and how old it is; the ground says of what."""

    name = "backup-reported"


class EmergencyPrinted(Event):
    """Somebody printed the emergency plan; the mark says which one."""

    name = "emergency-printed"


class TrainingPassed(Event):
    """A person passed the quiz of a course; the ground says which."""

    name = "training-passed"


class TrainingMissed(Event):
    """A person acted without the training for it; the grounds say which, and what they did."""

    name = "training-missed"
class DataCopyRequested(Event):
    """Somebody who is on file asked for a copy of their data; nothing of it is erased by this."""

    name = "data-copy-requested"


class DataCopyReleased(Event):
    """A second person released a copy; boxes were opened for it, and it lies sealed until a day."""

    name = "data-copy-released"


class DataCopyRefused(Event):
    """A copy was refused on a named ground."""

    name = "data-copy-refused"


class DataCopyWithdrawn(Event):
    """The guest does not want the copy any more; what lay ready is gone."""

    name = "data-copy-withdrawn"


class DataCopyHandedOut(Event):
    """A code that opens a copy once was given to a guest at the desk, by who did not release it."""

    name = "data-copy-handed-out"


class DataCopyFetched(Event):
    """A copy was opened by a link or a code that was made for it alone, and used up by it."""

    name = "data-copy-fetched"


class DataCopyEnded(Event):
    """The day of a copy is over, or the erasure it went before was carried out; it is gone."""

    name = "data-copy-ended"


class TokenIssued(Event):
    """A token by which a program acts for a person was issued; the grounds say what it may do."""

    name = "token-issued"


class TokenRevoked(Event):
    """A token by which a program acted for a person was revoked."""

    name = "token-revoked"


class CaseLookedAfter(Event):
    """Somebody said that they look after a request, and perhaps who stands in for them."""

    name = "case-looked-after"


class ShiftHandedOver(Event):
    """Somebody ended their shift and left a note; their requests wait for who takes over."""

    name = "shift-handed-over"


class ShiftTakenOver(Event):
    """Another person took a shift over, and looks after its requests from then on."""

    name = "shift-taken-over"


class MonthlyOpened(Event):
    """A monthly review was opened; its figures are frozen, and their hash is among the marks."""

    name = "monthly-opened"


class MonthlyNoted(Event):
    """A member, a finding or an action of a monthly review was written down."""

    name = "monthly-noted"


class MonthlyDone(Event):
    """An action of a monthly review was done."""

    name = "monthly-done"


class MonthlyClosed(Event):
    """Another person closed a monthly review."""

    name = "monthly-closed"


class PublishedEntered(Event):
    """A figure that somebody else published was entered, with source and day."""

    name = "published-entered"


class PublishedWithdrawn(Event):
    """A figure of somebody else was taken out again."""

    name = "published-withdrawn"


class ClaimPrinted(Event):
    """A clerk printed a claim code for a guest they saw; it proves this person once, here."""

    name = "claim-printed"


class CaseCodeReplaced(Event):
    """A clerk who saw who the guest is gave them another case code; the one before ended."""

    name = "case-code-replaced"


class LaterNoticeAsked(Event):
    """A guest asked to be told once when the last of what stays has gone, or a clerk noted it."""

    name = "later-notice-asked"


class LaterNoticeWithdrawn(Event):
    """The guest does not want to be told later any more; a contact kept for it is dropped."""

    name = "later-notice-withdrawn"


class LaterNoticeEnded(Event):
    """No contact is kept for a later notice any more, or ever was; the ground says why."""

    name = "later-notice-ended"


class RequestObjected(Event):
    """Somebody who reads another contact of the guest objected; the request waits for a person."""

    name = "request-objected"


class ObjectionSettled(Event):
    """The privacy officer looked at an objection; a request that is open goes on."""

    name = "objection-settled"


class ApprovalStopped(Event):
    """Somebody outside, who was told of an approval by one person alone, stopped it."""

    name = "approval-stopped"


class DeedRefused(Event):
    """Somebody tried what they may not or cannot do; the grounds say what, never about whom."""

    name = "deed-refused"


class PinSet(Event):
    """A person set the PIN with which they act through a login that several share."""

    name = "pin-set"


class PinGiven(Event):
    """An officer gave a person a code for a new PIN; the one they had ended."""

    name = "pin-given"


class PinLocked(Event):
    """A PIN was locked after too many wrong tries, until an officer gives a code for a new one."""

    name = "pin-locked"


EVENTS: dict[str, type[Event]] = {
    event.name: event
    for event in (
        IntakeReceived,
        ErasureRequested,
        RequestFiledAgain,
        IdentityVerified,
        SubjectTaken,
        ErasureApproved,
        ErasureRefused,
        ErasureWithdrawn,
        RequestExpired,
        RequestWaiting,
        RequestStuck,
        RequestReviewedAgain,
        RequestExtended,
        RequestReminded,
        RequestOverdue,
        SubjectErased,
        RankConflict,
        RetentionEnded,
        CheckCompleted,
        CertificateIssued,
        ApprovalStopped,
        MessageSent,
        MessageFailed,
        FileRemoved,
        FileLeft,
        BackupForgotten,
        ClockDoubted,
        ClockConfirmed,
        SweepConfirmed,
        SweepDone,
        SweepHalted,
        SweepStillHalted,
        SweepResumed,
        PaperDue,
        TaskDone,
        CopyConfirmed,
        KeysReplaced,
        HoldPlaced,
        HoldLifted,
        LiftProposed,
        Frozen,
        FreezeConfirmed,
        FreezeUnconfirmed,
        HoldReviewDue,
        HoldReviewed,
        RegisterProduced,
        DisclosureReviewed,
        DisclosureOverdue,
        PackSigned,
        RulesChanged,
        RuleProposed,
        RuleConfirmed,
        HousePeriodSet,
        BooksOpened,
        SearchRepeated,
        HitSettled,
        FindGone,
        LevelReached,
        SubjectReturned,
        SubjectErasedAgain,
        ReturnSettled,
        DeleteBypassed,
        ObjectionRecorded,
        RestoreNoticed,
        RestoreReplayed,
        RecipientTold,
        RecipientAnswered,
        RecipientFailed,
        CanaryLooked,
        CanarySwitched,
        OwnDataEnded,
        RestoreProposed,
        SubjectRestored,
        FileRestored,
        CertificateRevoked,
        ErasureBegun,
        RootRotated,
        SigningKeyChanged,
        CheckpointReleased,
        CheckpointFailed,
        JournalContinued,
        JournalPruned,
        RegisterCounted,
        RegisterMissed,
        JournalWitnessed,
        JournalTrusted,
        ComplaintReceived,
        RefusalContested,
        ReviewerInvited,
        ReviewerAdvised,
        ComplaintAnswered,
        RefusalUpheld,
        RefusalOverturned,
        ComplaintReminded,
        ComplaintOverdue,
        FeedbackGiven,
        IncidentOpened,
        IncidentClassified,
        IncidentMeasured,
        IncidentReminded,
        IncidentOverdue,
        NoticeProposed,
        NoticeTakenBack,
        NoticeSent,
        UnreachedSeen,
        PublicNoticeRecorded,
        PublicNoticeConfirmed,
        MeasurePlanned,
        MeasureDone,
        IncidentReviewed,
        IncidentClosed,
        AlertOpened,
        AlertClosed,
        AlertTaken,
        MistakeReported,
        BackupReported,
        EmergencyPrinted,
        TrainingPassed,
        TrainingMissed,
        DataCopyRequested,
        DataCopyReleased,
        DataCopyRefused,
        DataCopyWithdrawn,
        DataCopyHandedOut,
        DataCopyFetched,
        DataCopyEnded,
        TokenIssued,
        TokenRevoked,
        CaseLookedAfter,
        ShiftHandedOver,
        ShiftTakenOver,
        MonthlyOpened,
        MonthlyNoted,
        MonthlyDone,
        MonthlyClosed,
        PublishedEntered,
        PublishedWithdrawn,
        ClaimPrinted,
        CaseCodeReplaced,
        LaterNoticeAsked,
        LaterNoticeWithdrawn,
        LaterNoticeEnded,
        RequestObjected,
        ObjectionSettled,
        DeedRefused,
        PinSet,
        PinGiven,
        PinLocked,
    )
}
"""Every event by its name."""
