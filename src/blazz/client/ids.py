"""How workspaces, sessions and campaigns may be called."""

from __future__ import annotations

import re
from typing import Final

from blazz.errors import InvalidValue

_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def check_id(field: str, value: str) -> str:
    """Check the name of a workspace, session or campaign.

    Raises:
        InvalidValue: It is not of the form `[a-z0-9][a-z0-9_-]{0,62}`.
    """
    if not _ID.fullmatch(value):
        rule = "1 to 63 of a-z, 0-9, - and _, beginning with a letter or digit"
        raise InvalidValue(field, rule, value)
    return value
