/** Who is who: ids of people as text, and what the page knows of the person behind an id. */

const { blazz } = window;
const known = new Map();

/** An id as text: `6281…@c.us`, `…@lid`, `…@g.us`; `null` for nobody. */
const text = (id) => (id === null || id === undefined ? null : typeof id === 'string' ? id : id.toString());

/** The id of a person, without the number of one of their devices. */
const user = (id) => text(id)?.replace(/:\d+@/, '@') ?? null;

/** The phone number and the LID behind an id, as far as the page knows them. */
async function person(id) {
  const jid = user(id);
  if (!jid || jid.endsWith('@g.us')) return null;
  let found = known.get(jid);
  if (!found) {
    found = isMe(jid) ? me() : { phone: jid.endsWith('@c.us') ? jid : null, lid: jid.endsWith('@lid') ? jid : null };
    if (found.lid && !found.phone) {
      const entry = await WPP.contact.getPnLidEntry(jid).catch(() => null);
      found.phone = text(entry?.phoneNumber?._serialized ?? null);
    }
    // Whoever hides the number may show it later.
    if (found.phone) known.set(jid, found);
  }
  const contact = WPP.whatsapp.ContactStore.get(found.phone ?? jid) ?? WPP.whatsapp.ContactStore.get(jid);
  return { ...found, name: contact?.pushname ?? contact?.notifyName ?? contact?.name ?? null };
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

blazz.people = { text, person, me, isMe, chatWith, needChat };
