/** Who is who: ids of people as text, and what the page knows of the person behind an id. */

const { blazz } = window;
const known = new Map();
const overdue = new Set();

/** An id as text: `6281…@c.us`, `…@lid`, `…@g.us`; `null` for nobody. */
const text = (id) => (id === null || id === undefined ? null : typeof id === 'string' ? id : id.toString());

/** The id of a person, without the number of one of their devices. */
const user = (id) => text(id)?.replace(/:\d+@/, '@') ?? null;

/** The phone number and the LID behind an id, as far as the page knows them. */
async function person(id) {
  const jid = user(id);
  if (!isPerson(jid)) return null;
  if (!known.has(jid)) {
    const found = parts(jid);
    if (found.lid && !found.phone) found.phone = await phoneOf(jid);
    // Whoever hides the number may show it later.
    if (found.phone) known.set(jid, found);
  }
  return seen(jid);
}

/** As `person`, without asking for anything: what the id tells, and what was found before. */
function seen(id) {
  const jid = user(id);
  if (!isPerson(jid)) return null;
  const found = known.get(jid) ?? parts(jid);
  const contact = WPP.whatsapp.ContactStore.get(found.phone ?? jid) ?? WPP.whatsapp.ContactStore.get(jid);
  return { ...found, name: contact?.pushname ?? contact?.notifyName ?? contact?.name ?? null };
}

const isPerson = (jid) => Boolean(jid) && !jid.endsWith('@g.us');

function parts(jid) {
  if (isMe(jid)) return me();
  return { phone: jid.endsWith('@c.us') ? jid : null, lid: jid.endsWith('@lid') ? jid : null };
}

/** The number behind a LID; `null` if it is hidden, or not found in time. Nobody is waited for twice. */
async function phoneOf(lid) {
  const answer = WPP.contact.getPnLidEntry(lid).then((entry) => text(entry?.phoneNumber?._serialized ?? null), () => null);
  const found = await inTime(answer, overdue.has(lid) ? 0 : blazz.people.patience);
  if (found === undefined) overdue.add(lid);
  else overdue.delete(lid);
  return found ?? null;
}

/** What a promise gives, or `undefined` after so many milliseconds. */
function inTime(promise, milliseconds) {
  let timer;
  const late = new Promise((done) => {
    timer = setTimeout(done, milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** The ids of this account. */
function me() {
  return { phone: text(WPP.conn.getMyUserId() ?? null), lid: text(WPP.conn.getMyUserLid?.() ?? null) };
}

/** Whether an id is one of this account. */
function isMe(id) {
  const jid = user(id);
  const { phone, lid } = me();
  return jid !== null && (jid === phone || jid === lid);
}

/** The chat with an id, or `null`; none is made. With somebody it may be under the number or the LID. */
async function chatWith(id) {
  const known = WPP.chat.get(id);
  if (known || !/@(c\.us|lid)$/.test(id)) return known ?? null;
  const { phoneNumber, lid } = await WPP.contact.getPnLidEntry(id).catch(() => ({}));
  const other = id.endsWith('@lid') ? phoneNumber : lid;
  return (other && WPP.chat.get(other._serialized)) ?? null;
}

/** As `chatWith`, but it has to be there. */
async function needChat(id) {
  const chat = await chatWith(id);
  if (!chat) throw blazz.fail('no_such_chat', `there is no chat with ${id}`);
  return chat;
}

/** Milliseconds that the number behind a LID is waited for. */
const patience = 5_000;

blazz.people = { text, person, seen, me, isMe, chatWith, needChat, patience };
