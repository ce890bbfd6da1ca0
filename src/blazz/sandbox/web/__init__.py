"""A simulated WhatsApp Web: a page on which the real wa-js runs, and phones that a test drives."""

from blazz.sandbox.web.accounts import Addressing
from blazz.sandbox.web.letters import Level
from blazz.sandbox.web.phone import SimulatedPhone
from blazz.sandbox.web.phone_groups import PhoneGroup
from blazz.sandbox.web.received import ReceivedMessage
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.settings import Answers, WebSettings
from blazz.sandbox.web.simulated import SimulatedWeb

__all__ = [
    "Addressing",
    "Answers",
    "Level",
    "PhoneGroup",
    "ReceivedMessage",
    "SimulatedPhone",
    "SimulatedWeb",
    "WebRefusal",
    "WebSettings",
]
