"""Every table and every folder of ours, line by line: the data behind `core.own`."""

from __future__ import annotations

from .own import End, Own, Place, What

_RECORD = (
    "three years after the request ended (a refusal in Hong Kong: four), and not while a hold, a "
    "box, a file still to be removed or a row that came back hangs on it"
)
_SETTLED = "three years after it was settled; never while it is open"

TABLES: tuple[Own, ...] = (
    Own(
        "intake", "what came through the form, until the worker has looked whom it means",
        End.WORKER, "when the worker looked at it; unopened after 24 hours, after 30 days where a "
        "gap of the data map, or a property that the settings do not name, does not let anybody "
        "find out who is meant",
        {What.SERIAL: "id", What.NAME: "property label", What.WORD: "channel",
         What.TIME: "received_on ends_at", What.SEALED: "sealed", What.RANDOM: "box"},
    ),
    Own(
        "request", "that, when and how somebody's request was answered must be shown for years",
        End.AGE, _RECORD,
        {What.SERIAL: "id version attempts", What.RANDOM: "number",
         What.NAME: "property controller lang",
         What.WORD: "kind state channel verified_how ground waiting_for asked_by seen reason",
         What.TIME: "received_at due_on verified_at decided_at waiting_until try_at erased_at "
                    "ended_at acknowledged_at extended_at reminded_on",
         What.PERSON: "filed_by verified_by decided_by", What.MARK: "digest subject_mark",
         What.TEXT: "decisions article"},
        {"digest": "says nothing once the key of the case is destroyed, at the request's end",
         "subject_mark": "at the request's end; until then the same question asked twice is one"},
    ),
    Own(
        "subject", "whose rows a request is about; an erased one is the tombstone by which a "
        "shell counts as nobody, and by which who comes back is known again",
        End.AGE, "rows that were not taken with the key of their case; tombstones when nothing "
        "of the host's is found under their key any more and no mark of the erasure lives; without "
        "their request's number from the day on which that goes; where the key says who it was, "
        "all of it once the request is over and nothing lies under that key",
        {What.SERIAL: "id", What.RANDOM: "request", What.NAME: "table_name", What.KEY: "row_key",
         What.WORD: "standing why", What.TIME: "erased_at"},
    ),
    Own(
        "contact", "the way to write to the guest as long as the request is open; after it, where "
        "the guest asked to be told once that the rest has gone",
        End.CASE, "at the request's end; of a refusal 400 days after it was sealed at the latest, "
        "of an open request it is sealed anew before that; kept for a later notice, with that or "
        "when it is not wanted any more, 24 months after the answer at the latest; a key of its "
        "own is destroyed after it, so that no copy of the box opens",
        {What.RANDOM: "request box", What.TIME: "ends_on"},
    ),
    Own(
        "token", "links and codes that prove a contact, open a status page or sign at a console",
        End.WORKER, "a day after they ended or were used: a link after 24 hours, a code after "
        "ten minutes, the case code after 24 months or with its request",
        {What.HASH: "hash", What.WORD: "purpose", What.RANDOM: "request", What.PERSON: "actor",
         What.TIME: "ends_at used_at"},
    ),
    Own(
        "attempt", "rate limits that hold in every process", End.WORKER, "after a day",
        {What.SERIAL: "id", What.WORD: "action", What.MARK: "mark", What.TIME: "at"},
    ),
    Own(
        "actor", "the same person acts under the same number, or four eyes could not be told "
        "from two", End.JOURNAL, "as long as an entry of the journal names the number",
        {What.SERIAL: "number", What.MARK: "mark"},
    ),
    Own(
        "box", "what is sealed until a day: safety copies, what the law keeps, messages, contacts",
        End.AGE, "90 days after it was emptied, when nothing names it any more",
        {What.RANDOM: "id request", What.NAME: "controller label home", What.WORD: "purpose",
         What.TIME: "last_day forgotten_at", What.SEALED: "wrapped payload spare"},
        {"wrapped": "on its last day, with the key", "payload": "on its last day",
         "spare": "on its last day, with the key"},
    ),
    Own(
        "day", "which keys are destroyed, so that nothing is sealed under them again",
        End.AGE, "90 days after the key was destroyed, when no box and no request names it",
        {What.NAME: "label", What.WORD: "state", What.TIME: "at"},
    ),
    Own(
        "tree", "the head of a journal", End.JOURNAL, "with the journal",
        {What.NAME: "controller", What.SERIAL: "epoch", What.COUNT: "size open pruned",
         What.HASH: "frontier public_key edge edge_key"},
    ),
    Own(
        "entry", "the journal: that what was done was done, and nothing left out",
        End.JOURNAL, "when two people prune the journal, six years after it was written at the "
        "earliest; never while its request has a record, or its hold was not lifted",
        {What.NAME: "controller", What.SERIAL: "epoch position", What.RANDOM: "request",
         What.WORD: "action", What.TEXT: "body", What.HASH: "leaf"},
    ),
    Own(
        "node", "hashes by which an entry is proved without reading all of them",
        End.JOURNAL, "with its entries; what proves the entries that stay, stays",
        {What.NAME: "controller", What.SERIAL: "epoch level position", What.HASH: "hash"},
    ),
    Own(
        "loose", "entries that were written in somebody else's transaction",
        End.WORKER, "when our next transaction puts them in order",
        {What.SERIAL: "id", What.NAME: "controller", What.TEXT: "body"},
    ),
    Own(
        "outbox", "what must leave the house, at least once: messages, file removals, notices",
        End.AGE, "90 days after it was done, a letter of an incident once that is closed, why an "
        "erasure waits once that has ended; what was not done goes with its request, and so does a "
        "letter like one that reached nobody",
        {What.SERIAL: "id", What.RANDOM: "request box", What.NAME: "property channel",
         What.WORD: "kind template state problem", What.TEXT: "dedupe", What.COUNT: "attempts",
         What.TIME: "next_at done_at"},
        {"box": "its content when it was done, 31 days after it was queued at the latest; the name "
         "of a file as long as it is to be removed"},
    ),
    Own(
        "certificate", "what was issued to guests, so that it can be had and compared again",
        End.JOURNAL, "with the entry of the journal that proves it, when that is pruned; it "
        "carries neither name nor stay",
        {What.RANDOM: "request", What.SERIAL: "supplement", What.TEXT: "body",
         What.TIME: "issued_at revoked_at"},
    ),
    Own(
        "key", "which key files belong to this database", End.HOUSE, "with the installation",
        {What.NAME: "name", What.HASH: "mark", What.TIME: "at"},
    ),
    Own(
        "kept", "what an erasure kept, until when and why, so that it goes on its day",
        End.AGE, "with its request, or three years after it went; a sealed one when nothing of "
        "the host's lies under its key any more",
        {What.SERIAL: "id", What.RANDOM: "request box", What.KEY: "row_key",
         What.NAME: "controller property table_name columns category rule",
         What.WORD: "mode open basis grade", What.FACTS: "facts",
         What.TIME: "until since ended_at"},
        {"facts": "days of the stay, what rules ask, and marks of who did not say it: with its "
         "request, or after three years; marks of what a precondition, or the law, left: as that "
         "goes"},
    ),
    Own(
        "shelf", "where a sealed line of the guest register is found at night",
        End.KEY, "with the box it leads to",
        {What.SERIAL: "id", What.RANDOM: "box", What.NAME: "label property table_name room",
         What.TIME: "first_night last_night", What.MARK: "name_mark document_mark"},
    ),
    Own(
        "hold", "what must not be erased, who said so and who let it go",
        End.AGE, "three years after it was lifted",
        {What.SERIAL: "id", What.WORD: "kind scope why",
         What.NAME: "controller property table_name room query", What.KEY: "row_key",
         What.TIME: "first_night last_night review_on placed_at confirmed_at reminded_on lift_at "
                    "lifted_at",
         What.COUNT: "silent", What.RANDOM: "box",
         What.PERSON: "placed_by confirmed_by lift_by lifted_by"},
        {"box": "its content, the authority's reference, when the hold is lifted"},
    ),
    Own(
        "rule", "which rule was in force when something went or stayed", End.LAW,
        "with the installation; it is about records, not about people",
        {What.SERIAL: "id", What.NAME: "property name", What.WORD: "kind state",
         What.TEXT: "body", What.HASH: "mark checkpoint",
         What.TIME: "since signed_at gone_at proposed_at confirmed_at acts_on ended_at",
         What.PERSON: "proposed_by confirmed_by"},
    ),
    Own(
        "pack", "which text of a jurisdiction pack was signed", End.LAW, "with the installation",
        {What.NAME: "code", What.HASH: "mark", What.PERSON: "signed_by", What.TIME: "signed_at"},
    ),
    Own(
        "pulse", "when something was last seen, how long a machine runs, and words that wait for a "
        "second person", End.HOUSE, "one row a name, written over each time, and a week for a "
        "machine that is gone",
        {What.NAME: "name", What.TIME: "at", What.TEXT: "note", What.PERSON: "by second"},
    ),
    Own(
        "run", "what sweeps did, and who confirmed what they would do",
        End.AGE, "after three years; the last of each kind and property stays",
        {What.SERIAL: "id", What.WORD: "kind", What.NAME: "property", What.HASH: "mark",
         What.TIME: "started_at ended_at", What.PERSON: "confirmed_by", What.TEXT: "counts"},
    ),
    Own(
        "disclosure", "what was produced for an authority must be shown to who asks later",
        End.AGE, "when its box has ended, after three years, and somebody has reviewed it",
        {What.RANDOM: "number box", What.NAME: "controller property",
         What.WORD: "basis finding", What.TIME: "made_at night review_due reviewed_at",
         What.COUNT: "rows sealed_rows", What.MARK: "mark", What.PERSON: "made_by reviewed_by"},
        {"box": "its content, who asked and for whom, after three years",
         "mark": "says nothing once the key of its box is destroyed"},
    ),
    Own(
        "task", "what people must do by a day, and who signed that it is done",
        End.AGE, "three years after it was signed",
        {What.SERIAL: "id", What.NAME: "controller property name", What.WORD: "kind",
         What.TIME: "due_on made_at done_at", What.COUNT: "count", What.PERSON: "done_by"},
    ),
    Own(
        "search", "what is left of an erased person is looked for by value",
        End.AGE, "with its request, or three years after it ended",
        {What.RANDOM: "request box shown", What.WORD: "state scope", What.TEXT: "found",
         What.TIME: "queued_at ended_at"},
        {"box": "its content, the values that were erased, when the search ends or with the "
                "safety copy",
         "shown": "its content, the places with context, with the values"},
    ),
    Own(
        "mark", "an erased person who comes back by another system, or a file of theirs, is known "
        "again",
        End.AGE, "on its last day, 24 months after the erasure; an objection to advertising has "
        "none, and stays as long as it must be obeyed",
        {What.SERIAL: "id", What.RANDOM: "request", What.NAME: "controller property table_name",
         What.WORD: "kind", What.MARK: "mark row_mark", What.TIME: "erased_at ends_on"},
    ),
    Own(
        "returned", "rows in which an erased person seems to be back, until somebody decided",
        End.AGE, _SETTLED,
        {What.SERIAL: "id", What.RANDOM: "request", What.NAME: "controller property table_name",
         What.KEY: "row_key", What.WORD: "why door state waiting_for", What.COUNT: "attempts",
         What.TIME: "seen_at decided_at try_at waiting_until", What.PERSON: "decided_by"},
    ),
    Own(
        "delivery", "who else holds copies, was told, and answered", End.AGE,
        "with its request, or three years after it was queued",
        {What.SERIAL: "id outbox task", What.RANDOM: "request reference",
         What.NAME: "controller property recipient", What.WORD: "how state problem",
         What.TIME: "queued_at sent_at answered_at due_at"},
    ),
    Own(
        "canary", "invented guests that were sent through the house, and where they came back",
        End.AGE, "three years after it ended; it is about nobody",
        {What.SERIAL: "id", What.NAME: "property", What.RANDOM: "request box", What.WORD: "state",
         What.TIME: "born_at looked_at ended_at", What.TEXT: "found"},
        {"box": "its content, the invented values, when the canary ends"},
    ),
    Own(
        "restoration", "that an erasure was taken back, by whom, on what ground, and what of it",
        End.AGE, "with its request",
        {What.SERIAL: "id", What.RANDOM: "request box", What.NAME: "controller property",
         What.WORD: "ground state", What.PERSON: "proposed_by confirmed_by",
         What.TIME: "proposed_at confirmed_at", What.TEXT: "report"},
        {"box": "its content, which rows did not come back, with the recovery window"},
    ),
    Own(
        "intent", "an erasure in several databases that a crash cuts off goes on, not back",
        End.AGE, "90 days after it ended; never while it is open",
        {What.SERIAL: "id", What.RANDOM: "number request box",
         What.NAME: "controller property bind", What.WORD: "state problem",
         What.TIME: "begun_at ended_at try_at", What.COUNT: "attempts"},
        {"box": "its content, the keys of the rows, when it ended"},
    ),
    Own(
        "census", "a row of the guest register that vanishes without a lawful step is missed",
        End.AGE, "90 days after its night; the last one of each table stays",
        {What.SERIAL: "id", What.NAME: "controller property table_name label",
         What.TIME: "night at", What.COUNT: "count", What.MARK: "root marks"},
        {"marks": "when the next night was counted"},
    ),
    Own(
        "departed", "a census can tell what left the guest register lawfully",
        End.AGE, "when the next night was counted, after 90 days at the latest",
        {What.SERIAL: "id", What.NAME: "controller property table_name", What.MARK: "mark",
         What.WORD: "action", What.RANDOM: "request", What.TIME: "at"},
    ),
    Own(
        "released", "which checkpoints left the house, and where they are", End.JOURNAL,
        "with the journal; it is about no person",
        {What.SERIAL: "id epoch", What.NAME: "controller destination",
         What.COUNT: "size attempts", What.HASH: "root", What.TEXT: "note",
         What.WORD: "state problem", What.TIME: "next_at sent_at"},
    ),
    Own(
        "witnessed", "another hotel's journal may only grow", End.HOUSE,
        "as long as it is witnessed; it is about no person",
        {What.NAME: "origin", What.HASH: "public_key root", What.COUNT: "size",
         What.TEXT: "note", What.TIME: "at"},
    ),
    Own(
        "due", "what has had its time goes once and is not looked for again every night",
        End.AGE, "in the transaction that erases the row, or when it is not due any more; 90 days "
        "after anybody last found it due",
        {What.SERIAL: "id", What.NAME: "table_name property", What.KEY: "row_key",
         What.WORD: "category problem", What.TIME: "day looked_at try_at", What.COUNT: "tries"},
    ),
    Own(
        "look", "a look goes on where the last one ended", End.AGE,
        "with the policy of its table, or 90 days after the last look at all of it",
        {What.NAME: "table_name", What.HASH: "mark", What.TIME: "day whole_at",
         What.KEY: "after", What.COUNT: "newest lost open"},
        {"after": "when the table was looked through"},
    ),
    Own(
        "complaint", "that a complaint was answered in time, and by another person, must be shown",
        End.AGE, "three years after it was answered; never while it is open",
        {What.SERIAL: "id version", What.RANDOM: "number request box advice_box answer_box",
         What.NAME: "property controller lang",
         What.WORD: "about channel state mode advice outcome", What.COUNT: "house",
         What.TIME: "received_at due_on receipt_on acknowledged_at invited_at advised_at ended_at "
                    "reminded_on",
         What.PERSON: "filed_by invited_by decided_by"},
        {"box": "its content 400 days after it came, later while it is open",
         "advice_box": "likewise", "answer_box": "likewise"},
    ),
    Own(
        "feedback", "guests say how it went, so that it goes better", End.AGE,
        "three years after it was given, or with its request",
        {What.SERIAL: "id", What.NAME: "property controller", What.RANDOM: "request box",
         What.COUNT: "rating", What.TIME: "at"},
        {"box": "its content 400 days after it was given"},
    ),
    Own(
        "incident", "every incident is documented, and what was done about it", End.AGE,
        "three years after it was closed; never while it is open",
        {What.SERIAL: "id version hold", What.RANDOM: "number box reach_box review_box",
         What.NAME: "property controller", What.WORD: "kind state severity cause",
         What.TEXT: "columns asked", What.COUNT: "living sealed erased",
         What.TIME: "noticed_at happened_at opened_at classified_at reached_at reviewed_at "
                    "closed_at reminded_on",
         What.PERSON: "opened_by classified_by reviewed_by closed_by"},
        {"box": "its content 400 days after it was written, later while it is open",
         "reach_box": "likewise", "review_box": "likewise"},
    ),
    Own(
        "notice", "who was told of an incident, when and by whom", End.AGE,
        "with its incident",
        {What.SERIAL: "id position", What.RANDOM: "incident box public_box",
         What.NAME: "controller property", What.WORD: "alarm whom state",
         What.COUNT: "told untold",
         What.TIME: "proposed_at sent_at public_on public_at confirmed_at",
         What.PERSON: "proposed_by sent_by public_by confirmed_by"},
        {"box": "its content 400 days after it was written, later while its incident is open",
         "public_box": "likewise"},
    ),
    Own(
        "measure", "what is done after an incident, who answers for it, and by when", End.AGE,
        "with its incident",
        {What.SERIAL: "id", What.RANDOM: "incident box", What.NAME: "controller property",
         What.TIME: "due_on made_at done_at", What.PERSON: "owner made_by done_by"},
        {"box": "its content 400 days after it was written, later while its incident is open"},
    ),
    Own(
        "alert", "what is wrong is looked after by somebody until it is closed", End.AGE,
        "three years after it was closed",
        {What.SERIAL: "id", What.NAME: "controller property about", What.WORD: "kind ground",
         What.COUNT: "count",
         What.TIME: "since noticed_at told_at deputy_at taken_at closed_at",
         What.PERSON: "noticed_by taken_by closed_by", What.RANDOM: "box"},
        {"box": "its content, the words of who reported a mistake, when the alert is closed, after "
         "a year at the latest"},
    ),
    Own(
        "training", "who acts on guests' data was taught how", End.AGE,
        "three years after it ended, or after somebody acted without it",
        {What.SERIAL: "id", What.PERSON: "actor", What.WORD: "course", What.NAME: "property",
         What.HASH: "edition", What.COUNT: "score", What.TIME: "passed_at ends_at missed_at"},
    ),
    Own(
        "reviewed", "how much more is written down at check-in than a stay needs", End.AGE,
        "three years after its day; it is about nobody",
        {What.SERIAL: "id", What.NAME: "controller property", What.TIME: "day",
         What.WORD: "word", What.COUNT: "count"},
    ),
    Own(
        "copy", "a copy of their data lies ready for a guest who asked for one, for 14 days",
        End.AGE, _RECORD,
        {What.RANDOM: "request erasure box", What.TIME: "ends_on offered_at fetched_at",
         What.COUNT: "fetches"},
        {"box": "its content, the guest's data, after 14 days, when the guest takes the request "
                "back, or when an erasure follows"},
    ),
    Own(
        "apitoken", "a program acts for a person, within what that person may do",
        End.AGE, "three years after it ended or was revoked",
        {What.SERIAL: "id", What.HASH: "hash", What.NAME: "controller property",
         What.WORD: "permissions", What.PERSON: "actor issued_by revoked_by",
         What.RANDOM: "box", What.TIME: "issued_at ends_on used_on revoked_at"},
        {"box": "its content, the host's id of the person, on its last day or when it is revoked"},
    ),
    Own(
        "filed", "what a program or a form sends twice is done once", End.WORKER,
        "after a day",
        {What.MARK: "mark body", What.RANDOM: "number", What.TIME: "at"},
    ),
    Own(
        "duty", "every request has somebody who looks after it, and who stands in", End.AGE,
        "90 days after somebody last took it, when its request is not open any more",
        {What.RANDOM: "request box", What.NAME: "controller property",
         What.PERSON: "owner deputy", What.TIME: "since"},
        {"box": "its content, two logins, 400 days after it was written"},
    ),
    Own(
        "handover", "nothing is lost between two shifts", End.AGE,
        "three years after it was given",
        {What.SERIAL: "id", What.NAME: "controller property", What.RANDOM: "box",
         What.COUNT: "count", What.PERSON: "given_by taken_by", What.TIME: "given_at taken_at"},
        {"box": "its content, the note, 400 days after it was written"},
    ),
    Own(
        "monthly", "what was found by looking at the figures, and that it was done, can be shown",
        End.AGE, "three years after it was closed; never while it is open",
        {What.SERIAL: "id version", What.RANDOM: "number", What.NAME: "property controller",
         What.TIME: "month opened_at closed_at", What.WORD: "state", What.TEXT: "figures",
         What.HASH: "mark", What.PERSON: "opened_by closed_by"},
    ),
    Own(
        "point", "who took part in a monthly review, what it found, who does what by when",
        End.AGE, "with its review, or three years after it was written",
        {What.SERIAL: "id", What.RANDOM: "monthly box", What.NAME: "controller property",
         What.WORD: "kind", What.TIME: "due_on made_at done_at",
         What.PERSON: "owner made_by done_by"},
        {"box": "its content 400 days after it was written, later while its review is open"},
    ),
    Own(
        "published", "our figures are seen beside those that others publish", End.AGE,
        "three years after it was entered",
        {What.SERIAL: "id", What.NAME: "controller property", What.WORD: "measure",
         What.COUNT: "value", What.TIME: "published_on made_at withdrawn_at",
         What.RANDOM: "box", What.PERSON: "made_by withdrawn_by"},
        {"box": "its content, who published it and where, three years after it was entered"},
    ),
    Own(
        "claim", "a guest without a contact on file proves with a printed code who they are",
        End.WORKER, "a day after it was used, or after its last day, 180 days after it was "
        "printed; at once when another one is printed for the same person",
        {What.SERIAL: "id", What.HASH: "hash", What.NAME: "controller property",
         What.MARK: "mark", What.RANDOM: "box", What.COUNT: "tries",
         What.PERSON: "printed_by", What.TIME: "printed_at ends_at used_at"},
        {"box": "its content, the rows it proves and the name on file, when it was used, or on "
                "its last day"},
    ),
    Own(
        "objection", "that somebody at another contact objected was looked at by a person",
        End.AGE, _RECORD,
        {What.RANDOM: "request", What.TIME: "objected_at settled_at",
         What.PERSON: "settled_by"},
    ),
    Own(
        "pin", "who acts through a login that several share is one person", End.WORKER,
        "a year after it was last used; who gave a code for it, three years after",
        {What.PERSON: "actor given_by", What.HASH: "hash", What.COUNT: "failures",
         What.TIME: "set_at locked_at used_on"},
    ),
)  # fmt: skip
"""Every table of ours; the number of the version of our tables, in one more, says nothing."""

PLACES: tuple[Place, ...] = (
    Place(
        "key folder (GUESTERASE_KEYS)", "keys, of which each day's and each case's opens boxes",
        "without them nothing that is sealed can be read",
        "each key on its day, or when its case, later notice, hold or epoch ends; the root every "
        "thirty days",
    ),
    Place(
        "register of erasures (GUESTERASE_REGISTER)",
        "days, request numbers, labels, keyed marks, and heads of the journals that left the house",
        "a restored database is told what it has forgotten",
        "the keys of its marks a month after the last backup from before them has ended, where "
        "GUESTERASE_BACKUP_DAYS says when; lines stay, and say nothing without those keys",
    ),
    Place(
        "copy of the database for a canary", "everything the database holds, for minutes",
        "to see that what a backup brings back goes again",
        "when the canary was looked for in it; what a crash left, with the next sweep",
    ),
    Place(
        "files of `flask guesterase uninstall` and `certificate --out`",
        "what was asked for, where the operator named it", "they were asked for",
        "they are the operator's from then on",
    ),
)
"""What is ours outside the database."""
