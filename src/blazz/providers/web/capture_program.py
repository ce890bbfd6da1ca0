"""Has the files of a browser taken, by a program of its own if the browser is stopped for it."""

from __future__ import annotations

import contextlib
import marshal
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.abc
import anyio.to_thread

from blazz.errors.web import CaptureFailed
from blazz.providers.web.watchdog import attempts, settling, taking, tree

_START: Final = (
    "import sys; sys.path.append(sys.argv[1]); from watchdog.program import main; main()"
)
_HERE: Final = Path(__file__).parent
_LONGEST_ANSWER: Final = 64 * 1024 * 1024
_GRACE_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the program is asked to do.

    Attributes:
        pid: The process to stop together with its descendants.
        folder: The browser's folder.
        parts: What is wanted of it.
        target: An empty folder on the same file system.
        copies: Copy databases, which change in place, instead of linking to them.
        patience: Seconds to wait for the processes to stop, in one attempt.
        limit: Seconds after which they are let go on even if the program hangs.
    """

    pid: int
    folder: Path
    parts: Sequence[str]
    target: Path
    copies: bool = False
    patience: float = 0.04
    limit: float = 2.0

    def arguments(self) -> list[str]:
        """The arguments of the program, see `watchdog.program.Request`."""
        copies = "copies" if self.copies else "links"
        numbers = [str(self.patience), str(self.limit)]
        pids = [str(self.pid), str(os.getpgrp())]
        return [*pids, str(self.folder), str(self.target), copies, *numbers, *self.parts]


async def run(request: Request, *, python: str, timeout: float) -> dict[str, Any]:
    """Run the program once and give its answer.

    When this returns or raises, also after a cancellation, the browser runs.

    Raises:
        CaptureFailed: It did not do it, or not in time.
    """
    command = [python, "-I", "-S", "-c", _START, str(_HERE), *request.arguments()]
    try:
        # Not in our session: a Ctrl+C is for us, not for who holds a browser.
        process = await anyio.open_process(
            command, stderr=subprocess.STDOUT, start_new_session=True
        )
    except OSError as error:
        raise CaptureFailed(f"{python} cannot be started: {error}") from error
    output = bytearray()
    try:
        with anyio.move_on_after(timeout):
            await _read_all(process, output)
    finally:
        answer = _parsed(output)
        with anyio.CancelScope(shield=True):
            await _end(process, request, answered=answer is not None)
    if answer is None:
        told = output[-500:].decode(errors="replace").strip() or "nothing"
        raise CaptureFailed(f"what takes the files died or hung; it said: {told}")
    if "error" in answer:
        raise CaptureFailed(f"the files were not taken: {answer['error']}")
    return answer


async def _read_all(process: anyio.abc.Process, output: bytearray) -> None:
    """Read until guard and worker are gone: the answer, or why Python could not even start."""
    assert process.stdout is not None
    async for part in process.stdout:
        output += part
        if len(output) > _LONGEST_ANSWER:
            break


async def _end(process: anyio.abc.Process, request: Request, *, answered: bool) -> None:
    assert process.stdin is not None
    # The end of its input tells the guard to clear up, if it still runs.
    await process.stdin.aclose()
    with anyio.move_on_after(request.limit + _GRACE_SECONDS):
        await process.wait()
    if process.returncode is None:
        # Guard and worker: it leads their group. The worker alone would stop the browser again.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with anyio.move_on_after(_GRACE_SECONDS):
            await _read_all(process, bytearray())  # until both are dead
    if not answered:
        # Guard and worker may both be dead, and the browser still stand still.
        await anyio.to_thread.run_sync(tree.resume, request.pid)
    await process.aclose()


def capture_running(request: Request) -> dict[str, Any]:
    """Do the same without stopping anything, in this process; reads and links some files.

    Raises:
        CaptureFailed: It was not possible.
    """
    folder, target = str(request.folder), str(request.target)
    try:
        got = attempts.capture(folder, request.parts, target, copies=request.copies)
    except (OSError, settling.Moved, taking.Refused) as error:
        raise CaptureFailed(f"the files were not taken: {error}") from error
    return {"method": "ordered", "pause": 0.0, **got}


def _parsed(output: bytearray) -> dict[str, Any] | None:
    """What the program has answered; None if it has not."""
    try:
        # Our own program has written it; importing JSON would take it longer than all else.
        answer = marshal.loads(output)  # noqa: S302
    except (EOFError, TypeError, ValueError):
        return None
    return answer if isinstance(answer, dict) else None
