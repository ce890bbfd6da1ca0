"""Which channels there are, and whose they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.realtime.broadcasts import chat_channel, workspace_channel
from blazz.realtime.pusher.channels import Access
from blazz_server.live.channels import topic_of

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,62}", fullmatch=True)


@given(workspace=NAMES, session=NAMES, chat=st.text(min_size=1, max_size=40))
def test_what_the_library_publishes_is_its_workspaces(
    workspace: str, session: str, chat: str
) -> None:
    """Chat names come from outside: nothing in them changes whose channel it is."""
    topic = topic_of(workspace_channel(workspace))
    assert topic is not None
    assert (topic.workspace, topic.is_chat) == (workspace, False)
    name = chat_channel(workspace, session, chat)
    if len(name) <= 164 and not name.endswith(f"{session}."):
        topic = topic_of(name)
        assert topic is not None
        assert (topic.workspace, topic.is_chat) == (workspace, True)


@pytest.mark.parametrize(
    ("name", "access"),
    [
        ("private-workspace.acme", Access.PRIVATE),
        ("private-cache-workspace.acme", Access.PRIVATE),
        ("presence-chat.acme.support.628123", Access.PRESENCE),
        ("presence-cache-chat.acme.support.120363@g.us", Access.PRESENCE),
    ],
)
def test_kinds_of_channels(name: str, access: Access) -> None:
    topic = topic_of(name)
    assert topic is not None
    assert (topic.workspace, topic.channel.access) == ("acme", access)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "workspace.acme",  # public: it needs no signature, and nothing is published there
        "private-workspace.",
        "private-workspace.acme.umbrella",
        "private-workspace",
        "private-orders.acme",
        "private-chat.acme",
        "private-chat.acme.support",
        "private-chat..support.1",
        "private-encrypted-workspace.acme",
        "private-private-workspace.acme",
        "presence-private-workspace.acme",
        "#server-to-user-7",
        "private-workspace.acme\nprivate-workspace.umbrella",
        "private-workspace.acme " + "x" * 200,
    ],
)
def test_other_names_are_nobodys(name: str) -> None:
    assert topic_of(name) is None
