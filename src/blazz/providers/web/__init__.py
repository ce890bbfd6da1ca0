"""WhatsApp Web, driven in Chromium through Playwright and wa-js."""
