"""Instruments of a meter; they do nothing where OpenTelemetry is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation

Attributes: TypeAlias = Mapping[str, str]
Read: TypeAlias = "Callable[[CallbackOptions], Iterable[Observation]]"

WORKSPACE: Final = "blazz.workspace"
SESSION: Final = "blazz.session"
OUTCOME: Final = "blazz.outcome"

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""The bounds of histograms of times."""


class Adds(Protocol):
    """A counter."""

    def add(self, amount: float, attributes: Attributes | None = None) -> None:
        """Count."""
        ...


class Records(Protocol):
    """A histogram."""

    def record(self, amount: float, attributes: Attributes | None = None) -> None:
        """Measure."""
        ...


class Sets(Protocol):
    """A gauge."""

    def set(self, amount: float, attributes: Attributes | None = None) -> None:
        """Show."""
        ...


class _Silent:
    """An instrument that nobody reads."""

    def add(self, amount: float, attributes: Attributes | None = None) -> None: ...

    def record(self, amount: float, attributes: Attributes | None = None) -> None: ...

    def set(self, amount: float, attributes: Attributes | None = None) -> None: ...


class Cell:
    """One number of a tally; whoever counts adds to it."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0


class Tally:
    """A counter that is read when somebody looks.

    Counting is an addition, a hundredth of what a counter of OpenTelemetry costs: it is for what
    happens with every message. What happens seldom should have its cell from the beginning: a
    number that first shows as 1 has not grown for who watches it.

    Args:
        names: The names of its attributes.
    """

    def __init__(self, *names: str) -> None:
        self._names = names
        self._cells: dict[tuple[str, ...], Cell] = {}

    def cell(self, *values: str) -> Cell:
        """The number with these attributes; keep it where counting is to be quick."""
        cell = self._cells.get(values)
        if cell is None:
            cell = self._cells[values] = Cell()
        return cell

    def add(self, amount: float, *values: str) -> None:
        """Count with these attributes."""
        self.cell(*values).value += amount

    def read(self, _: CallbackOptions) -> Iterable[Observation]:
        """Tell all numbers."""
        for values, cell in list(self._cells.items()):
            yield observation(cell.value, dict(zip(self._names, values, strict=True)))


class Instruments:
    """Makes instruments of a meter; silent ones without it.

    Args:
        meter: The meter.
    """

    def __init__(self, meter: Meter | None) -> None:
        self._meter = meter

    @property
    def is_silent(self) -> bool:
        """Whether nobody reads what is measured."""
        return self._meter is None

    def histogram(
        self, name: str, unit: str, description: str, *, bounds: Sequence[float] = SECONDS
    ) -> Records:
        """Make a histogram."""
        if self._meter is None:
            return _Silent()
        return self._meter.create_histogram(
            name, unit, description, explicit_bucket_boundaries_advisory=bounds
        )

    def counter(self, name: str, unit: str, description: str) -> Adds:
        """Make a counter."""
        if self._meter is None:
            return _Silent()
        return self._meter.create_counter(name, unit, description)

    def gauge(self, name: str, unit: str, description: str) -> Sets:
        """Make a gauge."""
        if self._meter is None:
            return _Silent()
        return self._meter.create_gauge(name, unit, description)

    def tally(self, name: str, unit: str, description: str, *names: str) -> Tally:
        """Make a tally; without a meter it counts, and nobody asks it."""
        tally = Tally(*names)
        if self._meter is not None:
            self._meter.create_observable_counter(name, [tally.read], unit, description)
        return tally

    def observed(self, name: str, unit: str, description: str, read: Read) -> None:
        """Make a gauge that is read when somebody looks."""
        if self._meter is not None:
            self._meter.create_observable_gauge(name, [read], unit, description)


def attributes_of(session: str) -> Attributes:
    """The attributes of a session's measurements.

    Example:
        >>> attributes_of("acme/support")
        {'blazz.workspace': 'acme', 'blazz.session': 'support'}
    """
    workspace, name = parts_of(session)
    return {WORKSPACE: workspace, SESSION: name}


def parts_of(session: str) -> tuple[str, str]:
    """The workspace and the name of a session, from its key."""
    workspace, _, name = session.partition("/")
    return workspace, name


def observation(value: float, attributes: Attributes) -> Observation:
    """Write down what a gauge or a tally shows."""
    from opentelemetry.metrics import Observation

    return Observation(value, attributes)
