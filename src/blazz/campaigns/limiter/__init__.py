"""What keeps sending within the provider's limits; `base` declares the seam."""
