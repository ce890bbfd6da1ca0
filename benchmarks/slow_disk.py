"""A disk of its own that really is slow: for root on Linux with loop devices and cgroups (v1).

The disk is a file with ext4 in it, behind a loop device whose reads and writes the kernel slows
down. Writers usually do not notice, because the kernel collects writes in memory; here it is told
to let this disk have one megabyte of that, so that whoever writes more waits for the disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup/blkio")
COLLECTED_BYTES = 1024 * 1024


class NoSlowDisk(Exception):
    """This machine cannot make a slow disk."""


@contextmanager
def slow_disk(folder: Path, *, rate: int, size: int = 2 * 1024**3) -> Iterator[Path]:
    """Mount a disk that reads and writes `rate` bytes a second each.

    Args:
        folder: Where to keep it; removed at the end, unless it was there.
        rate: Bytes a second.
        size: How much fits on it.

    Raises:
        NoSlowDisk: This machine cannot make one.
    """
    throttles = [CGROUP / f"blkio.throttle.{what}_bps_device" for what in ("read", "write")]
    tools = [shutil.which(tool) for tool in ("losetup", "mkfs.ext4", "mount", "umount")]
    if os.geteuid() or not all(tools) or not all(map(Path.exists, throttles)):
        raise NoSlowDisk("a slow disk needs root, losetup, mkfs.ext4 and blkio cgroups (v1)")
    with ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        image, mounted = folder / "slow.img", folder / "slow"
        stack.callback(image.unlink, missing_ok=True)
        with image.open("wb") as file:
            file.truncate(size)
        # Made at once and completely: a disk that is still being made is busy.
        run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
        device = run("losetup", "--show", "--find", image).strip()
        stack.callback(run, "losetup", "--detach", device)
        found = Path(device).stat().st_rdev
        number = f"{os.major(found)}:{os.minor(found)}"
        mounted.mkdir(exist_ok=True)
        stack.callback(mounted.rmdir)
        run("mount", "-o", "noatime", device, mounted)
        stack.callback(run, "umount", mounted)
        writing = Path("/sys/class/bdi") / number
        (writing / "strict_limit").write_text("1")
        stack.callback((writing / "strict_limit").write_text, "0")
        (writing / "max_bytes").write_text(str(COLLECTED_BYTES))
        stack.callback((writing / "max_ratio").write_text, "100")
        for throttle in throttles:
            throttle.write_text(f"{number} {rate}")
            stack.callback(throttle.write_text, f"{number} 0")
        yield mounted


def run(*command: object) -> str:
    """Run a program; give what it printed."""
    told = subprocess.run([str(part) for part in command], check=True, capture_output=True)
    return told.stdout.decode()
