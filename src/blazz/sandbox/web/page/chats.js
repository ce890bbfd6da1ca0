/** Chats: the list, finding or making one, reading, archiving, clearing, deleting. */

import { connection } from './connection.js';
import { contactOf } from './contacts.js';
import { groupOf } from './groups.js';
import { lidPnCache, MsgKey, wid } from './ids.js';
import { Collection, collectionOf, Model, textOf } from './model.js';
import { presenceOf } from './presence.js';
import { define, internal } from './registry.js';
import * as storage from './storage.js';

const now = () => Math.floor(Date.now() / 1000);

/** Until when a chat makes no sound: seconds since 1970, -1 for good, 0 where it makes one. */
class Mute extends Model {
  constructor(attributes, chat) {
    super(attributes);
    Object.defineProperty(this, 'chat', { value: chat });
  }

  get expiration() {
    return this.chat.get('muteExpiration');
  }

  get isMuted() {
    return this.expiration !== 0;
  }

  canMute() {
    return true;
  }

  async mute({ expiration }) {
    await setOnChat(this.chat, { mute: expiration });
    return expiration;
  }

  async unmute() {
    await setOnChat(this.chat, { mute: 0 });
  }
}
Mute.prototype.proxyName = 'mute';

export class Chat extends Model {
  static defaults = {
    unreadCount: 0, archive: false, pin: 0, muteExpiration: 0, t: 0, name: undefined, lastReceivedKey: undefined,
    groupMetadata: undefined,
  };

  promises = {};

  constructor(attributes) {
    super(attributes);
    Object.defineProperty(this, 'msgs', { value: new ChatMessages() });
    Object.defineProperty(this, 'mute', { value: new Mute({ id: this.id }, this) });
  }

  get contact() {
    return contactOf(this.id);
  }

  get presence() {
    return presenceOf(this.id);
  }

  get formattedTitle() {
    return this.attributes.formattedTitle ?? this.attributes.name ?? this.contact?.displayName ?? this.id.user;
  }

  set formattedTitle(title) {
    this.attributes.formattedTitle = title;
  }

  /** What is stored of the chat. */
  row() {
    const { unreadCount, archive, pin, muteExpiration, t, name, lastReceivedKey } = this.attributes;
    return {
      key: this.id.toString(), unreadCount, archive, pin, muteExpiration, t, name, lastReceivedKey: textOf(lastReceivedKey),
    };
  }
}
Chat.prototype.proxyName = 'chat';

/** The messages of one chat that are in memory. */
class ChatMessages extends Collection {
  static model = Model;
}

class ChatCollectionImpl extends collectionOf(Chat) {}
export const ChatCollection = new ChatCollectionImpl();

/** The chat of this id; it is added where it is new. */
export function chatOf(id, attributes = {}) {
  const known = ChatCollection.get(id);
  if (known) return known;
  const who = wid(id);
  const groupMetadata = who.isGroup() ? groupOf(who) : undefined;
  const name = groupMetadata?.get('subject') ?? contactOf(who)?.get('name');
  return ChatCollection.add({ name, ...attributes, id: who, groupMetadata })[0];
}

export const saveChat = (chat) => storage.store({ chat: [chat.row()] });

/** Find the chat with somebody; ask who that is if it is a new one. */
async function findOrCreateLatestChat(id) {
  const who = wid(id);
  const known = ChatCollection.get(who) ?? ChatCollection.get(lidPnCache.getCurrentLid(who));
  if (known) return { chat: { id: known.id }, created: false };
  const answer = await connection.insist('chat', { chat: who.toString() });
  lidPnCache.learn(answer.number, answer.lid);
  const chat = chatOf(answer.chat, { t: now() });
  await saveChat(chat);
  return { chat: { id: chat.id }, created: true };
}

/** Read a chat as far as it is shown: what is on its way stays unread. */
async function sendSeen({ chat }) {
  if (chat.unreadCount === 0) return;
  chat.set('unreadCount', 0);
  await saveChat(chat);
  await connection.eventually('seen', { chat: chat.id.toString(), id: chat.get('lastReceivedKey')?.id });
}

async function markUnread(chat, unread) {
  chat.set('unreadCount', unread ? -1 : 0);
  await saveChat(chat);
}

/** What the server says of a chat, as attributes. */
export const settingsOf = ({ archive, pin, mute }) => ({ archive, pin: pin ? now() : 0, muteExpiration: mute });

/** Put a chat away, pin or mute it, or no longer. */
async function setOnChat(chat, settings) {
  const { archive, pin, muteExpiration } = chat.attributes;
  chat.set(settingsOf({ archive, pin: !!pin, mute: muteExpiration, ...settings }));
  await saveChat(chat);
  await connection.eventually('set_chat', { chat: chat.id.toString(), ...settings });
}

/** Delete the messages of a chat here and on the phone; starred ones stay if that is wanted. */
async function removeMessages(chat, { keepStarred = false, gone = false } = {}) {
  const id = chat.id.toString();
  const found = await storage.readAround(id, { t: -Infinity, n: -Infinity }, 'after', Infinity);
  const kept = found.filter((row) => keepStarred && row.star);
  await storage.store({}, { removed: { message: found.filter((row) => !kept.includes(row)).map((row) => row.key) } });
  const { MsgCollection } = internal('WAWebMsgCollection');
  for (const message of chat.msgs.getModelsArray()) {
    if (!(keepStarred && message.get('star'))) [chat.msgs, MsgCollection].forEach((all) => all.remove(message));
  }
  chat.set({ lastReceivedKey: kept.length ? MsgKey.fromString(kept.at(-1).key) : undefined, unreadCount: 0 });
  await connection.eventually('clear', { chat: id, keep: kept.map((row) => row.id), gone });
}

function sendClear(chat, keepStarred) {
  const WAWebStateUtils = removeMessages; // wa-js knows the right function by this name in its text
  chat.promises.sendClear = WAWebStateUtils(chat, { keepStarred }).then(async () => {
    await saveChat(chat);
    return { status: 200 };
  });
}

function sendDelete(chat) {
  chat.promises.sendDelete = removeMessages(chat, { gone: true }).then(async () => {
    await storage.store({}, { removed: { chat: [chat.id.toString()] } });
    ChatCollection.remove(chat);
    return { status: 200 };
  });
}

define('WAWebChatModel', { Chat });
define('WAWebChatCollection', { ChatCollectionImpl, ChatCollection });
define('WAWebFindChatAction', { findOrCreateLatestChat });
define('WAWebUpdateUnreadChatAction', { markUnread, sendSeen });
define('WAWebSetArchiveChatAction', { setArchive: (chat, archive) => setOnChat(chat, { archive }) });
define('WAWebSetPinChatAction', { setPin: (chat, pin) => setOnChat(chat, { pin }) });
define('WAWebMuteModel', { Mute });
define('WAWebChatClearBridge', { sendClear });
define('WAWebDeleteChatAction', { sendDelete });
define('WAWebNewsletterCollection', { default: new (class extends collectionOf(Chat) {})() });
define('WAWebChatGetters', {
  getShouldAppearInList: () => true,
  getPreviewMessage: (chat) => chat.msgs.last(),
  getShowChangeNumberNotification: () => false,
  getShouldShowUnreadDivider: () => false,
});
define('WAWebChatUnreadGetters', { getHasUnread: (chat) => chat.unreadCount !== 0 });
