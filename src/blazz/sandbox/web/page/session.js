/** The life of a logged-in page: start, sync, main stream, breaks, and the ways in which it ends. */

import { boot, connection } from './connection.js';
import { loadState } from './loading.js';
import { endPairing, offerPairing } from './pairing.js';
import { enqueue, whenDrained } from './receiving.js';
import { internal } from './registry.js';
import { resendUnsent } from './sending.js';
import * as storage from './storage.js';
import {
  BackendEvent, BackendEventBus, Cmd, Conn, network, Socket, SOCKET_STATE, Stream, StreamInfo, StreamMode,
} from './stream.js';

const RELOAD_AFTER = 150;
const LOGOUT_PATIENCE = 5000;

let identity = null;
let isEnding = false;

/** Start as whoever the profile says, or offer to be linked. */
export async function start() {
  await storage.open();
  identity = await storage.readIdentity();
  if (identity?.problem) {
    const reason = internal('WAWebLogoutReason');
    reason.setPrevLogoutReasonCode(reason.getErrorCodeFromLogoutReason(identity.problem));
    await storage.wipe();
    identity = null;
    BackendEventBus.trigger(BackendEvent.STORAGE_INITIALIZATION_ERROR);
  }
  connection.on('push', receivePush);
  if (!identity) {
    await offerPairing();
    return;
  }
  Socket.set('state', SOCKET_STATE.OPENING);
  Stream.set({ mode: StreamMode.SYNCING, info: StreamInfo.OPENING });
  await enter({ firstTime: false });
}

async function enter({ firstTime }) {
  await loadState();
  const isSMB = storage.readBusiness();
  Conn.set({ pushname: storage.readName(), isSMB, platform: isSMB ? 'smba' : 'android' });
  connection.on('open', () => void logIn(firstTime));
  connection.on('close', (reason) => leaveStream(reason));
  Socket.on('logout_requested', () => void logOut());
  Socket.on('taken_over', () => connection.start());
  if (connection.isOpen) await logIn(firstTime);
  else connection.start();
}

async function logIn(firstTime) {
  if (isEnding) return;
  Socket.set('state', SOCKET_STATE.OPENING);
  Stream.set('info', StreamInfo.OPENING);
  const { received } = (await storage.readIdentity()) ?? identity;
  let answer;
  try {
    const { nonce } = await connection.request('hello', { version: boot.version });
    answer = await connection.request('login', {
      wid: identity.wid,
      device: identity.device,
      proof: await prove(nonce),
      received,
    });
  } catch (failure) {
    if (failure.code !== 'connection_lost') await end(failure.code, failure.message);
    return;
  }
  Conn.set('connected', true);
  Socket.set({ state: SOCKET_STATE.CONNECTED, stream: 'CONNECTED' });
  BackendEventBus.trigger(BackendEvent.OPEN_SOCKET_STREAM);
  const isSynced = Stream.get('mode') === StreamMode.MAIN;
  Stream.set({ info: isSynced || !firstTime ? StreamInfo.RESUMING : StreamInfo.SYNCING });
  if (!firstTime) showMain();
  connection.loggedIn();
  await whenDrained(answer.waiting);
  BackendEventBus.trigger(BackendEvent.OFFLINE_DELIVERY_END);
  if (firstTime) showMain();
  Stream.set('info', StreamInfo.NORMAL);
  await resendUnsent();
}

/** Show that the page holds the secret, without sending it. */
async function prove(nonce) {
  const secret = storage.unbase64(identity.secret);
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return storage.base64(await crypto.subtle.sign('HMAC', key, storage.unbase64(nonce)));
}

function showMain() {
  if (!Cmd.isMainLoaded) Cmd.mainLoaded();
  if (Stream.get('mode') === StreamMode.MAIN) return;
  Stream.set('mode', StreamMode.MAIN);
  BackendEventBus.trigger(BackendEvent.MAIN_STREAM_MODE_READY);
  BackendEventBus.trigger(BackendEvent.APP_STATE_SYNC_COMPLETED);
}

function leaveStream(reason) {
  connection.loggedOut();
  Conn.set('connected', false);
  if (isEnding || !connection.wanted) return;
  Socket.set({
    state: reason === 'timeout' ? SOCKET_STATE.TIMEOUT : SOCKET_STATE.OPENING,
    stream: 'DISCONNECTED',
  });
  Stream.set('info', network.get('online') ? StreamInfo.OPENING : StreamInfo.OFFLINE);
  if (Stream.get('mode') === StreamMode.CONFLICT) Stream.set('mode', StreamMode.MAIN);
  BackendEventBus.trigger(BackendEvent.SOCKET_STREAM_DISCONNECTED);
}

function receivePush(kind, data) {
  if (kind === 'queue') enqueue(data);
  else if (kind === 'paired') void becomePaired(data);
  else if (kind === 'end') void end(data.code, data.text);
}

async function becomePaired(person) {
  const secret = endPairing();
  await storage.saveIdentity({ ...person, secret });
  identity = await storage.readIdentity();
  Stream.set({ mode: StreamMode.SYNCING, info: StreamInfo.SYNCING });
  await enter({ firstTime: true });
}

async function logOut() {
  // Without a line, or with one that breaks just now, the server would keep the device.
  const patience = new Promise((resolve) => setTimeout(resolve, LOGOUT_PATIENCE));
  await Promise.race([connection.insist('logout'), patience]).catch(() => {});
  await forget('user_initiated');
}

/** The server has ended the stream: how it goes on depends on why. */
async function end(code, text) {
  if (code === 'conflict') {
    stay(SOCKET_STATE.CONFLICT, StreamMode.CONFLICT);
  } else if (code === 'outdated') {
    stay(SOCKET_STATE.DEPRECATED_VERSION, StreamMode.DEPRECATED_VERSION);
    Stream.set('needsUpdate', true);
  } else if (code === 'temporarily_banned') {
    stay(SOCKET_STATE.TOS_BLOCK, StreamMode.TOS_BLOCK);
    BackendEventBus.trigger(BackendEvent.ACCOUNT_TEMPORARILY_BANNED, { code: 101, expire: Number(text) });
  } else {
    await forget(code === 'banned' ? 'account_locked' : text || 'unknown_companion');
  }
}

/** Keep the login, but stay disconnected in this mode. */
function stay(state, mode) {
  connection.stop();
  connection.loggedOut();
  Conn.set('connected', false);
  Socket.set({ state, stream: 'DISCONNECTED' });
  Stream.set({ mode, info: StreamInfo.OFFLINE });
}

/** Log out here: forget everything and start afresh, as WhatsApp does by loading itself again. */
async function forget(reason) {
  if (isEnding) return;
  isEnding = true;
  BackendEventBus.trigger(BackendEvent.STARTING_LOGOUT);
  const module = internal('WAWebLogoutReason');
  module.setPrevLogoutReasonCode(module.getErrorCodeFromLogoutReason(reason));
  connection.stop();
  await storage.wipe();
  Conn.set('connected', false);
  Socket.set({ state: SOCKET_STATE.UNPAIRED, stream: 'DISCONNECTED' });
  Stream.set({ mode: StreamMode.QR, info: StreamInfo.OFFLINE });
  BackendEventBus.trigger(BackendEvent.LOGOUT);
  Cmd.trigger('logout');
  setTimeout(() => location.reload(), RELOAD_AFTER);
}

network.on('change:online', (_model, online) => {
  if (online) connection.hurry();
  else connection.drop();
});
