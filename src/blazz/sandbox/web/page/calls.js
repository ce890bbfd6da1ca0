/** Calls that come in: they ring, and can be declined; nobody talks. The chat notes how they went. */

import { connection } from './connection.js';
import { MsgKey, wid } from './ids.js';
import { remember } from './messages.js';
import { collectionOf, Model } from './model.js';
import { define, internal } from './registry.js';

const CallState = { None: 0, Calling: 1, ReceivedCall: 3, CallActive: 6, ReceivedCallWithoutOffer: 8, CallStateEnding: 13 };

class Call extends Model {
  static defaults = { isGroup: false, isVideo: false, outgoing: false, state: CallState.ReceivedCall };

  getState() {
    return this.get('state');
  }
}
Call.prototype.proxyName = 'call';

class CallCollectionImpl extends collectionOf(Call) {
  activeCall = null;

  processIncomingCall(offer) {
    return this.add(offer)[0];
  }

  setActiveCall(call) {
    this.activeCall = call;
    return call;
  }
}
const calls = new CallCollectionImpl();

connection.on('push', (kind, data) => {
  if (kind === 'call') {
    const { default: store } = internal('WAWebCallCollection');
    store.setActiveCall(new Call({ id: data.id, peerJid: wid(data.from), isVideo: data.video, offerTime: data.t }));
  } else if (kind === 'call_ended' && calls.activeCall?.id === data.id) {
    const call = calls.activeCall;
    call.set('state', CallState.CallStateEnding);
    calls.setActiveCall(null);
    noteDown(call);
  }
});

/** WhatsApp's own note in the chat, under the call's id; it does not count as a new message. */
function noteDown({ id, peerJid, isVideo, offerTime, isDeclined }) {
  const key = new MsgKey({ fromMe: false, remote: peerJid, id });
  const outcome = isDeclined ? 'Rejected' : 'Missed';
  remember({ id: key, type: 'call_log', from: peerJid, t: offerTime, callOutcome: outcome, isVideoCall: isVideo });
}

/** Decline the call that rings; the server tells all devices that it has ended. */
async function rejectCall() {
  const call = calls.activeCall;
  call.set('isDeclined', true);
  await connection.request('reject_call', { id: call.id });
}

define('WAWebCallEnums', { CallState });
define('WAWebCallModel', { default: Call });
define('WAWebCallCollection', { CallCollectionImpl, default: calls });
define('WAWebVoipStackInterface', { getVoipStackInterface: async () => ({ rejectCall }) });
