"""Encryption of chunks and manifests, each bound to the session, kind and place it belongs to."""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from blazz.auth_stores.snapshot.chunks import CHUNK_ID_BYTES, KEY_BYTES
from blazz.auth_stores.snapshot.compression import NotExpandable, compress, expand
from blazz.security.keyring import KeyRing

MAX_MANIFEST_BYTES: Final = 64 * 1024 * 1024
_MAGIC: Final = b"BLZ1"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_HEADER_BYTES: Final = len(_MAGIC) + KEY_BYTES + _NONCE_BYTES


class NotAuthentic(ValueError):
    """It was not sealed by us for this place: cut short, altered, or from somewhere else."""


class Sealer:
    """Seals and opens the content of one session and kind.

    A sealed blob is `BLZ1`, the fingerprint of the key in the ring, a random nonce, and compressed
    content under AES-256-GCM. The associated data names the place, so that a blob opens there and
    nowhere else. Every session and kind has keys of its own; one of them also names chunks: equal
    chunks of two sessions have different names, and nobody without the key can ask whether some
    known content is stored.

    Random nonces of 96 bits allow 2^32 seals with one key, far more than a session makes.
    """

    def __init__(self, ring: KeyRing, *context: str) -> None:
        self._ring = ring
        self._context = context
        self._cipher = functools.cache(self._make_cipher)
        self._naming_key = functools.cache(self._make_naming_key)

    @property
    def newest(self) -> bytes:
        """The fingerprint of the key that seals."""
        return self._ring.newest

    def chunk_id(self, data: bytes, key: bytes | None = None) -> bytes:
        """The name of a chunk: a keyed hash (BLAKE2b) of its content.

        Raises:
            WrongKey: The ring has no such key.
        """
        naming_key = self._naming_key(key or self.newest)
        return hashlib.blake2b(data, digest_size=CHUNK_ID_BYTES, key=naming_key).digest()

    def seal_chunk(self, chunk_id: bytes, data: bytes) -> bytes:
        """Seal a chunk with the newest key."""
        return self._seal(data, ("chunk", chunk_id.hex()))

    def open_chunk(self, chunk_id: bytes, key: bytes, blob: bytes, *, size: int) -> bytes:
        """Open a chunk of exactly `size` bytes and prove that it is the one of that name.

        Raises:
            NotAuthentic: It is not that chunk.
            WrongKey: The ring has not the key that sealed it.
        """
        data = self._open(blob, key, ("chunk", chunk_id.hex()), most=size)
        if len(data) != size or not hmac.compare_digest(self.chunk_id(data, key), chunk_id):
            raise NotAuthentic("the content is not the one that the name stands for")
        return data

    def seal_manifest(self, name: str, content: bytes) -> bytes:
        """Seal the manifest that is stored under a name."""
        return self._seal(content, ("manifest", name))

    def open_manifest(self, name: str, blob: bytes, *, key: bytes | None) -> bytes:
        """Open the manifest that is stored under a name.

        Args:
            name: Its name.
            blob: What is stored.
            key: The fingerprint that it must be sealed with, if that is known.

        Raises:
            NotAuthentic: It is not that manifest.
            WrongKey: The ring has not the key that sealed it.
        """
        needed = key_of(blob) if key is None else key
        return self._open(blob, needed, ("manifest", name), most=MAX_MANIFEST_BYTES)

    def _seal(self, data: bytes, place: tuple[str, ...]) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        header = _MAGIC + self.newest + nonce
        cipher = self._cipher(self.newest)
        return header + cipher.encrypt(nonce, compress(data), self._bound_to(header, place))

    def _open(self, blob: bytes, key: bytes, place: tuple[str, ...], *, most: int) -> bytes:
        header, sealed = blob[:_HEADER_BYTES], blob[_HEADER_BYTES:]
        if len(header) < _HEADER_BYTES or len(sealed) < _TAG_BYTES:
            raise NotAuthentic(f"only {len(blob)} bytes long")
        if not header.startswith(_MAGIC):
            raise NotAuthentic("not sealed by blazz")
        if key_of(blob) != key:
            raise NotAuthentic("sealed with another key than its revision names")
        nonce = header[-_NONCE_BYTES:]
        try:
            packed = self._cipher(key).decrypt(nonce, sealed, self._bound_to(header, place))
        except InvalidTag:
            raise NotAuthentic("altered, or not from this place") from None
        try:
            return expand(packed, most=most)
        except NotExpandable as error:
            raise NotAuthentic(str(error)) from error

    def _bound_to(self, header: bytes, place: tuple[str, ...]) -> bytes:
        return header + "\0".join((*self._context, *place)).encode()

    def _make_cipher(self, key: bytes) -> AESGCM:
        return AESGCM(self._ring.derive("seal", *self._context, key=key))

    def _make_naming_key(self, key: bytes) -> bytes:
        return self._ring.derive("chunk id", *self._context, key=key)


def key_of(blob: bytes) -> bytes:
    """The fingerprint of the key that a blob says it is sealed with."""
    return blob[len(_MAGIC) : len(_MAGIC) + KEY_BYTES]
