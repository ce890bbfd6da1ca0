"""The events that the fixtures mean. Groups."""

from __future__ import annotations

from blazz.addresses import Identity, Phone, UserId
from blazz.events import (
    Event,
    GroupCreated,
    GroupDeleted,
    GroupJoinRequested,
    GroupJoinRevoked,
    GroupMembersAdded,
    GroupMembersRemoved,
    GroupRequestFailed,
    GroupSettingsChanged,
    GroupSuspended,
    GroupSuspensionLifted,
    MemberFailed,
    Problem,
    SettingChange,
)
from tests.unit.providers.meta_cloud.inbound.people import (
    BUDI_UNNAMED,
    GROUP,
    NUMBER,
    SARI_UNNAMED,
    at,
)

EXPECTED: dict[str, list[Event]] = {
    "groups/create_failed": [
        GroupRequestFailed(
            key=f"groups:{NUMBER}:22690cec1ef586e487fcc3b9b0becdf40ac30cdd",
            at=at(),
            account=NUMBER,
            request_id="req-2",
            errors=(
                Problem(
                    code=131204, title="Too many", message="Too many members", details="At most 8"
                ),
            ),
            action="group_create",
            subject="Arisan",
        ),
    ],
    "groups/created": [
        GroupCreated(
            key=f"groups:{NUMBER}:d67f7545c58b055a46fd2eafa9a84334dfaa5d08",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            subject="Arisan",
            description="Tiap bulan",
            invite_link="https://chat.example/abc",
            join_approval_mode="approval_required",
            members=(BUDI_UNNAMED,),
        ),
    ],
    "groups/delete_failed": [
        GroupRequestFailed(
            key=f"groups:{NUMBER}:be9cbc589bce8a82bb1e8b6ac3116e45e1ea4dc9",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            errors=(
                Problem(
                    code=131204, title="Too many", message="Too many members", details="At most 8"
                ),
            ),
            action="group_delete",
        ),
    ],
    "groups/deleted": [
        GroupDeleted(
            key=f"groups:{NUMBER}:35e8391369e742f613ca9dba96bfc2b73e722db8",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
        ),
    ],
    "groups/join_requested": [
        GroupJoinRequested(
            key=f"groups:{NUMBER}:db6e9f77e6965d601925e19398f98052f3f0bff2",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            join_request_id="join-1",
            person=SARI_UNNAMED,
        ),
    ],
    "groups/join_revoked": [
        GroupJoinRevoked(
            key=f"groups:{NUMBER}:391810e97ea4fdb98b16e8492271a627613cd7bd",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            join_request_id="join-1",
            person=SARI_UNNAMED,
        ),
    ],
    "groups/joined": [
        GroupMembersAdded(
            key=f"groups:{NUMBER}:f1c6ff3ba1e7651371f5acac60641fa8e380bcb3",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            members=(SARI_UNNAMED,),
            reason="invite_link",
        ),
    ],
    "groups/left": [
        GroupMembersRemoved(
            key=f"groups:{NUMBER}:9bc724cd1ef27fdead7dde1de5500ef850f41761",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            members=(SARI_UNNAMED,),
            initiated_by="participant",
        ),
    ],
    "groups/remove_failed": [
        GroupRequestFailed(
            key=f"groups:{NUMBER}:8ea866eef455b7387a6d7a7b56f773f5f030178b",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            errors=(
                Problem(
                    code=131204, title="Too many", message="Too many members", details="At most 8"
                ),
            ),
            action="group_participants_remove",
        ),
    ],
    "groups/removed": [
        GroupMembersRemoved(
            key=f"groups:{NUMBER}:ff0bdd57c80a7b8d4e47cb104d8b208445cedcd7",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            errors=(Problem(code=131201, message="Partly"),),
            members=(
                BUDI_UNNAMED,
                Identity(user_id=UserId("ID.40000000000000000003")),
            ),
            initiated_by="business",
            failed=(
                MemberFailed(
                    person=Identity(phone=Phone("+6281234500009")),
                    input="6281234500009",
                    errors=(Problem(code=131212, message="Not in the group"),),
                ),
            ),
        ),
    ],
    "groups/settings": [
        GroupSettingsChanged(
            key=f"groups:{NUMBER}:e35b028413b75023390ff3133705f65bc85bd463",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            subject=SettingChange(value="Arisan baru", succeeded=True),
            description=SettingChange(
                value="Tiap minggu",
                succeeded=False,
                errors=(
                    Problem(
                        code=131204,
                        title="Too many",
                        message="Too many members",
                        details="At most 8",
                    ),
                ),
            ),
            picture=SettingChange(value="cGljdHVyZQ==", mime_type="image/jpeg", succeeded=True),
        ),
    ],
    "groups/settings_failed": [
        GroupRequestFailed(
            key=f"groups:{NUMBER}:fc95511e762eb55856d773017293850b51693c1f",
            at=at(),
            account=NUMBER,
            group=GROUP,
            request_id="req-1",
            errors=(
                Problem(
                    code=131204, title="Too many", message="Too many members", details="At most 8"
                ),
            ),
            action="group_settings_update",
        ),
    ],
    "groups/suspended": [
        GroupSuspended(
            key=f"groups:{NUMBER}:347d08a24ad96f4d8fbafbd4f3eafae21e820570",
            at=at(),
            account=NUMBER,
            group=GROUP,
        ),
    ],
    "groups/suspension_lifted": [
        GroupSuspensionLifted(
            key=f"groups:{NUMBER}:8f43183f6b62ddea88674b2c2dc66b120c3e561f",
            at=at(),
            account=NUMBER,
            group=GROUP,
        ),
    ],
}
