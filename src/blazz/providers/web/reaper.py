"""Ends our browsers at once when this process is killed.

Playwright's driver notices by itself and closes them in good order, which takes a while. Until then
their pages would go on and confirm messages to WhatsApp that nobody here keeps any more.
"""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
from pathlib import Path
from typing import Final

from blazz.providers.web import reaping

_PROGRAM: Final = Path(reaping.__file__)
_END_SECONDS: Final = 5.0
_log: Final = logging.getLogger("blazz.web")


class Reaper:
    """Kills a process and its descendants as soon as this process has died; on Linux.

    Elsewhere it does nothing, and they end a little later.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform != "linux":
            return
        try:
            # Not in our session: a signal to all of us is not for what comes after us.
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-I", "-S", _PROGRAM, str(pid)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            _log.warning("browsers would outlive this process for a moment: %s", error)

    def dismiss(self) -> None:
        """Say that all is well: nothing is to be killed."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with contextlib.suppress(OSError):  # it has died itself
            process.stdin.write(b".")
            process.stdin.close()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
