"""Names of files in a snapshot: only what is safe to write on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

from blazz.errors import InvalidValue

MAX_PATH_BYTES: Final = 1024
MAX_NAME_BYTES: Final = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Reserved by Windows with any extension, in any case.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?: *\..*)?", re.IGNORECASE)
_FORBIDDEN = set('\\:*?"<>|')


def check_path(path: str) -> str:
    """Check the name of one file; give it back.

    Raises:
        InvalidValue: It could leave the folder, or could not be written on every system.

    Example:
        >>> check_path("Default/Local Storage/leveldb/000003.log")
        'Default/Local Storage/leveldb/000003.log'
        >>> check_path("../keys")
        Traceback (most recent call last):
        ...
        blazz.errors.base.InvalidValue: path: no empty, . or .. part; got '../keys'
    """
    if problem := _problem(path):
        raise InvalidValue("path", problem, path)
    return path


def _problem(path: str) -> str | None:
    """The first rule that a name breaks, in words."""
    parts = path.split("/")
    rules: tuple[tuple[str, Callable[[], object]], ...] = (
        ("no surrogates", lambda: any("\ud800" <= letter <= "\udfff" for letter in path)),
        (f"1 to {MAX_PATH_BYTES} bytes", lambda: not 0 < len(path.encode()) <= MAX_PATH_BYTES),
        ("no control characters", lambda: _CONTROL.search(path)),
        ("no empty, . or .. part", lambda: {"", ".", ".."}.intersection(parts)),
        ('no backslash and none of : * ? " < > |', lambda: _FORBIDDEN.intersection(path)),
        ("no name of a device", lambda: any(_DEVICE.fullmatch(part) for part in parts)),
        (
            "no part that ends in a dot or a space",
            lambda: any(part.endswith((".", " ")) for part in parts),
        ),
        (
            f"parts of at most {MAX_NAME_BYTES} bytes",
            lambda: any(len(part.encode()) > MAX_NAME_BYTES for part in parts),
        ),
    )
    return next((rule for rule, broken in rules if broken()), None)


def check_tree(paths: Iterable[str]) -> None:
    """Check names that are to stand beside each other in one folder.

    Raises:
        InvalidValue: A name is unsafe, two are the same where case does not count, or one is both
            a file and a folder.
    """
    files: set[str] = set()
    folders: set[str] = set()
    for path in paths:
        folded = _folded(check_path(path))
        if folded in files:
            raise InvalidValue("path", "names that differ in more than case", path)
        files.add(folded)
        parts = folded.split("/")
        folders.update("/".join(parts[:depth]) for depth in range(1, len(parts)))
    if both := files & folders:
        raise InvalidValue("path", "either a file or a folder", min(both))


def _folded(path: str) -> str:
    """What a file system that ignores case and normal forms makes of a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())
