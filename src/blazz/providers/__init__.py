"""The ways to reach WhatsApp; `base` declares what a provider is."""
