"""What can be wrong with a data map, the live database or an installation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

KINDS: dict[str, str] = {
    "activity-alone": "people go by the day they were entered, whatever they did since",
    "authorize-missing": "the host never said who may do what, so nobody may",
    "blocker-all": "a precondition needs all by which a guest who is back in their row is known",
    "blocker-missing": "people go by day, and nothing says whom the hotel still needs",
    "blocker-unknown": "a precondition of the hotel cannot be asked",
    "canary-back": "an invented guest was seen after its erasure, or could not be erased",
    "cascade": "deleting a row would make the database change rows of an undeclared table",
    "cascade-update": "overwriting a column would make the database change one that stays",
    "category-unknown": "no law is known about a retention category",
    "ceiling-missing": "people are of a category that nothing makes go, so they stay until asked",
    "checkpoint-late": "no place outside took a checkpoint of the journal for more than a day",
    "checkpoint-missing": "no place outside takes checkpoints of the journal",
    "checkpoint-refused": "a place outside has seen another journal, or more of it",
    "checkpoint-same-disk": "a folder that takes checkpoints lies on the disk of the database",
    "class-alone": "a policy of one class is about the rows of others in its table as well",
    "clock-doubted": "the clock ran backwards or leapt, so nothing is erased or forgotten by day",
    "clock-missing": "a rule counts from an event that no clock of its table names",
    "clock-unindexed": "a sweep finds what is due by a date without an index",
    "clock-unknown": "a clock, fact or place of a policy leads nowhere or raises, or is none",
    "column-missing": "a mapped column is not in the database",
    "column-uncovered": "a column has no rule",
    "column-undecided": "a column goes only by now, and rows of guests erased before hold it",
    "column-unknown": "a policy names a column that the table does not have",
    "column-unmapped": "a column exists only in the database",
    "condition-unknown": "the condition under which rows count cannot be asked",
    "contact-missing": "a property names no address a guest can write to",
    "database-read-only": "the server, file or session refuses changes",
    "declared-twice": "a table is exempt and has a policy",
    "delete-referenced": "rows are deleted that rows of another table keep pointing at",
    "demo-setting": "a setting for demos and tests is on where neither is run",
    "due-failing": "what has had its time, or was approved, cannot be erased; somebody must look",
    "file-unindexed": "a column that names files has no index",
    "files-away": "a folder of files that rows name, or that are to go, is away or lies empty",
    "floor-unkept": "the law keeps what a table is declared to hold, and no column is retained",
    "fulltext": "a full-text index keeps words of erased rows",
    "heartbeat-stale": "nothing has run by itself for more than a day",
    "house-missing": "the law gives no number for a declared category, and the house set none",
    "intent-lost": "what was decided for several databases is not there any more",
    "intent-open": "an erasure over several databases waits for one of them",
    "key-changed": "rows kept, held, asked for or erased are noted under keys of another form",
    "keys-closed": "the key folder cannot be read or written",
    "keys-foreign": "the key folder belongs to another installation",
    "keys-missing": "the key folder holds no keys",
    "keys-unsound": "a key that is needed, or a box, does not open",
    "large-object": "a column only names what is erased, which stays in the database",
    "link-unindexed": "rows are deleted that a column without an index points at",
    "match-unknown": "Subject names what cannot be asked: a column, a callable or a contact",
    "materialised": "a materialised view holds a copy of the rows",
    "migrate-filter": "the host's autogenerate would drop our tables",
    "not-transactional": "a rollback would not take changes of the table back",
    "overseer-untold": "somebody outside is named who could stop an approval, and no mail leaves",
    "owner-missing": "nothing says whose rows these are",
    "owner-twice": "subject rows have an owner path as well",
    "owner-unnamed": "a key leads to a person whom no owner path names",
    "pack-draft": "nobody signed the text of a jurisdiction pack",
    "pack-missing": "a property names a region that no jurisdiction pack of its country is about",
    "pack-review": "a jurisdiction pack is past the day on which it should be looked at again",
    "pages-elsewhere": "links in letters lead elsewhere than to the guest pages",
    "parameters-shown": "errors and logs of an engine show the values of its statements",
    "partitioned": "the rows lie in partitions",
    "path-blank": "an owner path over several columns leads to nobody where one is empty or 0",
    "path-endless": "an owner path comes back to where it started",
    "path-nobody": "an owner path by a select leads to nobody from rows that are there",
    "path-unclear": "an owner path runs over a relationship that is more than equal columns",
    "path-unindexed": "an owner path runs over a column without an index",
    "path-unknown": "an owner path leads nowhere",
    "place-missing": "several companies run hotels, and nothing says at whose anybody is a guest",
    "policies-differ": "policies of classes that share a table contradict one another",
    "property-removed": "something waits under a property that the settings do not name",
    "recipient-mute": "a recipient is not told where to answer",
    "recipient-unknown": "a recipient is to be given what no column holds",
    "records-differ": "rows of ours are not what the journal says they are",
    "register-closed": "the register of erasures cannot be read or written",
    "register-missed": "lines of the guest register, or their list, vanished without a lawful step",
    "register-missing": "the register of erasures is not there, or knows nothing of earlier ones",
    "register-same-disk": "the register of erasures lies on the disk of the database",
    "register-uncounted": "a guest register is not counted any more",
    "register-unknown": "Register names a column that the table does not have",
    "restore-pending": "the database was restored and has not caught up with its erasures",
    "retain-in-delete": "columns are retained in rows that a row rule deletes",
    "rights-missing": "this account may not read or change what is to go, or read what is searched",
    "root-copy": "nobody confirmed a copy of the root of the keys that comes next",
    "root-old": "the root of the keys is older than certificates say it may get",
    "round-failed": "background work that the host's traffic wakes ended with an error",
    "row-security": "row-level security hides rows from this role",
    "rule-misfit": "a rule cannot fit its column",
    "savepoint-refused": "a transaction that read rows of the table can set no savepoint",
    "second-copy": "nobody confirmed a copy of the keys outside the property",
    "several-binds": "a table lies in a database that cannot be erased in together with the others",
    "shared-delete": "rows can have several owners and go with the first of them",
    "subject-kept": "what names a person is kept, so that whoever is erased stays known",
    "subject-missing": "no table's rows stand for a person",
    "sweep-halted": "somebody stopped erasing by day",
    "sweep-stale": "no sweep has come to its end for a day and a half",
    "sweep-unconfirmed": "nobody confirmed what a sweep would erase under today's rules",
    "table-missing": "a declared table is not in the database",
    "table-unclassified": "a table without a way to a person is neither declared nor exempt",
    "table-uncovered": "a table that leads to a person has no policy",
    "table-unknown": "a declaration names a table that is not mapped",
    "tables-pending": "our own tables are missing or of another version",
    "trigger": "a trigger may copy the old value when it is erased",
    "trigger-deletes": "a trigger would delete rows outside the plan when something is erased",
    "trigger-exempt": "a trigger that a policy names may copy what is erased to an exempt table",
    "trigger-stale": "a policy names a trigger that is not there",
    "triggers-unknown": "this role may not see triggers, or not what one does that a policy names",
    "unique-missing": "a key or owner path wants a value to be one row's, the database does not",
    "versioned": "the engine keeps every old version of the rows",
    "view": "a declared table is a view",
}
"""Every kind of finding, in one line each."""


class Severity(StrEnum):
    """How much a finding stops."""

    STOP = "stop"
    WARN = "warn"


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong, where, and how to cure it.

    :param id: stable code, one of `KINDS`.
    :param table: name of the table, or an empty string when the whole installation is meant.
    :param column: name of the column, constraint or trigger, or an empty string.
    :param message: what is wrong.
    :param hint: how to cure it.
    :param severity: STOP keeps erasures that reach the place waiting; WARN is for people.
    """

    id: str
    table: str
    column: str
    message: str
    hint: str
    severity: Severity = Severity.STOP

    def __post_init__(self) -> None:
        if self.id not in KINDS:
            raise ValueError(f"'{self.id}' is not a kind of finding")

    @property
    def place(self) -> str:
        """Table and column in one word, for a list that people read."""
        return ".".join(part for part in (self.table, self.column) if part)
