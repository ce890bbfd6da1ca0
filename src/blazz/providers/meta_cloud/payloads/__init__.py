"""Bodies of `POST /{phone-number-id}/messages`, built from messages; pure, no I/O."""

from __future__ import annotations

from blazz.providers.meta_cloud.payloads.media import unresolved_media, with_media
from blazz.providers.meta_cloud.payloads.request import (
    json_body,
    mark_read_body,
    message_body,
)

__all__ = [
    "json_body",
    "mark_read_body",
    "message_body",
    "unresolved_media",
    "with_media",
]
