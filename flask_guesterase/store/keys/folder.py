"""The key folder as the system shows it: there or not, private, one change at a time."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ...core.errors import KeyMissingError, SealError, SetupError
from ..statements.folder import refused_as
from .keyfile import create
from .wrapped import CURRENT


class KeyFolder:
    """A folder of keys, whatever they lie under.

    :param path: the folder, readable for its owner only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.current = path / CURRENT
        self.mutex = threading.RLock()
        self._private = False

    def exists(self) -> bool:
        """Tell whether the folder was created to its end.

        :raises SetupError: this account may not look into it.
        """
        try:
            self.current.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as problem:
            with self.usable():
                raise problem
        return True

    def private(self) -> None:
        """Make sure that nobody else can read the folder.

        :raises KeyMissingError: there is no folder.
        :raises SealError: its mode lets others in.
        """
        if self._private:
            return
        try:
            with self.usable():
                mode = self.path.stat().st_mode
        except FileNotFoundError:
            raise self.missing("") from None
        if mode & 0o077:
            raise SealError(
                f"The key folder {self.path} is open to other users.",
                f"Run `chmod 700 {self.path}`.",
            )
        self._private = True

    def missing(self, filename: str) -> KeyMissingError:
        """Return the error for a file that is not there: the file, or the whole folder."""
        if not self.path.exists():
            what = f"The key folder {self.path} is not there."
        elif not self.exists():
            what = f"The key folder {self.path} holds no keys ({filename or CURRENT} is missing)."
        else:
            return KeyMissingError(
                f"The key file {self.path / filename} is not there.",
                "Bring it back from a copy of the key folder; a key whose day is over is gone.",
            )
        return KeyMissingError(
            what,
            "Mount the key folder, or bring its copy back; keys are made once, at installation, by "
            "`flask guesterase db upgrade`.",
        )

    def usable(self) -> AbstractContextManager[None]:
        """Name the folder where the system refuses it; a file that is not there is another matter.

        :raises SetupError: it belongs to another account, cannot be written, or its disk is full.
        """
        return refused_as(
            SetupError, f"The key folder {self.path} cannot be used",
            "Let it and its files belong to the account of this application, keep it writable, "
            "and look for free space on its disk.",
            apart=(FileNotFoundError,),
        )  # fmt: skip

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one thread of one process change the folder at a time.

        :raises SetupError: the system does not let this account change it.
        """
        self._private = False
        self.private()
        with self.usable(), self.mutex:
            handle = create(self.path / "lock", os.O_RDWR)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)
