"""Secrets, signatures and limits that protect an application."""
