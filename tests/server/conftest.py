"""What the server's tests share: a running server, its administrator, its tenants."""

from __future__ import annotations

import asyncio
import functools
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute

from blazz_server.accounts.principal import OF_A_WORKSPACE, Scope
from blazz_server.app import create_app
from blazz_server.database.upgrade import open_database
from blazz_server.platform import Platform
from blazz_server.settings import Settings
from tests.server.one_process import ADMIN_KEY
from tests.servers.postgres import PostgresServer

HOST = "http://server.test"


@dataclass(frozen=True)
class Tenant:
    """A workspace, a key of it, and a client that uses the key."""

    workspace: str
    key: str
    api: httpx.AsyncClient

    @property
    def path(self) -> str:
        """Where its routes are."""
        return f"/v1/workspaces/{self.workspace}"


MakeTenant: TypeAlias = Callable[..., Awaitable[Tenant]]


def _make_tables(settings: Settings) -> None:
    async def make() -> None:
        await (await open_database(settings)).close()

    asyncio.run(make())


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with all tables, to be copied: to take each step takes longer."""
    folder = tmp_path_factory.mktemp("tables")
    _make_tables(Settings(folder=folder))
    return folder / "server.db"


@pytest.fixture(scope="session")
def postgres_tables(postgres_clusters: Callable[[bool], PostgresServer]) -> str:
    """The name of such a database in PostgreSQL."""
    server = postgres_clusters(False)
    name = server.create_database()
    _make_tables(Settings(database_url=server.url(name)))
    return name


@pytest.fixture
def sqlite_with_tables(sqlite_tables: Path, tmp_path: Path) -> str:
    """The URL of a fresh database with all tables."""
    return f"sqlite:///{shutil.copy(sqlite_tables, tmp_path / 'server.db')}"


@pytest.fixture
def postgres_with_tables(
    postgres_tables: str, postgres_clusters: Callable[[bool], PostgresServer]
) -> Iterator[str]:
    """The URL of a fresh database with all tables."""
    server = postgres_clusters(False)
    name = server.create_database(postgres_tables)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database with all tables, once of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_with_tables")
    return url


@functools.cache
def _routes() -> tuple[BaseRoute, ...]:
    """The routes of all applications; what each takes is worked out when it is first called."""
    return tuple(create_app(Settings()).router.routes)


def application(settings: Settings) -> FastAPI:
    """An application as the server makes it, with routes that are made once for all."""
    made = create_app(settings)
    made.router.routes[:] = _routes()
    return made


@pytest.fixture
def settings(tmp_path: Path, sqlite_tables: Path) -> Settings:
    """A server with embedded defaults, in a folder of its own."""
    folder = tmp_path / "server"
    folder.mkdir()
    shutil.copy(sqlite_tables, folder / "server.db")
    return Settings(
        folder=folder,
        admin_key=ADMIN_KEY,
        instance="one",
        calls_per_second=10_000,
        calls_at_once=10_000,
    )


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[FastAPI]:
    """Open an application's parts in a task of their own, as a server does.

    Fixtures begin and end in different tasks, which a task group does not allow.
    """
    opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ending = asyncio.Event()

    async def live() -> None:
        try:
            async with app.router.lifespan_context(app):
                opened.set_result(None)
                await ending.wait()
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)

    task = asyncio.create_task(live())
    try:
        await opened
        yield app
    finally:
        ending.set()
        await task


def client_of(app: FastAPI, key: str = "") -> httpx.AsyncClient:
    """A client of a running application."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=HOST, headers=headers, timeout=30
    )


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """A running application."""
    async with running(application(settings)) as app:
        yield app


@pytest.fixture
def platform(app: FastAPI) -> Platform:
    """The parts of the running application."""
    return app.state.platform


@pytest.fixture
async def api(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client with the administrator's key."""
    async with client_of(app, ADMIN_KEY) as client:
        yield client


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def tenant(app: FastAPI, api: httpx.AsyncClient) -> AsyncIterator[MakeTenant]:
    """Makes tenants: `await tenant("acme", scopes={Scope.MESSAGES_READ})`."""
    async with AsyncExitStack() as stack:

        async def make(
            workspace: str = "acme", *, scopes: Collection[Scope] = OF_A_WORKSPACE
        ) -> Tenant:
            made = await api.post("/v1/workspaces", json={"name": workspace})
            assert made.status_code in {201, 409}, made.text
            answer = await api.post(
                f"/v1/workspaces/{workspace}/keys",
                json={"label": "test", "scopes": sorted(scopes)},
            )
            assert answer.status_code == 201, answer.text
            key = answer.json()["key"]
            client = await stack.enter_async_context(client_of(app, key))
            return Tenant(workspace, key, client)

        yield make
