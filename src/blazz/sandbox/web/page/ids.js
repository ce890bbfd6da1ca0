/** Who and which: ids of people, groups and messages, and which LID belongs to which number. */

import { define } from './registry.js';

const WID = /^([^@:]+)(?::([0-9]+))?@([a-z.]+)$/;

export class Wid {
  constructor(text) {
    const match = WID.exec(text);
    if (!match) throw new Error(`wid error: invalid wid ${text}`);
    this.user = match[1];
    if (match[2]) this.device = Number(match[2]);
    this.server = match[3];
    this._serialized = text;
  }

  toString() {
    return this._serialized;
  }

  toJid() {
    return this._serialized;
  }

  toJSON() {
    return this._serialized;
  }

  equals(other) {
    return !!other && other.toString() === this._serialized;
  }

  isUser() {
    return this.server === 'c.us' || this.server === 'lid';
  }

  isRegularUser() {
    return this.isUser();
  }

  isRegularUserPn() {
    return this.server === 'c.us';
  }

  isLid() {
    return this.server === 'lid';
  }

  isGroup() {
    return this.server === 'g.us';
  }

  isBroadcast() {
    return this.server === 'broadcast';
  }

  isStatusV3() {
    return this._serialized === 'status@broadcast';
  }

  isStatus() {
    return this.isStatusV3();
  }

  isNewsletter() {
    return this.server === 'newsletter';
  }

  isGroupCall() {
    return false;
  }

  isBot() {
    return false;
  }

  isPSA() {
    return false;
  }

  isServer() {
    return false;
  }

  static isXWid(server, id) {
    return textServer(id) === server;
  }

  static isWid(id) {
    return id instanceof Wid;
  }

  static isGroup(id) {
    return Wid.isXWid('g.us', id);
  }

  static isLid(id) {
    return Wid.isXWid('lid', id);
  }

  static isUser(id) {
    return Wid.isXWid('c.us', id) || Wid.isXWid('lid', id);
  }

  static isStatusV3(id) {
    return String(id) === 'status@broadcast';
  }

  static isStatus(id) {
    return Wid.isStatusV3(id);
  }

  static isBroadcast(id) {
    return Wid.isXWid('broadcast', id);
  }

  static equals(one, other) {
    return String(one) === String(other);
  }
}

const textServer = (id) => String(id).split('@')[1];

/** The id of a person, group or chat. */
export const wid = (text) => (text instanceof Wid ? text : new Wid(String(text)));

/** The same, or undefined where there is none. */
export const maybeWid = (text) => (text ? wid(text) : undefined);

/**
 * The id of a message.
 *
 * Its text is kept in `$1`: WhatsApp since 2.3000.1042401057 has it under a minified name, which
 * wa-js turns into `_serialized`. Code that reads `_serialized` must therefore go through wa-js.
 */
export class MsgKey {
  constructor(key) {
    if (key == null) throw new Error('MsgKey error: obj is null/undefined');
    if (key.from && key.to) {
      this.fromMe = key.selfDir ? key.selfDir === 'out' : !!key.fromMe;
      this.remote = this.fromMe || key.to.isGroup() ? key.to : key.from;
    } else {
      this.fromMe = !!key.fromMe;
      this.remote = wid(key.remote);
    }
    this.id = key.id;
    this.participant = maybeWid(key.participant);
    this.$1 = [this.fromMe, this.remote, this.id, this.participant].filter((part) => part !== undefined).join('_');
  }

  toString() {
    return this.$1;
  }

  equals(other) {
    return !!other && other.toString() === this.toString();
  }

  clone() {
    return new MsgKey(this);
  }

  static fromString(text) {
    const [fromMe, remote, id, participant] = text.split('_');
    return new MsgKey({ fromMe: fromMe === 'true', remote: wid(remote), id, participant });
  }

  static async newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(9));
    return `3EB0${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('').toUpperCase()}`;
  }
}

/** Which LID belongs to which phone number, as far as this page was told. */
class LidPnCache {
  lids = new Map();
  numbers = new Map();

  learn(number, lid) {
    if (!number || !lid) return;
    this.lids.set(String(number), wid(lid));
    this.numbers.set(String(lid), wid(number));
  }

  getCurrentLid(id) {
    return this.lids.get(String(id));
  }

  getPhoneNumber(id) {
    return this.numbers.get(String(id));
  }
}
export const lidPnCache = new LidPnCache();

const createUserWid = (user, server = 'c.us') => wid(String(user).includes('@') ? user : `${user}@${server}`);

define('WAWebWid', { default: Wid });
define('WAWebMsgKey', { default: MsgKey });
define('WAWebWidFactory', {
  createWid: wid,
  createUserWid,
  createUserWidOrThrow: createUserWid,
  isWidlike: (id) => !!id && typeof id === 'object' && typeof id.user === 'string' && !!id.server,
  createWidFromWidLike: (id) => wid(id._serialized ?? `${id.user}@${id.server}`),
  toUserWid: wid,
  toUserWidOrThrow: wid,
  asUserWidOrThrow: wid,
});
define('WAWebLidPnCache', { lidPnCache });
define('WAWebApiContact', {
  getCurrentLid: (id) => lidPnCache.getCurrentLid(id) ?? null,
  getPhoneNumber: (id) => lidPnCache.getPhoneNumber(id) ?? null,
  getAlternateUserWid: (id) => (id.isLid() ? lidPnCache.getPhoneNumber(id) : lidPnCache.getCurrentLid(id)) ?? null,
});
define('WAWebLidMigrationUtils', {
  toUserLid: (id) => (id.isLid() ? id : lidPnCache.getCurrentLid(id)),
  toUserLidOrThrow: (id) => {
    const lid = id.isLid() ? id : lidPnCache.getCurrentLid(id);
    if (!lid) throw new Error(`no LID is known for ${id}`);
    return lid;
  },
});
