"""The program: a worker that stops the browser, and a guard that does nothing but watch over it.

A request is one line of JSON: the process `pid` to stop, or None and the `reason`; the `parts` of
the `folder` to take and the `target` to put them; the `patience` with processes that do not stop,
and the `limit` for any stop, in seconds; the process `group` that must not be stopped; and whether
to make `copies` of what changes in place.

The guard reads it, starts the worker and waits. If the worker dies or takes too long while the
browser stands still, the guard lets the browser go on. If whoever asked dies, the guard sees the
end of its input, waits until the browser runs again, and removes what was taken. And if both are
killed, whoever asked sees the end of the output and lets the browser go on.
"""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import signal
import sys
import time

from .settling import Moved, settle
from .taking import SMALL_BYTES, Moment
from .tree import Late, NotAllowed, Tree, resume

STOPPING, RUNNING = b"s", b"r"
_PAUSES = (0.03, 0.1, 0.3, 0.6)
_AT_ONCE_AT_LAST = 64 * 1024 * 1024

TYPE_CHECKING = False  # The real one costs the time to import it.
if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    """Do what one request asks for."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)  # We are done in a moment, and the browser waits.
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        return
    request = json.loads(line)
    os.umask(0o077)
    phases, announce = os.pipe()
    worker = os.fork()
    if not worker:
        os.close(phases)
        _work(request, announce)
    os.close(announce)
    _guard(worker, phases, request)


def _guard(worker: int, phases: int, request: dict[str, Any]) -> None:
    """Wait for the worker's end; let the browser go on if the worker has not."""
    asked = 0  # our input, which ends when whoever asked is gone
    waiting = select.poll()
    waiting.register(phases, select.POLLIN)
    waiting.register(asked, select.POLLIN)
    stopped_at: float | None = None
    abandoned = killed = False
    while True:
        left = None if stopped_at is None else stopped_at + request["limit"] - time.monotonic()
        ready = dict(waiting.poll(None if left is None else max(0.0, left * 1000)))
        if asked in ready:
            abandoned = True
            waiting.unregister(asked)
        if phases in ready:
            phase = os.read(phases, 1)
            if not phase:
                break
            stopped_at = time.monotonic() if phase == STOPPING else None
        elif (abandoned and stopped_at is None) or (left is not None and left <= 0):
            os.kill(worker, signal.SIGKILL)
            killed = True
            break
    # A worker that was killed is certainly dead before the browser goes on.
    os.waitpid(worker, 0)
    if (killed or stopped_at is not None) and request["pid"] is not None:
        resume(request["pid"])
    if abandoned:
        shutil.rmtree(request["target"], ignore_errors=True)


def _work(request: dict[str, Any], announce: int) -> None:
    """Capture, answer, end; never return."""
    try:
        answer = _answer(request, announce)
    except Exception as error:  # noqa: BLE001  # whatever it is, who asked is told
        answer = {"error": f"{type(error).__name__}: {error}"}
    try:
        with os.fdopen(1, "w", encoding="utf-8") as output:
            json.dump(answer, output)
            output.write("\n")
    except OSError:
        pass  # Nobody listens any more.
    os._exit(0)


def _answer(request: dict[str, Any], announce: int) -> dict[str, Any]:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    reason = request["reason"]
    if request["pid"] is not None:
        try:
            return {
                "method": "stopped",
                **_capture(request, Tree(request["pid"], ours=request["group"]), announce),
            }
        except (Late, NotAllowed) as error:
            reason = str(error)
    return {"method": "ordered", "reason": reason, **_capture(request, None, announce)}


def _capture(request: dict[str, Any], tree: Tree | None, announce: int) -> dict[str, Any]:
    """Try until all files are those of one moment."""
    folder, parts, target = request["folder"], request["parts"], request["target"]
    longest = 0.0
    for attempt, pause in enumerate((*_PAUSES, None), start=1):
        at_once = SMALL_BYTES if pause is not None else _AT_ONCE_AT_LAST
        try:
            # A rehearsal: it brings all that will be looked at into memory.
            Moment(folder, parts, at_once=at_once).close()
            if tree is None:
                moment = Moment(folder, parts, at_once=at_once)
            else:
                moment, seconds = _stopped(tree, request, announce, at_once)
                longest = max(longest, seconds)
            with moment:
                if tree is None:
                    _check_still(moment, folder, parts)
                files = settle(moment, target, copies=request["copies"])
        except (Late, Moved):
            if pause is None:
                raise
        else:
            return {"files": files, "pause": longest, "attempts": attempt}
        for name in os.listdir(target):
            os.unlink(f"{target}/{name}")
        time.sleep(pause)
    raise AssertionError


def _stopped(
    tree: Tree, request: dict[str, Any], announce: int, at_once: int
) -> tuple[Moment, float]:
    """Take the files while the browser stands still, and the seconds of its pause."""
    os.write(announce, STOPPING)
    usual = _hurry()
    started = time.monotonic()
    try:
        tree.stop(request["patience"])
        moment = Moment(request["folder"], request["parts"], at_once=at_once)
    finally:
        seconds = tree.resume() - started
        _take_time(usual)
        os.write(announce, RUNNING)
    return moment, seconds


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


def _check_still(moment: Moment, folder: str, parts: list[str]) -> None:
    """Check that tables and logs, which were opened one after the other, fit together."""
    with Moment(folder, parts, at_once=0) as later:
        if later.fingerprint() != moment.fingerprint():
            raise Moved("LevelDB has changed its set of tables")
