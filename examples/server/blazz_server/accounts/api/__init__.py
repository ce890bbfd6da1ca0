"""The routes of workspaces, keys and logins."""
