"""The outbox goes with its session: exported on one machine, merged on another."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blazz.errors import InvalidValue
from blazz.providers.web.outbox import Outbox, Standing


async def test_another_machine_goes_on_with_what_was_sent(tmp_path: Path) -> None:
    first, second = Outbox(tmp_path / "one.db"), Outbox(tmp_path / "two.db")
    await first.open()
    await second.open()
    accepted, _ = await first.note("token-1", "62812@c.us")
    await first.accept(accepted, f"true_62812@c.us_{accepted}")
    given, _ = await first.note("token-2", "62812@c.us")
    await first.set_fact("linked_at", "17")
    assert await second.tokens([accepted]) == {}

    content = await first.export()
    await second.merge(content)
    await second.merge(content)

    assert await second.tokens([accepted, given]) == {accepted: "token-1", given: "token-2"}
    known = await second.look_up(["token-1", "token-2", "token-3"])
    assert [known[token].standing for token in ("token-1", "token-2")] == [
        Standing.ACCEPTED,
        Standing.GIVEN,
    ]
    assert await second.note("token-2", "62812@c.us") == (given, True)
    assert await second.fact("linked_at") == "17"
    assert await second.export() == content, "an unchanged outbox is written anew"
    await first.close()
    await second.close()


async def test_what_is_known_already_stays_as_it_is(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    await outbox.open()
    id_, _ = await outbox.note("token-1", "62812@c.us")
    older = await outbox.export()
    await outbox.accept(id_, f"true_62812@c.us_{id_}")

    await outbox.merge(older)

    assert (await outbox.look_up(["token-1"]))["token-1"].standing is Standing.ACCEPTED
    await outbox.close()


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"sent": 1, "facts": []}', json.dumps({"sent": [[1]], "facts": []})]
)
async def test_what_is_no_outbox_is_refused(tmp_path: Path, content: bytes | str) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    await outbox.open()
    with pytest.raises(InvalidValue, match="outbox"):
        await outbox.merge(content if isinstance(content, bytes) else content.encode())
    await outbox.close()


async def test_recent_messages_are_those_whose_fate_the_page_knows(tmp_path: Path) -> None:
    now = [1000.0]
    outbox = Outbox(tmp_path / "outbox.db", clock=lambda: now[0])
    await outbox.open()
    whole = []
    for token, chat in [("a", "1@c.us"), ("b", "2@c.us"), ("c", "3@g.us"), ("d", "4@c.us")]:
        now[0] += 1
        id_, _ = await outbox.note(token, chat)
        whole.append(f"true_{chat}_{id_}")
        await outbox.accept(id_, whole[-1])
    await outbox.note("not taken yet", "5@c.us")

    assert await outbox.recent(since=0, most=10) == [whole[0], whole[1], whole[3]]
    assert await outbox.recent(since=0, most=1) == [whole[3]]
    assert await outbox.recent(since=1002, most=10) == [whole[1], whole[3]]
    await outbox.close()
