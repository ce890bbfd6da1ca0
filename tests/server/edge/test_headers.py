"""Headers that every answer has, also those of errors."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from blazz_server.edge.headers import CONTENT_SECURITY_POLICY


async def test_every_answer_tells_browsers_to_be_careful(anonymous: httpx.AsyncClient) -> None:
    for path in ("/health/live", "/nothing", "/v1/workspaces", "/openapi.json"):
        headers = (await anonymous.get(path)).headers
        assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == ("no-store" if path.startswith("/v1/") else "no-cache")
        assert "Strict-Transport-Security" not in headers


def test_the_policy_allows_nothing_within_a_page() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY
    assert "script-src" not in CONTENT_SECURITY_POLICY  # the default holds: this server alone


async def test_an_answer_has_an_id_and_keeps_a_sensible_one(anonymous: httpx.AsyncClient) -> None:
    own = (await anonymous.get("/health/live")).headers["X-Request-Id"]
    kept = await anonymous.get("/health/live", headers={"X-Request-Id": "abc-1"})
    odd = await anonymous.get("/health/live", headers={"X-Request-Id": "a\tb"})

    assert len(own) == 16
    assert kept.headers["X-Request-Id"] == "abc-1"
    assert odd.headers["X-Request-Id"] != "a\tb"


async def test_what_nobody_expected_tells_nothing(app: FastAPI) -> None:
    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("postgresql://user:password@db")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        answer = await client.get("/broken")

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert "password" not in answer.text
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
