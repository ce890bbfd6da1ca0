// A page that writes without pause: two databases that must agree, localStorage, and a key that
// cannot be read out. `start` writes, `check` tells what a copy of the profile is worth.
"use strict";

const TEXT = "the quick brown fox jumps over the lazy dog ".repeat(100).slice(0, 4000);

const asked = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const done = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });

async function database(name, stores) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => stores.forEach((store) => request.result.createObjectStore(store));
  return asked(request);
}

const item = (n, bytes) => {
  const noise = crypto.getRandomValues(new Uint8Array(bytes / 2));
  return { n, noise, text: TEXT.slice(0, bytes / 2) };
};

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const textOf = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

const page = { tick: 0, running: false, failed: null };
const RING = 2300; // items: 15 MB of what Chromium makes of them

async function open() {
  page.first = await database("first", ["counters", "items", "keys", "notes"]);
  page.second = await database("second", ["counters"]);
}

async function makeKey() {
  const key = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytesOf(btoa("secret")));
  const transaction = page.first.transaction("keys", "readwrite");
  transaction.objectStore("keys").put(key, "key");
  await done(transaction);
  localStorage.setItem("sealed", JSON.stringify({ iv: textOf(iv), data: textOf(sealed) }));
}

// localStorage is written first: whoever has the databases of a tick has its localStorage, too.
async function write(bytes) {
  const n = ++page.tick;
  localStorage.setItem("tick", String(n));
  const first = page.first.transaction(["counters", "items"], "readwrite");
  first.objectStore("counters").put(n, "a");
  first.objectStore("items").put(item(n, bytes), n % RING);
  first.objectStore("counters").put(n, "b");
  await done(first);
  const second = page.second.transaction("counters", "readwrite");
  second.objectStore("counters").put(n, "a");
  await done(second);
}

// A thread of the page that looks at the clock every millisecond, and notes the gaps between its
// looks, because the page's own thread is busy writing.
function watchClock() {
  const source = `onmessage = ({ data: gaps }) => {
    const sleeping = new Int32Array(new SharedArrayBuffer(4));
    let last = performance.now();
    for (let at = 0; ; ) {
      Atomics.wait(sleeping, 0, 0, 1);
      const now = performance.now();
      if (now - last > 2) {
        gaps[at] = performance.timeOrigin + last;
        gaps[at + 1] = performance.timeOrigin + now;
        at = (at + 2) % gaps.length;
      }
      last = now;
    }
  }`;
  page.gaps = new Float64Array(new SharedArrayBuffer(8 * 4096));
  new Worker(URL.createObjectURL(new Blob([source]))).postMessage(page.gaps);
}

// The longest gap, in milliseconds, that touches a time, given in milliseconds since 1970.
function gap(from, to) {
  let longest = 2;
  for (let at = 0; at < page.gaps.length; at += 2) {
    const [start, end] = [page.gaps[at], page.gaps[at + 1]];
    if (start <= to && end >= from) longest = Math.max(longest, end - start);
  }
  return longest;
}

// Ends at once; writing goes on until `stop`.
async function start(bytes) {
  await open();
  await makeKey();
  watchClock();
  resume(bytes);
}

// The same after `stop`.
function resume(bytes) {
  page.running = true;
  page.loop = (async () => {
    while (page.running) await write(bytes);
  })().catch((error) => {
    page.failed = String(error);
  });
}

async function stop() {
  page.running = false;
  await page.loop;
  if (page.failed) throw new Error(page.failed);
  return page.tick;
}

async function use(times, bytes) {
  for (let each = 0; each < times; each++) await write(bytes);
}

// What most sessions do: a small record now and then, next to all that is there.
async function note(times) {
  for (let each = 0; each < times; each++) {
    const n = ++page.tick;
    const first = page.first.transaction(["counters", "notes"], "readwrite");
    first.objectStore("counters").put(n, "notes");
    first.objectStore("notes").put(item(n, 400), n);
    await done(first);
  }
}

async function check() {
  await open();
  const first = page.first.transaction(["counters", "items", "keys"]);
  const a = (await asked(first.objectStore("counters").get("a"))) ?? 0;
  const b = (await asked(first.objectStore("counters").get("b"))) ?? 0;
  const items = await asked(first.objectStore("items").getAll());
  const keys = await asked(first.objectStore("items").getAllKeys());
  const key = await asked(first.objectStore("keys").get("key"));
  const counters = page.second.transaction("counters").objectStore("counters");
  const second = (await asked(counters.get("a"))) ?? 0;
  const wanted = Math.min(a, RING);
  const whole =
    a === b &&
    items.length === wanted &&
    items.every(({ n }, at) => n % RING === keys[at] && n > a - wanted && n <= a);
  let secret = null;
  try {
    const { iv, data } = JSON.parse(localStorage.getItem("sealed"));
    const algorithm = { name: "AES-GCM", iv: bytesOf(iv) };
    secret = new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, bytesOf(data)));
  } catch {}
  return {
    tick: a,
    whole,
    together: second === a || second === a - 1,
    secret: secret === "secret",
    storage: Number(localStorage.getItem("tick") ?? 0),
  };
}

window.writing = { start, stop, resume, use, note, check, gap, open, tick: () => page.tick };
