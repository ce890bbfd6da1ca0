"""Gives what was taken a name of its own, so that it can be read for as long as it is needed."""

from __future__ import annotations

import errno
import os

from .taking import changes_in_place

_COPY_BYTES = 8 * 1024 * 1024
_NO_LINK = frozenset(
    (
        errno.ENOENT,  # its last name is gone: the browser has removed it meanwhile
        errno.EXDEV,
        errno.EPERM,  # a file system without links, or one that protects them
        errno.EMLINK,
        errno.EOPNOTSUPP,
    )
)

TYPE_CHECKING = False  # The real one costs the time to import it.
if TYPE_CHECKING:
    from .taking import Moment, Taken


class Moved(Exception):
    """A file was changed in place before it was copied."""


def settle(moment: Moment, folder: str) -> list[tuple[str, str, int]]:
    """Link or copy all files of a moment into an empty folder.

    Returns:
        For each file its name in the browser's folder, its name here, and how many of its bytes
        belong to the moment.

    Raises:
        Moved: One was changed before it was copied; the moment cannot be had any more.
    """
    if moment.busy:
        raise Moved(moment.busy)
    opened = os.open("/proc/self/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Databases first: each of their copies may come too late.
        files = sorted(moment.files, key=lambda each: each.proof is None)
        for number, each in enumerate(files):
            _settle(each, f"{folder}/{number}", opened)
        for each in files:
            if each.content is None and each.proof is not None and each.evidence() != each.proof:
                raise Moved(f"{each.name} was changed before it was copied")
        return [(each.name, str(number), each.size) for number, each in enumerate(files)]
    finally:
        os.close(opened)


def _settle(file: Taken, target: str, opened: int) -> None:
    if file.content is None and not changes_in_place(file.name) and _link(file, target, opened):
        return
    with open(target, "xb") as copy:
        if file.content is None:
            _copy(file, copy.fileno())
        else:
            copy.write(file.content)


def _link(file: Taken, target: str, opened: int) -> bool:
    """Give the file that is open another name; its old one may stand for another file by now."""
    try:
        os.link(str(file.handle), target, src_dir_fd=opened, follow_symlinks=True)
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    return True


def _copy(file: Taken, handle: int) -> None:
    """Copy the bytes that belong to the moment, by the file system itself where it can."""
    offset = 0
    while offset < file.size:
        length = min(_COPY_BYTES, file.size - offset)
        try:
            done = os.copy_file_range(file.handle, handle, length, offset, offset)
        except OSError as error:
            if error.errno not in {*_NO_LINK, errno.EINVAL, errno.ENOSYS}:
                raise
            done = os.pwrite(handle, file.read(offset, length), offset)
        if not done:
            raise Moved(f"{file.name} was cut short")
        offset += done
