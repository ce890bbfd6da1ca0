"""The OpenAPI document: errors, keys and scopes are in it; its page loads nothing foreign."""

from __future__ import annotations

import re

import httpx
import pytest

from blazz_server.app import create_app
from blazz_server.settings import Settings

METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document() -> dict:
    return create_app(Settings(sandbox="off", admin_key="x" * 16)).openapi()


def _operations(document: dict) -> dict[str, dict]:
    return {
        f"{method} {path}": methods[method]
        for path, methods in document["paths"].items()
        for method in METHODS
        if method in methods
    }


def test_every_operation_says_how_it_fails(document: dict) -> None:
    for name, operation in _operations(document).items():
        for status in ("401", "404", "429", "default"):
            [content] = operation["responses"][status]["content"].items()
            problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
            assert content == ("application/problem+json", problem), name


def test_every_operation_of_a_workspace_names_keys_and_scopes(document: dict) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["API key"]["scheme"] == "bearer"
    assert schemes["Login"]["in"] == "cookie"

    for name, operation in _operations(document).items():
        if "{workspace}" in name and "/v1/" in name:
            ways = {
                scheme: scopes for way in operation["security"] for scheme, scopes in way.items()
            }
            assert set(ways) == {"API key", "Login"}, name
            if name != "get /v1/workspaces/{workspace}":
                assert ways["API key"], name


def test_every_operation_is_described_and_named_once(document: dict) -> None:
    operations = _operations(document)

    assert [name for name, it in operations.items() if not it.get("description")] == []
    ids = [it["operationId"] for it in operations.values()]
    assert len(set(ids)) == len(ids)


async def test_the_page_loads_nothing_from_elsewhere(anonymous: httpx.AsyncClient) -> None:
    page = (await anonymous.get("/docs")).text

    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert address.startswith("/"), address
        assert (await anonymous.get(address)).status_code == 200, address
    assert re.search(r"<script>|style=|onload=", page) is None
