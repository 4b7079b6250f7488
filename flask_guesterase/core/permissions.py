"""What a host may grant to one of its users at one of its properties."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """One thing a person may be allowed to do; everything is denied until the host grants it."""

    VIEW = "view"
    FILE = "file"
    VERIFY = "verify"
    APPROVE = "approve"
    REFUSE = "refuse"
    ERASE = "erase"
    AUDIT = "audit"
    HOLD = "hold"
    FREEZE = "freeze"
    REGISTER = "register"
    BOOKS = "books"
    LAW = "law"
    RESTORE = "restore"
    FIGURES = "figures"
    COMPLAINT = "complaint"
    INCIDENT = "incident"
    WATCH = "watch"
    REPORT = "report"
    TRAIN = "train"
    ISSUE = "issue"
    IMPROVE = "improve"


MEANS: Mapping[Permission, str] = {
    Permission.VIEW: "read requests and what is planned about them, without names; read periods",
    Permission.FILE: "file requests and complaints for guests, take requests back for them, ask "
    "for a copy after an erasure, note who wants no advertising",
    Permission.VERIFY: "see names; record that and how guests showed who they are; say whose a "
    "profile or a row that came back is; print letters and claim codes; settle what recipients "
    "were told and what was found by value",
    Permission.APPROVE: "see names; approve what is planned, lengthen the time for an answer, "
    "release copies",
    Permission.REFUSE: "refuse on a named ground",
    Permission.ERASE: "carry out at once what was approved; sign tasks; lead what follows a "
    "restored database",
    Permission.AUDIT: "read the journal, review what authorities were shown, prune old entries; "
    "read metrics, where it is granted at every property",
    Permission.HOLD: "place, confirm and lift holds, read why something is kept",
    Permission.FREEZE: "freeze a property, a night or a room",
    Permission.REGISTER: "show the guest register to an authority, review what others showed",
    Permission.BOOKS: "read and correct what is kept in place",
    Permission.LAW: "sign packs, set periods, confirm, stop and resume sweeps, confirm the clock "
    "and copies of keys, prune the journal, sign tasks, look at objections, approve what concerns "
    "minors, test guests, set-up",
    Permission.RESTORE: "take an erasure back",
    Permission.FIGURES: "read figures",
    Permission.COMPLAINT: "answer complaints, invite a reviewer from outside",
    Permission.INCIDENT: "deal with incidents, which anybody with any permission may report",
    Permission.WATCH: "see and close what is wrong, read the emergency plan, see whose training "
    "is missing",
    Permission.REPORT: "report a mistake, read the emergency plan",
    Permission.TRAIN: "take courses",
    Permission.ISSUE: "issue tokens for programs, and codes by which others set a PIN",
    Permission.IMPROVE: "hold the monthly review, enter figures that others published",
}
"""What a host lets somebody do by granting a permission at a property."""
