"""What is stored of a session, and what was found out about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from blazz.auth_stores.snapshot.contents import Kind
from blazz.errors import InvalidValue

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True, order=True)
class SessionKey:
    """Which session: its workspace and its name, each `[a-z0-9][a-z0-9_-]{0,62}`.

    Example:
        >>> str(SessionKey("acme", "support"))
        'acme/support'
        >>> SessionKey.parse("acme/support").name
        'support'
    """

    workspace: str
    name: str

    def __post_init__(self) -> None:
        for part in ("workspace", "name"):
            value = getattr(self, part)
            if not _ID.fullmatch(value):
                raise InvalidValue(f"SessionKey.{part}", f"the form {_ID.pattern}", value)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `workspace/name`.

        Raises:
            InvalidValue: It has another form.
        """
        workspace, _, name = text.partition("/")
        return cls(workspace, name)

    def __str__(self) -> str:
        return f"{self.workspace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One stored state of a session.

    Attributes:
        number: Its number; within a session a later one is always higher, whatever its kind.
        kind: What it is.
        epoch: The epoch of the owner that stored it.
        at: When the state was captured.
        size: The bytes of its content.
        uploaded: The bytes that it added to the store.
    """

    number: int
    kind: Kind
    epoch: int
    at: datetime
    size: int
    uploaded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a save did.

    Attributes:
        revision: The revision that now holds the content.
        unchanged: The newest revision holds just this content already; nothing was written.
        uploaded: The bytes that were written.
        new_chunks: Chunks that were not stored yet, or were stored anew.
        reused_chunks: Chunks that were stored already.
        seconds: How long it took.
    """

    revision: Revision
    unchanged: bool
    uploaded: int
    new_chunks: int
    reused_chunks: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """Something stored that is not what was written.

    Attributes:
        session: The session.
        kind: The kind of content.
        revision: The revision that cannot be restored because of it.
        part: What is damaged: `manifest`, or the name of a file or document.
        reason: What is wrong with it.
    """

    session: SessionKey
    kind: Kind
    revision: int
    part: str
    reason: str

    def __str__(self) -> str:
        return f"{self.session} {self.kind} revision {self.revision}: {self.part}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found when everything stored of a session was read and proved.

    Attributes:
        session: The session.
        revisions: The revisions, oldest first.
        chunks: How many chunks were opened and proved.
        stored: The bytes that they take in the store.
        keys: The names of the keys that something is sealed with; the others may be retired.
        unreferenced: Blobs that belong to no revision; the next owner removes them.
        damage: What is damaged.
    """

    session: SessionKey
    revisions: tuple[Revision, ...]
    chunks: int
    stored: int
    keys: tuple[str, ...]
    unreferenced: int
    damage: tuple[Damage, ...]

    @property
    def ok(self) -> bool:
        """Whether every revision can be restored."""
        return not self.damage
