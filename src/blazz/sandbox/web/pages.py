"""One connected page: what it may ask before and after it has logged in; no I/O."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from blazz.errors import InvalidAddress
from blazz.sandbox.web import linking
from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.asking import Asking
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.jids import digits, split
from blazz.sandbox.web.pairing import PageKeys, Pairing, Qr
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.requests import REQUESTS
from blazz.sandbox.web.services import Services

Json: TypeAlias = dict[str, Any]

_ITEMS_AT_ONCE: Final = 64


class Page:
    """One page, from when its connection opens until it closes.

    Args:
        services: The simulated WhatsApp.
        wake: Called when there is something to write to the connection.
    """

    def __init__(self, services: Services, wake: Callable[[], None]) -> None:
        self.services = services
        self.pairing: Pairing | None = None
        self.device: Device | None = None
        self.account: Account | None = None
        self.is_ending = False
        self._nonce = b""
        self.version = ""
        self._pushes: deque[Json] = deque()
        self._wake = wake
        self._before_login: Mapping[str, Callable[[Json], object]] = {
            "ping": self._ping,
            "pair": self._pair,
            "ref": self._ref,
            "code": self._code,
            "hello": self._hello,
            "login": self._login,
        }

    def push(self, kind: str, data: Json) -> None:
        """Tell the page something now."""
        self._pushes.append({"push": kind, "data": data})
        self._wake()

    def wake(self) -> None:
        """There are items to send."""
        self._wake()

    def hang_up(self) -> None:
        """Close the connection after what was pushed."""
        self.is_ending = True
        self._wake()

    def reply(self, frame: Json) -> None:
        """Answer a request, in order with what is pushed."""
        self._pushes.append(frame)
        self._wake()

    def next_frame(self) -> Json | None:
        """What to write next, or None if there is nothing."""
        if self._pushes:
            return self._pushes.popleft()
        if self.device is not None and not self.is_ending:
            items = self.device.take(_ITEMS_AT_ONCE)
            if items:
                return {"push": "queue", "data": {"items": items}}
        return None

    def answer(self, operation: str, parameters: Json) -> object:
        """Carry out a request and give the answer.

        Raises:
            WebRefusal: It is not carried out.
        """
        early = self._before_login.get(operation)
        try:
            if early is not None:
                return early(parameters)
            if self.account is None or self.device is None:
                raise WebRefusal("not_logged_in", f"{operation[:32]} needs a login")
            request = REQUESTS.get(operation)
            if request is None:
                raise WebRefusal("no_such_request", f"there is no request {operation[:32]!r}")
            return request(Asking(self.services, self.account, self.device, parameters))
        except InvalidAddress as error:
            raise WebRefusal("bad_address", str(error)) from None

    def leave(self) -> None:
        """The connection is closed."""
        self.services.pages.discard(self)
        device, account = self.device, self.account
        if device is not None and account is not None and device.line is self:
            device.line = None
            self.services.set_available(account, available=False)
        self.services.world.changed.notify_all()

    def pair_with(self, account: Account) -> Device:
        """Link this page to an account, since its code was scanned or entered.

        Raises:
            WebRefusal: The account cannot have another device.
        """
        assert self.pairing is not None
        device = linking.link(self.services.world, account, self.pairing.keys.secret)
        self.pairing = None
        told = {
            "wid": account.jid,
            "lid": account.lid,
            "device": device.id,
            "name": account.name,
            "business": account.business,
        }
        self.push("paired", told)
        return device

    def shows(self, qr: Qr) -> bool:
        """Whether the page shows this QR code at the moment."""
        now = self.services.world.clock.now()
        return self.pairing is not None and self.pairing.accepts(qr, now)

    def _pair(self, parameters: Json) -> None:
        """Announce the keys that the page's codes will carry."""
        self.pairing = Pairing(
            PageKeys(
                noise=_text(parameters, "noise"),
                identity=_text(parameters, "identity"),
                adv=_text(parameters, "adv"),
                secret=_bytes(parameters, "secret"),
            )
        )

    def _ref(self, parameters: Json) -> Json:
        """Show the next QR code."""
        world = self.services.world
        now = world.clock.now()
        shown = self._open_pairing().next_ref(
            f"2@{secrets.token_urlsafe(48)}",
            now,
            world.settings,
            again=parameters.get("again") is True,
        )
        world.changed.notify_all()
        if shown is None:
            return {"ref": None, "seconds": 0}
        return {"ref": shown.ref, "seconds": shown.expires_at - now}

    def _code(self, parameters: Json) -> Json:
        """Show a code to be entered on the phone of a number."""
        world = self.services.world
        account = world.account(digits(_text(parameters, "number")))
        if not account.registered:
            raise WebRefusal("not_on_whatsapp", f"+{account.number} is not on WhatsApp")
        code = linking.new_code()
        shown = self._open_pairing().show_code(
            code, account.number, world.clock.now(), world.settings
        )
        world.changed.notify_all()
        return {"code": shown.code, "seconds": world.settings.code_seconds}

    def _hello(self, parameters: Json) -> Json:
        """Begin to log in: the page gets something to prove its secret with."""
        self.version = _text(parameters, "version")
        self._nonce = secrets.token_bytes(32)
        return {"nonce": base64.b64encode(self._nonce).decode()}

    def _login(self, parameters: Json) -> Json:
        """Log in as a linked device; another page of the same device is pushed out."""
        world = self.services.world
        account = world.account(split(_text(parameters, "wid"))[0])
        device_id, received = parameters.get("device"), parameters.get("received")
        device = account.devices.get(device_id) if isinstance(device_id, int) else None
        if not isinstance(received, int) or received < 0:
            raise WebRefusal("bad_request", "received must be a number")
        linking.check_standing(world, account)
        if device is None or not isinstance(device_id, int):
            reason = account.ended.get(device_id, "") if isinstance(device_id, int) else ""
            raise WebRefusal("logged_out", reason or "unknown_companion")
        proof, nonce, self._nonce = _bytes(parameters, "proof"), self._nonce, b""
        if not nonce or not device.proves(nonce, proof):
            raise WebRefusal("logged_out", "invalid_adv_status")
        if world.settings.is_outdated(self.version):
            raise WebRefusal("outdated", "this version of WhatsApp Web is no longer served")
        if device.line is not None:
            world.end(device, "conflict", "opened elsewhere")
        self.account, self.device, self.pairing = account, device, None
        device.resume(received)
        device.line = self
        world.changed.notify_all()
        self._wake()
        return {"waiting": device.awaited}

    def _ping(self, parameters: Json) -> None:
        """Show that the line is alive."""
        del parameters

    def _open_pairing(self) -> Pairing:
        if self.pairing is None:
            raise WebRefusal("not_pairing", "this page does not wait to be linked")
        return self.pairing


def _text(parameters: Json, name: str) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or not value or len(value) > 1024:
        raise WebRefusal("bad_request", f"{name} must be text")
    return value


def _bytes(parameters: Json, name: str) -> bytes:
    try:
        return base64.b64decode(_text(parameters, name), validate=True)
    except binascii.Error:
        raise WebRefusal("bad_request", f"{name} must be base64") from None
