"""The receiver for frameworks that block: from any thread, once per process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

from blazz.webhooks import Receiver, Response, sign
from blazz.webhooks.inbox.sqlite import SqliteInbox
from blazz.webhooks.threaded import ThreadedReceiver
from tests.unit.webhooks.scenery import SECRET, profile, said


class Opened:
    """Opens a receiver and notes it."""

    def __init__(self, path: Path, kind: type[Receiver] = Receiver) -> None:
        self.path = path
        self.kind = kind
        self.log: list[str] = []

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[Receiver]:
        self.log.append("opened")
        async with SqliteInbox(self.path / "inbox.db") as inbox:
            receiver = self.kind(inbox)
            await receiver.add("acme/sales", profile())
            yield receiver
        self.log.append("closed")


def test_threads_share_one_receiver(tmp_path: Path) -> None:
    opened = Opened(tmp_path)
    webhooks = ThreadedReceiver(opened)
    statuses: list[int] = []

    def post(number: int) -> None:
        body = said(f"a{number}")
        headers = {"X-Hub-Signature-256": sign(body, SECRET)}
        statuses.append(webhooks.handle("POST", "", headers, body).status)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    webhooks.close()
    webhooks.close()

    assert statuses == [200] * 8
    assert opened.log == ["opened", "closed"]
    webhooks.start()
    webhooks.start()
    webhooks.close()
    assert opened.log == ["opened", "closed"] * 2


def test_what_fails_to_open_is_tried_again(tmp_path: Path) -> None:
    good = Opened(tmp_path)
    attempts: list[int] = []

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Receiver]:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("no disk")
        async with good() as receiver:
            yield receiver

    webhooks = ThreadedReceiver(opened)
    with pytest.raises(OSError, match="no disk"):
        webhooks.start()
    assert webhooks.handle("PUT", "", {}, b"").status == 405
    webhooks.close()


class Leaving(Receiver):
    """A receiver with a request that ends the loop, as `sys.exit` in a handler does."""

    async def handle(self, method: str, *request: Any) -> Response:
        if method == "LEAVE":
            asyncio.get_running_loop().call_soon(sys.exit)
        return await super().handle(method, *request)


def test_a_loop_that_has_ended_is_started_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    opened = Opened(tmp_path, Leaving)
    webhooks = ThreadedReceiver(opened)
    body = said("a1")
    headers = {"X-Hub-Signature-256": sign(body, SECRET)}

    with contextlib.suppress(CancelledError):  # it may be answered before, or not
        webhooks.handle("LEAVE", "", {}, b"")
    # Whatever moment of the end it is: kept, or to be sent again.
    deadline = time.monotonic() + 60
    while opened.log.count("opened") < 2:
        assert webhooks.handle("POST", "", headers, body).status in {200, 503}
        assert time.monotonic() < deadline
    assert webhooks.handle("POST", "", headers, body).status == 200
    webhooks.close()

    assert "the receiver ended by itself, and is opened again" in caplog.text


PROGRAM = """
import contextlib, os, sys
from blazz.errors import ConfigurationError
from blazz.webhooks import Receiver
from blazz.webhooks.inbox.sqlite import SqliteInbox
from blazz.webhooks.threaded import ThreadedReceiver

@contextlib.asynccontextmanager
async def opened():
    async with SqliteInbox("inbox.db") as inbox:
        yield Receiver(inbox)
    print("closed", flush=True)

webhooks = ThreadedReceiver(opened)
print(webhooks.handle("PUT", "", {}, b"").status, flush=True)
if hasattr(os, "fork"):
    child = os.fork()
    if child == 0:
        try:
            webhooks.start()
        except ConfigurationError as error:
            print(error, flush=True)
        webhooks.close()
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_it_closes_with_its_process_and_is_not_taken_over_by_a_fork(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("405", "closed")
    if hasattr(os, "fork"):
        assert "started before this process was forked; start it in each worker" in lines[1]
