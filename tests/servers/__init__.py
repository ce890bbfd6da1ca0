"""Real servers for tests: started on loopback, used, and ended by process id."""
