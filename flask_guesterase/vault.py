"""Roots in HashiCorp Vault or OpenBao: each is one key of the transit engine, and never leaves it.

``pip install flask-guesterase[vault]``; then ``Guesterase(db, roots=VaultRoots(url, token))``. The
keys of days, cases and holds stay in the key folder, wrapped by the root; the service holds the
root alone and writes down each use of it. When it destroys a root, every copy of the folder from
before is worthless at once, wherever it lies.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import hvac
import requests
from hvac.exceptions import (
    Forbidden,
    InvalidPath,
    InvalidRequest,
    Unauthorized,
    VaultDown,
    VaultError,
)

from .core.errors import KeyMissingError, SealError
from .store.keys.roots import Pair

TIMEOUT = 10.0
"""Seconds after which a service that does not answer is given up."""

_Answer = TypeVar("_Answer")


class VaultRoots:
    """Holds roots in the transit engine of Vault.

    Its policy needs, below the mount: create, read, update and delete on ``keys/<prefix>-*``,
    update on ``keys/<prefix>-*/config``, ``encrypt/<prefix>-*`` and ``decrypt/<prefix>-*``; no
    create on ``encrypt``, so that a root that was destroyed is never made again by mistake.

    :param url: address of the service, ``https://vault.example.com:8200``.
    :param token: callable that returns a token that is valid now; it is asked before each use.
    :param mount: where the transit engine is mounted.
    :param prefix: begins the names of the roots; hotels that share a mount may share it.
    :param namespace: namespace of Vault Enterprise or OpenBao, or None.
    :param verify: True, or the file of the authority that signed the service's certificate.
    :param timeout: seconds.
    """

    kind = "vault"

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        mount: str = "transit",
        *,
        prefix: str = "guesterase",
        namespace: str | None = None,
        verify: bool | str = True,
        timeout: float = TIMEOUT,
    ) -> None:
        self._url = url
        self._token = token
        self._mount = mount
        self._prefix = prefix
        self._namespace = namespace
        self._verify = verify
        self._timeout = timeout
        self._local = threading.local()

    def make(self, root: str) -> None:
        """Make a root, and show that the service binds what it wraps.

        :param root: 16 hex digits.
        :raises SealError: it cannot be made, or the service is too old to bind anything.
        """
        name = self._name(root)
        self._ask(
            lambda transit: transit.create_key(
                name, exportable=False, allow_plaintext_backup=False, key_type="aes256-gcm96",
                mount_point=self._mount,
            )
        )  # fmt: skip
        probe = self.wrap(root, [(bytes(32), b"one")])[0]
        wrong = {"ciphertext": probe.decode(), "associated_data": _b64(b"another")}
        if not self._results("decrypt_data", root, [wrong])[0].get("error"):
            raise SealError(
                "The key service does not bind what it encrypts to anything.",
                "Use a version that knows associated_data: Vault 1.13 or OpenBao, or newer.",
            )

    def exists(self, root: str) -> bool:
        """Return whether there is a root of this name.

        :raises SealError: the service cannot be asked now.
        """
        name = self._name(root)
        try:
            self._ask(lambda transit: transit.read_key(name, mount_point=self._mount))
        except KeyMissingError:
            return False
        return True

    def wrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        """Return keys encrypted under a root, as the service writes them (``vault:v1:...``).

        :raises KeyMissingError: the root was destroyed.
        :raises SealError: the service cannot be asked now; nothing was changed.
        """
        batch = [{"plaintext": _b64(key), "associated_data": _b64(aad)} for key, aad in pairs]
        found = self._batch("encrypt_data", root, batch, "ciphertext")
        return [text.encode("ascii") for text in found]

    def unwrap(self, root: str, pairs: Sequence[Pair]) -> list[bytes]:
        """Return the keys that were wrapped under a root.

        :raises KeyMissingError: the root was destroyed.
        :raises SealError: one is not as it was wrapped, or the service cannot be asked now.
        """
        batch = [
            {"ciphertext": sealed.decode("ascii", "replace"), "associated_data": _b64(aad)}
            for sealed, aad in pairs
        ]
        found = self._batch("decrypt_data", root, batch, "plaintext")
        try:
            return [base64.b64decode(text, validate=True) for text in found]
        except binascii.Error:
            raise _strange() from None

    def destroy(self, root: str) -> None:
        """Destroy a root for good; again and again without harm.

        :raises SealError: it could not be destroyed; it is tried again by the next rotation.
        """
        if not self.exists(root):
            return
        name = self._name(root)
        self._ask(
            lambda transit: transit.update_key_configuration(
                name, deletion_allowed=True, mount_point=self._mount
            )
        )
        self._ask(lambda transit: transit.delete_key(name, mount_point=self._mount))
        if self.exists(root):
            raise SealError(
                "The key service still holds a root it was told to destroy.",
                f"Look at the key {name} there, and at who may delete it.",
            )

    def mark(self, root: str) -> bytes:
        """Return by which the service is known, the same for all roots.

        Its own copies hold each new root by themselves, so that nobody copies one by hand.
        """
        where = f"{self._url}\0{self._namespace or ''}\0{self._mount}\0{self._prefix}"
        return hashlib.sha256(b"guesterase/vault\0" + where.encode()).digest()

    def _name(self, root: str) -> str:
        return f"{self._prefix}-{root}"

    def _batch(
        self, verb: str, root: str, batch: list[dict[str, str]], wanted: str
    ) -> list[str]:
        """Let the service do many things at once; return what is wanted of each."""
        results = self._results(verb, root, batch)
        if any(item.get("error") for item in results):
            raise SealError(
                "A wrapped key does not open: it is not as it was wrapped.",
                "Compare it with a copy from before.",
            )
        found = [item.get(wanted) for item in results]
        if not all(isinstance(text, str) and text for text in found):
            raise _strange()
        return [str(text) for text in found]

    def _results(
        self, verb: str, root: str, batch: list[dict[str, str]]
    ) -> list[Mapping[str, Any]]:
        """Return what the service answers to each of a batch: what is asked for, or an error."""
        name = self._name(root)

        def use(transit: Any) -> Any:
            try:
                return getattr(transit, verb)(
                    name, batch_input=batch, mount_point=self._mount, **_NOTHING[verb]
                )
            except InvalidRequest as problem:
                # Newer versions answer 400 when one of many failed, and say which.
                if _of(problem.json) is None:
                    raise
                return problem.json

        results = _of(self._ask(use))
        if results is None or len(results) != len(batch):
            raise _strange()
        return results

    def _ask(self, use: Callable[[Any], _Answer]) -> _Answer:
        """Use the service; whatever goes wrong becomes an error that names cause and next step."""
        try:
            return use(self._client().secrets.transit)
        except (Forbidden, Unauthorized):
            raise SealError(
                "The key service refused this application: permission denied.",
                "Renew its token, and compare its policy with the one of the documentation.",
            ) from None
        except VaultDown:
            raise SealError(
                "The key service is sealed, or waits for its active node.",
                "Unseal it; nothing was changed, and the step is tried again.",
            ) from None
        except InvalidPath as problem:
            if not problem.errors:
                raise _gone() from None
            # A wrong mount must not look like a root that was destroyed.
            raise SealError(
                "The key service has no transit engine where it should be.",
                f"Enable it at '{self._mount}', or give VaultRoots the right mount and namespace.",
            ) from None
        except InvalidRequest as problem:
            raise _refused(problem) from None
        except (VaultError, requests.RequestException) as problem:
            raise SealError(
                f"The key service cannot be used now ({type(problem).__name__}).",
                "Look at the service and the network; nothing was changed, it is tried again.",
            ) from None

    def _client(self) -> hvac.Client:
        """Return this thread's client, made anew after a fork, with a token that is valid now."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.process = os.getpid()
            self._local.client = hvac.Client(
                url=self._url, namespace=self._namespace, verify=self._verify,
                timeout=self._timeout,
            )  # fmt: skip
        client: hvac.Client = self._local.client
        client.token = self._current()
        return client

    def _current(self) -> str:
        """Return a token that is valid now, as the host gives it; its error may quote one."""
        try:
            return self._token()
        except Exception as problem:
            raise SealError(
                f"The token for the key service cannot be had ({type(problem).__name__}).",
                "Look at where the application takes it from; nothing was changed, it is tried "
                "again.",
            ) from None


_NOTHING: Mapping[str, Mapping[str, None]] = {
    "encrypt_data": {"plaintext": None}, "decrypt_data": {"ciphertext": None},
}  # fmt: skip


def _b64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _refused(problem: InvalidRequest) -> SealError:
    """Return the error for a request that the service does not take; 400 has many causes."""
    told = " ".join(map(str, problem.errors or ()))
    if "key not found" in told or "no existing key" in told or "policy not found" in told:
        return _gone()
    return SealError(
        "The key service does not take this request.",
        "Compare its version and the type of its keys (aes256-gcm96) with the documentation.",
    )


def _gone() -> KeyMissingError:
    return KeyMissingError(
        "The key service has no such root: it was destroyed.",
        "Bring back the newest copy of the key folder; what lay under that root alone is gone.",
    )


def _of(answer: Any) -> list[Mapping[str, Any]] | None:
    """Return the results of a batch that an answer holds, or None where it holds none."""
    data = answer.get("data") if isinstance(answer, dict) else None
    results = data.get("batch_results") if isinstance(data, dict) else None
    good = isinstance(results, list) and all(isinstance(item, dict) for item in results)
    return results if good else None


def _strange() -> SealError:
    return SealError(
        "The key service gave an answer of another form.",
        "Look at what stands between it and this application; nothing was changed.",
    )
