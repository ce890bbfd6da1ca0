"""What a page that is logged in may ask for about groups; each request is one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from blazz.sandbox.web import views
from blazz.sandbox.web.asking import Asking, Json


def create_group(asking: Asking) -> Json:
    """Make a group."""
    services = asking.services
    made, results = services.membership.create(
        asking.account, asking.text("subject"), asking.numbers("members")
    )
    return {"group": views.group(made, services.world.account), "results": results}


def group(asking: Asking) -> Json:
    """What is known of a group."""
    found = asking.group
    return views.group(found, asking.services.world.account)


def members(asking: Asking) -> Json:
    """Add, remove, promote or demote members of a group."""
    found = asking.group
    results = asking.services.membership.change_members(
        found, asking.account, asking.text("action"), asking.numbers("members")
    )
    return {"results": results, "group": views.group(found, asking.services.world.account)}


def set_group(asking: Asking) -> Json:
    """Change a group's name, description or rules."""
    found = asking.group
    values = {name: value for name, value in asking.parameters.items() if name not in {"n", "op"}}
    asking.services.membership.change(found, asking.account, values)
    return {"group": views.group(found, asking.services.world.account)}


def leave(asking: Asking) -> None:
    """Leave a group."""
    found = asking.group
    asking.services.membership.leave(found, asking.account.number)


def invite(asking: Asking) -> Json:
    """The invitation to a group, or a new one."""
    found = asking.group
    found.check_admin(asking.account.number)
    if asking.flag("renew"):
        found.renew_code()
    return {"code": found.code}


def invited(asking: Asking) -> Json:
    """The group that an invitation leads to, without joining it."""
    found = asking.services.membership.invited(asking.text("code"))
    return {"group": views.group(found, asking.services.world.account)}


def join(asking: Asking) -> Json:
    """Join a group through an invitation."""
    joined = asking.services.membership.join(asking.text("code"), asking.account)
    return {"group": views.group(joined, asking.services.world.account)}


GROUP_REQUESTS: Final[Mapping[str, Callable[[Asking], object]]] = {
    function.__name__: function
    for function in (create_group, group, members, set_group, leave, invite, invited, join)
}
"""All requests about groups by name."""
