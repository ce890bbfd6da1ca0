"""The `blazz` command."""
