"""Errors about groups."""

from __future__ import annotations

from blazz.errors import Rejected, Restricted, Retry, Throttled
from blazz.providers.meta_cloud.faults.base import GraphError


class GroupInvalid(GraphError, Rejected):
    """This is not a group that the number can use."""

    codes = (131020,)
    retry = Retry.NEVER
    remedy = "Check the group's id and that this number is its owner."


class GroupUnknown(GraphError, Rejected):
    """There is no group of this id."""

    codes = (131041,)
    retry = Retry.NEVER
    remedy = "Check the group's id; the group may have been deleted."


class PageCursorInvalid(GraphError, Rejected):
    """The cursor of the list of groups is no longer valid."""

    codes = (131059,)
    retry = Retry.NEVER
    remedy = "Read the list from its start."


class PartlyDone(GraphError, Rejected):
    """Only a part of the request on the group succeeded."""

    codes = (131201,)
    retry = Retry.NEVER
    remedy = "Repeat it for the participants that the details name."


class ParticipantDoubled(GraphError, Rejected):
    """A participant is named twice."""

    codes = (131202,)
    retry = Retry.NEVER
    remedy = "Name each participant once."


class TooManyParticipants(GraphError, Rejected):
    """The group would have more participants than allowed."""

    codes = (131204,)
    retry = Retry.NEVER
    remedy = "A group has at most 8 participants."


class GroupSuspended(GraphError, Restricted):
    """The group is suspended because it broke a policy."""

    codes = (131207,)
    retry = Retry.NEVER
    remedy = "Make another group once the reason is dealt with."


class GroupCallsExceeded(GraphError, Throttled):
    """Too many calls about groups were made in a short time."""

    codes = (131208,)
    retry = Retry.BACKOFF
    remedy = "Call less often."


class GroupPictureNotSquare(GraphError, Rejected):
    """The group's picture must be square."""

    codes = (131209,)
    retry = Retry.NEVER
    remedy = "Crop the picture to a square."


class GroupPictureTooSmall(GraphError, Rejected):
    """The group's picture is too small."""

    codes = (131210,)
    retry = Retry.NEVER
    remedy = "Use a larger picture."


class GroupLimitReached(GraphError, Restricted):
    """The number has as many groups as it may have."""

    codes = (131211,)
    retry = Retry.NEVER
    remedy = "Delete groups that are no longer used; a number has at most 10,000."


class NotInGroup(GraphError, Rejected):
    """The participant is not in the group."""

    codes = (131212,)
    retry = Retry.NEVER
    remedy = "Read the group's participants again."


class JoinRequestUnknown(GraphError, Rejected):
    """There is no such request to join the group."""

    codes = (131213,)
    retry = Retry.NEVER
    remedy = "Read the open requests again; it may have been withdrawn or answered."


class GroupCreationPaused(GraphError, Restricted):
    """The number may not make groups for some days."""

    codes = (131214,)
    retry = Retry.NEXT_DAY
    remedy = "Wait some days."


class GroupsNotAllowed(GraphError, Restricted):
    """The number may not use groups."""

    codes = (131215,)
    retry = Retry.NEVER
    remedy = "Groups need an official business account, and no number shared with the app."
