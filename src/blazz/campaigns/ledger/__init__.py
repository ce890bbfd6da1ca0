"""The durable record of every recipient; `base` declares the seam."""
