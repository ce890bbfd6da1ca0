"""What an application's or provider's own tests need."""
