"""Where browsers connect, and who may subscribe to what.

Stock clients find the protocol at `/realtime/app/<key>` (with `wsPath: "/realtime"`) and, without a
path of their own, at `/app/<key>`; publishing servers at `/apps/<id>/…`, with or without it.
"""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, FastAPI, Form
from pydantic import BaseModel, Field
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from blazz.realtime.broadcasts import workspace_channel
from blazz.realtime.pusher.channels import Access
from blazz_server.accounts.access import ThePlatform, needs
from blazz_server.accounts.principal import Principal, Scope
from blazz_server.errors import ApiError
from blazz_server.live.channels import Topic, topic_of

PATH = "/realtime"

router = APIRouter(tags=["live events"])

SocketId = Annotated[
    str, Form(pattern=r"^[0-9]{1,20}\.[0-9]{1,20}$", examples=["1234567890.1234567890"])
]


class Authorization(BaseModel):
    """What a client of the protocol shows to subscribe."""

    auth: str = Field(description="The signature.")
    channel_data: str | None = Field(None, description="Who it is, in presence channels.")


class Authentication(BaseModel):
    """What a client of the protocol shows to sign in."""

    auth: str = Field(description="The signature.")
    user_data: str = Field(description="Who it is.")


class LiveAddress(BaseModel):
    """How to follow what happens in a workspace."""

    key: str = Field(description="The key of the application: `new Pusher(key, …)`.")
    path: str = Field(description="`wsPath` of pusher-js.")
    auth: str = Field(description="`channelAuthorization.endpoint` of pusher-js.")
    channel: str = Field(description="The channel of everything that happens in the workspace.")


@router.post(f"{PATH}/auth", response_model_exclude_none=True)
async def authorize(
    caller: Annotated[Principal, needs()],
    platform: ThePlatform,
    socket_id: SocketId,
    channel_name: Annotated[str, Form(max_length=200, examples=["private-workspace.acme"])],
) -> Authorization:
    """Sign a subscription to a channel of the caller's workspace.

    The channel of a workspace carries codes to link accounts with and what people write, so it
    needs `sessions:read` and `messages:read`; that of a chat needs `messages:read`.
    """
    topic = topic_of(channel_name)
    if topic is None or not _may_follow(caller, topic):
        # Whether it is another's, or nobody's, makes no difference to the answer.
        detail = f"channel_name: {channel_name!r} is not a channel that this key may subscribe to"
        raise ApiError(403, "channel_refused", detail)
    await platform.live.admit(socket_id, caller.grants)
    app = platform.live.app
    if topic.channel.access is not Access.PRESENCE:
        return Authorization(auth=app.authorize(socket_id, channel_name), channel_data=None)
    about = json.dumps({"user_id": caller.key_id, "user_info": {"kind": caller.kind}})
    signed = app.authorize(socket_id, channel_name, about)
    return Authorization(auth=signed, channel_data=about)


@router.post(f"{PATH}/user-auth")
async def authenticate(
    caller: Annotated[Principal, needs()], platform: ThePlatform, socket_id: SocketId
) -> Authentication:
    """Sign a socket in as the caller's key, so that it can be spoken to and be ended."""
    await platform.live.admit(socket_id, caller.grants)
    about = json.dumps({"id": caller.key_id})
    return Authentication(auth=platform.live.app.authenticate(socket_id, about), user_data=about)


@router.get("/v1/workspaces/{workspace}/live")
async def address(
    workspace: str,
    _caller: Annotated[Principal, needs(Scope.SESSIONS_READ, Scope.MESSAGES_READ)],
    platform: ThePlatform,
) -> LiveAddress:
    """Tell how to follow what happens in a workspace."""
    return LiveAddress(
        key=platform.live.app.key,
        path=PATH,
        auth=f"{PATH}/auth",
        channel=workspace_channel(workspace),
    )


def _may_follow(caller: Principal, topic: Topic) -> bool:
    wanted = [Scope.MESSAGES_READ] if topic.is_chat else [Scope.SESSIONS_READ, Scope.MESSAGES_READ]
    return caller.may_enter(topic.workspace) and not caller.lacks(*wanted)


class _Protocol:
    """The protocol of the running platform, which opens after the application is made."""

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        await scope["app"].state.platform.live.asgi(scope, receive, send)


def install(app: FastAPI) -> None:
    """Serve the protocol; after the routers, since it takes all that is left of its paths."""
    protocol = _Protocol()
    routes: list[BaseRoute] = [
        Mount(PATH, protocol),
        WebSocketRoute("/app/{key}", protocol),
        Route("/apps/{rest:path}", protocol),
    ]
    app.router.routes.extend(routes)
