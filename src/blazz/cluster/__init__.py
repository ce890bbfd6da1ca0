"""Many instances: which one runs a session, and how calls find it."""

from blazz.cluster.placement import Instance, Move, place, plan, rank

__all__ = ["Instance", "Move", "place", "plan", "rank"]
