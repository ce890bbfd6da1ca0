"""The bus: what is published is seen by every instance, in one order."""
