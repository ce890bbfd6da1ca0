"""A page of the simulated WhatsApp without a browser, linked and logged in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

from blazz.sandbox.web import SimulatedPhone, SimulatedWeb
from blazz.sandbox.web.pages import Page

SECRET = b"a secret of 32 bytes, more or less"


class FakePage:
    """Asks what the page in a browser would ask, and stores what it is told."""

    def __init__(self, web: SimulatedWeb) -> None:
        self.web = web
        self.items: list[tuple[int, str, dict[str, Any]]] = []
        self.pushes: list[tuple[str, dict[str, Any]]] = []
        self.received = 0
        self.connect()

    def connect(self) -> None:
        self.page = Page(self.web.services, lambda: None)
        self.web.services.pages.add(self.page)

    def ask(self, operation: str, **parameters: object) -> Any:
        return self.page.answer(operation, parameters)

    def qr(self) -> str:
        """Announce itself and show a code."""
        keys = {"noise": "noise", "identity": "identity", "adv": "adv"}
        self.ask("pair", secret=base64.b64encode(SECRET).decode(), **keys)
        return f"{self.ask('ref')['ref']},noise,identity,adv"

    def link(self, phone: SimulatedPhone) -> FakePage:
        """Be scanned, log in, and store the history."""
        self.device = phone.scan(self.qr())
        self.number = phone.number
        self.log_in()
        return self

    def log_in(self) -> list[tuple[str, dict[str, Any]]]:
        """Log in, and store and give what comes with it."""
        nonce = base64.b64decode(self.ask("hello", version="2.3000.1")["nonce"])
        proof = base64.b64encode(hmac.new(SECRET, nonce, hashlib.sha256).digest()).decode()
        self.ask(
            "login",
            wid=f"{self.number}@c.us",
            device=self.device,
            proof=proof,
            received=self.received,
        )
        return self.store()

    def store(self) -> list[tuple[str, dict[str, Any]]]:
        """Store what has come, and give it as (kind, data)."""
        fresh = []
        while (frame := self.page.next_frame()) is not None:
            if frame["push"] != "queue":
                self.pushes.append((frame["push"], frame["data"]))
                continue
            for number, kind, data in frame["data"]["items"]:
                assert number == self.received + 1
                self.received = number
                fresh.append((kind, data))
        if fresh:
            self.ask("ack", number=self.received)
        return fresh

    def send(self, chat: str, message_id: str, body: str = "text", **content: object) -> Any:
        message = {"id": message_id, "chat": chat, "type": "chat", "body": body, **content}
        return self.ask("send", message=message)

    def vanish(self) -> None:
        self.page.leave()
