"""Shows the steps of pairing: codes that replace each other in a terminal, or lines of JSON."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from blazz.cli.output import emit, people, say
from blazz.errors import ConfigurationError
from blazz.pairing import Paired, PairingCode, PairingStep, QrCode

_HOW: Final = "On the phone: WhatsApp, Linked devices, Link a device"


class PairingDisplay:
    """Shows steps to people or to machines; a context manager around those that are live.

    Args:
        light: Without colours, draw for a terminal that is dark on light.
        image: Where each QR code is also written as PNG.
        as_json: Write lines of JSON.
    """

    def __init__(self, *, light: bool, image: Path | None, as_json: bool) -> None:
        self.as_json = as_json
        self._light = light
        self._image = image
        self._paired: Paired | None = None
        self._live: Live | None = None
        if people().is_terminal and not as_json:
            # The end of a code scrolls away rather than being cut off.
            self._live = Live(
                console=people(),
                auto_refresh=False,
                transient=True,
                vertical_overflow="visible",
            )

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._live is not None:
            self._live.stop()

    def wait(self, text: str) -> None:
        """Say that something takes a moment."""
        if not self.as_json:
            say(text)

    def show(self, step: PairingStep) -> None:
        """Show a step; a code takes the place of the one before."""
        if isinstance(step, QrCode) and self._image is not None:
            try:
                self._image.write_bytes(step.as_png())
            except OSError as error:
                raise ConfigurationError(f"--image: the code cannot be written: {error}") from error
        if isinstance(step, Paired):
            self._paired = step
        elif self.as_json:
            emit(_as_json(step))
        elif self._live is not None:
            self._live.update(self._drawn(step), refresh=True)
        else:
            people().print(self._drawn(step))

    def done(self, session: str, kept_in: str) -> None:
        """Tell the result."""
        assert self._paired is not None
        account = self._paired.account.number
        if self.as_json:
            emit({"event": "paired", "session": session, "account": account, "kept_in": kept_in})
        else:
            say(f"[green]✓[/] {session} is {self._paired.as_text()} and kept in {kept_in}")

    def _drawn(self, step: QrCode | PairingCode) -> RenderableType:
        if isinstance(step, PairingCode):
            code = Text(f"\n    {step.as_text()}\n", style="bold")
            return Group(Text(f"{_HOW}, Link with phone number instead"), code)
        return Group(Text(_HOW), self._qr(step), Text(f"Code {step.attempt}; {_until(step)}"))

    def _qr(self, step: QrCode) -> Text:
        """Black on white whatever the terminal's colours are, where it has any."""
        console = people()
        if console.color_system is None:
            drawn, style = step.as_text(background="light" if self._light else "dark"), ""
        else:
            drawn, style = step.as_text(background="light"), "#000000 on #ffffff"
        width = len(drawn.partition("\n")[0])
        if console.is_terminal and width > console.width:
            advice = f"The terminal is {console.width} columns wide, the code needs {width}."
            return Text(f"{advice} Make it wider, or give --image FILE.png.", style="yellow")
        return Text(drawn, style=style, no_wrap=True, overflow="ignore")


def _until(step: QrCode) -> str:
    local: datetime = step.expires_at.astimezone()
    return f"the next one comes at {local:%H:%M:%S}"


def _as_json(step: QrCode | PairingCode) -> dict[str, object]:
    if isinstance(step, QrCode):
        return {
            "event": "qr",
            "data": step.data,
            "expires_at": step.expires_at.isoformat(),
            "attempt": step.attempt,
        }
    return {"event": "code", "code": step.code}
