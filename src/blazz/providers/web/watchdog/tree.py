"""Stops a process and all that descend from it, and lets them go on; Linux only."""

from __future__ import annotations

import os
import os.path
import time

TYPE_CHECKING = False  # The real one costs the time to import it.
if TYPE_CHECKING:
    import signal
else:
    import _signal as signal  # What it lacks are enums, which take longer than all the rest.

POLL = 0.0002
"""Seconds between two looks at whether everything has stopped."""

GONE = "X"
_STOPPED = "Tt"
_ENDED = "ZX"


class NotAllowed(Exception):
    """We may not stop these processes."""


class Late(Exception):
    """The processes did not stop in time; another attempt may do better."""


class Tree:
    """A process and its descendants.

    Args:
        root: The process.
        ours: The process group of whoever asked, which is not to be stopped.

    Raises:
        ProcessLookupError: There is no such process.
    """

    def __init__(self, root: int, *, ours: int | None = None) -> None:
        self.root = root
        self.group = _own_group(root, {ours, os.getpgrp()})
        self.pids = descendants(root)

    def stop(self, seconds: float) -> None:
        """Stop all; when it returns, none of them runs a line of its own code.

        Raises:
            NotAllowed: At least one of them may not be stopped; others may have stopped.
            Late: Not all have stopped after so many seconds; some may have.
        """
        deadline = time.monotonic() + seconds
        try:
            # The kernel gives a signal to all of a group at once, and makes a fork that is under
            # way start again afterwards.
            if self.group is not None:
                os.killpg(self.group, signal.SIGSTOP)
            # Others may have left the group or appeared. What is stopped has no children any more,
            # so that at some point none is new.
            new = self.pids
            while new:
                self.pids = self.pids | new
                for pid in new:
                    _send(pid, signal.SIGSTOP)
                _wait(new, deadline)
                new = descendants(self.root) - self.pids
        except PermissionError as error:
            raise NotAllowed(f"process {self.root} may not be stopped by us") from error

    def resume(self) -> float:
        """Let all go on that `stop` has stopped, here or in another process; may be repeated.

        Returns:
            When the last of them was told, on the monotonic clock.
        """
        if self.group is not None:
            _send_group(self.group, signal.SIGCONT)
        told_at = time.monotonic()
        for pid in self.pids:
            try:
                if self.group is None or os.getpgid(pid) != self.group:
                    os.kill(pid, signal.SIGCONT)
                    told_at = time.monotonic()
            except (ProcessLookupError, PermissionError):
                continue
        return told_at


def resume(root: int) -> None:
    """Let a process and all below it go on, whoever stopped them; harmless if they run."""
    try:
        Tree(root).resume()
    except ProcessLookupError:
        # Those that it led stand still without it.
        if root != os.getpgrp():
            _send_group(root, signal.SIGCONT)


def _own_group(root: int, others: set[int | None]) -> int | None:
    """The process group of a process, if nobody else's processes can be in it.

    Its leader is the process, or a script of which the process is the only child.
    """
    group = os.getpgid(root)
    if group in others:
        return None
    if group == root or _children(group) == {root}:
        return group
    return None


def descendants(root: int) -> set[int]:
    """A process and all below it; empty if it is gone."""
    found: set[int] = set()
    waiting = {root}
    while waiting:
        pid = waiting.pop()
        if os.path.exists(f"/proc/{pid}"):
            found.add(pid)
            waiting |= _children(pid) - found
    return found


def _children(pid: int) -> set[int]:
    """The children of a process; none if it is gone."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return set()
    found: set[int] = set()
    for thread in threads:  # Children belong to the thread that made them.
        found.update(map(int, _read(f"/proc/{pid}/task/{thread}/children").split()))
    return found


def has_stopped(pid: int) -> bool:
    """Whether a process runs no code of its own any more.

    One stopped thread is enough. The thread that takes the signal flags all others before it stops
    itself, and whichever is in the kernel then stops before it comes back from there. What it does
    in the kernel, such as a write, has been asked for before and is done or not: as in a crash.
    """
    if state(f"/proc/{pid}/stat") in _STOPPED:
        return True
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return True
    states = [state(f"/proc/{pid}/task/{thread}/stat") for thread in threads]
    return any(each in _STOPPED for each in states) or all(each in _ENDED for each in states)


def state(path: str) -> str:
    """The letter for the state of a process or thread; `GONE` if there is none."""
    # Its name stands in brackets before it, and may have brackets in it, too.
    _, _, rest = _read(path).rpartition(b") ")
    return rest[:1].decode() or GONE


def _wait(pids: set[int], deadline: float) -> None:
    for pid in pids:
        while not has_stopped(pid):
            if time.monotonic() > deadline:
                raise Late(f"process {pid} has not stopped in time")
            time.sleep(POLL)


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _send_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except OSError:
        pass  # All of it is gone, or was never stopped.


def _read(path: str) -> bytes:
    """Read a file of /proc; empty if its process is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(handle, 65536)
    except OSError:
        return b""
    finally:
        os.close(handle)
