"""A group: its life, its members, its settings, its standing."""

from __future__ import annotations

from dataclasses import dataclass

from blazz.addresses import Group, Identity
from blazz.events.base import Event
from blazz.events.problems import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupEvent(Event):
    """Something about one group.

    Attributes:
        group: The group; None where a group could not be made.
        request_id: The id that the API gave when you asked for it.
        errors: What of it did not work.
    """

    group: Group | None = None
    request_id: str | None = None
    errors: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupCreated(GroupEvent):
    """A group exists now.

    Attributes:
        subject: Its name.
        description: What it is for.
        invite_link: The link by which people join.
        join_approval_mode: `auto_approve` or `approval_required`.
        members: Who is in it from the start.
    """

    subject: str | None = None
    description: str | None = None
    invite_link: str | None = None
    join_approval_mode: str | None = None
    members: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDeleted(GroupEvent):
    """A group is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRequestFailed(GroupEvent):
    """What you asked for did not happen; `errors` say why.

    Attributes:
        action: What you asked for, such as `group_create` or `group_participants_remove`.
        subject: What the group was to be called.
    """

    action: str
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFailed:
    """A person who could not be added or removed.

    Attributes:
        person: Who.
        input: As you named them.
        errors: Why.
    """

    person: Identity
    input: str | None = None
    errors: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembersAdded(GroupEvent):
    """People joined a group.

    Attributes:
        members: Who.
        reason: How, such as `invite_link`.
        failed: Who did not.
    """

    members: tuple[Identity, ...]
    reason: str | None = None
    failed: tuple[MemberFailed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMembersRemoved(GroupEvent):
    """People left a group, or were removed from it.

    Attributes:
        members: Who.
        initiated_by: `business`, or `participant` when they left by themselves.
        failed: Who could not be removed.
    """

    members: tuple[Identity, ...]
    initiated_by: str | None = None
    failed: tuple[MemberFailed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupAdminsChanged(GroupEvent):
    """Members of a group became admins, or are admins no longer.

    Attributes:
        members: Who.
        promoted: They became admins.
    """

    members: tuple[Identity, ...]
    promoted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupJoinRequested(GroupEvent):
    """A person asks to join a group.

    Attributes:
        join_request_id: What to approve or reject it by.
        person: Who asks.
    """

    join_request_id: str | None = None
    person: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupJoinRevoked(GroupEvent):
    """A person no longer asks to join a group.

    Attributes:
        join_request_id: Which request.
        person: Who asked.
    """

    join_request_id: str | None = None
    person: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One setting of a group that you asked to change.

    Attributes:
        value: What it is now; for a picture its SHA-256, in base64.
        mime_type: For a picture, such as `image/jpeg`.
        succeeded: It was changed; None where it is not told.
        errors: Why not.
    """

    value: str | None = None
    mime_type: str | None = None
    succeeded: bool | None = None
    errors: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettingsChanged(GroupEvent):
    """Settings of a group changed; each is None when it was not asked for.

    Attributes:
        subject: Its name.
        description: What it is for.
        picture: Its picture.
    """

    subject: SettingChange | None = None
    description: SettingChange | None = None
    picture: SettingChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSuspended(GroupEvent):
    """WhatsApp suspended a group for breaking its terms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSuspensionLifted(GroupEvent):
    """A suspended group may be used again."""
