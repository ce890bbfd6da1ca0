"""The command: starts with nothing, prints the administrator's key once, says what is wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import anyio
import httpx
import pytest

from blazz_server import __main__ as command
from blazz_server.accounts.keys import Keys
from blazz_server.accounts.principal import Principal
from blazz_server.database.upgrade import open_database
from blazz_server.edge.connections import listen
from blazz_server.settings import Settings
from tests.server.one_process import one_server

ROOT_KEY = re.compile(r"bz_root_[\w-]{43}")


def test_it_starts_with_nothing_and_shows_the_key_once() -> None:
    with one_server(forked=False, ADMIN_KEY="", SANDBOX="off") as server:
        [key] = ROOT_KEY.findall(server.process.log.read_text())
        listed = httpx.get(
            f"{server.url}/v1/workspaces", headers={"Authorization": f"Bearer {key}"}, timeout=60
        )
        assert listed.json() == {"items": [], "next": None}
        server.process.stop()

        server.forked = True  # that the command starts it is seen by now
        server.start()

        assert ROOT_KEY.findall(server.process.log.read_text()) == [key]  # from the first start


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Runs the command in an empty folder; gives what it printed."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, **settings: str) -> str:
        monkeypatch.setattr("sys.argv", ["blazz-server", *arguments])
        for name, value in settings.items():
            monkeypatch.setenv(f"BLAZZ_SERVER_{name}", value)
        command.main()
        return capsys.readouterr().out

    return run


async def _whose(folder: Path, key: str) -> Principal | None:
    database = await open_database(Settings(folder=folder))
    try:
        return await Keys(database).recognize(key)
    finally:
        await database.close()


def test_the_administrators_key_is_replaced(run, tmp_path: Path) -> None:
    first = run("new-admin-key").strip()
    second = run("new-admin-key").strip()

    assert anyio.run(_whose, tmp_path / ".blazz-server", first) is None
    principal = anyio.run(_whose, tmp_path / ".blazz-server", second)
    assert principal is not None
    assert principal.workspace is None


def test_a_key_from_outside_is_replaced_outside(run) -> None:
    with pytest.raises(SystemExit, match="BLAZZ_SERVER_ADMIN_KEY"):
        run("new-admin-key", ADMIN_KEY="a key of sufficient length")


def test_the_document_is_printed(run) -> None:
    assert json.loads(run("openapi"))["openapi"].startswith("3.")


def test_tables_are_brought_up_to_date_without_serving(run, tmp_path: Path) -> None:
    run("upgrade")

    assert (tmp_path / ".blazz-server" / "server.db").exists()


def test_what_is_wrong_is_said(run) -> None:
    with pytest.raises(SystemExit, match="less than or equal to 65535") as wrong:
        run(PORT="99999", CLUSTER_SECRET="short")

    assert "at least 16 characters" in str(wrong.value)


def test_a_port_that_is_taken_is_told(run) -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(SystemExit, match="in use"):
        run(PORT=str(taken.getsockname()[1]))
