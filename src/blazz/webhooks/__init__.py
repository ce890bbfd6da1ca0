"""Receiving: no update is ever lost."""
