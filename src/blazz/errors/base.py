"""The root of the error tree, and errors of bad values and settings."""

from __future__ import annotations


class BlazzError(Exception):
    """Something went wrong in blazz."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process borders whole, whatever their constructors ask for."""
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class InvalidValue(BlazzError, ValueError):
    """A value breaks a limit or a format.

    Attributes:
        field: The name of the field, such as `Text.body`.
        limit: The rule that was broken, in words.
        value: The offending value, shortened to 80 characters in the message.
    """

    def __init__(self, field: str, limit: str, value: object) -> None:
        shown = repr(value)
        if len(shown) > 80:
            shown = f"{shown[:77]}..."
        super().__init__(f"{field}: {limit}; got {shown}")
        self.field = field
        self.limit = limit
        self.value = value


class InvalidAddress(InvalidValue):
    """Not a phone number, user id, LID or group."""


class ConfigurationError(BlazzError):
    """Settings are wrong, missing or contradict each other."""


class MissingDependency(ConfigurationError):
    """An optional package is not installed.

    Example:
        >>> str(MissingDependency("pyreqwest", extra="fast"))
        "pyreqwest is not installed; run: python -m pip install 'blazz[fast]'"
    """

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(f"{package} is not installed; run: python -m pip install 'blazz[{extra}]'")
        self.package = package
        self.extra = extra


class NotSupported(BlazzError):
    """This provider cannot do it; nothing was sent."""


class Timeout(BlazzError, TimeoutError):
    """What was waited for did not happen in time."""


class SessionClosed(BlazzError):
    """The session or its client is not open."""


def _rebuild(
    kind: type[BlazzError], args: tuple[object, ...], state: dict[str, object]
) -> BlazzError:
    """Make an error again without calling its constructor."""
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error
