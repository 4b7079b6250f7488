"""What to do in an emergency, step by step; `core.emergency.EDITION` counts its changes."""

from __future__ import annotations

from .language import N_

CASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        N_("The police ask for the register and the server is down"),
        (
            N_("Ask for badge number and case reference, and write both down with the hour."),
            N_("Give what the paper forms of that night hold, for exactly that room or name."),
            N_("Never hand out a backup, a disk or a password."),
            N_("Call IT. When the server is up, record it under Guest register, the same day."),
        ),
    ),
    (
        N_("The database was restored from a backup"),
        (
            N_("Never restore the key folder and the register of erasures from the same backup."),
            N_(
                "Let nobody check in or write, and connect no channel, until the next step is done."
            ),
            N_("IT runs `flask guesterase replay --yes`: who was erased since is erased again."),
            N_("Read the page After a restore; decide about what is left there."),
            N_("IT runs `flask guesterase check`; nothing may be pending."),
        ),
    ),
    (
        N_("The keys are lost or damaged"),
        (
            N_("Stop: make no new keys. They would open nothing that is sealed."),
            N_("Call the second custodian; bring their copy back to the key folder."),
            N_("IT compares the fingerprint: `flask guesterase keys fingerprint`."),
            N_("If there is no copy, tell the privacy officer: what the law keeps is lost."),
        ),
    ),
    (
        N_("Data leaked"),
        (
            N_("Write down the hour at which it was noticed; clocks of the law run from there."),
            N_("Stop the leak, and destroy no trace of it. Change passwords that were seen."),
            N_("Press Report an incident; call the privacy officer, at night too."),
            N_(
                "The officer decides at once whom to tell: some laws want it at once or within 4 "
                "hours, others within 72."
            ),
        ),
    ),
    (
        N_("Somebody was erased by mistake"),
        (
            N_("Do not type the record in again; that is a second mistake."),
            N_("Open the request: within the window two people can take the erasure back."),
            N_("Tell the guest; the programme writes the letter."),
            N_("After the window it is final. Say so, and report the mistake."),
        ),
    ),
)
"""Title -> steps, in the order in which they are printed."""
