/** Starts the page: all modules first, then the globals that wa-js waits for, then the session. */

import './constants.js';
import './contents.js';
import './calls.js';
import './profile.js';
import './history.js';
import './sending.js';
import './receiving.js';
import './receipts.js';
import './inert.js';
import { boot } from './connection.js';
import { publish } from './registry.js';
import { start } from './session.js';
import { Conn, Socket, Stream } from './stream.js';

/** Tell a person who looks at the page what it is doing. */
function describe() {
  const { mode, info } = Stream.attributes;
  document.getElementById('state').textContent = `${mode ?? 'starting'} · ${info ?? ''} · ${Socket.state}`;
  document.getElementById('code').textContent = Conn.ref ?? '';
}

Stream.on('change', describe);
Socket.on('change', describe);
Conn.on('change:ref', describe);
publish(boot.missing);
await start();
