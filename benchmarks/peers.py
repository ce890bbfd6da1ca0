"""Environments for the libraries that we measure ourselves against: one for each, made once."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path


def python_with(*requirements: str) -> Path:
    """A Python that has these packages, in an environment of its own.

    Environments are kept in the user's cache and are made again by deleting them there.

    Args:
        requirements: Packages with exact versions, such as `pywa==4.5.0`.
    """
    name = "-".join(requirement.replace("==", "-") for requirement in requirements)
    tag = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = _cache() / f"{name}-py{tag}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"
    if not complete.exists():
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *requirements]
        subprocess.run(command, check=True, stdout=sys.stderr)
        complete.touch()
    return python


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "blazz-benchmarks"
