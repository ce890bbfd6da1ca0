"""What a killed process leaves behind is ended at once; what ends in good order is left alone."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import psutil
import pytest

from blazz.providers.web.reaper import Reaper
from blazz.providers.web.reaping import is_running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc")

PARENT = """
import subprocess, sys, time
from blazz.providers.web.reaper import Reaper
script = "import subprocess, sys; subprocess.Popen(['sleep', '100']); print(1, flush=True); " + (
    "import time; time.sleep(100)"
)
child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
child.stdout.readline()
reaper = Reaper(child.pid)
print(child.pid, flush=True)
time.sleep(100)
"""


def test_when_a_process_is_killed_all_of_it_ends() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT)], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    with parent, parent.stdout as told:
        child = psutil.Process(int(told.readline()))
        below = [child, *child.children(recursive=True)]
        assert len(below) == 2
        parent.kill()
        _, alive = psutil.wait_procs(below, timeout=60)
    assert alive == []


def test_who_has_ended_by_itself_is_known_from_whoever_gets_its_pid() -> None:
    with subprocess.Popen(["sleep", "100"]) as sleeper:
        handle = os.pidfd_open(sleeper.pid)
        assert is_running(handle)
        sleeper.kill()
        sleeper.wait()
    assert not is_running(handle)
    os.close(handle)


def test_who_is_dismissed_ends_nothing() -> None:
    with subprocess.Popen(["sleep", "100"]) as sleeper:
        reaper = Reaper(sleeper.pid)
        reaper.dismiss()
        reaper.dismiss()
        assert sleeper.poll() is None
        sleeper.kill()
