"""Finding Chromium: where it is looked for, in which order, and what is said if it is nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazz.errors.web import BrowserNotFound
from blazz.providers.web.finding import BROWSERS_VARIABLE, PATH_VARIABLE, find_chromium


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def nothing(tmp_path: Path) -> dict[str, str]:
    """An environment in which there is no browser."""
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}


def test_what_is_named_wins(tmp_path: Path, nothing: dict[str, str]) -> None:
    on_path = program(tmp_path / "bin" / "chromium")
    by_variable, given = program(tmp_path / "variable"), program(tmp_path / "given")

    assert find_chromium(environment=nothing) == on_path
    named = {**nothing, PATH_VARIABLE: str(by_variable)}
    assert find_chromium(environment=named) == by_variable
    assert find_chromium(given, environment=named) == given


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_what_is_named_and_not_there_is_not_replaced(
    tmp_path: Path, nothing: dict[str, str], how: str
) -> None:
    program(tmp_path / "bin" / "chromium")
    wrong = tmp_path / "wrong"
    wrong.write_text("no program", encoding="utf-8")
    given = wrong if how == "argument" else None
    variables = {**nothing, PATH_VARIABLE: str(wrong)} if how == "variable" else nothing

    with pytest.raises(BrowserNotFound, match="wrong"):
        find_chromium(given, environment=variables)


def test_the_shell_comes_first_unless_a_window_is_wanted(
    tmp_path: Path, nothing: dict[str, str]
) -> None:
    windowed = program(tmp_path / "bin" / "google-chrome")
    shell = program(tmp_path / "bin" / "chromium-headless-shell")

    assert find_chromium(environment=nothing) == shell
    assert find_chromium(environment=nothing, headless=False) == windowed


@pytest.mark.parametrize("told", [True, False])
def test_playwrights_newest_browser_is_found(
    tmp_path: Path, nothing: dict[str, str], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blazz.providers.web.finding.sys.platform", "linux")
    folder = tmp_path / "browsers" if told else tmp_path / "home" / ".cache" / "ms-playwright"
    name = "chromium_headless_shell-{}/chrome-linux/headless_shell"
    program(folder / name.format(999))
    newest = program(folder / name.format(1255))
    windowed = program(folder / "chromium-1255" / "chrome-linux64" / "chrome")
    variables = {**nothing, BROWSERS_VARIABLE: str(folder)} if told else nothing

    assert find_chromium(environment=variables) == newest
    assert find_chromium(environment=variables, headless=False) == windowed
    newest.chmod(0o644)
    assert find_chromium(environment=variables).parts[-3] == "chromium_headless_shell-999"


@pytest.mark.parametrize(
    ("headless", "package"), [(True, "chromium-headless-shell"), (False, "chromium")]
)
def test_nothing_found_says_what_to_install(
    nothing: dict[str, str], headless: bool, package: str
) -> None:
    with pytest.raises(BrowserNotFound) as missing:
        find_chromium(environment=nothing, headless=headless)
    assert f"apt-get install {package};" in str(missing.value)
    assert "playwright install chromium" in str(missing.value)
    assert PATH_VARIABLE in str(missing.value)
