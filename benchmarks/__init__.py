"""Measurements, one script per subject: `python -m benchmarks.send`."""
