"""A cluster of reference servers on real servers, whose instances are killed while they work."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
import asyncpg
import httpx

from blazz.sandbox import Sandbox, SandboxPhone
from blazz.security.keyring import KeyRing
from tests.server.one_process import fork_server
from tests.servers.process import free_port

MARGIN: Final = 5.0
"""Seconds that a takeover may take beyond the time of the lease."""
ADMIN: Final = "the-key-of-the-administrator-in-tests"
PATIENCE: Final = 90.0
_LOOK: Final = 0.1
_LOG: Final = "CREATE TABLE handled (text text, session text, instance text, epoch int, at float8)"
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
        self._process = fork_server().start(
            "tests.server_instance",
            environment={**os.environ, **environment, **mine},
            folder=_ROOT,
            output=self._log,
        )
        self.api = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {ADMIN}"}, timeout=30
        )

    async def wait(self) -> None:
        """Wait until it answers."""
        with anyio.fail_after(PATIENCE):
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
        self._folder = folder
        self._database: asyncpg.Pool
        self._environment = {
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
        await self._database.execute(_LOG)

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
            with anyio.fail_after(PATIENCE):
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

    async def busiest(self) -> tuple[str, set[str]]:
        """The instance that runs most sessions, and which."""
        owned = {name: await self.owned_by(name) for name in self.instances}
        name = max(owned, key=lambda it: len(owned[it]))
        return name, owned[name]

    async def until_ready(self, keys: set[str], *, elsewhere: str = "") -> float:
        """Wait until sessions are ready, not on a certain instance; give the time of that."""
        found: dict[str, dict[str, Any]] = {}
        with anyio.move_on_after(PATIENCE):
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
        logs = "\n".join(f"{it.name}: {it.log}" for it in self.instances.values())
        raise AssertionError(f"not ready: { {key: found.get(key) for key in keys} }\n{logs}")

    async def check_devices(self) -> None:
        """Check that no session had to be linked again."""
        for key, phone in self.phones.items():
            devices = [it["id"] for it in (await phone.state())["devices"]]
            assert devices == self.devices[key], f"{key} was linked again"

    # Messages

    async def handled(self) -> list[asyncpg.Record]:
        """What handlers were called with: text, session, instance, epoch, at."""
        rows: list[asyncpg.Record] = await self._database.fetch("SELECT * FROM handled ORDER BY at")
        return rows

    async def recorded(self) -> list[str]:
        """The texts that came in, as the server keeps them."""
        rows = await self._database.fetch("SELECT text FROM messages WHERE NOT outgoing")
        return [it["text"] for it in rows]

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
    with anyio.fail_after(PATIENCE):
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
    raise AssertionError(f"{folder} is still there: the machine's disk would not be lost")
