/** The state of the page as a whole: connection, stream, socket, commands; read by wa-js. */

import { Emitter } from './emitter.js';
import { boot } from './connection.js';
import { Model } from './model.js';
import { define, internal } from './registry.js';

const names = (...list) => Object.fromEntries(list.map((name) => [name, name]));

export const SOCKET_STATE = names(
  'UNLAUNCHED', 'OPENING', 'PAIRING', 'UNPAIRED', 'UNPAIRED_IDLE', 'CONNECTED', 'TIMEOUT',
  'CONFLICT', 'DEPRECATED_VERSION', 'PROXYBLOCK', 'TOS_BLOCK', 'SMB_TOS_BLOCK',
);
const SOCKET_STREAM = names('DISCONNECTED', 'SYNCING', 'RESUMING', 'CONNECTED');
export const StreamMode = names(
  'QR', 'MAIN', 'SYNCING', 'OFFLINE', 'CONFLICT', 'PROXYBLOCK', 'TOS_BLOCK', 'SMB_TOS_BLOCK',
  'DEPRECATED_VERSION',
);
export const StreamInfo = names(
  'OFFLINE', 'OPENING', 'PAIRING', 'SYNCING', 'RESUMING', 'CONNECTING', 'NORMAL',
);

class ConnImpl extends Model {
  static defaults = { ref: null, refTTL: 0, connected: false, platform: 'android', pushname: '', isSMB: false };
}
export const Conn = new ConnImpl();

class StreamImpl extends Model {
  static defaults = { mode: undefined, info: undefined, needsUpdate: false, available: false };

  markAvailable() {
    this.set('available', true);
    internal('WAWebChatPresence').sendPresenceAvailable();
  }

  markUnavailable() {
    this.set('available', false);
    internal('WAWebChatPresence').sendPresenceUnavailable();
  }
}
export const Stream = new StreamImpl();

class SocketImpl extends Model {
  static defaults = { state: SOCKET_STATE.UNLAUNCHED, stream: SOCKET_STREAM.DISCONNECTED };

  logout() {
    this.trigger('logout_requested');
  }

  poke() {
    this.trigger('poked');
  }

  takeover() {
    this.trigger('taken_over');
  }
}
export const Socket = new SocketImpl();

/** Commands that WhatsApp's parts give each other; wa-js calls some and listens to others. */
class CmdImpl extends Emitter {
  isMainLoaded = false;

  refreshQR() {
    this.trigger('refresh_qr');
  }

  mainLoaded() {
    this.isMainLoaded = true;
    this.trigger('main_loaded');
  }

  archiveChat(chat, archive) {
    return internal('WAWebSetArchiveChatAction').setArchive(chat, archive);
  }

  sendRevokeMsgs(chat, { list }) {
    return internal('WAWebRevokeMsgAction').sendRevoke(chat, list);
  }

  sendStarMsgs(chat, messages) {
    chat.promises.sendStarMsgs = internal('WAWebStarMessageAction').setStar(messages, true);
  }

  sendUnstarMsgs(chat, messages) {
    chat.promises.sendStarMsgs = internal('WAWebStarMessageAction').setStar(messages, false);
  }

  sendDeleteMsgs(chat, { list }) {
    return internal('WAWebDeleteMsgAction').sendDeleteMsgs(chat, list);
  }
}
export const Cmd = new CmdImpl();

export const BackendEvent = {
  APP_STATE_SYNC_COMPLETED: 'app_state_sync_completed',
  LOGOUT: 'logout',
  STARTING_LOGOUT: 'starting_logout',
  ON_INITIAL_CHAT_SYNCED: 'on_initial_chat_synced',
  NEW_HISTORY_SYNC_CHUNK_PROCESSED: 'new_history_sync_chunk_processed',
  STORAGE_INITIALIZATION_ERROR: 'storage_initialization_error',
  SOCKET_STREAM_DISCONNECTED: 'socket_stream_disconnected',
  OPEN_SOCKET_STREAM: 'open_socket_stream',
  ACCOUNT_TEMPORARILY_BANNED: 'account_temporarily_banned',
  MAIN_STREAM_MODE_READY: 'main_stream_mode_ready',
  OFFLINE_DELIVERY_END: 'offline_delivery_end',
};
export const BackendEventBus = new Emitter();

class NetworkStatus extends Model {
  static defaults = { online: navigator.onLine };

  checkOnline() {
    this.set('online', navigator.onLine);
  }
}
export const network = new NetworkStatus();
for (const name of ['online', 'offline']) window.addEventListener(name, () => network.checkOnline());

let previousReason;
let previousMessage;
define('WAWebLogoutReasonConstants', {
  LogoutReason: {
    UserInitiated: 'user_initiated',
    UnknownCompanion: 'unknown_companion',
    InvalidAdvStatus: 'invalid_adv_status',
    AccountLocked: 'account_locked',
    ClientVersionOutdated: 'client_version_outdated',
    WebFailStorageInitialization: 'web_fail_storage_initialization',
  },
  LOGOUT_REASON_CODE: { CLIENT_FATAL: '0', SYNC_FAIL: '1', INITIAL_HISTORY_SYNC_TIMEOUT: '2', ACCOUNT_LOCKED: '3' },
});
define('WAWebLogoutReason', {
  getErrorCodeFromLogoutReason: (reason) => (reason === 'account_locked' ? '3' : '0'),
  setPrevLogoutReasonCode: (code) => (previousReason = code),
  getPrevLogoutReasonCode: () => previousReason,
  setPrevCustomLogoutMessage: (text) => (previousMessage = text),
  getPrevCustomLogoutMessage: () => previousMessage,
});
define('WAWebSocketConstants', { SOCKET_STATE, SOCKET_STREAM, WATCHED_SOCKET_STATE: SOCKET_STATE });
define('WAWebConnModel', { Conn, ConnImpl });
define('WAWebStreamModel', { Stream, StreamMode, StreamInfo });
define('WAWebSocketModel', { Socket });
define('WAWebCmd', { Cmd, CmdImpl });
define('WAWebBackendEventBus', { BackendEvent, BackendEventBus });
define('WAWebNetworkStatus', { default: network });

const [primary, secondary, tertiary] = boot.version.split('.');
define('WAWebBuildConstants', {
  VERSION_STR: boot.version,
  VERSION_BASE: boot.version,
  SANITIZED_VERSION_STR: boot.version,
  VERSION_PRIMARY: primary,
  VERSION_SECONDARY: secondary,
  VERSION_TERTIARY: tertiary,
  WINDOWS_BUILD: null,
});
