"""SQL from `.sql` files: numbered migrations and named queries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

_NAME = re.compile(r"^--\s*name:\s*(?P<name>[a-z0-9_]+)\s*$", re.MULTILINE)
_MIGRATION = re.compile(r"(?P<number>[0-9]{4})_[a-z0-9_]+\.sql")


class Queries(Mapping[str, str]):
    """The queries of one `.sql` file; each starts with a line `-- name: the_name`.

    Raises:
        KeyError: No query of that name.
    """

    def __init__(self, package: str, filename: str) -> None:
        text = resources.files(package).joinpath(filename).read_text(encoding="utf-8")
        parts = _NAME.split(text)
        self._queries = {
            name: body.strip().removesuffix(";")
            for name, body in zip(parts[1::2], parts[2::2], strict=True)
        }

    def __getitem__(self, name: str) -> str:
        return self._queries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._queries)

    def __len__(self) -> int:
        return len(self._queries)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema: applied once, in the order of its number, never edited afterwards."""

    number: int
    sql: str


def migrations(package: str, folder: str) -> list[Migration]:
    """Read `0001_name.sql`, `0002_name.sql`, … from a package's folder, lowest number first."""
    found = [
        Migration(int(match["number"]), entry.read_text(encoding="utf-8"))
        for entry in resources.files(package).joinpath(folder).iterdir()
        if (match := _MIGRATION.fullmatch(entry.name))
    ]
    return sorted(found, key=lambda migration: migration.number)
