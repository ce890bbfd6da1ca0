"""The servers that tests start: they answer, keep tests apart, survive a kill, and end."""

from __future__ import annotations

import asyncpg
import psutil
import pytest

from tests.servers import programs
from tests.servers.postgres import PostgresServer
from tests.servers.redis import RedisServer


async def _fetch(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_database_is_fresh_for_each_test(postgres_url: str, attempt: int) -> None:
    assert await _fetch(postgres_url, "SELECT to_regclass('kept')") is None
    await _fetch(postgres_url, "CREATE TABLE kept (x int)")


async def test_commits_do_not_wait_for_the_disk(postgres_url: str) -> None:
    assert await _fetch(postgres_url, "SHOW fsync") == "off"


@pytest.mark.fsync
async def test_commits_reach_the_disk_when_a_test_asks(postgres_url: str) -> None:
    assert await _fetch(postgres_url, "SHOW fsync") == "on"


async def test_a_killed_postgres_comes_back_with_its_data(postgres_server: PostgresServer) -> None:
    url = postgres_server.url()
    await _fetch(url, "CREATE TABLE kept AS SELECT 7 AS x")

    postgres_server.kill()
    postgres_server.start()

    assert await _fetch(url, "SELECT x FROM kept") == 7


def test_a_removed_server_leaves_no_process_and_no_folder(redis_server: RedisServer) -> None:
    pid, folder = redis_server.process.pid, redis_server.process.folder

    redis_server.remove()

    assert not psutil.pid_exists(pid)
    assert not folder.exists()


async def test_a_killed_redis_comes_back_with_its_data(redis_server: RedisServer) -> None:
    from redis.asyncio import Redis

    async with Redis.from_url(redis_server.url, decode_responses=True) as client:
        await client.set("kept", "7")
    redis_server.kill()
    redis_server.start()

    async with Redis.from_url(redis_server.url, decode_responses=True) as client:
        assert await client.get("kept") == "7"


@pytest.mark.parametrize("attempt", [1, 2])
async def test_redis_is_empty_for_each_test(redis_url: str, attempt: int) -> None:
    from redis.asyncio import Redis

    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("kept", "7")


def test_a_missing_program_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs.Program, "path", lambda program: None)

    with pytest.raises(programs.MissingProgram, match="apt-get install redis-server"):
        programs.find("redis-server")
    assert "postgresql" in programs.missing_packages("tests")
