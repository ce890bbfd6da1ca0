"""Files that were sent: kept in memory, the oldest ones given up when there are too many bytes."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

KEPT_BYTES: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file.

    Attributes:
        id: Its name in URLs.
        content: Its bytes.
        hash: Their SHA-256 in base64, as WhatsApp writes it.
    """

    id: str
    content: bytes
    hash: str


class WebMedia:
    """The files of a simulated WhatsApp.

    Args:
        kept_bytes: How many bytes are kept altogether; the newest file always is.
    """

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._files: dict[str, StoredFile] = {}
        self._bytes = 0

    def add(self, content: bytes) -> StoredFile:
        """Keep a file."""
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        file = StoredFile(secrets.token_urlsafe(16), content, digest)
        self._files[file.id] = file
        self._bytes += len(content)
        while self._bytes > self._kept_bytes and len(self._files) > 1:
            self.remove(next(iter(self._files)))
        return file

    def get(self, file_id: str) -> StoredFile | None:
        """A file, or None if there is none or it was given up."""
        return self._files.get(file_id)

    def remove(self, file_id: str) -> None:
        """Give a file up."""
        file = self._files.pop(file_id, None)
        if file is not None:
            self._bytes -= len(file.content)

    def clear(self) -> None:
        """Give all files up."""
        self._files.clear()
        self._bytes = 0
