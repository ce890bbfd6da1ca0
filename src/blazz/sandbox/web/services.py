"""The parts of a simulated WhatsApp together, and what is told at once or not at all."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from blazz.sandbox.web import linking, views
from blazz.sandbox.web.accounts import Account, Standing
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.membership import Membership
from blazz.sandbox.web.post import Post
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.settings import WebSettings
from blazz.sandbox.web.world import WebWorld

if TYPE_CHECKING:
    from blazz.sandbox.web.pages import Page

ACTIVITIES = frozenset({"composing", "recording", "paused"})
"""What somebody can be doing in a chat."""


class Services:
    """A simulated WhatsApp.

    Args:
        world: Its state.
    """

    def __init__(self, world: WebWorld | None = None) -> None:
        self.world = world or WebWorld()
        self.post = Post(self.world)
        self.membership = Membership(self.world)
        self.pages: set[Page] = set()
        self.calls: dict[str, tuple[str, str]] = {}
        """Calls that ring: caller and called number, by id."""

    def set_activity(self, account: Account, chat: str, activity: str) -> None:
        """Show the others in a chat what somebody is doing.

        Raises:
            WebRefusal: That is not something that one can do, or the group is not theirs.
        """
        if activity not in ACTIVITIES:
            raise WebRefusal("no_such_activity", f"one of {', '.join(sorted(ACTIVITIES))}")
        is_group = chat.endswith("@g.us")
        if is_group:
            self.world.group(chat).check_member(account.number)
        members = self.world.group(chat).members if is_group else [chat]
        state = "available" if activity == "paused" else activity
        for number in members:
            if number != account.number:
                key = chat if is_group else account.number
                self._show(self.world.account(number), account, key, state)
        self.world.changed.notify_all()

    def set_available(self, account: Account, *, available: bool) -> None:
        """Show those who want to know whether somebody is online."""
        account.available = available
        for number, device_id in list(account.watched_by):
            viewer = self.world.account(number)
            device = viewer.devices.get(device_id)
            if device is None:  # unlinked since
                account.watched_by.discard((number, device_id))
            else:
                self._push_presence(device, viewer, account)
        self.world.changed.notify_all()

    def watch(self, viewer: Account, device: Device, person: Account) -> None:
        """Tell a device from now on whether somebody is online, and at once what is so now."""
        person.watched_by.add((viewer.number, device.id))
        self._push_presence(device, viewer, person)

    def unwatch(self, viewer: Account, device: Device, person: Account) -> None:
        """Tell a device no longer whether somebody is online."""
        person.watched_by.discard((viewer.number, device.id))

    def ring(self, caller: Account, called: Account, *, video: bool) -> str:
        """Call somebody; their devices ring if they are connected."""
        call_id = secrets.token_hex(16).upper()
        self.calls[call_id] = (caller.number, called.number)
        told = {
            "id": call_id,
            "from": caller.address,
            "video": video,
            "t": int(self.world.clock.now()),
        }
        for device in called.devices.values():
            self.post.introduce(device, called, caller)
            device.push("call", told)
        self.world.changed.notify_all()
        return call_id

    def end_call(self, call_id: str) -> None:
        """A call was declined, or the caller gave up."""
        ended = self.calls.pop(call_id, None)
        if ended is None:
            raise WebRefusal("no_such_call", "this call does not ring")
        for device in self.world.account(ended[1]).devices.values():
            device.push("call_ended", {"id": call_id})
        self.world.changed.notify_all()

    def refuse_entry(self, account: Account, standing: Standing, *, until: float = 0.0) -> None:
        """Ban or suspend an account: its devices are told, and not let in."""
        account.standing, account.suspended_until = standing, until
        try:
            linking.check_standing(self.world, account)
        except WebRefusal as refusal:
            for device in account.devices.values():
                self.world.end(device, refusal.code, refusal.text)
        self.world.changed.notify_all()

    def change_settings(self, settings: WebSettings) -> None:
        """Behave otherwise from now on; pages that are too old now are told so."""
        self.world.settings = settings
        for page in list(self.pages):
            if page.device is not None and settings.is_outdated(page.version):
                page.push("end", {"code": "outdated", "text": ""})
                page.hang_up()
        self.world.changed.notify_all()

    def set_down(self, *, down: bool) -> None:
        """Begin or end an outage: connections break, and new ones are refused."""
        self.world.is_down = down
        if down:
            self.drop_connections()
        self.world.changed.notify_all()

    def drop_connections(self, account: Account | None = None) -> None:
        """Break the connections of all pages, or of those of one account, without a word."""
        for page in list(self.pages):
            if account is None or page.account is account:
                page.hang_up()

    def _show(self, viewer: Account, person: Account, key: str, state: str) -> None:
        viewer.sees[key] = state
        in_group = key.endswith("@g.us")
        told = {
            "chat": key if in_group else person.address,
            "sender": views.address(person, viewer, in_group=in_group),
            "state": state,
            "t": int(self.world.clock.now()),
        }
        for device in viewer.devices.values():
            device.push("presence", told)

    def _push_presence(self, device: Device, viewer: Account, person: Account) -> None:
        state = "available" if person.available else "unavailable"
        viewer.sees[person.number] = state
        told = {"chat": person.address, "sender": person.address, "state": state}
        device.push("presence", {**told, "t": int(self.world.clock.now())})
