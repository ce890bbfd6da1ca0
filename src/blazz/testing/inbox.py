"""Checks that an inbox keeps its promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import anyio

from blazz.testing.inbox_excess import too_much_of_one_secret_is_forgotten
from blazz.testing.inbox_scene import ANN, BOB, LEASE, Clock, Scene
from blazz.webhooks.inbox.base import (
    Failure,
    Inbox,
    Item,
    Retention,
    Route,
    Row,
    Split,
    SplitResult,
    State,
)


async def check_inbox(make_inbox: Callable[[Callable[[], float]], Inbox]) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    Args:
        make_inbox: Given a clock, makes an inbox; each call gives another object on the same
            database, empty at first, as another process would.

    Example:
        ::

            await check_inbox(lambda clock: SqliteInbox(path, clock=clock))
    """
    clock = Clock()
    inbox, other = make_inbox(clock), make_inbox(clock)
    await inbox.open()
    await other.open()
    try:
        for number, check in enumerate(_CHECKS):
            scene = Scene(inbox, other, clock, name=f"s{number}")
            await inbox.register(scene.session, accounts=[scene.account], signers=[scene.signer])
            await check(scene)
            await scene.leave()
    finally:
        await other.close()
        await inbox.close()


def _keys(items: Sequence[Item]) -> list[bytes]:
    return [item.key for item in items]


async def _bodies_arrive_as_they_came(scene: Scene) -> None:
    content = bytes(range(256)) * 40
    await scene.inbox.put(content, signer=scene.signer)
    await scene.other.put(b"second", signer=scene.signer)
    arrived = await scene.other.arrived([scene.session, "acme/other"], limit=10)
    assert [a.body for a in arrived] == [content, b"second"], "bodies are changed or out of order"
    assert await scene.inbox.arrived(["acme/other"], limit=10) == [], "it reads others' bodies"
    assert (await scene.inbox.counts()).arrived == 2
    assert await scene.inbox.backlog() >= len(content) // 1024, "bodies do not count by size"
    version = (await scene.inbox.routes()).version
    splits = [Split(a.body_id, [scene.row(str(a.body_id))]) for a in arrived]
    assert await scene.inbox.split(splits, version=version) == SplitResult(2, 0)
    bodies = await scene.other.bodies([a.body_id for a in arrived])
    assert bodies == {a.body_id: a.body for a in arrived}


async def _an_update_is_stored_once(scene: Scene) -> None:
    body_id = await scene.body()
    version = (await scene.inbox.routes()).version
    split = Split(body_id, [scene.row("a"), scene.row("b", position=1), scene.row("a")])
    assert await scene.inbox.split([split], version=version) == SplitResult(2, 1)
    assert await scene.other.split([split], version=version) == SplitResult(0, 0), (
        "a body was split twice"
    )
    assert await scene.split(scene.row("b"), scene.row("c")) == SplitResult(1, 1)
    await scene.inbox.settle(ANN, done=await scene.take(ANN))
    assert await scene.split(scene.row("a"), scene.row("c")) == SplitResult(0, 2), (
        "a handled update is forgotten"
    )
    assert await scene.take(ANN) == []


async def _routes_that_have_changed_are_noticed(scene: Scene) -> None:
    version = (await scene.inbox.routes()).version
    body_id = await scene.body()
    await scene.other.register("acme/new", accounts=["new"], signers=["new"])
    split = Split(body_id, [scene.row("a")])
    assert await scene.inbox.split([split], version=version) is None, "stale routes were used"
    await scene.other.unregister("acme/new")
    table = await scene.inbox.routes()
    assert table.version not in {version, version + 1}, "unregistering is not noticed"
    assert ("new", "new") not in table.routes
    assert table.routes[scene.account, scene.signer] == [Route(scene.session)]
    assert await scene.inbox.split([split], version=table.version) == SplitResult(1, 0)
    await scene.inbox.register(scene.session, accounts=[scene.account], signers=["newer"])
    routes = (await scene.inbox.routes()).routes
    assert routes[scene.account, "newer"] == [Route(scene.session)]
    assert routes[scene.account, scene.signer] == [Route(scene.session, body_id)], (
        "what was accepted under the old secret has no route"
    )


async def _a_conversation_has_one_owner(scene: Scene) -> None:
    await scene.deliver("a1", "b1", "a2")
    first = await scene.take(ANN)
    assert _keys(first) == scene.named("a1 b1 a2"), "updates are missing or out of order"
    await scene.deliver("a3", "c1")
    assert _keys(await scene.take(BOB)) == scene.named("c1"), "two owners have a conversation"
    await scene.inbox.settle(ANN, done=[first[0]])
    assert await scene.take(BOB) == [], "the conversation is free before its last update is done"
    await scene.inbox.settle(ANN, done=[first[2]])
    assert _keys(await scene.take(BOB)) == scene.named("a3"), "a done update blocks the next"


async def _no_two_owners_get_the_same(scene: Scene) -> None:
    for number in range(20):
        await scene.split(*(scene.row(f"{number}-{n}", f"lane {n}") for n in range(10)))
    taken: list[bytes] = []

    async def work(inbox: Inbox, owner: str) -> None:
        while items := await inbox.take(owner, sessions=[scene.session], limit=7, lease=LEASE):
            taken.extend(_keys(items))
            await inbox.settle(owner, done=items)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work, scene.inbox, ANN)
        tasks.start_soon(work, scene.other, BOB)
    while items := await scene.take(ANN):  # both may have ended while the other held the lanes
        taken.extend(_keys(items))
        await scene.inbox.settle(ANN, done=items)
    assert len(taken) == len(set(taken)) == 200, "updates are lost or given twice"


async def _a_failed_update_blocks_its_conversation(scene: Scene) -> None:
    await scene.deliver("a1", "a2", "b1")
    a1, a2, b1 = await scene.take(ANN)
    unfinished = a1._replace(finished=frozenset({"crm", "log"}))
    await scene.inbox.settle(
        ANN, done=[b1], failed=[Failure(unfinished, "no route", 5.0)], released=[a2]
    )
    await scene.deliver("a3", "b2")
    assert _keys(await scene.take(BOB)) == scene.named("b2"), "others must go on, this one wait"
    [entry] = await scene.inbox.entries(states=[State.WAITING], session=scene.session)
    assert (entry.error, entry.attempts, entry.finished) == ("no route", 1, unfinished.finished)
    scene.clock.advance(5.0)
    again = await scene.take(BOB)
    assert _keys(again) == scene.named("a1 a2 a3"), "order is lost by a failure"
    assert (again[0].attempts, again[0].finished) == (1, unfinished.finished)
    assert (again[1].attempts, again[1].finished) == (0, frozenset())


async def _a_dead_update_lets_others_go_on(scene: Scene) -> None:
    await scene.deliver("a1", "a2")
    a1, a2 = await scene.take(ANN)
    progress = a1._replace(finished=frozenset({"crm"}))
    await scene.inbox.settle(ANN, done=[a2], failed=[Failure(progress, "poison", None)])
    assert await scene.take(ANN) == []
    assert (await scene.inbox.counts()).updates[State.DEAD] >= 1
    entry = await scene.inbox.entry(a1.seq)
    assert entry is not None
    assert (entry.state, entry.error, entry.body_id) == (State.DEAD, "poison", a1.body_id)
    assert await scene.inbox.replay([a1.seq, a2.seq, 10**9]) == 1, "only dead updates are revived"
    [revived] = await scene.take(ANN)
    assert (revived.seq, revived.attempts) == (a1.seq, 0)
    assert revived.finished == {"crm"}, "a handler that has succeeded would run again"


async def _released_updates_are_ready_at_once(scene: Scene) -> None:
    await scene.deliver("a1", "a2")
    items = await scene.take(ANN)
    items = [items[0]._replace(finished=frozenset({"crm"})), items[1]]
    await scene.inbox.settle(ANN, released=items)
    again = await scene.take(BOB)
    assert _keys(again) == scene.named("a1 a2")
    assert [(item.attempts, item.finished) for item in again] == [
        (0, frozenset({"crm"})),
        (0, frozenset()),
    ]
    await scene.inbox.retire(BOB)
    assert len(await scene.take(ANN)) == 2, "what a retired owner had is not ready"


async def _what_a_dead_process_had_lapses(scene: Scene) -> None:
    await scene.deliver("a1", "a2", "b1")
    a1, a2, b1 = await scene.take(ANN)
    scene.clock.advance(LEASE - 1)
    assert await scene.take(BOB) == []
    await scene.inbox.renew(ANN, lease=LEASE)
    scene.clock.advance(LEASE - 1)
    assert await scene.take(BOB) == [], "a renewed lease lapsed"
    scene.clock.advance(1)
    assert _keys(await scene.take(BOB)) == scene.named("a1 a2 b1"), "a lapsed lease holds on"
    await scene.inbox.settle(ANN, done=[a1], failed=[Failure(a2, "too late", None)], released=[b1])
    states = {entry.seq: entry.state for entry in await scene.inbox.entries(after=a1.seq - 1)}
    assert states[a1.seq] is State.DONE, "what is done is done, whoever did it"
    assert states[a2.seq] is states[b1.seq] is State.TAKEN, "an old owner changed what is not its"


async def _sessions_get_even_shares(scene: Scene) -> None:
    quiet = f"{scene.session}-quiet"
    await scene.split(*(scene.row(f"{n}", f"lane {n}") for n in range(50)))
    await scene.split(scene.row("q")._replace(session=quiet), scene.row("alone"))
    items = await scene.inbox.take(
        ANN, sessions=[scene.session, quiet, "acme/none"], limit=10, lease=LEASE
    )
    assert len(items) <= 10, "more was taken than asked for"
    assert scene.key("q") in _keys(items), "one session's flood starves another"
    rest = await scene.take(BOB, limit=1_000)
    assert {item.session for item in rest} == {scene.session}
    assert len(items) + len(rest) == 52, "updates without a lane must not wait for each other"


async def _a_long_conversation_leaves_room(scene: Scene) -> None:
    await scene.split(*(scene.row(f"a{n}", "a") for n in range(60)), scene.row("b", "b"))
    items = await scene.take(ANN, limit=40)
    assert scene.key("b") in _keys(items), "one conversation fills the dispatcher with itself"
    seen: list[bytes] = []
    while items:
        seen += [item.key for item in items if item.lane == "a"]
        await scene.inbox.settle(ANN, done=items)
        items = await scene.take(ANN, limit=40)
    assert seen == [scene.key(f"a{n}") for n in range(60)]


async def _the_log_misses_nothing(scene: Scene) -> None:
    start = await scene.inbox.last_position()
    written = anyio.Event()
    seen: list[bytes] = []

    async def write(inbox: Inbox, writer: int) -> None:
        for number in range(15):
            body = f"{writer}-{number}"
            await inbox.put(body.encode(), signer=scene.signer)
            version = (await inbox.routes()).version
            while arrived := await inbox.arrived([scene.session], limit=3):
                splits = [Split(a.body_id, [scene.row(a.body.decode())]) for a in arrived]
                await inbox.split(splits, version=version)

    async def read() -> None:
        position, last_look = start, False
        while True:
            page = await scene.other.read_after(position, limit=4, session=scene.session)
            seen.extend(entry.key for entry in page.entries)
            assert page.position >= position
            position = page.position
            if not page.more and last_look:
                return
            last_look = written.is_set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        async with anyio.create_task_group() as writers:
            for writer, inbox in enumerate((scene.inbox, scene.other) * 2):
                writers.start_soon(write, inbox, writer)
        written.set()
    assert len(seen) == len(set(seen)) == 60, "a reader missed updates or saw them twice"
    nobody = await scene.inbox.read_after(start, limit=10, session="acme/nobody")
    assert (list(nobody.entries), nobody.more) == ([], False)
    assert nobody.position == await scene.inbox.last_position(), "a cursor would never move"
    named = f"{scene.session}:bot"
    assert await scene.inbox.cursor(named) is None
    await scene.inbox.set_cursor(named, 5)
    await scene.other.set_cursor(named, 7)
    assert await scene.inbox.cursor(named) == 7


async def _unrouted_updates_wait_for_their_session(scene: Scene) -> None:
    late = f"{scene.session}-late"
    row = Row(0, scene.key("x"), None, "", State.UNROUTED, "late", "no session")
    await scene.split(row, scene.row("y", position=1))
    assert _keys(await scene.take(ANN)) == scene.named("y"), "an unrouted update was given"
    [entry] = await scene.inbox.entries(states=[State.UNROUTED])
    assert (entry.account, entry.session, entry.error) == ("late", None, "no session")
    assert await scene.inbox.register(late, accounts=["late"], signers=["stranger"]) == 0, (
        "a session got what another's secret signed"
    )
    assert await scene.inbox.register(late, accounts=["late"], signers=[scene.signer]) == 1
    assert await scene.inbox.entries(states=[State.UNROUTED]) == []
    [arrived] = await scene.inbox.arrived([late], limit=10)
    version = (await scene.inbox.routes()).version
    rows = [scene.row("x")._replace(session=late), scene.row("y", position=1)]
    result = await scene.inbox.split([Split(arrived.body_id, rows)], version=version)
    assert result == SplitResult(1, 1)
    [item] = await scene.inbox.take(BOB, sessions=[late], limit=10, lease=LEASE)
    assert await scene.inbox.bodies([item.body_id]) == {item.body_id: b"{}"}
    await scene.inbox.settle(BOB, done=[item])


async def _what_is_over_is_pruned(scene: Scene) -> None:
    retention = Retention(handled=timedelta(days=8), kept=timedelta(days=30))
    await scene.deliver("a1", "b1", "c1")
    a1, b1, _ = await scene.take(ANN)
    await scene.inbox.settle(ANN, done=[a1], failed=[Failure(b1, "poison", None)])
    await scene.inbox.prune(retention)
    scene.clock.advance(timedelta(days=7.9).total_seconds())
    await scene.inbox.prune(retention)
    assert await scene.split(scene.row("a1", "a")) == SplitResult(0, 1), "forgotten too early"
    end = await scene.inbox.last_position()
    scene.clock.advance(timedelta(days=0.2).total_seconds())
    assert await scene.inbox.prune(retention) >= 1
    assert await scene.inbox.entry(a1.seq) is None
    assert await scene.inbox.entry(b1.seq) is not None, "a dead update went too early"
    assert await scene.inbox.bodies([a1.body_id]), "a body went whose updates are not over"
    assert await scene.inbox.last_position() == end, "numbers would be given twice"
    await scene.leave()
    scene.clock.advance(timedelta(days=9).total_seconds())
    await scene.inbox.prune(retention)
    assert await scene.inbox.bodies([a1.body_id]), "a body went that a dead update needs"
    scene.clock.advance(timedelta(days=14).total_seconds())
    await scene.inbox.prune(retention)
    assert await scene.inbox.entry(b1.seq) is None, "a dead update is kept for ever"
    scene.clock.advance(timedelta(days=9).total_seconds())
    await scene.inbox.prune(retention)
    assert await scene.inbox.bodies([a1.body_id]) == {}, "bodies are kept for ever"


async def _what_may_come_again_is_remembered(scene: Scene) -> None:
    retention = Retention(handled=timedelta(days=8), kept=timedelta(days=30))
    late = f"{scene.session}-late"
    kept = Row(1, scene.key("x"), None, "", State.UNROUTED, late, "no session")
    await scene.split(scene.row("a1"), kept)
    await scene.inbox.settle(ANN, done=await scene.take(ANN))
    await scene.inbox.prune(retention)
    scene.clock.advance(timedelta(days=10).total_seconds())
    await scene.inbox.prune(retention)
    assert await scene.inbox.register(late, accounts=[late], signers=[scene.signer]) == 1
    await scene.inbox.prune(retention)
    [arrived] = await scene.inbox.arrived([late], limit=10)
    version = (await scene.inbox.routes()).version
    rows = [scene.row("a1"), scene.row("x", position=1)]
    result = await scene.inbox.split([Split(arrived.body_id, rows)], version=version)
    assert result == SplitResult(1, 1), "what was handled comes out of its body once more"
    await scene.inbox.unregister(late)


async def _a_dead_update_is_kept_from_its_death(scene: Scene) -> None:
    retention = Retention(handled=timedelta(days=8), kept=timedelta(days=30))
    await scene.deliver("a1", "b1")
    await scene.inbox.prune(retention)
    scene.clock.advance(timedelta(days=40).total_seconds())
    a1, b1 = await scene.take(ANN)
    await scene.inbox.settle(ANN, failed=[Failure(a1, "poison", None)], released=[b1])
    await scene.inbox.prune(retention)
    entry = await scene.inbox.entry(a1.seq)
    assert entry is not None, "it waited for long, died, and nobody could see it"
    assert entry.until is not None
    assert entry.until.timestamp() == scene.clock()
    scene.clock.advance(timedelta(days=31).total_seconds())
    await scene.inbox.prune(retention)
    assert await scene.inbox.entry(a1.seq) is None, "a dead update is kept for ever"
    assert await scene.inbox.entry(b1.seq) is not None, "what waits for its session went"
    await scene.inbox.unregister(scene.session)
    await scene.inbox.prune(retention)
    assert await scene.inbox.entry(b1.seq) is None, "what nobody can handle is kept for ever"


async def _a_clock_that_was_wrong_does_no_lasting_harm(scene: Scene) -> None:
    retention = Retention(handled=timedelta(days=8), kept=timedelta(days=30))
    wrong = timedelta(days=20_000).total_seconds()
    scene.clock.advance(wrong)
    await scene.inbox.prune(retention)
    await scene.deliver("a1")
    [a1] = await scene.take(ANN)
    await scene.inbox.settle(ANN, failed=[Failure(a1, "no route", 5.0)])
    scene.clock.advance(-wrong)
    assert len(await scene.take(ANN)) == 1, "a conversation waits until that time comes"
    await scene.inbox.settle(ANN, done=[a1])
    await scene.inbox.prune(retention)
    scene.clock.advance(timedelta(days=8.1).total_seconds())
    await scene.inbox.prune(retention)
    assert await scene.inbox.entry(a1.seq) is None, "nothing is forgotten until that time comes"


_CHECKS = (
    _bodies_arrive_as_they_came,
    _an_update_is_stored_once,
    _routes_that_have_changed_are_noticed,
    _a_conversation_has_one_owner,
    _no_two_owners_get_the_same,
    _a_failed_update_blocks_its_conversation,
    _a_dead_update_lets_others_go_on,
    _released_updates_are_ready_at_once,
    _what_a_dead_process_had_lapses,
    _sessions_get_even_shares,
    _a_long_conversation_leaves_room,
    _the_log_misses_nothing,
    _unrouted_updates_wait_for_their_session,
    _what_is_over_is_pruned,
    _what_may_come_again_is_remembered,
    _a_dead_update_is_kept_from_its_death,
    _a_clock_that_was_wrong_does_no_lasting_harm,
    too_much_of_one_secret_is_forgotten,
)
