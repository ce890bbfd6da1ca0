/** Contacts: who is known, whether a number is on WhatsApp, who is blocked. */

import { connection } from './connection.js';
import { lidPnCache, wid } from './ids.js';
import { collectionOf, Model, textOf } from './model.js';
import { define, internal } from './registry.js';
import * as storage from './storage.js';

export class Contact extends Model {
  static defaults = { name: undefined, pushname: undefined, isMyContact: false, isBusiness: false, type: 'in' };

  get displayName() {
    return nameOf(this);
  }
}
Contact.prototype.proxyName = 'contact';

class ContactCollectionImpl extends collectionOf(Contact) {}
export const ContactCollection = new ContactCollectionImpl();

class Blocked extends Model {}
Blocked.prototype.proxyName = 'blocklist';
class BlocklistCollectionImpl extends collectionOf(Blocked) {}
export const BlocklistCollection = new BlocklistCollectionImpl();

export const contactOf = (id) => ContactCollection.get(id);

const nameOf = (contact) => contact.get('name') ?? contact.get('pushname') ?? contact.id.user;
const isMe = (contact) => {
  const id = contact.id.toString();
  return id === storage.readWid() || id === storage.readLid();
};

/** Take over what the server says of somebody. */
export function learnContact({ id, number, lid, ...attributes }) {
  lidPnCache.learn(number, lid);
  const known = ContactCollection.get(id);
  if (known) known.set(attributes);
  else ContactCollection.add({ ...attributes, id: wid(id) });
}

/** Take over the whole list of who is blocked. */
export function learnBlocked(ids) {
  BlocklistCollection.reset();
  for (const id of ids) BlocklistCollection.add({ id: wid(id) });
  BlocklistCollection.trigger('sort', BlocklistCollection);
}

async function queryWidExists(id) {
  const found = await connection.insist('exists', { id: textOf(id) });
  if (!found) return null;
  lidPnCache.learn(found.number, found.lid);
  return {
    wid: wid(found.wid),
    biz: found.business,
    bizInfo: found.business ? { verifiedName: { isApi: false, level: '0', name: found.name } } : undefined,
    lid: found.lid ? wid(found.lid) : undefined,
    status: found.about,
  };
}

async function setBlocked(id, blocked) {
  const answer = await connection.insist('block', { id: textOf(id), blocked });
  const rows = answer.blocked.map((key) => ({ key }));
  await storage.store({ blocked: rows }, { removed: { blocked: await storage.readKeys('blocked') } });
  learnBlocked(answer.blocked);
}

async function nameContact(id, name) {
  const row = await connection.insist('contact', { id, name });
  await storage.store({ contact: [{ ...row, key: row.id }] });
  learnContact(row);
}

async function saveContactAction({ phoneNumber, lid, firstName, lastName }) {
  const id = phoneNumber ? `${phoneNumber}@c.us` : `${lid}@lid`;
  await nameContact(id, [firstName, lastName].filter(Boolean).join(' '));
}

async function deleteContactAction({ phoneNumber, lid }) {
  await nameContact(textOf(phoneNumber ?? lid), null);
}

/** The groups in which somebody is as well. */
async function findCommonGroups(contact) {
  const ids = [contact.id, lidPnCache.getCurrentLid(contact.id)].filter(Boolean);
  const { default: groups } = internal('WAWebGroupMetadataCollection');
  const { ChatCollection } = internal('WAWebChatCollection');
  const common = groups.filter(
    ({ participants }) => participants.iAmMember() && ids.some((id) => participants.get(id)),
  );
  const chats = common.map((group) => ChatCollection.get(group.id)).filter(Boolean);
  return { getModelsArray: () => chats };
}

define('WAWebContactModel', { Contact });
define('WAWebContactCollection', { ContactCollectionImpl, ContactCollection });
define('WAWebBlocklistModel', { default: Blocked });
define('WAWebBlocklistCollection', { BlocklistCollectionImpl, BlocklistCollection });
define('WAWebQueryExistsJob', { queryWidExists, queryPhoneExists: queryWidExists });
define('WAWebBlockContactAction', {
  blockContact: ({ contact }) => setBlocked(contact.id, true),
  unblockContact: (contact) => setBlocked(contact.id, false),
});
define('WAWebSaveContactAction', { saveContactAction });
define('WAWebDeleteContactAction', { deleteContactAction });
define('WAWebFindCommonGroupsContactAction', { findCommonGroups });

// What wa-js puts on contacts as properties.
const no = () => false;
define('WAWebContactGetters', {
  getNotifyName: nameOf,
  getIsMe: isMe,
  getUserid: (contact) => contact.id.user,
  getIsUser: (contact) => contact.id.isUser(),
  getIsGroup: (contact) => contact.id.isGroup(),
  getIsBroadcast: (contact) => contact.id.isBroadcast(),
  getIsNewsletter: (contact) => contact.id.isNewsletter(),
  getIsPSA: no,
  getIsIAS: no,
  getIsSupportAccount: no,
  getIsWAContact: () => true,
  getCanRequestPhoneNumber: no,
  getShowBusinessCheckmarkAsPrimary: no,
  getShowBusinessCheckmarkAsSecondary: no,
  getShowBusinessCheckmarkInChatlist: no,
  getIsDisplayNameApproved: no,
  getShouldForceBusinessUpdate: no,
  getPremiumMessageName: nameOf,
});
const numberOf = (contact) => {
  const number = contact.id.isLid() ? lidPnCache.getPhoneNumber(contact.id) : contact.id;
  return number ? `+${number.user}` : '';
};
define('WAWebFrontendContactGetters', {
  getIsMyContact: (contact) => contact.get('isMyContact') === true,
  getDisplayName: nameOf,
  getMentionName: nameOf,
  getPhoneNumber: (contact) => (contact.id.isLid() ? lidPnCache.getPhoneNumber(contact.id) : contact.id) ?? null,
  getTextStatusString: () => '',
  getPnForLid: (contact) => lidPnCache.getPhoneNumber(contact.id) ?? null,
  getDisplayNameOrPnForLid: nameOf,
  getFormattedPhone: numberOf,
  getFormattedUser: (contact) => contact.id.user,
  getFormattedName: nameOf,
  getFormattedShortName: nameOf,
  getFormattedShortNameWithNonBreakingSpaces: nameOf,
  getSearchName: nameOf,
  getSearchVerifiedName: nameOf,
  getHeader: nameOf,
});
