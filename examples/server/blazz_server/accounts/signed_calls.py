"""Middleware: calls that another instance has signed are let in, forged ones are not."""

from __future__ import annotations

import time
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blazz.cluster.router import MISDIRECTED
from blazz.errors import RequestNotAuthentic, WrongReceiver
from blazz.security import request_signing
from blazz.security.request_signing import RequestVerifier
from blazz_server.errors import ApiError, problem

INSTANCE: Final = "blazz.instance"
"""The key in the ASGI scope of a call that another instance has signed."""
_SIGNATURE: Final = request_signing.SIGNATURE.lower().encode()


class SignedCalls:
    """Checks the signature of calls that have one.

    It covers the body, so the body is read here, once, and handed on; `LimitedBodies` stands before
    this and limits it.

    Args:
        app: What to call.
        verifier: Knows the secret of the cluster and the name of this instance; None: it is alone,
            and nobody signs.
    """

    def __init__(self, app: ASGIApp, *, verifier: RequestVerifier | None) -> None:
        self._app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one call."""
        if scope["type"] != "http" or not _is_signed(scope):
            await self._app(scope, receive, send)
            return
        try:
            body = await self._checked(scope, receive)
        except ClientDisconnect:
            return
        except WrongReceiver as error:
            # As after an address has passed to another instance: the sender looks again for ours.
            await problem(ApiError(MISDIRECTED, "wrong_instance", str(error)))(scope, receive, send)
            return
        except RequestNotAuthentic as error:
            await problem(ApiError(401, "bad_signature", str(error)))(scope, receive, send)
            return
        await self._app({**scope, INSTANCE: "instance"}, _again(body, receive), send)

    async def _checked(self, scope: Scope, receive: Receive) -> bytes:
        if self._verifier is None:
            raise RequestNotAuthentic("this instance has no secret to check a signature with")
        body = await Request(scope, receive).body()
        raw_path, query = scope["raw_path"], scope["query_string"]
        target = (raw_path + b"?" + query if query else raw_path).decode("latin-1")
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        self._verifier.check(scope["method"], target, headers, body, now=time.time())
        return body


def _is_signed(scope: Scope) -> bool:
    return any(name == _SIGNATURE for name, _ in scope["headers"])


def _again(body: bytes, receive: Receive) -> Receive:
    """Receive a body that was read already, then whatever follows."""
    given = False

    async def received() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received
