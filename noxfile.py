"""The checks of this project: `nox` runs all that CI runs, `nox -s lint` one of them.

All default sessions share one environment in `.nox/dev`, made with uv; it is made again only when
pyproject.toml or the interpreter changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from tests.servers import programs  # noqa: E402  # found through the line above

DEV = ROOT / ".nox" / "dev"
SCRIPTS = DEV / ("Scripts" if os.name == "nt" else "bin")
BYTECODE = ROOT / ".nox" / "bytecode"
NO_SERVICES = Path("/usr/sbin/policy-rc.d")
PASSED: set[str] = set()
"""Sessions that have nothing left to do in this run of nox, because `tests` did it."""

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "none"
nox.options.error_on_missing_interpreters = False
nox.options.stop_on_first_error = False


@nox.session
def lint(session: nox.Session) -> None:
    """Style, formatting, spelling."""
    run(session, "ruff", "check", ".")
    run(session, "ruff", "format", "--check", ".")
    run(session, "codespell")


@nox.session
def types(session: nox.Session) -> None:
    """Types: mypy --strict inside, pyright on what users see; and that tests can be imported.

    To import them once compiles them for the processes that will run them side by side.
    """
    public, examples = "tests/typing/test_public_types.py", "tests/typing/test_typing.py"
    with (
        beside(session, "pytest", "--collect-only", "--quiet"),
        beside(session, "pytest", "--quiet", public),
    ):
        run(session, "mypy", "--cache-dir", ".nox/mypy")
        run(session, "pytest", "--quiet", examples, *session.posargs)


@nox.session
def imports(session: nox.Session) -> None:
    """Imports point downwards only."""
    run(session, "lint-imports", "--no-logo", "--no-cache")


@nox.session
def tests(session: nox.Session) -> None:
    """Everything that pytest runs but types; `nox -s tests -- -k name` runs some of it.

    `nox -s tests -- -n 5 --dist worksteal --shuffle 7` runs it in another order.

    Examples and docs are among it: in one run no core waits for the last test of each.
    """
    system_packages(session, "tests")
    run(session, "pytest", "--ignore=tests/typing", *side_by_side(session))
    if not session.posargs:
        PASSED.update({"examples", "docs"})


@nox.session
def examples(session: nox.Session) -> None:
    """Every file in examples/ runs."""
    if not passed_with_tests(session):
        run(session, "pytest", "tests/docs/test_examples.py", *side_by_side(session, "load"))


@nox.session
def docs(session: nox.Session) -> None:
    """The site builds without a warning, and every code block in it runs."""
    if not passed_with_tests(session):
        without_examples = "--ignore=tests/docs/test_examples.py"
        run(session, "pytest", "tests/docs", without_examples, *side_by_side(session, "load"))


@nox.session(default=False)
def chaos(session: nox.Session) -> None:
    """Kill processes for long: `nox -s chaos -- --chaos-minutes 10`."""
    system_packages(session, "tests")
    budget = session.posargs or ["--chaos-minutes", "5"]
    run(session, "pytest", "-m", "chaos or long", "--timeout", "0", *budget)


@nox.session(default=False)
def benchmarks(session: nox.Session) -> None:
    """Every benchmark; `nox -s benchmarks -- --quick` takes a minute each."""
    system_packages(session, "benchmarks")
    for script in sorted(ROOT.glob("benchmarks/*.py")):
        if script.stem == "server":  # runs server_*.py, each of which has its turn here
            continue
        if '__name__ == "__main__"' in script.read_text(encoding="utf-8"):
            run(session, "python", "-m", f"benchmarks.{script.stem}", *session.posargs)


@nox.session(
    name="tests-on", python=["3.11", "3.12", "3.13", "3.14"], venv_backend="venv", default=False
)
def tests_on(session: nox.Session) -> None:
    """The tests on other Pythons: `nox -s tests-on-3.14`."""
    system_packages(session, "tests")
    session.install("-e", ".[all,test]")
    session.run("pytest", "--ignore=tests/docs", *session.posargs)


@nox.session(default=False)
def site(session: nox.Session) -> None:
    """Build the documentation into site/."""
    run(session, "mkdocs", "build", "--strict")


@nox.session(default=False)
def news(session: nox.Session) -> None:
    """Show what the fragments in changes/ will add to the changelog."""
    run(session, "towncrier", "build", "--draft", "--version", "next")


def passed_with_tests(session: nox.Session) -> bool:
    """Whether the session `tests` has just run what this one is for, without a failure."""
    if passed := session.name in PASSED:
        session.log("All of it has just passed in the session `tests`.")
    return passed


def side_by_side(session: nox.Session, spread: str = "worksteal") -> list[str]:
    """What to give pytest: what was asked for, or all cores; `worksteal` keeps most files whole.

    There are five processes for two cores, because tests with servers wait much of their time.
    A test that fails has a second try, and the report says so: see decision 0008.
    """
    workers = str((os.cpu_count() or 1) * 5 // 2)
    return session.posargs or [
        "-n",
        workers,
        "--dist",
        spread,
        "--reruns",
        "1",
        "--rerun-show-tracebacks",
        "-raR",
    ]


def run(session: nox.Session, program: str, *arguments: str) -> None:
    """Run a program of the shared environment.

    Many machines, containers above all, tell Python to write no bytecode. But the checks start some
    hundred processes, and to compile all that each of them imports took as long as all the rest. So
    bytecode is written, into a folder of nox.
    """
    make_environment(session)
    session.run(str(SCRIPTS / program), *arguments, env=environment(), external=True)


@contextmanager
def beside(session: nox.Session, program: str, *arguments: str) -> Iterator[None]:
    """Run a program of the shared environment while others run.

    Afterwards comes the last line of what it said, and all of it if it failed.
    """
    make_environment(session)
    command = [str(SCRIPTS / program), *arguments]
    variables = {**os.environ, **environment()}
    process = subprocess.Popen(
        command,
        env={name: value for name, value in variables.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield
    finally:
        said, _ = process.communicate()
        session.log(" ".join(command))
        sys.stdout.write(said if process.returncode else said[said.rfind("\n", 0, -1) + 1 :])
        sys.stdout.flush()
    if process.returncode:
        session.error(f"{program} failed with exit code {process.returncode}")


def environment() -> dict[str, str | None]:
    """The variables of what runs in the shared environment; see `run`."""
    return {
        "PATH": os.pathsep.join([str(SCRIPTS), os.environ["PATH"]]),
        "VIRTUAL_ENV": str(DEV),
        "PYTHONDONTWRITEBYTECODE": None,
        "PYTHONPYCACHEPREFIX": str(BYTECODE),
    }


def make_environment(session: nox.Session) -> None:
    """Make the shared environment, unless it is there and fits."""
    marker = DEV / "made-from"
    wanted = f"{sys.version}\n{hashlib.sha256(Path('pyproject.toml').read_bytes()).hexdigest()}\n"
    if marker.exists() and marker.read_text() == wanted:
        return
    shutil.rmtree(DEV, ignore_errors=True)
    session.run(sys.executable, "-m", "virtualenv", "--quiet", str(DEV), external=True)
    install = ["install", "--quiet", "--editable", ".[dev]"]
    python = str(SCRIPTS / "python")
    session.run(python, "-m", "pip", "install", "--quiet", "uv", external=True)
    try:
        session.run(python, "-m", "uv", "pip", *install, "--python", python, external=True)
    except CommandFailed:  # pip knows of mirrors and certificates that uv was not told of
        # What it would compile is not where `run` looks for it.
        session.run(python, "-m", "pip", *install, "--no-compile", external=True)
    marker.write_text(wanted)


def system_packages(session: nox.Session, needs: str) -> None:
    """Install the Debian packages that are missing, or name them in one line."""
    missing = programs.missing_packages(needs)
    if not missing:
        return
    if shutil.which("apt-get") is None or os.geteuid():
        session.error(f"Programs are missing; as root run: apt-get install {' '.join(missing)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "--quiet", "--quiet"]
    with no_services():
        session.run(*apt, "update", env=quiet, external=True, silent=True)
        install = [*apt, "install", "--yes", "--no-install-recommends", *missing]
        session.run(*install, env=quiet, external=True, silent=True)


@contextmanager
def no_services() -> Iterator[None]:
    """Keep Debian from starting the servers that it installs; tests start their own."""
    if NO_SERVICES.exists():
        yield
        return
    NO_SERVICES.write_text("#!/bin/sh\nexit 101\n")
    NO_SERVICES.chmod(0o755)
    try:
        yield
    finally:
        NO_SERVICES.unlink()
