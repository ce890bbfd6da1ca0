"""What every subject of `benchmarks.webhooks` does: handle requests when told, and tell the cost.

A subject is a process. It is given a folder with one file for each scenario; for each line that it
reads it handles all requests of the scenario of that name, and writes one line of JSON: the CPU
seconds that it took, and how many updates reached a handler.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

try:
    from benchmarks.webhook_load import Post, load
except ImportError:  # a peer's environment has its script alone on the path
    from webhook_load import Post, load  # type: ignore[no-redef,import-not-found]

Handle = Callable[[Sequence[Post]], Awaitable[int]]


def serve(handle: Handle) -> None:
    """Handle scenarios until the input ends.

    Args:
        handle: Handles requests one after the other; returns how many updates reached a handler.
    """
    asyncio.run(_serve(handle))


async def _serve(handle: Handle) -> None:
    folder = Path(sys.argv[1])
    posts = {path.stem: list(load(path)) for path in folder.glob("*.jsonl")}
    for line in sys.stdin:  # nothing else runs: waiting for a line blocks nobody
        requests = posts[line.strip()]
        start = time.process_time()
        handled = await handle(requests)
        seconds = time.process_time() - start
        print(json.dumps({"seconds": seconds, "handled": handled}), flush=True)
