"""Live events: what browsers see at once, over the protocol of Pusher Channels."""
