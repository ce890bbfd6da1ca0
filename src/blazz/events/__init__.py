"""What can happen, one file per kind."""
