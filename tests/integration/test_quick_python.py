"""What `quick_python` runs cannot be told from what Python runs."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE = 60
SHOWN = """
import os, sys
print(sys.argv, os.getcwd(), dict(os.environ) == {"NAME": "one"}, __name__, sys.stdin.read())
print(sys.path[0], file=sys.stderr)
"""
STAYING = "import signal; print('here', flush=True); signal.pause()"


@pytest.mark.parametrize("arguments", [["shown.py", "x"], ["-m", "shown", "x"], ["-c", SHOWN, "x"]])
def test_it_shows_what_python_shows(
    quick_python: Path, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "shown.py").write_text(SHOWN)
    quick, plain = (
        subprocess.run(
            [python, *arguments],
            cwd=tmp_path,
            env={"NAME": "one"},
            input="given",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        for python in (quick_python, sys.executable)
    )
    assert quick.stdout == plain.stdout
    assert quick.stderr == plain.stderr
    assert "given" in quick.stdout


def test_the_code_that_it_ends_with_is_told(quick_python: Path) -> None:
    for code, expected in {"": 0, "raise SystemExit(7)": 7, "1 / 0": 1}.items():
        done = subprocess.run(
            [quick_python, "-c", code], capture_output=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == expected, done.stderr


def test_signals_reach_it(quick_python: Path) -> None:
    with subprocess.Popen([quick_python, "-c", STAYING], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.terminate()
        assert process.wait(PATIENCE) == -signal.SIGTERM


def test_it_is_killed_with_who_waits_for_it(quick_python: Path) -> None:
    with subprocess.Popen([quick_python, "-c", STAYING], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        process.kill()
        assert process.stdout.read() == b""  # nobody can write into it any more


def test_its_blazz_is_the_command(quick_python: Path) -> None:
    done = subprocess.run(
        [quick_python.with_name("blazz"), "--version"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout.startswith("blazz ")


def test_with_other_options_it_is_python(quick_python: Path) -> None:
    command = [quick_python, "-I", "-c", "import sys; print(sys.flags.isolated, sys.executable)"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert done.stdout == f"1 {sys.executable}\n"
