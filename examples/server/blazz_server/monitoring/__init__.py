"""Monitoring: what the library and the server measure, for Prometheus to read."""
