"""Live events: a bus that instances share, and the Pusher protocol that browsers speak."""

from blazz.realtime.bus.base import Bus, Notice
from blazz.realtime.bus.memory import MemoryBus

__all__ = ["Bus", "MemoryBus", "Notice"]
