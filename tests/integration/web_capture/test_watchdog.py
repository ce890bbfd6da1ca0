"""Whatever dies while a browser stands still, the browser goes on.

The browser is played by a process that never stops completely: it waits within the kernel for a
child that is about to become another program. Its other child stops at once and waits with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from blazz.errors.web import CaptureFailed
from blazz.providers.web import capture_program
from blazz.providers.web.capture_program import Request
from blazz.providers.web.watchdog import tree
from tests.integration.web_capture import capturing_process

STUCK = """
import os, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("runs", flush=True)
into = [(os.POSIX_SPAWN_OPEN, 0, sys.argv[1], os.O_RDONLY, 0)]
os.posix_spawn("/bin/sleep", ["sleep", "600"], {}, file_actions=into)
time.sleep(600)
"""
LIMIT = 2.0
LONG = 60.0


class Stuck:
    """Processes of which one never stops."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "files").mkdir()
        (folder / "files/one").write_bytes(b"1")
        self.target = folder / "target"
        self.target.mkdir()
        fifo = folder / "fifo"
        os.mkfifo(fifo)
        self.process = subprocess.Popen(
            [sys.executable, "-c", STUCK, str(fifo)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.pid = self.process.pid
        eventually(lambda: self.state == "D" and len(tree.descendants(self.pid)) == 3)
        # Until it becomes another program, the third has the command of the first.
        (self.child,) = (
            pid for pid in tree.descendants(self.pid) if b"posix_spawn" not in _command(pid)
        )

    @property
    def state(self) -> str:
        """The state of the one that never stops."""
        return tree.state(f"/proc/{self.pid}/stat")

    def stands_still(self) -> bool:
        """Whether the other one is stopped."""
        return tree.state(f"/proc/{self.child}/stat") == "T"

    def goes_on(self) -> bool:
        """Whether all run."""
        return all(tree.state(f"/proc/{pid}/stat") != "T" for pid in tree.descendants(self.pid))

    def end(self) -> None:
        """Kill all; may be repeated."""
        for pid in tree.descendants(self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Stuck]:
    made = Stuck(tmp_path)
    yield made
    made.end()


class Capturing:
    """A process of ours, and the program that it runs."""

    def __init__(self, stuck: Stuck, limit: float) -> None:
        values = (stuck.pid, stuck.folder, stuck.target, limit)
        self.process = subprocess.Popen(
            [sys.executable, capturing_process.__file__, *map(str, values)],
            stderr=subprocess.PIPE,
        )
        eventually(stuck.stands_still)
        (self.guard,) = tree._children(self.process.pid)
        (self.worker,) = tree._children(self.guard)

    def told(self) -> bytes:
        """Wait for its end; what it has said."""
        self.process.wait()
        assert self.process.stderr is not None
        with self.process.stderr:
            return self.process.stderr.read()

    def end(self) -> None:
        """End it, and wait until the program has ended, too."""
        self.process.kill()
        self.process.wait()
        assert self.process.stderr is not None
        self.process.stderr.close()
        eventually(lambda: not tree.descendants(self.guard))


@pytest.fixture
def capture(stuck: Stuck) -> Iterator[Callable[[float], Capturing]]:
    started: list[Capturing] = []

    def start(limit: float) -> Capturing:
        started.append(Capturing(stuck, limit))
        return started[-1]

    yield start
    for each in started:
        each.end()


Capture = Callable[[float], Capturing]


def test_our_process_is_killed(stuck: Stuck, capture: Capture) -> None:
    capturing = capture(LONG)
    capturing.process.kill()
    eventually(stuck.goes_on)
    eventually(lambda: not stuck.target.exists())
    eventually(lambda: not tree.descendants(capturing.guard))


def test_the_worker_is_killed(stuck: Stuck, capture: Capture) -> None:
    capturing = capture(LONG)
    os.kill(capturing.worker, signal.SIGKILL)
    eventually(stuck.goes_on)
    assert b"died or hung" in capturing.told()


def test_our_process_and_the_worker_are_killed(stuck: Stuck, capture: Capture) -> None:
    capturing = capture(LONG)
    os.kill(capturing.guard, signal.SIGSTOP)
    capturing.process.kill()
    capturing.process.wait()
    os.kill(capturing.worker, signal.SIGKILL)
    os.kill(capturing.guard, signal.SIGCONT)
    eventually(stuck.goes_on)
    eventually(lambda: not stuck.target.exists())


def test_the_guard_and_the_worker_are_killed(stuck: Stuck, capture: Capture) -> None:
    capturing = capture(LONG)
    os.kill(capturing.guard, signal.SIGKILL)
    os.kill(capturing.worker, signal.SIGKILL)
    eventually(stuck.goes_on)
    assert b"died or hung" in capturing.told()


def test_the_worker_hangs(stuck: Stuck, capture: Capture) -> None:
    capturing = capture(LIMIT)
    os.kill(capturing.worker, signal.SIGSTOP)
    eventually(stuck.goes_on)
    eventually(lambda: not tree.descendants(capturing.worker))


def test_a_terminal_that_closes_does_not_reach_it(stuck: Stuck, capture: Capture) -> None:
    capturing = capture(LONG)
    assert os.getsid(capturing.guard) != os.getsid(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(capturing.worker, number)
        os.kill(capturing.guard, number)
    assert stuck.stands_still()
    assert tree.descendants(capturing.guard) == {capturing.guard, capturing.worker}


async def test_a_cancellation_lets_it_go_on(stuck: Stuck) -> None:
    request = Request(
        pid=stuck.pid,
        folder=stuck.folder,
        parts=("files",),
        target=stuck.target,
        patience=60,
        limit=LONG,
    )
    async with anyio.create_task_group() as tasks:

        async def capture() -> None:
            await capture_program.run(request, python=sys.executable, timeout=60)

        tasks.start_soon(capture)
        await anyio.to_thread.run_sync(eventually, stuck.stands_still)
        tasks.cancel_scope.cancel()
    assert stuck.goes_on()
    assert not stuck.target.exists()


async def test_what_does_not_stop_is_taken_while_it_runs(stuck: Stuck) -> None:
    request = Request(
        pid=stuck.pid,
        folder=stuck.folder,
        parts=("files",),
        target=stuck.target,
        patience=0.01,
        limit=LONG,
    )
    answer = await capture_program.run(request, python=sys.executable, timeout=60)
    assert answer["method"] == "ordered"
    assert "has not stopped in time" in answer["reason"]
    assert answer["pause"] > 0
    assert [(name, size) for name, _, size, _ in answer["files"]] == [("files/one", 1)]
    assert stuck.goes_on()


async def test_a_browser_that_is_gone(stuck: Stuck) -> None:
    stuck.end()
    request = Request(pid=stuck.pid, folder=stuck.folder, parts=("files",), target=stuck.target)
    with pytest.raises(CaptureFailed, match="ProcessLookupError"):
        await capture_program.run(request, python=sys.executable, timeout=60)


@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
async def test_an_interpreter_that_is_none(stuck: Stuck, python: str) -> None:
    request = Request(pid=stuck.pid, folder=stuck.folder, parts=("files",), target=stuck.target)
    with pytest.raises(CaptureFailed):
        await capture_program.run(request, python=python, timeout=60)
    assert stuck.goes_on()
