"""Who may do what: workspaces, API keys, logins of the dashboard, rate limits."""
