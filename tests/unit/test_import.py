"""`import blazz` is quick because heavy packages wait until they are used."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {
    "aiohttp",
    "asyncpg",
    "httpx",
    "obstore",
    "phonenumbers",
    "playwright",
    "pyreqwest",
    "redis",
    "rich",
    "sqlite3",
    "starlette",
    "streaq",
    "typer",
    "uvicorn",
}


def _modules_after(code: str) -> set[str]:
    script = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, check=True, text=True
    )
    return set(json.loads(done.stdout))


def test_import_blazz_loads_no_heavy_package() -> None:
    assert _modules_after("import blazz") & HEAVY == set()


def test_listing_the_public_names_loads_no_heavy_package() -> None:
    assert _modules_after("import blazz; dir(blazz)") & HEAVY == set()
