"""How the simulated WhatsApp Web behaves; every setting can be changed while it runs."""

from __future__ import annotations

import dataclasses
import enum
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from blazz.errors import InvalidValue

_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


class Answers(enum.StrEnum):
    """What becomes of a message that the page sends."""

    GIVEN = "given"
    """It is accepted, and the page is told so."""
    LOST = "lost"
    """It is accepted, but the page is never told: the answer gets lost."""
    NONE = "none"
    """It never arrives, and the page is not told either."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """All settings.

    Attributes:
        version: The version of WhatsApp Web that the page says it is.
        minimum_version: Pages below this version are told to update; None: none are.
        qr_first: Seconds for which the first QR code is shown (WhatsApp: about 60).
        qr_next: Seconds for which each further one is shown (WhatsApp: about 20).
        qr_count: How many are shown before the page waits to be asked again.
        code_seconds: Seconds for which a pairing code can be entered.
        most_devices: How many devices can be linked to one phone.
        history: How many messages of each chat a newly linked device gets.
        keepalive: Seconds between signs of life; a line that is silent for twice as long is dead.
        send_delay: Seconds that pass before a message is accepted.
        answers: What becomes of messages that the page sends.
        silent: The server reads, but says nothing any more, not even signs of life.
        missing_modules: Modules that the page leaves out, as a WhatsApp that changed would.
        largest_media: The most bytes that one file may have.
    """

    version: str = "2.3000.1045220589"
    minimum_version: str | None = None
    qr_first: float = 60.0
    qr_next: float = 20.0
    qr_count: int = 6
    code_seconds: float = 180.0
    most_devices: int = 4
    history: int = 50
    keepalive: float = 15.0
    send_delay: float = 0.0
    answers: Answers = Answers.GIVEN
    silent: bool = False
    missing_modules: tuple[str, ...] = ()
    largest_media: int = 100 * 1024 * 1024

    def __post_init__(self) -> None:
        _check_version("version", self.version)
        if self.minimum_version is not None:
            _check_version("minimum_version", self.minimum_version)
        for name in ("qr_first", "qr_next", "code_seconds", "keepalive"):
            _check_number(name, getattr(self, name), least=0.05, most=86_400)
        _check_number("send_delay", self.send_delay, least=0, most=600)
        for name, least, most in (
            ("qr_count", 1, 1000),
            ("most_devices", 1, 1000),
            ("history", 0, 100_000),
            ("largest_media", 1, 2**31),
        ):
            _check_whole(name, getattr(self, name), least=least, most=most)
        if self.answers not in tuple(Answers):
            choices = ", ".join(Answers)
            raise InvalidValue("WebSettings.answers", f"one of {choices}", self.answers)
        if not isinstance(self.silent, bool):
            raise InvalidValue("WebSettings.silent", "true or false", self.silent)
        _check_names("missing_modules", self.missing_modules)

    def updated(self, changes: Mapping[str, Any]) -> WebSettings:
        """The same with some settings changed.

        Raises:
            InvalidValue: There is no such setting, or the value is not one of it.

        Example:
            >>> WebSettings().updated({"qr_first": 5}).qr_first
            5
        """
        known = {field.name for field in dataclasses.fields(self)}
        for name in changes:
            if name not in known:
                raise InvalidValue("WebSettings", f"one of {', '.join(sorted(known))}", name)
        given = dict(changes)
        if isinstance(given.get("missing_modules"), list):
            given["missing_modules"] = tuple(given["missing_modules"])
        if given.get("answers") in tuple(Answers):
            given["answers"] = Answers(given["answers"])
        return dataclasses.replace(self, **given)

    def as_json(self) -> dict[str, Any]:
        """All settings, ready for JSON."""
        return dataclasses.asdict(self)

    def is_outdated(self, version: str) -> bool:
        """Whether a page of this version has to update.

        Example:
            >>> WebSettings(minimum_version="2.3000.2").is_outdated("2.3000.1")
            True
        """
        if self.minimum_version is None:
            return False
        return not _VERSION.fullmatch(version) or _parts(version) < _parts(self.minimum_version)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _check_version(name: str, value: object) -> None:
    if not isinstance(value, str) or not _VERSION.fullmatch(value):
        raise InvalidValue(f"WebSettings.{name}", "three numbers with dots between them", value)


def _check_number(name: str, value: object, *, least: float, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not least <= value <= most:  # type: ignore[arg-type,operator]
        raise InvalidValue(f"WebSettings.{name}", f"seconds from {least} to {most}", value)


def _check_whole(name: str, value: object, *, least: int, most: int) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not least <= value <= most:  # type: ignore[operator]
        raise InvalidValue(f"WebSettings.{name}", f"a whole number from {least} to {most}", value)


def _check_names(name: str, value: object) -> None:
    if not isinstance(value, tuple) or not all(isinstance(each, str) for each in value):
        raise InvalidValue(f"WebSettings.{name}", "names of modules", value)
