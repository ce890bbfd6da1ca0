"""The Pusher Channels protocol, version 7: stock pusher-js and Laravel Echo connect unchanged.

Facts come from the behaviour of Laravel Reverb, soketi, pusher-js 8 and the PyPI package `pusher`,
and from pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol.
"""
