/** Who is online and who is typing, both ways. */

import { connection } from './connection.js';
import { wid } from './ids.js';
import { collectionOf, Model } from './model.js';
import { define } from './registry.js';

class Chatstate extends Model {
  static defaults = { type: undefined, t: 0, deny: false };
}
Chatstate.prototype.proxyName = 'chatstate';
class ChatstateCollection extends collectionOf(Chatstate) {}

class Presence extends Model {
  static defaults = { isOnline: false, hasData: false, isSubscribed: false };

  constructor(attributes) {
    super(attributes);
    Object.defineProperty(this, 'chatstates', { value: new ChatstateCollection() });
    this.set('chatstate', new Chatstate({ id: this.id }), { silent: true });
  }

  get isGroup() {
    return this.id.isGroup();
  }

  get isUser() {
    return this.id.isUser();
  }

  /** Ask to be told; what is known at the moment comes at once. */
  async subscribe() {
    if (this.get('isSubscribed')) return;
    this.set('isSubscribed', true);
    connection.tell('subscribe', { chat: this.id.toString() });
  }

  /** Ask to be told no longer. */
  delete() {
    PresenceCollection.remove(this);
    connection.tell('unsubscribe', { chat: this.id.toString() });
  }
}
Presence.prototype.proxyName = 'presence';

class PresenceCollectionImpl extends collectionOf(Presence) {
  async find(id) {
    return presenceOf(id);
  }
}
const PresenceCollection = new PresenceCollectionImpl();

/** The presence of a chat. */
export function presenceOf(id) {
  return PresenceCollection.get(id) ?? PresenceCollection.add({ id: wid(id) })[0];
}

connection.on('push', (kind, data) => {
  if (kind === 'presence') learn(data);
});

connection.on('login', () => {
  for (const presence of PresenceCollection.models) {
    if (presence.get('isSubscribed')) connection.tell('subscribe', { chat: presence.id.toString() });
  }
});

/** Take over who is online or typing; `sender` only differs from `chat` in groups. */
function learn({ chat, sender, state, t }) {
  const presence = presenceOf(chat);
  presence.set({ hasData: true, isOnline: state !== 'unavailable' });
  if (presence.isGroup) {
    const one = presence.chatstates.get(sender) ?? presence.chatstates.add({ id: wid(sender) })[0];
    one.set({ type: state, t });
  }
  const { chatstate } = presence;
  chatstate.set({ type: state, t });
  PresenceCollection.trigger('change:chatstate.type', chatstate);
}

const tell = (chat, state) => connection.tell('chatstate', { chat: chat.id.toString(), state });

define('WAWebPresenceModel', { Presence, Chatstate });
define('WAWebChatstateCollection', { ChatstateCollectionImpl: ChatstateCollection });
define('WAWebPresenceCollection', { PresenceCollection });
define('WAWebContactPresenceBridge', {
  subscribeUserPresence: (id) => presenceOf(id).subscribe(),
  subscribeGroupPresence: (id) => presenceOf(id).subscribe(),
});
define('WAWebChatPresence', {
  markComposing: async (chat) => tell(chat, 'composing'),
  markRecording: async (chat) => tell(chat, 'recording'),
  markPaused: async (chat) => tell(chat, 'paused'),
  sendPresenceAvailable: () => connection.tell('available', { available: true }),
  sendPresenceUnavailable: () => connection.tell('available', { available: false }),
});
