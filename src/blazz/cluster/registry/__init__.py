"""The registry: which instances live, which session is where, and what became of each."""
