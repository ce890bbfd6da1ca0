"""No input that the server's own document allows, or forbids, makes it fail: never a 5xx."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import httpx
import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation

from blazz_server.accounts.principal import OF_A_WORKSPACE
from tests.server.conftest import ADMIN_KEY
from tests.server.one_process import OneServer, one_server

SETTINGS = hypothesis.settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
ENDING = ("/drain", "/stop", "/logout", "/restart", "/move", "/pairing-code")
"""What ends the session or the instance that the rest is tried on."""


@pytest.fixture(scope="module")
def server() -> Iterator[OneServer]:
    with one_server() as server:
        yield server


@pytest.fixture(scope="module")
def key(server: OneServer) -> str:
    """The key of a workspace with a session that can send."""
    key = server.tenant("acme", *OF_A_WORKSPACE)
    with httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=60
    ) as api:
        path = "/v1/workspaces/acme/sessions"
        made = api.post(path, json={"name": "sales", "provider": {"kind": "sandbox"}})
        assert made.status_code == 201, made.text
        give_up = time.monotonic() + 120
        while api.get(f"{path}/sales").json().get("state") != "ready":
            assert time.monotonic() < give_up
            time.sleep(0.05)
    return key


@pytest.fixture(scope="module")
def operations(server: OneServer) -> list[APIOperation]:
    """All that the document names."""
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 10
    return operations


def _name_what_exists(case: schemathesis.Case) -> None:
    """Let a call reach something, unless it would end it."""
    operation = case.operation
    if operation.method.lower() == "delete" or operation.path.endswith(ENDING):
        return
    for name, value in {"workspace": "acme", "session": "sales"}.items():
        if name in case.path_parameters:
            case.path_parameters[name] = value


@pytest.mark.parametrize("examples", [3, pytest.param(25, marks=pytest.mark.long)])
def test_no_input_makes_the_server_fail(
    operations: list[APIOperation], key: str, examples: int
) -> None:
    """So many of each operation and mode; together they are more than 200 times as many."""
    failed: list[str] = []
    tried = 0

    with requests.Session() as session:
        for operation, mode in itertools.product(operations, MODES):

            @hypothesis.settings(SETTINGS, max_examples=examples)
            @given(
                case=operation.as_strategy(generation_mode=mode),
                bearer=st.sampled_from([key, ADMIN_KEY]),
            )
            def call(case: schemathesis.Case, bearer: str) -> None:
                nonlocal tried
                _name_what_exists(case)
                headers = {"Authorization": f"Bearer {bearer}"}
                answer = case.call(session=session, headers=headers, timeout=60)
                tried += 1
                if answer.status_code >= 500:
                    failed.append(f"{answer.status_code} {answer.text} {case.as_curl_command()}")

            try:
                call()
            except Unsatisfiable:  # it takes nothing, so nothing it takes can be wrong
                assert mode is GenerationMode.NEGATIVE, operation

    assert tried > 1.5 * len(operations)
    assert not failed, "\n".join(failed)
