"""The documentation is tested: its code runs, its commands print what it shows."""
