/** Models and collections: what WhatsApp keeps its state in, and what wa-js reads. */

import { Emitter } from './emitter.js';
import { define } from './registry.js';

/** Let the attribute be read and written as a property of every model of its class. */
function expose(prototype, name) {
  Object.defineProperty(prototype, name, {
    configurable: true,
    enumerable: true,
    get() {
      return this.attributes?.[name];
    },
    set(value) {
      this.set(name, value);
    },
  });
}

export class Model extends Emitter {
  static defaults = {};

  constructor(attributes = {}) {
    super();
    Object.defineProperty(this, 'attributes', { value: {} });
    Object.defineProperty(this, 'collection', { value: undefined, writable: true });
    this.set({ ...this.constructor.defaults, ...attributes }, { silent: true });
  }

  set(name, value, options) {
    if (typeof name === 'object') {
      for (const [each, its] of Object.entries(name)) this.set(each, its, value);
      return this;
    }
    if (!(name in this)) expose(this.constructor.prototype, name);
    const before = this.attributes[name];
    this.attributes[name] = value;
    if (before !== value && !options?.silent) this.changed(name, value, before);
    return this;
  }

  changed(name, value, before) {
    this.trigger(`change:${name}`, this, value, before);
    this.trigger('change', this);
    this.collection?.trigger(`change:${name}`, this, value, before);
  }

  get(name) {
    return this.attributes[name];
  }

  unset(name) {
    delete this.attributes[name];
    return this;
  }

  serialize() {
    return { ...this.attributes };
  }

  toJSON() {
    return this.serialize();
  }
}

/** The text by which a model is found: that of its id. */
export const textOf = (id) => (typeof id === 'string' ? id : id?.toString() ?? '');

export class Collection extends Emitter {
  static model = undefined;

  constructor() {
    super();
    if (!this.constructor.model) throw new Error('Collection initialized without model');
    Object.defineProperty(this, 'byId', { value: new Map() });
  }

  get length() {
    return this.byId.size;
  }

  get models() {
    return this.getModelsArray();
  }

  getModelsArray() {
    return [...this.byId.values()];
  }

  toArray() {
    return this.getModelsArray();
  }

  get(id) {
    return this.byId.get(textOf(id instanceof Model ? id.id : id));
  }

  add(given) {
    const list = Array.isArray(given) ? given : [given];
    return list.map((each) => {
      const key = textOf(each.id);
      const known = this.byId.get(key);
      if (known) return known;
      const model = each instanceof Model ? each : new this.constructor.model(each);
      model.collection ??= this;
      this.byId.set(key, model);
      this.trigger('add', model, this);
      return model;
    });
  }

  /** Add a model of which only the id is known, as WhatsApp does with contacts. */
  gadd(id) {
    return this.add({ id })[0];
  }

  remove(given) {
    const model = this.get(given);
    if (model) {
      this.byId.delete(textOf(model.id));
      this.trigger('remove', model, this);
    }
    return model;
  }

  reset() {
    this.byId.clear();
    this.trigger('reset', this);
  }

  async find(id) {
    return this.get(id);
  }

  map(callback) {
    return this.getModelsArray().map(callback);
  }

  filter(callback) {
    return this.getModelsArray().filter(callback);
  }

  forEach(callback) {
    this.getModelsArray().forEach(callback);
  }

  some(callback) {
    return this.getModelsArray().some(callback);
  }

  findFirst(callback) {
    return this.getModelsArray().find(callback);
  }

  head() {
    return this.byId.values().next().value;
  }

  last() {
    return this.getModelsArray().at(-1);
  }
}

/** A collection class for one class of models. */
export function collectionOf(model) {
  return class extends Collection {
    static model = model;
  };
}

define('WAWebBaseModel', { BaseModel: Model, defineModel: (model) => model });
define('WAWebBaseCollection', { BaseCollection: Collection });
define('WAWebCollection', { default: Collection });
