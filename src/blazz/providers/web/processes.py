"""The processes of browsers: finding them, their memory, ending them."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from blazz.errors import MissingDependency

if TYPE_CHECKING:
    import psutil

END_SECONDS: Final = 5.0
"""Seconds within which killed processes have to be gone."""


class ProcessTree:
    """A process and all that descend from it, or are in the group of processes that it leads.

    It is known by its pid and the time of its start, so that another process that gets the same
    pid later is never taken for it. Its group outlives it: a page that is stopped while its browser
    is killed does not notice that.

    Args:
        pid: The pid of the process.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._root: psutil.Process | None = None
        library = _psutil()
        with contextlib.suppress(library.NoSuchProcess):
            self._root = library.Process(pid)
        self._leads = _group_of(pid) == pid

    def is_running(self) -> bool:
        """Whether the process runs; one that has ended and was not collected yet does not."""
        library = _psutil()
        try:
            return (
                self._root is not None
                and self._root.is_running()
                and self._root.status() != library.STATUS_ZOMBIE
            )
        except library.NoSuchProcess:
            return False

    def memory(self) -> int:
        """Bytes that they use; takes some milliseconds.

        On Linux this is the proportional set size: what several processes share is divided among
        them, so that the figures of many browsers add up. Elsewhere it is what they do not share.
        """
        total = 0
        for process in self._all():
            with contextlib.suppress(_psutil().Error):
                used = process.memory_full_info()
                total += int(getattr(used, "pss", used.uss))
        return total

    def kill(self) -> None:
        """Kill them all, and wait until they are gone."""
        doomed = self._all()
        if self._leads and doomed:
            # All at once, so that none of them starts another one meanwhile.
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
        for process in doomed:
            with contextlib.suppress(_psutil().Error):
                process.kill()
        _psutil().wait_procs(doomed, timeout=END_SECONDS)

    def wait(self, seconds: float) -> bool:
        """Wait until the process has ended; False if it has not after so many seconds."""
        if self._root is None:
            return True
        library = _psutil()
        with contextlib.suppress(library.TimeoutExpired, library.NoSuchProcess):
            self._root.wait(seconds)
        return not self.is_running()

    def watch(self, ended: Callable[[], None]) -> Callable[[], None] | None:
        """Call `ended` in this event loop when the process ends; give what stops watching.

        None: this system cannot tell, or the process has ended already.
        """
        if sys.platform != "linux":
            return None
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return None
        return _when_readable(descriptor, ended)

    def _all(self) -> list[psutil.Process]:
        if self._root is None:
            return []
        below: list[psutil.Process] = []
        with contextlib.suppress(_psutil().NoSuchProcess):
            if self.is_running():
                below = [self._root, *self._root.children(recursive=True)]
        known = {process.pid for process in below}
        return below + [process for process in self._group() if process.pid not in known]

    def _group(self) -> list[psutil.Process]:
        """The processes of the group that it leads, or led."""
        library = _psutil()
        if not self._leads or self._root is None:
            return []
        if library.pid_exists(self.pid) and not self._root.is_running():
            return []  # another process has its pid now, so nothing was left of its group
        found = []
        for pid in library.pids():
            if _group_of(pid) == self.pid:
                with contextlib.suppress(library.NoSuchProcess):
                    found.append(library.Process(pid))
        return found


def browsers_of(user_data: Path) -> list[int]:
    """The pids of browsers that run on a profile folder; their other processes are not in it."""
    switch = f"--user-data-dir={user_data}"
    library = _psutil()
    found: dict[int, tuple[int, list[str]]] = {}
    # Not psutil's `process_iter`: it remembers processes from one call to the next, and passes over
    # one whose pid belonged to another process at the time of the call before.
    for pid in library.pids():
        with contextlib.suppress(library.Error):
            process = library.Process(pid)
            line = process.cmdline()
            if switch in line and not any(part.startswith("--type=") for part in line):
                found[pid] = process.ppid(), line
    return _without_starters(found)


def _without_starters(found: Mapping[int, tuple[int, list[str]]]) -> list[int]:
    """Leave out what is no browser of its own, by the pids of parents and by command lines.

    Distributions put scripts before their browsers, which name the browser in their command line.
    And a process that a browser has just forked has the browser's until it has one of its own.
    """
    forked = {pid for pid, (parent, line) in found.items() if found.get(parent, (0, []))[1] == line}
    starters = {parent for pid, (parent, _) in found.items() if pid not in forked}
    return [pid for pid in found if pid not in forked | starters]


def kill_browsers_of(user_data: Path) -> None:
    """Kill the browsers that run on a profile folder, and wait until they are gone."""
    for pid in browsers_of(user_data):
        ProcessTree(pid).kill()


def drivers() -> set[int]:
    """The pids of Playwright's drivers that this process has started."""
    found = set()
    for child in _psutil().Process().children():
        with contextlib.suppress(_psutil().Error):
            if "run-driver" in child.cmdline():
                found.add(child.pid)
    return found


def _group_of(pid: int) -> int | None:
    """The group of a process; None where it is gone, or there are no groups."""
    if sys.platform == "win32":
        return None
    try:
        return os.getpgid(pid)
    except OSError:
        return None


def _when_readable(descriptor: int, ended: Callable[[], None]) -> Callable[[], None]:
    import asyncio

    loop = asyncio.get_running_loop()
    is_open = True

    def stop() -> None:
        nonlocal is_open
        if is_open:
            is_open = False
            loop.remove_reader(descriptor)
            os.close(descriptor)

    def report() -> None:
        stop()
        ended()

    loop.add_reader(descriptor, report)
    return stop


def _psutil() -> ModuleType:
    try:
        import psutil
    except ImportError:
        raise MissingDependency("psutil", extra="web") from None
    return psutil
