"""Finds the programs that tests and benchmarks start; `programs.toml` lists them.

Only the standard library is imported here: the noxfile uses it before anything is installed.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

_LIST = Path(__file__).with_name("programs.toml")


@dataclass(frozen=True, slots=True)
class Program:
    """A program, the Debian package that brings it, and where it may be."""

    name: str
    package: str
    needs: str
    folders: tuple[str, ...] = ()

    def path(self) -> Path | None:
        """Where it is, or None if it is not installed."""
        candidates = [
            path
            for folder in self.folders
            for path in Path("/").glob(f"{folder.lstrip('/')}/{self.name}")
        ]
        if candidates:
            return max(candidates, key=_version)
        found = shutil.which(self.name)
        return Path(found) if found else None


class MissingProgram(Exception):
    """A program that a test needs is not installed."""


def programs() -> dict[str, Program]:
    """All programs of the list, by name."""
    entries = tomllib.loads(_LIST.read_text(encoding="utf-8"))
    return {
        name: Program(name, entry["package"], entry["needs"], tuple(entry.get("folders", ())))
        for name, entry in entries.items()
    }


def find(name: str) -> Path:
    """Where a program is.

    Raises:
        MissingProgram: It is not installed; names the package to install.
    """
    program = programs()[name]
    if (path := program.path()) is None:
        raise MissingProgram(
            f"{name} is not installed; on Debian run: apt-get install {program.package}"
        )
    return path


def missing_packages(needs: str) -> list[str]:
    """The Debian packages to install before `needs` ("tests" or "benchmarks") can run."""
    return sorted({p.package for p in programs().values() if p.needs == needs and p.path() is None})


def _version(path: Path) -> tuple[int, ...]:
    """The numbers in a path: version 15 comes after 9."""
    return tuple(int(number) for number in re.findall(r"\d+", str(path.parent)))
