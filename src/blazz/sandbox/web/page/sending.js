/** Sending: stored first, transmitted until it is accepted, always with the same id. */

import { chatOf, saveChat } from './chats.js';
import { connection } from './connection.js';
import { MsgKey } from './ids.js';
import { amend, attributesOf, MsgCollection, outgoingRow, remember, rowOf } from './messages.js';
import { noteReaction } from './reactions.js';
import { define } from './registry.js';
import * as storage from './storage.js';
import { readWid } from './storage.js';

const SENT = 1;
const FAILED = -1;

/** Ask until there is an answer; breaks of the line are waited out. */
async function untilAnswered(operation, parameters) {
  for (;;) {
    await connection.ready;
    try {
      return await connection.request(operation, parameters);
    } catch (failure) {
      if (failure.code !== 'connection_lost') throw failure;
    }
  }
}

const underWay = new Set();

/** Transmit a stored message; the server knows a repetition by its id. */
async function transmit(message, row) {
  underWay.add(row.key);
  const { key, n, unsent, fromMe, ack, ...wire } = row;
  try {
    const { t } = await untilAnswered('send', { message: wire });
    message.set('t', t);
    void storage.store({ message: [{ ...rowOf({ ...row, t, ack: SENT }), unsent: undefined }] });
    message.updateAck(Math.max(SENT, message.get('ack')));
    return { messageSendResult: 'OK', t, count: null };
  } catch (failure) {
    message.updateAck(FAILED);
    await storage.store({ message: [{ ...row, ack: FAILED, unsent: undefined }] });
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
  const answer = await untilAnswered('edit', {
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
    await untilAnswered('revoke', {
      chat: chat.id.toString(), id: message.id.id, fromMe: message.id.fromMe, sender,
    });
    message.set({ type: 'revoked', body: undefined, caption: undefined, mediaData: undefined });
    await amend(message.id, { type: 'revoked', body: undefined, caption: undefined, mediaPath: undefined });
  }
}

async function sendDeleteMsgs(chat, messages) {
  for (const message of messages) {
    chat.msgs.remove(message);
    MsgCollection.remove(message);
  }
  await storage.store({}, { removed: { message: messages.map((message) => message.id.toString()) } });
}

/** React to a message; an empty text takes the reaction back. */
async function sendReactionToMsg(message, text) {
  const key = await MsgKey.newId();
  await untilAnswered('react', {
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

async function markPlayed(message) {
  await untilAnswered('played', {
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
define('WAWebMsgPlayedAction', { markPlayed, canMarkPlayed: (message) => !message.id.fromMe });
define('WAWebSendTextMsgChatAction', { sendTextMsgToChat });
