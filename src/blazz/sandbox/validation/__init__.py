"""What Meta checks in a send request, and how it refuses; pure."""
