/**
 * What stays in the browser profile, where WhatsApp keeps it.
 *
 * `signal-storage` (IndexedDB) holds a key that cannot be exported and how far messages were
 * decrypted; `model-storage` (IndexedDB) holds chats, contacts, messages and how far they were
 * stored; localStorage holds the identity and a secret that only that key opens. The first number is
 * written before the second one, so it is never behind: a profile where it is was torn apart.
 */

const SIGNAL = 'signal-storage';
const MODELS = 'model-storage';
const TABLES = ['message', 'chat', 'contact', 'group', 'blocked', 'picture'];
const A_MOMENT = 50;
const OWN_KEYS = ['last-wid-md', 'WALid', 'WADeviceId', 'WANoiseInfo', 'WAIsBusiness', 'me-display-name'];

/** What is wrong with the profile; the texts are those of WhatsApp's logout reasons. */
export const DAMAGED = 'web_fail_storage_initialization';

let signal;
let models;
let waiting = [];
let timer;

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const completed = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });

function openDatabase(name, upgrade) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => upgrade(request.result);
  return settled(request);
}

/** Open both databases; they are made where they are missing. */
export async function open() {
  [signal, models] = await Promise.all([
    openDatabase(SIGNAL, (database) => database.createObjectStore('signal')),
    openDatabase(MODELS, (database) => {
      for (const table of TABLES) {
        const store = database.createObjectStore(table, { keyPath: 'key' });
        if (table === 'message') {
          store.createIndex('place', ['chat', 't', 'n']);
          store.createIndex('unsent', 'unsent');
        }
      }
      database.createObjectStore('sync');
    }),
  ]);
}

async function readSignal(name) {
  return settled(signal.transaction('signal').objectStore('signal').get(name));
}

async function writeSignal(name, value) {
  const transaction = signal.transaction('signal', 'readwrite');
  transaction.objectStore('signal').put(value, name);
  transaction.commit();
  await completed(transaction);
}

/** Note that messages up to this number were decrypted; comes before `store`. */
export const advanceRatchet = (received) => writeSignal('received', received);

/**
 * Write rows in one transaction.
 *
 * @param {object} rows lists of rows by table; a row has a `key`
 * @param {object} options `received`: how far the queue was stored; `removed`: keys by table, taken
 *   away before rows are written; `changes`: of messages, after that, see `change`
 */
export async function store(rows, { received, removed = {}, changes } = {}) {
  const changed = changes ? [...waiting.splice(0), ...changes] : [];
  const tables = TABLES.filter(
    (table) => rows[table]?.length || removed[table]?.length || (table === 'message' && changed.length),
  );
  if (received !== undefined) tables.push('sync');
  if (tables.length === 0) return;
  const transaction = models.transaction(tables, 'readwrite');
  for (const table of TABLES.filter((each) => tables.includes(each))) {
    const store = transaction.objectStore(table);
    for (const key of removed[table] ?? []) store.delete(key);
    for (const row of rows[table] ?? []) store.put(row);
  }
  if (received !== undefined) transaction.objectStore('sync').put(received, 'received');
  change(transaction, changed);
  await completed(transaction);
}

/**
 * Change stored messages, and end the transaction: nothing comes after that.
 *
 * @param {IDBTransaction} transaction
 * @param {{key: string, changed: function(object): object, found?: boolean}[]} changes `changed` makes
 *   the new row of the old one; `found` tells afterwards whether there was one
 */
function change(transaction, changes) {
  const byKey = Map.groupBy(changes, ({ key }) => key);
  if (byKey.size === 0) transaction.commit();
  let left = byKey.size;
  for (const [key, its] of byKey) {
    const rows = transaction.objectStore('message');
    const request = rows.get(key);
    request.onsuccess = () => {
      const row = request.result;
      for (const each of its) each.found = row !== undefined;
      if (row) rows.put(its.reduce((now, { changed }) => changed(now), row));
      left -= 1;
      if (left === 0) transaction.commit();
    };
  }
}

/** Change a stored message, unless it is gone. */
export const changeMessage = (key, changed) => store({}, { changes: [{ key, changed }] });

/** The same with the next change of any message, or in a moment; lost if the page ends before. */
export function changeMessageSoon(key, changed) {
  waiting.push({ key, changed });
  timer ??= setTimeout(changeWaiting, A_MOMENT);
}

/** Change at once what was to be changed soon. */
async function changeWaiting() {
  clearTimeout(timer);
  timer = undefined;
  if (waiting.length) await store({}, { changes: [] });
}

/** All rows of the small tables. */
export async function readTables() {
  const names = TABLES.filter((table) => table !== 'message');
  const transaction = models.transaction(names);
  const lists = names.map((table) => settled(transaction.objectStore(table).getAll()));
  const found = await Promise.all(lists);
  return Object.fromEntries(names.map((table, place) => [table, found[place]]));
}

/** The keys of all rows of a table. */
export async function readKeys(table) {
  return settled(models.transaction(table).objectStore(table).getAllKeys());
}

/** One stored message, or undefined. */
export async function readMessage(key) {
  return settled(models.transaction('message').objectStore('message').get(key));
}

/** Messages that were written but not accepted yet, oldest first. */
export async function readUnsent() {
  await changeWaiting();
  const found = await settled(models.transaction('message').objectStore('message').index('unsent').getAll());
  return found.sort((one, other) => one.t - other.t || one.n - other.n);
}

/**
 * Messages of a chat next to a place, oldest first.
 *
 * @param {string} chat
 * @param {{t: number, n: number}} place
 * @param {string} direction `before` or `after`
 * @param {number} count
 */
export async function readAround(chat, place, direction, count) {
  const before = direction === 'before';
  const here = [chat, place.t, place.n];
  const range = before
    ? IDBKeyRange.bound([chat, -Infinity, -Infinity], here, false, true)
    : IDBKeyRange.bound(here, [chat, Infinity, Infinity], true, false);
  const index = models.transaction('message').objectStore('message').index('place');
  const found = [];
  await new Promise((resolve, reject) => {
    const cursor = index.openCursor(range, before ? 'prev' : 'next');
    cursor.onerror = () => reject(cursor.error);
    cursor.onsuccess = () => {
      if (!cursor.result || found.length >= count) return resolve();
      found.push(cursor.result.value);
      return cursor.result.continue();
    };
  });
  return before ? found.reverse() : found;
}

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const unbase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Write who this device is; the secret is sealed with a key that never leaves the profile. */
export async function saveIdentity({ wid, lid, device, name, business, secret }) {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, unbase64(secret));
  await writeSignal('key', key);
  await advanceRatchet(0);
  await store({}, { received: 0 });
  localStorage.setItem('last-wid-md', JSON.stringify(wid));
  localStorage.setItem('WALid', JSON.stringify(lid));
  localStorage.setItem('WADeviceId', JSON.stringify(device));
  localStorage.setItem('WANoiseInfo', JSON.stringify({ iv: base64(iv), data: base64(sealed) }));
  localStorage.setItem('me-display-name', JSON.stringify(name));
  localStorage.setItem('WAIsBusiness', JSON.stringify(business));
}

/**
 * Who this device is, or null where nobody is logged in.
 *
 * @returns {Promise<{problem?: string, wid, lid, device, secret, received} | null>} with `problem`
 *   when the profile has an identity that cannot be used
 */
export async function readIdentity() {
  const wid = localStorage.getItem('last-wid-md');
  if (!wid) return null;
  const problem = { problem: DAMAGED };
  const key = await readSignal('key');
  const sealed = JSON.parse(localStorage.getItem('WANoiseInfo') ?? 'null');
  if (!key || !sealed) return problem;
  const decrypted = await readSignal('received');
  const received = await settled(models.transaction('sync').objectStore('sync').get('received'));
  if (received === undefined || decrypted === undefined || decrypted < received) return problem;
  try {
    const iv = unbase64(sealed.iv);
    const secret = await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, unbase64(sealed.data));
    return {
      wid: JSON.parse(wid),
      lid: JSON.parse(localStorage.getItem('WALid')),
      device: JSON.parse(localStorage.getItem('WADeviceId')),
      secret: base64(secret),
      received,
    };
  } catch {
    return problem;
  }
}

/** What this account is called, as its phone says. */
export const readName = () => JSON.parse(localStorage.getItem('me-display-name') ?? '""');
export const saveName = (name) => localStorage.setItem('me-display-name', JSON.stringify(name));

/** Whether this is a business account. */
export const readBusiness = () => JSON.parse(localStorage.getItem('WAIsBusiness') ?? 'false');

/** The id under which this page is logged in, or null. */
export const readWid = () => JSON.parse(localStorage.getItem('last-wid-md') ?? 'null');
export const readLid = () => JSON.parse(localStorage.getItem('WALid') ?? 'null');

/** Forget everything, as a logout does. */
export async function wipe() {
  waiting = [];
  for (const name of OWN_KEYS) localStorage.removeItem(name);
  const old = signal.transaction('signal', 'readwrite');
  old.objectStore('signal').clear();
  const emptied = models.transaction([...TABLES, 'sync'], 'readwrite');
  for (const table of [...TABLES, 'sync']) emptied.objectStore(table).clear();
  await Promise.all([completed(old), completed(emptied)]);
}

export { base64, unbase64 };
