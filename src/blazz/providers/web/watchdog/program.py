"""The program: a worker that stops the browser, and a guard that does nothing but watch over it.

The guard starts the worker and waits. If the worker dies or takes too long while the
browser stands still, the guard lets the browser go on. If whoever asked dies, the guard sees the
end of its input, ends the worker, lets the browser go on, and removes what was taken. And if both
are killed, whoever asked sees the end of the output and lets the browser go on.
"""

from __future__ import annotations

import marshal
import os
import resource
import select
import sys
import time

from .attempts import capture
from .taking import Moment
from .tree import Late, NotAllowed, Tree, resume

STOPPING, RUNNING = b"s", b"r"

TYPE_CHECKING = False  # The real one costs the time to import it.
if TYPE_CHECKING:
    import signal
    from typing import Any
else:
    import _signal as signal  # What it lacks are enums, which take longer than all the rest.


class Request:
    """What is asked, in the arguments of the program.

    Attributes:
        pid: The process to stop with all below it.
        group: The process group of whoever asks, which must not be stopped.
        folder: The browser's folder.
        target: An empty folder on the same file system.
        copies: Whether to copy what changes in place.
        patience: Seconds to wait for processes to stop.
        limit: Seconds after which the browser goes on, whatever has happened.
        parts: What is wanted of the folder.
    """

    __slots__ = ("copies", "folder", "group", "limit", "parts", "patience", "pid", "target")

    def __init__(self, arguments: list[str]) -> None:
        pid, group, self.folder, self.target, copies, patience, limit, *self.parts = arguments
        self.pid = int(pid)
        self.group = int(group)
        self.copies = copies == "copies"
        self.patience = float(patience)
        self.limit = float(limit)


def main() -> None:
    """Do what is asked."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)  # We are done in a moment, and the browser waits.
    request = Request(sys.argv[2:])
    os.umask(0o077)
    phases, announce = os.pipe()
    worker = os.fork()
    if not worker:
        os.close(phases)
        _work(request, announce)
    os.close(announce)
    _guard(worker, phases, request)


def _guard(worker: int, phases: int, request: Request) -> None:
    """Wait for the worker's end; let the browser go on if the worker has not."""
    asked = 0  # our input, which ends when whoever asked is gone
    waiting = select.poll()
    waiting.register(phases, select.POLLIN)
    waiting.register(asked, select.POLLIN)
    stopped_at: float | None = None
    abandoned = late = killed = False
    while True:
        left = None if stopped_at is None else stopped_at + request.limit - time.monotonic()
        ready = dict(waiting.poll(None if left is None else max(0.0, left * 1000)))
        if asked in ready:
            abandoned = True
            waiting.unregister(asked)
        if phases in ready:
            phase = os.read(phases, 1)
            if not phase:
                break
            stopped_at = time.monotonic() if phase == STOPPING else None
        elif left is not None and left <= 0:
            late = True
        if abandoned or late:
            os.kill(worker, signal.SIGKILL)
            killed = True
            break
    # A worker that was killed is certainly dead before the browser goes on.
    os.waitpid(worker, 0)
    abandoned = abandoned or asked in dict(waiting.poll(0))
    if killed or stopped_at is not None:
        resume(request.pid)
    if abandoned:
        _remove(request.target)


def _remove(folder: str) -> None:
    try:
        for name in os.listdir(folder):
            os.unlink(f"{folder}/{name}")
        os.rmdir(folder)
    except OSError:
        pass  # The next start does it.


def _work(request: Request, announce: int) -> None:
    """Capture, answer, end; never return."""
    try:
        answer = _answer(request, announce)
    except Exception as error:  # noqa: BLE001  # whatever it is, who asked is told
        answer = {"error": f"{type(error).__name__}: {error}"}
    try:
        with os.fdopen(1, "wb") as output:
            output.write(marshal.dumps(answer, 2))
    except OSError:
        pass  # Nobody listens any more.
    os._exit(0)


def _answer(request: Request, announce: int) -> dict[str, Any]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    wanted = (request.folder, request.parts, request.target)
    tree = Tree(request.pid, ours=request.group)
    pauses: list[float] = []
    method, reason = "stopped", None
    try:
        got = capture(
            *wanted,
            copies=request.copies,
            take=lambda at_once: _take(tree, request, announce, at_once, pauses),
        )
    except (Late, NotAllowed) as error:
        method, reason = "ordered", str(error)
        got = capture(*wanted, copies=request.copies)
    return {"method": method, "reason": reason, "pause": max(pauses), **got}


def _take(tree: Tree, request: Request, announce: int, at_once: int, pauses: list[float]) -> Moment:
    """Take the files while the browser stands still; note the seconds of its pause."""
    os.write(announce, STOPPING)
    usual = _hurry()
    started = time.monotonic()
    try:
        tree.stop(request.patience)
        return Moment(request.folder, request.parts, at_once=at_once)
    finally:
        pauses.append(tree.resume() - started)
        _take_time(usual)
        os.write(announce, RUNNING)


def _hurry() -> int:
    """Let nobody else run on this processor while the browser waits, if we may."""
    usual = os.sched_getscheduler(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass
    return usual


def _take_time(usual: int) -> None:
    try:
        os.sched_setscheduler(0, usual, os.sched_param(0))
    except OSError:
        pass
