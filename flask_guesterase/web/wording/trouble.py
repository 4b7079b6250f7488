"""Words for what goes wrong, what to do about it, and what people are trained for."""

from __future__ import annotations

from .language import N_

ALERTS: dict[str, str] = {
    "past-due": N_("records past their day are still there"),
    "answer-late": N_("answers to guests are late"),
    "request-failing": N_("approved requests cannot be carried out"),
    "box-late": N_("sealed boxes are past their day"),
    "file-failed": N_("files could not be removed"),
    "files-away": N_("a folder with files of guests is away"),
    "database-away": N_("a database does not answer"),
    "worker-silent": N_("nothing is sent"),
    "sweep-stale": N_("no sweep came to its end"),
    "journal-broken": N_("the journal does not fit"),
    "register-broken": N_("the guest register does not fit its count"),
    "register-closed": N_("the register of erasures cannot be written"),
    "restore-pending": N_("a restored database waits"),
    "keys-unsound": N_("keys are dead or too old"),
    "checkpoints": N_("checkpoints do not leave the house"),
    "backup-missing": N_("nobody reported a backup"),
    "backup-stale": N_("the last backup is too old"),
    "emergency-unprinted": N_("the emergency plan must be printed"),
    "training-due": N_("trainings are missing or over"),
    "objected-late": N_("a guest said that it was not them"),
    "mistake": N_("a mistake was reported"),
}
"""Kind of alert (see ``core.alert.AlertKind``) -> what it says; some have their word elsewhere."""

NEXT: dict[str, str] = {
    "past-due": N_(
        "Open Sweep: confirm what waits there. If it is confirmed, let IT read what "
        "`flask guesterase sweep` says about these rows."
    ),
    "answer-late": N_("Open Requests, state overdue, and answer today; the deputy may too."),
    "request-failing": N_(
        "Open Requests, state approved, waiting or being checked: let IT run `flask guesterase "
        "erase` with the number of each. It says why, and each is tried again once a day."
    ),
    "box-late": N_(
        "Let IT run `flask guesterase worker --once` and look at the clock and the key folder."
    ),
    "message-failed": N_(
        "Open Messages: print the letter, or correct the mail server and try again."
    ),
    "file-failed": N_(
        "Open Messages: it names the folder. Let IT look at its rights, then say that it is dealt "
        "with: the file is removed again."
    ),
    "files-away": N_(
        "Let IT run `flask guesterase check`: it names the folder. Files are removed once it is "
        "back; after two days a certificate says that a file stays."
    ),
    "database-away": N_(
        "Let IT bring this database back, or correct its address and password. Nothing is erased "
        "until it answers, and what lies in it is not looked at; what waited goes on by itself."
    ),
    "recipient-failed": N_("Open Recipients: try again, or tell them by hand and sign it."),
    "worker-silent": N_("Let IT start `flask guesterase worker`, or cron, or Celery."),
    "sweep-stale": N_("Let IT look why cron does not run `flask guesterase sweep` every night."),
    "clock-doubted": N_("Set the clock right; then two people confirm it under Sweep."),
    "journal-broken": N_(
        "Change nothing. Let IT run `flask guesterase verify` and put a backup and the outside "
        "checkpoints beside it; treat it as an incident."
    ),
    "register-broken": N_("Open Tasks: look for the missed lines, and who can write there."),
    "register-closed": N_(
        "Let IT run `flask guesterase check`: it names the folder and what closes it. Nothing is "
        "erased until then."
    ),
    "restore-pending": N_("Open After a restore, and let IT run `flask guesterase replay`."),
    "keys-unsound": N_(
        "Let IT run `flask guesterase check`; if a key is lost, call the second custodian."
    ),
    "checkpoints": N_(
        "Let IT set GUESTERASE_CHECKPOINTS, or run `flask guesterase checkpoint --release`."
    ),
    "backup-missing": N_(
        "Let IT report each backup with `flask guesterase backup report`, or from the host."
    ),
    "backup-stale": N_("Let IT make a backup now and find out why the last one failed."),
    "emergency-unprinted": N_("Open Emergency plan, print it, and put it where it hangs."),
    "training-due": N_(
        "Open Training: the list says who, by number; everybody finds their own on that page. Give "
        "them ten minutes today."
    ),
    "objected-late": N_(
        "Open the request and ask the guest. If it was not them, take an erasure back before the "
        "safety copy ends; report an incident where a copy was opened."
    ),
    "mistake": N_(
        "Read the report, limit the harm, and decide today whether it is an incident that an "
        "authority must be told of."
    ),
}
"""Kind of alert -> the next step."""

MISTAKES: dict[str, str] = {
    "not-erased": N_("something was not erased in time"),
    "not-backed-up": N_("something was not backed up"),
    "wrong-erased": N_("something was erased that should stay"),
    "seen-by-others": N_("somebody saw what is not theirs"),
    "sent-wrongly": N_("something was sent to the wrong person"),
    "other-mistake": N_("something else"),
}

CLOSINGS: dict[str, str] = {
    "fixed": N_("fixed"),
    "no-fault": N_("no fault"),
    "accepted": N_("known and accepted"),
    "gone": N_("its cause is gone"),
}

ABOUT: dict[str, str] = {
    "never-printed": N_("never printed"),
    "plan-changed": N_("changed since it was printed"),
    "checkpoint-late": N_("none left for more than a day"),
    "checkpoint-missing": N_("no place takes them"),
    "checkpoint-refused": N_("a place has seen another journal"),
}
"""What exactly is wrong, where a word says it."""

ROLES: dict[str, str] = {
    "officer": N_("Privacy officer"),
    "deputy": N_("Deputy"),
    "custodian": N_("Second custodian of the keys"),
    "it": N_("IT"),
    "vendor": N_("Vendor's hotline"),
    "police": N_("Police"),
    "authority": N_("Data-protection authority"),
}

LIES: dict[str, str] = {
    "keys": N_("Key folder"),
    "checkpoint": N_("Checkpoints go to"),
    "pages": N_("Guest pages"),
}
"""Where things lie; the register of erasures has its own heading on the plan."""

COURSES: dict[str, str] = {
    "reception": N_("Reception"),
    "manager": N_("Manager"),
}

DEEDS: dict[str, str] = {
    "file-request": N_("filing a request"),
    "verify-identity": N_("verifying identity"),
    "produce-register": N_("producing the register"),
    "approve-erasure": N_("approving an erasure"),
    "refuse-erasure": N_("refusing an erasure"),
    "extend-answer": N_("lengthening an answer"),
    "place-hold": N_("placing a hold"),
    "lift-hold": N_("lifting a hold"),
    "confirm-sweep": N_("confirming a sweep"),
    "open-books": N_("opening the books"),
    "restore-guest": N_("taking an erasure back"),
}
"""What a person did without training."""

REVIEWED: dict[str, str] = {
    "beyond-purpose": N_("more was filled in than a stay needs"),
    "no-purpose": N_("no policy says what this is for"),
    "clock-missing": N_("nothing says when this goes"),
    "copy-forbidden": N_("a copy of an identity document is forbidden here"),
    "no-backup": N_("no recent backup of the host is known"),
    "no-reviewer": N_("nobody is named who reviewed it"),
    "nothing-found": N_("nothing to remark"),
}
"""What the review before check-in found."""

TROUBLE: tuple[dict[str, str], ...] = (
    ALERTS, MISTAKES, CLOSINGS, ABOUT, ROLES, LIES, COURSES, DEEDS, REVIEWED,
)  # fmt: skip
