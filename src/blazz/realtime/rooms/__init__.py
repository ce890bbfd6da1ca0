"""Rooms: who is in which channel, on whichever instance, and what was said there last."""
