"""Where Playwright's driver keeps what it has compiled."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from blazz.providers.web.compile_cache import compile_cache

VARIABLE = "NODE_COMPILE_CACHE"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (VARIABLE, "NODE_DISABLE_COMPILE_CACHE"):
        monkeypatch.delenv(name, raising=False)


def test_a_folder_of_ours_is_named_while_the_block_runs(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "node"
    with compile_cache(folder):
        assert os.environ[VARIABLE] == str(folder)
    assert VARIABLE not in os.environ
    assert folder.stat().st_mode & 0o777 == 0o700


def test_it_is_taken_back_after_a_failure(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), compile_cache(tmp_path / "node"):
        raise RuntimeError
    assert VARIABLE not in os.environ


@pytest.mark.parametrize("variable", [VARIABLE, "NODE_DISABLE_COMPILE_CACHE"])
def test_what_the_user_has_set_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "theirs")
    with compile_cache(tmp_path):
        assert os.environ.get(VARIABLE) == ("theirs" if variable == VARIABLE else None)
    assert os.environ[variable] == "theirs"


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with compile_cache(tmp_path):
        assert VARIABLE not in os.environ


def test_a_folder_that_cannot_be_made_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with compile_cache(tmp_path / "file" / "node"):
        assert VARIABLE not in os.environ


def test_the_driver_keeps_what_it_has_compiled(tmp_path: Path) -> None:
    """The same program that Playwright starts, as it starts it."""
    from playwright._impl._driver import compute_driver_executable

    with compile_cache(tmp_path / "node"):
        subprocess.run(
            [*compute_driver_executable(), "--version"],
            check=True,
            capture_output=True,
            timeout=60,
        )
    assert [path for path in (tmp_path / "node").rglob("*") if path.is_file()]
