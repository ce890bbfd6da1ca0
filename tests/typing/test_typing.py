"""Type checkers infer from the public face what its authors meant."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sys.executable).parent
SNIPPETS = [path for path in sorted(Path(__file__).parent.glob("*.py")) if path != Path(__file__)]


@pytest.mark.parametrize(
    "command",
    # The cache is the one of `nox -s types`, which has just looked at the whole package.
    [["mypy", "--strict", "--cache-dir", ".nox/mypy"], ["pyright"]],
    ids=["mypy", "pyright"],
)
def test_a_type_checker_agrees(command: list[str]) -> None:
    done = subprocess.run(
        [SCRIPTS / command[0], *command[1:], *SNIPPETS],
        cwd=ROOT,
        env={**os.environ, "PATH": os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
