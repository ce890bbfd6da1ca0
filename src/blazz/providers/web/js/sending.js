/** Sends messages under ids that we choose, so that a message which is sent again is recognised. */

const { blazz } = window;
const text = (...its) => blazz.people.text(...its);
const person = (...its) => blazz.people.person(...its);
const find = (...its) => blazz.messages.find(...its);
const need = (...its) => blazz.messages.need(...its);
const SENT = 1;
const FAILED = -1;

async function chatOf(to) {
  const chat = await WPP.chat.find(to);
  if (!chat) throw blazz.fail('no_such_chat', `there is no chat with ${to}`);
  return chat;
}

/** The whole id of a message of ours in a chat: as the page would make it, with our last part. */
async function keyOf(chat, id) {
  const [fromMe, remote, , participant] = text(await WPP.chat.generateMessageID(chat)).split('_');
  return [fromMe, remote, id, participant].filter((part) => part !== undefined).join('_');
}

/** Wait until a message of ours was accepted, or refused. */
function settled(message) {
  if (message.ack >= SENT || message.ack === FAILED) return Promise.resolve(message.ack);
  return new Promise((resolve) => {
    const look = () => {
      if (message.ack < SENT && message.ack !== FAILED) return;
      message.off?.('change:ack', look);
      resolve(message.ack);
    };
    message.on('change:ack', look);
    look();
  });
}

/** Mentions in a group are written `@` and the digits of a number or LID; `@all` is known to wa-js. */
async function mentionsIn(chat, written) {
  const digits = [...(written ?? '').matchAll(/@(\d{5,20})\b/g)].map(([, found]) => found);
  if (!digits.length || !text(chat.id).endsWith('@g.us')) return undefined;
  const found = [];
  for (const { id } of await WPP.group.getParticipants(chat.id)) {
    const its = await person(id);
    if (digits.some((user) => [its.phone, its.lid].includes(`${user}@c.us`) || its.lid === `${user}@lid`)) found.push(text(id));
  }
  return found.length ? found : undefined;
}

const kinds = {
  text: (chat, { body, preview }, options) =>
    WPP.chat.sendTextMessage(chat.id, body, { ...options, linkPreview: preview }),
  media: async (chat, { file: name, kind, caption, filename, mimetype, voice, viewOnce, gif }, options) => {
    const blob = blazz.uploads.take(name, mimetype);
    const file = new File([blob], filename, { type: mimetype });
    const how = { type: kind, caption, filename, mimetype, isPtt: voice, isGif: gif, ...(viewOnce && { isViewOnce: true }) };
    return WPP.chat.sendFileMessage(chat.id, file, { ...options, ...how });
  },
  location: (chat, { lat, lng, name, address }, options) =>
    WPP.chat.sendLocationMessage(chat.id, { ...options, lat, lng, name, address }),
  contacts: (chat, { cards }, options) => sendCards(chat, cards, options),
  poll: (chat, { question, choices, most }, options) =>
    WPP.chat.sendCreatePollMessage(chat.id, question, choices, { ...options, selectableCount: most }),
};

/** Contact cards are sent as written, with all of their fields. */
function sendCards(chat, cards, options) {
  const [first] = cards;
  const raw = cards.length === 1
    ? { type: 'vcard', body: first.vcard, vcardFormattedName: first.name }
    : { type: 'multi_vcard', vcardList: cards.map(({ name, vcard }) => ({ displayName: name, vcard, isMultiVcard: true })) };
  return WPP.chat.sendRawMessage(chat.id, raw, options);
}

/** Send a message; `again` tells that it may have been sent before. */
blazz.send = async (asked) => {
  try {
    return await sent(asked);
  } finally {
    blazz.uploads.release(asked.content.file); // also where it was not needed after all
  }
};

async function sent({ to, id, kind, content, quoted, again }) {
  const chat = await chatOf(to);
  // Looked up while WhatsApp takes the message; if that fails, the message has gone all the same.
  const whom = person(chat.id).catch(() => null);
  const key = await keyOf(chat, id);
  let message = again ? await find(key) : null;
  if (!message || message.ack === FAILED) {
    const options = { messageId: key, waitForAck: true, markIsRead: false, detectMentioned: true };
    if (quoted) options.quotedMsg = (await need(quoted)).id;
    const mentioned = await mentionsIn(chat, content.body ?? content.caption);
    if (mentioned) options.mentionedList = mentioned;
    const { sendMsgResult } = await kinds[kind](chat, content, options);
    const { messageSendResult: result, error } = sendMsgResult ?? {};
    if (result && result !== 'OK') throw blazz.fail('not_sent', `${result} ${error ?? ''}`.trim());
    message = await find(key);
    if (!message) return { id: key, ack: SENT, person: await whom };
  }
  const ack = await settled(message);
  if (ack === FAILED) throw blazz.fail('not_sent', 'WhatsApp did not take the message');
  return { id: key, ack, person: await whom };
}

/** How far messages of ours have come, by whole id; `null`: the page does not know it. */
blazz.levels = async ({ to, ids }) => {
  const found = {};
  for (const [place, id] of ids.entries()) {
    const chat = await WPP.chat.find(to[place]).catch(() => null);
    const message = chat && (await find(await keyOf(chat, id)));
    found[id] = message ? message.ack : null;
  }
  return found;
};

blazz.react = async ({ message, emoji }) => {
  await need(message);
  await WPP.chat.sendReactionToMessage(message, emoji || null);
};

blazz.edit = async ({ message, body }) => {
  const target = await need(message);
  if (!target.id.fromMe) throw blazz.fail('not_ours', 'only messages of this account can be edited');
  await WPP.chat.editMessage(message, body);
};

blazz.revoke = async ({ message }) => {
  const target = await need(message);
  const { remote, fromMe } = target.id;
  // wa-js would delete it here instead, for this account alone.
  if (!fromMe && !(remote.isGroup() && (await WPP.group.iAmAdmin(remote)))) {
    throw blazz.fail('not_ours', 'only messages of this account can be deleted for everyone, and in a group by its admins');
  }
  const answer = await WPP.chat.deleteMessage(target.id.remote, message, true, true);
  const { isRevoked } = Array.isArray(answer) ? answer[0] : answer;
  if (!isRevoked) throw blazz.fail('not_revoked', 'WhatsApp did not delete the message for everyone');
};

blazz.markRead = async ({ message, typing }) => {
  const target = await need(message);
  await WPP.chat.markIsRead(target.id.remote);
  if (typing) await WPP.chat.markIsComposing(target.id.remote);
  return text(target.id.remote);
};

const activities = { typing: 'markIsComposing', recording: 'markIsRecording', paused: 'markIsPaused' };
blazz.showActivity = async ({ to, activity }) => {
  await WPP.chat[activities[activity]]((await chatOf(to)).id);
};

blazz.showOnline = async ({ online }) => {
  await (online ? WPP.conn.markAvailable() : WPP.conn.markAvailable(false));
};

blazz.followPresence = async ({ of }) => {
  await WPP.contact.subscribePresence(of);
};
