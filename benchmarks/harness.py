"""Subjects of a benchmark: processes that do their work when told, and answer what it cost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack


class Subject:
    """A process that reads one line for each task and writes one line of JSON, its figures.

    Args:
        command: What to run.
        stack: Ends the process when it is closed.
    """

    def __init__(self, command: Sequence[str], *, stack: ExitStack) -> None:
        self._process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )

    def ask(self, task: object) -> dict[str, float]:
        """Have a task done; give its figures.

        Raises:
            RuntimeError: The process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{task}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}")
        figures: dict[str, float] = json.loads(line)
        return figures
