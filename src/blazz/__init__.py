"""One typed API for WhatsApp: the public names, each loaded when it is first used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from blazz.addresses import Address, Group, Identity, Lid, Phone, UserId
    from blazz.campaigns import (
        Audience,
        Campaign,
        Canary,
        DryRun,
        FrequencyCap,
        Numbers,
        OptOuts,
        Progress,
        RateCard,
        Report,
        SendHours,
        Tier,
        UnknownPolicy,
        Variants,
    )
    from blazz.client import Client
    from blazz.conversations.base import MessageState
    from blazz.conversations.waiting import TrackedReceipt
    from blazz.conversations.windows import Window, WindowPolicy, WindowState
    from blazz.errors import (
        AnswerLost,
        AudienceError,
        BlazzError,
        BridgeOutdated,
        BrowserNotFound,
        CampaignConflict,
        CampaignError,
        ConfigurationError,
        ConnectionFailed,
        DailyCapReached,
        DeliveryFailed,
        DeliveryUnknown,
        InvalidAddress,
        InvalidValue,
        LeaseTaken,
        LedgerError,
        MaybeNotAsked,
        MissingDependency,
        NotAuthorized,
        NotSent,
        NotSupported,
        OwnershipLost,
        PageNotLoaded,
        PairingFailed,
        ProfileInUse,
        Refused,
        Rejected,
        Restricted,
        Retry,
        SessionClosed,
        SessionEnded,
        SessionNotReady,
        Suppressed,
        Throttled,
        Timeout,
        Unavailable,
        Undeliverable,
        UnreadableAnswer,
        WindowClosed,
        WrongAccount,
        WrongWaJs,
    )
    from blazz.events import (
        AudioReceived,
        ButtonPressed,
        CallPermissionAnswered,
        ContactsReceived,
        Delivered,
        DocumentReceived,
        Event,
        Failed,
        FlowCompleted,
        ImageReceived,
        LocationReceived,
        MarketingResumed,
        MarketingStopped,
        MediaReceived,
        MessageBilled,
        MessageEdited,
        MessageReceived,
        MessageRevoked,
        NumberChanged,
        OrderReceived,
        Played,
        PollAnswered,
        PollReceived,
        PresenceChanged,
        ReactionReceived,
        Read,
        RowPicked,
        Sent,
        SessionState,
        SessionStateChanged,
        StateReason,
        Status,
        StatusChanged,
        StickerReceived,
        TemplateButtonPressed,
        TemplateStatusChanged,
        TextReceived,
        UnknownUpdate,
        UnsupportedReceived,
        VideoReceived,
        VoiceReceived,
    )
    from blazz.messages import (
        Audio,
        Button,
        Buttons,
        CallToAction,
        ContactAddress,
        ContactCard,
        ContactEmail,
        ContactName,
        ContactPhone,
        Contacts,
        ContactUrl,
        CopyCode,
        Currency,
        DateTime,
        Document,
        Image,
        List,
        Location,
        MediaId,
        Message,
        OpenCatalog,
        OpenFlow,
        Organization,
        Poll,
        QuickReply,
        Reaction,
        Row,
        Section,
        Sticker,
        Template,
        Text,
        Upload,
        UrlSuffix,
        Video,
        Voice,
    )
    from blazz.pairing import Paired, PairingCode, PairingStep, QrCode
    from blazz.providers.base import Capability, Provider, Receipt
    from blazz.providers.meta_cloud import MetaCloud
    from blazz.providers.pacing import Pacing
    from blazz.providers.web.provider import Web
    from blazz.providers.web.settings import BrowserSettings, Proxy
    from blazz.sandbox import Sandbox
    from blazz.security.secret import Secret
    from blazz.session import Session

__all__ = [
    "Address",
    "AnswerLost",
    "Audience",
    "AudienceError",
    "Audio",
    "AudioReceived",
    "BlazzError",
    "BridgeOutdated",
    "BrowserNotFound",
    "BrowserSettings",
    "Button",
    "ButtonPressed",
    "Buttons",
    "CallPermissionAnswered",
    "CallToAction",
    "Campaign",
    "CampaignConflict",
    "CampaignError",
    "Canary",
    "Capability",
    "Client",
    "ConfigurationError",
    "ConnectionFailed",
    "ContactAddress",
    "ContactCard",
    "ContactEmail",
    "ContactName",
    "ContactPhone",
    "ContactUrl",
    "Contacts",
    "ContactsReceived",
    "CopyCode",
    "Currency",
    "DailyCapReached",
    "DateTime",
    "Delivered",
    "DeliveryFailed",
    "DeliveryUnknown",
    "Document",
    "DocumentReceived",
    "DryRun",
    "Event",
    "Failed",
    "FlowCompleted",
    "FrequencyCap",
    "Group",
    "Identity",
    "Image",
    "ImageReceived",
    "InvalidAddress",
    "InvalidValue",
    "LeaseTaken",
    "LedgerError",
    "Lid",
    "List",
    "Location",
    "LocationReceived",
    "MarketingResumed",
    "MarketingStopped",
    "MaybeNotAsked",
    "MediaId",
    "MediaReceived",
    "Message",
    "MessageBilled",
    "MessageEdited",
    "MessageReceived",
    "MessageRevoked",
    "MessageState",
    "MetaCloud",
    "MissingDependency",
    "NotAuthorized",
    "NotSent",
    "NotSupported",
    "NumberChanged",
    "Numbers",
    "OpenCatalog",
    "OpenFlow",
    "OptOuts",
    "OrderReceived",
    "Organization",
    "OwnershipLost",
    "Pacing",
    "PageNotLoaded",
    "Paired",
    "PairingCode",
    "PairingFailed",
    "PairingStep",
    "Phone",
    "Played",
    "Poll",
    "PollAnswered",
    "PollReceived",
    "PresenceChanged",
    "ProfileInUse",
    "Progress",
    "Provider",
    "Proxy",
    "QrCode",
    "QuickReply",
    "RateCard",
    "Reaction",
    "ReactionReceived",
    "Read",
    "Receipt",
    "Refused",
    "Rejected",
    "Report",
    "Restricted",
    "Retry",
    "Row",
    "RowPicked",
    "Sandbox",
    "Secret",
    "Section",
    "SendHours",
    "Sent",
    "Session",
    "SessionClosed",
    "SessionEnded",
    "SessionNotReady",
    "SessionState",
    "SessionStateChanged",
    "StateReason",
    "Status",
    "StatusChanged",
    "Sticker",
    "StickerReceived",
    "Suppressed",
    "Template",
    "TemplateButtonPressed",
    "TemplateStatusChanged",
    "Text",
    "TextReceived",
    "Throttled",
    "Tier",
    "Timeout",
    "TrackedReceipt",
    "Unavailable",
    "Undeliverable",
    "UnknownPolicy",
    "UnknownUpdate",
    "UnreadableAnswer",
    "UnsupportedReceived",
    "Upload",
    "UrlSuffix",
    "UserId",
    "Variants",
    "Video",
    "VideoReceived",
    "Voice",
    "VoiceReceived",
    "Web",
    "Window",
    "WindowClosed",
    "WindowPolicy",
    "WindowState",
    "WrongAccount",
    "WrongWaJs",
]

# The same names as above, where they live; a test compares the two.
_MODULES = {
    "blazz.addresses": "Address Group Identity Lid Phone UserId",
    "blazz.campaigns": """
        Audience Campaign Canary DryRun FrequencyCap Numbers OptOuts Progress RateCard
        Report SendHours Tier UnknownPolicy Variants
    """,
    "blazz.client": "Client",
    "blazz.conversations.base": "MessageState",
    "blazz.conversations.waiting": "TrackedReceipt",
    "blazz.conversations.windows": "Window WindowPolicy WindowState",
    "blazz.errors": """
        AnswerLost AudienceError BlazzError BridgeOutdated BrowserNotFound
        CampaignConflict CampaignError ConfigurationError ConnectionFailed
        DailyCapReached DeliveryFailed DeliveryUnknown InvalidAddress
        InvalidValue LeaseTaken LedgerError MaybeNotAsked MissingDependency
        NotAuthorized NotSent NotSupported OwnershipLost PageNotLoaded
        PairingFailed ProfileInUse Refused Rejected Restricted Retry
        SessionClosed SessionEnded SessionNotReady Suppressed Throttled Timeout
        Unavailable Undeliverable UnreadableAnswer WindowClosed WrongAccount
        WrongWaJs
    """,
    "blazz.events": """
        AudioReceived ButtonPressed CallPermissionAnswered ContactsReceived Delivered
        DocumentReceived Event Failed FlowCompleted ImageReceived LocationReceived
        MarketingResumed MarketingStopped MediaReceived MessageBilled MessageEdited
        MessageReceived MessageRevoked NumberChanged OrderReceived Played PollAnswered
        PollReceived PresenceChanged ReactionReceived Read RowPicked Sent SessionState
        SessionStateChanged StateReason Status StatusChanged StickerReceived
        TemplateButtonPressed TemplateStatusChanged TextReceived UnknownUpdate
        UnsupportedReceived VideoReceived VoiceReceived
    """,
    "blazz.messages": """
        Audio Button Buttons CallToAction ContactAddress ContactCard ContactEmail
        ContactName ContactPhone ContactUrl Contacts CopyCode Currency DateTime Document
        Image List Location MediaId Message OpenCatalog OpenFlow Organization Poll
        QuickReply Reaction Row Section Sticker Template Text Upload UrlSuffix Video
        Voice
    """,
    "blazz.pairing": "Paired PairingCode PairingStep QrCode",
    "blazz.providers.base": "Capability Provider Receipt",
    "blazz.providers.meta_cloud": "MetaCloud",
    "blazz.providers.pacing": "Pacing",
    "blazz.providers.web.provider": "Web",
    "blazz.providers.web.settings": "BrowserSettings Proxy",
    "blazz.sandbox": "Sandbox",
    "blazz.security.secret": "Secret",
    "blazz.session": "Session",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'blazz' has no attribute {name!r}{_elsewhere(name)}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def _elsewhere(name: str) -> str:
    """Where a class is that is not among the most used ones."""
    if name[:1].isupper():
        for home in ("blazz.events", "blazz.errors", "blazz.messages"):
            if name in importlib.import_module(home).__all__:
                return f"; it is in {home}"
    return ""


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
