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
    ) -> SimulatedPhone:
        """The phone of a number, set up as given; what is not given stays as it is.

        Args:
            number: The phone number, with its country code.
            name: The name that it shows to others.
            addressing: Under which id others see it: `phone`, `lid` or `hidden`.
            registered: Whether the number is on WhatsApp.
            business: Whether it is a business account.

        Raises:
            InvalidAddress: It is not a phone number.
            InvalidValue: The name is not text, or there is no such addressing.
        """
        account = self.world.account(number)
        if name is not None:
            _check_name(name)
            account.name = name
        if addressing is not None:
            if addressing not in tuple(Addressing):
                raise InvalidValue("addressing", f"one of {', '.join(Addressing)}", addressing)
            account.addressing = Addressing(addressing)
        if registered is not None:
            account.registered = registered is True
        if business is not None:
            account.business = business is True
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

    async def wait_until(self, holds: Callable[[], bool], *, timeout: float = 30.0) -> None:
        """Wait until something is so.

        Raises:
            TimeoutError: It is not so after `timeout` seconds.
        """
        if not await self.world.changed.wait_for(holds, timeout=timeout):
            raise TimeoutError("what was waited for did not happen in the simulated WhatsApp")


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not 0 < len(name) <= 256:
        raise InvalidValue("name", "text of 1 to 256 characters", name)
