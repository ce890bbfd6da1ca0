/** Linking this device: QR codes that change and expire, and codes for a phone number. */

import { connection } from './connection.js';
import { Emitter } from './emitter.js';
import { define } from './registry.js';
import { base64, readLid, readWid } from './storage.js';
import { wid } from './ids.js';
import { Cmd, Conn, Socket, SOCKET_STATE, Stream, StreamInfo, StreamMode } from './stream.js';

const random = (length) => crypto.getRandomValues(new Uint8Array(length));

const keys = { secret: random(32), identity: random(32), adv: base64(random(32)), noise: undefined };
const linkDeviceEvents = new Emitter();
let active = false;
let timer;
let codeTimer;

async function showCode(again = false) {
  clearTimeout(timer);
  const answer = await connection.request('ref', { again }).catch(() => null);
  if (!answer || !active) return;
  Conn.set('ref', answer.ref);
  if (answer.ref === null) {
    Socket.set('state', SOCKET_STATE.UNPAIRED_IDLE);
    return;
  }
  Conn.set('refTTL', answer.seconds);
  Socket.set('state', SOCKET_STATE.UNPAIRED);
  clearTimeout(timer); // somebody may have asked for a code while this one was on its way
  timer = setTimeout(showCode, answer.seconds * 1000);
}

async function introduce() {
  if (!active) return;
  await connection.request('pair', {
    secret: base64(keys.secret),
    noise: base64(keys.noise),
    identity: base64(keys.identity),
    adv: keys.adv,
  });
  Stream.set({ mode: StreamMode.QR, info: StreamInfo.NORMAL });
  await showCode();
}

/** Show codes until somebody scans one. */
export async function offerPairing() {
  active = true;
  keys.noise = new Uint8Array(await crypto.subtle.digest('SHA-256', keys.secret));
  connection.on('open', () => void introduce());
  connection.on('close', () => {
    if (!active) return;
    clearTimeout(timer);
    Conn.set('ref', null);
    Stream.set('info', StreamInfo.OFFLINE);
  });
  Cmd.on('refresh_qr', () => void showCode(true));
  Socket.on('poked', () => void showCode(true));
  connection.start();
}

/** No more codes: somebody has scanned one. Gives the secret that the phone agreed to. */
export function endPairing() {
  active = false;
  clearTimeout(timer);
  linkDeviceEvents.trigger('link_device_events:primary_hello_received');
  Socket.set('state', SOCKET_STATE.PAIRING);
  Stream.set('info', StreamInfo.PAIRING);
  Conn.set('ref', null);
  return base64(keys.secret);
}

connection.on('push', (kind) => {
  if (kind === 'code_refused') linkDeviceEvents.trigger('link_device_events:error_alt_linking');
});

/** Get a code to be entered on the phone; when it expires, whoever shows it is asked to get another. */
async function genLinkDeviceCodeForPhoneNumber(phone, sendPushNotification) {
  const { code, seconds } = await connection.request('code', { number: phone, notify: sendPushNotification });
  clearTimeout(codeTimer);
  codeTimer = setTimeout(() => {
    if (active) linkDeviceEvents.trigger('link_device_events:refresh_alt_linking_code');
  }, seconds * 1000);
  return code;
}

const me = () => {
  const found = readWid();
  return found ? wid(found) : undefined;
};
const myLid = () => {
  const found = readLid();
  return found ? wid(found) : undefined;
};
define('WAWebUserPrefsMeUser', {
  getMaybeMePnUser: me,
  getMaybeMeLidUser: myLid,
  getMeLidUserOrThrow: () => {
    const lid = myLid();
    if (!lid) throw new Error('nobody is logged in');
    return lid;
  },
  getMe: me,
  getMaybeMeDevicePn: me,
});
define('WAWebMobilePlatforms', { isLoggedIn: () => readWid() !== null });
define('WAWebIsRegistered', { isRegistered: () => readWid() !== null });
define('WABase64', {
  encodeB64: base64,
  decodeB64: (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0)),
});
define('WAWebUserPrefsMultiDevice', {
  waNoiseInfo: { get: async () => ({ staticKeyPair: { pubKey: keys.noise } }) },
});
define('WAWebSignalStore', {
  waSignalStore: { getRegistrationInfo: async () => ({ identityKeyPair: { pubKey: keys.identity } }) },
});
define('WAWebAdv', { getADVSecretKey: () => keys.adv, setADVSignedIdentity() {} });
define('WAWebLinkDeviceEvents', { WAWebLinkDeviceEvents: linkDeviceEvents });
define('WAWebAltDeviceLinkingApi', {
  initializeAltDeviceLinking: async () => {},
  genLinkDeviceCodeForPhoneNumber,
});
