"""Files of a running browser that are kept until a snapshot of them is stored."""

from __future__ import annotations

import os
import shutil
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread

from blazz.auth_stores.snapshot.contents import FileSource
from blazz.auth_stores.snapshot.unread import identity
from blazz.errors import SourceChanged
from blazz.providers.web.watchdog.taking import evidence

Proof = list[int] | str
"""What `evidence` tells of a file as long as it is unchanged."""


class KeptFolder:
    """A folder that is removed when nobody holds this any more.

    Args:
        path: The folder.
        kept: All folders that are kept; it is in there until it is removed.
    """

    def __init__(self, path: Path, kept: set[Path]) -> None:
        self.path = path
        kept.add(path)
        weakref.finalize(self, _remove, path, kept)


def kept_identities(folder: Path, at: float, sizes: Mapping[str, int]) -> dict[str, str]:
    """Tell which kept files nobody has written to for a while, each by what it would change.

    A link and its file are one and share their time of change: it tells of changes until now.

    Args:
        folder: Where they are kept.
        at: When they were taken, in seconds since 1970.
        sizes: The bytes of each that belong to that moment, by its name there.
    """
    told = {name: identity((folder / name).stat(), size, at=at) for name, size in sizes.items()}
    return {name: found for name, found in told.items() if found is not None}


def _remove(path: Path, kept: set[Path]) -> None:
    kept.discard(path)
    # Whoever let go of it last may be the event loop, and the disk may be slow.
    remover = threading.Thread(
        name="blazz-remover", target=shutil.rmtree, args=(path,), kwargs={"ignore_errors": True}
    )
    try:
        remover.start()
    except RuntimeError:  # The interpreter is ending.
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file of a snapshot: the first `size` bytes of what it was at the moment.

    Attributes:
        folder: Where it is kept.
        kept: Its name there.
        name: Its name in the browser's folder.
        size: Its bytes.
        proof: What must be true of it after each read; None: it does not change any more.
        on_late: Called when a read came too late.
    """

    folder: KeptFolder = field(repr=False)
    kept: str
    name: str
    size: int
    proof: Proof | None = field(repr=False)
    on_late: Callable[[], None] = field(repr=False)

    async def read(self, offset: int, length: int) -> bytes:
        """Read some of its bytes.

        Raises:
            SourceChanged: The browser has written over some of them, or cut them off.
        """
        path = self.folder.path / self.kept
        try:
            data = await FileSource(path, self.size).read(offset, length)
        except SourceChanged:  # it was cut short, as a log is that begins anew
            self.on_late()
            raise
        if self.proof is not None and await anyio.to_thread.run_sync(self._evidence) != self.proof:
            self.on_late()
            raise SourceChanged(f"{self.name}: the browser has written over it meanwhile")
        return data

    def _evidence(self) -> Proof:
        handle = os.open(self.folder.path / self.kept, os.O_RDONLY)
        try:
            return evidence(self.name, handle)
        finally:
            os.close(handle)
