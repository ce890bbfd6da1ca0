"""The command in this process, a sandbox for it, and what commands about WhatsApp Web need."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner, Result

from blazz.cli.app import app
from tests.servers.chromium import chromium_path, wa_js_path

__all__ = ["chromium_path", "wa_js_path"]

Blazz: TypeAlias = Callable[..., Result]


@pytest.fixture
def blazz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Blazz:
    """Runs the command in this process, in a folder of its own: most of a process is its start."""
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()

    def run(*arguments: str, code: int = 0) -> Result:
        done = runner.invoke(app, list(arguments))
        assert done.exit_code == code, f"{done.output}{done.stderr}\n{done.exception!r}"
        return done

    return run


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, quick_python: Path) -> Iterator[str]:
    """A sandbox started by the command; gives its URL."""
    command = [quick_python, "-m", "blazz.cli", "sandbox", "--port", "0", "--json",
               "--set", "throughput=null", "--set", "speed=20"]  # fmt: skip
    folder = tmp_path_factory.mktemp("sandbox")
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
        process.terminate()
        process.wait(60)
