"""Lets Playwright's driver, a Node.js program, keep what it has compiled: it starts sooner."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_VARIABLE: Final = "NODE_COMPILE_CACHE"
_DISABLED: Final = "NODE_DISABLE_COMPILE_CACHE"


@contextlib.contextmanager
def compile_cache(folder: Path) -> Iterator[None]:
    """Let Node.js programs that are started in the block keep compiled code in a folder.

    Node.js takes the folder from the environment (nodejs.org/api/module.html, "Module compile
    cache"), and Playwright lets its driver have no other environment than ours; so ours names it
    for as long as the block runs. Whoever has set the variable has a reason: then it stays.

    Args:
        folder: The folder. What is in it is run, so it is used only if it is ours alone.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, compile_cache(Path(folder)):
        ...     assert os.environ["NODE_COMPILE_CACHE"]
    """
    if _VARIABLE in os.environ or _DISABLED in os.environ or not _is_ours(folder):
        yield
        return
    os.environ[_VARIABLE] = str(folder)
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE, None)


def _is_ours(folder: Path) -> bool:
    """Whether nobody else can write into a folder; it is made if it is missing."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return False  # such as a home that cannot be written to: the driver starts all the same
    if not hasattr(os, "getuid"):  # Windows: the folder is in the user's own profile
        return True
    return found.st_uid == os.getuid() and not found.st_mode & 0o022
