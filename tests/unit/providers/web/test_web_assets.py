"""Fetching wa-js: what is checked, what is kept, what is refused; npm is played by a script."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import stat
import sys
import tarfile
from pathlib import Path

import pytest

from blazz.errors import ConfigurationError, InvalidValue, WrongWaJs
from blazz.providers.web import assets

SCRIPT = b"window.WPP = {};"


def archive(content: bytes = SCRIPT, *, name: str = "package/dist/wppconnect-wa.js") -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as opened:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        opened.addfile(member, io.BytesIO(content))
        evil = tarfile.TarInfo("../../evil.js")
        evil.size = 1
        opened.addfile(evil, io.BytesIO(b"x"))
    return written.getvalue()


def integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(assets.PATH_VARIABLE, raising=False)
    return tmp_path / "cache"


def play_npm(
    folder: Path, monkeypatch: pytest.MonkeyPatch, packed: bytes, told: str | None = None
) -> Path:
    """Put a program called npm on the path that packs these bytes; it notes each run."""
    folder.mkdir()
    (folder / "packed.tgz").write_bytes(packed)
    answer = [{"filename": "wa-js.tgz", "integrity": told or integrity(packed)}]
    program = folder / "npm"
    program.write_text(
        f"#!{sys.executable}\n"
        "import shutil, sys\n"
        f"open({str(folder / 'runs')!r}, 'a').write(' '.join(sys.argv[1:3]) + '\\n')\n"
        f"shutil.copy({str(folder / 'packed.tgz')!r}, sys.argv[-1] + '/wa-js.tgz')\n"
        f"print({json.dumps(answer)!r})\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))
    return folder / "runs"


def test_a_version_is_fetched_once_and_found_again(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = play_npm(tmp_path / "bin", monkeypatch, archive())
    installed = assets.install_wa_js(version="9.9.9", cache=cache)
    assert installed.path.read_bytes() == SCRIPT
    assert assets.install_wa_js(version="9.9.9", cache=cache) == installed
    assert assets.find_wa_js(version="9.9.9", cache=cache) == installed
    assert runs.read_text() == "pack @wppconnect/wa-js@9.9.9\n"
    assert sorted(it.name for it in cache.rglob("*") if it.is_file()) == [
        "installed.json",
        "wppconnect-wa.js",
    ]
    assert not (tmp_path / "evil.js").exists()
    assets.install_wa_js(version="9.9.9", cache=cache, force=True)
    assert len(runs.read_text().splitlines()) == 2


def test_the_pinned_version_must_have_the_pinned_hash(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_npm(tmp_path / "bin", monkeypatch, archive(), told=assets.INTEGRITY)
    with pytest.raises(ConfigurationError, match="its hash differs"):
        assets.install_wa_js(cache=cache)
    assert not cache.exists()


@pytest.mark.parametrize(
    ("packed", "given", "message"),
    [
        (archive(), integrity(b"other"), "its hash differs"),
        (archive(name="package/other.js"), None, "has no package/dist"),
        (b"not an archive", None, "has no package/dist"),
    ],
)
def test_an_archive_that_is_not_the_expected_one_is_refused(
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    packed: bytes,
    given: str | None,
    message: str,
) -> None:
    play_npm(tmp_path / "bin", monkeypatch, packed)
    with pytest.raises(ConfigurationError, match=message):
        assets.install_wa_js(version="9.9.9", integrity=given, cache=cache)


def test_other_hashes_than_sha512_are_refused(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_npm(tmp_path / "bin", monkeypatch, archive())
    with pytest.raises(InvalidValue, match="sha512-"):
        assets.install_wa_js(version="9.9.9", integrity="sha1-abc", cache=cache)


def test_a_script_that_was_altered_is_not_used(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    play_npm(tmp_path / "bin", monkeypatch, archive())
    installed = assets.install_wa_js(version="9.9.9", cache=cache)
    installed.path.write_bytes(b"altered")
    with pytest.raises(ConfigurationError, match="not what was installed"):
        assets.find_wa_js(version="9.9.9", cache=cache)
    assert assets.install_wa_js(version="9.9.9", cache=cache).path.read_bytes() == SCRIPT


def test_a_missing_npm_and_a_failing_one_are_told_apart(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="npm is not installed"):
        assets.install_wa_js(cache=cache)
    (tmp_path / "npm").write_text(
        f"#!{sys.executable}\nimport sys\nsys.exit('npm error 404 none')\n"
    )
    (tmp_path / "npm").chmod(0o755)
    with pytest.raises(ConfigurationError, match="npm error 404 none"):
        assets.install_wa_js(cache=cache)
    (tmp_path / "npm").write_text(f"#!{sys.executable}\nprint('nonsense')\n")
    with pytest.raises(ConfigurationError, match="not understood"):
        assets.install_wa_js(cache=cache)


@pytest.mark.parametrize("version", ["latest", "../../etc", "4.6", "4.6.0/x", ""])
def test_only_exact_versions_are_taken(cache: Path, version: str) -> None:
    with pytest.raises(InvalidValue, match="version"):
        assets.find_wa_js(version=version, cache=cache)


def test_a_script_can_be_named(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.js"
    own.write_text("")
    assert assets.find_wa_js(own).path == own
    monkeypatch.setenv(assets.PATH_VARIABLE, str(own))
    assert assets.find_wa_js(cache=cache) == assets.WaJs(path=own, version=None)
    with pytest.raises(ConfigurationError, match="there is no wa-js at"):
        assets.find_wa_js(tmp_path / "missing.js")


def test_nothing_installed_names_the_command(cache: Path) -> None:
    with pytest.raises(WrongWaJs, match=r"run: blazz web install$"):
        assets.find_wa_js(cache=cache)
    with pytest.raises(WrongWaJs, match=r"run: blazz web install --wa-js 9\.9\.9$"):
        assets.find_wa_js(cache=cache, version="9.9.9")


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert assets.cache_folder() == tmp_path / "blazz"
