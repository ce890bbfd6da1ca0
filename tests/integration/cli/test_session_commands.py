"""`blazz sessions` and `blazz keys`, run as people and machines run them."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import anyio
import pytest
from typer.testing import CliRunner, Result

from blazz.auth_stores import Kind, LocalAuth, SessionKey, Snapshot, archive, hold
from blazz.cli.app import app
from blazz.security.keyring import KeyRing
from tests.sessions import web

MAIN, SALES = SessionKey("acme", "main"), SessionKey("acme", "sales")


class Desk:
    """A place where the command is run: a store with two sessions, and its key ring."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.chdir(folder)
        monkeypatch.setenv("BLAZZ_AUTH_STORE", "store")
        monkeypatch.setenv("BLAZZ_KEYRING", "keyring")
        monkeypatch.setenv("BLAZZ_PASSPHRASE", "correct horse battery")
        monkeypatch.setitem(archive._COST, "n", 2**10)  # a passphrase takes 0.3 s otherwise
        KeyRing.generate("first").write("keyring")
        anyio.run(self._fill)

    async def _fill(self) -> None:
        async with self.store() as store:
            async with hold(store, MAIN) as keeper:
                for state in (b"one", b"two"):
                    await store.save(web({"Default/log": state}), keeper.lease)
            async with hold(store, SALES) as keeper:
                secrets = Snapshot.of_credentials({"token": "EAAGsecret"})
                await store.save(secrets, keeper.lease)

    def store(self, folder: str = "store") -> LocalAuth:
        return LocalAuth(folder, keyring=KeyRing.from_file("keyring"))

    def run(self, command: str, *, code: int = 0, typed: str | None = None) -> Result:
        done = CliRunner().invoke(app, command.split(), input=typed)
        assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
        for secret in ("EAAGsecret", "correct horse"):
            assert secret not in done.output
        return done

    def lines(self, command: str, *, code: int = 0) -> list[dict[str, Any]]:
        done = self.run(f"{command} --json", code=code)
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_list_and_history(desk: Desk) -> None:
    main, sales = desk.lines("sessions list")
    assert (main["session"], main["kinds"], main["revisions"]) == ("acme/main", ["web"], 2)
    assert (sales["session"], sales["owner"]) == ("acme/sales", None)
    assert desk.lines("sessions list --workspace other") == []
    history = desk.lines("sessions history acme/main")
    assert [each["revision"] for each in history] == [2, 1]

    assert "acme/sales" in desk.run("sessions list").stdout
    assert "web" in desk.run("sessions history acme/main").stdout
    assert "nothing is stored of acme/none" in desk.run("sessions history acme/none", code=1).stderr


def test_a_session_that_runs_is_shown_with_its_owner(desk: Desk) -> None:
    store = desk.store()
    anyio.run(store.acquire, MAIN, "machine-a")

    main, sales = desk.lines("sessions list")

    assert (main["owner"], main["epoch"], sales["owner"]) == ("machine-a", 2, None)
    assert "machine-a (epoch 2)" in desk.run("sessions list").stdout
    refused = desk.run("sessions move acme/main --to other", code=1)
    assert "held by machine-a" in refused.stderr
    anyio.run(store.close)


def test_verify_tells_what_is_damaged(desk: Desk) -> None:
    whole = desk.lines("sessions verify")
    assert [each["ok"] for each in whole] == [True, True]
    assert whole[0]["keys"] == ["first"]

    pack = next((desk.folder / "store/sessions/acme/main/blobs/web/packs").rglob("*-*"), None)
    packs = [p for p in (desk.folder / "store/sessions/acme/main/blobs").rglob("*") if p.is_file()]
    (pack or packs[0]).write_bytes(b"nonsense")

    found = desk.lines("sessions verify acme/main", code=6)
    assert found[0]["damage"][0]["session"] == "acme/main"
    done = desk.run("sessions verify", code=6)
    assert "damaged:" in done.stderr
    assert "DAMAGED" in done.stdout


def test_export_and_import(desk: Desk) -> None:
    exported = desk.lines("sessions export acme/main main.blazz")
    assert exported[0]["kinds"] == ["web"]
    assert stat.S_IMODE((desk.folder / "main.blazz").stat().st_mode) == 0o600

    refused = desk.run("sessions import main.blazz", code=1)
    assert "force" in refused.stderr
    imported = desk.lines("sessions import main.blazz --session acme/copy")
    assert imported[0]["revisions"] == [1]
    desk.run("sessions import main.blazz --store fresh")
    assert [each["session"] for each in desk.lines("sessions list --store fresh")] == ["acme/main"]

    (desk.folder / "other").write_text("another passphrase\n")
    wrong = desk.run("sessions import main.blazz --passphrase-file other", code=1)
    assert "error:" in wrong.stderr


def test_a_profile_comes_in(desk: Desk) -> None:
    data = desk.folder / "session-x" / "Default/IndexedDB/https_x_0.indexeddb.leveldb"
    data.mkdir(parents=True)
    (data / "CURRENT").write_text("MANIFEST")
    version = "--browser-version 131.0.6778.85"

    unnamed = desk.run(f"sessions import --profile session-x {version}", code=1)
    assert "--session" in unnamed.stderr
    desk.run(f"sessions import --profile session-x --session acme/x {version}")
    assert desk.lines("sessions history acme/x")[0]["kind"] == Kind.WEB
    desk.run("sessions import", code=2)


def test_secrets_are_stored_and_only_named(desk: Desk) -> None:
    assert desk.lines("sessions credentials acme/sales")[0]["names"] == ["token"]
    (desk.folder / "number.json").write_text('{"phone_number_id": "1065", "token": "EAAGsecret"}')

    saved = desk.lines("sessions credentials acme/new --save number.json")
    assert saved[0]["names"] == ["phone_number_id", "token"]
    typed = desk.run("sessions credentials acme/new --save -", typed='{"token": "EAAGsecret"}')
    assert "acme/new: token (revision 2)" in typed.stderr

    for wrong in ("EAAGsecret", '{"token": 1}', "[]"):
        (desk.folder / "number.json").write_text(wrong)
        desk.run("sessions credentials acme/new --save number.json", code=1)
    desk.run("sessions credentials acme/new --save nowhere.json", code=1)
    desk.run("sessions credentials acme/main", code=1)


def test_move_and_delete(desk: Desk) -> None:
    moved = desk.lines("sessions move acme/main --to other")
    assert moved[0]["revisions"] == [1, 2]
    assert [each["session"] for each in desk.lines("sessions list")] == ["acme/sales"]
    desk.lines("sessions move --all --newest --to other")
    assert len(desk.lines("sessions list --store other")) == 2

    desk.run("sessions delete acme/main --store other", code=1, typed="n\n")
    assert desk.lines("sessions delete acme/main --yes --store other") == [
        {"session": "acme/main", "deleted": 2}
    ]
    desk.run("sessions delete acme/main --yes --store other", code=1)
    for command in ("sessions move --to other", "sessions move acme/sales"):
        desk.run(command, code=2)


def test_keys_change(desk: Desk) -> None:
    again = desk.run("keys new keyring", code=1)
    assert "there already" in again.stderr
    (rotated,) = desk.lines("keys rotate keyring")
    assert rotated["keys"][1:] == ["first"]
    assert "seals and opens" in desk.run("keys show keyring").stdout

    newest = rotated["keys"][0]
    assert desk.lines("sessions rekey --prune") == [
        {"session": "acme/main", "keys": [newest]},
        {"session": "acme/sales", "keys": [newest]},
    ]
    assert desk.lines("keys drop keyring first") == [{"keys": [newest]}]
    assert all(each["ok"] for each in desk.lines("sessions verify"))
    desk.run("keys drop keyring nobody", code=1)
    (desk.folder / "keyring").chmod(0o644)
    assert "open to others" in desk.run("sessions list", code=1).stderr
    desk.run("keys new fresh/ring")
    assert stat.S_IMODE((desk.folder / "fresh/ring").stat().st_mode) == 0o600


def test_prune_and_repair(desk: Desk) -> None:
    assert desk.lines("sessions prune acme/main") == [{"session": "acme/main", "kept": [2]}]
    whole = desk.run("sessions repair acme/main", code=1)
    assert "is whole" in " ".join(whole.stderr.split())  # wherever the line was broken
    record = desk.folder / "store/sessions/acme/main/record"
    for path in sorted(record.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert desk.lines("sessions repair acme/main") == [{"session": "acme/main", "found": [2]}]


def test_what_is_wrong_is_said_in_one_line(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no folder nowhere" in desk.run("sessions list --store nowhere", code=1).stderr
    assert not (desk.folder / "nowhere").exists()
    monkeypatch.delenv("BLAZZ_PASSPHRASE")
    assert "BLAZZ_PASSPHRASE" in desk.run("sessions export acme/main x", code=1).stderr
    assert (
        "cannot be read"
        in desk.run("sessions export acme/main x --passphrase-file none", code=1).stderr
    )
    monkeypatch.delenv("BLAZZ_AUTH_STORE")
    assert "--store" in desk.run("sessions list", code=1).stderr
    monkeypatch.delenv("BLAZZ_KEYRING")
    assert "key ring" in desk.run("sessions list --store redis://localhost:1", code=1).stderr
