"""Calls of other instances: signed with the cluster's secret, lately, and once."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from blazz.security.request_signing import (
    NONCE,
    RECEIVER,
    SIGNATURE,
    TIMESTAMP,
    RequestSigner,
)
from blazz.security.secret import Secret
from blazz_server.settings import Settings
from tests.server.conftest import application, client_of, running

SECRET = "what-all-instances-know"
BODY = b'{"name": "acme"}'
JSON = {"Content-Type": "application/json"}
PATH = "/v1/workspaces"


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    settings = Settings(**{**settings.model_dump(), "cluster_secret": SECRET})
    async with running(application(settings)) as app:
        yield app


def _signed(
    *, secret: str = SECRET, age: float = 0, target: str = PATH, receiver: str = "one"
) -> dict[str, str]:
    signer = RequestSigner(Secret(secret))
    return JSON | signer.sign("POST", target, BODY, receiver=receiver, now=time.time() - age)


async def test_another_instance_may_call_for_whom_it_has_checked(
    anonymous: httpx.AsyncClient,
) -> None:
    made = await anonymous.post(PATH, content=BODY, headers=_signed())

    assert made.status_code == 201


async def test_what_is_not_signed_well_is_refused(anonymous: httpx.AsyncClient) -> None:
    for headers in (
        _signed(secret="another secret of some length"),
        _signed(age=400),
        _signed(age=-400),
        _signed(target="/v1/workspaces/acme/keys"),
        _signed() | {SIGNATURE: "0" * 64},
        _signed() | {SIGNATURE: ""},
        _signed() | {TIMESTAMP: "now"},
        _signed() | {NONCE: "short"},
        JSON | {SIGNATURE: "x"},
    ):
        refused = await anonymous.post(PATH, content=BODY, headers=headers)
        shown = (refused.status_code, refused.json()["code"])
        assert shown == (401, "bad_signature"), headers


async def test_a_call_for_another_instance_is_refused_and_changes_nothing(
    anonymous: httpx.AsyncClient,
) -> None:
    """Numbers that were used are known to one instance alone, so the call names that instance."""
    overheard = _signed(receiver="two")

    refused = await anonymous.post(PATH, content=BODY, headers=overheard)
    renamed = await anonymous.post(PATH, content=BODY, headers=overheard | {RECEIVER: "one"})

    assert (refused.status_code, refused.json()["code"]) == (421, "wrong_instance")
    assert (renamed.status_code, renamed.json()["code"]) == (401, "bad_signature")
    assert (await anonymous.post(PATH, content=BODY, headers=_signed())).status_code == 201


async def test_a_signed_call_is_good_once(anonymous: httpx.AsyncClient) -> None:
    headers = _signed()
    await anonymous.post(PATH, content=BODY, headers=headers)

    again = await anonymous.post(PATH, content=BODY, headers=headers)

    assert again.status_code == 401
    assert "used before" in again.json()["detail"]


async def test_an_altered_body_is_refused(anonymous: httpx.AsyncClient) -> None:
    refused = await anonymous.post(PATH, content=b'{"name": "evil"}', headers=_signed())

    assert refused.status_code == 401


async def test_an_instance_that_is_alone_takes_no_signature(settings: Settings) -> None:
    async with running(application(settings)) as app, client_of(app) as client:
        refused = await client.post(PATH, content=BODY, headers=_signed())

    assert refused.status_code == 401
