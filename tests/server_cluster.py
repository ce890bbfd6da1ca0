"""A cluster of reference servers on real servers, whose instances are killed while they work."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import anyio
import asyncpg
import httpx

from blazz.sandbox import Sandbox, SandboxPhone
from blazz.security.keyring import KeyRing
from tests.server_instance import LOG
from tests.servers.process import free_port

MARGIN: Final = 5.0
"""Seconds that a takeover may take beyond the time of the lease."""
ADMIN: Final = "the-key-of-the-administrator-in-tests"
_PATIENCE: Final = 120.0
_INTERRUPTED: Final = 2.0
_DOUBTFUL: Final = "delivery_unknown"
_LOOK: Final = 0.1
_ROOT: Final = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The servers that instances share.

    Attributes:
        postgres: The URL of an empty database.
        redis: The URL of an empty Redis.
        store: The URL of an auth store.
    """

    postgres: str
    redis: str
    store: str


class Instance:
    """An instance: a process, and a disk of its own."""

    def __init__(self, name: str, *, folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._log = (folder / "instance.log").open("ab")
        mine = {
            "BLAZZ_SERVER_INSTANCE": name,
            "BLAZZ_SERVER_PORT": str(port),
            "BLAZZ_SERVER_FOLDER": str(folder),
            "BLAZZ_SERVER_ADDRESS": self.url,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.server_instance"],
            cwd=_ROOT,
            env={**os.environ, **environment, **mine},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.api = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=30
        )

    async def wait(self) -> None:
        """Wait until it answers."""
        with anyio.fail_after(_PATIENCE):
            while not await self._answers():  # other processes set no event
                assert self._process.poll() is None, self.log
                await anyio.sleep(_LOOK)

    async def _answers(self) -> bool:
        try:
            return (await self.api.get("/health/live")).is_success
        except httpx.TransportError:
            return False

    @property
    def log(self) -> str:
        """The end of what it wrote."""
        return (self.folder / "instance.log").read_text(errors="replace")[-5000:]

    def signal(self, how: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(how)

    def kill(self) -> None:
        """Kill it; nothing of it ends in good order."""
        self._process.kill()
        self._process.wait()

    async def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        self._process.terminate()
        await anyio.to_thread.run_sync(self._process.wait)

    async def close(self) -> None:
        """End it, whatever has become of it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            await anyio.to_thread.run_sync(self._process.wait)
        self._log.close()
        await self.api.aclose()


@dataclass(slots=True)
class Traffic:
    """Texts that go both ways, one after another.

    Attributes:
        received: What customers wrote to sessions.
        sent: What the API says that sessions have sent.
        doubtful: What it could not tell.
        stopped: Whether no more are to be written.
    """

    received: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)
    stopped: bool = False


class Cluster:
    """Instances, the sandbox that they all use, and the sessions of some workspaces.

    Args:
        servers: What they share.
        folder: Where their disks are.
        sandbox: The stand-in for WhatsApp.
        lease: Seconds that a dead instance keeps its sessions.
    """

    def __init__(self, servers: Servers, *, folder: Path, sandbox: Sandbox, lease: float) -> None:
        self.servers = servers
        self.lease = lease
        self.instances: dict[str, Instance] = {}
        self.sandbox = sandbox
        self.phones: dict[str, SandboxPhone] = {}
        self.devices: dict[str, list[int]] = {}
        self.ended: dict[str, float] = {}
        self.customer = sandbox.phone("+6281299999999")
        self._folder = folder
        self._database: asyncpg.Pool
        self._environment = {
            "PYTHONPATH": os.pathsep.join([str(_ROOT), str(_ROOT / "examples" / "server")]),
            "BLAZZ_SERVER_DATABASE_URL": servers.postgres,
            "BLAZZ_SERVER_REDIS_URL": servers.redis,
            "BLAZZ_SERVER_AUTH_STORE": servers.store,
            "BLAZZ_SERVER_CLUSTER_SECRET": secrets.token_hex(16),
            "BLAZZ_SERVER_ADMIN_KEY": ADMIN,
            "BLAZZ_SERVER_SANDBOX": "remote",
            "BLAZZ_SERVER_SANDBOX_URL": sandbox.url,
            "BLAZZ_SERVER_LEASE": str(lease),
            "BLAZZ_SERVER_CALLS_PER_SECOND": "100000",
            "BLAZZ_SERVER_CALLS_AT_ONCE": "100000",
            "BLAZZ_KEYS": _keys(folder),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    async def open(self) -> None:
        """Prepare the log."""
        self._database = await asyncpg.create_pool(self.servers.postgres, min_size=1, max_size=3)
        await self._database.execute(LOG)

    async def close(self) -> None:
        """End all instances."""
        for instance in self.instances.values():
            await instance.close()
        await self._database.close()

    # Instances

    async def start(self, *names: str) -> None:
        """Start instances, and wait until they answer."""
        for name in names:
            self.instances[name] = Instance(
                name, folder=self._folder / name, environment=self._environment
            )
            if len(self.instances) == 1:
                await self.instances[name].wait()  # it alone makes the tables
        for name in names:
            await self.instances[name].wait()

    async def kill(self, name: str) -> None:
        """Kill an instance, and delete its disk."""
        instance = self.instances.pop(name)
        instance.kill()
        self.ended[name] = time.time()
        await instance.close()
        await anyio.to_thread.run_sync(_delete, instance.folder)

    async def stop(self, name: str) -> None:
        """Stop an instance in good order."""
        instance = self.instances.pop(name)
        await instance.stop()
        await instance.close()

    def freeze(self, name: str) -> Instance:
        """Let an instance stand still: it looks alive to whoever connects, and does nothing."""
        instance = self.instances.pop(name)
        instance.signal(signal.SIGSTOP)
        self.ended[name] = time.time()
        return instance

    async def wake(self, instance: Instance) -> None:
        """Let an instance go on, as if nothing had been."""
        self.instances[instance.name] = instance
        instance.signal(signal.SIGCONT)
        await instance.wait()

    @property
    def api(self) -> httpx.AsyncClient:
        """Any instance will do."""
        return next(iter(self.instances.values())).api

    # Sessions

    async def pair(self, count: int, *, workspaces: int = 4) -> None:
        """Make so many sessions of WhatsApp Web, and link each to a phone of its own."""
        for number in range(workspaces):
            await self._post("/v1/workspaces", {"name": f"w{number}"})
        keys = [f"w{number % workspaces}/s{number}" for number in range(count)]
        async with anyio.create_task_group() as tasks:
            room = anyio.Semaphore(4)
            for number, key in enumerate(keys):
                tasks.start_soon(self._pair, key, f"+62811000{number:05}", room)
        await self.until_ready(set(keys))
        for key, phone in self.phones.items():
            self.devices[key] = [it["id"] for it in (await phone.state())["devices"]]

    async def _pair(self, key: str, number: str, room: anyio.Semaphore) -> None:
        workspace, _, name = key.partition("/")
        path = f"/v1/workspaces/{workspace}"
        self.phones[key] = self.sandbox.phone(number)
        async with room:
            await self._post(f"{path}/sessions", {"name": name, "provider": {"kind": "web"}})
            with anyio.fail_after(_PATIENCE):
                while True:
                    answer = await self.api.get(f"{path}/sessions/{name}/qr")
                    if answer.is_success:
                        break
                    assert answer.status_code in {409, 503}, answer.text
                    await anyio.sleep(_LOOK)
            await self.phones[key].scan(answer.json()["data"])

    async def sessions(self) -> dict[str, dict[str, Any]]:
        """All sessions, as an instance shows them."""
        found: dict[str, dict[str, Any]] = {}
        for workspace in sorted({key.partition("/")[0] for key in self.phones}):
            answer = await self.api.get(f"/v1/workspaces/{workspace}/sessions?limit=200")
            answer.raise_for_status()
            found |= {f"{workspace}/{it['name']}": it for it in answer.json()["items"]}
        return found

    async def owned_by(self, name: str) -> set[str]:
        """The sessions that an instance runs."""
        return {key for key, it in (await self.sessions()).items() if it["instance"] == name}

    async def until_ready(self, keys: set[str], *, elsewhere: str = "") -> float:
        """Wait until sessions are ready, not on a certain instance; give the time of that."""
        with anyio.fail_after(_PATIENCE):
            while True:
                found = await self.sessions()
                fit = {
                    key
                    for key, it in found.items()
                    if it["state"] == "ready" and it["instance"] not in {elsewhere, None}
                }
                if keys <= fit:
                    return time.monotonic()
                await anyio.sleep(_LOOK)

    # Messages

    @asynccontextmanager
    async def traffic(self, *, pause: float) -> AsyncIterator[Traffic]:
        """Write to all sessions, and have them write, within the block."""
        traffic = Traffic()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._write, traffic, pause)
            for key in self.phones:
                tasks.start_soon(self._send, traffic, key, pause * len(self.phones))
            yield traffic
            traffic.stopped = True

    async def _write(self, traffic: Traffic, pause: float) -> None:
        while True:
            for key, phone in self.phones.items():
                text = f"to {key} {len(traffic.received)}"
                await self.customer.send_text(phone.number, text)
                traffic.received.append(text)
                if traffic.stopped:
                    return
                await anyio.sleep(pause)

    async def _send(self, traffic: Traffic, key: str, pause: float) -> None:
        workspace, _, name = key.partition("/")
        path = f"/v1/workspaces/{workspace}/sessions/{name}/messages"
        number = 0
        while not traffic.stopped:
            number += 1
            text = f"from {key} {number}"
            body = {"to": self.customer.number, "message": {"type": "text", "body": text}}
            if await self._post_until_known(path, body, key=f"{workspace}-{name}-{number}"):
                traffic.sent.append(text)
            else:
                traffic.doubtful.append(text)
            await anyio.sleep(pause)

    async def _post_until_known(self, path: str, body: Mapping[str, Any], *, key: str) -> bool:
        """Send a message with an idempotency key until it is certain; False: it cannot be."""
        with anyio.move_on_after(_PATIENCE):
            while True:
                try:
                    answer = await self.api.post(path, json=body, headers={"Idempotency-Key": key})
                except httpx.TransportError:
                    await anyio.sleep(_LOOK)
                    continue
                if answer.is_success:
                    return answer.status_code == HTTPStatus.CREATED
                assert answer.status_code in {409, 502, 503, 504}, answer.text
                if answer.json()["code"] == _DOUBTFUL:
                    return False
                await anyio.sleep(_LOOK)
        return False

    async def handled(self) -> list[asyncpg.Record]:
        """What was handled: text, session, instance, epoch."""
        rows: list[asyncpg.Record] = await self._database.fetch("SELECT * FROM handled ORDER BY at")
        return rows

    async def _has_handled(self, wanted: set[str]) -> bool:
        return wanted <= {it["text"] for it in await self.handled()}

    async def check(self, traffic: Traffic) -> None:
        """Check that nothing was lost, and that each message had one owner."""
        await self.check_handled(traffic)
        await self.check_recorded(traffic)
        await self.check_arrived(traffic)
        for key, phone in self.phones.items():
            devices = [it["id"] for it in (await phone.state())["devices"]]
            assert devices == self.devices[key], f"{key} was linked again"

    async def check_handled(self, traffic: Traffic) -> None:
        """Wait until all was handled, and check that each was by one owner, the later ones last."""
        wanted = set(traffic.received)
        with anyio.move_on_after(_PATIENCE):
            await until(lambda: self._has_handled(wanted))
        rows = await self.handled()
        missing = sorted(wanted - {it["text"] for it in rows})
        assert not missing, f"{len(missing)} of {len(wanted)} lost, such as {missing[:3]}"
        first: dict[str, asyncpg.Record] = {}
        last: dict[str, int] = {}
        for it in rows:
            before = first.setdefault(it["text"], it)
            assert before is it or self._was_interrupted(before), f"{it['text']}: two owners"
            assert it["epoch"] >= last.get(it["session"], 0), f"{it['text']}: an old owner"
            last[it["session"]] = it["epoch"]

    def _was_interrupted(self, row: asyncpg.Record) -> bool:
        """Whether an owner ended before it could note that it had handled something."""
        return 0 <= self.ended.get(row["instance"], 0.0) - row["at"] < _INTERRUPTED

    async def check_recorded(self, traffic: Traffic) -> None:
        """Check that the server shows each message that came in once."""
        rows = await self._database.fetch("SELECT text FROM messages WHERE NOT outgoing")
        shown = Counter(it["text"] for it in rows)
        wrong = {text: shown[text] for text in traffic.received if shown[text] != 1}
        assert not wrong, f"messages that are not shown once: {wrong}"

    async def check_arrived(self, traffic: Traffic) -> None:
        """Check that the customer got what was sent once, and nothing twice."""
        got: Counter[str] = Counter()
        for phone in self.phones.values():
            got.update(it.text or "" for it in await self.customer.messages(phone.number))
        lost = [text for text in traffic.sent if got[text] == 0]
        assert not lost, f"sent and never arrived: {lost}"
        twice = [text for text in traffic.sent + traffic.doubtful if got[text] > 1]
        assert not twice, f"arrived twice: {twice}"

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.api.post(path, json=dict(body))
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def cluster(servers: Servers, *, folder: Path, lease: float) -> AsyncIterator[Cluster]:
    """A cluster without instances yet."""
    async with Sandbox() as sandbox:
        made = Cluster(servers, folder=folder, sandbox=sandbox, lease=lease)
        await made.open()
        try:
            yield made
        finally:
            await made.close()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds that nobody tells of."""
    with anyio.fail_after(_PATIENCE):
        while not await holds():  # noqa: ASYNC110  # other processes set no event
            await anyio.sleep(_LOOK)


def _keys(folder: Path) -> str:
    """A ring of keys, as the environment holds one."""
    KeyRing.generate().write(folder / "keyring")
    return (folder / "keyring").read_text()


def _delete(folder: Path) -> None:
    # Its browsers die with it, and may still write for a moment.
    for _ in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.05)
