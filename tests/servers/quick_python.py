"""A `python` and a `blazz` that start at once: they fork a process that has done their imports.

To import what a program with a client and a sandbox needs takes a second of a processor, and tests
of pages, examples and commands start some hundred of these.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

_HERE: Final = Path(__file__).parent
_MODULES: Final = (
    "aiohttp",
    "asyncpg",
    "blazz.auth_stores.local",
    "blazz.campaigns.engine.streaq",
    "blazz.campaigns.ledger.postgres",
    "blazz.campaigns.ledger.sqlite",
    "blazz.cli.campaign",
    "blazz.cli.inbox",
    "blazz.cli.keys",
    "blazz.cli.sandbox",
    "blazz.cli.send",
    "blazz.cli.sessions",
    "blazz.cli.worker",
    "blazz.providers.web.provider",
    "blazz.sandbox.__main__",
    "blazz.sandbox.listener",
    "httpx_aiohttp",
    "phonenumbers",
    "playwright.async_api",
    "redis.asyncio",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
)
_BLAZZ: Final = """#!{python}
import sys

from blazz.cli import main

sys.exit(main())
"""


@pytest.fixture(scope="session")
def quick_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The program `python`, for `python FILE`, `-m` and `-c`; `blazz` is in the same folder.

    What it runs is a process of its own and ends like one. With other options it is Python itself.
    """
    folder = tmp_path_factory.mktemp("python")
    python = folder / "python"
    client = (_HERE / "quick_python_client.py").read_text(encoding="utf-8")
    _write_program(python, f"#!{sys.executable} -IS\n{client}")
    _write_program(folder / "blazz", _BLAZZ.format(python=python))
    with _serving(folder / "socket", python):
        yield python


@pytest.fixture
def quick_starts(quick_python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has this process take it for Python: what blazz and a test start with it starts at once.

    Not for programs that are to be killed: they end a moment after who waits for them.
    """
    monkeypatch.setattr(sys, "executable", str(quick_python))


@contextlib.contextmanager
def _serving(address: Path, python: Path) -> Iterator[None]:
    """The process that forks; it ends with this one, and what it runs with it."""
    program = _HERE / "quick_python_server.py"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        process = subprocess.Popen(
            [sys.executable, program, str(listener.fileno()), python, *_MODULES],
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    assert process.stdin is not None
    try:
        yield
    finally:
        process.stdin.close()
        process.wait()


def _write_program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
