"""A session that moves: its machine is killed, its disk is deleted, and another one goes on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import anyio
import anyio.to_thread

from blazz.providers.web.processes import browsers_of
from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from blazz.sandbox.web.serving import running_web
from tests.moving_instance import SESSION, Settings

SHOP, BUDI = "+6281100000001", "+6281200000002"
MARGIN = 5.0
"""Seconds that a move may take beyond the time of the lease."""

_PATIENCE = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How a move went.

    Attributes:
        seconds: From the kill until the next machine was ready.
        ttl: The time of the lease.
    """

    seconds: float
    ttl: float

    @property
    def in_time(self) -> bool:
        """Whether it was ready soon enough."""
        return self.seconds <= self.ttl + MARGIN


class Machine:
    """A machine: a process, and a disk of its own."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.told: list[dict[str, Any]] = []
        self._news = anyio.Event()
        command = [sys.executable, "-m", "tests.moving_instance", json.dumps(asdict(settings))]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )

    async def listen(self) -> None:
        """Take what it tells, until it ends."""
        assert self._process.stdout is not None
        while line := await anyio.to_thread.run_sync(
            self._process.stdout.readline, abandon_on_cancel=True
        ):
            self.told.append({"at": time.monotonic(), **json.loads(line)})
            self._news.set()
            self._news = anyio.Event()

    def do(self, what: str, **values: object) -> None:
        """Tell it what to do."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": what, **values}) + "\n")
        self._process.stdin.flush()

    async def tells(
        self,
        what: str,
        where: Callable[[dict[str, Any]], bool] = lambda _: True,
        *,
        after: int = 0,
        **values: object,
    ) -> dict[str, Any]:
        """Wait until it tells something, after so many other things."""

        def fits(it: dict[str, Any]) -> bool:
            return it["what"] == what and values.items() <= it.items() and where(it)

        with anyio.fail_after(_PATIENCE):
            while True:
                for each in self.told[after:]:
                    if fits(each):
                        return each
                await self._news.wait()

    def has_told(self, what: str) -> bool:
        """Whether it has told something."""
        return any(it["what"] == what for it in self.told)

    async def send(self, text: str) -> str:
        """Send a message, and wait until that is in the store; give its token."""
        before = len(self.told)
        self.do("send", to=BUDI, text=text)
        sent = await self.tells("sent", after=before)
        # A backup that was under way already, because of what came before, has not all of it.
        await self.tells("saved", lambda it: it["began"] >= sent["by"], after=before)
        return str(sent["token"])

    def kill(self) -> None:
        """Kill it; nothing of it ends in good order."""
        self._process.kill()
        self._process.wait()

    async def lose_disk(self) -> None:
        """Delete its disk, once its browser has died with it."""
        folder = Path(self.settings.folder)
        profile = folder / "sessions" / "acme" / SESSION / "profile"
        with anyio.fail_after(60):
            while browsers_of(profile):  # noqa: ASYNC110  # other processes set no event
                await anyio.sleep(0.02)
        await anyio.to_thread.run_sync(shutil.rmtree, folder)

    def remove(self) -> None:
        """End it, whatever has become of it."""
        self.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class Journey:
    """A session that goes from machine to machine.

    Args:
        store: The URL of its store.
        keyring: The file with its keys.
        disks: Where the machines have their disks.
        web: The WhatsApp that it is linked to.
        ttl: The time of its lease.
    """

    def __init__(
        self, *, store: str, keyring: Path, disks: Path, web: SimulatedWeb, ttl: float
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._disks = disks
        self._web = web
        self._ttl = ttl
        self._machines: list[Machine] = []
        self._tasks = anyio.create_task_group()
        self._said: list[str] = []
        self.phone: SimulatedPhone = web.phone(SHOP, name="Shop")
        self.budi: SimulatedPhone = web.phone(BUDI, name="Budi")

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> bool | None:
        for machine in self._machines:
            machine.remove()
        self._tasks.cancel_scope.cancel()
        return await self._tasks.__aexit__(*exc_info)

    async def begin(self) -> None:
        """Link the session on its first machine."""
        machine = await self._start_machine()
        machine.do("open")
        code = await machine.tells("qr")
        self.phone.scan(code["data"])
        await machine.tells("ready")
        await machine.tells("saved")
        await self._talk(machine)

    async def move(self, *, standby: bool = True) -> Move:
        """Kill the machine, delete its disk, and go on elsewhere; check that nothing is lost.

        Args:
            standby: The next machine waits for the session already; otherwise it begins to ask for
                it when the machine is killed.
        """
        old, new = self._machines[-1], await self._start_machine()
        if standby:
            new.do("open")
            await new.tells("asking")
        token = await self._send_into_the_dark(old)
        devices = [device.id for device in self.phone.devices]
        killed_at = time.monotonic()
        old.kill()
        if not standby:
            new.do("open")
        await old.lose_disk()
        self.budi.go_online()
        meanwhile = self._say("while nobody runs")
        self.budi.send_text(SHOP, meanwhile)
        ready = await new.tells("ready")

        assert not new.has_told("qr"), "it had to be linked again"
        assert [device.id for device in self.phone.devices] == devices, "another device"
        await new.tells("received", text=meanwhile)
        await new.tells("delivered", token=token)
        await self._talk(new)
        before = len(new.told)
        new.do("history", chat=BUDI)
        history = (await new.tells("history", after=before))["texts"]
        assert sorted(history) == sorted(self._said), "the chat is not what it was"
        return Move(seconds=ready["at"] - killed_at, ttl=self._ttl)

    async def _start_machine(self) -> Machine:
        number = len(self._machines)
        machine = Machine(
            Settings(
                store=self._store,
                keyring=str(self._keyring),
                folder=str(self._disks / f"machine-{number}"),
                page=self._web.url,
                ttl=self._ttl,
            )
        )
        self._machines.append(machine)
        self._tasks.start_soon(machine.listen)
        await machine.tells("up")
        return machine

    async def _send_into_the_dark(self, machine: Machine) -> str:
        """Send a message that only arrives when the next machine runs; give its token."""
        self.budi.go_offline()
        return await machine.send(self._say("sent into the dark"))

    async def _talk(self, machine: Machine) -> None:
        """Send and receive a message, and wait until all of that is stored."""
        asked, answer = self._say("asked"), self._say("answered")
        self.budi.send_text(SHOP, asked)
        await machine.tells("received", text=asked)
        await machine.send(answer)
        await self.budi.wait_for_message(SHOP, lambda it: it.text == answer)

    def _say(self, what: str) -> str:
        self._said.append(f"{len(self._said)}: {what}")
        return self._said[-1]


@asynccontextmanager
async def journey(*, store: str, keyring: Path, disks: Path, ttl: float) -> AsyncIterator[Journey]:
    """A session that is linked, on its first machine."""
    async with (
        running_web() as web,
        Journey(store=store, keyring=keyring, disks=disks, web=web, ttl=ttl) as started,
    ):
        await started.begin()
        yield started
