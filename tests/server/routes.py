"""All routes of an application, as a test calls them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

_PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


@dataclass(frozen=True)
class Call:
    """One method of one route."""

    method: str
    pattern: str

    @property
    def parameters(self) -> list[str]:
        """What its path asks for."""
        return _PARAMETER.findall(self.pattern)

    def path(self, values: Mapping[str, str]) -> str:
        """Its path with these values; what is not among them is something that nobody has."""
        return _PARAMETER.sub(lambda match: values.get(match[1], "nobodys"), self.pattern)

    def __str__(self) -> str:
        return f"{self.method} {self.pattern}"


def calls_of(app: FastAPI) -> Iterator[Call]:
    """Every method of every HTTP route."""
    for context in iter_route_contexts(app.routes):
        for method in sorted((context.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Call(method, context.path or "")
