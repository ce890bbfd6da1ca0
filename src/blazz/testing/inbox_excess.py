"""Checks that an inbox forgets what is too much of one secret, and nothing else."""

from __future__ import annotations

from blazz.testing.inbox_scene import ANN, Scene
from blazz.webhooks.inbox.base import Row, Split, State


async def too_much_of_one_secret_is_forgotten(scene: Scene) -> None:
    """Whoever has a secret could send without end what no session may have."""

    def kept(name: str, position: int = 0) -> Row:
        return Row(position, scene.key(name), None, "", State.UNROUTED, "nobody", "no session")

    content = b" " * 1_000
    bodies = [await scene.body(content) for _ in range(4)]
    rows = [[kept("x0")], [scene.row("a1"), kept("x1", 1)], [kept("x2")], [kept("x3")]]
    splits = [Split(body, each) for body, each in zip(bodies, rows, strict=True)]
    version = (await scene.inbox.routes()).version
    await scene.inbox.split(splits, version=version)

    assert await scene.inbox.forget_excess(4 * 1_600) == {}, "it is not that much"
    assert await scene.inbox.forget_excess(2 * 1_600) == {scene.signer: 2}
    left = await scene.inbox.entries(states=[State.UNROUTED])
    assert [entry.key for entry in left if entry.account == "nobody"] == scene.named("x2 x3"), (
        "the oldest stay"
    )
    assert await scene.inbox.bodies(bodies[:1]) == {}, "what is forgotten takes room"
    assert await scene.inbox.bodies(bodies[1:2]) == {bodies[1]: content}, (
        "an update that is to be handled has lost its body"
    )
    assert [item.key for item in await scene.take(ANN)] == scene.named("a1")
    assert await scene.inbox.forget_excess(1) == {scene.signer: 2}
