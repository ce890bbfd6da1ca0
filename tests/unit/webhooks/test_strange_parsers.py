"""Parsers of other providers that raise where they should not: they stop nobody else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz.webhooks.inbox.base import State
from blazz.webhooks.inbox.sqlite import SqliteInbox
from tests.unit.webhooks.scenery import (
    Said,
    SpokenUpdate,
    Stage,
    parse,
    profile,
    said,
    stage,
    states,
)


class Nameless(SpokenUpdate):
    """An update that cannot say what it is."""

    @property
    def key(self) -> str:
        raise LookupError("no \0 id")


class Numbered(SpokenUpdate):
    """An update whose account is not text."""

    @property
    def account(self) -> Any:
        return 1


@pytest.mark.parametrize("kind", [Nameless, Numbered])
async def test_an_update_that_cannot_be_split_is_kept_with_its_body(
    tmp_path: Path, kind: type[SpokenUpdate], caplog: pytest.LogCaptureFixture
) -> None:
    def parse_oddly(body: bytes) -> Sequence[SpokenUpdate]:
        return [kind(update.fields) if b"odd" in body else update for update in parse(body)]

    async with stage(tmp_path) as scene:
        await scene.receiver.add("acme/sales", replace(profile(), parse=parse_oddly))
        scene.dispatcher.on(Said)(scene.see)
        await scene.post(said("a1", text="odd"))
        await scene.post(said("a2"))

        with anyio.fail_after(60):
            assert await scene.handled() == ["a2"]

        [kept] = await scene.inbox.entries(states=[State.UNREADABLE])
        assert kept.error is not None
        assert kept.error.isprintable()
        assert "is kept" in caplog.text
        await scene.receiver.add("acme/sales", profile())  # with a parser that was mended
        assert await scene.inbox.replay([kept.seq]) == 1
        assert await scene.handled() == ["a2", "a1"]


def raises(_: bytes) -> Sequence[SpokenUpdate]:
    raise TypeError("this version has a bug")


def names_nothing(body: bytes) -> Sequence[SpokenUpdate]:
    return [Nameless(update.fields) for update in parse(body)]


@pytest.mark.parametrize("broken", [raises, names_nothing])
async def test_what_cannot_be_read_again_is_dead_and_others_go_on(
    tmp_path: Path, broken: Callable[[bytes], Sequence[SpokenUpdate]]
) -> None:
    def parse_some(body: bytes) -> Sequence[SpokenUpdate]:
        return broken(body) if b"a1" in body else parse(body)

    async with SqliteInbox(tmp_path / "inbox.db") as inbox:
        before = Stage(inbox)
        await before.receiver.add("acme/sales", profile())
        for key in ("a1", "a2"):
            await before.post(said(key))
        while await before.dispatcher.splitter.split() is not None:
            pass

        after = Stage(inbox)
        await after.receiver.add("acme/sales", replace(profile(), parse=parse_some))
        after.dispatcher.on(Said)(after.see)
        with anyio.fail_after(60):
            assert await after.handled() == ["a2"]
        assert await states(inbox) == {State.DONE: 1, State.DEAD: 1}

        [dead] = await inbox.entries(states=[State.DEAD])
        mended = Stage(inbox)
        await mended.receiver.add("acme/sales", profile())
        mended.dispatcher.on(Said)(mended.see)
        await inbox.replay([dead.seq])
        assert await mended.handled() == ["a1"]
