"""Make frozen values as quickly as open ones: fill them first, freeze them after."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def filled_then_frozen(kind: type[T]) -> type[T]:
    """Give a class that makes the same values as a frozen, slotted dataclass, three times quicker.

    A frozen dataclass fills itself with one `object.__setattr__` for each field, which takes longer
    than to read the update that it is made of. This one is filled as any object is, and becomes
    frozen by becoming an instance of `kind`; nobody else has seen it before.

    Args:
        kind: A frozen dataclass with slots and keyword-only fields, without `__post_init__`.

    Returns:
        A class to call in place of `kind`: what it returns is a plain `kind`.
    """

    def freeze(self: object) -> None:
        self.__class__ = kind

    fields = [(field.name, Any, _spec(field)) for field in dataclasses.fields(kind)]
    namespace: dict[str, Any] = {"__post_init__": freeze}
    plain = dataclasses.make_dataclass(kind.__name__, fields, kw_only=True, namespace=namespace)
    namespace |= {
        "__slots__": (),
        "__init__": vars(plain)["__init__"],
        # Both, or Python looks for the frozen ones with every field.
        "__setattr__": object.__setattr__,
        "__delattr__": object.__delattr__,
    }
    return cast("type[T]", type(kind.__name__, (kind,), namespace))


def _spec(field: dataclasses.Field[Any]) -> Any:  # noqa: ANN401 - `dataclasses.field` says so
    if field.default is not dataclasses.MISSING:
        return dataclasses.field(default=field.default)
    if field.default_factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=field.default_factory)
    return dataclasses.field()
