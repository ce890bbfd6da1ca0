"""Middleware: calls that another instance has signed are let in, forged ones are not."""

from __future__ import annotations

import time
from contextlib import ExitStack
from functools import partial
from typing import Final

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from blazz.cluster.router import MISDIRECTED
from blazz.errors import RequestNotAuthentic, WrongReceiver
from blazz.security import request_signing
from blazz.security.request_signing import Body, RequestVerifier
from blazz_server.edge.kept_bodies import KEPT, again, keep
from blazz_server.errors import ApiError, problem

INSTANCE: Final = "blazz.instance"
"""Where the ASGI scope of a call that another instance has signed says which API key it is for."""
_UNTOLD: Final = "instance"
_SIGNATURE: Final = request_signing.SIGNATURE.lower().encode()


class SignedCalls:
    """Checks the signature of calls that have one.

    It covers the body, so the body is read here, kept, and handed on; `LimitedBodies` stands before
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
        with ExitStack() as files:
            try:
                body, caller = await self._checked(scope, receive, files)
            except ClientDisconnect:
                return
            except WrongReceiver as error:
                # As after an address has passed to another instance: the sender looks again for us.
                await problem(ApiError(MISDIRECTED, "wrong_instance", str(error)))(
                    scope, receive, send
                )
                return
            except RequestNotAuthentic as error:
                await problem(ApiError(401, "bad_signature", str(error)))(scope, receive, send)
                return
            scope = {**scope, INSTANCE: caller or _UNTOLD, KEPT: body}
            await self._app(scope, again(body, receive), send)

    async def _checked(self, scope: Scope, receive: Receive, files: ExitStack) -> tuple[Body, str]:
        if self._verifier is None:
            raise RequestNotAuthentic("this instance has no secret to check a signature with")
        body = await keep(Request(scope, receive).stream(), files)
        raw_path, query = scope["raw_path"], scope["query_string"]
        target = (raw_path + b"?" + query if query else raw_path).decode("latin-1")
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        check = partial(
            self._verifier.check, scope["method"], target, headers, body, now=time.time()
        )
        # To read it from the disk takes its time.
        caller = check() if isinstance(body, bytes) else await run_sync(check)
        return body, caller


def _is_signed(scope: Scope) -> bool:
    return any(name == _SIGNATURE for name, _ in scope["headers"])
