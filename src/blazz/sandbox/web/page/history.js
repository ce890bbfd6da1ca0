/** Old messages: what comes with the linking, and what is asked for later. */

import { chatOf, ChatCollection, settingsOf } from './chats.js';
import { connection } from './connection.js';
import { learnContact } from './contacts.js';
import { learnGroup } from './groups.js';
import { MsgKey } from './ids.js';
import { attributesOf, keyOf, MsgCollection, recall, rowOf } from './messages.js';
import { Model } from './model.js';
import { define } from './registry.js';
import * as storage from './storage.js';
import { BackendEvent, BackendEventBus } from './stream.js';

const MOST_AT_ONCE = 1000;
const MEDIA = new Set(['image', 'video', 'audio', 'ptt', 'document', 'sticker']);
const KINDS = {
  allMedia: ({ type }) => MEDIA.has(type),
  allDocs: ({ type }) => type === 'document',
  allLinks: ({ body, caption }) => /https?:\/\/\S/.test(body ?? caption ?? ''),
};

class HistorySyncProgressModel extends Model {
  static defaults = { realProgress: 0, remainingPausedSeconds: 0 };
}
const progress = new HistorySyncProgressModel();

/** Take over a part of the history: stored with the batch, shown as chats without new messages. */
export function learnHistory({ contacts, groups, chats, messages, done }, batch) {
  for (const contact of contacts) batch.put('contact', { ...contact, key: contact.id });
  for (const group of groups) batch.put('group', { ...group, key: group.id });
  for (const { id, unreadCount, ...settings } of chats) {
    batch.put('chat', { ...batch.chat(id), unreadCount, ...settingsOf(settings) });
  }
  for (const message of messages) {
    const row = rowOf(message);
    const chat = batch.chat(row.chat);
    batch.put('message', row);
    if (row.t >= chat.t) batch.put('chat', { ...chat, t: row.t, lastReceivedKey: row.key });
  }
  const rows = [...batch.tables.chat.values()];
  return async () => {
    contacts.forEach(learnContact);
    groups.forEach(learnGroup);
    await Promise.all(rows.map(showChat));
    progress.set('realProgress', done);
    BackendEventBus.trigger(BackendEvent.NEW_HISTORY_SYNC_CHUNK_PROCESSED);
    if (done >= 100) BackendEventBus.trigger(BackendEvent.ON_INITIAL_CHAT_SYNCED);
  };
}

/** Put a stored chat into the list, with its newest message. */
export async function showChat({ key, lastReceivedKey, ...attributes }) {
  if (lastReceivedKey) attributes.lastReceivedKey = MsgKey.fromString(lastReceivedKey);
  const known = ChatCollection.get(key);
  if (known) known.set(attributes);
  else chatOf(key, attributes);
  if (lastReceivedKey) await recall(lastReceivedKey);
}

/** Messages next to a known one, oldest first, without it; the server is asked where ours end. */
async function findAround({ anchor, count, direction }) {
  const wanted = Math.min(count, MOST_AT_ONCE);
  const chat = anchor.remote.toString();
  const place = (await storage.readMessage(anchor.toString())) ?? placeOf(MsgCollection.get(anchor));
  if (!place || wanted <= 0) return [];
  const found = await storage.readAround(chat, place, direction, wanted);
  if (direction === 'before' && found.length < wanted) {
    const oldest = found[0] ?? place;
    const older = await fetchOlder(chat, oldest, wanted - found.length);
    return [...older, ...found].map(attributesOf);
  }
  return found.map(attributesOf);
}

/** Where a message that is not stored stands, such as one whose file could not be sent. */
const placeOf = (message) => message && { ...message.attributes, id: message.id.id, n: Infinity };

async function fetchOlder(chat, { id, sender, t, n }, count) {
  const { messages } = await connection.insist('history', { chat, id, sender, count });
  // Places count downwards from the oldest one known, so that the order within a second is kept.
  const rows = messages.map((message, at) => ({
    ...message, key: keyOf(message), n: message.t === t ? n - messages.length + at : at - messages.length,
  }));
  await storage.store({ message: rows });
  return rows;
}

async function msgFindMedia(query) {
  const isWanted = KINDS[query.mediaType] ?? KINDS.allMedia;
  const found = (await findAround({ ...query, count: MOST_AT_ONCE })).filter(isWanted);
  if (query.count <= 0) return { messages: [] };
  return { messages: query.direction === 'before' ? found.slice(-query.count) : found.slice(0, query.count) };
}

const msgFindByDirection = async (query) => ({ messages: await findAround(query) });

define('WAWebDBMessageFindLocal', {
  msgFindByDirection,
  msgFindBefore: (query) => msgFindByDirection({ ...query, direction: 'before' }),
  msgFindAfter: (query) => msgFindByDirection({ ...query, direction: 'after' }),
});
define('WAWebDBMessageFindMedia', { msgFindMedia });
define('WAWebDBMessageFindCallLog', { msgFindCallLog: async () => [] });
define('WAWebHistorySyncProgressModel', { HistorySyncProgressModel });
define('WAWebHistorySyncProgress', { getHistorySyncProgressModel: () => progress });
