/** Receipts: how far own messages have come, with whom, and when. */

import { connection } from './connection.js';
import { wid } from './ids.js';
import { keyOf, MsgCollection } from './messages.js';
import { collectionOf, Model } from './model.js';
import { define } from './registry.js';

/** Show how far own messages have come; in groups `overall` is what all members have reached. */
async function takeReceipt({ externalIds, from, ack, overall, sender }) {
  for (const id of externalIds) {
    const message = MsgCollection.get(keyOf({ id, chat: from.toString(), sender, fromMe: true }));
    if (message) message.updateAck(Math.max(message.get('ack'), overall ?? ack));
  }
}

/** Who got, read and played a message of one's own, and when. */
class MsgInfo extends Model {}
MsgInfo.prototype.proxyName = 'msg-info';
class MsgInfoCollectionImpl extends collectionOf(MsgInfo) {
  async find(id) {
    const receipts = await connection.insist('receipts', { id: id.id });
    for (const name of ['delivery', 'read', 'played']) {
      receipts[name] = receipts[name].map(({ id: who, t }) => ({ id: wid(who), t }));
    }
    return new MsgInfo({ id, ...receipts });
  }
}

define('WAWebMsgInfoModel', { MsgInfo });
define('WAWebMsgInfoCollection', { MsgInfoCollection: new MsgInfoCollectionImpl() });
define('WAWebHandleAck', {
  handleChatSimpleReceipt: (receipt) => takeReceipt(receipt),
  handleGroupSimpleReceipt: (receipt) => takeReceipt(receipt),
  handleStatusSimpleReceipt: (receipt) => takeReceipt(receipt),
});
