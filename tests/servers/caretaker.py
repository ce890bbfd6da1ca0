"""Ends the servers of a test process that was killed: it could do so no more.

One small process for each that starts servers; it is told of them on its standard input, which ends
with whoever tells, however that ends.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

_SECONDS: Final = 30


class Caretaker:
    """The process, seen by the one whose servers it would end."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-IS", __file__], stdin=subprocess.PIPE, start_new_session=True
        )

    def tell(self, folder: Path, pid: int | None, how: signal.Signals) -> None:
        """Tell of a server.

        Args:
            folder: What it has on the disk.
            pid: The process that it is now, if it runs.
            how: What ends it at once.
        """
        assert self._process.stdin is not None
        told = json.dumps([str(folder), pid, how])
        os.write(self._process.stdin.fileno(), f"{told}\n".encode())  # so short is never divided

    def close(self) -> None:
        """End it, and what is left of the servers."""
        with self._process:  # closes its input and waits
            pass


def caretaker() -> Caretaker:
    """The one of this process."""
    with _making:
        return _made()


_making: Final = threading.Lock()


@functools.cache
def _made() -> Caretaker:
    made = Caretaker()
    atexit.register(made.close)
    return made


def _main() -> None:
    """Listen until nobody tells anything any more, then end what is left."""
    running: dict[str, tuple[int, int] | None] = {}
    for line in sys.stdin:
        folder, pid, how = json.loads(line)
        if known := running.get(folder):
            os.close(known[0])
        running[folder] = None
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                running[folder] = os.pidfd_open(pid), how  # its number may be another's one day
    left = [each for each in running.values() if each]
    for handle, how in left:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, how)
    for handle, _ in left:
        select.select([handle], [], [], _SECONDS)
    for folder in running:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _main()
