"""What a plan decides, as a value people approve; and what today's does that was not approved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .log import canonical
from .plan import Outcome, Person, Plan, key_text
from .seal import fingerprint

REMAPPED = "the data map changed"
ANOTHERS = "another person's rows are touched"
"""What is not as it was approved."""


def decisions_of(
    plan: Plan, key: bytes, rows: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, object]:
    """Return what was decided, as a value that holds no personal data and can be stored.

    :param plan: the plan.
    :param key: secret of the case; people appear as marks made with it.
    :param rows: marks of who is in the rows of its people, which are decided with it.
    """
    people = set(plan.people) | plan.touched() | plan.reached
    promised = plan.promised
    if promised is None:
        promised = frozenset(step.decision for step in plan.steps)
    more: dict[str, object] = {"foreseen": sorted(plan.foreseen)} if plan.foreseen else {}
    if rows:
        more["rows"] = {row: dict(marks) for row, marks in rows.items()}
    return more | {
        "policy": plan.policy,
        "decisions": [
            {
                "table": d.table,
                "outcome": d.outcome.value,
                "columns": list(d.columns),
                "rules": list(d.rules),
                "ground": d.ground,
                "until": d.until,
            }
            for d in sorted(promised)
        ],
        "people": sorted(mark(key, person) for person in people),
    }


def digest(
    plan: Plan, key: bytes, rows: Mapping[str, Mapping[str, str]] | None = None
) -> str:
    """Return the digest of what was decided: never of counts or today's date.

    :param plan: the plan.
    :param key: secret of the case.
    :param rows: marks of who is in the rows of its people.
    """
    return digest_of(decisions_of(plan, key, rows), key)


def digest_of(decisions: Mapping[str, object], key: bytes) -> str:
    """Return the digest of stored decisions; what was noted beside them later is not in it.

    :param decisions: what `decisions_of` returned, or holds.
    :param key: secret of the case.
    """
    decided = {name: decisions[name] for name in _DECIDED if name in decisions}
    return fingerprint(key, "decision", canonical(decided).decode())


_DECIDED = ("decisions", "foreseen", "people", "policy", "rows")


def mark(key: bytes, person: Person) -> str:
    """Return a keyed mark of one subject row."""
    table, row = person
    return fingerprint(key, "person", f"{table}|{key_text(row)}")


def differences(approved: Mapping[str, object], today: Mapping[str, object]) -> tuple[str, ...]:
    """Return what a plan drawn today does that was not approved; empty when it stands.

    A plan stands when it only adds or loses rows under decisions already approved, or when
    something goes because its floor ended as it was announced. A new table, rule, ground or
    person, or another policy version, does not. A stay that had not ended when the plan was
    approved still leaves its bill: what the same policy decides about such tables was approved.
    """
    if all(approved.get(name) == today.get(name) for name in ("decisions", "people", "policy")):
        return ()
    lines = []
    if approved.get("policy") != today.get("policy"):
        lines.append(REMAPPED)
    known = _texts(approved, "decisions")
    announced = _announced(known.values())
    foreseen = _words(approved, "foreseen")
    for text, decision in _texts(today, "decisions").items():
        if isinstance(decision, dict) and decision["table"] in foreseen:
            continue
        if text not in known and not _follows(decision, announced):
            lines.append(_line(decision))
    if set(_texts(today, "people")) - set(_texts(approved, "people")):
        lines.append(ANOTHERS)
    return tuple(lines)


def _words(value: Mapping[str, object], name: str) -> set[str]:
    items = value.get(name)
    return {str(item) for item in items} if isinstance(items, list) else set()


def _announced(decisions: Iterable[object]) -> dict[str, tuple[dict[str, str], set[str]]]:
    """Return table -> (column -> rule that was approved, columns whose end was announced)."""
    found: dict[str, tuple[dict[str, str], set[str]]] = {}
    for d in decisions:
        if not isinstance(d, dict):
            continue
        rules, ends = found.setdefault(str(d["table"]), ({}, set()))
        if d["outcome"] == Outcome.OVERWRITE.value:
            rules.update(zip(d["columns"], d["rules"], strict=True))
        elif d["until"] and not str(d["until"]).startswith("open:"):
            ends.update(d["columns"])
    return found


def _follows(decision: object, announced: Mapping[str, tuple[dict[str, str], set[str]]]) -> bool:
    """Return whether a decision only lets go of what was to go when its floor ends."""
    if not isinstance(decision, dict) or decision["table"] not in announced:
        return False
    rules, ends = announced[decision["table"]]
    if decision["outcome"] == Outcome.DELETE.value:
        return bool(ends)
    if decision["outcome"] != Outcome.OVERWRITE.value or not ends & set(decision["columns"]):
        return False
    pairs = zip(decision["columns"], decision["rules"], strict=True)
    return all(name in ends or rules.get(name) == rule for name, rule in pairs)


def _texts(value: Mapping[str, object], name: str) -> dict[str, object]:
    items = value.get(name)
    return {canonical(item).decode(): item for item in items} if isinstance(items, list) else {}


def _line(decision: object) -> str:
    if not isinstance(decision, dict):
        return "an unreadable decision"
    columns = ", ".join(decision["columns"]) or "the row"
    return f"{decision['outcome']} {decision['table']}: {columns}"
