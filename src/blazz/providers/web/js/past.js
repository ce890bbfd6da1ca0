/** Reads what was written before, a page of a chat at a time. */

const { blazz } = window;
const plain = (...its) => blazz.messages.plain(...its);
const isSaid = (...its) => blazz.messages.isSaid(...its);

/** Up to `count` entries of a chat before one (or the newest ones), oldest first; notices are marked. */
blazz.past = async ({ chat, before, count }) => {
  const known = await blazz.people.chatWith(chat);
  if (!known) return [];
  const found = await WPP.chat.getMessages(known.id, { count, direction: 'before', ...(before && { id: before }) });
  return Promise.all(found.map(async (message) => ({ ...(await plain(message)), notice: !isSaid(message) })));
};

blazz.historyProgress = async () => WPP.conn.getHistorySyncProgress?.() ?? null;
