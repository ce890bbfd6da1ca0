/** Groups: who is in them, what they are called, who may do what. */

const { blazz } = window;
const text = (...its) => blazz.people.text(...its);
const person = (...its) => blazz.people.person(...its);

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
blazz.setGroupPicture = async ({ group: id, picture }) =>
  void (await (picture ? WPP.group.setIcon(id, picture) : WPP.group.removeIcon(id)));
blazz.setGroupProperty = async ({ group: id, property, value }) => void (await WPP.group.setProperty(id, property, value));
blazz.joinGroup = async ({ code }) => (await WPP.group.join(code)).id;
blazz.renewInviteCode = async ({ group: id }) => WPP.group.revokeInviteCode(id);
blazz.inviteCode = async ({ group: id }) => WPP.group.getInviteCode(id);
blazz.leaveGroup = async ({ group: id }) => void (await WPP.group.leave(id));
