/** Groups: what is known of them, who belongs to them, and changing both. */

import { connection } from './connection.js';
import { lidPnCache, wid } from './ids.js';
import { collectionOf, Model, textOf } from './model.js';
import { define } from './registry.js';
import { readLid, readWid } from './storage.js';

const LARGEST_GROUP = 1024;

class Participant extends Model {
  static defaults = { isAdmin: false, isSuperAdmin: false };
}
Participant.prototype.proxyName = 'participant';

class ParticipantCollection extends collectionOf(Participant) {
  /** This account among them, under its LID or its number. */
  get self() {
    return this.get(readLid() ?? '') ?? this.get(readWid() ?? '');
  }

  iAmMember() {
    return !!this.self;
  }

  iAmAdmin() {
    return !!this.self?.get('isAdmin');
  }

  iAmSuperAdmin() {
    return !!this.self?.get('isSuperAdmin');
  }

  iAmRestrictedMember() {
    return !this.iAmAdmin();
  }

  canAdd() {
    return this.iAmAdmin();
  }

  canRemove(participant) {
    return this.iAmAdmin() && participant !== this.self;
  }

  canPromote(participant) {
    return this.iAmAdmin() && !participant.get('isAdmin');
  }

  canDemote(participant) {
    return this.iAmAdmin() && participant.get('isAdmin');
  }
}

class GroupMetadata extends Model {
  static defaults = { subject: '', desc: '', announce: false, restrict: false, groupType: 'DEFAULT', stale: true };

  constructor(attributes) {
    super(attributes);
    Object.defineProperty(this, 'participants', { value: new ParticipantCollection() });
    Object.defineProperty(this, 'pastParticipants', { value: new ParticipantCollection() });
  }

  get isLidAddressingMode() {
    return true;
  }

  canSetSubject() {
    return this.participants.iAmAdmin() || !this.get('restrict');
  }

  canSetDescription() {
    return this.canSetSubject();
  }

  canSetGroupProperty() {
    return this.participants.iAmAdmin();
  }

  canSetEphemeralSetting() {
    return this.participants.iAmAdmin();
  }
}
GroupMetadata.prototype.proxyName = 'group-metadata';

class GroupMetadataCollection extends collectionOf(GroupMetadata) {
  /** wa-js knows the collection by this method. */
  _handleParentGroupChange() {}

  async find(id) {
    const group = groupOf(id);
    if (group.get('stale')) {
      await connection.ready;
      learnGroup(await connection.request('group', { group: textOf(id) }));
    }
    return group;
  }
}
const groups = new GroupMetadataCollection();

/** What is known of a group; nothing yet where it is new. */
export const groupOf = (id) => groups.get(id) ?? groups.add({ id: wid(id) })[0];

/** Take over what the server says of a group. */
export function learnGroup({ id, participants, owner, ...attributes }) {
  const group = groupOf(id);
  group.set({ ...attributes, owner: owner ? wid(owner) : undefined });
  group.participants.reset();
  for (const { id: member, number, admin, owner: isSuperAdmin } of participants) {
    lidPnCache.learn(number, member);
    group.participants.add({ id: wid(member), isAdmin: admin, isSuperAdmin });
  }
  group.set('stale', false);
  return group;
}

/** Ask for a change; what has become of the group is known once this resolves. */
async function change(operation, id, parameters) {
  await connection.ready;
  const answer = await connection.request(operation, { group: textOf(id), ...parameters });
  if (answer?.group) learnGroup(answer.group);
  return answer;
}
const idsOf = (participants) => participants.map((participant) => textOf(participant.id ?? participant));

function members(action) {
  return (chat, participants) => change('members', chat.id, { action, members: idsOf(participants) });
}

async function sendAddParticipants(id, added) {
  const ids = added.map(({ lid, phoneNumber }) => textOf(lid ?? phoneNumber));
  const { results } = await change('members', id, { action: 'add', members: ids });
  return {
    status: 200,
    participants: results.map(({ id: userWid, code }) => ({
      userWid: wid(userWid), code: String(code), invite_code: null, invite_code_exp: null,
    })),
  };
}

async function sendCreateGroup(subject, wids) {
  await connection.ready;
  const made = await connection.request('create_group', { subject, members: wids.map(textOf) });
  learnGroup(made.group);
  return {
    gid: wid(made.group.id),
    participants: made.results.map(({ id, code }) => ({
      userWid: wid(id), code: String(code), invite_code: null, invite_code_exp: null,
    })),
  };
}

/** A change that somebody made; wa-js listens in. */
async function updateDBForGroupAction() {}

define('WAWebParticipantModel', { Participant });
define('WAWebParticipantCollection', { default: ParticipantCollection });
define('WAWebGroupMetadataModel', { GroupMetadata });
define('WAWebGroupMetadataCollection', { default: groups });
define('WAWebGroupsParticipantsApi', {
  addParticipants: members('add'),
  removeParticipants: members('remove'),
  promoteParticipants: members('promote'),
  demoteParticipants: members('demote'),
  promoteCommunityParticipants: members('promote'),
  demoteCommunityParticipants: members('demote'),
});
define('WAWebGroupParticipantsJob', {
  addGroupParticipants: sendAddParticipants,
  removeGroupParticipants: (id, ids) => change('members', id, { action: 'remove', members: idsOf(ids) }),
  promoteGroupParticipants: (id, ids) => change('members', id, { action: 'promote', members: idsOf(ids) }),
  demoteGroupParticipants: (id, ids) => change('members', id, { action: 'demote', members: idsOf(ids) }),
});
define('WAWebCreateGroupAction', { sendCreateGroup });
define('WAWebExitGroupAction', { sendExitGroup: (chat) => change('leave', chat.id) });
define('WAWebGroupModifyInfoJob', {
  setGroupSubject: (id, subject) => change('set_group', id, { subject }),
  setGroupDescription: (id, description) => change('set_group', id, { description }),
  setGroupProperty: (id, property, value) => change('set_group', id, { [property]: value === 1 }),
});
define('WAWebGroupInviteJob', {
  sendQueryGroupInviteCode: async (id) => (await change('invite', id)).code,
  sendRevokeGroupInviteCode: async (id) => (await change('invite', id, { renew: true })).code,
});
/** What an invitation leads to, without joining. */
async function sendQueryGroupInvite(code) {
  const { group } = await connection.insist('invited', { code });
  const { id, owner, participants, subject, desc, announce, restrict, creation } = group;
  const groupInfo = {
    id: wid(id), owner: wid(owner), subject, desc, announce, restrict, creation, size: participants.length,
    isLidAddressingMode: true, membershipApprovalMode: false, isParentGroup: false,
    participants: participants.map(({ id: member, admin, owner: isSuperAdmin }) => ({
      id: wid(member), isAdmin: admin, isSuperAdmin,
    })),
  };
  return { status: 200, groupInfo };
}

define('WAWebGroupQueryInviteJob', { sendQueryGroupInvite });
define('WAWebGroupGetSizeLimit', { getGroupSizeLimit: () => LARGEST_GROUP });
define('WAWebGroupJoinJob', {
  sendJoinGroupViaInvite: async (code) => {
    await connection.ready;
    const { group } = await connection.request('join', { code });
    return { gid: learnGroup(group).id, membershipApprovalMode: false };
  },
});
define('WAWebQueryAllGroups', {
  queryAllGroups: async () => groups.models.filter((group) => group.participants.iAmMember()).map(({ id }) => ({ id })),
});
define('WAWebGroupAction', { updateDBForGroupAction });
