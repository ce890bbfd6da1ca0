"""Make frozen values as quickly as open ones: fill them first, freeze them after."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_UNSET: Final = object()


def filled_then_frozen(kind: Callable[P, T]) -> Callable[P, T]:
    """Give a function that makes the values of a frozen, slotted dataclass, six times quicker.

    A frozen dataclass fills itself with one `object.__setattr__` for each field, which takes longer
    than to read the update that it is made of. Here a value is filled as any object is, and becomes
    frozen by becoming an instance of `kind`; nobody else has seen it before. It is a function, not
    a class, since Python passes the fields to a function by their places, to a class in a dict.

    Args:
        kind: A frozen dataclass with slots and keyword-only fields, without `__post_init__`.

    Returns:
        A function to call in place of `kind`: what it returns is a plain `kind`.
    """
    assert isinstance(kind, type)
    namespace: dict[str, Any] = {
        "__slots__": (),
        "__init__": object.__init__,
        # Both, or Python looks for the frozen ones with every field.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    known = {"kind": kind, "Open": type(kind.__name__, (kind,), namespace), "unset": _UNSET}
    parameters, lines = [], []
    for field in dataclasses.fields(cast("Any", kind)):
        name = parameter = value = field.name
        if field.default_factory is not dataclasses.MISSING:
            known[f"make_{name}"] = field.default_factory
            parameter, value = f"{name}=unset", f"make_{name}() if {name} is unset else {name}"
        elif field.default is not dataclasses.MISSING:
            known[f"default_{name}"] = field.default
            parameter = f"{name}=default_{name}"
        parameters.append(parameter)
        lines.append(f"    self.{name} = {value}\n")
    source = (
        f"def {kind.__name__}(*, {', '.join(parameters)}):\n"
        f"    self = Open()\n{''.join(lines)}    self.__class__ = kind\n    return self\n"
    )
    exec(source, known)  # noqa: S102 - as `dataclasses` itself makes its methods, of its field names
    return cast("Callable[P, T]", known[kind.__name__])
