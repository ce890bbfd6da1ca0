"""Campaigns: audiences that are uploaded, and messages that are sent to them in the background."""
