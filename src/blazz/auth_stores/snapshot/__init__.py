"""What every auth store shares: chunks, packs, sealing, manifests and retention."""
