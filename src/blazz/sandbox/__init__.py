"""A stand-in for WhatsApp on your machine."""
