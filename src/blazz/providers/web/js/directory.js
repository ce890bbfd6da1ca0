/** Chats, contacts, the block list and profiles. */

const { blazz } = window;
const text = (...its) => blazz.people.text(...its);
const person = (...its) => blazz.people.person(...its);
const needChat = (...its) => blazz.people.needChat(...its);

async function chat(model) {
  const id = text(model.id);
  return {
    chat: id, person: await person(id), name: model.name ?? model.formattedTitle ?? null,
    unread: Math.max(0, model.unreadCount ?? 0), marked: model.unreadCount < 0, archived: !!model.archive, pinned: !!model.pin,
    muted: !!model.mute?.isMuted,
    t: model.t ?? null,
  };
}

blazz.chats = async () => Promise.all((await WPP.chat.list()).map(chat));

/** Emptying and deleting a chat do not fail: they tell a status. */
function done({ status }) {
  if (status !== 200) throw blazz.fail('not_done', `WhatsApp did not do it (status ${status})`);
}

blazz.archiveChat = async ({ chat: id, archived }) => {
  const known = await needChat(id);
  if (!!known.archive !== archived) await WPP.chat.archive(known.id, archived);
};
blazz.pinChat = async ({ chat: id, pinned }) => {
  const known = await needChat(id);
  if (!!known.pin !== pinned) await WPP.chat.pin(known.id, pinned);
};
blazz.muteChat = async ({ chat: id, seconds }) => {
  const known = await needChat(id);
  await (seconds ? WPP.chat.mute(known.id, { duration: seconds }) : WPP.chat.unmute(known.id));
};
blazz.clearChat = async ({ chat: id }) => done(await WPP.chat.clear((await needChat(id)).id));
blazz.deleteChat = async ({ chat: id }) => done(await WPP.chat.delete((await needChat(id)).id));
blazz.markChatUnread = async ({ chat: id }) => void (await WPP.chat.markIsUnread((await needChat(id)).id));
blazz.markChatRead = async ({ chat: id }) => void (await WPP.chat.markIsRead((await needChat(id)).id));

async function contact(model) {
  const id = text(model.id);
  return {
    person: await person(id), saved: model.name ?? null, pushname: model.pushname ?? null,
    mine: !!model.isMyContact, business: !!model.isBusiness, me: !!model.isMe,
  };
}

blazz.contacts = async ({ saved }) => Promise.all((await WPP.contact.list({ onlyMyContacts: saved })).map(contact));
blazz.saveContact = async ({ of, first, last }) => void (await WPP.contact.save(of, first, last ? { surname: last, lastName: last } : {}));
blazz.about = async ({ of }) => (await WPP.contact.getStatus(of)) ?? null;

blazz.picture = async ({ of }) => (await WPP.contact.getProfilePictureUrl(of)) ?? null;

/**
 * Which numbers are on WhatsApp. WhatsApp's own function is asked: `WPP.contact.queryExists` takes
 * whoever was once tried, such as in a group, for somebody, and anybody for nobody if asking fails.
 */
blazz.exists = async ({ of }) => {
  const id = WPP.whatsapp.WidFactory.createWid(of);
  const found = await WPP.whatsapp.functions.queryWidExists(id);
  if (!found) return null;
  const lid = found.lid ?? WPP.whatsapp.ApiContact.getCurrentLid(id) ?? null;
  return { phone: text(found.wid), lid: text(lid), business: !!found.biz };
};

blazz.blocked = async () => Promise.all([...WPP.blocklist.all()].map(person));
blazz.block = async ({ of, blocked }) => void (await (blocked ? WPP.blocklist.blockContact(of) : WPP.blocklist.unblockContact(of)));

blazz.profile = async () => ({ name: (await WPP.profile.getMyProfileName()) ?? null, about: (await WPP.profile.getMyStatus()) ?? null });
blazz.setName = async ({ name }) => void (await WPP.profile.setMyProfileName(name));
blazz.setAbout = async ({ about }) => void (await WPP.profile.setMyStatus(about));
blazz.setPicture = async ({ picture }) => void (await (picture ? WPP.profile.setMyProfilePicture(picture) : WPP.profile.removeMyProfilePicture()));
blazz.rejectCall = async ({ call }) => WPP.call.reject(call);
