"""What is forked from a process that imported it is a process of its own, and ends like one."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.forking import ForkedProcess, ForkServer

PROGRAM = """
import os, signal, sys

if __name__ == "__main__":
    leads = os.getsid(0) == os.getpid()
    print(os.environ, os.getcwd(), sys.argv[1:], leads, flush=True)
    if "STAY" in os.environ:
        signal.pause()
"""
PATIENCE = 30


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ForkedProcess]]:
    """Starts the program, which writes into the file `output`."""
    (tmp_path / "program_to_fork.py").write_text(PROGRAM)
    server = ForkServer(["program_to_fork"], path=[tmp_path])

    def start(**environment: str) -> ForkedProcess:
        with (tmp_path / "output").open("ab") as output:
            return server.start(
                "program_to_fork", environment=environment, folder=tmp_path, output=output
            )

    yield start
    server.close()


def test_it_has_an_environment_a_folder_and_a_session_of_its_own(
    start: Callable[..., ForkedProcess], tmp_path: Path
) -> None:
    for name in ("one", "two"):
        start(NAME=name).wait(PATIENCE)

    expected = [f"environ({ {'NAME': name} }) {tmp_path} [] True" for name in ("one", "two")]
    assert (tmp_path / "output").read_text().splitlines() == expected


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_it_runs_until_it_is_ended(
    start: Callable[..., ForkedProcess], how: signal.Signals
) -> None:
    process = start(STAY="yes")
    assert process.poll() is None

    process.send_signal(how)
    process.wait(PATIENCE)

    assert process.poll() == 0
    process.send_signal(how)  # it is nobody's any more
