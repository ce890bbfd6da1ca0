"""The tests of blazz."""
