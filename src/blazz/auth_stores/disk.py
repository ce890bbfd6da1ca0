"""Writes that are on the disk itself when they return."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

_FREE_BYTES: Final = 1024**3
_FREE_SHARE: Final = 0.05


def make_private(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for their owner's eyes only.

    Raises:
        OSError: The disk did not take it.
    """
    # `mkdir(parents=True)` gives the mode to the last one alone.
    for each in reversed([folder, *folder.parents]):
        if not each.is_dir():
            each.mkdir(mode=0o700, exist_ok=True)


def write_new(path: Path, content: bytes) -> None:
    """Write a file that must not be there yet, for its owner's eyes only.

    Raises:
        OSError: It is there, or the disk did not take it.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def scarce_space(folder: Path) -> str | None:
    """Tell that the disk of a folder is nearly full, in words; None: it is not.

    Raises:
        OSError: The folder is not there.
    """
    usage = shutil.disk_usage(folder)
    if usage.free >= max(_FREE_BYTES, usage.total * _FREE_SHARE):
        return None
    return f"only {usage.free / 1024**2:,.0f} MB are free on its disk"


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk; Windows does so on its own.

    Raises:
        OSError: The disk did not take it.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
