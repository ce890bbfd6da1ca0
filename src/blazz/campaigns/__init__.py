"""Campaigns: an audience, a message, and a ledger that never sends twice."""
