/** Chats: the list, finding or making one, reading, archiving, clearing, deleting. */

import { connection } from './connection.js';
import { contactOf } from './contacts.js';
import { groupOf } from './groups.js';
import { lidPnCache, wid } from './ids.js';
import { Collection, collectionOf, Model, textOf } from './model.js';
import { presenceOf } from './presence.js';
import { define } from './registry.js';
import * as storage from './storage.js';

const now = () => Math.floor(Date.now() / 1000);

export class Chat extends Model {
  static defaults = {
    unreadCount: 0, archive: false, pin: 0, t: 0, name: undefined, lastReceivedKey: undefined, groupMetadata: undefined,
  };

  promises = {};

  constructor(attributes) {
    super(attributes);
    Object.defineProperty(this, 'msgs', { value: new ChatMessages() });
    Object.defineProperty(this, 'presence', { value: presenceOf(this.id) });
  }

  get contact() {
    return contactOf(this.id);
  }

  get formattedTitle() {
    return this.attributes.formattedTitle ?? this.attributes.name ?? this.contact?.displayName ?? this.id.user;
  }

  set formattedTitle(title) {
    this.attributes.formattedTitle = title;
  }

  get mute() {
    return { canMute: () => true, isMuted: false };
  }

  /** What is stored of the chat. */
  row() {
    const { unreadCount, archive, pin, t, name, lastReceivedKey } = this.attributes;
    return { key: this.id.toString(), unreadCount, archive, pin, t, name, lastReceivedKey: textOf(lastReceivedKey) };
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
  await connection.ready;
  const answer = await connection.request('chat', { chat: who.toString() });
  lidPnCache.learn(answer.number, answer.lid);
  const chat = chatOf(answer.chat, { t: now() });
  await saveChat(chat);
  return { chat: { id: chat.id }, created: true };
}

async function sendSeen({ chat }) {
  if (chat.unreadCount === 0) return;
  chat.set('unreadCount', 0);
  await saveChat(chat);
  await connection.request('seen', { chat: chat.id.toString() });
}

async function markUnread(chat, unread) {
  chat.set('unreadCount', unread ? -1 : 0);
  await saveChat(chat);
}

async function setArchive(chat, archive) {
  chat.set('archive', archive);
  await saveChat(chat);
  connection.tell('archive', { chat: chat.id.toString(), archive });
}

async function removeMessages(chat) {
  const found = await storage.readAround(chat.id.toString(), { t: -1, n: -1 }, 'after', Infinity);
  await storage.store({}, { removed: { message: found.map((row) => row.key) } });
  chat.msgs.reset();
}

function sendClear(chat) {
  const WAWebStateUtils = removeMessages; // wa-js knows the right function by this name in its text
  chat.promises.sendClear = WAWebStateUtils(chat).then(() => ({ status: 200 }));
}

function sendDelete(chat) {
  chat.promises.sendDelete = removeMessages(chat).then(async () => {
    await storage.store({}, { removed: { chat: [chat.id.toString()] } });
    ChatCollection.remove(chat);
    return { status: 200 };
  });
}

define('WAWebChatModel', { Chat });
define('WAWebChatCollection', { ChatCollectionImpl, ChatCollection });
define('WAWebFindChatAction', { findOrCreateLatestChat });
define('WAWebUpdateUnreadChatAction', { markUnread, sendSeen });
define('WAWebSetArchiveChatAction', { setArchive });
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
