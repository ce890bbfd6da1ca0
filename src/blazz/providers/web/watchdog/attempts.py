"""Takes the files of a browser, again and again until all are those of one moment."""

from __future__ import annotations

import os
import time

from .settling import Moved, settle
from .taking import SMALL_BYTES, Moment
from .tree import Late

PAUSES = (0.03, 0.1, 0.3, 0.6)
"""Seconds between attempts."""

AT_ONCE_AT_LAST = 64 * 1024 * 1024
"""Databases up to this size are read at once where nothing else has helped."""

TYPE_CHECKING = False  # The real one costs the time to import it.
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Take = Callable[[int], Moment]


def capture(
    folder: str, parts: Sequence[str], target: str, *, copies: bool, take: Take | None = None
) -> dict[str, Any]:
    """Take some parts of a browser's folder.

    Args:
        folder: The browser's folder.
        parts: What is wanted of it.
        target: An empty folder on the same file system.
        copies: Copy what changes in place.
        take: Makes the `Moment` while the browser stands still; None: it runs on.

    Returns:
        The `files` as `settle` tells them, the `attempts`, and the time `at` which the files are as
        they were, in seconds since 1970.

    Raises:
        Moved: The browser has changed files too often.
        Late: It has not stopped in time, as often as that was tried.
    """
    for attempt, pause in enumerate((*PAUSES, None), start=1):
        at_once = SMALL_BYTES if pause is not None else AT_ONCE_AT_LAST
        try:
            # A rehearsal: it brings all that will be looked at into memory.
            Moment(folder, parts, at_once=at_once).close()
            at = time.time()
            with take(at_once) if take else Moment(folder, parts, at_once=at_once) as moment:
                if take is None:
                    _check_still(moment, folder, parts)
                files = settle(moment, target, copies=copies)
        except (Late, Moved):
            if pause is None:
                raise
        else:
            return {"files": files, "attempts": attempt, "at": at}
        for name in os.listdir(target):
            os.unlink(f"{target}/{name}")
        time.sleep(pause)
    raise AssertionError


def _check_still(moment: Moment, folder: str, parts: Sequence[str]) -> None:
    """Check that tables and logs, which were opened one after the other, fit together."""
    with Moment(folder, parts, at_once=0) as later:
        if later.fingerprint() != moment.fingerprint():
            raise Moved("LevelDB has changed its set of tables")
