"""Processes are stopped all together, and let go on all together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from blazz.providers.web.watchdog import tree
from blazz.providers.web.watchdog.tree import (
    Late,
    NotAllowed,
    Tree,
    descendants,
    has_stopped,
    resume,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")

# Makes a child and ends it, again and again, in several processes and threads.
BREEDER = """
import os, sys, threading, time
def breed():
    while True:
        child = os.fork()
        if not child:
            time.sleep(0.002)
            os._exit(0)
        os.waitpid(child, 0)
for each in range(2):
    if not os.fork():
        break
threading.Thread(target=breed).start()
os.write(1, b"runs\\n")
breed()
"""
LONELY = "import os, time; print('runs', flush=True); time.sleep(600)"
WRAPPER = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BREEDER!r}])"
LEAVER = """
import os, time
if not os.fork():
    os.setsid()
    print("runs", flush=True)
time.sleep(600)
"""

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a program, and ends it with all that descends from it."""
    started: list[subprocess.Popen[bytes]] = []

    def run(code: str, *, own_group: bool = True) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code],
            stdout=subprocess.PIPE,
            start_new_session=own_group,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"runs\n"
        return process

    yield run
    for process in started:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        doomed = Tree(process.pid)
        with suppress(Late):  # it ends just now, or one of them cannot be stopped
            doomed.stop(1)  # What stands still does not multiply.
        if doomed.group is not None:
            # Also what /proc does not list yet: it was forked just when everything stopped.
            os.killpg(doomed.group, signal.SIGKILL)
        for pid in {*doomed.pids, *descendants(process.pid)}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    process.communicate()


def all_stopped(root: int) -> bool:
    return all(tree.state(f"/proc/{pid}/stat") in "TZ" for pid in descendants(root))


def none_stopped(root: int) -> bool:
    return all(tree.state(f"/proc/{pid}/stat") != "T" for pid in descendants(root))


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize("own_group", [True, False])
def test_nothing_escapes_however_fast_it_multiplies(start: Start, own_group: bool) -> None:
    root = start(BREEDER, own_group=own_group).pid
    for _ in range(15):
        stopped = Tree(root)
        stopped.stop(10)
        try:
            eventually(lambda: all_stopped(root))
            before = descendants(root)
            assert len(before) >= 3
            assert descendants(root) == before
        finally:
            stopped.resume()
        eventually(lambda: none_stopped(root))
    assert stopped.group == (root if own_group else None)


def test_a_browser_behind_a_script_has_a_group_of_its_own(start: Start) -> None:
    wrapper = start(WRAPPER)
    (root,) = descendants(wrapper.pid) & tree._children(wrapper.pid)
    stopped = Tree(root)
    assert stopped.group == wrapper.pid
    stopped.stop(10)
    eventually(lambda: all_stopped(wrapper.pid))
    stopped.resume()
    eventually(lambda: none_stopped(wrapper.pid))


def test_who_has_left_the_group_is_stopped_too(start: Start) -> None:
    root = start(LEAVER).pid
    stopped = Tree(root)
    assert len(stopped.pids) == 2
    stopped.stop(10)
    assert all_stopped(root)
    stopped.resume()
    eventually(lambda: none_stopped(root))


def test_the_group_of_whoever_asks_is_left_alone(start: Start) -> None:
    root = start(LONELY).pid
    assert Tree(root, ours=root).group is None
    assert Tree(start(LONELY, own_group=False).pid).group is None


def test_what_others_have_stopped_goes_on(start: Start) -> None:
    root = start(BREEDER).pid
    Tree(root).stop(10)
    resume(root)
    eventually(lambda: none_stopped(root))


def test_what_a_dead_root_leaves_behind_goes_on(start: Start) -> None:
    process = start("import os, time\nif not os.fork(): print('runs', flush=True)\ntime.sleep(600)")
    (child,) = descendants(process.pid) - {process.pid}
    Tree(process.pid).stop(10)
    process.kill()
    process.wait()
    assert has_stopped(child)
    resume(process.pid)
    eventually(lambda: not has_stopped(child))
    os.kill(child, signal.SIGKILL)


def test_a_process_that_is_gone(start: Start) -> None:
    process = start(LONELY)
    process.kill()
    process.wait()
    with pytest.raises(ProcessLookupError):
        Tree(process.pid)
    resume(process.pid)
    assert descendants(process.pid) == set()
    assert has_stopped(process.pid)


def test_processes_that_are_not_ours_to_stop(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    root = start(LONELY).pid
    stopped = Tree(root)
    monkeypatch.setattr(tree.os, "kill", refuse)
    monkeypatch.setattr(tree.os, "killpg", refuse)
    with pytest.raises(NotAllowed, match=str(root)):
        stopped.stop(1)
    stopped.resume()


def test_what_does_not_stop_in_time(start: Start, tmp_path: Path) -> None:
    """A process that waits within the kernel for a child to become another program."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    code = (
        "import os; print('runs', flush=True)\n"
        f"os.posix_spawn('/bin/true', ['true'], {{}},"
        f" file_actions=[(os.POSIX_SPAWN_OPEN, 0, {str(fifo)!r}, os.O_RDONLY, 0)])"
    )
    root = start(code).pid
    eventually(lambda: tree.state(f"/proc/{root}/stat") == "D")
    stopped = Tree(root)
    with pytest.raises(Late, match="has not stopped"):
        stopped.stop(0.05)
    stopped.resume()
    with fifo.open("wb"):
        pass  # It may end now.
