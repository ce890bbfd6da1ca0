"""A program that ends a process and its descendants when whoever started it is killed.

It waits at a pipe whose other end its parent holds. It is run by its path and needs nothing but the
standard library, so that it starts at once and takes little memory. Linux only: it reads `/proc`.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys


def main() -> None:
    """Wait for a byte, which says that all is well, or for the end, which says that it is not."""
    root = int(sys.argv[1])
    try:
        handle = os.pidfd_open(root)
    except OSError:
        return  # it is gone, or this kernel is too old: browsers end by themselves a little later
    if not sys.stdin.buffer.read(1) and is_running(handle):
        for pid in tree(root):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def is_running(handle: int) -> bool:
    """Whether a process still runs; another one that has got its pid since does not count.

    Args:
        handle: What `os.pidfd_open` gave for it.
    """
    ended, _, _ = select.select([handle], [], [], 0)
    return not ended


def tree(root: int) -> list[int]:
    """A process and its descendants, the descendants first.

    Example:
        >>> tree(os.getpid())[-1] == os.getpid()
        True
    """
    children: dict[int, list[int]] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208  # quicker to start
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/stat", errors="replace") as stat:  # noqa: PTH123  # likewise
                # The name of the program stands in brackets, and may have brackets and spaces.
                parent = int(stat.read().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(name))
    found, waiting = [root], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found[::-1]


if __name__ == "__main__":
    main()
