"""Media that was uploaded or that users sent: limits, contents, ids and short-lived URLs."""

from __future__ import annotations

import base64
import hashlib
import secrets
import tempfile
from dataclasses import dataclass
from typing import IO, Any, Final

from blazz.sandbox.graph_errors import Refusal

URL_LIFETIME: Final = 300.0
"""A media URL works for 5 minutes."""
UPLOAD_LIFETIME: Final = 30 * 86_400.0
"""Uploaded media stays for 30 days."""
RECEIVED_LIFETIME: Final = 7 * 86_400.0
"""Media that a user sent stays for 7 days."""

_MB: Final = 1024 * 1024
_IN_MEMORY: Final = 256 * 1024

LIMITS: Final[dict[str, int]] = {
    **dict.fromkeys(
        ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg", "audio/opus"), 16 * _MB
    ),
    **dict.fromkeys(("image/jpeg", "image/png"), 5 * _MB),
    "image/webp": 500 * 1024,
    **dict.fromkeys(("video/mp4", "video/3gpp", "video/3gp"), 16 * _MB),
    **dict.fromkeys(
        (
            "text/plain",
            "text/csv",
            "application/pdf",
            "application/msword",
            "application/vnd.ms-excel",
            "application/vnd.ms-powerpoint",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        ),
        100 * _MB,
    ),
}
"""The types that can be uploaded, and how many bytes they may have."""

LARGEST: Final = max(LIMITS.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """One piece of media.

    Attributes:
        id: Its id.
        mime_type: Its type, as it was given.
        sha256: The hash of its content, in base64 as Meta writes it.
        size: Its size in bytes.
        content: An open file with its content.
        expires_at: When it is deleted, by the sandbox's clock.
    """

    id: str
    mime_type: str
    sha256: str
    size: int
    content: IO[bytes]
    expires_at: float


class MediaStore:
    """All media. Small pieces are held in memory, others in temporary files.

    Args:
        key: Signs the URLs; made up if it is not given.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._media: dict[str, Media] = {}
        self._key = key or secrets.token_bytes(16)
        self._count = 0

    def add(self, content: bytes, mime_type: str, *, now: float, received: bool = False) -> Media:
        """Keep a piece of media.

        Raises:
            Refusal: Its type is not supported or it is too large.
        """
        base_type = mime_type.partition(";")[0].strip().lower()
        limit = LIMITS.get(base_type)
        if limit is None:
            known = ", ".join(sorted(LIMITS))
            text = f"Param file must be a file with one of the following types: {known}."
            raise Refusal(
                100, text, message=f"(#100) {text} Received file of type {base_type[:80]!r}."
            )
        if not content or len(content) > limit:
            raise Refusal(
                131053, f"{base_type} must have 1 to {limit} bytes, this has {len(content)}"
            )
        self._count += 1
        lifetime = RECEIVED_LIFETIME if received else UPLOAD_LIFETIME
        file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # kept open
        file.write(content)
        media = Media(
            id=self._new_id(),
            mime_type=mime_type,
            sha256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
            size=len(content),
            content=file,
            expires_at=now + lifetime,
        )
        self._media[media.id] = media
        return media

    def get(self, media_id: str, now: float) -> Media | None:
        """Find media that has not expired."""
        media = self._media.get(media_id)
        if media is not None and now >= media.expires_at:
            self.delete(media_id)
            return None
        return media

    def delete(self, media_id: str) -> bool:
        """Delete media; False if there was none."""
        media = self._media.pop(media_id, None)
        if media is None:
            return False
        media.content.close()
        return True

    def url_query(self, media: Media, now: float) -> dict[str, Any]:
        """What a URL of this media carries: how long it works, and a signature."""
        expires = int(now + URL_LIFETIME)
        return {"mid": media.id, "ext": expires, "hash": self._sign(media.id, expires)}

    def is_valid_url(self, media_id: str, expires: str, signature: str, now: float) -> bool:
        """Whether a URL was made by `url_query` and still works."""
        if not expires.isascii() or not expires.isdigit() or len(expires) > 12:
            return False
        expected = self._sign(media_id, int(expires))
        return secrets.compare_digest(expected.encode(), signature.encode()) and now < int(expires)

    def clear(self) -> None:
        """Delete everything."""
        for media_id in list(self._media):
            self.delete(media_id)

    def __len__(self) -> int:
        return len(self._media)

    def _new_id(self) -> str:
        digest = hashlib.blake2b(b"%d" % self._count, key=self._key, digest_size=6).digest()
        return str(10**15 + int.from_bytes(digest, "big"))

    def _sign(self, media_id: str, expires: int) -> str:
        message = f"{media_id}:{expires}".encode("utf-8", "replace")
        return hashlib.blake2b(message, key=self._key, digest_size=16).hexdigest()
