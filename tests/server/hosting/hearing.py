"""Listens to what browsers are told of the sessions of a workspace."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio

from blazz_server.platform import Platform


@dataclass
class Heard:
    """What browsers that follow a workspace were told of its sessions."""

    platform: Platform
    workspace: str
    told: list[dict[str, Any]] = field(default_factory=list)
    shown: list[str | None] = field(default_factory=list)
    """Where the table said that the session stood, when each was told."""

    async def until(self, state: str, *, count: int = 1) -> list[tuple[str, str]]:
        """Wait until a state was told so often; give all states and reasons so far."""
        with anyio.fail_after(60):
            while [it["state"] for it in self.told].count(state) < count:  # noqa: ASYNC110
                await anyio.sleep(0.02)
        return [(it["state"], it["reason"]) for it in self.told]


@asynccontextmanager
async def hearing(platform: Platform, workspace: str = "acme") -> AsyncIterator[Heard]:
    """Follow the channel of a workspace."""
    heard, bus = Heard(platform, workspace), platform.live.bus
    after = await bus.newest()

    async def follow() -> None:
        async with aclosing(bus.follow(after=after)) as notices:
            async for notice in notices:
                if (notice.channel, notice.name) != (
                    f"private-workspace.{workspace}",
                    "session.status",
                ):
                    continue
                told = json.loads(notice.data)
                rows = await platform.hosting.records.page(workspace, after="", limit=10)
                states = {row.name: row.state for row in rows}
                heard.shown.append(states.get(told["session"]))
                heard.told.append(told)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        yield heard
        tasks.cancel_scope.cancel()
