/** Names and numbers that wa-js looks up in WhatsApp instead of having its own. */

import { define } from './registry.js';

const TYPES = [
  'chat', 'image', 'video', 'audio', 'ptt', 'document', 'sticker', 'location', 'vcard', 'multi_vcard',
  'poll_creation', 'revoked', 'protocol', 'ciphertext', 'gp2', 'call_log', 'list', 'unknown',
];

define('WAWebAck', {
  ACK: { FAILED: -1, CLOCK: 0, SENT: 1, RECEIVED: 2, READ: 3, PLAYED: 4 },
  ACK_STRING: { SENDER: 'sender', DELIVERY: 'delivery', READ: 'read', PLAYED: 'played' },
  EDIT_ATTR: { SENDER_REVOKE: 7, ADMIN_REVOKE: 8 },
});
define('WAWebMsgType', {
  MSG_TYPE: Object.fromEntries(TYPES.map((type) => [type.toUpperCase(), type])),
  SYSTEM_MESSAGE_TYPES: ['gp2', 'protocol', 'call_log'],
});
define('WAWebSendMsgResultAction', {
  SendMsgResult: {
    OK: 'OK', ERROR_NETWORK: 'ERROR_NETWORK', ERROR_EXPIRED: 'ERROR_EXPIRED', ERROR_CANCELLED: 'ERROR_CANCELLED',
    ERROR_UPLOAD: 'ERROR_UPLOAD', ERROR_UNKNOWN: 'ERROR_UNKNOWN',
  },
});
define('WAWebNonJidMentionType', { default: { MENTION_ALL: 1 } });
define('WAWebGroupConstants', {
  GROUP_SETTING_TYPE: { ANNOUNCEMENT: 'announcement', RESTRICT: 'restrict', EPHEMERAL: 'ephemeral' },
});
define('WAWebServerPropConstants', { MAX_FILE_SIZE_BYTES: 2 ** 31, MULTICAST_LIMIT_GLOBAL: 5 });
define('WAWebClock', {
  unixTime: () => Math.floor(Date.now() / 1000),
  unixTimeMs: () => Date.now(),
});
define('WAWebEphemeralFields', { getEphemeralFields: () => ({}) });
define('WAWebLid1X1MigrationUtils', {
  Lid1X1MigrationUtils: {
    isLidMigrated: () => false, isSyncdSessionMigrated: () => false, shouldApplyNonMigratedMessagingRules: () => true,
  },
});
define('WAWebBrowserInfo', {
  default: { info: () => ({ os: 'Linux', name: 'Chrome' }), hardRefresh: () => location.reload(), id: () => 'sandbox', startDownloading() {} },
});
define('WAWebOfficialClient', { isOfficialClient: true });
