"""S3 for tests: one server per run, a new bucket for each test. It keeps everything in memory."""

from __future__ import annotations

import secrets
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.process import ServerProcess, answers, free_port

_SCRIPT = Path(__file__).with_name("s3_server.py")


class S3Server:
    """A server of its own; its content ends with it."""

    def __init__(self) -> None:
        self.process = ServerProcess("s3", as_us=True)
        self.port = free_port()
        self.process.start(
            [sys.executable, _SCRIPT, str(self.port)], ready=lambda: answers(self.port)
        )

    @property
    def endpoint(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def new_bucket(self) -> str:
        """Make a bucket; return its name."""
        name = f"test-{secrets.token_hex(6)}"
        request = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
        return name

    def url(self, *, endpoint: str | None = None) -> str:
        """The URL of a prefix in a new bucket, perhaps by way of another address."""
        return (
            f"s3://{self.new_bucket()}/blazz?endpoint={endpoint or self.endpoint}&region=us-east-1"
        )

    def remove(self) -> None:
        """End it."""
        self.process.remove()


@pytest.fixture(scope="session")
def _s3() -> Iterator[S3Server]:
    server = S3Server()
    yield server
    server.remove()


@pytest.fixture
def s3_server(_s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """The server; any credentials will do."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return _s3


@pytest.fixture
def s3_url(s3_server: S3Server) -> str:
    """The URL of a prefix in a new bucket."""
    return s3_server.url()
