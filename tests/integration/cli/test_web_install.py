"""`blazz web install`: says what is there, what is missing, and how to get it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blazz.providers.web.assets import VERSION

pytestmark = pytest.mark.usefixtures("quick_starts")


def install(
    *arguments: str, code: int, without: Path | None = None, cache: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command; `without` is a folder in which nothing is found."""
    environment = dict(os.environ)
    for name in ("BLAZZ_CHROMIUM", "BLAZZ_WA_JS"):
        environment.pop(name, None)
    if without is not None:
        hidden = {"PATH": str(without), "PLAYWRIGHT_BROWSERS_PATH": str(without)}
        environment |= {**hidden, "PLAYWRIGHT_DOWNLOAD_HOST": "http://127.0.0.1:9"}
    if cache is not None:
        environment["XDG_CACHE_HOME"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-m", "blazz.cli", "web", "install", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=environment,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def told(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str | None]]:
    found = json.loads(done.stdout)
    assert found["ready"] == all(part["problem"] is None for part in found["parts"])
    return {part["name"]: part for part in found["parts"]}


def test_it_tells_what_is_there(chromium_path: Path, wa_js_path: Path) -> None:
    parts = told(install("--json", code=0))
    assert parts["wa-js"]["version"] == VERSION
    assert parts["wa-js"]["path"] == str(wa_js_path)
    assert parts["chromium"]["path"]
    assert (parts["chromium"]["version"] or "").count(".") == 3
    assert parts["playwright"]["version"]

    shown = install(code=0).stderr
    assert "✓ chromium" in shown
    assert "blazz web pair" in shown


@pytest.mark.skipif(sys.platform != "linux", reason="caches lie elsewhere")
def test_it_only_looks_and_says_what_to_do(tmp_path: Path) -> None:
    done = install("--check", "--json", code=1, without=tmp_path, cache=tmp_path / "cache")
    parts = told(done)

    assert "apt-get install chromium-headless-shell" in (parts["chromium"]["problem"] or "")
    assert "run: blazz web install" in (parts["wa-js"]["problem"] or "")
    assert not (tmp_path / "cache").exists()
    assert "✗ chromium" in install("--check", code=1, without=tmp_path).stderr


@pytest.mark.skipif(sys.platform != "linux", reason="caches lie elsewhere")
def test_what_cannot_be_fetched_is_named(tmp_path: Path) -> None:
    parts = told(install("--json", code=1, without=tmp_path, cache=tmp_path / "cache"))

    assert "Playwright could not download it" in (parts["chromium"]["problem"] or "")
    assert "npm is not installed" in (parts["wa-js"]["problem"] or "")


def test_a_version_that_is_none_is_refused() -> None:
    assert "three numbers with dots" in install("--wa-js", "latest", code=2).stderr
