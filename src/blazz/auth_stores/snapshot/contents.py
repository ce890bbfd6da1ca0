"""What is given to a store: a folder's files, named documents, and the browser that wrote them."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol, Self

import anyio.to_thread

from blazz.auth_stores.snapshot.paths import check_path, check_tree
from blazz.errors import InvalidValue, SourceChanged
from blazz.security.secret import Secret

MAX_FILES: Final = 20_000
MAX_BYTES: Final = 8 * 1024**3
MAX_DOCUMENT_BYTES: Final = 64 * 1024**2
CREDENTIALS_DOCUMENT: Final = "credentials.json"
_DOCUMENT_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){0,3}")


class Kind(enum.StrEnum):
    """The two kinds of content; each has a history of its own within a session."""

    CREDENTIALS = "credentials"
    """Tokens, app secrets, PINs."""
    WEB = "web"
    """The state of a WhatsApp Web browser."""


class StorageEngine(enum.StrEnum):
    """How a Chromium keeps IndexedDB; a profile of the one is invisible to the other."""

    LEVELDB = "leveldb"
    SQLITE = "sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """The browser that wrote a snapshot.

    Attributes:
        version: Its version, such as `156.0.8078.79`.
        engine: How it keeps IndexedDB.
        flags: The command-line flags that decide how it stores data.
        wa_js: The version of wa-js that ran in it.
    """

    version: str
    engine: StorageEngine
    flags: tuple[str, ...] = ()
    wa_js: str | None = None

    def __post_init__(self) -> None:
        if not _VERSION.fullmatch(self.version):
            raise InvalidValue("Browser.version", "a version such as 156.0.8078.79", self.version)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers, for comparing."""
        return tuple(int(part) for part in self.version.split("."))

    def to_json(self) -> dict[str, object]:
        """Write it as values that JSON knows."""
        return {
            "version": self.version,
            "engine": self.engine,
            "flags": list(self.flags),
            "wa_js": self.wa_js,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote.

        Raises:
            KeyError: Something is missing.
            ValueError: Something is not what it should be.
        """
        return cls(
            version=str(value["version"]),
            engine=StorageEngine(value["engine"]),
            flags=tuple(map(str, value["flags"])),
            wa_js=value["wa_js"],
        )


@dataclass(frozen=True, slots=True)
class Content:
    """A file or document that is stored: its name and its bytes."""

    name: str
    size: int


class Source(Protocol):
    """Where the bytes of a content come from; read in pieces, any of them several times."""

    @property
    def size(self) -> int:
        """Its bytes."""
        ...

    async def read(self, offset: int, length: int) -> bytes:
        """Read exactly `length` bytes.

        Raises:
            SourceChanged: They are not there any more.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """The first `size` bytes of a file.

    A file that goes on growing, such as the log of a LevelDB, is stored as it was when its size
    was noted.
    """

    path: Path
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise InvalidValue("FileSource.size", "0 or more", self.size)

    @classmethod
    def of(cls, path: Path) -> Self:
        """Take a whole file, as long as it is now."""
        return cls(path, path.stat().st_size)

    async def read(self, offset: int, length: int) -> bytes:
        """Read from the file, in a thread."""
        return await anyio.to_thread.run_sync(self._read, offset, length)

    def _read(self, offset: int, length: int) -> bytes:
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                data = file.read(length)
        except OSError as error:
            raise SourceChanged(f"{self.path} cannot be read: {error}") from error
        if len(data) != length:
            raise SourceChanged(f"{self.path} ends at {offset + len(data)} of {self.size} bytes")
        return data


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Bytes that are in memory anyway."""

    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.data)

    async def read(self, offset: int, length: int) -> bytes:
        """Take a piece."""
        return self.data[offset : offset + length]


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One file of a snapshot.

    Attributes:
        path: Its name below the folder, with `/` between the parts.
        source: Where its bytes come from.
        identity: What differs once its bytes may differ. Where it is the same as in the snapshot
            that was saved before, they are not read again. None: they always are.
    """

    path: str
    source: Source
    identity: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_path(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The state of a session at one moment.

    Attributes:
        kind: What it is.
        files: Files that a restore writes into a folder; empty folders are not kept.
        documents: Small contents that a restore hands back, such as localStorage as JSON.
        browser: The browser that wrote it, for `Kind.WEB`.
        captured_at: When it was taken.

    Raises:
        InvalidValue: A name is unsafe, two names collide, or there is too much of something.
    """

    kind: Kind
    files: tuple[SnapshotFile, ...] = ()
    documents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    browser: Browser | None = None
    captured_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        object.__setattr__(self, "documents", MappingProxyType(dict(self.documents)))
        object.__setattr__(self, "files", tuple(sorted(self.files, key=lambda file: file.path)))
        if len(self.files) > MAX_FILES:
            raise InvalidValue("Snapshot.files", f"at most {MAX_FILES:,}", len(self.files))
        check_tree(file.path for file in self.files)
        for name, content in self.documents.items():
            check_document(name, len(content))
        if self.size > MAX_BYTES:
            raise InvalidValue("Snapshot.size", f"at most {MAX_BYTES:,} bytes", self.size)
        if self.captured_at.tzinfo is None:
            raise InvalidValue("Snapshot.captured_at", "a time with a time zone", self.captured_at)

    @property
    def size(self) -> int:
        """All its bytes."""
        files = sum(file.source.size for file in self.files)
        return files + sum(map(len, self.documents.values()))

    @classmethod
    def of_credentials(cls, secrets: Mapping[str, str | Secret]) -> Self:
        """Make a snapshot of secrets: tokens, app secrets, PINs.

        Example:
            >>> Snapshot.of_credentials({"token": "EAAG…"}).kind
            <Kind.CREDENTIALS: 'credentials'>
        """
        plain = {name: Secret(value).reveal() for name, value in sorted(secrets.items())}
        content = json.dumps(plain, ensure_ascii=False).encode()
        return cls(kind=Kind.CREDENTIALS, documents={CREDENTIALS_DOCUMENT: content})


def check_document(name: str, size: int) -> None:
    """Check the name and size of a document.

    Raises:
        InvalidValue: The name has another form, or it is too large.
    """
    if not _DOCUMENT_NAME.fullmatch(name):
        raise InvalidValue(
            "Snapshot.documents", f"names of the form {_DOCUMENT_NAME.pattern}", name
        )
    if size > MAX_DOCUMENT_BYTES:
        raise InvalidValue(
            f"Snapshot.documents[{name}]", f"at most {MAX_DOCUMENT_BYTES:,} bytes", size
        )
