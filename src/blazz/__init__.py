"""blazz: one typed API for WhatsApp."""
