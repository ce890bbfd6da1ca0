"""The log of accepted messages: one line of JSON each, in a file, never in memory.

A line is written before the request is answered, with one `write` to a file opened for appending,
so it survives the death of the process. Every 256th line's place is kept to find the others.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from blazz.errors import ConfigurationError
from blazz.sandbox.identifiers import sent_sequence

_STRIDE: Final = 256
_BLOCK: Final = 1 << 20
_HEAD: Final = re.compile(rb'\{"seq":([0-9]+),"to":"[^"\\]+"')
_TO: Final = re.compile(rb'^\{"seq":[0-9]+,"to":"([^"\\]+)"', re.MULTILINE)


def concerns(line: bytes, *, to: str | None = None, number_id: str | None = None) -> bool:
    """Whether a line of the log is of a recipient and of a business number, without parsing it.

    The body comes last, and quotes inside of strings are escaped: what is looked for cannot be
    found inside of anything else.
    """
    head = line.partition(b',"body":')[0]
    wanted = (("to", to), ("phone_number_id", number_id))
    return all(
        f'"{name}":{json.dumps(value)},'.encode() in head
        for name, value in wanted
        if value is not None
    )


class MessageLog:
    """The accepted messages, numbered from 1.

    Args:
        path: The file; it is continued if it exists. None: a temporary file that goes away with
            the process.

    Raises:
        ConfigurationError: The file is not a log of the sandbox.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._file: BinaryIO = (
            tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115  # open as long as the log
            if path is None
            else path.open("a+b", buffering=0)
        )
        self._at_end = threading.Lock()
        self._places = array("Q")
        self._size = 0
        self.count = 0
        self._continue()

    def append(self, entry: Mapping[str, Any]) -> None:
        """Write one message; `entry` starts with `seq` (the next number) and `to`."""
        line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
        with self._at_end:
            self._file.write(line)
        self._count_line(len(line))

    def read(self, *, after: int = 0, limit: int | None = None) -> Iterator[bytes]:
        """Give the lines after a number, oldest first, each with its line feed."""
        first = after + 1
        last = self.count if limit is None else min(self.count, after + limit)
        if first > last:
            return
        skip = (first - 1) % _STRIDE
        remaining = last - first + 1
        beyond = (last - 1) // _STRIDE + 1
        end = self._places[beyond] if beyond < len(self._places) else self._size
        for line in self._lines_from(self._places[(first - 1) // _STRIDE], end):
            if skip:
                skip -= 1
                continue
            yield line
            remaining -= 1
            if not remaining:
                return

    def find(self, message_id: str) -> dict[str, Any] | None:
        """The entry of a message, or None if it is not in this log."""
        sequence = sent_sequence(message_id)
        if sequence is None or not 1 <= sequence <= self.count:
            return None
        entry: dict[str, Any] = json.loads(next(self.read(after=sequence - 1, limit=1)))
        return entry if entry["id"] == message_id else None

    def newest(self, to: str, number_id: str | None = None) -> dict[str, Any] | None:
        """The newest entry of a recipient, or None; looks through the file from its end."""
        for checkpoint in range(len(self._places) - 1, -1, -1):
            block = list(self.read(after=checkpoint * _STRIDE, limit=_STRIDE))
            for line in reversed(block):
                if concerns(line, to=to, number_id=number_id):
                    entry: dict[str, Any] = json.loads(line)
                    return entry
        return None

    def counts(self) -> Counter[str]:
        """How many messages each recipient got. Safe to call from another thread."""
        found: Counter[bytes] = Counter()
        tail = b""
        for block in self._blocks(0, self._size):
            whole, cut, rest = (tail + block).rpartition(b"\n")
            found.update(_TO.findall(whole + cut))
            tail = rest
        return Counter({to.decode(): count for to, count in found.items()})

    def clear(self) -> None:
        """Forget all messages; numbering starts again."""
        self._truncate(0)
        self._places = array("Q")
        self._size = self.count = 0

    def close(self) -> None:
        """Close the file; a temporary one is deleted."""
        self._file.close()

    def _continue(self) -> None:
        """Count what is in the file already; cut off a line that a crash left unfinished."""
        end = self._file.seek(0, os.SEEK_END)
        for line in self._lines_from(0, end):
            match = _HEAD.match(line)
            if match is None or int(match[1]) != self.count + 1:
                self.close()
                raise ConfigurationError(
                    f"{self.path}: line {self.count + 1} is not of a sandbox log; give a new file"
                )
            self._count_line(len(line))
        if self._size < end:
            self._truncate(self._size)

    def _truncate(self, size: int) -> None:
        self._file.truncate(size)
        self._file.seek(0, os.SEEK_END)

    def _count_line(self, length: int) -> None:
        if self.count % _STRIDE == 0:
            self._places.append(self._size)
        self.count += 1
        self._size += length

    def _lines_from(self, start: int, end: int) -> Iterator[bytes]:
        """Whole lines between two places; an unfinished one at the end is left out."""
        tail = b""
        for block in self._blocks(start, end):
            lines = (tail + block).split(b"\n")
            tail = lines.pop()
            for line in lines:
                yield line + b"\n"

    def _blocks(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            block = self._read_at(min(_BLOCK, end - start), start)
            if not block:
                return
            yield block
            start += len(block)

    def _read_at(self, length: int, place: int) -> bytes:
        """Read without moving the writer's place, from any thread."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), length, place)
        with self._at_end:
            self._file.seek(place)
            block = self._file.read(length)
            self._file.seek(0, os.SEEK_END)
            return block
