/** Reports what happens in the page: its state, messages, receipts, presence, groups, calls. */

const { blazz } = window;
const text = (...its) => blazz.people.text(...its);
const person = (...its) => blazz.people.person(...its);
const isMe = (...its) => blazz.people.isMe(...its);
const plain = (...its) => blazz.messages.plain(...its);
const need = (...its) => blazz.messages.need(...its);
const isChat = (...its) => blazz.messages.isChat(...its);
const isSaid = (...its) => blazz.messages.isSaid(...its);
const noticeOf = (...its) => blazz.notices.noticeOf(...its);
const isCall = (...its) => blazz.notices.isCall(...its);
const whenOver = (...its) => blazz.notices.whenOver(...its);
const ended = (...its) => blazz.notices.ended(...its);

const DELIVERED = 2;

let reported = '';
let order = Promise.resolve();
let wired = false;

/**
 * Report what needs time to be put together, in the order in which it happened.
 *
 * `make` is given what tells who somebody is. Where that does not answer, it is told with what ids alone tell; a
 * report that cannot be made like that either is what `rescue` gives, or a problem.
 */
function inOrder(name, make, rescue) {
  order = order
    .then(() => inTime(make(person)))
    .catch(() => inTime(make(blazz.people.seen)))
    .catch((failure) => {
      if (!rescue) throw failure;
      return rescue(failure);
    })
    .then(
      (value) => value && blazz.emit(name, value),
      (failure) => blazz.emit('problem', { event: name, text: String(failure?.message ?? failure) }),
    );
  return order;
}

/** Give up on what takes too long: everything after it waits for it. */
function inTime(work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(blazz.fail('late', 'it took too long')), blazz.messages.patience);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The state of the page as a whole. */
function state() {
  const stream = WPP.conn.getStreamData?.() ?? WPP.whatsapp.Stream.attributes;
  const authenticated = !!WPP.conn.isAuthenticated();
  return {
    authenticated,
    mode: stream.mode ?? null,
    info: stream.info ?? null,
    socket: WPP.whatsapp.Socket?.state ?? null,
    full: !!WPP.isFullReady,
    idle: !!WPP.conn.isIdle?.(),
    me: authenticated ? blazz.people.me() : null,
  };
}

function reportState() {
  const now = state();
  const written = JSON.stringify(now);
  if (written === reported) return;
  reported = written;
  blazz.emit('state', now);
}

async function reportCode(code) {
  blazz.emit('qr', { data: code?.fullCode ?? null, seconds: WPP.whatsapp.Conn?.refTTL || null });
}

function reportMessage(message) {
  const notice = noticeOf(message);
  if (notice) reportNotice(notice, message);
  if (!isSaid(message)) return;
  const report = () => void inOrder(
    'message', (who) => plain(message, who), (failure) => blazz.messages.bare(message, String(failure?.message ?? failure)),
  );
  if (message.type === 'ciphertext') whenReadable(message, report);
  else report();
}

function reportNotice([name, make], message) {
  if (isChat(message.id.remote)) void inOrder(name, (who) => make(message, who));
}

/** Seconds since 1970; calls before are history. */
let callsSince = Math.floor(performance.timeOrigin / 1000);

/** Report how a call went. wa-js does not tell of it: its entry does not count as a new message. */
function reportCall(entry) {
  if (!isCall(entry) || entry.t < callsSince) return;
  whenOver(entry, () => void inOrder('call_ended', (who) => ended(entry, who)));
}

/** WhatsApp asks the sender again for what it could not decrypt; usually that takes a moment. */
function whenReadable(message, report) {
  const late = setTimeout(report, blazz.messages.patience);
  message.once('change:type', () => {
    clearTimeout(late);
    report();
  });
}

/** The whole id of a message of ours: in a group wa-js names whom the receipt is from, not us. */
function ownId(id) {
  const [fromMe, chat, part] = text(id).split('_');
  if (!chat.endsWith('@g.us')) return text(id);
  const { lid, phone } = blazz.people.me();
  const possible = [lid, phone].filter(Boolean).map((mine) => `${fromMe}_${chat}_${part}_${mine}`);
  return possible.find((whole) => WPP.whatsapp.MsgStore.get(whole)) ?? possible[0];
}

async function receipt({ ack, chat, ids, sender }, who) {
  return { ack, chat: text(chat), ids: ids.map(ownId), sender: await who(sender), person: await who(chat), t: now() };
}

async function reaction({ id, msgId, reactionText, timestamp, sender, orphan }, who) {
  if (isMe(sender)) return null;
  return {
    id: text(id), message: text(msgId), text: reactionText, t: Math.floor(timestamp / 1000), author: await who(sender), orphan,
  };
}

async function edited({ id, msg }, who) {
  if (msg?.id?.fromMe ?? String(id).startsWith('true_')) return null;
  const message = msg?.attributes ? msg : await need(text(id));
  return { edit: text(message.latestEditMsgKey ?? null), t: now(), message: await plain(message, who) };
}

async function revoked({ author, from, id, refId, to, type }, who) {
  if (isMe(author ?? from)) return null;
  return { id: text(id), message: text(refId), author: await who(author ?? from), kind: type, t: now() };
}

async function vote({ msgId, chatId, selectedOptions, timestamp, sender }, who) {
  if (isMe(sender)) return null;
  const chosen = selectedOptions.filter(Boolean).map(({ name }) => name);
  return { message: text(msgId), chat: text(chatId), chosen, t: Math.floor(timestamp / 1000), author: await who(sender) };
}

async function presence({ id, isOnline, isGroup, state: activity, shortName, participants, t }, who) {
  const chat = text(id);
  return {
    chat,
    online: !!isOnline,
    activity: activity ?? null,
    person: isGroup ? null : await who(chat),
    members: isGroup ? await Promise.all((participants ?? []).map(async (it) => ({ person: await who(it.id), activity: it.state }))) : [],
    t: t || now(),
  };
}

async function members({ author, authorPushName, groupId, action, operation, participants }, who) {
  return {
    group: text(groupId), action, operation: operation ?? null, author: await who(author ?? null),
    members: await Promise.all(participants.map((id) => who(id))), t: now(),
  };
}

async function call({ id, isGroup, isVideo, offerTime, sender, peerJid }, who) {
  return { id: text(id), group: !!isGroup, video: !!isVideo, person: await who(sender ?? peerJid), t: offerTime || now() };
}

async function chat(model, who) {
  const id = text(model?.id ?? model?.chat ?? null);
  return id && { chat: id, person: await who(id), name: model.name ?? null, t: now() };
}

const now = () => Math.floor(Date.now() / 1000);

/** Report an event of wa-js, unless it is about a story or a channel. */
function follow(event, name, make, place) {
  WPP.on(event, (change) => {
    if (isChat(place(change))) void inOrder(name, (who) => make(change, who));
  });
}

/** Begin to report; called once wa-js is ready. */
function start() {
  if (wired) return;
  wired = true;
  for (const name of [
    'conn.authenticated', 'conn.require_auth', 'conn.main_init', 'conn.main_ready', 'conn.stream_mode_changed',
    'conn.stream_info_changed', 'conn.online', 'conn.qrcode_idle',
  ]) WPP.on(name, reportState);
  WPP.whatsapp.Socket?.on?.('change:state', reportState);
  // Where WhatsApp was connected before wa-js was ready, nothing else tells that wa-js is, too.
  WPP.loader.onFullReady(reportState);
  WPP.on('conn.logout', () => blazz.emit('logout', {}));
  WPP.on('conn.logout_reason', (reason) => blazz.emit('logout_reason', { reason: reason ?? null }));
  WPP.on('conn.needs_update', () => blazz.emit('needs_update', {}));
  WPP.on('conn.backend_event', (event) => blazz.emit('backend', { event: typeof event === 'string' ? event : event?.type ?? null }));
  WPP.on('conn.auth_code_change', reportCode);
  WPP.on('conn.link_code_change', (code) => blazz.emit('code', { code }));
  WPP.on('conn.link_code_expired', () => blazz.emit('code_expired', {}));
  WPP.on('conn.link_code_error', () => blazz.emit('code_refused', {}));
  WPP.on('chat.new_message', reportMessage);
  follow('chat.msg_ack_change', 'receipt', receipt, (change) => change.chat);
  follow('chat.new_reaction', 'reaction', reaction, (change) => change.msgId?.remote);
  follow('chat.msg_edited', 'edit', edited, (change) => change.msg?.id?.remote ?? change.chat);
  follow('chat.msg_revoke', 'revoke', revoked, (change) => change.refId?.remote);
  follow('chat.poll_response', 'vote', vote, (change) => change.chatId);
  follow('chat.presence_change', 'presence', presence, (change) => change.id);
  follow('chat.new_chat', 'chat', chat, (model) => model?.id ?? model?.chat);
  follow('group.participant_changed', 'members', members, (change) => change.groupId);
  follow('call.incoming_call', 'call', call, () => null);
  WPP.whatsapp.MsgStore.on('add', reportCall);
  void WPP.conn.getAuthCode().then((code) => code && reportCode(code), () => {});
  reportState();
}

/** What tells this page from the one that is there after it was loaded anew. */
const page = performance.timeOrigin;

/** Begin to report, and tell the state at once. */
blazz.watch = () => {
  start();
  return { ...state(), page };
};

/** The newest messages of others in a chat, so many; our own among them are passed over. */
async function received(chat, wanted) {
  for (let count = wanted; ; count *= 2) {
    const found = await WPP.chat.getMessages(chat, { count }).catch(() => []);
    const theirs = found.filter((message) => !message.id.fromMe && isSaid(message));
    if (theirs.length >= wanted || found.length < count) return theirs.slice(-wanted);
  }
}

/** Report what is unread and came after a time (seconds since 1970), and calls since then, as if it came now. */
blazz.reportUnread = async ({ since, most }) => {
  let count = 0;
  callsSince = Math.min(callsSince, since);
  WPP.whatsapp.MsgStore.getModelsArray().forEach(reportCall);
  for (const model of WPP.whatsapp.ChatStore.getModelsArray()) {
    const unread = Math.min(Math.max(0, model.unreadCount ?? 0), most);
    if (!unread || (model.t ?? Infinity) < since) continue;
    for (const message of await received(model.id, unread)) {
      if (message.t < since) continue;
      count += 1;
      reportMessage(message);
    }
  }
  await order;
  return count;
};

/** Report how far messages of ours have come, by whole ids, as if it were told now. */
blazz.reportReceipts = async ({ ids }) => {
  for (const id of ids) {
    const message = await blazz.messages.find(id);
    if (!message || message.ack < DELIVERED) continue;
    const { remote } = message.id;
    const change = { ack: message.ack, chat: remote, ids: [message.id], sender: remote };
    void inOrder('receipt', (who) => receipt(change, who));
  }
  await order;
};

// By itself, because the page is loaded anew after a logout, and when WhatsApp updates it. wa-js calls
// this some time after it has become ready: whoever asked for `watch` may have been told all by then.
blazz.whenReady(() => {
  blazz.emit('loaded', { page });
  start();
});
