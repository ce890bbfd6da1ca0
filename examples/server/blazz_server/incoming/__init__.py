"""Webhooks of Meta: one URL for all tenants, whose updates never mix."""
