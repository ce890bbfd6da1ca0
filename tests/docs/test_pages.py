"""The code and the commands of README and docs run; what does not run says why."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import Block, blocks
from tests.docs.run_page import missing_line

ROOT = Path(__file__).resolve().parents[2]
RUNNER = Path(__file__).with_name("run_page.py")
PAGES = sorted(
    page for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")] if page.name != "CHANGELOG.md"
)
BLOCKS = [(page, block) for page in PAGES for block in blocks(page)]
RUN = {"python", "console"}
SHELL = {"bash", "sh"}
SHOWN = {
    *("css", "csv", "dockerfile", "html", "http", "ini", "javascript", "json", "nginx", "php"),
    *("sql", "text", "toml", "xml", "yaml"),
}
SETUP = {"apt-get", "cd", "export", "git", "nox", "npm", "pipx", "sudo", "systemctl", "uv", "."}
SECONDS_PER_PAGE = 280
# What a page tells its readers to set up: variables, and the fixtures that have their values.
SERVERS = {"campaigns-scale.md": {"BLAZZ_LEDGER": "postgres_url", "BLAZZ_ENGINE": "redis_url"}}


def _page(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize(
    "page", sorted({page for page, block in BLOCKS if block.language in RUN}), ids=_page
)
def test_the_code_of_a_page_runs(
    page: Path,
    tmp_path: Path,
    web_variables: dict[str, str],
    quick_python: Path,
    request: pytest.FixtureRequest,
) -> None:
    servers = {name: request.getfixturevalue(it) for name, it in SERVERS.get(page.name, {}).items()}
    environment = {
        **os.environ,
        **web_variables,
        **servers,
        "PATH": os.pathsep.join([str(quick_python.parent), os.environ["PATH"]]),
        "PYTHONWARNINGS": "error",
        "HOME": str(tmp_path),
    }
    process = subprocess.Popen(
        [quick_python, RUNNER, page],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=SECONDS_PER_PAGE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        pytest.fail(f"not done after {SECONDS_PER_PAGE} s:\n{output}", pytrace=False)
    finally:
        with contextlib.suppress(ProcessLookupError):  # what the page left running
            os.killpg(process.pid, signal.SIGKILL)

    assert process.returncode == 0, output


def test_a_block_that_does_not_run_says_why() -> None:
    silent = [
        _where(page, block)
        for page, block in BLOCKS
        if block.not_run is not None
        and (block.language not in RUN | SHELL or len(block.not_run.split()) < 3)
    ]

    assert silent == [], "only what would run needs a reason, and one that a reader understands"


def test_a_block_has_a_language_that_is_run_or_only_shown() -> None:
    other = {_where(p, b): b.language for p, b in BLOCKS if b.language not in RUN | SHELL | SHOWN}

    assert other == {}


def test_a_shell_block_only_sets_up() -> None:
    setup = re.compile(r"python3? -m (?:pip|venv|build|nox|benchmarks\.\w+)\b.*|blazz demo")
    other = [
        f"{_where(page, block)}: {command}"
        for page, block in BLOCKS
        if block.language in SHELL and block.not_run is None
        for command in _commands(block)
        if command.split()[0] not in SETUP and not setup.fullmatch(command)
    ]

    assert other == [], "what is not set-up belongs into a console block, which runs"


def _where(page: Path, block: Block) -> str:
    return f"{_page(page)}:{block.line}"


def _commands(block: Block) -> list[str]:
    lines = [line.partition("#")[0] for line in block.text.splitlines()]
    return [part.strip() for line in lines for part in re.split(r"&&|;|\|", line) if part.strip()]


def test_the_first_line_that_was_not_printed_is_named() -> None:
    printed = "sent 10,000 in 31.2 s\nread    812\ndone\n"

    assert missing_line("sent 1 in 2 s\n…\ndone\n", printed) is None
    assert missing_line("sent … s\nread 5\n", printed) is None
    assert missing_line("done\nread 812\n", printed) == "read 812"
    assert missing_line("…\nsent 1 in 2 s\nread 5\n…\n", printed) is None
    assert missing_line("", printed) is None
