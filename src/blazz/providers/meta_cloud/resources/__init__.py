"""What an account has besides messages: media, templates, phone numbers, profile, subscriptions."""

from blazz.providers.meta_cloud.resources.media import Media, MediaInfo
from blazz.providers.meta_cloud.resources.phone_numbers import (
    PhoneNumber,
    PhoneNumbers,
    Throughput,
)
from blazz.providers.meta_cloud.resources.profile import BusinessProfile, Profile
from blazz.providers.meta_cloud.resources.subscriptions import Subscription, Subscriptions
from blazz.providers.meta_cloud.resources.templates import TemplateInfo, Templates

__all__ = [
    "BusinessProfile",
    "Media",
    "MediaInfo",
    "PhoneNumber",
    "PhoneNumbers",
    "Profile",
    "Subscription",
    "Subscriptions",
    "TemplateInfo",
    "Templates",
    "Throughput",
]
