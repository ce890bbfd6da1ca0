"""`blazz web pair`, with a real Chromium on the sandbox's WhatsApp Web."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from blazz.sandbox.server import ServerOptions, running

PHONE = "+6281100000001"

pytestmark = pytest.mark.usefixtures("chromium_path", "wa_js_path", "quick_starts")


def pair(*arguments: str, cwd: Path, code: int) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "blazz.cli", "web", "pair", "shop", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def told(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_scanned_code_links_the_session(tmp_path: Path) -> None:
    qr, paired = told(pair("--sandbox", "--json", cwd=tmp_path, code=0))

    assert (qr["event"], qr["attempt"], qr["data"][:2]) == ("qr", 1, "2@")
    assert (paired["event"], paired["session"]) == ("paired", "default/shop")
    assert paired["account"] == PHONE
    assert (tmp_path / ".blazz").is_dir()


def test_a_typed_code_links_the_session(tmp_path: Path) -> None:
    done = pair("--sandbox", "--phone", "+62 811-0000-0001", cwd=tmp_path, code=0)
    shown = " ".join(done.stderr.split())

    assert "Link with phone number instead" in shown
    assert f"default/shop is linked to {PHONE}" in shown


async def test_a_code_that_nobody_scans_is_given_up(tmp_path: Path) -> None:
    async with running(ServerOptions()) as (url, _):
        # In a thread: the sandbox serves while the command runs.
        done = await anyio.to_thread.run_sync(
            lambda: pair("--sandbox-url", url, "--timeout", "2", cwd=tmp_path, code=1)
        )

    assert f"POST {url}/sandbox/web/phones/NUMBER/scan" in " ".join(done.stderr.split())
    assert "▀" in done.stderr
    assert "error:" in done.stderr
