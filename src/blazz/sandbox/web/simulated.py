"""A simulated WhatsApp as a test holds it: settings, phones, outages, waiting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blazz.errors import InvalidValue
from blazz.sandbox.web.accounts import Addressing
from blazz.sandbox.web.phone import SimulatedPhone
from blazz.sandbox.web.services import Services
from blazz.sandbox.web.settings import WebSettings
from blazz.sandbox.web.world import WebWorld


class SimulatedWeb:
    """A simulated WhatsApp: its settings, its phones, and what pages sent.

    Args:
        settings: How it behaves.
        url: The address of the page.
    """

    def __init__(self, settings: WebSettings | None = None, *, url: str = "") -> None:
        self.url = url
        self.services = Services(WebWorld(settings))

    @property
    def world(self) -> WebWorld:
        """The state."""
        return self.services.world

    @property
    def control_url(self) -> str:
        """The address of the control API."""
        return f"{self.url.removesuffix('web/')}sandbox/web/"

    def phone(
        self,
        number: str,
        *,
        name: str | None = None,
        addressing: Addressing | str | None = None,
        registered: bool | None = None,
        business: bool | None = None,
        about: str | None = None,
        picture: bytes | None = None,
    ) -> SimulatedPhone:
        """The phone of a number, set up as given; what is not given stays as it is.

        Args:
            number: The phone number, with its country code.
            name: The name that it shows to others.
            addressing: Under which id others see it: `phone`, `lid` or `hidden`.
            registered: Whether the number is on WhatsApp.
            business: Whether it is a business account.
            about: The text of its profile.
            picture: The picture of its profile; empty: none.

        Raises:
            InvalidAddress: It is not a phone number.
            InvalidValue: A value is not of its kind, or there is no such addressing.
        """
        account = self.world.account(number)
        if name is not None:
            account.name = _text("name", name, least=1, most=256)
        if addressing is not None:
            if addressing not in tuple(Addressing):
                raise InvalidValue("addressing", f"one of {', '.join(Addressing)}", addressing)
            account.addressing = Addressing(addressing)
        if registered is not None:
            account.registered = _flag("registered", registered)
        if business is not None:
            account.business = _flag("business", business)
        if about is not None:
            account.about = _text("about", about, least=0, most=139)
        if picture is not None:
            account.picture = self.world.media.add(picture).id if picture else None
        return SimulatedPhone(self.services, account)

    def configure(self, **changes: Any) -> None:  # noqa: ANN401  # checked by WebSettings
        """Change settings while it runs.

        Raises:
            InvalidValue: There is no such setting, or the value is not one of it.
        """
        self.services.change_settings(self.world.settings.updated(changes))

    def go_down(self) -> None:
        """Begin an outage: connections break, and new ones are refused."""
        self.services.set_down(down=True)

    def come_back(self) -> None:
        """End an outage."""
        self.services.set_down(down=False)

    def reset(self) -> None:
        """Forget everything but the settings; linked devices are logged out."""
        self.services.calls.clear()
        self.world.reset()

    async def wait_until(self, holds: Callable[[], bool], *, timeout: float = 30.0) -> None:
        """Wait until something is so.

        Raises:
            TimeoutError: It is not so after `timeout` seconds.
        """
        if not await self.world.changed.wait_for(holds, timeout=timeout):
            raise TimeoutError("what was waited for did not happen in the simulated WhatsApp")


def _text(name: str, value: object, *, least: int, most: int) -> str:
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise InvalidValue(name, f"text of {least} to {most} characters", value)
    return value


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(name, "true or false", value)
    return value
