"""The web applications in examples/ take webhooks, each on its own server."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from blazz.webhooks import sign
from tests.integration.webhooks import traffic
from tests.servers.process import free_port

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
ENVIRONMENT = {
    "WHATSAPP_PHONE_NUMBER_ID": traffic.NUMBERS[0],
    "WHATSAPP_TOKEN": "a-synthetic-token",
    "WHATSAPP_APP_SECRET": traffic.SECRET,
    "WHATSAPP_VERIFY_TOKEN": "a-synthetic-verify-token",
}
SERVERS = {
    "webhooks_fastapi": ["-m", "uvicorn", "webhooks_fastapi:app", "--port", "{port}"],
    "webhooks_starlette": ["-m", "uvicorn", "webhooks_starlette:app", "--port", "{port}"],
    "webhooks_flask": ["-m", "flask", "--app", "webhooks_flask", "run", "--port", "{port}"],
    "webhooks_django": [
        str(EXAMPLES / "webhooks_django.py"),
        "runserver",
        "--noreload",
        "127.0.0.1:{port}",
    ],
}


class Served:
    """An example on its server, and what it prints."""

    def __init__(self, name: str, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/webhooks"
        arguments = [argument.format(port=self.port) for argument in SERVERS[name]]
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, **ENVIRONMENT, "PYTHONPATH": str(EXAMPLES)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        self.output: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
            self.lines.put(line)

    def printed(self, wanted: str) -> None:
        """Wait for a line that contains a text."""
        while wanted not in self.lines.get(timeout=30):
            pass

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(params=SERVERS)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    made = Served(request.param, tmp_path)
    yield made
    made.stop()


def get(served: Served, **parameters: str) -> httpx.Response:
    """Ask until the server answers."""
    query = {f"hub.{name}": value for name, value in parameters.items()}
    deadline = time.monotonic() + 120
    while True:
        try:
            return httpx.get(served.url, params=query, timeout=60)
        except httpx.TransportError:
            assert served.process.poll() is None, "".join(served.output)
            assert time.monotonic() < deadline, "".join(served.output)
            time.sleep(0.05)


def post(served: Served, body: bytes, signature: str) -> int:
    headers = {"X-Hub-Signature-256": signature, "Content-Type": "application/json"}
    return httpx.post(served.url, content=body, headers=headers, timeout=60).status_code


def test_an_example_takes_webhooks(served: Served) -> None:
    token = ENVIRONMENT["WHATSAPP_VERIFY_TOKEN"]
    handshake = get(served, mode="subscribe", verify_token=token, challenge="1158201444")
    assert (handshake.status_code, handshake.text) == (200, "1158201444")
    assert handshake.headers["content-type"] == "text/plain; charset=utf-8"
    assert get(served, mode="subscribe", verify_token="guess", challenge="1").status_code == 403

    body = traffic.body([0, 3, 6])
    assert post(served, body, "sha256=" + "0" * 64) == 403
    assert post(served, body, sign(body, traffic.SECRET)) == 200
    served.printed("sales got message 0")
    assert post(served, b"x" * 3_500_000, "sha256=" + "0" * 64) in {400, 413}
    for method in ("PUT", "DELETE", "HEAD"):
        assert httpx.request(method, served.url, timeout=60).status_code == 405
    # Meta's limit is above what some frameworks take by default.
    large = b" " * 2_900_000 + traffic.body([9])
    assert post(served, large, sign(large, traffic.SECRET)) == 200
    served.printed("sales got message 9")
