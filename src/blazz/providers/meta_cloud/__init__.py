"""Meta's official Cloud API."""
