"""Hosting: the sessions of all workspaces, on this instance and on the others."""
