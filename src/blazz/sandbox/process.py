"""A sandbox in a process of its own, which ends with the process that started it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from blazz.errors import ConfigurationError

_START_SECONDS = 30.0
_END_SECONDS = 10.0


class SandboxProcess:
    """`python -m blazz.sandbox` as a child process.

    The child ends when its standard input does: when `stop` closes it, and also when this process
    dies without a word.

    Args:
        arguments: What it is started with, beside the port.
        log_file: Where it logs accepted messages; None: a temporary file.
    """

    def __init__(self, arguments: Sequence[str] = (), *, log_file: Path | None = None) -> None:
        self._arguments = [*arguments]
        if log_file is not None:
            self._arguments += ["--log-file", str(log_file)]
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> str:
        """Start it and wait until it listens; give its URL.

        Raises:
            ConfigurationError: It ended instead; what it said is on standard error.
        """
        command = [sys.executable, "-m", "blazz.sandbox", "--exit-with-stdin", *self._arguments]
        self._process = await anyio.open_process(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None
        )
        assert self._process.stdout is not None
        output = BufferedByteReceiveStream(self._process.stdout)
        line = b""
        try:
            with anyio.move_on_after(_START_SECONDS):
                line = await output.receive_until(b"\n", 65_536)
        except anyio.IncompleteRead:
            pass
        finally:
            if not line:
                await self.stop()
        if not line:
            raise ConfigurationError(
                "the sandbox did not start (`python -m blazz.sandbox`); is blazz[server] installed?"
            )
        url: str = json.loads(line)["url"]
        return url

    async def stop(self) -> None:
        """End it; a second call does nothing."""
        process, self._process = self._process, None
        if process is None:
            return
        with anyio.CancelScope(shield=True):
            with anyio.move_on_after(_END_SECONDS) as scope:
                await process.aclose()
            if scope.cancelled_caught:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
