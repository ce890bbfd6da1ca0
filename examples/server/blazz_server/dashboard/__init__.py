"""The dashboard: pages for browsers, drawn from the same services that the REST API uses."""
