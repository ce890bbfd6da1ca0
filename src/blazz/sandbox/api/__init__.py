"""The sandbox over HTTP: Meta's Graph API, and the control API that tests use."""
