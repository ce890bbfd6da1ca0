"""Memory for another browser: what is free on this machine, and in the groups that we are in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from blazz.errors import MissingDependency

_GROUPS: Final = Path("/sys/fs/cgroup")
_OURS: Final = Path("/proc/self/cgroup")
_UNIFIED: Final = "0::"
"""Begins the line of control groups of version 2, which containers and systemd have."""
_LIMITS: Final = ("memory.max", "memory.high")


def free_memory() -> int:
    """Bytes that new processes can use without anything being swapped out or killed.

    Raises:
        MissingDependency: psutil is not installed.
    """
    try:
        import psutil
    except ImportError:
        raise MissingDependency("psutil", extra="web") from None
    return min([int(psutil.virtual_memory().available), *left_in_groups()])


def left_in_groups(groups: Path = _GROUPS, ours: Path = _OURS) -> Iterator[int]:
    """What is left of each limit that holds for this process: of a container, of a systemd unit.

    Args:
        groups: Where the kernel shows control groups.
        ours: Where it says which one this process is in.
    """
    with suppress(OSError):  # no Linux, or none of its control groups
        for line in ours.read_text().splitlines():
            if line.startswith(_UNIFIED):
                inside = os.path.normpath(f"/{line.removeprefix(_UNIFIED)}").strip("/")
                folder = groups / inside
                # A limit of any group around ours holds for us, too.
                for each in (folder, *folder.parents):
                    if each.is_relative_to(groups):
                        yield from _left(each)


def _left(group: Path) -> Iterator[int]:
    limits = [int(it) for it in map(_read, (group / name for name in _LIMITS)) if it.isdigit()]
    used = _read(group / "memory.current")
    if not limits or not used.isdigit():
        return
    # What was read from files and not used lately goes as soon as the memory is needed.
    counted = dict(line.split(maxsplit=1) for line in _read(group / "memory.stat").splitlines())
    yield max(0, min(limits) - int(used) + int(counted.get("inactive_file", 0)))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
