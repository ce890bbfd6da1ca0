/** Profiles: names, pictures and texts, own and of others. */

import { boot, connection } from './connection.js';
import { wid } from './ids.js';
import { collectionOf, Model, textOf } from './model.js';
import { define } from './registry.js';
import * as storage from './storage.js';
import { Conn } from './stream.js';

const ask = (operation, parameters) => connection.insist(operation, parameters);

const urlOf = ({ file }) => (file ? boot.media + file : undefined);

class ProfilePicThumb extends Model {}
ProfilePicThumb.prototype.proxyName = 'profile-pic-thumb';
class ProfilePicThumbCollectionImpl extends collectionOf(ProfilePicThumb) {
  async find(id) {
    const url = urlOf(await ask('picture', { id: textOf(id) }));
    const picture = this.get(id) ?? this.add({ id: wid(id) })[0];
    return picture.set({ img: url, imgFull: url, eurl: url, tag: url });
  }
}

class TextStatus extends Model {}
TextStatus.prototype.proxyName = 'status';
class TextStatusCollectionImpl extends collectionOf(TextStatus) {
  async find(id) {
    const { about } = await ask('about', { id: textOf(id) });
    const text = this.get(id) ?? this.add({ id: wid(id) })[0];
    return text.set('status', about);
  }
}

async function setPushname(name) {
  await ask('set_profile', { name });
  storage.saveName(name);
  Conn.set('pushname', name);
}

/** Whose picture is changed: a group's, or one's own. */
const ownerOf = (id) => (wid(id).isGroup() ? { group: textOf(id) } : {});

async function sendSetPicture(id, thumbnail, picture) {
  const url = urlOf(await ask('set_picture', { ...ownerOf(id), picture: picture.split(',').at(-1) }));
  return { eurl: url, status: 200, tag: url, token: '', _duplicate: false };
}

async function requestDeletePicture(id) {
  await ask('set_picture', { ...ownerOf(id), picture: '' });
  return { status: 200 };
}

define('WAWebProfilePicThumbModel', { ProfilePicThumb });
define('WAWebProfilePicThumbCollection', {
  ProfilePicThumbCollectionImpl, ProfilePicThumbCollection: new ProfilePicThumbCollectionImpl(),
});
define('WAWebTextStatusModel', { default: TextStatus });
define('WAWebTextStatusCollection', { TextStatusCollectionImpl, TextStatusCollection: new TextStatusCollectionImpl() });
define('WAWebUserPrefsGeneralIdb', {
  getPushname: () => storage.readName(), setBrowserId() {}, getUserPrivacySettings: () => ({}),
});
define('WAWebSetPushnameConnAction', { setPushname });
define('WAWebContactStatusBridge', {
  getStatus: async (id) => ask('about', { id: textOf(id) }),
  setMyStatus: (about) => ask('set_profile', { about }),
  queryStatusAll: async () => [],
});
define('WAWebContactProfilePicThumbBridge', { sendSetPicture, requestDeletePicture });
