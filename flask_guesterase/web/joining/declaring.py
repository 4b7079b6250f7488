"""What a vendor declares of a host beside its models: in one place, before anything is erased."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Table

from ...core.backup import Backup
from ...core.canary import Canary
from ...core.errors import ONCE, PolicyError, SetupError
from ...core.holding import LONGEST_NAME, HoldQuery
from ...core.kinds import CALLABLE, NAME, Kind, need
from ...core.policy import Blocker, Policy
from ...core.recipient import Recipient
from ...core.treatment import Exempt
from ...store.hiding import veil
from ...store.lawbook import preconditions
from ...store.mapping.datamap import Target
from ...store.partners import recipients
from ...store.release.place import Take

Backups = Callable[[], Iterable[Backup]]
"""The host's answer to which backups it has, and when each was made."""

Shared = Callable[[Any], bool]
"""The host's answer to whether a user object is a login that several people share."""

_BLOCKER: Kind = "a Blocker", lambda given: isinstance(given, Blocker)
_RECIPIENT: Kind = "a Recipient", lambda given: isinstance(given, Recipient)
_CANARY: Kind = "a Canary", lambda given: isinstance(given, Canary)


class Declaring:
    """Takes what a vendor declares: tables, preconditions, who else holds copies, backups."""

    def __init__(self) -> None:
        self._declared: list[tuple[Target, Policy | Exempt]] = []
        self._blockers: list[Blocker] = []
        self._recipients: list[Recipient] = []
        self._destinations: list[Take] = []
        self._queries: dict[str, HoldQuery] = {}
        self._canaries: dict[str, Canary] = {}
        self._backups: Backups | None = None
        self._shared: Shared | None = None

    def register(self, target: Target, declaration: Policy | Exempt) -> None:
        """Declare a table from outside.

        :param target: mapped class, table, or name of a table.
        :param declaration: a policy, or exempt(reason).
        :raises PolicyError: it is neither, or the target is nothing that has rows.
        """
        if not isinstance(declaration, Policy | Exempt):
            raise PolicyError(
                "A table is registered without a policy.", "Give a Policy, or exempt(reason)."
            )
        if not isinstance(target, str | Table | type):
            raise PolicyError(
                "What is registered is no table.", "Give a mapped class, a Table, or its name."
            )
        self._declared.append((target, declaration))
        veil.renew()

    def block(self, *blockers: Blocker) -> None:
        """Declare preconditions of the hotel: an erasure waits for them, or goes around them.

        :raises PolicyError: a name is no short word, or is taken, or it is no `Blocker`.
        """
        for blocker in blockers:
            need(blocker, _BLOCKER, "block(...)", PolicyError)
            preconditions.check_name(blocker, self._blockers)
            self._blockers.append(blocker)

    def recipient(self, *added: Recipient) -> None:
        """Declare who else holds copies: each is told of every erasure at its property.

        :raises PolicyError: a name is taken, or it is no `Recipient`.
        """
        for each in added:
            need(each, _RECIPIENT, "recipient(...)", PolicyError)
            recipients.check(each, self._recipients)
            self._recipients.append(each)

    def destination(self, *added: Take) -> None:
        """Name what brings checkpoints of the journals to a place outside.

        It is told of them besides the places that the configuration names.

        :param added: callables taking a release: its note, its size and what proves it.
        :raises SetupError: one of them cannot be called.
        """
        for each in added:
            need(each, CALLABLE, "destination(...)", SetupError)
        self._destinations.extend(added)

    def canary(self, declared: Canary) -> None:
        """Declare an invented guest that goes through a property, once two people approved it.

        :raises PolicyError: there is one at this property already, or it is no `Canary`.
        """
        need(declared, _CANARY, "canary(...)", PolicyError)
        if declared.property in self._canaries:
            raise PolicyError(
                "There is a canary at this property already.",
                f"Declare one for each property. {ONCE}",
            )
        self._canaries[declared.property] = declared

    def backups(self, ask: Backups) -> Backups:
        """Name what tells of the host's backups; the sweep and `watch` ask it.

        A host that would rather tell by itself calls ``office.report_backup``.

        :param ask: callable returning `Backup` values: a word, an aware time, and after how many
            hours it is too old.
        :raises SetupError: it cannot be called.
        """
        need(ask, CALLABLE, "backups(...)", SetupError)
        self._backups = ask
        return ask

    def shared(self, ask: Shared) -> Shared:
        """Name what tells which logins several people share, for example those of one role.

        Such a login looks and never acts: whoever acts through it gives their own name and PIN,
        and may do what both they and the login may.

        :param ask: callable taking the host's user object.
        :raises SetupError: it cannot be called.
        """
        need(ask, CALLABLE, "shared(...)", SetupError)
        self._shared = ask
        return ask

    def hold_query(self, name: str, on: str, where: Callable[[Any], Any]) -> None:
        """Register a predicate by which rows can be held, for those of an incident for example.

        :param name: a short name; a hold keeps it.
        :param on: name of a declared table; of a subject table, all rows of whom it names.
        :param where: callable taking the table and returning the condition.
        :raises PolicyError: the name is taken, or too long, or a part is of another kind.
        """
        need(name, NAME, "hold_query(name)", PolicyError)
        need(on, NAME, "hold_query(on)", PolicyError)
        need(where, CALLABLE, "hold_query(where)", PolicyError)
        if name in self._queries or not 0 < len(name) <= LONGEST_NAME:
            raise PolicyError(
                "A query for holds has a name of its own.", f"Give another, shorter name. {ONCE}"
            )
        self._queries[name] = HoldQuery(name, on, where)

    @property
    def canary_properties(self) -> frozenset[str]:
        """Return the properties at which an invented guest is declared."""
        return frozenset(self._canaries)

    @property
    def pins(self) -> bool:
        """Return whether there are logins that several people share."""
        return self._shared is not None
