"""What a host may grant to one of its users at one of its properties."""

from __future__ import annotations

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
