"""Keys as this process has read them: each is remembered until another file takes its place."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from ...core.errors import SealError
from .keyring import Keyring
from .wrapped import file_of, secret_of

_REMEMBERED = 2048


class OpenedKeys:
    """The keys of labels and the lasting secrets of one folder, by their names.

    :param ring: the files of the folder.
    """

    def __init__(self, ring: Keyring) -> None:
        self.path = ring.path
        self._ring = ring
        self._known: OrderedDict[str, tuple[tuple[int, int], bytes]] = OrderedDict()
        self._paths: dict[str, Path] = {}

    def _file(self, label: str) -> Path:
        return self._path(file_of(label))

    def _path(self, name: str) -> Path:
        """Return a file of the folder: to put its path together takes longer than to look at it."""
        found = self._paths.get(name)
        if found is None:
            if len(self._paths) >= _REMEMBERED:
                self._paths.clear()
            found = self._paths[name] = self.path / name
        return found

    def _open(self, label: str) -> bytes:
        return self._read(label, self._file(label))

    def _secret(self, name: str) -> bytes:
        return self._read(name, self._secret_file(name))

    def _secret_file(self, name: str) -> Path:
        return self._path(secret_of(name))

    def _read(self, label: str, path: Path) -> bytes:
        """Return a key by its name; what another process destroyed is gone here too."""
        with self._ring.mutex:
            try:
                stat = path.stat()
            except FileNotFoundError:
                self._known.pop(label, None)
                raise self._ring.missing(path.name) from None
            except OSError as problem:
                with self._ring.usable():
                    raise problem
            stamp = (stat.st_ino, stat.st_mtime_ns)
            known = self._known.get(label)
            if known is not None and known[0] == stamp:
                return known[1]
            name, key = self._ring.read(path.name)
            if name != label:
                raise SealError(
                    f"The key file {path.name} holds the key of {name}.",
                    "Somebody put another file in its place; bring its copy back.",
                )
            self._known[label] = (stamp, key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            return key
