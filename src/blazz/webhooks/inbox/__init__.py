"""Where updates are kept until they are handled; `base` declares the seam."""
