"""A server on loopback that speaks the protocol of Vault's transit engine, as its API is published.

Keys of the type aes256-gcm96 with versions, ``vault:v1:`` ciphertexts (base 64 of nonce and AES-GCM
output), ``associated_data``, ``batch_input``, deletion that must be allowed first, tokens in
``X-Vault-Token`` with policies as path and capabilities, errors as ``{"errors": [...]}``. Written
from the public API documentation; it shares no code with the package.
"""

from __future__ import annotations

import base64
import fnmatch
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Answer = tuple[int, dict[str, Any] | None]

ROOT_TOKEN = "invented-root-token"


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(status)
        self.status = status
        self.errors = list(errors)


class Transit:
    """The state of the service.

    :param binds: False plays a version from before associated_data, which passes over it.
    :param partial: status of a batch of which an item failed: 400 now, 200 in older versions.
    """

    def __init__(self, binds: bool = True, partial: int = 400) -> None:
        self.keys: dict[str, dict[str, Any]] = {}
        self.policies: dict[str, dict[str, set[str]]] = {
            ROOT_TOKEN: {"*": {"create", "read", "update", "delete"}}
        }
        self.sealed = False
        self.failing: list[int] = []
        self.delay = 0.0
        self.calls: list[str] = []
        self.binds = binds
        self.partial = partial
        self.lock = threading.Lock()

    def answer(self, method: str, path: str, token: str, body: dict[str, Any]) -> Answer:
        """Return status and body for a request."""
        if self.delay:
            time.sleep(self.delay)
        if self.failing:
            raise Refusal(self.failing.pop(0), "internal error")
        if self.sealed:
            raise Refusal(503, "Vault is sealed")
        parts = path.removeprefix("/v1/").split("/")
        if parts[0] != "transit" or len(parts) < 3:
            raise Refusal(404, f"no handler for route \"{'/'.join(parts[:2])}\"")
        with self.lock:
            self.calls.append(f"{method} {'/'.join(parts[1:])}")
            self._allow(token, method, "/".join(parts), parts)
            if parts[1] == "keys":
                return self._key(method, parts, body)
            if parts[1] in ("encrypt", "decrypt") and method in ("POST", "PUT"):
                return self._crypt(parts[1], parts[2], body)
        raise Refusal(405, "unsupported operation")

    def _allow(self, token: str, method: str, path: str, parts: list[str]) -> None:
        needed = {"GET": "read", "DELETE": "delete"}.get(method, "update")
        if method in ("POST", "PUT") and parts[2] not in self.keys:
            needed = "create"
        granted: set[str] = set()
        for pattern, capabilities in self.policies.get(token, {}).items():
            if fnmatch.fnmatch(path, pattern):
                granted |= capabilities
        if needed not in granted:
            # Without create, an upsert falls through to the engine, which finds no key.
            raise Refusal(403, "permission denied")

    def _key(self, method: str, parts: list[str], body: dict[str, Any]) -> Answer:
        name = parts[2]
        if parts[3:] == ["config"] and method in ("POST", "PUT"):
            if name not in self.keys:
                raise Refusal(400, f"no existing key named {name} could be found")
            self.keys[name]["deletion_allowed"] |= bool(body.get("deletion_allowed"))
            return 200, {"data": self._told(name)}
        if method in ("POST", "PUT"):
            if body.get("type", "aes256-gcm96") != "aes256-gcm96":
                raise Refusal(400, "unknown key type")
            there = name in self.keys
            self._create(name)
            warnings = [f"key {name} already existed"] if there else None
            return 200, {"data": self._told(name), "warnings": warnings}
        if method == "GET":
            if name not in self.keys:
                raise Refusal(404)
            return 200, {"data": self._told(name)}
        if name not in self.keys:
            raise Refusal(400, f"error deleting policy {name}: could not delete key; not found")
        if not self.keys[name]["deletion_allowed"]:
            raise Refusal(
                500, f"error deleting policy {name}: deletion is not allowed for this key"
            )
        del self.keys[name]
        return 204, None

    def _create(self, name: str) -> None:
        self.keys.setdefault(name, {"1": os.urandom(32), "deletion_allowed": False})

    def _told(self, name: str) -> dict[str, Any]:
        return {
            "name": name, "type": "aes256-gcm96", "derived": False, "exportable": False,
            "deletion_allowed": self.keys[name]["deletion_allowed"], "latest_version": 1,
            "min_decryption_version": 1, "keys": {"1": 1700000000},
        }  # fmt: skip

    def _crypt(self, verb: str, name: str, body: dict[str, Any]) -> Answer:
        items = body.get("batch_input")
        batch = items is not None
        if batch and not items:
            raise Refusal(400, "missing batch input to process")
        if name not in self.keys:
            if verb == "decrypt":
                raise Refusal(400, "encryption key not found")
            self._create(name)  # whoever may create gets a key by encrypting
        results = [self._one(verb, name, item) for item in (items if batch else [body])]
        if not batch:
            if "error" in results[0]:
                raise Refusal(400, results[0]["error"])
            return 200, {"data": results[0]}
        failed = any("error" in item for item in results)
        return (self.partial if failed else 200), {"data": {"batch_results": results}}

    def _one(self, verb: str, name: str, item: dict[str, Any]) -> dict[str, Any]:
        cipher = AESGCM(self.keys[name]["1"])
        aad = base64.b64decode(item.get("associated_data") or "") if self.binds else b""
        if verb == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + cipher.encrypt(nonce, base64.b64decode(item["plaintext"]), aad)
            text = f"vault:v1:{base64.b64encode(sealed).decode()}"
            return {"ciphertext": text, "key_version": 1}
        head, _, text = item.get("ciphertext", "").rpartition(":")
        if head != "vault:v1":
            return {"error": "invalid ciphertext: no prefix"}
        try:
            sealed = base64.b64decode(text, validate=True)
            plain = cipher.decrypt(sealed[:12], sealed[12:], aad)
        except (InvalidTag, ValueError):
            return {"error": "cipher: message authentication failed"}
        return {"plaintext": base64.b64encode(plain).decode()}


@contextmanager
def serving(transit: Transit) -> Iterator[str]:
    """Serve on a free loopback port; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer, which nobody's delayed acknowledgement holds up

        def _do(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            token = self.headers.get("X-Vault-Token") or ""
            try:
                status, told = transit.answer(self.command, self.path, token, body)
            except Refusal as refusal:
                status, told = refusal.status, {"errors": refusal.errors}
            content = b"" if told is None else json.dumps(told).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                self.wfile.flush()
            except OSError:
                self.close_connection = True  # who asked did not wait for the answer

        do_GET = do_POST = do_PUT = do_DELETE = _do

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
