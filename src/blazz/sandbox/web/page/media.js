/** Files: preparing, uploading, downloading; what was downloaded last stays in memory. */

import { boot, RequestFailed } from './connection.js';
import { Model } from './model.js';
import { define } from './registry.js';
import { addAndSendFile } from './sending.js';
import { base64 } from './storage.js';

const KEPT_BYTES = 32 << 20;
const STAGES = { INIT: 'INIT', UPLOADING: 'UPLOADING', RESOLVED: 'RESOLVED', MISSING: 'ERROR_MISSING' };

/** Bytes behind an interface that wa-js knows. */
class OpaqueData {
  constructor(blob, type) {
    this.blob = blob;
    this.mimetype = type;
  }

  static async createFromData(blob, type) {
    return new OpaqueData(blob, type);
  }

  throwIfReleased() {}

  forceToBlob() {
    return this.blob;
  }

  type() {
    return this.mimetype;
  }

  size() {
    return this.blob.size;
  }
}

/** The files that were downloaded last, by hash. */
class MediaStore {
  files = new Map();
  bytes = 0;

  async get(hash) {
    return this.files.get(hash) ?? null;
  }

  async has(hash) {
    return this.files.has(hash);
  }

  async count() {
    return this.files.size;
  }

  async put(hash, buffer) {
    await this.del(hash);
    this.files.set(hash, buffer);
    this.bytes += buffer.byteLength;
    for (const oldest of this.files.keys()) {
      if (this.bytes <= KEPT_BYTES || this.files.size === 1) break;
      await this.del(oldest);
    }
  }

  async del(hash) {
    this.bytes -= this.files.get(hash)?.byteLength ?? 0;
    this.files.delete(hash);
  }

  async clear() {
    this.files.clear();
    this.bytes = 0;
  }
}
const mediaStore = new MediaStore();

class MediaData extends Model {
  static defaults = { mediaStage: STAGES.INIT };

  /** Download the file into the store, and check that it is what was sent. */
  async fetch() {
    const hash = this.get('filehash');
    if (await mediaStore.has(hash)) return;
    const answer = await fetch(boot.media + this.get('directPath'));
    const buffer = answer.ok ? await answer.arrayBuffer() : null;
    if (!buffer || (await hashOf(buffer)) !== hash) {
      this.set('mediaStage', STAGES.MISSING);
      return;
    }
    await mediaStore.put(hash, buffer);
    this.set('mediaStage', STAGES.RESOLVED);
  }
}
MediaData.prototype.proxyName = 'media-data';

/** The media of a message. */
export function mediaOf({ type, mimetype, size, filehash, filename, mediaPath, duration }) {
  return new MediaData({ type, mimetype, size, filehash, filename, duration, directPath: mediaPath });
}

const hashOf = async (buffer) => base64(await crypto.subtle.digest('SHA-256', buffer));

function kindOf(mimetype, { asDocument, asSticker, isPtt }) {
  if (asDocument) return 'document';
  if (asSticker) return 'sticker';
  if (isPtt) return 'ptt';
  const kind = mimetype.split('/')[0];
  return ['image', 'video', 'audio'].includes(kind) ? kind : 'document';
}

/** A file on its way out. */
class MediaPrep {
  constructor(opaque, options) {
    this.opaque = opaque;
    this.options = options;
    this.mediaData = new MediaData({
      type: kindOf(opaque.type(), options),
      mimetype: opaque.type(),
      size: opaque.size(),
      isGif: !!options.asGif,
      duration: options.precomputedFields?.duration,
    });
  }

  async waitForPrep() {
    const { blob } = this.opaque;
    this.mediaData.set('filehash', await hashOf(await blob.arrayBuffer()));
    if (this.mediaData.get('type') === 'image') {
      const bitmap = await createImageBitmap(blob).catch(() => null);
      if (bitmap) this.mediaData.set({ fullWidth: bitmap.width, fullHeight: bitmap.height });
      bitmap?.close();
    }
    return this.mediaData;
  }

  async sendToChat({ chat, options }) {
    const { productMsgOptions, caption, isViewOnce } = options;
    const { type, mimetype, size, filehash, isGif, duration, fullWidth, fullHeight } = this.mediaData.attributes;
    const raw = {
      ...productMsgOptions, type, mimetype, size, filehash, isGif, duration, isViewOnce,
      caption: caption ?? (type === 'document' ? productMsgOptions.filename : undefined),
      width: fullWidth, height: fullHeight, mediaData: this.mediaData,
    };
    await Promise.resolve(); // wa-js starts to wait for the message once this function has returned
    return addAndSendFile(chat, raw, () => this.upload());
  }

  async upload() {
    this.mediaData.set('mediaStage', STAGES.UPLOADING);
    const answer = await fetch(boot.media, { method: 'POST', body: this.opaque.blob }).catch(() => null);
    if (!answer?.ok) throw new RequestFailed('upload_failed');
    const { id } = await answer.json();
    this.mediaData.set({ directPath: id, mediaStage: STAGES.RESOLVED });
    return { mediaPath: id };
  }
}

const UPLOAD_LIMITS = { image: 16 << 20, video: 16 << 20, audio: 16 << 20, ptt: 16 << 20, sticker: 1 << 20 };
const getUploadLimit = (kind) => Math.min(UPLOAD_LIMITS[kind] ?? Infinity, boot.largestMedia);

define('WAWebOpaqueData', { default: OpaqueData });
define('WAWebMediaDataModel', { MediaData });
define('WAWebLruMediaStore', { LruMediaStore: mediaStore });
define('WAWebMediaInMemoryBlobCache', { InMemoryMediaBlobCacheImpl: Map, InMemoryMediaBlobCache: new Map() });
define('WAWebMediaGatingUtils', { getUploadLimit });
define('WAWebPrepRawMedia', {
  MediaPrep,
  prepRawMedia: (opaque, options) => new MediaPrep(opaque, options),
  uploadProductImage: async () => null,
});
