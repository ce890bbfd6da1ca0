"""Making and changing groups, and telling everybody in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from blazz.sandbox.web import views
from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.groups import Group
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.world import WebWorld

LARGEST_GROUP = 1024
"""The most members that a group may have, as in WhatsApp."""


class Membership:
    """The groups of a simulated WhatsApp.

    Args:
        world: Where.
    """

    def __init__(self, world: WebWorld) -> None:
        self._world = world

    def create(
        self, owner: Account, subject: str, numbers: Iterable[str]
    ) -> tuple[Group, list[dict[str, Any]]]:
        """Make a group; also gives what became of each member (HTTP codes, as in WhatsApp)."""
        members, results = self._admissible(numbers)
        group = Group(
            id=self._world.new_group_id(),
            subject=subject,
            owner=owner.number,
            members=list(dict.fromkeys((owner.number, *members))),
            admins={owner.number},
            created=int(self._world.clock.now()),
        )
        _check_size(len(group.members))
        self._world.groups[group.id] = group
        self._tell(group, group.members)
        return group, results

    def change_members(
        self, group: Group, by: Account, action: str, numbers: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Add, remove, promote or demote members.

        Raises:
            WebRefusal: Somebody may not do that.
        """
        group.check_admin(by.number)
        results: list[dict[str, Any]] = []
        if action == "add":
            numbers, results = self._admissible(numbers)
            _check_size(len({*group.members, *numbers}))
        before = list(group.members)
        changed = group.change_members(action, numbers)
        self._announce(group, by, action, changed=changed, before=before)
        return results

    def leave(self, group: Group, number: str) -> None:
        """Somebody leaves.

        Raises:
            WebRefusal: They do not belong to it.
        """
        group.check_member(number)
        before = list(group.members)
        group.change_members("remove", [number])
        self._announce(
            group, self._world.account(number), "remove", changed=[number], before=before
        )

    def join(self, code: str, account: Account) -> Group:
        """Somebody joins through an invitation.

        Raises:
            WebRefusal: No group has this invitation, or the group is full.
        """
        group = self.invited(code)
        _check_size(len({*group.members, account.number}))
        changed = group.change_members("add", [account.number])
        self._announce(group, account, "add", changed=changed, before=(), reason="invite")
        return group

    def invited(self, code: str) -> Group:
        """The group that an invitation leads to.

        Raises:
            WebRefusal: No group has this invitation.
        """
        bare = code.rpartition("/")[2]
        for group in self._world.groups.values():
            if group.code == bare:
                return group
        raise WebRefusal("no_such_invitation", "no group has this invitation")

    def change(self, group: Group, by: Account, values: dict[str, Any]) -> None:
        """Change name, description or rules.

        Raises:
            WebRefusal: Somebody may not, or a value is wrong.
        """
        group.change(by.number, values)
        self._tell(group, group.members)

    def _admissible(self, numbers: Iterable[str]) -> tuple[list[str], list[dict[str, Any]]]:
        """Those who can be added, and a code for each: 200, or 404 for who is not on WhatsApp."""
        accounts = [self._world.account(number) for number in numbers]
        results = [
            {"id": account.jid, "code": 200 if account.registered else 404} for account in accounts
        ]
        return [account.number for account in accounts if account.registered], results

    def _announce(
        self,
        group: Group,
        by: Account,
        action: str,
        *,
        changed: Sequence[str],
        before: Sequence[str],
        reason: str = "",
    ) -> None:
        if not changed:
            return
        concerned = dict.fromkeys((*before, *group.members))
        self._tell(group, concerned)
        change = {
            "group": group.id,
            "author": by.lid,
            "action": action,
            "members": [self._world.account(number).lid for number in changed],
            "reason": reason,
            "t": int(self._world.clock.now()),
        }
        for number in concerned:
            self._world.account(number).tell_devices("group_change", change)
        self._world.changed.notify_all()

    def _tell(self, group: Group, numbers: Iterable[str]) -> None:
        for number in numbers:
            account = self._world.account(number)
            account.chat(group.id)
            account.tell_devices("group", views.group(group, self._world.account))
        self._world.changed.notify_all()


def _check_size(members: int) -> None:
    if members > LARGEST_GROUP:
        raise WebRefusal("group_is_full", f"a group has at most {LARGEST_GROUP} members")
