/** Reports wa-js's events to Python, each with what the tests look at. */
() => {
  const plain = (value) => {
    if (value === null || value === undefined || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(plain);
    if (value.remote || value.server) return value.toString();
    const message = value.attributes ? { ...value.attributes, unreadCount: value.unreadCount } : value;
    return Object.fromEntries(
      Object.entries(message)
        .filter(([, its]) => typeof its !== 'function' && !its?.attributes && !(its instanceof Uint8Array))
        .map(([name, its]) => [name, plain(its)]),
    );
  };
  const names = [
    'conn.auth_code_change', 'conn.authenticated', 'conn.backend_event', 'conn.link_code_change',
    'conn.link_code_expired', 'conn.link_code_error', 'conn.logout', 'conn.logout_reason',
    'conn.main_ready', 'conn.needs_update', 'conn.online', 'conn.qrcode_idle', 'conn.require_auth',
    'conn.stream_info_changed', 'conn.stream_mode_changed', 'chat.msg_ack_change', 'chat.msg_edited',
    'chat.msg_revoke', 'chat.new_chat', 'chat.new_message', 'chat.new_reaction', 'chat.poll_response',
    'chat.presence_change', 'chat.unread_count_changed', 'call.incoming_call', 'group.participant_changed',
    'blocklist.sync',
  ];
  for (const name of names) WPP.on(name, (value) => window.report(name, plain(value)));
}
