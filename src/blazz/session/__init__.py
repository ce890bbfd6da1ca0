"""One WhatsApp account: its life, sending, receiving, and what else its provider can."""

from blazz.session.session import Session
from blazz.session.settings import SessionSettings

__all__ = ["Session", "SessionSettings"]
