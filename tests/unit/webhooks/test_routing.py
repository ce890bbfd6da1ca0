"""Several sessions behind one URL: rotation, tenants apart, accounts that are not known yet."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from blazz.webhooks.inbox.base import State
from tests.unit.webhooks.scenery import Said, body_of, profile, said, stage


async def test_secrets_rotate_without_a_gap(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        scene.dispatcher.on(Said)(scene.see)
        both = replace(profile(), secrets=["new", "old"])
        await scene.receiver.add("acme/sales", both)
        assert (await scene.post(said("a1"), secret="old")).status == 200
        assert (await scene.post(said("a1"), secret="new")).status == 200
        await scene.receiver.add("acme/sales", replace(profile(), secrets=["new"]))
        assert (await scene.post(said("a2"), secret="old")).status == 403
        assert (await scene.post(said("a2"), secret="new")).status == 200

        assert await scene.handled() == ["a1", "a2"], "one key is one update, whoever signed it"


async def test_one_tenants_secret_brings_nothing_to_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage(tmp_path) as scene:
        scene.dispatcher.on(Said)(scene.see)
        await scene.receiver.add("umbrella/sales", profile("9", secret="theirs"))
        assert (await scene.post(said("a1", account="9"))).status == 200
        assert (await scene.post(said("a1", account="9"))).status == 200
        assert await scene.handled() == []
        [kept] = await scene.inbox.entries(states=[State.FOREIGN])
        assert kept.session is None
        assert caplog.text.count("account 9 is registered, but not with the secret") == 1

        await scene.post(said("a1", account="9"), secret="theirs")
        assert await scene.handled() == ["a1"], "the forged update used up the key of the real one"


async def test_an_unknown_account_is_kept_reported_and_delivered_when_known(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage(tmp_path) as scene:
        scene.dispatcher.on(Said)(scene.see)
        known, unknown = {"key": "a1", "account": "1"}, {"key": "x1", "account": "77"}
        await scene.post(body_of(known, unknown, {**unknown, "key": "x2"}))
        assert await scene.handled() == ["a1"]
        assert (await scene.inbox.counts()).updates == {State.UNROUTED: 2}
        assert "no session is registered for account 77" in caplog.text

        assert await scene.receiver.add("stranger/sales", profile("77", secret="guess")) == 0
        assert await scene.handled() == ["a1"], "a stranger's secret got another's updates"
        scene.receiver.remove("stranger/sales")
        await scene.inbox.unregister("stranger/sales")

        assert await scene.receiver.add("acme/late", profile("77")) == 2
        assert await scene.handled() == ["a1", "x1", "x2"]
        assert (await scene.inbox.counts()).updates == {}


async def test_updates_of_a_closed_session_wait_for_it(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        scene.dispatcher.on(Said)(scene.see)
        await scene.receiver.add("acme/support", profile("2"))
        scene.receiver.remove("acme/support")
        await scene.post(body_of({"key": "a", "account": "2"}, {"key": "b", "account": "1"}))
        async with scene.running():
            with scene.dispatcher.settled.listening() as bell:
                while scene.seen != ["b"]:
                    await bell.wait(0.01)
        assert (await scene.inbox.counts()).updates == {State.READY: 1}

        await scene.receiver.add("acme/support", profile("2"))
        assert await scene.handled() == ["b", "a"]


async def test_an_account_of_two_sessions_reaches_both(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        sessions: list[str] = []

        async def note(delivery) -> None:
            sessions.append(delivery.session)

        scene.dispatcher.add_handler(note, Said)
        await scene.receiver.add("acme/support", profile("1", "2"))
        await scene.post(said("a1"))
        await scene.handled()

        assert sorted(sessions) == ["acme/sales", "acme/support"]


async def test_a_body_that_cannot_be_read_is_kept_for_a_better_parser(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage(tmp_path) as scene:
        scene.dispatcher.on(Said)(scene.see)
        newer = said("a1")[1:-1] + b"\n" + said("a2")[1:-1]  # one update per line, say
        assert (await scene.post(newer)).status == 200
        assert await scene.handled() == []
        [kept] = await scene.inbox.entries(states=[State.UNREADABLE])
        assert kept.error is not None
        assert kept.error.startswith("WebhookError: not a list of updates")
        assert "cannot be read and is kept" in caplog.text

        def parse_lines(body: bytes):
            return profile().parse(b"[" + body.replace(b"\n", b",") + b"]")

        await scene.receiver.add("acme/sales", replace(profile(), parse=parse_lines))
        assert await scene.inbox.replay([kept.seq]) == 1
        assert await scene.handled() == ["a1", "a2"]
        assert (await scene.inbox.counts()).updates == {}


async def test_a_parser_that_splits_differently_still_finds_the_update(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:
        scene.dispatcher.on(Said)(scene.see)
        await scene.post(said("a1", "b1", "c1"))
        while await scene.dispatcher.splitter.split() is not None:
            pass

        def backwards(body: bytes):
            return list(profile().parse(body))[::-1][:2]

        await scene.receiver.add("acme/sales", replace(profile(), parse=backwards))
        assert sorted(await scene.handled()) == ["b1", "c1"]
        [dead] = await scene.inbox.entries(states=[State.DEAD])
        assert dead.error is not None
        assert "does not find it" in dead.error


async def test_a_parser_that_raises_anything_loses_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as scene:

        def broken(body: bytes):
            raise ZeroDivisionError("a bug")

        await scene.receiver.add("acme/sales", replace(profile(), parse=broken))
        assert (await scene.post(said("a1"))).status == 200
        await scene.handled()
        [kept] = await scene.inbox.entries()
        assert (kept.state, kept.error) == (State.UNREADABLE, "ZeroDivisionError: a bug")


async def test_reports_are_not_repeated(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with stage(tmp_path) as scene:
        for key in ("x1", "x2", "x3"):
            await scene.post(said(key, account="77"))
        with caplog.at_level(logging.WARNING):
            await scene.handled()

        assert caplog.text.count("account 77") == 1
