"""Gives what was taken a name of its own, so that it can be read for as long as it is needed."""

from __future__ import annotations

import errno
import os

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
    from io import BufferedWriter

    from .taking import Moment, Taken


class Moved(Exception):
    """A file was changed in place before it was copied."""


def settle(moment: Moment, folder: str, *, copies: bool) -> list[list[object]]:
    """Link or copy all files of a moment into an empty folder.

    A link to a file that changes in place goes with a proof: as long as that holds, the file is
    what it was at the moment. A copy needs none, and costs the disk as much as it has bytes.

    Args:
        moment: The files.
        folder: The folder.
        copies: Copy the files that change in place.

    Returns:
        For each file its name in the browser's folder, its name here, how many of its bytes belong
        to the moment, and the proof, see `Taken.evidence`.

    Raises:
        Moved: One was changed before it was copied; the moment cannot be had any more.
    """
    if moment.busy:
        raise Moved(moment.busy)
    settled = []
    # Databases first: each of their copies may come too late.
    files = sorted(moment.files, key=lambda each: each.proof is None)
    for number, each in enumerate(files):
        target = f"{folder}/{number}"
        proof = None
        if each.content is not None:
            _write(each.content, target)
        elif (each.proof is None or not copies) and _link(each, target):
            proof = each.proof
        else:
            _copy(each, target)
        settled.append([each.name, str(number), each.size, proof])
    return settled


def _write(content: bytes, target: str) -> None:
    with open(target, "xb") as file:
        file.write(content)


def _link(file: Taken, target: str) -> bool:
    """Give the file that is open another name; its old one may stand for another file by now."""
    try:
        opened = os.open("/proc/self/fd", os.O_RDONLY)
    except OSError:
        return False  # Only Linux has it.
    try:
        os.link(str(file.handle), target, src_dir_fd=opened, follow_symlinks=True)
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    finally:
        os.close(opened)
    return True


def _copy(file: Taken, target: str) -> None:
    """Copy the bytes that belong to the moment, by the file system itself where it can."""
    offset = 0
    with open(target, "xb") as copy:
        while offset < file.size:
            done = _copy_some(file, copy, offset, min(_COPY_BYTES, file.size - offset))
            if not done:
                raise Moved(f"{file.name} was cut short")
            offset += done
    if file.proof is not None and file.evidence() != file.proof:
        raise Moved(f"{file.name} was changed before it was copied")


def _copy_some(file: Taken, copy: BufferedWriter, offset: int, length: int) -> int:
    if hasattr(os, "copy_file_range"):
        try:
            return os.copy_file_range(file.handle, copy.fileno(), length, offset, offset)
        except OSError as error:
            if error.errno not in {*_NO_LINK, errno.EINVAL, errno.ENOSYS}:
                raise
    copy.seek(offset)
    return copy.write(file.read(offset, length))
