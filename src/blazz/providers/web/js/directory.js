/** Chats, contacts, groups, the block list and profiles. */

const { blazz } = window;
const text = (...its) => blazz.people.text(...its);
const person = (...its) => blazz.people.person(...its);
const needChat = (...its) => blazz.people.needChat(...its);

async function chat(model) {
  const id = text(model.id);
  return {
    chat: id, person: await person(id), name: model.name ?? model.formattedTitle ?? null,
    unread: Math.max(0, model.unreadCount ?? 0), marked: model.unreadCount < 0, archived: !!model.archive, pinned: !!model.pin,
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
blazz.clearChat = async ({ chat: id }) => done(await WPP.chat.clear((await needChat(id)).id));
blazz.deleteChat = async ({ chat: id }) => done(await WPP.chat.delete((await needChat(id)).id));
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

/** Which numbers are on WhatsApp. */
blazz.exists = async ({ of }) => {
  const found = await WPP.contact.queryExists(of);
  if (!found) return null;
  return { phone: text(found.wid), lid: text(found.lid ?? null), business: !!found.biz };
};

async function group(model) {
  const id = text(model.id ?? model);
  const people = await WPP.group.getParticipants(id);
  const data = model.groupMetadata ?? WPP.whatsapp.GroupMetadataStore?.get(id);
  return {
    group: id, subject: data?.subject ?? model.name ?? null, description: data?.desc ?? null,
    members: await Promise.all(people.map(async (it) => ({ person: await person(it.id), admin: !!it.isAdmin || !!it.isSuperAdmin }))),
  };
}

blazz.groups = async () => Promise.all((await WPP.group.getAllGroups()).map(group));
blazz.group = async ({ group: id }) => group(await WPP.chat.find(id));
blazz.createGroup = async ({ subject, members }) => {
  const made = await WPP.group.create(subject, members);
  const failed = Object.entries(made.participants ?? {}).filter(([, { code }]) => code && code !== 200);
  return { group: text(made.gid), failed: failed.map(([id, { code }]) => ({ id, code })) };
};
const changes = { add: 'addParticipants', remove: 'removeParticipants', promote: 'promoteParticipants', demote: 'demoteParticipants' };
blazz.changeMembers = async ({ group: id, action, members }) => {
  const result = await WPP.group[changes[action]](id, members);
  return Object.entries(result ?? {}).filter(([, its]) => its?.code && its.code !== 200).map(([who, { code }]) => ({ id: who, code }));
};
blazz.setSubject = async ({ group: id, subject }) => void (await WPP.group.setSubject(id, subject));
blazz.setDescription = async ({ group: id, description }) => void (await WPP.group.setDescription(id, description));
blazz.inviteCode = async ({ group: id }) => WPP.group.getInviteCode(id);
blazz.leaveGroup = async ({ group: id }) => void (await WPP.group.leave(id));

blazz.blocked = async () => Promise.all([...WPP.blocklist.all()].map(person));
blazz.block = async ({ of, blocked }) => void (await (blocked ? WPP.blocklist.blockContact(of) : WPP.blocklist.unblockContact(of)));

blazz.profile = async () => ({ name: (await WPP.profile.getMyProfileName()) ?? null, about: (await WPP.profile.getMyStatus()) ?? null });
blazz.setName = async ({ name }) => void (await WPP.profile.setMyProfileName(name));
blazz.setAbout = async ({ about }) => void (await WPP.profile.setMyStatus(about));
blazz.setPicture = async ({ picture }) => void (await (picture ? WPP.profile.setMyProfilePicture(picture) : WPP.profile.removeMyProfilePicture()));
blazz.rejectCall = async ({ call }) => WPP.call.reject(call);
