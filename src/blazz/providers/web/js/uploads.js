/**
 * Files on their way into the page, in pieces: one call could not carry a large one.
 *
 * What was sent lately is kept for a while under a name that tells its content, since a campaign sends one file to many
 * people.
 */

const { blazz } = window;

const MOST_BYTES = 32 * 1024 * 1024;
const MOST_IDLE = 5 * 60_000;

const arriving = new Map();
const kept = new Map(); // each with how many messages are about to take it; the one used last is the last
let idle;

const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

/** A message is about to take a file: it goes last among those that have to make room. */
function reserve(file, { blob, users }) {
  kept.delete(file);
  kept.set(file, { blob, users: users + 1 });
  clearTimeout(idle);
  idle = setTimeout(() => kept.clear(), MOST_IDLE);
}

/** A message needs its file no longer. What was not used for longest goes, until the rest is not too much. */
function release(file) {
  const released = kept.get(file);
  if (released?.users) released.users -= 1;
  let size = [...kept.values()].reduce((sum, { blob }) => sum + blob.size, 0);
  for (const [name, { blob, users }] of kept) {
    if (size <= MOST_BYTES) return;
    if (users) continue;
    kept.delete(name);
    size -= blob.size;
  }
}

blazz.hasFile = ({ file }) => {
  const found = kept.get(file);
  if (found) reserve(file, found);
  return !!found;
};

blazz.addPiece = ({ upload, piece }) => {
  if (!arriving.has(upload)) arriving.set(upload, []);
  arriving.get(upload).push(new Blob([bytes(piece)]));
};

blazz.dropUpload = ({ upload }) => void arriving.delete(upload);

/** All pieces are there: they are a file now. */
blazz.keepFile = ({ upload, file }) => {
  const { users } = kept.get(file) ?? { users: 0 };
  reserve(file, { blob: new Blob(arriving.get(upload) ?? []), users });
  arriving.delete(upload);
};

function take(file, type) {
  const found = kept.get(file);
  if (!found) throw blazz.fail('no_such_file', 'the file is no longer in the page');
  return new Blob([found.blob], { type });
}

blazz.uploads = { take, release };
