"""Messages that go both ways through a cluster of servers, and what became of each."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import anyio
import asyncpg
import httpx

from tests.server_cluster import PATIENCE, Cluster, until

_AGAIN: Final = 0.1
_INTERRUPTED: Final = 2.0
_IN_HAND: Final = 1.0
_LATE: Final = 5.0
_DOUBTFUL: Final = "delivery_unknown"


class Traffic:
    """Texts that customers write to sessions, and that sessions write, one after another.

    Args:
        cluster: Whose sessions.
        pause: Seconds between two texts to sessions, and about as many between two from them.

    Attributes:
        received: What the customer wrote, and when.
        in_hand: What of it a browser had confirmed to WhatsApp and its machine took along when it
            died, within a moment: nobody can know of it, and the phone alone has it.
        sent: What the API says that sessions have sent.
        doubtful: What it could not tell.
    """

    def __init__(self, cluster: Cluster, *, pause: float) -> None:
        self.received: dict[str, float] = {}
        self.in_hand: list[str] = []
        self.sent: list[str] = []
        self.doubtful: list[str] = []
        self._name = secrets.token_hex(3)
        self._cluster = cluster
        self._pause = pause
        self._stopped = False
        self._customer = cluster.sandbox.phone("+6281299999999")

    # Writing

    async def receive(self) -> None:
        """Write to all sessions in turn, until there is an end."""
        while True:
            for key, phone in self._cluster.phones.items():
                text = f"{self._name} to {key} {len(self.received)}"
                await self._customer.send_text(phone.number, text)
                self.received[text] = time.time()
                if self._stopped:
                    return
                await anyio.sleep(self._pause)

    async def send(self, key: str) -> None:
        """Have a session write, until there is an end."""
        workspace, _, name = key.partition("/")
        path = f"/v1/workspaces/{workspace}/sessions/{name}/messages"
        pause = self._pause * len(self._cluster.phones)
        while not self._stopped:
            number = len(self.sent) + len(self.doubtful)
            text = f"{self._name} from {key} {number}"
            body = {"to": self._customer.number, "message": {"type": "text", "body": text}}
            if await self._post_until_known(path, body, key=text.replace(" ", "-")):
                self.sent.append(text)
            else:
                self.doubtful.append(text)
            await anyio.sleep(pause)

    async def _post_until_known(self, path: str, body: Mapping[str, Any], *, key: str) -> bool:
        """Send a message with an idempotency key until it is certain; False: it cannot be."""
        headers = {"Idempotency-Key": key}
        with anyio.move_on_after(PATIENCE):
            while True:
                try:
                    answer = await self._cluster.api.post(path, json=body, headers=headers)
                except httpx.TransportError:
                    await anyio.sleep(_AGAIN)
                    continue
                if answer.is_success:
                    return answer.status_code == HTTPStatus.CREATED
                assert answer.status_code in {409, 502, 503, 504}, answer.text
                if answer.json()["code"] == _DOUBTFUL:
                    return False
                await anyio.sleep(_AGAIN)
        return False

    def stop(self) -> None:
        """Let what is under way be the last."""
        self._stopped = True

    # What became of it

    async def check(self) -> None:
        """Check that nothing was lost or doubled, and that no session was linked again."""
        await self.check_handled()
        await self.check_recorded()
        await self.check_arrived()
        await self._cluster.check_devices()

    async def check_handled(self) -> None:
        """Wait until all was handled, and check that each was by one owner, the later ones last."""
        wanted = set(self.received)
        doubtful = {text for text, at in self.received.items() if self._may_be_in_hand(at)}
        for some, patience in ((wanted - doubtful, PATIENCE), (wanted, _LATE)):
            with anyio.move_on_after(patience):
                await until(lambda some=some: self._has_handled(some))  # type: ignore[misc]
        rows = [it for it in await self._cluster.handled() if it["text"] in wanted]
        missing = wanted - {it["text"] for it in rows}
        lost = sorted(missing - doubtful)
        assert not lost, f"{len(lost)} of {len(wanted)} lost, such as {lost[:3]}"
        self.in_hand = sorted(missing)
        first: dict[str, asyncpg.Record] = {}
        last: dict[str, int] = {}
        for it in rows:
            before = first.setdefault(it["text"], it)
            assert before is it or self._was_interrupted(before), f"{it['text']}: two owners"
            assert it["epoch"] >= last.get(it["session"], 0), f"{it['text']}: an old owner"
            last[it["session"]] = it["epoch"]

    async def _has_handled(self, some: set[str]) -> bool:
        return some <= {it["text"] for it in await self._cluster.handled()}

    def _may_be_in_hand(self, at: float) -> bool:
        return any(abs(ended - at) < _IN_HAND for ended in self._cluster.ended.values())

    def _was_interrupted(self, row: asyncpg.Record) -> bool:
        """Whether an owner ended before it could note that it had handled something."""
        at: float = row["at"]
        return 0 <= self._cluster.ended.get(row["instance"], 0.0) - at < _INTERRUPTED

    async def check_recorded(self) -> None:
        """Check that the server shows each message that came in once."""
        shown = Counter(await self._cluster.recorded())
        wanted = self.received.keys() - set(self.in_hand)
        wrong = {text: shown[text] for text in wanted if shown[text] != 1}
        assert not wrong, f"messages that are not shown once: {wrong}"

    async def check_arrived(self) -> None:
        """Check that the customer got what was sent once, and nothing twice."""
        got: Counter[str] = Counter()
        for phone in self._cluster.phones.values():
            got.update(it.text or "" for it in await self._customer.messages(phone.number))
        lost = [text for text in self.sent if got[text] == 0]
        assert not lost, f"sent and never arrived: {lost}"
        twice = [text for text in self.sent + self.doubtful if got[text] > 1]
        assert not twice, f"arrived twice: {twice}"


@asynccontextmanager
async def traffic(cluster: Cluster, *, pause: float = 0.1) -> AsyncIterator[Traffic]:
    """Messages that go both ways within the block."""
    flowing = Traffic(cluster, pause=pause)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(flowing.receive)
        for key in cluster.phones:
            tasks.start_soon(flowing.send, key)
        yield flowing
        flowing.stop()
