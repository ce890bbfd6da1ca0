"""Keeps the secrets of subscribers unreadable for whoever reads the database.

They are needed in full to sign with, so they are sealed, not hashed. The key comes from the ring of
`BLAZZ_KEYS`; without it one is made in the server's folder, which is enough for one instance.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from blazz.errors import WrongKey
from blazz.security.keyring import ENVIRONMENT_VARIABLE, KeyRing

_PURPOSE = "webhook subscription"
_NONCE = 12
_FINGERPRINT = 8


class SecretBox:
    """Seals and opens short texts, each bound to what it belongs to.

    Args:
        ring: The newest key seals; all open.
    """

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    @classmethod
    def in_folder(cls, folder: Path) -> SecretBox:
        """Take the ring of the environment, or the one in a folder, which is made."""
        if os.environ.get(ENVIRONMENT_VARIABLE, "").strip():
            return cls(KeyRing.from_environment())
        return cls(KeyRing.from_file(folder / "webhook-keys", create=True))

    def seal(self, text: str, *, owner: str) -> str:
        """Seal a text that belongs to `owner`."""
        fingerprint, nonce = self._ring.newest, os.urandom(_NONCE)
        key = self._ring.derive(_PURPOSE, owner, key=fingerprint)
        sealed = AESGCM(key).encrypt(nonce, text.encode(), owner.encode())
        return base64.b64encode(fingerprint + nonce + sealed).decode()

    def open(self, sealed: str, *, owner: str) -> str:
        """Open it.

        Raises:
            WrongKey: The key is not in the ring, or the text belongs to somebody else.
        """
        raw = base64.b64decode(sealed)
        fingerprint, nonce = raw[:_FINGERPRINT], raw[_FINGERPRINT : _FINGERPRINT + _NONCE]
        key = self._ring.derive(_PURPOSE, owner, key=fingerprint)
        try:
            opened = AESGCM(key).decrypt(nonce, raw[_FINGERPRINT + _NONCE :], owner.encode())
        except InvalidTag as error:
            raise WrongKey(f"what is kept for {owner} cannot be opened with this key") from error
        return opened.decode()
