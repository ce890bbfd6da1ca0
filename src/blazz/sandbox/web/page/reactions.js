/** Reactions and votes: kept with the message that they belong to. */

import { MsgKey, wid } from './ids.js';
import { define, internal } from './registry.js';
import { changeMessage, readLid, readMessage, readWid } from './storage.js';

const isMine = (sender) => sender === readWid() || sender === readLid();

/** The key of somebody's reaction or vote. */
const keyOf = (parent, sender, id) =>
  new MsgKey({ fromMe: isMine(sender), remote: parent.remote, id, participant: parent.remote.isGroup() ? sender : undefined });

/** Add somebody's reaction to a stored message; an empty text takes it back. */
export const withReaction = (row, { sender, text, t, id }) => ({
  ...row, reactions: { ...row.reactions, [sender]: { text, t, id } },
});

/** Add somebody's vote to a stored poll. */
export const withVote = (row, { sender, options, t, id }) => ({
  ...row, votes: { ...row.votes, [sender]: { options, t, id } },
});

/** Let WhatsApp's models, and so wa-js, know of a reaction. */
export function showReaction(parent, { sender, text, t, id }) {
  internal('WAWebReactionsCollectionAction').addOrUpdateReactionsModelCollection(
    {
      msgKey: keyOf(parent, sender, id).toString(),
      parentMsgKey: parent.toString(),
      reactionText: text,
      senderUserJid: sender,
      read: false,
      orphan: 0,
      t,
    },
    true,
  );
}

/** Take over a reaction of this account. */
export async function noteReaction(message, reaction) {
  await changeMessage(message.id.toString(), (row) => withReaction(row, reaction));
  showReaction(message.id, reaction);
}

/** Let WhatsApp's models, and so wa-js, know of a vote. */
export function showVote(parent, { sender, options, t, id }) {
  void internal('WAWebPollsVotesDb').upsertVotesDb([
    {
      msgKey: keyOf(parent, sender, id),
      parentMsgKey: parent,
      selectedOptionLocalIds: options,
      sender: wid(sender),
      senderTimestampMs: t,
      ack: 1,
    },
  ]);
}

async function getReactions(text) {
  const row = await readMessage(text);
  const parent = MsgKey.fromString(text);
  const given = Object.entries(row?.reactions ?? {}).filter(([, { text: emoji }]) => emoji);
  const all = given.map(([sender, { text: emoji, t, id }]) => ({
    msgKey: keyOf(parent, sender, id), parentMsgKey: parent, reactionText: emoji,
    senderUserJid: sender, read: true, orphan: 0, timestamp: t,
  }));
  const emojis = [...new Set(all.map((reaction) => reaction.reactionText))];
  return {
    reactionByMe: all.find((reaction) => isMine(reaction.senderUserJid)),
    reactions: emojis.map((aggregateEmoji) => {
      const senders = all.filter((reaction) => reaction.reactionText === aggregateEmoji);
      return { aggregateEmoji, senders, hasReactionByMe: senders.some(({ senderUserJid }) => isMine(senderUserJid)) };
    }),
  };
}

async function getVotes(keys) {
  const rows = await Promise.all(keys.map((key) => readMessage(key.toString())));
  return rows.flatMap((row, place) =>
    Object.entries(row?.votes ?? {}).map(([sender, { options, t, id }]) => ({
      msgKey: keyOf(keys[place], sender, id), parentMsgKey: keys[place],
      selectedOptionLocalIds: options, sender: wid(sender), senderTimestampMs: t,
    })),
  );
}

define('WAWebReactionsCollectionAction', { addOrUpdateReactionsModelCollection() {} });
define('WAWebReactionsBridge', { getReactions });
define('WAWebPollsVotesDb', { upsertVotesDb: async () => {} });
define('WAWebPollsVotes', { getVotes, getVote: async (key) => (await getVotes([key]))[0] });
