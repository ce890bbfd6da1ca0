/** Messages: the model, the store, and how they travel to and from the server. */

import { ChatCollection, chatOf } from './chats.js';
import { Contact, contactOf } from './contacts.js';
import { MsgKey, Wid, wid } from './ids.js';
import { mediaOf } from './media.js';
import { collectionOf, Model, textOf } from './model.js';
import { define } from './registry.js';
import { changeMessage, readLid, readMessage, readWid } from './storage.js';

const IDS = ['quotedParticipant', 'quotedRemoteJid'];

export class Msg extends Model {
  static defaults = { ack: 0, body: undefined };

  constructor(attributes) {
    super(attributes);
    if (attributes.mediaPath) this.set('mediaData', mediaOf(attributes), { silent: true });
  }

  get sender() {
    return this.id.fromMe ? this.get('from') : (this.get('author') ?? this.get('from'));
  }

  get senderObj() {
    const id = this.id.fromMe ? wid(readWid()) : this.sender;
    return contactOf(id) ?? new Contact({ id });
  }

  updateAck(ack) {
    this.set('ack', ack);
  }

  /** What another message carries when it quotes this one. */
  msgContextInfo() {
    const { type, body, caption, pollName, lat, lng, mimetype } = this.attributes;
    return {
      quotedMsg: { type, body, caption, pollName, lat, lng, mimetype },
      quotedStanzaID: this.id.id,
      quotedParticipant: this.sender,
      quotedRemoteJid: this.id.remote,
    };
  }

  async downloadMedia() {
    await this.get('mediaData')?.fetch();
  }
}
Msg.prototype.proxyName = 'msg';

class MsgCollectionImpl extends collectionOf(Msg) {
  /** Take messages into memory; wa-js watches this for revoked ones. */
  async processMultipleMessages(chatId, messages) {
    return messages.filter((message) => message.type !== 'protocol').map(remember);
  }
}
export const MsgCollection = new MsgCollectionImpl();

/** Take one message into memory, into its chat and the list of all. */
export function remember(given) {
  const known = MsgCollection.get(given.id);
  if (known) return known;
  const message = given instanceof Msg ? given : new Msg(given);
  message.collection = MsgCollection;
  chatOf(message.id.remote).msgs.add(message);
  return MsgCollection.add(message)[0];
}

/** The attributes of a message as wa-js expects them, from a stored or received row. */
export function attributesOf(row) {
  const { id, chat, sender, fromMe, key, n, unsent, ...content } = row;
  const remote = wid(chat);
  const isGroup = remote.isGroup();
  for (const name of IDS) if (content[name]) content[name] = wid(content[name]);
  if (content.mentionedJidList) content.mentionedJidList = content.mentionedJidList.map(wid);
  if (content.latestEditMsgKey) content.latestEditMsgKey = MsgKey.fromString(content.latestEditMsgKey);
  const me = wid(isGroup || remote.isLid() ? readLid() : readWid());
  return {
    ...content,
    id: new MsgKey({ fromMe, remote, id, participant: isGroup ? sender : undefined }),
    from: fromMe ? me : remote,
    to: fromMe ? remote : me,
    author: isGroup && !fromMe ? wid(sender) : undefined,
    self: fromMe ? 'out' : 'in',
  };
}

/** The key under which a row is stored. */
export function keyOf({ id, chat, sender, fromMe }) {
  const isGroup = chat.endsWith('@g.us');
  return [fromMe, chat, id, ...(isGroup ? [sender] : [])].join('_');
}

let counter = Date.now() * 1000;
/** A row to store: with its key and its place among messages of the same second. */
export const rowOf = (row) => ({ ...row, key: keyOf(row), n: row.n ?? counter++ });

/** Only what can travel: no models, no keys of the encryption. */
function travelling(value) {
  if (value instanceof Wid || value instanceof MsgKey) return value.toString();
  if (value instanceof Uint8Array || value instanceof Model || value instanceof Blob) return undefined;
  if (Array.isArray(value)) return value.map(travelling);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([name, its]) => [name, travelling(its)]));
  }
  return value;
}

const OURS = new Set(['id', 'from', 'to', 'self', 'isNewMsg', 'local', 'ack', 'author', 'mediaData']);

/** A message that is about to be sent, as the row that is stored and transmitted. */
export function outgoingRow(message) {
  const content = Object.entries(message.attributes).filter(([name, value]) => !OURS.has(name) && value != null);
  return rowOf({
    ...travelling(Object.fromEntries(content)),
    id: message.id.id,
    chat: message.id.remote.toString(),
    sender: textOf(message.get('from')),
    fromMe: true,
    ack: 0,
  });
}

/** A stored message as a model, in memory from now on; undefined where there is none. */
export async function recall(key) {
  const known = MsgCollection.get(key);
  if (known) return known;
  const row = await readMessage(textOf(key));
  return row && remember({ ...attributesOf(row), isNewMsg: false });
}

/** Change a stored message, if it is stored. */
export async function amend(key, changes) {
  await changeMessage(key.toString(), (row) => ({ ...row, ...changes }));
}

/** Mark messages with a star; only this page knows of it. */
async function setStar(messages, star) {
  for (const message of messages) {
    message.set('star', star);
    await amend(message.id, { star });
  }
}

/** Look for a message that is not in memory; what is found is there once the promise resolves. */
function getSearchContext({ chat, msgKey }) {
  const found = recall(msgKey);
  return { collection: Object.assign(chat.msgs, { loadAroundPromise: found }) };
}

const isText = (message) => message.get('type') === 'chat' && message.id.fromMe;
const isMedia = (message) => !!message.get('mediaData') && message.id.fromMe;

define('WAWebMsgModel', { Msg });
define('WAWebMsgCollection', { MsgCollectionImpl, MsgCollection });
define('WAWebChatMessageSearch', { getSearchContext });
define('WAWebStarMessageAction', { setStar });
define('WAWebMsgReply', { canReplyMsg: (message) => message.get('type') !== 'revoked' });
define('WAWebMsgActionCapability', { canEditText: isText, canEditCaption: isMedia });
define('WAWebQuotedMsgModelUtils', {
  getQuotedMsgObj: (message) => {
    const stanza = message.get('quotedStanzaID');
    const chat = stanza && ChatCollection.get(message.id.remote);
    return chat?.msgs.findFirst((other) => other.id.id === stanza) ?? null;
  },
});
define('WAWebDBMessageSerialization', { msgDataFromMsgModel: async (message) => message.attributes });

