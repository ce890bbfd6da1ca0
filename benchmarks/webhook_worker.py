"""What every subject of `benchmarks.webhooks` does: handle requests when told, and tell the cost.

A subject is a process. For each line that it reads, the name of a file of requests, it handles them
and writes one line of JSON: the CPU seconds that it took, and how many updates reached a handler.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

try:
    from benchmarks.webhook_load import Post, count, load
except ImportError:  # a peer's environment has its script alone on the path
    from webhook_load import Post, count, load  # type: ignore[no-redef,import-not-found]

Handle = Callable[[Sequence[Post]], Awaitable[int | None]]


def serve(handle: Handle) -> None:
    """Handle scenarios until the input ends.

    Args:
        handle: Handles requests; returns how many updates reached a handler, or None for all.
    """
    asyncio.run(_serve(handle))


async def _serve(handle: Handle) -> None:
    for line in sys.stdin:  # nothing else runs: waiting for a line blocks nobody
        requests = list(load(Path(line.strip())))
        start = time.process_time()
        handled = await handle(requests)
        seconds = time.process_time() - start
        if handled is None:
            handled = count(requests)
        print(json.dumps({"seconds": seconds, "handled": handled}), flush=True)
