"""Which kinds of reports there are, and how each is read."""

from __future__ import annotations

from typing import Final

from blazz.providers.web.inbound import changes, messages, notices
from blazz.providers.web.inbound.updates import Kind

KINDS: Final = {
    "message": Kind(messages.identify, messages.build),
    "receipt": Kind(changes.identify_receipt, changes.build_receipt),
    "reaction": Kind(changes.identify_reaction, changes.build_reaction),
    "edit": Kind(changes.identify_edit, changes.build_edit),
    "revoke": Kind(changes.identify_revoke, changes.build_revoke),
    "vote": Kind(changes.identify_vote, changes.build_vote),
    "presence": Kind(changes.identify_presence, changes.build_presence),
    "chat": Kind(changes.identify_chat, changes.build_chat),
    "members": Kind(changes.identify_members, changes.build_members),
    "call": Kind(changes.identify_call, changes.build_call),
    "setting": Kind(notices.identify_setting, notices.build_setting),
    "created": Kind(notices.identify_created, notices.build_created),
    "joining": Kind(notices.identify_joining, notices.build_joining),
    "number": Kind(notices.identify_number, notices.build_number),
    "code": Kind(notices.identify_code, notices.build_code),
    "call_ended": Kind(notices.identify_ended, notices.build_ended),
}
