/** Contacts: who is known, whether a number is on WhatsApp, who is blocked. */

import { connection } from './connection.js';
import { lidPnCache, wid } from './ids.js';
import { collectionOf, Model, textOf } from './model.js';
import { define } from './registry.js';
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
  await connection.ready;
  const found = await connection.request('exists', { id: textOf(id) });
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
  const answer = await connection.request('block', { id: textOf(id), blocked });
  await storage.store({ blocked: answer.blocked.map((key) => ({ key })) }, { removed: { blocked: [textOf(id)] } });
  learnBlocked(answer.blocked);
}

async function saveContactAction({ phoneNumber, lid, firstName, lastName }) {
  const id = phoneNumber ? `${phoneNumber}@c.us` : `${lid}@lid`;
  const row = await connection.request('contact', { id, name: [firstName, lastName].filter(Boolean).join(' ') });
  await storage.store({ contact: [{ ...row, key: row.id }] });
  learnContact(row);
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
