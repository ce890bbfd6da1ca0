"""The pages: each reads what the routes of the REST API read, and gives it to a template."""
