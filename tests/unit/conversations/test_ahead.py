"""Whoever waits has what it waits for recorded, and nothing else; one reads for all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import anyio
import pytest

from blazz.addresses import Group, Identity, Phone
from blazz.conversations import ahead
from blazz.conversations.ahead import Numbered, ReadAhead, contact_name, message_name
from blazz.conversations.signals import Signals
from blazz.errors import InboxUnavailable, Timeout
from blazz.events import UNDATED, Delivered, Event, TextReceived

BUDI, SITI = (Identity(phone=Phone(f"+628123456789{n}")) for n in (0, 1))


def text(sender: Identity, *, chat: Group | None = None) -> TextReceived:
    return TextReceived(key="k", at=UNDATED, message_id="m", sender=sender, body="x", chat=chat)


def delivered(message_id: str) -> Delivered:
    return Delivered(key=message_id, at=UNDATED, message_id=message_id, recipient=BUDI)


PAGE: Sequence[Event] = (
    text(SITI),
    text(BUDI),
    text(BUDI, chat=Group("group-1")),
    delivered("other"),
    delivered("ours"),
)


class Log:
    """Gives one page to each reader, after as many failures."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.readers = self.most = 0
        self.recorded: list[Sequence[Numbered]] = []
        self.done = anyio.Event()

    async def read(self) -> AsyncGenerator[Sequence[Numbered]]:
        self.readers += 1
        self.most = max(self.most, self.readers)
        try:
            if self.failures:
                self.failures -= 1
                raise InboxUnavailable("it is away")
            yield list(enumerate(PAGE, 1))
            await anyio.sleep_forever()
        finally:
            self.readers -= 1

    async def record(self, page: Sequence[Numbered]) -> None:
        self.recorded.append(page)
        self.done.set()


def reading(log: Log, signals: Signals) -> ReadAhead:
    return ReadAhead("acme/sales", log.read, log.record, signals)


@pytest.mark.parametrize("failures", [0, 2])
async def test_only_what_is_waited_for_is_recorded(
    failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_REST_SECONDS", 0.001)
    log, signals = Log(failures), Signals()
    names = contact_name("acme/sales", str(BUDI.phone)), message_name("acme/sales", "ours")
    with signals.waiting(*names), anyio.fail_after(60):
        async with reading(log, signals).reading():
            await log.done.wait()
    assert log.recorded == [[(2, PAGE[1]), (5, PAGE[4])]]
    assert not signals.awaited(names[0])


async def test_one_reads_for_all_and_the_next_goes_on() -> None:
    log, signals = Log(), Signals()
    reader = reading(log, signals)
    entered = 0

    async def wait() -> None:
        nonlocal entered
        with signals.waiting(message_name("acme/sales", "ours")):
            async with reader.reading():
                entered += 1
                await log.done.wait()

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(wait)
    assert (entered, log.most, log.readers) == (5, 1, 0)

    log.done = anyio.Event()
    with signals.waiting(message_name("acme/sales", "ours")), anyio.fail_after(60):
        async with reader.reading():
            await log.done.wait()


async def test_what_is_raised_comes_out_as_it_is() -> None:
    log = Log()
    with pytest.raises(Timeout):
        async with reading(log, Signals()).reading():
            raise Timeout
    assert log.readers == 0
