"""Names of blobs. A name is used once: whoever makes it puts its epoch and a random tag in.

That is what makes deleting safe without locks. An owner that lost its lease and wakes up later can
only ever delete names of its own epoch and of earlier ones, and no later owner writes such a name.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Self

from blazz.auth_stores.snapshot.contents import Kind


class BlobType(enum.StrEnum):
    """What a blob holds."""

    PACK = "packs"
    """Some sealed chunks, one after the other."""
    MANIFEST = "manifests"
    """What one revision consists of."""


_NAME = re.compile(
    r"(?P<kind>[a-z]+)/(?P<type>packs|manifests)/"
    r"(?P<epoch>[0-9]{10})-(?P<writer>[0-9a-f]{8})-(?P<number>[0-9]{10})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobName:
    """The name of a blob within its session.

    Attributes:
        kind: The kind of content that it belongs to.
        type: What it holds.
        epoch: The epoch of the owner that wrote it.
        writer: Tells apart two writers of one epoch, which exist only if a store has lost its
            newest writes, or if two share a lease.
        number: Counts the blobs of its owner.

    Example:
        >>> name = BlobName(kind=Kind.WEB, type=BlobType.PACK, epoch=7, writer="0a1b2c3d", number=1)
        >>> str(name)
        'web/packs/0000000007-0a1b2c3d-0000000001'
        >>> BlobName.parse(str(name)) == name
        True
    """

    kind: Kind
    type: BlobType
    epoch: int
    writer: str
    number: int

    def __str__(self) -> str:
        return f"{self.kind}/{self.type}/{self.epoch:010d}-{self.writer}-{self.number:010d}"

    @classmethod
    def parse(cls, name: str) -> Self | None:
        """Read a name; None if it is none of ours."""
        match = _NAME.fullmatch(name)
        if match is None or match["kind"] not in set(Kind):
            return None
        return cls(
            kind=Kind(match["kind"]),
            type=BlobType(match["type"]),
            epoch=int(match["epoch"]),
            writer=match["writer"],
            number=int(match["number"]),
        )
