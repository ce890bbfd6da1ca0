"""A part that fails for no foreseen reason does not leave a server behind that only answers."""

from __future__ import annotations

import asyncio

import anyio
import pytest
import uvicorn

from blazz_server import __main__
from blazz_server.app import create_app
from blazz_server.incoming.service import Incoming
from blazz_server.settings import Settings
from tests.server.conftest import client_of, running


async def _fail(_self: Incoming) -> None:
    raise RuntimeError("nobody foresaw this")


async def test_whoever_serves_is_told_and_can_stop_in_good_order(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Incoming, "run", _fail)
    told = asyncio.Event()
    async with running(create_app(settings, failed=told.set)) as app, client_of(app) as client:
        with anyio.fail_after(30):
            await told.wait()
        assert (await client.get("/health/live")).status_code == 200
    assert "Incoming has failed" in caplog.text


def test_the_command_ends_with_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Incoming, "run", _fail)
    here = settings.model_copy(update={"port": 0, "sandbox": "off"})
    monkeypatch.setattr(uvicorn.Server, "capture_signals", lambda _: _Nothing())
    with pytest.raises(SystemExit, match="a part of it has failed"):
        __main__.serve(here)


class _Nothing:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...
