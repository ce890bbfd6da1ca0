/** Messages as plain values, with everything that Python reads and nothing else. */

const { blazz } = window;
const text = (...its) => blazz.people.text(...its);
const person = (...its) => blazz.people.person(...its);

const COPIED = [
  'type', 'subtype', 't', 'ack', 'body', 'caption', 'mimetype', 'filename', 'size', 'filehash', 'duration',
  'lat', 'lng', 'loc', 'url', 'vcardFormattedName', 'quotedStanzaID', 'isForwarded', 'forwardingScore', 'isAnimated',
  'isViewOnce', 'nonJidMentions', 'pollName', 'pollSelectableOptionsCount', 'selectedButtonId', 'listResponse', 'notifyName',
];

/**
 * What stands in a chat and nobody has said: WhatsApp tells of a change in this way. An album only frames pictures,
 * which come by themselves, as votes and reactions do.
 */
const NOTICES = new Set([
  'protocol', 'e2e_notification', 'notification', 'notification_template', 'group_notification', 'gp2',
  'broadcast_notification', 'newsletter_notification', 'status_notification', 'debug', 'debug_placeholder', 'album',
  'call_log', 'pinned_message', 'keep_in_chat', 'reaction', 'reaction_enc', 'poll_update', 'event_response',
]);

/** Whether people talk there: not so in stories and channels. */
const isChat = (id) => !/^status@broadcast$|@newsletter$/.test(text(id ?? null) ?? '');

/** Whether somebody said it, in a chat. */
const isSaid = ({ type, id }) => !NOTICES.has(type) && isChat(id.remote);

/** The id by which a message can be named again, although a quote tells only its last part. */
function quoted(message) {
  const id = message.quotedStanzaID;
  if (!id) return null;
  const chat = text(message.id.remote);
  const by = text(message.quotedParticipant ?? null);
  const fromMe = blazz.people.isMe(by);
  const participant = chat.endsWith('@g.us') && by ? `_${by}` : '';
  return `${fromMe}_${chat}_${id}${participant}`;
}

/** A message as a plain value; `who` tells of the people in it. */
async function plain(message, who = person) {
  const raw = message.attributes ?? message;
  const value = {};
  for (const name of COPIED) {
    const its = message[name] ?? raw[name];
    if (its !== undefined && its !== null && typeof its !== 'function') value[name] = its;
  }
  const { id } = message;
  value.id = text(id);
  value.chat = text(id.remote);
  value.fromMe = id.fromMe;
  value.author = await who(message.author ?? id.participant ?? message.from);
  value.person = await who(id.remote);
  value.quoted = quoted(message);
  if (value.quoted && message.quotedParticipant) value.quotedBy = await who(message.quotedParticipant);
  if (message.pollOptions) value.pollOptions = message.pollOptions.map(({ name }) => name);
  if (message.mentionedJidList?.length) value.mentions = await Promise.all(message.mentionedJidList.map((id) => who(id)));
  if (message.vcardList?.length) value.vcards = message.vcardList.map(({ vcard }) => vcard);
  if (value.author && value.notifyName && !id.fromMe) value.author.name = value.notifyName;
  if (['image', 'video', 'sticker', 'document', 'audio', 'ptt'].includes(value.type)) delete value.body; // a preview
  return value;
}

/** What is left to tell of a message that cannot be put together: that it came, from whom, and why no more. */
function bare({ id, type, t, from, author }, reason) {
  const by = blazz.people.seen(author ?? id.participant ?? from);
  const value = { id: text(id), chat: text(id.remote), fromMe: id.fromMe, type, t, author: by };
  return { ...value, person: blazz.people.seen(id.remote), unreadable: reason };
}

/** Find a message by its whole id, also one that is only in the page's storage; or `null`. */
async function find(id) {
  const held = WPP.whatsapp.MsgStore.get(id);
  return held ?? (await WPP.chat.getMessageById(id).catch(() => null)) ?? null;
}

/** As `find`, but it has to be there. */
async function need(id) {
  const message = await find(id);
  if (!message) throw blazz.fail('no_such_message', `there is no message ${id}`);
  return message;
}

/** Milliseconds that a report may wait: for a message to be decrypted, for what it names to be found. */
const patience = 30_000;

blazz.messages = { plain, bare, find, need, isChat, isSaid, patience };
