"""What can be sent."""
