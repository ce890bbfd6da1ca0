"""A process that starts a browser, tells its pids, and ends as it is told to, without closing it.

Arguments: the program, the profile folder, and how to end: `exit`, `raise`, or `wait` for a kill.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import psutil

from blazz.providers.web.launching import launch
from blazz.providers.web.settings import BrowserSettings


async def main(program: str, profile: str, ending: str) -> None:
    """Start the browser, say so, end."""
    browser = await launch(BrowserSettings(executable=Path(program)), Path(profile))
    pids = [process.pid for process in psutil.Process().children(recursive=True)]
    print(json.dumps({"browser": browser.pid, "all": pids}), flush=True)
    if ending == "exit":
        sys.exit(0)
    if ending == "raise":
        raise RuntimeError("this process fails")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
