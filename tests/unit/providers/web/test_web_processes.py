"""Which processes are a browser, and that none of its processes outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from blazz.providers.web import processes
from blazz.providers.web.processes import ProcessTree, browsers_of, kill_browsers_of

FORKS = "import os, time; os.fork() or (print(1, flush=True), time.sleep(100)); time.sleep(100)"
SLEEPS = "import time; print(1, flush=True); time.sleep(100)"
STARTS = (
    "import subprocess, sys, time; print(subprocess.Popen([sys.executable, '-c',"
    " 'import time; time.sleep(100)']).pid, flush=True); time.sleep(100)"
)


@contextmanager
def running(code: str, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A process that leads a group of its own, as a browser does, and the number that it tells."""
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                process.wait()


def test_a_browser_is_found_whose_pid_was_anothers_a_moment_before(tmp_path: Path) -> None:
    with running(SLEEPS, f"--user-data-dir={tmp_path}") as (browser, _):
        # psutil remembers processes from one look at all of them to the next.
        remembered: Any = {process.pid: process for process in psutil.process_iter()}[browser.pid]
        remembered._ident = (browser.pid, 0.0)
        assert browsers_of(tmp_path) == [browser.pid]
        kill_browsers_of(tmp_path)
        assert not psutil.pid_exists(browser.pid)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
def test_what_a_browser_has_just_forked_is_not_taken_for_it(tmp_path: Path) -> None:
    with running(FORKS, f"--user-data-dir={tmp_path}") as (browser, _):
        assert len(psutil.Process(browser.pid).children()) == 1
        assert browsers_of(tmp_path) == [browser.pid]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups of processes")
def test_what_stands_still_is_ended_after_its_browser_is_dead() -> None:
    with running(STARTS) as (browser, below):
        tree = ProcessTree(browser.pid)
        page = psutil.Process(below)
        page.suspend()
        browser.kill()
        browser.wait()
        tree.kill()
        assert not page.is_running()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups of processes")
def test_the_group_of_another_process_with_the_same_pid_is_left_alone() -> None:
    with running(SLEEPS) as (other, _):
        tree: Any = ProcessTree(other.pid)
        # As if it had been known before: it was another process then.
        tree._root._ident = (other.pid, 0.0)
        tree.kill()
        assert other.poll() is None


def test_where_there_are_no_groups_a_process_leads_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "sys", SimpleNamespace(platform="win32"))
    with running(STARTS) as (browser, below):
        page = psutil.Process(below)
        ProcessTree(browser.pid).kill()
        assert not page.is_running()
