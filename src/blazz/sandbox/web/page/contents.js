/** Parts of messages that WhatsApp makes out of others: contact cards and links. */

import { lidPnCache } from './ids.js';
import { define } from './registry.js';

/** A card of a contact, in the form (vCard 3.0) that WhatsApp sends. */
function vcardFromContactModel(contact) {
  const displayName = contact.formattedName ?? contact.displayName;
  const number = contact.id.isLid() ? lidPnCache.getPhoneNumber(contact.id)?.user : contact.id.user;
  const escaped = displayName.replace(/[\\;,]/g, '\\$&').replace(/\n/g, '\\n');
  const phone = number ? `TEL;type=CELL;type=VOICE;waid=${number}:+${number}\n` : '';
  const vcard = `BEGIN:VCARD\nVERSION:3.0\nN:;${escaped};;;\nFN:${escaped}\n${phone}END:VCARD`;
  return { displayName, vcard, isMultiVcard: false };
}

define('WAWebFrontendVcardUtils', { vcardFromContactModel, mergeVcards: (cards) => cards.map(({ vcard }) => vcard).join('\n') });
define('WAWebLinkDetection', {
  findFirstWebLink: (text) => /https?:\/\/[^\s]+/.exec(text)?.[0] ?? null,
});
// Nothing is fetched from other sites: a link stays a link.
define('WAWebLinkPreviewChatAction', { getLinkPreview: async () => null });
define('WAWebGenMinimalLinkPreviewChatAction', { genMinimalLinkPreview: async () => null });
