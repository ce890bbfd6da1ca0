"""Whose channel it is: the names that a principal may subscribe to; pure."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.errors import InvalidValue
from blazz.realtime.pusher.channels import Access, Channel


@dataclass(frozen=True, slots=True)
class Topic:
    """What a channel is about.

    Attributes:
        channel: The channel.
        workspace: Whose it is.
        is_chat: Whether it is one chat's; everything of the workspace otherwise.
    """

    channel: Channel
    workspace: str
    is_chat: bool


def topic_of(name: str) -> Topic | None:
    """Read the name of a channel; None: nobody may subscribe to it with a signature.

    `private-workspace.<workspace>`, `private-chat.<workspace>.<session>.<chat>`, the same with
    `presence-`, and with `cache-` behind either.

    Example:
        >>> topic_of("private-chat.acme.support.628123").workspace
        'acme'
        >>> topic_of("private-orders.acme") is None
        True
    """
    try:
        channel = Channel.parse(name)
    except InvalidValue:
        return None
    if channel.access not in {Access.PRIVATE, Access.PRESENCE}:
        return None
    path = name.removeprefix(f"{channel.access}-").removeprefix("cache-")
    match path.split("."):
        case ["workspace", workspace] if workspace:
            return Topic(channel, workspace, is_chat=False)
        case ["chat", workspace, session, _, *_] if workspace and session:
            return Topic(channel, workspace, is_chat=True)
    return None
