/** Sending: stored first, transmitted until it is accepted, always with the same id. */

import { chatOf, saveChat } from './chats.js';
import { connection } from './connection.js';
import { MsgKey } from './ids.js';
import { attributesOf, MsgCollection, outgoingRow, recall, remember, rowOf } from './messages.js';
import { define } from './registry.js';
import * as storage from './storage.js';

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

/** Transmit a stored message; the server knows a repetition by its id. */
async function transmit(message, row) {
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

/** Send what was written before a break or a restart and never accepted. */
export async function resendUnsent() {
  for (const row of await storage.readUnsent()) {
    const message = MsgCollection.get(row.key);
    if (!message || !message.isUnderWay) await transmit(message ?? remember(attributesOf(row)), row);
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

/** Change a stored message, if it is stored. */
async function amend(key, changes) {
  const row = await storage.readMessage(key.toString());
  if (row) await storage.store({ message: [{ ...row, ...changes }] });
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
  await untilAnswered('react', {
    chat: message.id.remote.toString(),
    id: message.id.id,
    fromMe: message.id.fromMe,
    sender: message.id.participant?.toString(),
    text,
    key: await MsgKey.newId(),
  });
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

export { amend, recall };
