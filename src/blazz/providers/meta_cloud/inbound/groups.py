"""The four `group_…_update` fields: life, members, settings and standing of groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple
from typing import Any

from blazz.addresses import Identity
from blazz.events.groups import (
    GroupCreated,
    GroupDeleted,
    GroupEvent,
    GroupJoinRequested,
    GroupJoinRevoked,
    GroupMembersAdded,
    GroupMembersRemoved,
    GroupRequestFailed,
    GroupSettingsChanged,
    GroupSuspended,
    GroupSuspensionLifted,
    MemberFailed,
    SettingChange,
)
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.people import (
    SELF,
    group_conversation,
    identity,
    to_group,
    to_phone,
    to_user_id,
)
from blazz.providers.meta_cloud.inbound.problems import problems
from blazz.providers.meta_cloud.inbound.reading import Json, Unreadable, each, flag, inner, text


def _identify(item: Json, change: Change) -> tuple[str | None, str | None]:
    group_id = item.get("group_id")
    return None, group_conversation(group_id, change) if group_id else None


def _build(item: Json, update: CloudUpdate) -> GroupEvent:
    action = text(item, "type")
    common = update.common() | {
        "group": to_group(item.get("group_id")),
        "request_id": text(item, "request_id"),
        "errors": problems(item),
    }
    # Meta's own example has removed members under the type `group_create`.
    if "removed_participants" in item:
        return _removed(item, common)
    if "added_participants" in item and action != "group_create":
        return _added(item, common)
    if action is None or action not in _READERS:
        raise Unreadable(f"the group event {(action or 'none')[:40]} is not known")
    if common["errors"] and not any(name in item for name in _PARTLY):
        return GroupRequestFailed(**common, action=action, subject=text(item, "subject"))
    return _READERS[action](item, common)


def _created(item: Json, common: dict[str, Any]) -> GroupEvent:
    return GroupCreated(
        **common,
        subject=text(item, "subject"),
        description=text(item, "description"),
        invite_link=text(item, "invite_link"),
        join_approval_mode=text(item, "join_approval_mode"),
        members=_members(item, "added_participants"),
    )


def _deleted(_: Json, common: dict[str, Any]) -> GroupEvent:
    return GroupDeleted(**common)


def _added(item: Json, common: dict[str, Any]) -> GroupEvent:
    return GroupMembersAdded(
        **common,
        members=_members(item, "added_participants"),
        reason=text(item, "reason"),
        failed=_failed(item),
    )


def _removed(item: Json, common: dict[str, Any]) -> GroupEvent:
    return GroupMembersRemoved(
        **common,
        members=_members(item, "removed_participants"),
        initiated_by=text(item, "initiated_by"),
        failed=_failed(item),
    )


def _join_requested(item: Json, common: dict[str, Any]) -> GroupEvent:
    request_id = text(item, "join_request_id")
    return GroupJoinRequested(**common, join_request_id=request_id, person=identity(item, SELF))


def _join_revoked(item: Json, common: dict[str, Any]) -> GroupEvent:
    request_id = text(item, "join_request_id")
    return GroupJoinRevoked(**common, join_request_id=request_id, person=identity(item, SELF))


def _settings(item: Json, common: dict[str, Any]) -> GroupEvent:
    return GroupSettingsChanged(
        **common,
        subject=_setting(item, "group_subject", "text"),
        description=_setting(item, "group_description", "text"),
        picture=_setting(item, "profile_picture", "sha256"),
    )


def _suspended(_: Json, common: dict[str, Any]) -> GroupEvent:
    return GroupSuspended(**common)


def _lifted(_: Json, common: dict[str, Any]) -> GroupEvent:
    return GroupSuspensionLifted(**common)


def _members(item: Json, name: str) -> tuple[Identity, ...]:
    return tuple(_member(member) for member in each(item, name))


def _member(member: Json) -> Identity:
    """Read a member; one that you named yourself comes back as you named them, in `input`."""
    named = member.get("input")
    if any(member.get(name) for name in astuple(SELF)):
        return identity(member, SELF)
    return Identity(
        phone=to_phone(named), user_id=to_user_id(named), username=text(member, "username")
    )


def _failed(item: Json) -> tuple[MemberFailed, ...]:
    return tuple(
        MemberFailed(person=_member(member), input=text(member, "input"), errors=problems(member))
        for member in each(item, "failed_participants")
    )


def _setting(item: Json, name: str, value_name: str) -> SettingChange | None:
    setting = inner(item, name)
    if not setting:
        return None
    return SettingChange(
        value=text(setting, value_name),
        mime_type=text(setting, "mime_type"),
        succeeded=flag(setting, "update_successful"),
        errors=problems(setting),
    )


# What shows that a request worked in part, although it has errors.
_PARTLY = ("failed_participants", "profile_picture", "group_subject", "group_description")

_READERS: Mapping[str, Callable[[Json, dict[str, Any]], GroupEvent]] = {
    "group_create": _created,
    "group_delete": _deleted,
    "group_participants_add": _added,
    "group_add_participants": _added,
    "group_participants_remove": _removed,
    "group_remove_participants": _removed,
    "group_join_request_created": _join_requested,
    "group_join_request_revoked": _join_revoked,
    "group_settings_update": _settings,
    "group_suspend": _suspended,
    "group_suspend_cleared": _lifted,
}

GROUP = Kind(_identify, _build)
