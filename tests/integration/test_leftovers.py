"""A test that leaves something open fails, and no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = """
def test_one():
    circle = [open(__file__)]
    circle.append(circle)

def test_two():
    pass
"""


def test_what_is_left_open_is_told_by_who_left_it(tmp_path: Path) -> None:
    (tmp_path / "test_leaving.py").write_text(TESTS)
    options = ["-p", "tests.leftovers", "-W", "error", "-c", "/dev/null", "-rA", "--rootdir", "."]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "test_leaving.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = done.stdout.partition("short test summary info")[2]
    assert "ERROR test_leaving.py::test_one" in told, done.stdout
    assert "ERROR test_leaving.py::test_two" not in told
    assert "2 passed, 1 error" in told
