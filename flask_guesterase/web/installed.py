"""What works by itself in an application that has the extension: rounds, sweeps, replays."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ..core.backup import Backup
from ..core.finding import Finding
from ..store.invented import hatching
from ..store.invented.scratch import clear, scratch
from ..store.journaling.pruning import Wish, prune
from ..store.office import Office
from ..store.release.releasing import release as released
from ..store.returning.replay import Survey
from ..store.returning.replay import replay as replayed
from ..store.statements.connection import one
from ..store.sweep import Limits
from ..store.sweep import sweep as swept
from ..store.sweeping.report import Report, SweepReport
from ..store.transaction import transaction
from ..store.upkeep.upgrade import require
from ..store.worker import NOT_DELIVERING
from ..store.worker import work as round_of
from .commands import checkup
from .entrance import Entrance

_log = logging.getLogger("flask_guesterase")


class Installed(Entrance):
    """The extension in an application that has it: the door to the office, and the work."""

    @property
    def wakes(self) -> bool:
        """Return whether this process does what is due in the background, woken by traffic."""
        bell = self._state().bell
        return bell is not None and bell.serves()

    def wake(self) -> bool:
        """Let a round in the background begin at once; return whether this process does any."""
        bell = self._state().bell
        return bell is not None and bell.now()

    def work(self) -> Report:
        """Do one round of everything that is due: intake, erasures, messages, files, keys.

        :raises SetupError: a newer version of the package made our tables.
        """
        with one(self.host.engine()):
            self._known_tables()
            return round_of(self.run, self._render, self._every_channel())

    def _known_tables(self) -> None:
        with transaction(self.host.engine(), False) as conn:
            require(conn)

    def deliver(self) -> Report:
        """Send messages, remove files and tell recipients that are due, and nothing else."""
        with one(self.host.engine()):
            return round_of(self.run, self._render, self._every_channel(), NOT_DELIVERING)

    def sweep(
        self,
        confirm_by: str | None = None,
        *,
        previews: Sequence[int] | None = None,
        seconds: float | None = None,
        rows: int | None = None,
        join: bool = False,
        progress: Callable[[int], None] | None = None,
    ) -> SweepReport:
        """Erase what is due because its day has come, where a person confirmed what that is.

        :param confirm_by: the host's id of who confirms what the last sweep showed, or None.
        :param previews: numbers of the previews they read; None for the newest ones.
        :param seconds: how long it may begin further batches; the rest stays due.
        :param rows: how many rows it may erase by their day.
        :param join: take part in erasing while another sweep leads.
        :param progress: told after each batch how many rows it had.
        :raises SetupError: a newer version of the package made our tables.
        :raises SweepingError: another sweep is at work, and this one was not to join it.
        """
        self._known_tables()
        limits = Limits(seconds, rows, join, self._pressure, progress)
        self.ask_backups()
        channels = self._every_channel()
        with one(self.host.engine()):
            report = swept(
                self.run, self._render, channels, confirm_by, self._night_audit, limits, previews
            )
        with report.trying("canary"):
            clear(self.host.engine())
        if self._canaries and not (report.doubt or report.joined or report.stopped):
            with report.trying("canary"):
                report.add("canary", len(self.send_canaries()))
        return report

    def ask_backups(self) -> None:
        """Ask the host for its backups and write down what it says; what it raises is logged."""
        if self._backups is None:
            return
        try:
            for each in self._backups():
                self.run(partial(_reported, each))
        except Exception as problem:
            # The host's own code: whatever it raises, the night goes on, and its text is not kept.
            _log.error("guesterase: %s while asked for backups", type(problem).__name__)

    def send_canaries(self, at_once: bool = False) -> dict[str, str]:
        """Send the invented guests that are due, and look again for the last ones.

        :param at_once: do not wait until it is time again.
        :return: property -> what became of it, where there was something to do.
        """
        done = {}
        for code, canary in sorted(self._canaries.items()):
            hatching.again(self.run, canary)
            ways = canary.backup, canary.restored
            drill = partial(scratch, self.run, self.host.engine(), *ways)
            state = hatching.send(self.run, self.host, canary, drill, at_once)
            if state:
                done[code] = state
        return done

    def replay(self, checkpoints: Iterable[str] = ()) -> Survey:
        """Carry out again what a restored database has forgotten; return what was done.

        :param checkpoints: signed checkpoints of the journals, brought from where they were kept.
        :raises InputError: one of them is no checkpoint of this house.
        :raises SetupError: no register is kept, or it is not where it was, or a newer version made
            our tables.
        """
        self._known_tables()
        return replayed(self.run, tuple(checkpoints))

    def release(self, note: Callable[[str, str], None]) -> int:
        """Bring the checkpoints of the journals to the places outside now; return how many arrived.

        :param note: told the way to a place that could not be reached, and what went wrong.
        :raises BlockedError: this database was restored and has not caught up.
        """
        return released(self.run, note, at_once=True)

    def prune(self, what: Wish) -> int:
        """Take old entries out of a journal that two people may have taken out.

        :param what: what `Office.prune` returned.
        :return: how many went.
        :raises TamperedError: the journal does not prove itself; nothing goes then.
        """
        return prune(self.run, what)

    def check(self) -> list[Finding]:
        """Return everything that is wrong: data map, live database and installation."""
        return checkup.findings(self, self._recipients, self._authorize is not None)


def _reported(backup: Backup, office: Office) -> None:
    office.report_backup(backup.at, backup.kind, backup.hours)
