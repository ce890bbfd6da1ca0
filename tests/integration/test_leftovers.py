"""A test that leaves something open fails, and no other, whatever order they run in."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

@pytest.mark.parametrize("number", range(20))
def test_any(number):
    circle = [open(__file__)] if number == 7 else []
    circle.append(circle)
"""
PLUGINS = ("-p", "tests.leftovers", "-p", "tests.shuffling")


def test_what_is_left_open_is_told_by_who_left_it(tmp_path: Path) -> None:
    (tmp_path / "test_leaving.py").write_text(TESTS)
    options = ["-W", "error", "-c", "/dev/null", "-rA", "--rootdir", ".", "--shuffle", "3"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *PLUGINS, *options, "test_leaving.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = done.stdout.partition("short test summary info")[2]
    assert "ERROR test_leaving.py::test_any[7]" in told, done.stdout
    assert "20 passed, 1 error" in told
    ran = [int(number) for number in re.findall(r"PASSED .*\[(\d+)\]", told)]
    assert ran != sorted(ran) == [*range(20)]
