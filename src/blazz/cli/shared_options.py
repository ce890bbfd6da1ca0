"""Lets several commands have the same options: they are written once, as a dataclass."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, Concatenate, ParamSpec, TypeVar

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")


def with_options(
    kind: type[S],
) -> Callable[[Callable[Concatenate[S, P], R]], Callable[..., R]]:
    """Give a command the fields of a dataclass as options, before its own.

    The command takes one made of them as its first argument.

    Args:
        kind: A dataclass whose fields are annotated as the options of a command are.
    """
    hints = typing.get_type_hints(kind, include_extras=True)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]

    def decorate(command: Callable[Concatenate[S, P], R]) -> Callable[..., R]:
        own_hints = typing.get_type_hints(command, include_extras=True)
        own = list(inspect.signature(command).parameters.values())[1:]

        @functools.wraps(command)
        def run(**given: Any) -> R:  # noqa: ANN401  # what the command line gave
            made = kind(**{name: given.pop(name) for name in names})
            return command(made, **given)  # type: ignore[call-arg]

        parameters = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
                annotation=hints[field.name],
            )
            for field in fields(kind)  # type: ignore[arg-type]
        ]
        parameters += [
            each.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=own_hints[each.name])
            for each in own
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate
