/** Reads what was written before, a page of a chat at a time. */

const { blazz } = window;

/** Up to `count` messages before one (or the newest ones), oldest first. */
blazz.past = async ({ chat, before, count }) => {
  const found = await WPP.chat.getMessages(chat, { count, direction: 'before', ...(before && { id: before }) });
  return Promise.all(found.map((message) => blazz.messages.plain(message)));
};

blazz.historyProgress = async () => WPP.conn.getHistorySyncProgress?.() ?? null;
