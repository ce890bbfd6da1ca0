"""What carries chunk ids to workers; `base` declares the seam."""
