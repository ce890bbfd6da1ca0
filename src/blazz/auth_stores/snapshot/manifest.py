"""What one revision consists of, and its form in bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar

from blazz.auth_stores.snapshot import chunks
from blazz.auth_stores.snapshot.chunks import CHUNK_ID_BYTES, KEY_BYTES
from blazz.auth_stores.snapshot.contents import (
    MAX_BYTES,
    MAX_FILES,
    Browser,
    Content,
    Kind,
    check_document,
)
from blazz.auth_stores.snapshot.names import BlobName, BlobType
from blazz.auth_stores.snapshot.paths import check_tree
from blazz.errors import InvalidValue

FORMAT: Final = 1
H = TypeVar("H", bound=Hashable)
_LENGTH = struct.Struct("<I")


class NotAManifest(ValueError):
    """It is not a manifest, or it contradicts itself."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where one chunk is.

    Attributes:
        id: Its name, a keyed hash of its content.
        key: The fingerprint of the key in the ring that sealed and named it.
        pack: The blob that it is in.
        offset: Where in the blob it starts.
        length: Its sealed bytes.
    """

    id: bytes
    key: bytes
    pack: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one revision consists of.

    Attributes:
        kind: The kind of content.
        revision: Its number.
        epoch: The epoch of the owner that wrote it.
        captured_at: When the state was taken.
        browser: The browser that wrote the files.
        chunk_bytes: The size of every chunk but the last of each content.
        files: The files, in the order of their chunks.
        documents: The documents; their chunks come after those of the files.
        chunks: The chunks of all contents, in order.
        packs: The blobs that hold them, and the bytes of each.
    """

    kind: Kind
    revision: int
    epoch: int
    captured_at: datetime
    browser: Browser | None
    chunk_bytes: int
    files: tuple[Content, ...]
    documents: tuple[Content, ...]
    chunks: tuple[Chunk, ...]
    packs: Mapping[str, int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "packs", MappingProxyType(dict(self.packs)))
        sizes = [content.size for content in self.contents]
        if min(sizes, default=0) < 0 or not 0 < self.chunk_bytes <= 2**24:
            raise NotAManifest("a size that cannot be")
        if len(self.chunks) != sum(chunks.count(size, self.chunk_bytes) for size in sizes):
            raise NotAManifest("the chunks do not add up to the contents")
        for chunk in self.chunks:
            if not 0 <= chunk.offset <= chunk.offset + chunk.length <= self.packs[chunk.pack]:
                raise NotAManifest("a chunk lies outside its pack")

    @property
    def contents(self) -> tuple[Content, ...]:
        """Files and documents, in the order of their chunks."""
        return self.files + self.documents

    @property
    def size(self) -> int:
        """The bytes of all contents."""
        return sum(content.size for content in self.contents)

    def same_content(self, other: Manifest) -> bool:
        """Whether restoring either gives the same, from the same blobs."""
        return (self.files, self.documents, self.browser, self.chunks) == (
            *(other.files, other.documents, other.browser, other.chunks),
        )

    def places(self) -> Iterator[tuple[int, int, int, Chunk]]:
        """Each chunk with the index of its content, its offset in that and its plain size."""
        remaining = iter(self.chunks)
        for index, content in enumerate(self.contents):
            for offset in range(0, content.size, self.chunk_bytes):
                size = min(self.chunk_bytes, content.size - offset)
                yield index, offset, size, next(remaining)

    def chunks_of_files(self) -> dict[str, tuple[Chunk, ...]]:
        """The chunks of each file, by its name."""
        found, start = {}, 0
        for file in self.files:
            end = start + chunks.count(file.size, self.chunk_bytes)
            found[file.name] = self.chunks[start:end]
            start = end
        return found

    def encode(self) -> bytes:
        """Write it as bytes: JSON, then the chunks column by column, which compresses well."""
        packs, keys = _numbered(self.packs), _numbered(chunk.key for chunk in self.chunks)
        head = {
            "format": FORMAT,
            "kind": self.kind,
            "revision": self.revision,
            "epoch": self.epoch,
            "captured_at": self.captured_at.astimezone(UTC).isoformat(),
            "browser": None if self.browser is None else self.browser.to_json(),
            "chunk_bytes": self.chunk_bytes,
            "files": [[content.name, content.size] for content in self.files],
            "documents": [[content.name, content.size] for content in self.documents],
            "packs": list(self.packs.items()),
            "keys": [key.hex() for key in keys],
            "chunks": len(self.chunks),
        }
        encoded = json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode()
        columns = (
            b"".join(chunk.id for chunk in self.chunks),
            _column(keys[chunk.key] for chunk in self.chunks),
            _column(packs[chunk.pack] for chunk in self.chunks),
            _column(chunk.offset for chunk in self.chunks),
            _column(chunk.length for chunk in self.chunks),
        )
        return b"".join((_LENGTH.pack(len(encoded)), encoded, *columns))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read it from bytes.

        Raises:
            NotAManifest: It is none, or names, sizes or places in it cannot be.
        """
        try:
            (length,) = _LENGTH.unpack_from(data)
            end = _LENGTH.size + length
            return cls._from_parts(json.loads(data[_LENGTH.size : end]), data[end:])
        except NotAManifest:
            raise
        except InvalidValue as error:
            raise NotAManifest(str(error)) from error
        except (KeyError, IndexError, TypeError, ValueError, struct.error) as error:
            raise NotAManifest(f"unreadable: {type(error).__name__}: {error}") from error

    @classmethod
    def _from_parts(cls, head: Any, columns: bytes) -> Self:  # noqa: ANN401  # parsed JSON
        if head["format"] != FORMAT:
            raise NotAManifest(f"format {head['format']!r}: a newer blazz wrote it")
        files, documents = _contents(head["files"]), _contents(head["documents"])
        packs = {_checked_pack(name): int(size) for name, size in head["packs"]}
        return cls(
            kind=Kind(head["kind"]),
            revision=int(head["revision"]),
            epoch=int(head["epoch"]),
            captured_at=datetime.fromisoformat(head["captured_at"]),
            browser=None if head["browser"] is None else Browser.from_json(head["browser"]),
            chunk_bytes=int(head["chunk_bytes"]),
            files=_checked_files(files),
            documents=_checked_documents(documents),
            chunks=_chunks(int(head["chunks"]), columns, list(packs), head["keys"]),
            packs=packs,
        )


def _numbered(values: Iterable[H]) -> dict[H, int]:
    """Each different value and its number, in the order of first appearance."""
    return {value: number for number, value in enumerate(dict.fromkeys(values))}


def _column(numbers: Iterator[int]) -> bytes:
    column = tuple(numbers)
    return struct.pack(f"<{len(column)}I", *column)


def _chunks(count: int, data: bytes, packs: list[str], keys: list[str]) -> tuple[Chunk, ...]:
    ids, numbers = data[: count * CHUNK_ID_BYTES], data[count * CHUNK_ID_BYTES :]
    columns = struct.unpack(f"<{4 * count}I", numbers)
    fingerprints = [bytes.fromhex(key) for key in keys]
    if any(len(fingerprint) != KEY_BYTES for fingerprint in fingerprints):
        raise NotAManifest("a fingerprint of another length")
    return tuple(
        Chunk(
            ids[at * CHUNK_ID_BYTES : (at + 1) * CHUNK_ID_BYTES],
            fingerprints[columns[at]],
            packs[columns[count + at]],
            columns[2 * count + at],
            columns[3 * count + at],
        )
        for at in range(count)
    )


def _contents(pairs: list[list[Any]]) -> tuple[Content, ...]:
    return tuple(Content(str(name), int(size)) for name, size in pairs)


def _checked_files(files: tuple[Content, ...]) -> tuple[Content, ...]:
    """The limits hold for what comes back, too: a restore writes these names to a disk."""
    if len(files) > MAX_FILES or sum(file.size for file in files) > MAX_BYTES:
        raise NotAManifest("more or larger files than a snapshot may have")
    check_tree(file.name for file in files)
    return files


def _checked_documents(documents: tuple[Content, ...]) -> tuple[Content, ...]:
    for document in documents:
        check_document(document.name, document.size)
    if len({document.name for document in documents}) < len(documents):
        raise NotAManifest("two documents of one name")
    return documents


def _checked_pack(name: str) -> str:
    parsed = BlobName.parse(name)
    if parsed is None or parsed.type is not BlobType.PACK:
        raise NotAManifest("a pack of another name than packs have")
    return name
