"""Which kinds of reports there are, and how each is read."""

from __future__ import annotations

from typing import Final

from blazz.providers.web.inbound import changes, messages
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
    "setting": Kind(changes.identify_setting, changes.build_setting),
    "call": Kind(changes.identify_call, changes.build_call),
}
