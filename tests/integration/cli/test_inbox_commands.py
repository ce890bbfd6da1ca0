"""`blazz inbox` on an inbox in which much has gone wrong."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from blazz.webhooks import Backoff
from blazz.webhooks.inbox.base import State
from blazz.webhooks.inbox.sqlite import SqliteInbox
from tests.integration.cli.conftest import Blazz
from tests.unit.webhooks.scenery import Said, Stage, profile, said, states

DEAD = 5
DEEP, ODD, UNROUTED, DONE = range(DEAD + 1, DEAD + 5)
NOBODY = DONE + 1
TEXT = '"\\ud800 \u009b31m \u202e \U0001f600"'.encode()
AT = ("--folder", "we #1 100%20")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose inbox has five dead updates, and one each of what else there is."""
    made = tmp_path / AT[1]

    async def fill() -> None:
        async with SqliteInbox(made / "inbox.db") as inbox:
            stage = Stage(inbox, backoff=Backoff(attempts=1))
            await stage.receiver.add("acme/sales", profile())

            @stage.dispatcher.on(Said)
            async def handle(event: Said) -> None:
                if event.key.startswith("x"):
                    raise ValueError("[/red] no such \x1b[31morder, " + "of those there are, " * 9)

            await stage.post(said(*(f"x{n}" for n in range(DEAD))))
            await stage.post(b"[" * 100_000)
            await stage.post(b'[{"key": "odd", "account": "odd", "text": ' + TEXT + b"}]")
            await stage.post(said("u1", account="\x1b[31munknown"))
            await stage.post(said("a1"))
            await stage.handled()

    anyio.run(fill)
    return made


def test_pages_of_a_long_list(blazz: Blazz, folder: Path) -> None:
    first = blazz("inbox", "list", *AT, "--limit", "3", "--json")
    rows = [json.loads(line) for line in first.stdout.splitlines()]
    assert [row["number"] for row in rows] == [1, 2, 3]
    assert rows[0]["died_at"]
    assert rows[0]["tried_again_at"] is None
    assert "--after 3" in first.stderr
    rest = blazz("inbox", "list", *AT, "--after", "3", "--limit", str(NOBODY), "--json")
    assert [json.loads(line)["number"] for line in rest.stdout.splitlines()] == [4, 5, 6, 7, 8]
    assert "there are more" not in rest.stderr

    shown = blazz("inbox", "list", *AT).stdout
    assert "\\x1b[31morder" in "".join(shown.split())
    assert "\\x1b[31munknown" in "".join(shown.split())
    assert "\x1b" not in shown
    assert "of those there are, " * 9 not in " ".join(shown.split()), "an error fills the screen"
    assert "there are none" in blazz("inbox", "list", *AT, "--state", "waiting").stderr
    assert "unreadable" in blazz("inbox", "list", *AT, "--state", "odd", code=2).stderr
    done = json.loads(blazz("inbox", "list", *AT, "--state", "done", "--json").stdout)
    assert (done["number"], done["conversation"]) == (DONE, "a")


def test_whatever_came_can_be_shown(blazz: Blazz, folder: Path) -> None:
    dead = blazz("inbox", "show", "1", *AT).stdout
    assert "of those there are, " * 2 in " ".join(dead.split()), "the error is cut off"

    assert blazz("inbox", "show", str(DEEP), *AT).stdout.count("[") >= 100_000
    deep = json.loads(blazz("inbox", "show", str(DEEP), *AT, "--json").stdout)
    assert (deep["state"], deep["body"]) == ("unreadable", "[" * 100_000)

    for lines in (("--json",), ()):
        odd = blazz("inbox", "show", str(ODD), *AT, *lines).stdout
        document = json.loads(odd)["body"] if lines else json.loads(odd[odd.index("[\n") :])
        assert document[0]["text"] == json.loads(TEXT)
        assert "\u009b" not in odd

    gone = blazz("inbox", "show", str(NOBODY), *AT, code=1)
    assert f"no update {NOBODY}" in gone.stderr


def test_rows_that_were_changed_by_hand(blazz: Blazz, folder: Path) -> None:
    with closing(sqlite3.connect(folder / "inbox.db")) as database, database:
        database.executescript(
            f"""
            UPDATE bodies SET body = CAST('[NaN, 1e999]' AS BLOB) WHERE id = 1;
            UPDATE updates SET until = 1e300, finished = 'crm' || char(27) WHERE seq = 1;
            UPDATE updates SET state = 77 WHERE seq = 2;
            DELETE FROM bodies WHERE id = (SELECT body FROM updates WHERE seq = {UNROUTED});
            """
        )
    odd = json.loads(blazz("inbox", "show", "1", *AT, "--json").stdout)
    assert (odd["body"], odd["died_at"][:4]) == ("[NaN, 1e999]", "9999")
    assert "crm\\x1b" in blazz("inbox", "show", "1", *AT).stdout
    assert "the state 77" in blazz("inbox", "show", "2", *AT, code=1).stderr
    gone = blazz("inbox", "show", str(UNROUTED), *AT)
    assert "no longer kept" in gone.stderr
    assert "\x1b" not in gone.stdout


def test_numbers_that_are_none(blazz: Blazz, folder: Path) -> None:
    for number in ("0", "9" * 30, "one"):
        assert "Invalid value" in blazz("inbox", "show", number, *AT, code=2).stderr
        assert "Invalid value" in blazz("inbox", "replay", number, *AT, code=2).stderr
    assert "Invalid value" in blazz("inbox", "list", *AT, "--limit", "9" * 30, code=2).stderr
    assert (
        "such as default/sales" in blazz("inbox", "list", *AT, "--session", "sales", code=2).stderr
    )


def test_replaying(blazz: Blazz, folder: Path) -> None:
    some = blazz("inbox", "replay", "1", str(DONE), str(NOBODY), *AT, code=1)
    assert f"update {DONE} is done" in some.stderr
    assert f"no update {NOBODY}" in some.stderr
    assert "one update is tried again" in some.stderr

    assert "4 updates" in blazz("inbox", "replay", "--all-dead", *AT).stderr
    assert "0 updates" in blazz("inbox", "replay", "--all-dead", *AT, code=1).stderr
    assert "which ones?" in blazz("inbox", "replay", *AT, code=1).stderr
    blazz("inbox", "replay", str(DEEP), *AT)

    async def counted() -> dict[State, int]:
        async with SqliteInbox(folder / "inbox.db") as inbox:
            return dict(await states(inbox))

    told = blazz("inbox", "list", *AT).stderr
    assert f"to be handled: {DEAD} ready;" in told
    assert "to be split into updates: 1 requests" in told
    expected = {State.READY: DEAD, State.UNROUTED: 2, State.DONE: 1}
    assert anyio.run(counted) == expected


def test_looking_for_an_inbox_makes_none(blazz: Blazz, tmp_path: Path) -> None:
    missing = blazz("inbox", "list", "--inbox", "sqlite:///typo.db", code=1)
    assert "there is no inbox at typo.db" in missing.stderr
    assert "there is no inbox at .blazz" in blazz("inbox", "list", code=1).stderr
    assert list(tmp_path.iterdir()) == []
