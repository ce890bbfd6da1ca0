/**
 * What the server pushes: decrypted, stored, shown, acknowledged; in this order, one after another.
 *
 * What was stored is acknowledged, so nothing is pushed twice. It is shown after it was stored: a
 * page that dies in between has the message, but nobody was told of it. WhatsApp does the same.
 */

import { chatOf, ChatCollection, settingsOf } from './chats.js';
import { connection } from './connection.js';
import { learnBlocked, learnContact } from './contacts.js';
import { learnGroup } from './groups.js';
import { learnHistory } from './history.js';
import { lidPnCache, MsgKey, wid } from './ids.js';
import { attributesOf, keyOf, MsgCollection, recall, rowOf } from './messages.js';
import { showReaction, showVote, withReaction, withVote } from './reactions.js';
import { internal } from './registry.js';
import * as storage from './storage.js';
import { Conn } from './stream.js';

const RECEIPTS = { 3: 'read', 4: 'played' };

let received = 0;
let working = Promise.resolve();
const waiters = [];

/** Go on after this number of the queue. */
export function resumeFrom(number) {
  received = number;
}

/** Resolves when everything up to this number was taken in. */
export function whenDrained(number) {
  if (received >= number) return Promise.resolve();
  return new Promise((resolve) => waiters.push({ number, resolve }));
}

/** Take in items of the queue: `[number, kind, data]`. */
export function enqueue({ items }) {
  working = working.then(() => takeIn(items));
}

async function takeIn(items) {
  const fresh = items.filter(([number]) => number > received);
  if (fresh.length) {
    const last = fresh.at(-1)[0];
    const shows = [];
    await storage.advanceRatchet(last);
    const batch = new Batch();
    for (const [, kind, data] of fresh) shows.push(await handlers[kind](data, batch));
    const { removed, changes } = batch;
    await storage.store(batch.lists(), { received: last, removed, changes });
    received = last;
    for (const show of shows) {
      const shown = show?.();
      if (shown) await shown;
    }
  }
  connection.tell('ack', { number: received });
  for (const waiter of waiters.splice(0)) {
    if (waiter.number <= received) waiter.resolve();
    else waiters.push(waiter);
  }
}

/** The rows that a group of items writes. */
class Batch {
  tables = { message: new Map(), chat: new Map(), contact: new Map(), group: new Map(), blocked: new Map() };
  removed = {};
  changes = [];

  put(table, row) {
    this.tables[table].set(row.key, row);
  }

  /** Change a message that is stored, or will be with this batch. */
  change(key, changed) {
    const change = { key, changed };
    this.changes.push(change);
    return change;
  }

  chat(id) {
    const known = this.tables.chat.get(id) ?? ChatCollection.get(id)?.row();
    return known ?? { key: id, unreadCount: 0, archive: false, pin: 0, muteExpiration: 0, t: 0 };
  }

  lists() {
    return Object.fromEntries(Object.entries(this.tables).map(([table, rows]) => [table, [...rows.values()]]));
  }
}

/** Change a stored message, then the one in memory; a message that is gone is left alone. */
function change(data, batch, changed, show) {
  const key = keyOf(data);
  const it = batch.change(key, changed);
  return () => (it.found ? show(MsgCollection.get(key), MsgKey.fromString(key)) : undefined);
}

const handlers = {
  async message(data, batch) {
    const row = rowOf(data);
    const chat = batch.chat(row.chat);
    const counts = row.fromMe ? 0 : 1;
    batch.put('message', row);
    batch.put('chat', {
      ...chat, t: row.t, lastReceivedKey: row.key, unreadCount: counts && Math.max(0, chat.unreadCount) + 1,
    });
    return () => {
      const model = chatOf(row.chat);
      model.set({ t: row.t, lastReceivedKey: MsgKey.fromString(row.key) });
      void MsgCollection.processMultipleMessages(model.id, [{ ...attributesOf(row), isNewMsg: true }]);
      model.set('unreadCount', counts && Math.max(0, model.unreadCount) + 1);
    };
  },

  async receipt({ chat, ids, level, ack, who, t, sender }, batch) {
    for (const id of ids) {
      batch.change(keyOf({ id, chat, sender, fromMe: true }), (row) => ({ ...row, ack: Math.max(row.ack, ack) }));
    }
    const remote = wid(chat);
    const receipt = {
      type: 'receipt', stanzaId: `${t}`, externalIds: ids, from: remote, recipient: null, ts: t, ack: level,
      ackString: RECEIPTS[level] ?? null, offline: null, participant: who ? wid(who) : null, overall: ack, sender,
    };
    const module = internal('WAWebHandleAck');
    return () =>
      void (remote.isGroup() ? module.handleGroupSimpleReceipt(receipt) : module.handleChatSimpleReceipt(receipt));
  },

  async edit(data, batch) {
    const { text, edit, t, isCaption } = data;
    const changes = {
      [isCaption ? 'caption' : 'body']: text, latestEditSenderTimestampMs: t * 1000, latestEditMsgKey: keyOf({ ...data, id: edit }),
    };
    await recall(keyOf(data)); // wa-js hears of an edit only through a message that is in memory
    return change(data, batch, (row) => ({ ...row, ...changes }), (message) => {
      message?.set({ ...changes, latestEditMsgKey: MsgKey.fromString(changes.latestEditMsgKey) });
    });
  },

  revoke(data, batch) {
    const gone = { type: 'revoked', body: undefined, caption: undefined, mediaPath: undefined };
    return change(data, batch, (row) => ({ ...row, ...gone }), (message, key) => {
      message?.set({ ...gone, mediaData: undefined });
      const remote = wid(data.chat);
      void MsgCollection.processMultipleMessages(remote, [{
        ...attributesOf({ ...data, id: data.revoke, type: 'protocol' }),
        subtype: data.by === data.sender ? 'sender_revoke' : 'admin_revoke',
        author: wid(data.by), protocolMessageKey: key, isNewMsg: true,
      }]);
    });
  },

  reaction(data, batch) {
    return change(data, batch, (row) => withReaction(row, data.reaction), (_message, key) => showReaction(key, data.reaction));
  },

  async vote(data, batch) {
    await recall(keyOf(data));
    return change(data, batch, (row) => withVote(row, data.vote), (_message, key) => showVote(key, data.vote));
  },

  async contact(data, batch) {
    batch.put('contact', { ...data, key: data.id });
    return () => learnContact(data);
  },

  async group(data, batch) {
    batch.put('group', { ...data, key: data.id });
    batch.put('chat', { ...batch.chat(data.id), name: data.subject });
    return () => {
      learnGroup(data);
      chatOf(data.id).set('name', data.subject);
    };
  },

  async group_change({ group, author, action, members, reason, t }) {
    return () =>
      void internal('WAWebGroupAction').updateDBForGroupAction(
        { chatId: wid(group), author: author ? wid(author) : undefined, ts: t },
        { actionType: action, action, participants: members.map((id) => ({ id: wid(id) })), reason },
      );
  },

  async history(data, batch) {
    return learnHistory(data, batch);
  },

  async seen({ chat, unread }, batch) {
    batch.put('chat', { ...batch.chat(chat), unreadCount: unread });
    return () => chatOf(chat).set('unreadCount', unread);
  },

  async chat({ chat, ...settings }, batch) {
    const changes = settingsOf(settings);
    batch.put('chat', { ...batch.chat(chat), ...changes });
    return () => chatOf(chat).set(changes);
  },

  async blocked({ blocked }, batch) {
    batch.tables.blocked = new Map(blocked.map((key) => [key, { key }]));
    batch.removed.blocked = await storage.readKeys('blocked');
    return () => learnBlocked(blocked);
  },

  async name({ name }) {
    return () => {
      storage.saveName(name);
      Conn.set('pushname', name);
    };
  },

  async number({ number, lid }) {
    return () => lidPnCache.learn(number, lid);
  },
};
