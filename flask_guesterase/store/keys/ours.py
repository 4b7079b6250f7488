"""Which folder holds a copy of these keys, and none of another installation's."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ...core.errors import KeyMissingError, SealError
from ..statements.folder import there
from .custodian import FolderCustodian
from .installation import mark
from .keyfile import write
from .roots import Roots
from .wrapped import COPY_OF, CURRENT, Pointer


def leave(keys: FolderCustodian, folder: Path) -> None:
    """Write into a copy whose keys it holds; where no root opens now, it is left as it is.

    :param keys: the keys that were copied.
    :param folder: the copy.
    """
    with suppress(KeyMissingError, SealError):
        write(folder / COPY_OF, f"{mark(keys)}\n".encode())


def is_ours(keys: FolderCustodian, folder: Path, roots: Roots | None = None) -> bool:
    """Return whether a folder holds an earlier copy of these keys; not where nobody can tell.

    A copy from before copies named their installation is known by its root, which was ours or was
    to come next when it was made, or by what opens with the roots that lie in it.

    :param keys: the keys in use.
    :param folder: the folder.
    :param roots: who holds the roots of these keys, where the folder itself does not.
    :raises OSError: it cannot be read.
    """
    with suppress(FileNotFoundError, KeyMissingError, SealError):
        ours, other = keys.root(), Pointer.read((folder / CURRENT).read_bytes())
        if {ours.root, ours.next} & {other.root, other.next} - {""}:
            return True
    with suppress(KeyMissingError, SealError):
        if there(folder / COPY_OF):
            return (folder / COPY_OF).read_bytes().decode("ascii", "replace").strip() == mark(keys)
        return mark(FolderCustodian(folder, roots=roots)) == mark(keys)
    return False
