/** Sending: stored first, transmitted until it is accepted, always with the same id. */

import { chatOf, saveChat } from './chats.js';
import { connection } from './connection.js';
import { MsgKey } from './ids.js';
import { amend, attributesOf, MsgCollection, outgoingRow, recall, remember } from './messages.js';
import { noteReaction } from './reactions.js';
import { textOf } from './model.js';
import { define } from './registry.js';
import * as storage from './storage.js';
import { readLid, readWid } from './storage.js';

const SENT = 1;
const FAILED = -1;

const underWay = new Set();

/** Transmit a stored message; the server knows a repetition by its id. */
async function transmit(message, row) {
  underWay.add(row.key);
  const { key, n, unsent, fromMe, ack, ...wire } = row;
  try {
    const { t } = await connection.insist('send', { message: wire });
    message.set('t', t);
    // What has happened to it meanwhile stays: its answer may have been lost, and receipts came first.
    const accepted = (stored) => ({ ...stored, t, ack: Math.max(SENT, stored.ack), unsent: undefined });
    // Whoever waits for the answer need not wait for the disk: sent again, the server knows it.
    storage.changeMessageSoon(row.key, accepted);
    message.updateAck(Math.max(SENT, message.get('ack')));
    return { messageSendResult: 'OK', t, count: null };
  } catch (failure) {
    message.updateAck(FAILED);
    await amend(message.id, { ack: FAILED, unsent: undefined });
    return { messageSendResult: 'ERROR_UNKNOWN', t: row.t, count: null, error: failure.code };
  } finally {
    underWay.delete(row.key);
  }
}

/** Add a message to its chat and send it: a promise of the model and one of the result. */
function addAndSendMsgToChat(chat, raw) {
  const message = remember(raw);
  chat.set({ t: message.get('t'), lastReceivedKey: message.id });
  const row = outgoingRow(message);
  const stored = storage.store({ message: [{ ...row, unsent: 1 }], chat: [chat.row()] });
  return [Promise.resolve(message), stored.then(() => transmit(message, row))];
}

/** The same for a file: in its chat at once, transmitted when it is uploaded. */
export async function addAndSendFile(chat, raw, upload) {
  const message = remember(raw);
  chat.set({ t: message.get('t'), lastReceivedKey: message.id });
  try {
    message.set(await upload());
  } catch (failure) {
    message.updateAck(FAILED);
    return { messageSendResult: 'ERROR_UPLOAD', error: failure.code };
  }
  const row = outgoingRow(message);
  await storage.store({ message: [{ ...row, unsent: 1 }], chat: [chat.row()] });
  return transmit(message, row);
}

/** Send what was written before a break or a restart and never accepted. */
export async function resendUnsent() {
  for (const row of await storage.readUnsent()) {
    if (underWay.has(row.key)) continue;
    await transmit(MsgCollection.get(row.key) ?? remember(attributesOf(row)), row);
  }
}

async function addAndSendMessageEdit(message, raw) {
  const text = raw.body;
  const answer = await connection.insist('edit', {
    chat: message.id.remote.toString(), id: message.id.id, text, edit: raw.id.id,
  });
  const field = message.get('type') === 'chat' ? 'body' : 'caption';
  const changes = { [field]: text, latestEditMsgKey: raw.id, latestEditSenderTimestampMs: answer.t * 1000 };
  message.set(changes);
  await amend(message.id, { ...changes, latestEditMsgKey: raw.id.toString() });
}

async function sendRevoke(chat, messages) {
  for (const message of messages) {
    const sender = message.id.participant?.toString();
    await connection.insist('revoke', {
      chat: chat.id.toString(), id: message.id.id, fromMe: message.id.fromMe, sender,
    });
    message.set({ type: 'revoked', body: undefined, caption: undefined, mediaData: undefined });
    await amend(message.id, { type: 'revoked', body: undefined, caption: undefined, mediaPath: undefined });
  }
}

async function sendDeleteMsgs(chat, messages) {
  const keys = messages.map((message) => message.id.toString());
  const last = MsgKey.fromString(textOf(chat.get('lastReceivedKey')) || keys[0]);
  for (const message of messages) {
    chat.msgs.remove(message);
    MsgCollection.remove(message);
  }
  await storage.store({}, { removed: { message: keys } });
  if (keys.includes(last.toString())) await showNewest(chat);
  await connection.eventually('delete', { chat: chat.id.toString(), ids: messages.map((message) => message.id.id) });
}

/** Let a chat whose last message was deleted end with the one before. */
async function showNewest(chat) {
  const end = { t: Infinity, n: Infinity };
  const [newest] = await storage.readAround(chat.id.toString(), end, 'before', 1);
  chat.set('lastReceivedKey', newest && MsgKey.fromString(newest.key));
  if (newest) await recall(newest.key);
  await saveChat(chat);
}

const FORWARDED = [
  'type', 'body', 'caption', 'mimetype', 'size', 'filehash', 'filename', 'mediaPath', 'duration', 'width', 'height',
  'lat', 'lng', 'loc', 'vcardFormattedName', 'vcardList', 'pollName', 'pollOptions', 'pollSelectableOptionsCount',
];

/** Send messages on, one after another; gives what has become of each. */
async function forwardMessages({ chat, msgs, includeCaption }) {
  const results = [];
  for (const message of msgs) {
    const given = message.attributes;
    const content = Object.fromEntries(FORWARDED.filter((name) => given[name] != null).map((name) => [name, given[name]]));
    if (content.mediaPath && !includeCaption) delete content.caption;
    const id = new MsgKey({ fromMe: true, remote: chat.id, id: await MsgKey.newId() });
    const t = Math.floor(Date.now() / 1000);
    const own = attributesOf({ id: id.id, chat: chat.id.toString(), sender: readLid(), fromMe: true, t });
    const raw = { ...own, ...content, isForwarded: true, forwardingScore: (given.forwardingScore ?? 0) + 1, ack: 0 };
    results.push(await addAndSendMsgToChat(chat, raw)[1]);
  }
  return results;
}

async function forwardMessagesToChats(msgs, chats, includeCaption) {
  for (const chat of chats) await forwardMessages({ chat, msgs, includeCaption });
  return true;
}

/** React to a message; an empty text takes the reaction back. */
async function sendReactionToMsg(message, text) {
  const key = await MsgKey.newId();
  await connection.insist('react', {
    chat: message.id.remote.toString(),
    id: message.id.id,
    fromMe: message.id.fromMe,
    sender: message.id.participant?.toString(),
    text,
    key,
  });
  await noteReaction(message, { sender: readWid(), text, t: Date.now(), id: key });
  return 'OK';
}

const canMarkPlayed = (message) => !message.id.fromMe && ['audio', 'ptt'].includes(message.get('type'));

async function markPlayed(message) {
  await connection.insist('played', {
    chat: message.id.remote.toString(), id: message.id.id, sender: message.id.participant?.toString(),
  });
  message.updateAck(4);
  await amend(message.id, { ack: 4 });
}

/** A text of our own making, without wa-js; WhatsApp has the same function. */
async function sendTextMsgToChat(chat, text) {
  const id = new MsgKey({ fromMe: true, remote: chat.id, id: await MsgKey.newId() });
  const t = Math.floor(Date.now() / 1000);
  const raw = { ...attributesOf({ id: id.id, chat: chat.id.toString(), fromMe: true, type: 'chat', body: text, t }) };
  await addAndSendMsgToChat(chatOf(chat.id), raw)[1];
  await saveChat(chat);
}

define('WAWebSendMsgChatAction', { addAndSendMsgToChat });
define('WAWebSendMessageEditAction', { addAndSendMessageEdit });
define('WAWebRevokeMsgAction', { sendRevoke });
define('WAWebDeleteMsgAction', { sendDeleteMsgs });
define('WAWebSendReactionMsgAction', { sendReactionToMsg });
define('WAWebMsgPlayedAction', { markPlayed, canMarkPlayed });
define('WAWebSendTextMsgChatAction', { sendTextMsgToChat });
define('WAWebChatForwardMessage', { forwardMessages });
define('WAWebForwardMessagesToChat', { forwardMessagesToChats });
