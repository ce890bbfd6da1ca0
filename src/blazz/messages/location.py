"""Places on the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blazz.errors import InvalidValue
from blazz.messages.base import Message, check_optional, set_field


@dataclass(frozen=True, slots=True)
class Location(Message):
    """A place on the map.

    Attributes:
        latitude: Degrees, -90 to 90.
        longitude: Degrees, -180 to 180.
        name: What the place is called.
        address: Shown below the name.

    Raises:
        InvalidValue: A coordinate is not on the globe.

    Example:
        >>> Location(-6.1754, 106.8272, name="Monas").latitude
        -6.1754
    """

    capability: ClassVar[str] = "location"
    latitude: float
    longitude: float
    name: str | None = None
    address: str | None = None

    def __post_init__(self) -> None:
        set_field(self, "latitude", _degrees("Location.latitude", self.latitude, 90))
        set_field(self, "longitude", _degrees("Location.longitude", self.longitude, 180))
        check_optional("Location.name", self.name)
        check_optional("Location.address", self.address)


def _degrees(field: str, value: float, most: int) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidValue(field, "must be a number of degrees", value)
    if not -most <= value <= most:  # false for NaN as well
        raise InvalidValue(field, f"-{most} to {most} degrees", value)
    return float(value)
