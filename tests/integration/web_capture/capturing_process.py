"""A process that has files taken: `python capturing_process.py PID FOLDER TARGET LIMIT`."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from blazz.providers.web.capture_program import Request, run


async def main(pid: int, folder: Path, target: Path, limit: float) -> None:
    """Ask once."""
    request = Request(
        pid=pid, folder=folder, parts=("files",), target=target, patience=60, limit=limit
    )
    await run(request, python=sys.executable, timeout=120)


if __name__ == "__main__":
    pid, folder, target, limit = sys.argv[1:]
    anyio.run(main, int(pid), Path(folder), Path(target), float(limit))
